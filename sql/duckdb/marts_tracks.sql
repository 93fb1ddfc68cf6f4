-- Marts: tracks with everything known of them, labels, and the labels of their albums.
-- Ids are stored as Postgres has them; the views give them as text.

-- name: stored_tracks(max_attempts)
-- One row per track. A failure is retriable when the installation says so, else when its error is one that passes.
create or replace table stored.tracks as
with
plays as (
    select p.track_id, count(*) as plays, min(s.set_date) as first_played, max(s.set_date) as last_played
    from slots p
    join sets_keyed s on s.set_id = p.set_id
    where p.track_id is not null and p.set_id not in (select set_id from duplicate_sets)
    group by p.track_id
),
attempts as (
    select track_id, max(attempted_at) filter (where command <> 'hunt-labels') as tried_at,
        max(attempted_at) filter (where command = 'hunt-labels') as hunted_at
    from staged.enrich_attempts
    group by track_id
)
select t.id as track_id, t.title, n.title_key, n.base_title, n.base_key, n.version_class, n.remixer,
    coalesce(
        -- Reading JSON is dear, and most tracks have no such key. A backslash may hide one.
        case when contains(t.metadata, 'catalog_number') or contains(t.metadata, '\') then coalesce(
            json_extract_string(t.metadata, '$.original_data.catalog_number'),
            json_extract_string(t.metadata, '$.catalog_number')
        ) end,
        n.parsed_catalog_number
    ) as catalog_number,
    t.isrc, t.duration_ms, t.release_date, l.label, l.label_key, l.label_source, n.title_label,
    n.title_label_confidence, n.artist, n.artist_key, n.is_known_artist, n.is_known_title,
    coalesce(t.is_mashup, false) or n.parsed_is_mashup as is_mashup,
    case when json_type(t.mashup_components, '$[0]') = 'VARCHAR' then t.mashup_components::varchar[]
        else n.components end as components,
    -- Scrapers write no row of status: nobody has tried such a track.
    coalesce(e.status, 'pending') as status, coalesce(e.status = 'failed', false) as is_failed,
    case when e.status = 'failed'
        then coalesce(e.is_retriable, regexp_matches(e.error_message, {{passing_errors}}, 'i'), false)
        else false end as is_retriable,
    coalesce(e.status = 'failed', false) and coalesce(e.retry_count, 0) >= $max_attempts as is_permanently_failed,
    coalesce(e.retry_count, 0) as retry_count, e.error_message, greatest(e.last_attempt, a.tried_at) as last_attempt,
    a.hunted_at, e.retry_after, t.created_at,
    t.updated_at, coalesce(p.plays, 0) as plays, p.first_played, p.last_played
from staged.tracks t
join track_names n using (row_no)
left join track_labels l on l.track_id = t.id
left join staged.enrichment_status e on e.track_id = t.id
left join attempts a on a.track_id = t.id
left join plays p on p.track_id = t.id

-- name: marts_tracks()
-- One row per track.
create or replace view tracks as
select * exclude (artist_key) replace (track_id::varchar as track_id)
from stored.tracks

-- name: marts_labels()
-- One row per label_key: its commonest spelling in the database, and how many tracks carry it.
create or replace table labels as
with spelled as (
    select label_key, label, count(*) as tracks
    from stored.tracks
    where label is not null
    group by label_key, label
)
select label_key, arg_max(label, (tracks, label)) as label, sum(tracks)::bigint as tracks
from spelled
group by label_key
order by label_key

-- name: stored_album_labels()
-- One row per (track_id, label_key) of the albums a track is on: a second source for its label.
create or replace table stored.album_labels as
select t.track_id, n.label_key, arg_min(n.label, (a.release_date, a.id)) as label,
    min(a.release_date) as release_date
from staged.album_tracks t
join staged.albums a on a.id = t.album_id
join stored.label_names n on n.label = trim(a.label)
where n.is_label
group by t.track_id, n.label_key
order by t.track_id, n.label_key

-- name: marts_album_labels()
-- One row per (track_id, label_key).
create or replace view album_labels as
select * replace (track_id::varchar as track_id)
from stored.album_labels
