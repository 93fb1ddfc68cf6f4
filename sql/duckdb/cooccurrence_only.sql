-- Fewer unknowns than all: for callers who ask about some.

-- name: cooccurrence_only()
-- Keeps of the table `ranked` the unknowns of the table `wanted` (unknown_no); evidence is then read for these alone.
delete from ranked where unknown_no not in (select unknown_no from wanted)
