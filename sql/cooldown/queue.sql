-- name: failed_candidates(now, limit_rows, max_attempts)
-- One row per failed track, locked: those with retries left first, longest waiting first, then the exhausted ones
-- (so that they never keep others out, and are still counted). Rows another worker holds are passed over.
-- age_days counts from the first play or, for a track never played, from its creation; null where neither is finite.
select
    status.track_id,
    coalesce(status.retry_count, 0) as retry_count,
    status.error_message,
    coalesce(status.retry_count, 0) >= $max_attempts as is_exhausted,
    nullif(trim(coalesce(
        nullif(trim(track.metadata -> 'original_data' ->> 'label'), ''), track.metadata ->> 'label', ''
    )), '') is not null as has_label,
    extract(epoch from $now::timestamptz - coalesce(
        (
            select min(setlist.set_date)
            from setlist_tracks as play
            join setlists as setlist on setlist.id = play.setlist_id
            where play.track_id = status.track_id
                and isfinite(setlist.set_date)
        ),
        case when isfinite(track.created_at) then track.created_at end
    ))::float8 / 86400 as age_days
from enrichment_status as status
join tracks as track on track.id = status.track_id
where status.status = 'failed'
order by
    coalesce(status.retry_count, 0) >= $max_attempts,
    status.last_attempt nulls first,
    status.track_id
limit $limit_rows
for update of status skip locked

-- name: take_due(now, limit_rows)
-- One row per track whose cool-down has ended, oldest first; each goes to `pending` exactly once, however many
-- workers ask at the same time. A retry begins here, so `retry_count` rises here.
with
due as (
    select track_id, retry_after
    from enrichment_status
    where status = 'pending_re_enrichment'
        -- A row without a time would wait for ever: it is due.
        and coalesce(retry_after, '-infinity') <= $now
    order by retry_after nulls first, track_id
    limit $limit_rows
    for update skip locked
)
update enrichment_status as status
set status = 'pending',
    retry_count = coalesce(status.retry_count, 0) + 1,
    retry_after = null
from due
where status.track_id = due.track_id
returning status.track_id

-- name: queue_stats(now)
-- One row: the queue as a whole at the time given.
select
    count(*) as total_in_queue,
    count(*) filter (where coalesce(retry_after, '-infinity') <= $now) as ready_for_retry,
    count(*) filter (where retry_after > $now) as waiting,
    min(retry_after) filter (where retry_after > $now) as next_retry_time,
    coalesce(round(avg(coalesce(retry_count, 0)), 2), 0)::float8 as avg_retry_attempts
from enrichment_status
where status = 'pending_re_enrichment'

-- name: permanently_failed(max_attempts)
-- One row: failed tracks whose retries are spent.
select count(*) as permanently_failed
from enrichment_status
where status = 'failed'
    and coalesce(retry_count, 0) >= $max_attempts
