-- Marts: artists and the credits of tracks. Keys come from enrich.text, over whole columns (`artist_names`).
-- Ids are stored as Postgres has them; the views give them as text, which reads no slower than text that was stored.

-- name: stored_artists()
-- One row per artist; `aliases` without nulls and blanks, empty where there are none.
create or replace table stored.artists as
select a.id as artist_id, a.name as artist, n.artist_key, n.is_unknown,
    coalesce(list_filter(a.aliases, lambda alias: trim(alias) <> ''), []) as aliases
from staged.artists a
join artist_names n using (row_no)
order by a.created_at, a.id

-- name: marts_artists()
-- One row per artist.
create or replace view artists as
select artist_id::varchar as artist_id, artist, artist_key, aliases
from stored.artists

-- name: marts_credits()
-- One row per (track_id, artist_id, role), of known artists; a name written on the track itself is a credit of the artist
-- of that name, where there is one.
create or replace view credits as
select c.track_id::varchar as track_id, c.artist_id::varchar as artist_id, a.artist, a.artist_key,
    coalesce(c.role, 'primary') as role, c.position
from staged.track_artists c
join stored.artists a on a.artist_id = c.artist_id
union all
select track_id::varchar, artist_id::varchar, artist, artist_key, 'primary', 0
from stored.written_credits

-- name: staging_written_artists()
-- One row per track whose artist is written on the track itself, and credited in no table; the oldest artist of a name.
create or replace table stored.written_credits as
with oldest as (
    select artist_key, arg_min(artist_id, rowid) as artist_id from stored.artists group by artist_key
)
select t.id as track_id, o.artist_id, trim(t.artist_name) as artist, n.artist_key
from staged.tracks t
join written_names n using (artist_name)
left join oldest o using (artist_key)
where t.id not in (
    select c.track_id
    from staged.track_artists c
    join stored.artists a on a.artist_id = c.artist_id
    where coalesce(c.role, 'primary') = 'primary' and not a.is_unknown
)

-- name: staging_shown_artists()
-- One row per track with a primary artist: the names as one text. Unknown-words are no artists. Most tracks have one
-- artist: only where there are several are names put in order and joined.
create or replace temp table shown_artists as
with
named as (
    select c.track_id, a.artist, a.artist_key, c.position
    from staged.track_artists c
    join stored.artists a on a.artist_id = c.artist_id
    where coalesce(c.role, 'primary') = 'primary' and not a.is_unknown
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
select track_id, artist, artist_key
from stored.written_credits
union all
select n.track_id,
    string_agg(n.artist, ' & ' order by n.position nulls last, n.artist_key, n.artist),
    string_agg(n.artist_key, '|' order by n.artist_key)
from named n
join counted c on c.track_id = n.track_id and c.artists > 1
group by n.track_id
