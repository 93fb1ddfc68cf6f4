-- What the recovery report counts. Postgres is the authority: everything is read in one transaction.
-- The optional column is_retriable is read through to_jsonb.

-- name: track_states
-- One row per track: as it is now, and what the ledger changed on it. Without a row of status a track is pending.
-- status_before: the status with all writes that stand undone; what was pending after it had failed counts as failed.
-- label_written, artist_written: whether a write that stands filled this blank; artist_tier, artist_source: whose it was.
-- primary_artists: names of all primary artists, in order. plays: slots of sets and playlists.
with
first_write as (
    select distinct on (track_id) track_id, old_value ->> 'status' as status
    from enrich_writes
    where target = 'enrichment_status.status' and undone_at is null
    order by track_id, write_id
),
label_write as (
    select distinct on (writes.track_id) writes.track_id, proposal.tier, proposal.source
    from enrich_writes as writes
    left join enrich_proposals as proposal using (proposal_id)
    where writes.target in ('tracks.metadata', 'tracks.label', 'tracks.record_label') and writes.undone_at is null
    order by writes.track_id, writes.write_id
),
artist_write as (
    select distinct on (writes.track_id) writes.track_id, proposal.tier, proposal.source
    from enrich_writes as writes
    left join enrich_proposals as proposal using (proposal_id)
    where writes.target in ('track_artists', 'tracks.artist_name') and writes.new_value is not null and writes.undone_at is null
    order by writes.track_id, writes.write_id
),
states as (
    select
        track.id, track.title, track.metadata, {{labels_of_track}} as labels, {{artist_of_track}} as artist_name,
        coalesce(status.status, 'pending') as status, coalesce(first_write.status, status.status, 'pending') as first_status, first_write.status as written_over,
        status.cooldown_reason is not null as was_queued,
        status.cooldown_reason is not null or status.retry_count > 0 or status.error_message is not null as had_failed,
        coalesce(status.retry_count, 0) as retry_count, {{failed_in_passing}} is true as is_retriable,
        status.error_message, status.retry_after
    from tracks as track
    left join enrichment_status as status on status.track_id = track.id
    left join first_write on first_write.track_id = track.id
),
primaries as (
    select credit.track_id, array_agg(artist.name order by credit.position, artist.name) as names
    from track_artists as credit
    join artists as artist on artist.id = credit.artist_id
    where credit.role = 'primary'
    group by credit.track_id
),
played as (
    select track_id, count(*) as plays
    from (
        select play.track_id
        from setlist_tracks as play
        where play.track_id is not null
            -- A set that is listed twice is one night.
            and not exists (
                select from enrich_set_links as link
                join setlist_tracks as other
                    on other.setlist_id = link.setlist_id and other.track_id = play.track_id
                where link.other_id = play.setlist_id
            )
        union all
        select track_id from playlist_tracks
    ) as slots
    group by track_id
)
select
    state.id::text as track_id,
    state.title,
    state.status,
    case
        when state.first_status = 'pending_re_enrichment' then 'failed'
        when state.first_status = 'pending' and state.had_failed then 'failed'
        else state.first_status
    end as status_before,
    (state.written_over = 'pending_re_enrichment' or (state.written_over = 'pending' and state.was_queued)) is true
        as came_from_queue,
    state.was_queued,
    state.retry_count,
    state.is_retriable,
    state.error_message,
    state.retry_after,
    state.labels[1] as label,
    state.metadata -> 'original_data' ->> 'label' is not null as has_label_hint,
    label_write.track_id is not null as label_written,
    label_write.tier as label_tier,
    label_write.source as label_source,
    artist_write.track_id is not null as artist_written,
    artist_write.tier as artist_tier,
    artist_write.source as artist_source,
    coalesce(primaries.names, array_remove(array[state.artist_name], null)) as primary_artists,
    coalesce(played.plays, 0) as plays
from states as state
left join label_write on label_write.track_id = state.id
left join artist_write on artist_write.track_id = state.id
left join primaries on primaries.track_id = state.id
left join played on played.track_id = state.id
order by state.id

-- name: all_proposals
-- One row per proposal on record.
select
    proposal_id::text, track_id::text, kind, value, tier, source, probability, confidence, status
from enrich_proposals
order by proposal_id

-- name: all_runs
-- One row per run, oldest first, with what it proposed and what of its writing stands.
select
    run.run_id::text,
    run.command,
    run.started_at,
    run.finished_at,
    run.undone_at is not null as is_undone,
    run.summary::text as summary,
    (select count(*) from enrich_proposals as proposal where proposal.run_id = run.run_id) as proposals,
    (
        select count(*) from enrich_writes as writes where writes.run_id = run.run_id and writes.undone_at is null
    ) as writes
from enrich_runs as run
order by run.started_at, run.run_id

-- name: slots
-- One row: played slots of sets, those marked as ID, and IDs that no track stands for.
select
    (select count(*) from setlists) as sets,
    (select count(*) from playlists) as playlists,
    count(*) as slots,
    count(*) filter (where is_id) as id_slots,
    count(*) filter (where is_id and track_id is null) as bare_id_slots
from setlist_tracks

-- name: queue_by_week
-- One row per week (its Monday) in which tracks fall due; what is overdue counts in the week of its time.
select date_trunc('week', retry_after at time zone 'UTC')::date as week, count(*) as tracks
from enrichment_status
where status = 'pending_re_enrichment' and retry_after is not null and isfinite(retry_after)
group by week
order by week

-- name: artist_aliases
-- One row per artist with its other names.
select name, coalesce(aliases, '{}') as aliases from artists
