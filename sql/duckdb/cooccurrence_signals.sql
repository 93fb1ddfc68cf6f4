-- name: cooccurrence_unknown_sets()
-- One row per unknown: sets, slots, and the share of its slots that are mid-set (0-1). The first and the last tenth
-- of a set, rounded up, are not mid-set; its length is counted from the first position to the last.
create or replace table unknown_sets as
with
lengths as (
    select set_no, min(position) as first_position, max(position) as last_position,
        floor((max(position) - min(position) + 10) / 10) as tenth
    from slots
    group by set_no
)
select u.unknown_no,
    count(distinct u.set_no) as sets,
    count(*) as slots,
    sum(case
        when u.position >= l.first_position + l.tenth and u.position <= l.last_position - l.tenth then 1
        else 0
    end) / cast(count(*) as double) as mid_set
from slots as u
join lengths as l on l.set_no = u.set_no
where u.unknown_no is not null
group by u.unknown_no

-- name: cooccurrence_occurrence()
-- One row per unknown and artist of its context: the sets in which the artist is played within the window. The signal
-- occurrence (0-1) is their share of the sets the unknown is in.
create or replace table occurrence as
select c.unknown_no, c.artist_no,
    count(distinct c.set_no) as occurrence_count,
    count(distinct c.set_no) / cast(any_value(u.sets) as double) as occurrence
from context_artists as c
join unknown_sets as u on u.unknown_no = c.unknown_no
group by c.unknown_no, c.artist_no

-- name: cooccurrence_top_labels()
-- One row per unknown with a labelled context play: its commonest label there (ties: first key), the plays on it,
-- and their share of the labelled plays (0-1).
create or replace table top_labels as
with
counted as (
    select unknown_no, label_no, count(*) as plays, count(distinct set_no) as sets
    from context_plays
    where label_no is not null
    group by unknown_no, label_no
),
ranked as (
    select *,
        sum(plays) over (partition by unknown_no) as labelled,
        row_number() over (partition by unknown_no order by plays desc, label_no) as choice
    from counted
)
select unknown_no, label_no, plays, sets, plays / cast(labelled as double) as share
from ranked
where choice = 1

-- name: cooccurrence_dj_plays()
-- One row per DJ of an unknown and artist: known plays by that DJ in all the data, and those of the DJ's most
-- played artist.
create or replace table dj_plays as
with
wanted as (
    select distinct d.dj_no
    from slots as s
    join dj_credits as d on d.dj_credit_no = s.dj_credit_no
    where s.unknown_no is not null
),
counted as (
    select d.dj_no, k.artist_no, count(*) as plays
    from slots as s
    join dj_credits as d on d.dj_credit_no = s.dj_credit_no
    join wanted as w on w.dj_no = d.dj_no
    join credits as k on k.credit_no = s.credit_no
    group by d.dj_no, k.artist_no
)
select dj_no, artist_no, plays, max(plays) over (partition by dj_no) as most_plays
from counted

-- name: cooccurrence_unknown_djs()
-- One row per unknown and DJ of its slots; djs: how many DJs it has.
create or replace table unknown_djs as
select unknown_no, dj_no, count(*) over (partition by unknown_no) as djs
from (
    select distinct s.unknown_no, d.dj_no
    from slots as s
    join dj_credits as d on d.dj_credit_no = s.dj_credit_no
    where s.unknown_no is not null
) as pairs

-- name: cooccurrence_releases()
-- One row per top label and artist with a known play on it anywhere in the data.
create or replace table releases as
select distinct s.label_no, k.artist_no
from slots as s
join credits as k on k.credit_no = s.credit_no
where s.label_no in (select label_no from top_labels)

