-- What came of the unknowns of a replayed history, counted in memory: outcomes (one row per unknown) and proposed (one
-- row per proposal, by place in the order of the ledger).

-- name: replayed_curve(ends, grid_days)
-- One row per kind (and all) and number of days with unknowns watched that long: how many were recovered by then, how
-- many of these rightly, and how many were played under their name in a later set by then.
with
watched as (
    select unnest([kind, 'all']) as kind, days, "right", date_diff('day', set_date, $ends::date) as watched_days,
        date_diff('day', set_date, known_from) as known_days
    from outcomes
),
grid as (
    select distinct unnest($grid_days::integer[]) as grid_day
)
select kind, grid_day as days,
    count(*) as watched,
    count(*) filter (days <= grid_day) as recovered,
    count(*) filter (days <= grid_day and "right") as "right",
    count(*) filter (known_days <= grid_day) as known
from watched
join grid on watched_days >= grid_day
group by kind, grid_day
order by kind, grid_day

-- name: replayed_by_kind()
-- One row per kind (and all) of unknown: how many fared how. precision: of the judged.
select unnest([kind, 'all']) as kind,
    count(*) as unknowns,
    count(known_from) as named_later,
    count(found_artist) as recovered,
    count(*) filter ("right") as "right",
    count(*) filter (not "right") as wrong,
    count(*) filter (found_artist is not null and "right" is null) as unjudged,
    avg("right"::int) as "precision",
    median(days) as median_days,
    median(retries) filter (found_artist is not null) as median_retries
from outcomes
group by 1
order by 1

-- name: replayed_by_source()
-- One row per tier and source: what it proposed for unknowns (of each track its surest) and what it wrote, and how
-- much of either was right, of the judged.
with
surest as (
    {{surest_proposed}}
),
offered as (
    select tier, source, count(*) as proposed, count(*) filter ("right") as proposed_right,
        count("right") as proposed_judged, avg("right"::int) as proposed_precision
    from surest
    group by tier, source
),
filled as (
    select tier, source, count(*) as written, count(*) filter ("right") as written_right,
        count("right") as written_judged, avg("right"::int) as written_precision
    from outcomes
    where found_artist is not null
    group by tier, source
)
select offered.*, coalesce(written, 0) as written, coalesce(written_right, 0) as written_right,
    coalesce(written_judged, 0) as written_judged, written_precision
from offered
left join filled using (tier, source)
order by tier, source

-- name: replayed_by_threshold()
-- One row per source and threshold of confidence (0.05 apart) with proposals as sure as that: tracks, how many of them
-- are judged, and how many right.
with
surest as (
    {{surest_proposed}}
),
thresholds as (
    select (n * 0.05)::double as threshold
    from range(20) as steps (n)
)
select source, threshold, count(*) as tracks, count("right") as judged, count(*) filter ("right") as "right",
    avg("right"::int) as "precision"
from surest
join thresholds on confidence + 1e-9 >= threshold
group by source, threshold
order by source, threshold
