-- An unknown track that is a recording: its slots go over to the recording, and come back on undo. The temporary table
-- `identified` holds the proposals that are written: proposal_id, track_id, recording_id (null: one the database does
-- not have; the track becomes it), title, normalized_title.

-- name: recordings_meant(run_ids)
-- One row per recording that an accepted identity names and the database still has.
select id::text as recording_id
from tracks
where id::text in (
        select evidence ->> 'recording_id'
        from enrich_proposals
        where kind = 'identity'
            and status = 'accepted'
            and ($run_ids::uuid[] is null or run_id = any($run_ids::uuid[]))
    )

-- name: relink_slots(run_id, now)
-- The slots of sets. Some installations have no is_id.
with
target as (
    select slot.setlist_id, slot.position, slot.track_id, slot.is_id, plan.recording_id, plan.proposal_id
    from identified as plan
    join setlist_tracks as slot on slot.track_id = plan.track_id
    where plan.recording_id is not null
),
changed as (
    update setlist_tracks as slot
    set track_id = target.recording_id /*is_id*/, is_id = false /**/
    from target
    where slot.setlist_id = target.setlist_id and slot.position = target.position
    returning target.*
)
insert into enrich_writes (run_id, proposal_id, track_id, target, row_key, old_value, new_value, written_at)
select
    $run_id, proposal_id, track_id, 'setlist_tracks', setlist_id || '/' || position,
    jsonb_build_object('track_id', track_id, 'is_id', is_id),
    jsonb_build_object('track_id', recording_id, 'is_id', false),
    $now
from changed

-- name: relink_playlists(run_id, now)
-- The entries of playlists; where the recording is in the list already, the unknown's entry stays.
with
target as (
    select entry.playlist_id, entry.track_id, plan.recording_id, plan.proposal_id
    from identified as plan
    join playlist_tracks as entry on entry.track_id = plan.track_id
    where plan.recording_id is not null
        and not exists (
            select from playlist_tracks as other
            where other.playlist_id = entry.playlist_id and other.track_id = plan.recording_id
        )
),
first as (
    select distinct on (playlist_id, recording_id) *
    from target
    order by playlist_id, recording_id, track_id
),
changed as (
    update playlist_tracks as entry
    set track_id = first.recording_id
    from first
    where entry.playlist_id = first.playlist_id and entry.track_id = first.track_id
    returning first.*
)
insert into enrich_writes (run_id, proposal_id, track_id, target, row_key, old_value, new_value, written_at)
select
    $run_id, proposal_id, track_id, 'playlist_tracks', playlist_id || '/' || recording_id,
    jsonb_build_object('track_id', track_id), jsonb_build_object('track_id', recording_id), $now
from changed

-- name: name_titles(run_id, now)
-- The title of a track that becomes a recording the database does not have.
with
target as (
    select
        track.id, track.title as old_title, track.normalized_title as old_normalized,
        plan.title, plan.normalized_title, plan.proposal_id
    from identified as plan
    join tracks as track on track.id = plan.track_id
    where plan.recording_id is null and plan.title is not null and plan.title <> track.title
),
changed as (
    update tracks as track
    set title = target.title /*normalized_title*/, normalized_title = target.normalized_title /**/
    from target
    where track.id = target.id
    returning target.*
)
insert into enrich_writes (run_id, proposal_id, track_id, target, row_key, old_value, new_value, written_at)
select
    $run_id, proposal_id, id, 'tracks.title', id::text,
    jsonb_build_object('title', old_title, 'normalized_title', old_normalized),
    jsonb_build_object('title', title, 'normalized_title', normalized_title),
    $now
from changed

-- name: due_now(track_ids, run_id, now)
-- What waits in cool-down and has an identity proposed is due at once.
with
target as (
    select track_id, retry_after
    from enrichment_status
    where track_id = any($track_ids::uuid[])
        and status = 'pending_re_enrichment'
        and retry_after > $now
),
changed as (
    update enrichment_status as status
    set retry_after = $now
    from target
    where status.track_id = target.track_id
    returning target.track_id, target.retry_after
)
insert into enrich_writes (run_id, track_id, target, row_key, old_value, new_value, written_at)
select $run_id, track_id, 'enrichment_status.retry_after', track_id::text, to_jsonb(retry_after), to_jsonb($now::timestamptz), $now
from changed

-- name: undo_due_now(run_id, now)
-- They wait again as long as before, where nothing else has happened to them.
with
restored as (
    update enrichment_status as status
    set retry_after = (ledger.old_value #>> '{}')::timestamptz
    from enrich_writes as ledger
    where {{stands}}
        and ledger.target = 'enrichment_status.retry_after'
        and status.track_id = ledger.track_id
        and status.status = 'pending_re_enrichment'
        and status.retry_after = (ledger.new_value #>> '{}')::timestamptz
    returning ledger.write_id
)
{{mark_restored}}

-- name: undo_slots(run_id, now)
-- Slots that are still as written.
with
restored as (
    update setlist_tracks as slot
    set track_id = (ledger.old_value ->> 'track_id')::uuid
        /*is_id*/, is_id = (ledger.old_value ->> 'is_id')::boolean /**/
    from enrich_writes as ledger
    where {{stands}}
        and ledger.target = 'setlist_tracks'
        and slot.setlist_id = split_part(ledger.row_key, '/', 1)::uuid
        and slot.position = split_part(ledger.row_key, '/', 2)::int
        and slot.track_id = (ledger.new_value ->> 'track_id')::uuid
        and exists (select from tracks where id = (ledger.old_value ->> 'track_id')::uuid)
    returning ledger.write_id
)
{{mark_restored}}

-- name: undo_playlists(run_id, now)
-- Entries that are still as written.
with
restored as (
    update playlist_tracks as entry
    set track_id = (ledger.old_value ->> 'track_id')::uuid
    from enrich_writes as ledger
    where {{stands}}
        and ledger.target = 'playlist_tracks'
        and entry.playlist_id = split_part(ledger.row_key, '/', 1)::uuid
        and entry.track_id = (ledger.new_value ->> 'track_id')::uuid
        and exists (select from tracks where id = (ledger.old_value ->> 'track_id')::uuid)
    returning ledger.write_id
)
{{mark_restored}}

-- name: undo_titles(run_id, now)
-- Titles that are still as written.
with
restored as (
    update tracks as track
    set title = ledger.old_value ->> 'title'
        /*normalized_title*/, normalized_title = ledger.old_value ->> 'normalized_title' /**/
    from enrich_writes as ledger
    where {{stands}}
        and ledger.target = 'tracks.title'
        and track.id = ledger.track_id
        and track.title = ledger.new_value ->> 'title'
    returning ledger.write_id
)
{{mark_restored}}
