-- Statements of the enrichment cycle on enrichment_status; migration 008 and 009 are needed.

-- name: remember_attempts(run_id, track_ids, now, command)
-- When which command tried a track last. Says nothing in enrichment_status, whose updated_at is when a status changed.
insert into enrich_attempts (track_id, command, attempted_at, run_id)
select track_id, $command, $now, $run_id from unnest($track_ids::uuid[]) as tried (track_id)
on conflict (track_id, command) do update set attempted_at = excluded.attempted_at, run_id = excluded.run_id

-- name: mark_attempted(track_ids, now)
-- Remembers when a track was last tried, so that the next run begins with those that waited longest.
update enrichment_status
set last_attempt = $now
where track_id = any($track_ids::uuid[])

-- name: lock_unresolved(track_ids)
-- One row per track of this cycle that is still pending, or failed in passing, locked; with its artists' names. One that
-- another cycle failed for good meanwhile is no retry of this one.
select
    status.track_id, status.status, coalesce(status.retry_count, 0) as retry_count,
    array(
        select artist.name
        from track_artists as credit
        join artists as artist on artist.id = credit.artist_id
        where credit.track_id = status.track_id and credit.role = 'primary'
    ) || array(
        select {{artist_of_track}} from tracks as track where track.id = status.track_id
    ) as artists
from enrichment_status as status
where status.track_id = any($track_ids::uuid[])
    and (status.status in ('pending', 'in_progress') or {{failed_in_passing}})
order by status.track_id
for update of status

-- name: mark_failed(track_ids, reasons, retries, now)
-- The cycle found nothing: failed, with the reason.
update enrichment_status as status
set status = 'failed',
    error_message = plan.reason,
    retry_count = plan.retries,
    last_attempt = $now
from unnest($track_ids::uuid[], $reasons::text[], $retries::int[]) as plan (track_id, reason, retries)
where status.track_id = plan.track_id

-- name: mark_definite(track_ids)
-- What these failed for does not pass, whatever was said of an earlier failure.
update enrichment_status
set is_retriable = false
where track_id = any($track_ids::uuid[]) and is_retriable

-- name: mark_partial(track_ids, now)
-- The artist is known, a label is not to be had now: partial, not failed.
update enrichment_status
set status = 'partial',
    last_attempt = $now
where track_id = any($track_ids::uuid[])
    and status in ('pending', 'in_progress', 'failed')

-- name: settle_complete(run_id, now, track_ids)
-- Tracks that wait for nothing: an artist and a label stand, by whatever hand.
with
target as (
    select status.*
    from enrichment_status as status
    join tracks as track on track.id = status.track_id
    where status.track_id = any($track_ids::uuid[])
        and (status.status = 'pending' or {{failed_in_passing}})
        and cardinality({{labels_of_track}}) > 0
        and (
            {{artist_of_track}} is not null
            or exists (select from track_artists where track_id = status.track_id and role = 'primary')
        )
    for update of status
),
changed as (
    update enrichment_status as status
    set status = 'completed', retry_after = null
    from target
    where status.track_id = target.track_id
    returning status.track_id, target.status as old_status, target.retry_after as old_retry_after, status.sources_enriched
)
insert into enrich_writes (run_id, proposal_id, track_id, target, row_key, old_value, new_value, written_at)
select
    $run_id, null, track_id, 'enrichment_status.status', track_id::text,
    jsonb_build_object('status', old_status, 'retry_after', old_retry_after, 'sources_enriched', sources_enriched),
    jsonb_build_object('status', 'completed', 'retry_after', null, 'sources_enriched', sources_enriched), $now
from changed

-- name: add_statuses(run_id, now, track_ids)
-- Rows of status for tracks that have none, which means pending; scrapers write none.
with
made as (
    insert into enrichment_status (track_id, status)
    select id, 'pending' from tracks
    where id = any($track_ids::uuid[]) and not exists (select from enrichment_status where track_id = tracks.id)
    on conflict do nothing
    returning track_id
)
insert into enrich_writes (run_id, proposal_id, track_id, target, row_key, old_value, new_value, written_at)
select
    $run_id, null, track_id, 'enrichment_status', track_id::text, null, jsonb_build_object('status', 'pending'), $now
from made
