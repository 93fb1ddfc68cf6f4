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
-- One row per track with a known artist: its whole title and its primary artists, sorted, in one text: a list a row is
-- dear to read.
select
    t.id::text,
    case
        when char_length(t.title) >= 500 and jsonb_typeof(t.metadata -> 'original_data') = 'object'
            and starts_with(t.metadata -> 'original_data' ->> 'title', t.title)
        then t.metadata -> 'original_data' ->> 'title'
        else t.title
    end as title,
    string_agg(distinct a.artist_id::text, ' ' order by a.artist_id::text) as artist_ids
from tracks as t
join track_artists as a on a.track_id = t.id and a.role = 'primary'
group by t.id
order by t.created_at, t.id

-- name: known_isrcs()
-- One row per ISRC in use.
select isrc from tracks where isrc is not null

-- name: known_places(setlist_ids)
-- One row per slot of these sets.
select s.source, s.source_id, s.id::text, p.track_id::text, p.position
from setlists as s
join setlist_tracks as p on p.setlist_id = s.id
where s.id = any($setlist_ids::uuid[])

-- name: known_slots(setlist_ids)
-- The same, with what its track is called.
select
    s.source, s.source_id, s.id::text, p.track_id::text, p.id_text, p.notes, t.title, {{artists_of_slot}},
    p.position, p.is_id
from setlists as s
join setlist_tracks as p on p.setlist_id = s.id
left join tracks as t on t.id = p.track_id
where s.id = any($setlist_ids::uuid[])

-- name: plays_of_nights(nights, but)
-- One row per known slot of the sets of these days (UTC), but for some sets.
select s.id::text, (s.set_date at time zone 'UTC')::date, p.track_id::text
from setlists as s
join setlist_tracks as p on p.setlist_id = s.id
where (s.set_date at time zone 'UTC')::date = any($nights::date[])
    and s.id <> all($but::uuid[])
    and p.track_id is not null

-- name: listings(setlist_ids)
-- One row per slot of these sets, as files list them: the frame TRACKLISTS.
select
    s.id::text, d.name, {{name_of_set}}, (s.set_date at time zone 'UTC')::date, p.position, {{artists_of_slot}}, t.title,
    null, p.is_id, null
from setlists as s
left join performers as d on d.id = s.performer_id
join setlist_tracks as p on p.setlist_id = s.id
left join tracks as t on t.id = p.track_id
where s.id = any($setlist_ids::uuid[])

-- name: insert_links(run_id, now)
-- Sets found to be one.
insert into enrich_set_links (setlist_id, other_id, in_order, share, run_id, linked_at)
select setlist_id, other_id, in_order, share, $run_id, $now
from new_links
on conflict do nothing

-- name: unlink_sets(run_id)
-- What the run linked, and links of sets that are gone.
delete from enrich_set_links as l
where l.run_id = $run_id::uuid
    or not exists (select from setlists as s where s.id = l.setlist_id)
    or not exists (select from setlists as s where s.id = l.other_id)

-- name: known_keys(keys, made)
-- One row per key of a tracklist that is on record, and whose track is still there; of a key that is not, the unknown
-- that an import made of it (`made`, one id a key) before keys were recorded.
select k.track_key, k.track_id::text, k.is_named
from enrich_track_keys as k
join tracks as t on t.id = k.track_id
where k.track_key = any($keys)
union all
select k.track_key, t.id::text, false
from unnest($keys::text[], $made::uuid[]) as k (track_key, made)
join tracks as t on t.id = k.made
where not exists (
    select from enrich_track_keys as r join tracks as u on u.id = r.track_id where r.track_key = k.track_key
)

-- name: insert_keys()
-- Keys of the files: a named track before an unknown, one that is there before one that is gone, else the first.
insert into enrich_track_keys as old (track_key, track_id, is_named)
select track_key, track_id, is_named from new_keys
on conflict (track_key) do update
set track_id = excluded.track_id, is_named = excluded.is_named
where excluded.is_named and not old.is_named or not exists (select from tracks as t where t.id = old.track_id)

-- name: keep_former_versions(now)
-- How the sets about to change stand now, where that is not the last version on record.
insert into enrich_set_versions (setlist_id, version, run_id, said_at, slots, listing)
select
    s.id,
    coalesce(latest.version, 0) + 1,
    case when latest.version is null then (
        select r.run_id from enrich_runs as r
        where r.command = 'import' and r.started_at = s.created_at
        limit 1
    ) end,
    case when latest.version is null then s.created_at else $now end,
    {{slots_of_set}},
    {{listing_of_set}}
from changed_sets as changed
join setlists as s on s.id = changed.setlist_id
left join lateral (
    select version, slots from enrich_set_versions as v
    where v.setlist_id = s.id
    order by version desc
    limit 1
) as latest on true
where latest.slots is distinct from {{slots_of_set}}

-- name: clear_changed_sets()
-- Their slots are written anew; those of sets in which only unknowns get their names stay.
delete from setlist_tracks
using changed_sets as changed
where setlist_tracks.setlist_id = changed.setlist_id and changed.is_written

-- name: add_versions(run_id, now)
-- What the run made of the sets it changed.
insert into enrich_set_versions (setlist_id, version, run_id, file, said_at, slots, listing)
select
    s.id,
    1 + (select max(version) from enrich_set_versions as v where v.setlist_id = s.id),
    $run_id,
    changed.file,
    $now,
    {{slots_of_set}},
    {{listing_of_set}}
