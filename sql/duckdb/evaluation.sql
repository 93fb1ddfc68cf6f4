-- name: evaluation_about()
-- One row per candidate (of ranked) of a hidden recording (of hidden, track_key): the name shown, the sets, whether it is
-- right under any name of who made it and whether under the very name credited (of made_by, track_key and artist_key).
with
made_by_person as (
    select distinct m.track_key, s.person_no
    from made_by as m
    join spelled as s on s.artist_key = m.artist_key
)
select r.unknown_no, r.artist_no, u.track_key, n.artist, q.sets,
    coalesce(o.occurrence_count, 0) as occurrence_count, p.person_no is not null as is_right,
    m.artist_key is not null as is_named
from ranked as r
join unknowns as u on u.unknown_no = r.unknown_no
join hidden as h on h.track_key = u.track_key
join shown as n on n.unknown_no = r.unknown_no and n.artist_no = r.artist_no
left join spelled as k on k.artist = n.artist
left join unknown_sets as q on q.unknown_no = r.unknown_no
left join occurrence as o on o.unknown_no = r.unknown_no and o.artist_no = r.artist_no
left join made_by_person as p on p.track_key = u.track_key and p.person_no = r.artist_no
left join made_by as m on m.track_key = u.track_key and m.artist_key = k.artist_key
