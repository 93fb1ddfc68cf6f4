-- name: cooccurrence_context_plays(window)
-- One row per unknown and known play within the window of one of its slots, each play once.
-- nearest: distance in positions to the nearest of those slots, negative when the play came before it
-- (played after it wins over played before it at equal distance).
create or replace table context_plays as
with
near as (
    select u.unknown_no, p.slot_no, u.set_no, u.dj_credit_no, p.credit_no, p.label_no,
        p.position - u.position as distance
    from slots as u
    join slots as p
        on p.set_no = u.set_no
        and p.position between u.position - $window and u.position + $window
    where u.unknown_no is not null and p.credit_no is not null
),
ranked as (
    select *,
        row_number() over (partition by unknown_no, slot_no order by abs(distance), distance) as choice
    from near
)
select unknown_no, slot_no, set_no, dj_credit_no, credit_no, label_no, distance as nearest
from ranked
where choice = 1

-- name: cooccurrence_context_artists()
-- One row per unknown, known play of its context and artist credited on it.
create or replace table context_artists as
select c.unknown_no, k.artist_no, c.set_no, c.slot_no, c.dj_credit_no, c.label_no, c.nearest
from context_plays as c
join credits as k on k.credit_no = c.credit_no
