-- Marts: tracks with everything known of them, labels, and the labels of their albums.

-- name: marts_tracks(max_attempts)
-- One row per track. A failure is retriable when the installation says so, else when its error is one that passes.
create table tracks as
with plays as (
    select p.track_id, count(*) as plays, min(s.set_date) as first_played, max(s.set_date) as last_played
    from slots p
    join sets_keyed s on s.set_id = p.set_id
    where p.track_id is not null and p.set_id not in (select set_id from duplicate_sets)
    group by p.track_id
),
rows as (
    select t.*, n.title_key, n.base_title, n.base_key, n.version_class, n.remixer, n.is_known_artist, n.is_known_title,
        n.artist, n.title_label, n.title_label_confidence, n.components, n.parsed_is_mashup, n.parsed_catalog_number,
        l.label as real_label, l.label_key, l.label_source, e.status, e.is_retriable, e.retry_count, e.error_message,
        e.last_attempt, e.retry_after
    from staged_tracks t
    join track_names n using (row_no)
    left join track_labels l on l.track_id = t.id
    left join staged_enrichment_status e on e.track_id = t.id
)
select r.id::varchar as track_id, r.title, r.title_key, r.base_title, r.base_key, r.version_class, r.remixer,
    coalesce(
        json_extract_string(r.metadata, '$.original_data.catalog_number'),
        json_extract_string(r.metadata, '$.catalog_number'), r.parsed_catalog_number
    ) as catalog_number,
    r.isrc, r.duration_ms, r.release_date, r.real_label as label, r.label_key, r.label_source, r.title_label,
    r.title_label_confidence, r.artist, r.is_known_artist, r.is_known_title,
    coalesce(r.is_mashup, false) or r.parsed_is_mashup as is_mashup,
    case when json_type(r.mashup_components, '$[0]') = 'VARCHAR' then r.mashup_components::varchar[]
        else r.components end as components,
    r.status, coalesce(r.status = 'failed', false) as is_failed,
    coalesce(r.status = 'failed', false) and coalesce(
        r.is_retriable,
        regexp_matches(
            r.error_message,
            'time[d -]*out|rate.?limit|too many requests|\b(429|50[0234])\b|connection|network|unavailable|temporar'
            '|try again|reset by peer|unreachable|dns', 'i'
        ),
        false
    ) as is_retriable,
    coalesce(r.status = 'failed', false) and coalesce(r.retry_count, 0) >= $max_attempts as is_permanently_failed,
    coalesce(r.retry_count, 0) as retry_count, r.error_message, r.last_attempt, r.retry_after, r.created_at,
    r.updated_at, coalesce(p.plays, 0) as plays, p.first_played, p.last_played
from rows r
left join plays p on p.track_id = r.id

-- name: marts_labels()
-- One row per label_key: its commonest spelling in the database, and how many tracks carry it.
create table labels as
with spelled as (
    select label_key, label, count(*) as tracks from track_labels group by label_key, label
)
select label_key, arg_max(label, (tracks, label)) as label, sum(tracks)::bigint as tracks
from spelled
group by label_key
order by label_key

-- name: marts_album_labels()
-- One row per (track_id, label_key) of the albums a track is on: a second source for its label.
create table album_labels as
select t.track_id::varchar as track_id, n.label_key, arg_min(n.label, (a.release_date, a.id)) as label, min(a.release_date) as release_date
from staged_album_tracks t
join staged_albums a on a.id = t.album_id
join label_names n on n.label = trim(a.label)
where n.is_label
group by t.track_id, n.label_key
order by t.track_id, n.label_key
