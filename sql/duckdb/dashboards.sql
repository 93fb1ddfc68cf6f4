-- What migration 008 gives Postgres, for the dashboards on a snapshot: the same view and function, as of the time in
-- the variable `as_of` instead of now(). A test compares both with Postgres.

-- name: dashboard_queue_view()
create or replace temp view cooldown_queue_summary as
select
    coalesce(cooldown_strategy, 'unknown') as strategy,
    count(*) as track_count,
    count(*) filter (where retry_after is null or retry_after <= getvariable('as_of')) as ready_now,
    count(*) filter (where retry_after > getvariable('as_of')) as waiting,
    round(avg(coalesce(retry_count, 0)), 1) as avg_retry_attempts
from raw.enrichment_status
where status = 'pending_re_enrichment'
group by 1
order by 1

-- name: dashboard_ready_function()
create or replace temp macro get_cooldown_tracks_ready(max_tracks) as table
select
    s.track_id,
    t.title,
    coalesce(s.retry_count, 0) as retry_count,
    s.cooldown_strategy,
    s.cooldown_reason,
    s.last_attempt as failed_at,
    s.retry_after,
    round(epoch(s.retry_after - s.last_attempt) / 86400)::integer as cooldown_days,
    floor((epoch(getvariable('as_of')) - epoch(s.retry_after)) / 86400)::integer as days_overdue
from raw.enrichment_status as s
left join raw.tracks as t on t.id = s.track_id
where s.status = 'pending_re_enrichment' and (s.retry_after is null or s.retry_after <= getvariable('as_of'))
order by s.retry_after nulls first, s.track_id
limit max_tracks