from changed_sets as changed
join setlists as s on s.id = changed.setlist_id

-- name: proposals_on_record(proposal_ids)
-- Those of the proposals that have been made before, and not taken back with their import.
select proposal_id::text from enrich_proposals
where proposal_id = any($proposal_ids::uuid[]) and status <> 'superseded'

-- name: mark_conflicts(proposal_ids, now)
-- Names against a name that is there: for review.
update enrich_proposals set status = 'conflict', updated_at = $now
where proposal_id = any($proposal_ids::uuid[]) and status = 'proposed'

-- name: lock_import(run_id)
-- The run to undo, and the one in which it wrote names.
select run_id::text, started_at, undone_at, summary ->> 'writeback' from enrich_runs
where run_id = $run_id::uuid and command = 'import'
for update

-- name: restore_versions(run_id, now)
-- Sets that are as the run left them lose their slots; returns each with its former ones.
with
mine as (
    select v.setlist_id, v.version, v.slots, {{slots_of_set}} as slots_now
    from enrich_set_versions as v
    join setlists as s on s.id = v.setlist_id
    where v.run_id = $run_id::uuid and v.undone_at is null
        and exists (select from enrich_set_versions as w where w.setlist_id = v.setlist_id and w.version < v.version)
),
restored as (
    update enrich_set_versions as v
    set undone_at = $now
    from mine
    where v.setlist_id = mine.setlist_id and v.version = mine.version and mine.slots = mine.slots_now
    returning v.setlist_id, v.version
),
cleared as (
    delete from setlist_tracks as p using restored as r where p.setlist_id = r.setlist_id
)
select
    r.setlist_id::text,
    (
        select f.slots::text from enrich_set_versions as f
        where f.setlist_id = r.setlist_id and f.version < r.version
        order by f.version desc
        limit 1
    )
from restored as r

-- name: versions_standing(run_id)
-- How many sets the run changed stand otherwise since.
select count(*)
from enrich_set_versions as v
where v.run_id = $run_id::uuid and v.undone_at is null
    and exists (select from enrich_set_versions as w where w.setlist_id = v.setlist_id and w.version < v.version)

-- name: put_back_slots(setlist_id, slots)
-- The slots of one set, from a version of it. A track deleted since leaves its slot empty.
insert into setlist_tracks (setlist_id, track_id, position, is_id, id_text, notes)
select $setlist_id::uuid, t.id, x.position, x.is_id, x.id_text, x.notes
from jsonb_to_recordset($slots::jsonb) as x (track_id uuid, position int, is_id bool, id_text text, notes text)
left join tracks as t on t.id = x.track_id

-- name: settle_restored(run_id, setlist_ids, now)
-- Slots that a run named in these sets are as before with the whole set.
update enrich_writes
set undone_at = $now
where run_id = $run_id
    and target = 'setlist_tracks'
    and split_part(row_key, '/', 1)::uuid = any($setlist_ids::uuid[])

-- name: new_sets(started_at)
-- One row per set the run brought that no later import has changed.
select s.id::text
from setlists as s
where s.created_at = $started_at
    and not exists (
        select from enrich_set_versions as v
        join enrich_runs as r on r.run_id = v.run_id
        where v.setlist_id = s.id and v.undone_at is null and r.started_at > $started_at
    )

-- name: remove_slots(setlist_ids)
-- The slots of these sets.
delete from setlist_tracks where setlist_id = any($setlist_ids::uuid[])

-- name: remove_sets(setlist_ids)
-- These sets; their slots are gone before, for not every installation lets them go with the set.
delete from setlists where id = any($setlist_ids::uuid[])

-- name: remove_new_tracks(started_at)
-- Tracks the run made that nothing holds any more, with their credits and status, which some installations let stay.
with
gone as (
    delete from tracks as t
    where t.created_at = $started_at
        and not exists (select from setlist_tracks as p where p.track_id = t.id)
        and not exists (select from playlist_tracks as p where p.track_id = t.id)
        and not exists (select from album_tracks as p where p.track_id = t.id)
    returning t.id
),
credits as (
    delete from track_artists as c using gone where c.track_id = gone.id
),
statuses as (
    delete from enrichment_status as status using gone where status.track_id = gone.id
)
select id from gone

-- name: unlink_performers(started_at)
-- Performers that were there before the artist of their name, whom nothing else holds.
update performers as p
set artist_id = null
from artists as a
where a.id = p.artist_id
    and a.created_at = $started_at
    and p.created_at < $started_at
    and not exists (select from track_artists as c where c.artist_id = a.id)

-- name: remove_new_artists(started_at)
-- Artists the run made who are credited nowhere.
delete from artists as a
where a.created_at = $started_at
    and not exists (select from track_artists as c where c.artist_id = a.id)
    and not exists (select from performers as p where p.artist_id = a.id)

-- name: remove_new_performers(started_at)
-- Performers the run made who have no set.
delete from performers as p
where p.created_at = $started_at and not exists (select from setlists as s where s.performer_id = p.id)

-- name: withdraw_proposals(run_id, now)
-- Its proposals that nobody has decided.
update enrich_proposals set status = 'superseded', updated_at = $now
where run_id = $run_id::uuid and status in ('proposed', 'conflict')

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
