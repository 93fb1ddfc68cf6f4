-- Candidates of some unknowns: for each set they are in, or for their DJs and neighbours, a table of the likeliest
-- artists by one habit. Weights are whole millionths.

-- name: learned_asked()
-- One row per slot of the unknowns asked for (table wanted_unknowns).
create or replace table asked_slots as
select s.unknown_no, s.set_no, s.position
from slots as s
join wanted_unknowns as w on w.unknown_no = s.unknown_no

-- name: learned_asked_sets()
-- One row per unknown and set it is in; n_sets: of the unknown.
create or replace table asked_sets as
select unknown_no, set_no, count(*) over (partition by unknown_no) as n_sets
from (select distinct unknown_no, set_no from asked_slots) as pairs

-- name: learned_targets()
-- One row per set that holds an unknown asked for.
create or replace table targets as
select a.set_no, a.day, a.month, a.quarter, a.series_no, a.set_name
from about_sets as a
where a.set_no in (select set_no from asked_sets)

-- name: learned_by_dj(limit_artists, undated_days, weeks, year, years)
-- One row per set and artist: recordings in other sets of its DJs, less the further away in days.
create or replace table by_dj as
with
pairs as (
    select distinct t.set_no as target_no, o.set_no, coalesce(abs(t.day - s.day), $undated_days) as gap
    from targets as t
    join set_djs as d on d.set_no = t.set_no
    join set_djs as o on o.dj_no = d.dj_no and o.set_no <> t.set_no
    join about_sets as s on s.set_no = o.set_no
),
weighed as (
    select target_no, set_no, gap, 1e6 * exp(-gap / $weeks) as weeks, 1e6 * exp(-gap / $year) as year,
        1e6 * exp(-gap / $years) as years
    from pairs
),
summed as (
    select p.target_no, a.artist_no, cast(sum(cast(p.weeks * a.recordings as bigint)) as bigint) as dj_weeks,
        cast(sum(cast(p.year * a.recordings as bigint)) as bigint) as dj_year,
        cast(sum(cast(p.years * a.recordings as bigint)) as bigint) as dj_years,
        cast(sum(cast(p.year * a.again as bigint)) as bigint) as dj_again,
        count(*) as dj_sets, count_if(p.gap <= $weeks) as dj_near_sets
    from weighed as p
    join set_artists as a on a.set_no = p.set_no
    group by p.target_no, a.artist_no
)
select *
from summed
qualify row_number() over (partition by target_no order by row(-(2 * dj_weeks + 2 * dj_year + dj_years), artist_no)) <= $limit_artists

-- name: learned_by_series(limit_artists, days)
-- One row per series and month of a set asked for, and artist: recordings in the series, less the further away.
create or replace table by_series as
with
keys as (select distinct series_no, month from targets)
select k.series_no, k.month, a.artist_no,
    cast(sum(cast(1e6 * a.recordings * exp(-30e0 * abs(a.month - k.month) / $days) as bigint)) as bigint) as series
from keys as k
join series_artists as a
    on a.series_no = k.series_no and a.month between k.month - $days // 10 and k.month + $days // 10
group by k.series_no, k.month, a.artist_no
qualify row_number() over (partition by k.series_no, k.month order by row(-series, a.artist_no)) <= $limit_artists

-- name: learned_like_sets(limit_sets)
-- One row per set and other set of much the same seldom-played artists: cosine (0-1).
create or replace table like_sets as
with
shared as (
    select t.set_no as target_no, o.set_no,
        sum(cast(1e6 * m.weight * o.weight as bigint)) / 1e6 / greatest(any_value(m.length) * any_value(o.length), 1e-9)
            as likeness
    from targets as t
    join seldom_artists as m on m.set_no = t.set_no
    join seldom_artists as o on o.artist_no = m.artist_no and o.set_no <> m.set_no
    group by t.set_no, o.set_no
)
select target_no, set_no, likeness
from shared
qualify row_number() over (partition by target_no order by row(-likeness, set_no)) <= $limit_sets

