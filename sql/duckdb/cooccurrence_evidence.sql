-- name: cooccurrence_neighbour_evidence(limit_each)
-- One row per ranked candidate and way it was played near the unknown: by which DJ credit, how far (distance > 0: the
-- unknown came after it), in how many sets. The strongest `limit_each` a candidate.
with
grouped as (
    select c.unknown_no, c.artist_no, c.dj_credit_no, -c.nearest as distance,
        count(distinct c.set_no) as sets, min(c.set_no) as set_no
    from context_artists as c
    join ranked as r on r.unknown_no = c.unknown_no and r.artist_no = c.artist_no
    group by c.unknown_no, c.artist_no, c.dj_credit_no, c.nearest
),
chosen as (
    select *, row_number() over (
        partition by unknown_no, artist_no
        order by sets desc, abs(distance), distance desc, dj_credit_no nulls last
    ) as choice
    from grouped
)
select unknown_no, artist_no, artist_no as other_no, dj_credit_no, distance, sets, set_no, choice
from chosen
where choice <= $limit_each

-- name: cooccurrence_label_mate_evidence()
-- One row per ranked candidate of the top label: the other artist of that label played most around the unknown.
with
mates as (
    select c.unknown_no, c.artist_no, c.dj_credit_no, -c.nearest as distance,
        count(distinct c.set_no) as sets, min(c.set_no) as set_no
    from context_artists as c
    join top_labels as t on t.unknown_no = c.unknown_no and t.label_no = c.label_no
    group by c.unknown_no, c.artist_no, c.dj_credit_no, c.nearest
),
best as (
    select r.unknown_no, r.artist_no, m.artist_no as other_no, m.dj_credit_no, m.distance, m.sets, m.set_no,
        row_number() over (
            partition by r.unknown_no, r.artist_no
            order by m.sets desc, abs(m.distance), m.distance desc, m.artist_no, m.dj_credit_no nulls last
        ) as choice
    from ranked as r
    join mates as m on m.unknown_no = r.unknown_no and m.artist_no <> r.artist_no
    where r.label_no is not null
)
select unknown_no, artist_no, other_no, dj_credit_no, distance, sets, set_no, choice
from best
where choice = 1

-- name: cooccurrence_label_evidence()
-- One row per unknown with a top label: the sets with plays on it in the context, and those with such plays both
-- before and after the unknown.
with
by_set as (
    select c.unknown_no, c.label_no, c.set_no,
        max(case when c.nearest < 0 then 1 else 0 end) as is_before,
        max(case when c.nearest > 0 then 1 else 0 end) as is_after
    from context_plays as c
    join top_labels as t on t.unknown_no = c.unknown_no and t.label_no = c.label_no
    group by c.unknown_no, c.label_no, c.set_no
)
select unknown_no, label_no, count(*) as sets, sum(is_before * is_after) as surrounded
from by_set
group by unknown_no, label_no

-- name: cooccurrence_dj_evidence(limit_each, min_label_plays)
-- One row per ranked candidate and DJ of the unknown who has to do with it: is the artist, runs the top label
-- (releases on it, played it often enough and no DJ more), or plays the artist. The strongest `limit_each` a candidate.
with
label_djs as (
    select s.label_no, d.dj_no, count(*) as plays
    from slots as s
    join dj_credits as d on d.dj_credit_no = s.dj_credit_no
    where s.label_no in (select label_no from top_labels) and s.credit_no is not null
    group by s.label_no, d.dj_no
),
top_djs as (
    select label_no, dj_no
    from (select *, max(plays) over (partition by label_no) as most from label_djs) as counted
    where plays = most and plays >= $min_label_plays
),
own_labels as (
    select distinct n.dj_no, s.label_no
    from slots as s
    join credits as k on k.credit_no = s.credit_no
    join (select distinct dj_no from unknown_djs) as n on n.dj_no = k.artist_no
    where s.label_no is not null
),
running as (
    select o.dj_no, o.label_no
    from own_labels as o
    join top_djs as l on l.dj_no = o.dj_no and l.label_no = o.label_no
),
linked as (
    select r.unknown_no, r.artist_no, u.dj_no,
        case when u.dj_no = r.artist_no then 1 else 0 end as is_artist,
        case when w.dj_no is not null then 1 else 0 end as runs_label,
        coalesce(p.plays, 0) as plays, coalesce(p.most_plays, 0) as most_plays
    from ranked as r
    join unknown_djs as u on u.unknown_no = r.unknown_no
    left join running as w on w.dj_no = u.dj_no and w.label_no = r.label_no
    left join dj_plays as p on p.dj_no = u.dj_no and p.artist_no = r.artist_no
),
chosen as (
    select *, row_number() over (
        partition by unknown_no, artist_no order by is_artist desc, runs_label desc, plays desc, dj_no
    ) as choice
    from linked
    where is_artist + runs_label + plays > 0
)
select unknown_no, artist_no, dj_no, is_artist, runs_label, plays, most_plays, choice
from chosen
where choice <= $limit_each

-- name: cooccurrence_name_evidence()
-- One row per ranked candidate under several names, and name by which it is played.
select r.unknown_no, r.artist_no, n.name_no
from ranked as r
join (select distinct artist_no, name_no from name_plays) as n on n.artist_no = r.artist_no
