-- Statements of the enrichment cycle on enrichment_status; migration 008 and 009 are needed.

-- name: mark_attempted(track_ids, now)
-- Remembers when a track was last tried, so that the next run begins with those that waited longest.
update enrichment_status
set last_attempt = $now
where track_id = any($track_ids::uuid[])

-- name: lock_unresolved(track_ids)
-- One row per pending track of this cycle that still has no completed status, locked.
select status.track_id, coalesce(status.retry_count, 0) as retry_count
from enrichment_status as status
where status.track_id = any($track_ids::uuid[])
    and status.status in ('pending', 'in_progress')
order by status.track_id
for update of status

-- name: mark_failed(track_ids, reasons, now)
-- The cycle found nothing: failed, with the reason.
update enrichment_status as status
set status = 'failed',
    error_message = plan.reason,
    last_attempt = $now
from unnest($track_ids::uuid[], $reasons::text[]) as plan (track_id, reason)
where status.track_id = plan.track_id

-- name: mark_partial(track_ids, now)
-- The artist is known, a label is not to be had now: partial, not failed.
update enrichment_status
set status = 'partial',
    last_attempt = $now
where track_id = any($track_ids::uuid[])
    and status in ('pending', 'in_progress')
