-- Mending the marts of a snapshot (`enrich.snapshots.mending`): which tracks and sets a change can reach. `snap` is the
-- snapshot as it was but for its raw tables; schema changed has the rows that came and those that went, as staged.

-- name: mending_reached()
-- One row per track: its own rows changed, or those of its artists, its albums or its slots.
create or replace temp table reached as
with
renamed as (
    select artist_key from stored.artists where artist_id in (select id from changed.artists)
    union
    select artist_key from snap.stored.artists where artist_id in (select id from changed.artists)
),
found as (
    select id as track_id from changed.tracks
    union
    select track_id from changed.track_artists
    union
    select track_id from changed.enrichment_status
    union
    select track_id from changed.enrich_attempts
    union
    select track_id from changed.album_tracks
    union
    select track_id from changed.setlist_tracks
    union
    select track_id from changed.playlist_tracks
    union
    select track_id from snap.staged.track_artists where artist_id in (select id from changed.artists)
    union
    select track_id from snap.stored.written_credits where artist_key in (from renamed)
    union
    select track_id from snap.staged.album_tracks where album_id in (select id from changed.albums)
)
select track_id from found where track_id is not null

-- name: mending_sets()
-- reached_sets: one row per set whose slots changed, or anything said of it. moved_sets: the plays of its tracks as well.
create or replace temp table moved_sets as
with
now_ as (select set_id, set_date, duplicate_of is null from stored.sets),
then_ as (select set_id, set_date, duplicate_of is null from snap.stored.sets)
select distinct set_id
from ((from now_ except all from then_) union all (from then_ except all from now_));
create or replace temp table reached_sets as
select setlist_id as set_id from changed.setlist_tracks
union
select playlist_id from changed.playlist_tracks
union
select set_id
from (
    (from stored.sets except all from snap.stored.sets) union all (from snap.stored.sets except all from stored.sets)
)

-- name: mending_further()
-- One row per track not reached yet that a set moved, or that has a bracket whose meaning `flipped` (its key).
create or replace temp table further as
select track_id from every_slot where set_id in (from moved_sets) and track_id is not null
union
select track_id from snap.stored.title_brackets where key in (from flipped)
except
from reached
