-- name: cooccurrence_sets()
-- One row per set, numbered in the order of their ids, with its day (since 1970) and name where there is one.
create or replace table sets as
select cast(row_number() over (order by set_id) - 1 as integer) as set_no, set_id, day, set_name
from (select set_id, min(day) as day, min(set_name) as set_name from played group by set_id) as by_id

-- name: cooccurrence_repeats()
-- Rows whose slot an earlier row has already.
create or replace table repeats as
with
taken as (
    select s.set_no, p.position, min(p.row_no) as row_no
    from played as p
    join sets as s on s.set_id = p.set_id
    group by s.set_no, p.position
    having count(*) > 1
)
select p.row_no
from played as p
join sets as s on s.set_id = p.set_id
join taken as t on t.set_no = s.set_no and t.position = p.position
where p.row_no > t.row_no

-- name: cooccurrence_artist_texts()
-- One row per artist credit as written, and its plays.
select p.artist as text, count(*) as plays
from played as p
left join repeats as r on r.row_no = p.row_no
where p.artist is not null and r.row_no is null
group by p.artist

-- name: cooccurrence_dj_texts()
-- One row per DJ credit as written, and its slots.
select p.dj as text, count(*) as plays
from played as p
left join repeats as r on r.row_no = p.row_no
where p.dj is not null and r.row_no is null
group by p.dj

-- name: cooccurrence_label_texts()
-- One row per label as written, and its slots.
select p.label as text, count(*) as plays
from played as p
left join repeats as r on r.row_no = p.row_no
where p.label is not null and r.row_no is null
group by p.label

-- name: cooccurrence_unknowns()
-- One row per unknown, numbered in the order of their keys.
create or replace table unknowns as
with
distinct_keys as (
    select distinct p.unknown as track_key
    from played as p
    left join repeats as r on r.row_no = p.row_no
    where p.unknown is not null and r.row_no is null
)
select cast(row_number() over (order by track_key) - 1 as integer) as unknown_no, track_key
from distinct_keys

-- name: cooccurrence_slots()
-- One row per slot, its texts as numbers: as `number_plays` makes them of a frame.
create or replace table slots as
select p.row_no as slot_no, s.set_no, p.position, a.credit_no, l.label_no, d.dj_credit_no, u.unknown_no
from played as p
join sets as s on s.set_id = p.set_id
left join repeats as r on r.row_no = p.row_no
left join artist_numbers as a on a.text = p.artist
left join label_numbers as l on l.text = p.label
left join dj_numbers as d on d.text = p.dj
left join unknowns as u on u.track_key = p.unknown
where r.row_no is null

-- name: cooccurrence_counts()
-- What was read: sets, slots, unknown slots, unknowns.
select count(distinct set_no) as sets, count(*) as slots, count(unknown_no) as unknown_slots,
    count(distinct unknown_no) as unknowns
from slots
