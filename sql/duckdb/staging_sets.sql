-- Staging: played sets from setlists and from playlists, which some installations use for scraped sets.

-- name: staging_sets()
-- One row per set. A playlist's curator is its DJ. Dates are UTC days.
create or replace temp table all_sets as
select s.id as set_id, coalesce(p.name, json_extract_string(s.metadata, '$.dj')) as dj, s.performer_id,
    p.artist_id as dj_artist_id,
    coalesce(
        json_extract_string(s.metadata, '$.name'), json_extract_string(s.metadata, '$.set_name'),
        json_extract_string(s.metadata, '$.title'), json_extract_string(s.metadata, '$.event')
    ) as set_name,
    (s.set_date at time zone 'UTC')::date as set_date, s.source, coalesce(s.is_complete, false) as is_complete
from staged.setlists s
left join staged.performers p on p.id = s.performer_id
union all
select l.id, nullif(trim(l.curator), ''), null, null, l.name,
    try_cast(coalesce(json_extract_string(l.metadata, '$.set_date'), json_extract_string(l.metadata, '$.date')) as date),
    coalesce(l.source, 'playlist'), false
from staged.playlists l

-- name: staging_keyed_sets()
-- One row per set, with its DJ's key.
create or replace temp table sets_keyed as
select s.*, k.dj_key
from all_sets s
left join dj_names k on k.dj = s.dj

-- name: staging_slots()
-- One row per slot of every set, with what the slot says itself (said_*).
create or replace temp view every_slot as
with written as (
    select setlist_id as set_id, position, track_id, coalesce(is_id, false) as is_id, nullif(trim(id_text), '') as id_text
    from staged.setlist_tracks
    union all
    select playlist_id, coalesce(position, row_number() over (partition by playlist_id order by track_id)), track_id,
        false, null
    from staged.playlist_tracks
)
select set_id, position, track_id, is_id,
    case when contains(id_text, ' - ') then trim(split_part(id_text, ' - ', 1)) end as said_artist,
    case when contains(id_text, ' - ') then trim(substr(id_text, instr(id_text, ' - ') + 3)) else id_text end
        as said_title
from written

-- name: staging_rival_slots()
-- One row per slot of the sets that may be one: same DJ, same day, more than one source, or linked by an import.
-- `recording` is equal where two slots hold the same known recording, whatever track row it has: it tells whether two
-- sets are one.
create or replace temp table rival_slots as
with
days as (
    select dj_key, set_date
    from sets_keyed
    where dj_key is not null and set_date is not null
    group by all
    having count(distinct source) > 1
),
rivals as materialized (
    select s.* from sets_keyed s join days using (dj_key, set_date)
    union
    select s.* from sets_keyed s join staged.enrich_set_links l on s.set_id in (l.setlist_id, l.other_id)
),
-- Rivals are few, slots and tracks are many: what belongs to none of them is left out before it is joined.
played as materialized (from every_slot semi join rivals using (set_id)),
named as materialized (from every_named_tracks semi join played using (track_id))
select s.set_id, s.dj_key, s.set_date, s.source, s.is_complete, p.position,
    case when n.is_known_artist and n.is_known_title then hash(n.artist_key, n.base_key) end as recording
from rivals s
left join played p on p.set_id = s.set_id
left join named n on n.track_id = p.track_id

-- name: staging_duplicate_sets(min_shared, min_overlap)
-- One row per set that is another one again: linked by an import, or same DJ, same day, another source, and at least
-- `min_shared` recordings in common that are at least `min_overlap` (0–1) of the shorter set's. The more complete of the
-- two is kept: more known recordings, then flagged complete, then more slots, then the smaller id.
create or replace temp table duplicate_sets as
with sized as (
    select set_id, dj_key, set_date, source, is_complete, count(position) as slots, count(distinct recording) as known
    from rival_slots
    group by all
),
alike as (
    select a.set_id as one, b.set_id as other, false as is_linked
    from sized a
    join sized b on a.dj_key = b.dj_key and a.set_date = b.set_date and a.source <> b.source and a.set_id < b.set_id
    where least(a.known, b.known) >= $min_shared
    union all
    select setlist_id, other_id, true from staged.enrich_set_links
),
pairs as (
    select if(a_is_fuller, one, other) as kept, if(a_is_fuller, other, one) as dropped, is_linked, shorter
    from (
        select q.*, least(a.known, b.known) as shorter,
            (a.known, a.is_complete, a.slots, b.set_id) > (b.known, b.is_complete, b.slots, a.set_id) as a_is_fuller
        from alike q
        join sized a on a.set_id = q.one
        join sized b on b.set_id = q.other
    )
),
shared as (
    select q.kept, q.dropped, q.shorter, count(distinct x.recording) as common
    from pairs q
    join rival_slots x on x.set_id = q.kept
    join rival_slots y on y.set_id = q.dropped and y.recording = x.recording
    where not q.is_linked
    group by all
)
select dropped as set_id, min(kept) as duplicate_of
from (
    select kept, dropped from shared where common >= $min_shared and common >= $min_overlap * shorter
    union all
    select kept, dropped from pairs where is_linked
)
group by dropped