-- name: cooccurrence_candidates(limit_rank)
-- One row per unknown and artist that may come among the first `limit_rank`: of its context, its DJ, and of those on its
-- top label or played by its DJs whoever is not behind `limit_rank` others of the same kind. On the label alone all are
-- level, so that the first keys suffice; of what one DJ played the most played, on the label and off it; whoever two
-- of its DJs played counts twice and is kept.
create or replace table candidates as
with
first_released as (
    select label_no, artist_no, row_number() over (partition by label_no order by artist_no) as choice
    from releases
),
most_played as (
    select dj_no, artist_no, row_number() over (partition by dj_no order by plays desc, artist_no) as choice
    from dj_plays
),
asked as (
    select distinct u.dj_no, t.label_no
    from unknown_djs as u
    join top_labels as t on t.unknown_no = u.unknown_no
),
played_released as (
    select a.dj_no, a.label_no, p.artist_no,
        row_number() over (partition by a.dj_no, a.label_no order by p.plays desc, p.artist_no) as choice
    from asked as a
    join releases as r on r.label_no = a.label_no
    join dj_plays as p on p.dj_no = a.dj_no and p.artist_no = r.artist_no
)
select unknown_no, artist_no from occurrence
union
select unknown_no, dj_no from unknown_djs
union
select t.unknown_no, r.artist_no
from top_labels as t
join first_released as r on r.label_no = t.label_no and r.choice <= $limit_rank
union
select u.unknown_no, m.artist_no
from unknown_djs as u
join most_played as m on m.dj_no = u.dj_no and m.choice <= $limit_rank
union
select u.unknown_no, p.artist_no
from unknown_djs as u
join top_labels as t on t.unknown_no = u.unknown_no
join played_released as p on p.dj_no = u.dj_no and p.label_no = t.label_no and p.choice <= $limit_rank
union
select u.unknown_no, p.artist_no
from unknown_djs as u
join unknown_djs as v on v.unknown_no = u.unknown_no and v.dj_no > u.dj_no
join dj_plays as p on p.dj_no = u.dj_no
join dj_plays as q on q.dj_no = v.dj_no and q.artist_no = p.artist_no

-- name: cooccurrence_label()
-- One row per unknown and candidate who releases on the unknown's top label anywhere in the data. The signal label (0-1)
-- is that label's share of the labelled plays of the context, 0 for others; each play counts once, even where it is near
-- two slots of the unknown.
create or replace table label_support as
select c.unknown_no, c.artist_no, t.label_no, t.share as label
from candidates as c
join top_labels as t on t.unknown_no = c.unknown_no
join releases as r on r.artist_no = c.artist_no and r.label_no = t.label_no

-- name: cooccurrence_dj()
-- One row per unknown with a DJ and candidate: the mean over the unknown's DJs of 1 where the DJ is the artist (under
-- any name), else the artist's plays by the DJ in all the data relative to those of the DJ's most played artist. The signal
-- dj (0-1) is 0 where no DJ is named. Added as whole numbers of 1e-15, so that the order of the additions cannot show.
create or replace table dj_signal as
with
parts as (
    select c.unknown_no, c.artist_no, u.dj_no,
        case
            when c.artist_no = u.dj_no then 1e0
            else coalesce(p.plays / cast(p.most_plays as double), 0e0)
        end as part
    from candidates as c
    join unknown_djs as u on u.unknown_no = c.unknown_no
    left join dj_plays as p on p.dj_no = u.dj_no and p.artist_no = c.artist_no
)
select unknown_no, artist_no,
    cast(sum(cast(floor(part * 1e15 + 0.5e0) as decimal(38, 0))) as double) / 1e15 / count(*) as dj
from parts
group by unknown_no, artist_no

-- name: cooccurrence_signal_rows(position_weight)
-- One row per unknown and candidate: the signals side by side. position (0-0.1) is 0.1 times the share of the unknown's
-- slots that are mid-set, the same for all candidates; it lifts no probability.
create or replace table signals as
select c.unknown_no, c.artist_no, coalesce(o.occurrence_count, 0) as occurrence_count,
    coalesce(o.occurrence, 0e0) as occurrence, coalesce(l.label, 0e0) as label, coalesce(d.dj, 0e0) as dj,
    $position_weight * u.mid_set as position, l.label_no
from candidates as c
join unknown_sets as u on u.unknown_no = c.unknown_no
left join occurrence as o on o.unknown_no = c.unknown_no and o.artist_no = c.artist_no
left join label_support as l on l.unknown_no = c.unknown_no and l.artist_no = c.artist_no
left join dj_signal as d on d.unknown_no = c.unknown_no and d.artist_no = c.artist_no

