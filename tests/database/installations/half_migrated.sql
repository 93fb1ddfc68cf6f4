-- An earlier migration of the same purpose: columns, view and functions are there, the status is as of old.
alter table enrichment_status add column retry_after timestamptz, add column cooldown_reason text,
    add column cooldown_strategy varchar(20) default 'adaptive';
create index idx_enrichment_retry_after on enrichment_status (retry_after) where retry_after is not null;
create view cooldown_queue_summary as
select cooldown_strategy, status, count(*) as tracks, min(retry_after) as next_retry
from enrichment_status where status::text = 'pending_re_enrichment' group by cooldown_strategy, status;
comment on view cooldown_queue_summary is 'the queue';
create function get_cooldown_tracks_ready(batch integer default 50)
returns table (track_id uuid, track_title varchar, days_waiting integer) language plpgsql stable as $$
begin
    return query select s.track_id, t.title, extract(day from now() - s.last_attempt)::int
    from enrichment_status s join tracks t on t.id = s.track_id
    where s.status = 'pending_re_enrichment' and s.retry_after <= now() limit batch;
end $$;
create function migrate_failed_to_cooldown(batch integer default 100, days integer default 90)
returns integer language plpgsql as $$
declare moved integer;
begin
    update enrichment_status set status = 'pending_re_enrichment', retry_after = now() + days * interval '1 day'
    where id in (select id from enrichment_status where status = 'failed' limit batch);
    get diagnostics moved = row_count;
    return moved;
end $$;
