-- What a replayed history left behind in its scratch database.

-- name: slots_in_the_end()
-- One row per slot: which track stands there, or stood before an identity took its slots over; the artist written on it,
-- or whom it turned out to be by, when, and on which grounds; and where it stands. A mashup's artists are one value.
with
artists_written as (
    select distinct on (proposal.track_id)
        proposal.track_id,
        case
            when proposal.kind = 'artist' then proposal.value
            else (select string_agg(name, ' & ') from jsonb_array_elements_text(proposal.evidence -> 'artists') as name)
        end as found_artist,
        (ledger.written_at at time zone 'UTC')::date as found_on,
        proposal.tier,
        proposal.source,
        proposal.confidence
    from enrich_proposals as proposal
    join enrich_writes as ledger
        on ledger.proposal_id = proposal.proposal_id
        and ledger.target in ('track_artists', 'setlist_tracks', 'tracks.title')
    where proposal.kind in ('artist', 'identity')
        and proposal.status = 'written'
        and ledger.new_value is not null
    order by proposal.track_id, ledger.written_at
),
slots as (
    select setlist.source_id as set_id, play.position, coalesce(ledger.track_id, play.track_id) as track_id
    from setlist_tracks as play
    join setlists as setlist on setlist.id = play.setlist_id
    left join enrich_writes as ledger
        on ledger.target = 'setlist_tracks' and ledger.undone_at is null
        and ledger.row_key = play.setlist_id || '/' || play.position
)
select slots.set_id, slots.position, slots.track_id::text, found_artist, found_on, tier, source, confidence,
    case when status.track_id is not null then coalesce(status.retry_count, 0) end as retries, status.status
from slots
left join artists_written using (track_id)
left join enrichment_status as status using (track_id)

-- name: artists_proposed()
-- One row per artist proposal, written or not, surest first.
select
    track_id::text,
    case
        when kind = 'artist' then value
        else (select string_agg(name, ' & ') from jsonb_array_elements_text(evidence -> 'artists') as name)
    end as proposed_artist,
    tier, source, probability, confidence, status
from enrich_proposals
where kind in ('artist', 'identity')
order by confidence desc nulls last, proposal_id
