-- Marts: artists and the credits of tracks. Keys come from enrich.text, over whole columns (`artist_names`).

-- name: marts_artists()
-- One row per artist; `aliases` without nulls and blanks, empty where there are none.
create table artists as
select a.id::varchar as artist_id, a.name as artist, n.artist_key,
    coalesce(list_filter(a.aliases, lambda alias: trim(alias) <> ''), []) as aliases
from staged_artists a
join artist_names n using (row_no)
order by a.created_at, a.id

-- name: staging_credits()
-- One row per credit of a known artist, by keys as Postgres has them.
create temp table keyed_credits as
select c.track_id, c.artist_id, a.name as artist, n.artist_key, n.is_unknown, coalesce(c.role, 'primary') as role,
    c.position
from staged_track_artists c
join staged_artists a on a.id = c.artist_id
join artist_names n on n.row_no = a.row_no

-- name: marts_credits()
-- One row per (track_id, artist_id, role).
create table credits as
select track_id::varchar as track_id, artist_id::varchar as artist_id, artist, artist_key, role, position
from keyed_credits
order by keyed_credits.track_id, position nulls last, role, artist_key

-- name: staging_shown_artists()
-- One row per track with a primary artist: the names as one text. Unknown-words are no artists. Most tracks have one
-- artist: only where there are several are names put in order and joined.
create temp table shown_artists as
with
named as (
    select track_id, artist, artist_key, position
    from keyed_credits
    where role = 'primary' and not is_unknown
),
counted as (
    select track_id, count(*) as artists, any_value(artist) as artist, any_value(artist_key) as artist_key
    from named
    group by track_id
)
select track_id, artist, artist_key
from counted
where artists = 1
union all
select n.track_id,
    string_agg(n.artist, ' & ' order by n.position nulls last, n.artist_key),
    string_agg(n.artist_key, '|' order by n.artist_key)
from named n
join counted c on c.track_id = n.track_id and c.artists > 1
group by n.track_id
