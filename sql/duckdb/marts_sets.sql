-- Marts: sets and their tracklists.

-- name: marts_sets()
-- One row per set; `duplicate_of` names the set that is kept in `tracklists` where the same one was imported twice.
create table sets as
select s.set_id::varchar as set_id, s.dj, s.dj_key, s.performer_id::varchar as performer_id,
    s.dj_artist_id::varchar as dj_artist_id, s.set_name, s.set_date, s.source, d.duplicate_of::varchar as duplicate_of
from sets_keyed s
left join duplicate_sets d using (set_id)
order by s.set_date, s.set_id

-- name: marts_tracklists()
-- One row per slot of every set that is no duplicate: the frame TRACKLISTS. A slot without a track, or whose track has
-- no known artist, is an unknown one.
create table tracklists as
with ordered as (
    select row_number() over (order by s.set_date, s.set_id) as place, s.set_id, s.dj, s.set_name, s.set_date
    from sets_keyed s
    left join duplicate_sets d using (set_id)
    where d.duplicate_of is null
)
select s.set_id::varchar as set_id, s.dj, s.set_name, s.set_date, p.position::integer as position,
    case when p.is_known_artist then p.artist else p.said_artist end as artist,
    coalesce(p.title, p.said_title) as title, p.label, p.is_id,
    coalesce(p.track_id::varchar, p.set_id || '#' || p.position) as track_key
from slots p
join ordered s on s.set_id = p.set_id
order by s.place, p.position
