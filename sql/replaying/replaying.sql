-- What a replayed history left behind in its scratch database.

-- name: slots_of_tracks()
-- One row per slot: which track stands there.
select setlist.source_id as set_id, play.position, play.track_id::text
from setlist_tracks as play
join setlists as setlist on setlist.id = play.setlist_id

-- name: artists_written()
-- One row per track whose artist was written: what, when, and on which grounds. A mashup's artists are one value.
select distinct on (proposal.track_id)
    proposal.track_id::text,
    proposal.value as found_artist,
    ledger.written_at as found_at,
    proposal.tier,
    proposal.source,
    proposal.confidence
from enrich_proposals as proposal
join enrich_writes as ledger on ledger.proposal_id = proposal.proposal_id and ledger.target = 'track_artists'
where proposal.kind = 'artist'
    and proposal.status = 'written'
    and ledger.new_value is not null
order by proposal.track_id, ledger.written_at

-- name: artists_proposed()
-- One row per artist proposal, written or not, surest first.
select
    track_id::text, value as proposed_artist, tier, source, probability, confidence, status, created_at
from enrich_proposals
where kind = 'artist'
order by confidence desc, proposal_id

-- name: statuses()
-- One row per track: where it stands in the end.
select track_id::text, status, coalesce(retry_count, 0) as retries, retry_after
from enrichment_status
