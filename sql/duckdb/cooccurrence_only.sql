-- Fewer unknowns than all: for callers who ask about some.

-- name: cooccurrence_all_slots()
-- The slots as they are numbered, kept while `slots` shows fewer unknowns.
create table if not exists all_slots as
select * from slots

-- name: cooccurrence_only()
-- Of the unknowns those of the table `wanted` (track_key); to all that follows the others are slots nobody asks about.
create or replace table slots as
select * replace (
    case when unknown_no in (
        select u.unknown_no from unknowns as u join wanted as w on w.track_key = u.track_key
    ) then unknown_no end as unknown_no
)
from all_slots
