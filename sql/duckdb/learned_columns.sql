-- The columns of the learned ranker: every candidate of every unknown asked for, and what is known of it. Those of the
-- sets are means over the sets of the unknown.

-- name: learned_parts()
-- One row per unknown, artist and table that names it; summed in learned_pool.
create or replace table pool as
with
parts as (
    select a.unknown_no, b.artist_no, a.n_sets, b.dj_weeks, b.dj_year, b.dj_years, b.dj_again, b.dj_sets,
        b.dj_near_sets, 0 as series, 0 as hot, 0 as hot_again, 0 as alike, 0 as alike_now, 0 as alike_sets,
        0 as roster, 0 as roster_now, 0 as same, 0 as near, 0 as habit, 0 as credited, 0 as debuts, 0 as named, 0 as own
    from asked_sets as a
    join by_dj as b on b.target_no = a.set_no
    union all by name
    select a.unknown_no, b.artist_no, a.n_sets, b.series
    from asked_sets as a
    join targets as t on t.set_no = a.set_no
    join by_series as b on b.series_no = t.series_no and b.month = t.month
    union all by name
    select a.unknown_no, b.artist_no, a.n_sets, b.hot, b.hot_again
    from asked_sets as a
    join targets as t on t.set_no = a.set_no
    join by_time as b on b.month = t.month
    union all by name
    select a.unknown_no, b.artist_no, a.n_sets, b.alike, b.alike_now, b.alike_sets
    from asked_sets as a
    join by_likeness as b on b.target_no = a.set_no
    union all by name
    select a.unknown_no, b.artist_no, a.n_sets, b.roster, b.roster_now
    from asked_sets as a
    join by_label as b on b.target_no = a.set_no
    union all by name
    select unknown_no, artist_no, sets as same, near from near_artists
    union all by name
    select unknown_no, artist_no, habit from by_neighbours
    union all by name
    select unknown_no, artist_no, credited from by_credit
    union all by name
    select unknown_no, artist_no, debuts from by_debut
    union all by name
    select a.unknown_no, n.artist_no, a.n_sets, 1 as named
    from asked_sets as a
    join named_artists as n on n.set_no = a.set_no
    union all by name
    select unknown_no, dj_no as artist_no, share as own from asked_djs
)
select unknown_no, artist_no,
    coalesce(sum(dj_weeks), 0) / 1e6 as dj_weeks, coalesce(sum(dj_year), 0) / 1e6 as dj_year,
    coalesce(sum(dj_years), 0) / 1e6 as dj_years, coalesce(sum(dj_again), 0) / 1e6 as dj_again,
    coalesce(sum(dj_sets), 0) as dj_sets, coalesce(sum(dj_near_sets), 0) as dj_near_sets, coalesce(sum(series), 0) / 1e6 as series,
    coalesce(sum(hot), 0) / 1e6 as hot, coalesce(sum(hot_again), 0) / 1e6 as hot_again,
    coalesce(sum(alike), 0) / 1e6 as alike, coalesce(sum(alike_now), 0) / 1e6 as alike_now,
    coalesce(sum(alike_sets), 0) as alike_sets, coalesce(sum(roster), 0) / 1e6 as roster,
    coalesce(sum(roster_now), 0) / 1e6 as roster_now, coalesce(sum(same), 0) as same, coalesce(sum(near), 0) / 1e6 as near,
    coalesce(sum(habit), 0) / 1e6 as habit, coalesce(sum(credited), 0) / 1e6 as credited,
    coalesce(sum(debuts), 0) / 1e6 as debuts, coalesce(sum(named), 0) as named, coalesce(max(own), 0) as own
from parts
group by unknown_no, artist_no

