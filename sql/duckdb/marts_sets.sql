-- Marts: sets and their tracklists.

-- name: stored_sets()
-- One row per set; `duplicate_of` names the set that is kept in `tracklists` where the same one was imported twice.
create or replace table stored.sets as
select s.set_id, s.dj, s.dj_key, s.performer_id, s.dj_artist_id, s.set_name, s.set_date, s.source, d.duplicate_of
from sets_keyed s
left join duplicate_sets d using (set_id)
order by s.set_date, s.set_id

-- name: marts_sets()
-- One row per set.
create or replace view sets as
select set_id::varchar as set_id, dj, dj_key, performer_id::varchar as performer_id,
    dj_artist_id::varchar as dj_artist_id, set_name, set_date, source, duplicate_of::varchar as duplicate_of
from stored.sets

-- name: stored_tracklists()
-- One row per slot, set by set; `duplicate_of` where its set is another listing of that one. A slot without a track, or
-- whose track has no known artist, is an unknown one.
create or replace table stored.tracklists as
with ordered as (
    select row_number() over (order by s.set_date, s.set_id) as place, s.set_id, s.dj, s.set_name, s.set_date,
        d.duplicate_of
    from sets_keyed s
    left join duplicate_sets d using (set_id)
)
select s.set_id, s.dj, s.set_name, s.set_date, p.position::integer as position,
    case when t.is_known_artist then t.artist else p.said_artist end as artist,
    coalesce(t.title, p.said_title) as title, t.label, p.is_id or not coalesce(t.is_known_artist, false) as is_id,
    p.track_id, s.duplicate_of
from slots p
join ordered s on s.set_id = p.set_id
left join every_tracks t on t.track_id = p.track_id
order by s.place, p.position

-- name: marts_tracklists()
-- One row per slot of every set that is no duplicate: the frame TRACKLISTS.
create or replace view tracklists as
select set_id::varchar as set_id, dj, set_name, set_date, position, artist, title, label, is_id,
    coalesce(track_id::varchar, set_id || '#' || position) as track_key
from stored.tracklists
where duplicate_of is null

-- name: marts_second_listings()
-- The same of the others, with the set each is a second listing of.
create or replace view second_listings as
select set_id::varchar as set_id, dj, set_name, set_date, position, artist, title, label, is_id,
    coalesce(track_id::varchar, set_id || '#' || position) as track_key, duplicate_of::varchar as duplicate_of
from stored.tracklists
where duplicate_of is not null