-- name: learned_by_likeness(limit_artists, undated_days, days)
-- One row per set and artist of the sets most like it.
create or replace table by_likeness as
with
weighed as (
    select l.target_no, l.set_no, 1e6 * pow(l.likeness, 3) as cubed,
        1e6 * pow(l.likeness, 2) * exp(-coalesce(abs(t.day - s.day), $undated_days) / $days) as near
    from like_sets as l
    join about_sets as t on t.set_no = l.target_no
    join about_sets as s on s.set_no = l.set_no
)
select w.target_no, a.artist_no, cast(sum(cast(w.cubed as bigint)) as bigint) as alike,
    cast(sum(cast(w.near * a.recordings as bigint)) as bigint) as alike_now, count(*) as alike_sets
from weighed as w
join set_artists as a on a.set_no = w.set_no
group by w.target_no, a.artist_no
qualify row_number() over (partition by w.target_no order by row(-alike, a.artist_no)) <= $limit_artists

-- name: learned_label_now(limit_artists, quarters, days)
-- One row per label and quarter of a set asked for, and artist on the label around then.
create or replace table label_now as
with
keys as (
    select distinct k.label_no, t.quarter
    from targets as t
    join known_plays as k on k.set_no = t.set_no
    where k.label_no is not null
)
select k.label_no, k.quarter, a.artist_no,
    sum(cast(1e6 * a.plays * exp(-90e0 * abs(a.quarter - k.quarter) / $days) as bigint)) / 1e6 as weight
from keys as k
join label_artists as a
    on a.label_no = k.label_no and a.quarter between k.quarter - $quarters and k.quarter + $quarters
group by k.label_no, k.quarter, a.artist_no
qualify row_number() over (partition by k.label_no, k.quarter order by row(-weight, a.artist_no)) <= $limit_artists

-- name: learned_by_label(limit_artists)
-- One row per set and artist of the labels played in it, rare labels first.
create or replace table by_label as
with
labels as (
    select t.set_no, t.quarter, k.label_no, count(distinct k.slot_no) as plays
    from targets as t
    join known_plays as k on k.set_no = t.set_no
    where k.label_no is not null
    group by t.set_no, t.quarter, k.label_no
),
rare as (select distinct label_no, rarity from rosters),
parts as (
    select l.set_no, r.artist_no, 1e6 * l.plays * r.rarity * r.weight as ever, 0e0 as around
    from labels as l
    join rosters as r on r.label_no = l.label_no
    union all
    select l.set_no, n.artist_no, 0e0, 1e6 * l.plays * r.rarity * ln(1 + n.weight)
    from labels as l
    join label_now as n on n.label_no = l.label_no and n.quarter = l.quarter
    join rare as r on r.label_no = l.label_no
)
select set_no as target_no, artist_no, cast(sum(cast(ever as bigint)) as bigint) as roster,
    cast(sum(cast(around as bigint)) as bigint) as roster_now
from parts
group by set_no, artist_no
qualify row_number() over (partition by set_no order by row(-(2 * roster_now + roster), artist_no)) <= $limit_artists

-- name: learned_near(slots)
-- One row per unknown and artist played in one of its sets: near (the sum of 1 / distance within so many slots), next
-- (of those at most three away), sets.
create or replace table near_artists as
with
plays as (
    select u.unknown_no, k.artist_no, k.set_no, k.slot_no, min(abs(k.position - u.position)) as distance
    from asked_slots as u
    join known_plays as k on k.set_no = u.set_no
    group by u.unknown_no, k.artist_no, k.set_no, k.slot_no
)
select unknown_no, artist_no, count(distinct set_no) as sets,
    cast(sum(case when distance <= $slots then cast(1e6 / greatest(distance, 1) as bigint) else 0 end) as bigint) as near,
    cast(sum(case when distance <= 3 then cast(1e6 / greatest(distance, 1) as bigint) else 0 end) as bigint) as next
from plays
group by unknown_no, artist_no

