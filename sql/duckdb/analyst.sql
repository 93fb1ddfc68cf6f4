-- Questions an analyst asks of a snapshot's marts.

-- name: analyst_failed()
-- One row per failed track, most played first.
select track_id, title, case when is_known_artist then artist end as artist, label, is_retriable,
    is_permanently_failed, retry_count::bigint as retry_count, error_message, plays, first_played, last_played
from tracks
where is_failed
order by plays desc, track_id

-- name: analyst_failure_table()
-- The specification's table of the current state, one row per metric: tracks, and their share in percent: of all tracks
-- in the first row, of those failed in the others.
with counted as (
    select unnest([
        {metric: 'Failed tracks', tracks: count(*) filter (is_failed), whole: count(*)},
        {metric: 'Tracks with labels', tracks: count(label) filter (is_failed), whole: count(*) filter (is_failed)},
        {metric: 'Tracks without labels', tracks: count(*) filter (is_failed and label is null),
            whole: count(*) filter (is_failed)},
        {metric: 'Retriable failures', tracks: count(*) filter (is_failed and is_retriable),
            whole: count(*) filter (is_failed)},
        {metric: 'Non-retriable', tracks: count(*) filter (is_failed and not is_retriable),
            whole: count(*) filter (is_failed)},
        {metric: 'No retries left', tracks: count(*) filter (is_failed and is_permanently_failed),
            whole: count(*) filter (is_failed)}
    ], recursive := true)
    from tracks
)
select metric, tracks, round(100.0 * tracks / nullif(whole, 0), 1)::double as share_pct
from counted

-- name: analyst_failure_reasons()
-- One row per kind of error of failed tracks, numbers in it as #, commonest first.
select
    regexp_replace(coalesce(error_message, 'no error recorded'), '\p{Nd}+(?:\.\p{Nd}+)?', '#', 'g') as error,
    count(*) as tracks,
    round(100.0 * count(*) / sum(count(*)) over (), 1)::double as share_pct,
    count(*) filter (is_retriable) as retriable,
    count(label) as with_label
from tracks
where is_failed
group by error
order by tracks desc, error

-- name: analyst_waiting()
-- One row per track in cool-down, next due first.
select track_id, title, label, retry_count, retry_after, error_message
from tracks
where status = 'pending_re_enrichment'
order by retry_after nulls first, track_id

-- name: analyst_label_coverage()
-- One row per status: tracks, those with a label, and their share in percent.
select coalesce(status, 'no status') as status, count(*) as tracks, count(label) as with_label,
    round(100.0 * count(label) / count(*), 1)::double as share_pct
from tracks
group by 1
order by 1

-- name: analyst_misleading()
-- One row per text in the last brackets of titles that names no label: tracks, and one of their titles.
select regexp_extract(title, '[(\[]([^)\]]+)[)\]]\s*$', 1) as in_brackets, count(*) as tracks, min(title) as title
from tracks
where title_label is null and regexp_matches(title, '[(\[]([^)\]]+)[)\]]\s*$')
group by in_brackets
order by tracks desc, in_brackets

-- name: analyst_plays(track_key, window_slots)
-- One row per slot around each slot a track is played in, over slots (TRACKLISTS, unknown artists null), sets in order of
-- their dates. offset 0: the track itself; length: the last position of the set.
with
own as (
    select set_id, position as own_position from slots where track_key = $track_key
),
lengths as (
    select set_id, max(position) as length from slots group by set_id
)
select set_id, set_date, dj, set_name, length, position, position - own_position as "offset", artist, title, label
from slots
join own using (set_id)
join lengths using (set_id)
where abs(position - own_position) <= $window_slots
order by set_date nulls last, set_id, own_position, position

-- name: analyst_neighbours(window_slots)
-- One row per artist played near the tracks of asked, those of most sets first: sets and plays, the smallest distance, DJs
-- who played them so, and the labels of these plays.
with near as (
    select near.*, abs(near.position - own.position) as distance
    from asked
    join slots as own using (track_key)
    join slots as near on near.set_id = own.set_id and near.artist is not null
        and abs(near.position - own.position) between 1 and $window_slots
)
select artist, count(distinct set_id) as sets, count(*) as plays, min(distance)::bigint as nearest,
    count(distinct dj) as djs,
    coalesce(list_sort(list(distinct label) filter (label is not null)), []::varchar[]) as labels
from near
group by artist
order by sets desc, plays desc, nearest, artist

-- name: analyst_heard(window_slots)
-- One row per track of asked that is played: sets, and whether a known artist is played near it.
select own.track_key, count(distinct own.set_id) as sets, count(near.artist) > 0 as has_neighbour
from asked
join slots as own using (track_key)
left join slots as near on near.set_id = own.set_id and near.artist is not null
    and abs(near.position - own.position) between 1 and $window_slots
group by own.track_key