-- name: cooccurrence_formula(occurrence_weight, label_weight, dj_weight, most, limit_rank)
-- One row per unknown and candidate, best first: the formula of the specification, its signals, the rank, and the sum of
-- the first `most` probabilities.
create or replace table ranked as
with
scored as (
    -- To twelve places, so that equal evidence is a tie, whatever the last bit says; by floor, not round, which every
    -- engine does in its own way.
    select *,
        floor(($occurrence_weight * occurrence + $label_weight * label + $dj_weight * dj) * 1e12 + 0.5e0) / 1e12
            as probability
    from signals
),
ordered as (
    select *,
        row_number() over (
            partition by unknown_no
            order by floor((probability + position) * 1e12 + 0.5e0) desc, probability desc, occurrence_count desc, artist_no
        ) as rank
    from scored
    where probability > 0
),
summed as (
    select *,
        cast(sum(case when rank <= $most then cast(floor(probability * 1e12 + 0.5e0) as decimal(38, 0)) end)
            over (partition by unknown_no) as double) / 1e12 as total
    from ordered
)
select *
from summed
where rank <= $limit_rank

-- name: cooccurrence_name_plays(undated_days)
-- One row per set and name of a person under several names: how often it is played there; a DJ's own name counts little.
create or replace table name_plays as
with
used as (
    select s.set_no, n.artist_no, n.name_no, 1e0 as weight
    from slots as s
    join credit_names as n on n.credit_no = s.credit_no
    union all
    select s.set_no, n.dj_no, n.name_no, 1e-4
    from slots as s
    join dj_names as n on n.dj_credit_no = s.dj_credit_no
)
select u.set_no, u.artist_no, u.name_no, coalesce(t.day, -$undated_days) as day,
    floor(sum(u.weight) * 1e6 + 0.5e0) as plays
from used as u
join several_names as v on v.artist_no = u.artist_no
join sets as t on t.set_no = u.set_no
group by u.set_no, u.artist_no, u.name_no, t.day

-- name: cooccurrence_shown_names(days, others)
-- One row per ranked candidate under several names: the name its DJ played most near the date of the unknown; what
-- others played counts by `others`.
create or replace table shown_names as
with
asked as (
    select r.unknown_no, r.artist_no
    from ranked as r
    join several_names as v on v.artist_no = r.artist_no
),
first_days as (
    select s.unknown_no, min(t.day) as day
    from slots as s
    join sets as t on t.set_no = s.set_no
    where s.unknown_no is not null
    group by s.unknown_no
),
played_by as (
    select distinct s.set_no, d.dj_no
    from slots as s
    join dj_credits as d on d.dj_credit_no = s.dj_credit_no
),
own_sets as (
    select distinct u.unknown_no, p.set_no
    from unknown_djs as u
    join played_by as p on p.dj_no = u.dj_no
    where u.unknown_no in (select unknown_no from asked)
),
weighed as (
    select a.unknown_no, a.artist_no, n.name_no,
        sum(cast(floor(
            n.plays * (case when o.set_no is not null then 1e0 else $others end)
            * exp(-abs(n.day - coalesce(f.day, n.day)) / $days) * 1e6
        ) as decimal(38, 0))) as weight
    from asked as a
    join name_plays as n on n.artist_no = a.artist_no
    join first_days as f on f.unknown_no = a.unknown_no
    left join own_sets as o on o.unknown_no = a.unknown_no and o.set_no = n.set_no
    group by a.unknown_no, a.artist_no, n.name_no
),
chosen as (
    select *, row_number() over (partition by unknown_no, artist_no order by weight desc, name_no) as choice
    from weighed
)
select unknown_no, artist_no, name_no
from chosen
where choice = 1

-- name: cooccurrence_scores()
-- One row per unknown and candidate.
select unknown_no, artist_no, rank, probability, total, occurrence_count, label_no, occurrence, label, dj, position
from ranked
order by unknown_no, rank