-- name: learned_by_neighbours(limit_artists)
-- One row per unknown and artist who is usually played next to its neighbours.
create or replace table by_neighbours as
select n.unknown_no, u.neighbour_no as artist_no, cast(sum(cast(n.next * u.weight as bigint)) as bigint) as habit
from near_artists as n
join usual_neighbours as u on u.artist_no = n.artist_no
where n.next > 0
group by n.unknown_no, u.neighbour_no
qualify row_number() over (partition by n.unknown_no order by row(-habit, u.neighbour_no)) <= $limit_artists

-- name: learned_by_credit(limit_artists)
-- One row per unknown and artist credited together with its DJs (thrice as much) or its neighbours.
create or replace table by_credit as
with
others as (
    select unknown_no, artist_no, next as weight from near_artists where next > 0
    union all
    select distinct a.unknown_no, d.dj_no, 3000000 from asked_sets as a join set_djs as d on d.set_no = a.set_no
)
select o.unknown_no, c.other_no as artist_no, cast(sum(cast(o.weight * c.weight as bigint)) as bigint) as credited
from others as o
join credited_together as c on c.artist_no = o.artist_no
group by o.unknown_no, c.other_no
qualify row_number() over (partition by o.unknown_no order by row(-credited, c.other_no)) <= $limit_artists

-- name: learned_unknown_djs()
-- One row per unknown and DJ of its sets: the share of the sets (0-1).
create or replace table asked_djs as
select a.unknown_no, d.dj_no, count(*) / cast(any_value(a.n_sets) as double) as share
from asked_sets as a
join set_djs as d on d.set_no = a.set_no
group by a.unknown_no, d.dj_no

-- name: learned_by_debut(limit_artists, days)
-- One row per unknown and artist of whom its DJs play recordings that came up at the same time.
create or replace table by_debut as
with
first_days as (
    select a.unknown_no, min(s.day) as first_day
    from asked_sets as a
    join about_sets as s on s.set_no = a.set_no
    group by a.unknown_no
)
select f.unknown_no, b.artist_no,
    cast(sum(cast(1e6 * b.recordings * exp(-abs(b.first_day - f.first_day) / $days) as bigint)) as bigint) as debuts
from first_days as f
join asked_djs as d on d.unknown_no = f.unknown_no
join debuts as b on b.dj_no = d.dj_no and b.first_day between f.first_day - 4 * $days and f.first_day + 4 * $days
group by f.unknown_no, b.artist_no
qualify row_number() over (partition by f.unknown_no order by row(-debuts, b.artist_no)) <= $limit_artists

-- name: learned_all_unknowns()
-- One row per unknown, those of one set together: what is made of a set is then made once for all of them.
select u.unknown_no, u.track_key
from unknowns as u
join (select unknown_no, min(set_no) as set_no from slots group by unknown_no) as s on s.unknown_no = u.unknown_no
order by s.set_no, u.unknown_no

-- name: learned_set_names()
-- One row per set asked for that has a name.
select set_no, set_name from targets where set_name is not null

-- name: learned_scored()
-- One row per unknown and candidate the ranker kept: whose signals are wanted.
create or replace table candidates as
select unknown_no, artist_no from learned_scores

-- name: learned_ranked(limit_rank)
-- One row per unknown and candidate, best first: the ranker's probability, and the formula's signals.
create or replace table ranked as
select s.*, l.rank, l.probability, l.total
from learned_scores as l
join signals as s on s.unknown_no = l.unknown_no and s.artist_no = l.artist_no
where l.rank <= $limit_rank

-- name: learned_set_plays()
-- One row per set and artist: what baselines read.
select set_no, artist_no, plays from set_artists order by set_no, artist_no

-- name: learned_asked_pairs()
-- One row per unknown asked for and set.
select unknown_no, set_no from asked_sets order by unknown_no, set_no

-- name: learned_set_dj_pairs()
-- One row per set and DJ.
select set_no, dj_no from set_djs order by set_no, dj_no
