-- Statements of the importer; they run in its one transaction, on its temporary tables new_*.

-- name: lock_importing(key)
-- One import at a time; released with the transaction. Readers and other writers go on.
select pg_advisory_xact_lock($key)

-- name: known_artists()
-- One row per artist, oldest first.
select id::text, name, normalized_name, aliases
from artists
order by created_at, id

-- name: known_tracks()
-- One row per track with a known artist: its whole title and its primary artists, sorted.
select
    t.id::text,
    case
        when char_length(t.title) >= 500 and jsonb_typeof(t.metadata -> 'original_data') = 'object'
            and starts_with(t.metadata -> 'original_data' ->> 'title', t.title)
        then t.metadata -> 'original_data' ->> 'title'
        else t.title
    end as title,
    array_agg(distinct a.artist_id::text order by a.artist_id::text) as artist_ids
from tracks as t
join track_artists as a on a.track_id = t.id and a.role = 'primary'
group by t.id
order by t.created_at, t.id

-- name: known_isrcs()
-- One row per ISRC in use.
select isrc from tracks where isrc is not null

-- name: known_slots(sources)
-- One row per slot of the sets these sources brought.
select s.source, s.source_id, p.position, p.track_id::text
from setlists as s
join setlist_tracks as p on p.setlist_id = s.id
where s.source = any($sources) and s.source_id is not null

-- name: known_sets(sources)
-- One row per set these sources brought.
select id::text, source, source_id
from setlists
where source = any($sources) and source_id is not null

-- name: known_performers()
-- One row per performer, oldest first.
select id::text, name, normalized_name
from performers
order by created_at, id

-- name: insert_artists(now)
-- New artists.
insert into artists (id, name, normalized_name, metadata, created_at, updated_at)
select id, name, normalized_name, metadata, $now, $now
from new_artists
on conflict do nothing

-- name: insert_performers(now)
-- New performers, linked to their artist where there is one.
insert into performers (id, name, normalized_name, artist_id, metadata, created_at, updated_at)
select id, name, normalized_name, artist_id, metadata, $now, $now
from new_performers
on conflict do nothing

-- name: insert_setlists(now)
-- New sets.
insert into setlists (
    id, performer_id, set_date, source, source_url, source_id, is_complete, metadata, created_at, updated_at
)
select
    id, performer_id, set_date::timestamp at time zone 'UTC', source, source_url, source_id, false, metadata, $now, $now
from new_setlists
on conflict do nothing

-- name: insert_tracks(now)
-- New tracks; returns their ids, so that only these get artists and a status.
insert into tracks (
    id, title, normalized_title, isrc, duration_ms, genre, mashup_components, is_remix, is_mashup, metadata,
    created_at, updated_at
)
select
    id, title, normalized_title, isrc, duration_ms, genre, mashup_components, is_remix, is_mashup, metadata, $now, $now
from new_tracks
on conflict do nothing

-- name: insert_track_artists()
-- Credits of new tracks.
insert into track_artists (track_id, artist_id, role, position)
select track_id, artist_id, role, position
from new_track_artists
on conflict do nothing

-- name: insert_statuses(now)
-- Enrichment status of new tracks; one that has a status keeps it.
insert into enrichment_status (track_id, status, retry_count, created_at, updated_at)
select id, status, 0, $now, $now
from new_tracks
on conflict (track_id) do nothing

-- name: insert_slots()
-- New slots.
insert into setlist_tracks (setlist_id, track_id, position, is_id, id_text, notes)
select setlist_id, track_id, position, is_id, id_text, notes
from new_slots
on conflict do nothing

-- name: fill_labels()
-- Labels of tracks that were there without one: blanks only.
update tracks as track
set metadata = {{metadata_with_label}}
from fills as target
where track.id = target.id and cardinality({{labels_of_track}}) = 0
returning track.id::text

-- name: fill_label_column(track_ids)
-- The same labels in the column label, where an installation has one.
update tracks
set label = left(metadata -> 'original_data' ->> 'label', 255)
where id = any($track_ids::uuid[]) and nullif(trim(label), '') is null

-- name: complete_filled(now, track_ids)
-- A known track that lacked only its label is complete now.
update enrichment_status
set status = 'completed', updated_at = $now
where track_id = any($track_ids::uuid[]) and status = 'partial'

-- name: link_performers()
-- Performers that were there before their artist: blanks only.
update performers as p
set artist_id = a.id
from links as l
join artists as a on a.id = l.artist_id
where p.id = l.id and p.artist_id is null
