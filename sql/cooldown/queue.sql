-- name: failed_candidates(limit_rows, max_attempts, with_retriable)
-- One row per failed track, locked: those with retries left first, longest waiting first, then the exhausted ones
-- (so that they never keep others out, and are still counted). Rows another worker holds are passed over, and so are,
-- unless asked for, failures that pass: these are retried, not parked.
select
    status.track_id,
    {{retries_spent}} as is_exhausted
from enrichment_status as status
where status.status = 'failed'
    and ($with_retriable or {{retries_spent}} or not {{failed_in_passing}})
order by
    {{retries_spent}},
    status.last_attempt nulls first,
    status.track_id
limit $limit_rows
for update of status skip locked

-- name: waiting_facts(track_ids, now)
-- One row per track: all that decides how long it waits.
-- age_days counts from the first play or, for a track never played, from its creation; null where neither is finite.
-- own_strategy and own_base_days are those under which the track waited before; where no wait had a reason, they are
-- some default of the column, and nobody's decision.
select
    status.track_id::text,
    coalesce(status.retry_count, 0) as retry_count,
    case when status.cooldown_reason is not null then status.cooldown_strategy::text end as own_strategy,
    case when status.cooldown_reason is not null then status.cooldown_base_days end as own_base_days,
    {{labels_of_track}} as labels,
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
where status.track_id = any($track_ids::uuid[])
order by status.track_id

-- name: put_in_queue(now, track_ids, hours, strategies, base_days)
-- Parks tracks for so many hours each, with the strategy and base that said so and the reason of the failure.
update enrichment_status as status
set status = 'pending_re_enrichment',
    retry_after = $now::timestamptz + make_interval(secs => waiting.hours * 3600),
    cooldown_reason = coalesce(status.error_message, 'no result in any tier'),
    cooldown_strategy = waiting.strategy,
    cooldown_base_days = waiting.base_days
from unnest($track_ids::uuid[], $hours::float8[], $strategies::text[], $base_days::int[])
    as waiting (track_id, hours, strategy, base_days)
where status.track_id = waiting.track_id

-- name: settle_strays(now, stuck_hours, max_attempts)
-- Rows that nobody would ever take up: `in_progress` of a run that must be dead by now is pending again; what a later
-- program calls `cooldown` or `permanently_failed` is of this queue, and remembered for the down script of 008.
with
stray as (
    select status.track_id, status.status, status.retry_count
    from enrichment_status as status
    where status.status in ('cooldown', 'permanently_failed')
        or status.status = 'in_progress'
        and coalesce(greatest(status.last_attempt, (to_jsonb(status.*) ->> 'updated_at')::timestamptz), '-infinity')
            < $now::timestamptz - make_interval(hours => $stuck_hours)
    for update skip locked
),
kept as (
    insert into enrich_cooldown_adopted (track_id, status, retry_count)
    select * from stray where status <> 'in_progress'
    on conflict (track_id) do update set status = excluded.status, retry_count = excluded.retry_count
)
update enrichment_status as status
set status = case stray.status
        when 'in_progress' then 'pending' when 'cooldown' then 'pending_re_enrichment' else 'failed'
    end,
    retry_count = case stray.status
        when 'permanently_failed' then greatest(coalesce(stray.retry_count, 0), $max_attempts) else stray.retry_count
    end
from stray
where status.track_id = stray.track_id

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

-- name: failed_apart(max_attempts)
-- One row: failed tracks whose retries are spent, and those that the next cycle retries.
select
    count(*) filter (where {{retries_spent}}) as permanently_failed,
    count(*) filter (where not {{retries_spent}} and {{failed_in_passing}}) as retriable
from enrichment_status as status
where status.status = 'failed'
