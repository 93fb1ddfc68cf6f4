-- What the learned ranker knows of all plays, once a run. DuckDB alone runs these. Sums are of whole millionths, so that
-- the order of the additions cannot show.

-- name: learned_titles()
-- One row per title, by its key.
create or replace table titles as
select title, cast(row_number() over (order by title) as integer) as title_no
from (select distinct title from played where title is not null) as distinct_titles

-- name: learned_plays()
-- One row per known play and artist credited on it.
create or replace table known_plays as
select s.slot_no, s.set_no, s.position, s.credit_no, k.artist_no, s.label_no, t.title_no
from slots as s
join credits as k on k.credit_no = s.credit_no
left join played as p on p.row_no = s.slot_no and p.title is not null
left join titles as t on t.title = p.title

-- name: learned_recordings()
-- One row per artist and title: plays, sets, and the first day it was played.
create or replace table recordings as
select k.artist_no, k.title_no, count(*) as plays, count(distinct k.set_no) as sets, min(s.day) as first_day
from known_plays as k
join sets as s on s.set_no = k.set_no
where k.title_no is not null
group by k.artist_no, k.title_no

-- name: learned_set_artists()
-- One row per set and artist: recordings (each play by 1 / the plays of its recording), those heard in two sets or
-- more, and plays.
create or replace table set_artists as
select k.set_no, k.artist_no,
    cast(sum(cast(coalesce(1e6 / r.plays, 1e6) as bigint)) as double) / 1e6 as recordings,
    cast(sum(cast(case when r.sets >= 2 then 1e6 / r.plays else 0 end as bigint)) as double) / 1e6 as again,
    count(*) as plays
from known_plays as k
left join recordings as r on r.artist_no = k.artist_no and r.title_no = k.title_no
group by k.set_no, k.artist_no

