-- Marts: artists and the credits of tracks. Keys come from enrich.text, over whole columns (`artist_names`).

-- name: marts_artists()
-- One row per artist; `aliases` without nulls and blanks, empty where there are none.
create table artists as
select a.id as artist_id, a.name as artist, n.artist_key,
    coalesce(list_filter(a.aliases, lambda alias: trim(alias) <> ''), []) as aliases
from staged_artists a
join artist_names n on n.artist_id = a.id
order by a.created_at, a.id

-- name: marts_credits()
-- One row per (track_id, artist_id, role).
create table credits as
select c.track_id, c.artist_id, a.artist, a.artist_key, c.role, c.position
from (select track_id, artist_id, coalesce(role, 'primary') as role, position from staged_track_artists) c
join artists a using (artist_id)
order by c.track_id, c.position nulls last, c.role, a.artist_key

-- name: staging_shown_artists()
-- One row per track with a primary artist: the names as one text. Unknown-words are no artists.
create temp table shown_artists as
select c.track_id,
    string_agg(c.artist, ' & ' order by c.position nulls last, c.artist_key) as artist,
    string_agg(c.artist_key, '|' order by c.artist_key) as artist_key
from credits c
join artist_names n using (artist_id)
where c.role = 'primary' and not n.is_unknown
group by c.track_id
