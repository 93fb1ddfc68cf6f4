-- What a replayed history left behind in its scratch database.

-- name: slots_of_tracks()
-- One row per slot: which track stands there, or stood before an identity took its slots over.
select setlist.source_id as set_id, play.position, coalesce(ledger.track_id, play.track_id)::text as track_id
from setlist_tracks as play
join setlists as setlist on setlist.id = play.setlist_id
left join enrich_writes as ledger
    on ledger.target = 'setlist_tracks' and ledger.undone_at is null
    and ledger.row_key = play.setlist_id || '/' || play.position

-- name: artists_written()
-- One row per track whose artist was written, or that turned out to be a recording: what, when, and on which grounds.
-- A mashup's artists are one value.
select distinct on (proposal.track_id)
    proposal.track_id::text,
    case
        when proposal.kind = 'artist' then proposal.value
        else (select string_agg(name, ' & ') from jsonb_array_elements_text(proposal.evidence -> 'artists') as name)
    end as found_artist,
    ledger.written_at as found_at,
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

-- name: artists_proposed()
-- One row per artist proposal, written or not, surest first.
select
    track_id::text,
    case
        when kind = 'artist' then value
        else (select string_agg(name, ' & ') from jsonb_array_elements_text(evidence -> 'artists') as name)
    end as proposed_artist,
    tier, source, probability, confidence, status, created_at
from enrich_proposals
where kind in ('artist', 'identity')
order by confidence desc nulls last, proposal_id

-- name: statuses()
-- One row per track: where it stands in the end.
select track_id::text, status, coalesce(retry_count, 0) as retries, retry_after
from enrichment_status