-- name: learned_sets()
-- One row per set: its day, the month and quarter of that (-1: no day), its series (the id up to its first hyphen),
-- first and last position.
create or replace table about_sets as
select s.set_no, s.day, s.set_name,
    coalesce(s.day // 30, -1) as month, coalesce(s.day // 90, -1) as quarter,
    dense_rank() over (order by split_part(s.set_id, '-', 1)) as series_no,
    p.first_position, p.last_position
from sets as s
join (
    select set_no, min(position) as first_position, max(position) as last_position from slots group by set_no
) as p on p.set_no = s.set_no

-- name: learned_set_djs()
-- One row per set and DJ who plays it.
create or replace table set_djs as
select distinct s.set_no, d.dj_no
from slots as s
join dj_credits as d on d.dj_credit_no = s.dj_credit_no

-- name: learned_dj_habits()
-- One row per DJ: sets, and the share of the plays that are the DJ's own (0-1).
create or replace table dj_habits as
select d.dj_no, count(distinct d.set_no) as sets,
    coalesce(sum(case when a.artist_no = d.dj_no then a.plays end), 0) / cast(greatest(sum(a.plays), 1) as double) as own
from set_djs as d
left join set_artists as a on a.set_no = d.set_no
group by d.dj_no

-- name: learned_artists()
-- One row per artist who is played: first and last day, sets, recordings, the share of those heard in two sets or
-- more, and the mean place in a set (0 first to 1 last).
create or replace table artist_habits as
with
played_at as (
    select k.artist_no, min(s.day) as first_day, max(s.day) as last_day,
        cast(sum(cast(
            1e6 * (k.position - s.first_position) / greatest(s.last_position - s.first_position, 1) as bigint
        )) as double) / 1e6 / count(*) as depth
    from known_plays as k
    join about_sets as s on s.set_no = k.set_no
    group by k.artist_no
),
counted as (
    select artist_no, count(*) as sets, cast(sum(cast(1e6 * recordings as bigint)) as double) / 1e6 as recordings,
        cast(sum(cast(1e6 * again as bigint)) as double) / 1e6 as again
    from set_artists
    group by artist_no
)
select p.artist_no, p.first_day, p.last_day, p.depth, c.sets, c.recordings,
    c.again / greatest(c.recordings, 1e-6) as again_share
from played_at as p
join counted as c on c.artist_no = p.artist_no

-- name: learned_hot_artists(limit_artists)
-- One row per month and artist among the most played of it.
create or replace table hot_artists as
select month, artist_no, recordings, again
from (
    select s.month, a.artist_no, cast(sum(cast(1e6 * a.recordings as bigint)) as double) / 1e6 as recordings,
        cast(sum(cast(1e6 * a.again as bigint)) as double) / 1e6 as again
    from set_artists as a
    join about_sets as s on s.set_no = a.set_no
    group by s.month, a.artist_no
) as by_month
qualify row_number() over (partition by month order by row(-recordings, artist_no)) <= $limit_artists

-- name: learned_by_time(limit_artists, weeks, year)
-- One row per month of a set with an unknown, and artist played by anyone around it.
create or replace table by_time as
with
keys as (
    select distinct a.month
    from slots as s
    join about_sets as a on a.set_no = s.set_no
    where s.unknown_no is not null
),
weighed as (
    select k.month, m.month as played, exp(-30e0 * abs(m.month - k.month) / $weeks) as weeks,
        exp(-30e0 * abs(m.month - k.month) / $year) as year
    from keys as k
    join (select distinct month from hot_artists) as m on m.month between k.month - $year // 10 and k.month + $year // 10
)
select k.month, a.artist_no,
    cast(sum(cast(1e6 * a.recordings * k.weeks as bigint)) as bigint) as hot,
    cast(sum(cast(1e6 * a.again * k.year as bigint)) as bigint) as hot_again
from weighed as k
join hot_artists as a on a.month = k.played
group by k.month, a.artist_no
qualify row_number() over (partition by k.month order by row(-hot, -hot_again, a.artist_no)) <= $limit_artists

-- name: learned_series_artists()
-- One row per series of sets, month and artist.
create or replace table series_artists as
select s.series_no, s.month, a.artist_no, cast(sum(cast(1e6 * a.recordings as bigint)) as double) / 1e6 as recordings
from set_artists as a
join about_sets as s on s.set_no = a.set_no
group by s.series_no, s.month, a.artist_no

-- name: learned_seldom(most_sets)
-- One row per set and artist who is played in two sets or more and in few: what the likeness of sets is told by.
-- weight: by the artist's rarity; length: of the set's weights.
create or replace table seldom_artists as
with
total as (select count(*) as sets from about_sets)
select a.set_no, a.artist_no, ln((t.sets + 1) / (h.sets + 1e0)) as weight,
    sqrt(sum(cast(1e6 * pow(ln((t.sets + 1) / (h.sets + 1e0)), 2) as bigint)) over (partition by a.set_no) / 1e6)
        as length
from set_artists as a
join artist_habits as h on h.artist_no = a.artist_no
cross join total as t
where h.sets between 2 and $most_sets

-- name: learned_label_artists()
-- One row per label, quarter and artist on it: plays.
create or replace table label_artists as
select k.label_no, s.quarter, k.artist_no, count(*) as plays
from known_plays as k
join about_sets as s on s.set_no = k.set_no
where k.label_no is not null
group by k.label_no, s.quarter, k.artist_no

-- name: learned_rosters(limit_artists)
-- One row per label and artist among those with most plays on it: weight, by the rarity of the label.
create or replace table rosters as
with
counted as (
    select label_no, artist_no, ln(1 + sum(plays)) as weight from label_artists group by label_no, artist_no
),
rare as (
    select label_no, 1 / sqrt(1 + sum(cast(1e6 * weight as bigint)) / 1e6) as rarity from counted group by label_no
)
select c.label_no, c.artist_no, c.weight, r.rarity
from counted as c
join rare as r on r.label_no = c.label_no
qualify row_number() over (partition by c.label_no order by row(-c.weight, c.artist_no)) <= $limit_artists

-- name: learned_neighbours(limit_artists)
-- One row per artist and usual neighbour (played next or next but one, more than once): weight, against how much both
-- are played.
create or replace table usual_neighbours as
with
pairs as (
    select least(a.artist_no, b.artist_no) as one_no, greatest(a.artist_no, b.artist_no) as two_no,
        sum(case when b.position - a.position = 1 then 2 else 1 end) as near
    from known_plays as a
    join known_plays as b on b.set_no = a.set_no and b.position between a.position + 1 and a.position + 2
    where a.artist_no <> b.artist_no
    group by one_no, two_no
    having count(*) > 1
),
mirrored as (
    select one_no as artist_no, two_no as neighbour_no, near from pairs
    union all
    select two_no, one_no, near from pairs
)
select b.artist_no, b.neighbour_no, b.near / sqrt((h.recordings + 3) * (n.recordings + 3)) as weight
from mirrored as b
join artist_habits as h on h.artist_no = b.artist_no
join artist_habits as n on n.artist_no = b.neighbour_no
qualify row_number() over (partition by b.artist_no order by row(-weight, b.neighbour_no)) <= $limit_artists

-- name: learned_together(limit_artists)
-- One row per two artists credited on one play: weight by how often.
create or replace table credited_together as
select a.artist_no, b.artist_no as other_no, ln(1 + count(*)) as weight
from known_plays as a
join credits as b on b.credit_no = a.credit_no and b.artist_no <> a.artist_no
group by a.artist_no, other_no
qualify row_number() over (partition by a.artist_no order by row(-weight, other_no)) <= $limit_artists

-- name: learned_debuts()
-- One row per DJ, day and artist: recordings of the artist that the DJ plays and that were first played on that day.
create or replace table debuts as
select dj_no, first_day, artist_no, count(*) as recordings
from (
    select distinct d.dj_no, r.first_day, r.artist_no, r.title_no
    from known_plays as k
    join recordings as r on r.artist_no = k.artist_no and r.title_no = k.title_no
    join set_djs as d on d.set_no = k.set_no
    where r.first_day is not null
) as played_by
group by dj_no, first_day, artist_no
