-- Fewer unknowns than all: for callers who ask about some.

-- name: cooccurrence_only()
-- Keeps of the table `ranked` the unknowns of the table `wanted` (track_key); evidence is then read for these alone.
delete from ranked
where unknown_no not in (select u.unknown_no from unknowns as u join wanted as w on w.track_key = u.track_key)
