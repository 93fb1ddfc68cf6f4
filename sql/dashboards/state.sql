-- Dashboards of our own beside the specification's: how tracks, queue, proposals, writes and runs stand.
-- Written for Postgres; on a snapshot they run translated. Those on the ledger need Postgres: snapshots hold music only.

-- name: cooldown_tracks_ready
-- One row per track whose cool-down is over, longest waiting first, at most 100: the specification's function.
SELECT * FROM get_cooldown_tracks_ready(100);

-- name: statuses(max_attempts)
-- One row per status: tracks in it, and how many of them have no retries left. Without a row a track is pending.
select
    coalesce(state.status, 'pending') as status,
    count(*) as tracks,
    count(*) filter (where {{retries_spent}}) as retries_spent
from tracks as track
left join enrichment_status as state on state.track_id = track.id
group by 1
order by 1

-- name: missing
-- One row: tracks by what they lack, whatever their status. A primary artist by any name counts as one.
select
    count(*) as tracks,
    count(*) filter (where status.track_id is null) as without_status,
    count(*) filter (where credit.track_id is null) as without_primary_artist
from tracks as track
left join enrichment_status as status on status.track_id = track.id
left join (select distinct track_id from track_artists where role = 'primary') as credit on credit.track_id = track.id

-- name: proposals_by_status
-- One row per kind, tier, source and status of a proposal. Ledger.
select kind, tier, source, status, count(*) as proposals, avg(confidence) as mean_confidence
from enrich_proposals
group by kind, tier, source, status
order by kind, tier, source, status

-- name: writes_by_target
-- One row per place that was written to: values that stand, and values taken back. Ledger.
select
    target,
    count(*) filter (where undone_at is null) as standing,
    count(*) filter (where undone_at is not null) as undone
from enrich_writes
group by target
order by target

-- name: last_runs
-- One row per command: how often it ran, and when it began and ended last. Ledger.
select command, count(*) as runs, max(started_at) as last_started, max(finished_at) as last_finished
from enrich_runs
group by command
order by command
