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

-- name: evaluation_blocks(many_djs)
-- One row per set: its block, of one series (the set's id up to the first `-`), DJ and half-year; of a series of many DJs
-- (sets without one count as one more) of one half-year. Over slots (set_id, dj, set_date).
with
sets as (
    select set_id, split_part(set_id, '-', 1) as series, min(dj) as dj, min(set_date) as day from slots group by set_id
),
counted as (
    select *, count(distinct coalesce(dj, chr(0))) over (partition by series) as djs from sets
)
select set_id, series || '|' || case when djs >= $many_djs then '' else coalesce(dj, '') end || '|'
    || coalesce(year(day) || 'h' || (month(day) > 6), 'none') as block
from counted

-- name: evaluation_inside()
-- One row per recording that is played in one fold alone (of dealt, set_id), and in two sets at least.
select recording, any_value(fold) as fold
from played
join dealt using (set_id)
group by recording
having count(*) >= 2 and count(distinct fold) = 1

-- name: evaluation_first_days()
-- One row per recording of two dated sets: the day it was first played.
select recording, min(day) as day
from played
join (select set_id, min(set_date) as day from slots group by set_id) as sets using (set_id)
where day is not null
group by recording
having count(*) >= 2

-- name: evaluation_hidden()
-- One row per hidden recording (of hidden): sets, history (sets of its DJs; 0 of none), source (series).
with sets as (
    select set_id, min(dj) as dj, split_part(set_id, '-', 1) as source from slots group by set_id
),
counted as (
    select set_id, source, case when dj is not null then count(*) over (partition by dj) else 0 end as history from sets
)
select recording as track_key, count(*) as sets, max(history) as history, min(source) as source
from played
join counted using (set_id)
where recording in (select track_key from hidden)
group by recording
order by recording
