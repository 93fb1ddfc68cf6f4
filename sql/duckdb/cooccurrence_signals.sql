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
-- One row per unknown and artist of its context: the sets in which the artist is played within the window.
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

-- name: cooccurrence_label()
-- One row per unknown and candidate who releases on the unknown's top label anywhere in the data.
create or replace table label_support as
with
releases as (
    select distinct k.artist_no, s.label_no
    from slots as s
    join credits as k on k.credit_no = s.credit_no
    where s.label_no in (select label_no from top_labels)
)
select o.unknown_no, o.artist_no, t.label_no, t.share as label
from occurrence as o
join top_labels as t on t.unknown_no = o.unknown_no
join releases as r on r.artist_no = o.artist_no and r.label_no = t.label_no

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

-- name: cooccurrence_dj()
-- One row per unknown and candidate: the mean over the unknown's DJs of 1 where the DJ is the artist, else the
-- artist's plays by the DJ relative to those of the DJ's most played artist. Added as whole numbers of 1e-15, so that
-- the order of the additions cannot show.
create or replace table dj_signal as
with
unknown_djs as (
    select distinct s.unknown_no, d.dj_no
    from slots as s
    join dj_credits as d on d.dj_credit_no = s.dj_credit_no
    where s.unknown_no is not null
),
parts as (
    select o.unknown_no, o.artist_no, u.dj_no,
        case
            when o.artist_no = u.dj_no or a.alias_no is not null then 1e0
            else coalesce(p.plays / cast(p.most_plays as double), 0e0)
        end as part
    from occurrence as o
    join unknown_djs as u on u.unknown_no = o.unknown_no
    left join same_artist as a on a.artist_no = u.dj_no and a.alias_no = o.artist_no
    left join dj_plays as p on p.dj_no = u.dj_no and p.artist_no = o.artist_no
)
select unknown_no, artist_no,
    cast(sum(cast(floor(part * 1e15 + 0.5e0) as decimal(38, 0))) as double) / 1e15 / count(*) as dj
from parts
group by unknown_no, artist_no

-- name: cooccurrence_formula(occurrence_weight, label_weight, dj_weight, position_weight, limit_rank)
-- One row per unknown and candidate, best first: the formula of the specification, its signals, and the rank.
create or replace table ranked as
with
signals as (
    select o.unknown_no, o.artist_no, o.occurrence_count, o.occurrence,
        coalesce(l.label, 0e0) as label,
        coalesce(d.dj, 0e0) as dj,
        $position_weight * u.mid_set as position,
        l.label_no
    from occurrence as o
    join unknown_sets as u on u.unknown_no = o.unknown_no
    left join label_support as l on l.unknown_no = o.unknown_no and l.artist_no = o.artist_no
    left join dj_signal as d on d.unknown_no = o.unknown_no and d.artist_no = o.artist_no
),
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
)
select *
from ordered
where rank <= $limit_rank

-- name: cooccurrence_scores()
-- One row per unknown and candidate.
select unknown_no, artist_no, rank, probability, occurrence_count, label_no, occurrence, label, dj, position
from ranked
order by unknown_no, rank