-- name: learned_about()
-- One row per unknown asked for: sets, span and mean day, sets of its DJs, the share of their plays that are their own,
-- its mean place in a set.
create or replace table about_asked as
with
dated as (
    select a.unknown_no, count(*) as sets, max(s.day) - min(s.day) as span, min(s.day) as first_day,
        max(s.day) as last_day
    from asked_sets as a
    join about_sets as s on s.set_no = a.set_no
    group by a.unknown_no
),
placed as (
    select a.unknown_no, cast(sum(cast(
            1e6 * (a.position - s.first_position) / greatest(s.last_position - s.first_position, 1) as bigint
        )) as double) / 1e6 / count(*) as depth
    from asked_slots as a
    join about_sets as s on s.set_no = a.set_no
    group by a.unknown_no
),
playing as (
    select a.unknown_no, max(h.sets) as dj_history,
        sum(cast(1e6 * h.own as bigint)) / 1e6 / count(*) as dj_own, min(a.dj_no) as dj_no
    from asked_djs as a
    join dj_habits as h on h.dj_no = a.dj_no
    group by a.unknown_no
)
select d.*, p.depth, coalesce(j.dj_history, 0) as dj_history, coalesce(j.dj_own, 0) as dj_own, j.dj_no
from dated as d
join placed as p on p.unknown_no = d.unknown_no
left join playing as j on j.unknown_no = d.unknown_no

-- name: learned_columns()
-- One row per unknown and candidate, by number: the columns in the order in which the ranker reads them. dj_rank and
-- alike_rank are what is still to be ranked.
with
most as (
    select unknown_no, count(*) as candidates, max(dj_weeks) as dj_weeks, max(dj_year) as dj_year, max(series) as series,
        max(alike) as alike, max(roster_now) as roster_now, max(near) as near, max(habit) as habit, max(debuts) as debuts
    from pool
    group by unknown_no
),
joined as (
    select p.*, u.sets as n_sets, u.span, u.first_day as asked_first, u.last_day as asked_last, u.depth as asked_depth,
        u.dj_history, u.dj_own, u.dj_no, h.first_day, h.last_day, h.sets as artist_sets, h.recordings, h.again_share, h.depth
    from pool as p
    join about_asked as u on u.unknown_no = p.unknown_no
    left join artist_habits as h on h.artist_no = p.artist_no
)
select j.unknown_no, artist_no, dj_no,
    cast(j.dj_weeks as float) as dj_weeks,
    cast(j.dj_year as float) as dj_year,
    cast(dj_years as float) as dj_years,
    cast(dj_again as float) as dj_again,
    cast(dj_sets / n_sets as float) as dj_sets,
    cast(dj_near_sets as float) as dj_near_sets,
    cast(j.dj_weeks / nullif(m.dj_weeks, 0) as float) as dj_weeks_rel,
    cast(j.dj_year / nullif(m.dj_year, 0) as float) as dj_year_rel,
    j.dj_year as dj_rank,
    cast(j.series as float) as series,
    cast(j.series / nullif(m.series, 0) as float) as series_rel,
    cast(hot / n_sets as float) as hot,
    cast(hot_again / n_sets as float) as hot_again,
    cast(alike_sets as float) as alike_sets,
    cast(j.alike as float) as alike,
    cast(alike_now as float) as alike_now,
    cast(j.alike / nullif(m.alike, 0) as float) as alike_rel,
    j.alike as alike_rank,
    cast(roster as float) as roster,
    cast(j.roster_now as float) as roster_now,
    cast(j.roster_now / nullif(m.roster_now, 0) as float) as roster_rel,
    cast(same / n_sets as float) as same,
    cast(j.near as float) as near,
    cast(j.near / nullif(m.near, 0) as float) as near_rel,
    cast(j.habit as float) as habit,
    cast(j.habit / nullif(m.habit, 0) as float) as habit_rel,
    cast(credited as float) as credited,
    cast(j.debuts as float) as debuts,
    cast(j.debuts / nullif(m.debuts, 0) as float) as debuts_rel,
    cast(named / n_sets as float) as named,
    cast(own as float) as own,
    cast(asked_first - first_day as float) as since,
    cast(last_day - asked_last as float) as until,
    cast(recordings as float) as recordings,
    cast(again_share as float) as again_share,
    cast(abs(depth - asked_depth) as float) as depth,
    cast(span as float) as asked_span,
    cast(asked_first as float) as asked_day,
    cast(dj_history as float) as dj_history,
    cast(dj_own as float) as dj_own,
    cast(m.candidates as float) as candidates
from joined as j
join most as m on m.unknown_no = j.unknown_no
order by j.unknown_no, artist_no
