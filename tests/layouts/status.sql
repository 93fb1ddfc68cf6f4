create table enrichment_status (
    id uuid primary key default gen_random_uuid(), track_id uuid unique,
    status varchar(20) not null default 'pending'
        check (status in ('pending', 'in_progress', 'completed', 'partial', 'failed', 'cooldown', 'permanently_failed')),
    sources_enriched int default 0, last_attempt timestamptz, retry_count int default 0, error_message text,
    is_retriable boolean, created_at timestamptz default now(), updated_at timestamptz default now()
);
create trigger status_touched before update on enrichment_status for each row execute function touch();
insert into enrichment_status (track_id, status, error_message, updated_at, retry_count)
select id, case when n <= 24 then 'completed' when n = 58 then 'cooldown' when n = 59 then 'permanently_failed'
        when n % 7 = 0 then 'pending' else 'failed' end,
    case when n > 24 and n % 6 = 0 then 'circuit breaker OPEN' end, '2024-01-01', 0
from seed_tracks where n not in (50, 51, 52);
-- An earlier migration of the same purpose, in the form that dashboards read.
alter table enrichment_status add retry_after timestamptz, add retry_attempts int default 0, add cooldown_reason text,
    add cooldown_strategy varchar(50) default 'exponential';
create view cooldown_queue_summary as
select coalesce(cooldown_strategy, 'unknown') as strategy, count(*) as track_count,
    count(*) filter (where retry_after <= now()) as ready_now, count(*) filter (where retry_after > now()) as waiting,
    avg(retry_count) as avg_retry_attempts, min(retry_after) as next_retry, max(retry_after) as last_retry
from enrichment_status where status::text = 'pending_re_enrichment' group by cooldown_strategy;
create function get_cooldown_tracks_ready(max_tracks integer default 100)
returns table (track_id uuid, track_title varchar, retry_count integer, cooldown_days integer, ready_since interval)
language plpgsql as $$ begin
    return query select e.track_id, null::varchar, e.retry_count, 1, now() - e.retry_after from enrichment_status e
    where e.status = 'pending_re_enrichment' limit max_tracks;
end $$;
