-- Write-back and undo, statement by statement, each set-based, all inside one transaction of the caller.
-- The temporary table `judged` holds every accepted proposal with its outcome, artist_links the links to be made.

-- name: lock_accepted(run_ids)
-- One row per accepted proposal, locked until the transaction ends; run_ids null: of all runs.
select
    proposal_id::text, track_id::text, kind, value, tier, source, confidence, evidence::text, seen_title
from enrich_proposals
where status = 'accepted'
    and ($run_ids::uuid[] is null or run_id = any($run_ids::uuid[]))
-- As a number: its text sorts the same and slower.
order by enrich_proposals.proposal_id
for update

-- name: lock_tracks(run_ids)
-- One row per track of an accepted proposal, locked: its title, the labels it has, and the artist written on it.
select track.id::text as track_id, track.title, {{labels_of_track}} as labels, {{artist_of_track}} as artist_name
from tracks as track
where track.id in (
        select track_id
        from enrich_proposals
        where status = 'accepted' and ($run_ids::uuid[] is null or run_id = any($run_ids::uuid[]))
    )
order by track.id
for update of track

-- name: primary_artists(run_ids)
-- One row per primary artist of such a track.
select credit.track_id::text, credit.artist_id::text, artist.name
from track_artists as credit
join artists as artist on artist.id = credit.artist_id
where credit.track_id in (
        select track_id
        from enrich_proposals
        where status = 'accepted' and ($run_ids::uuid[] is null or run_id = any($run_ids::uuid[]))
    )
    and credit.role = 'primary'

-- name: all_artists
-- One row per artist with its aliases, to find the one that is meant.
select id::text, name, aliases from artists

-- name: write_labels(run_id, now)
-- Puts each label at metadata.original_data.label, whatever metadata was before, and keeps the whole of it.
with
target as (
    select track.id, track.metadata as old_value, plan.proposal_id, plan.value
    from judged as plan
    join tracks as track on track.id = plan.track_id
    where plan.outcome = 'written' and plan.kind = 'label'
),
changed as (
    update tracks as track
    set metadata = {{metadata_with_label}}
    from target
    where track.id = target.id
    returning track.id, target.proposal_id, target.old_value, track.metadata as new_value
)
insert into enrich_writes (run_id, proposal_id, track_id, target, row_key, old_value, new_value, written_at)
select $run_id, proposal_id, id, 'tracks.metadata', id::text, old_value, new_value, $now
from changed

-- name: write_column(run_id, now, kind)
-- The same label or artist in a column of tracks, where an installation has one; 255 characters fit everywhere.
with
target as (
    select track.id, track.any_column as old_value, plan.proposal_id, plan.value
    from judged as plan
    join tracks as track on track.id = plan.track_id
    where plan.outcome = 'written' and plan.kind = $kind
),
changed as (
    update tracks as track
    set any_column = left(target.value, 255)
    from target
    where track.id = target.id
    returning track.id, target.proposal_id, target.old_value, track.any_column as new_value
)
insert into enrich_writes (run_id, proposal_id, track_id, target, row_key, old_value, new_value, written_at)
select $run_id, proposal_id, id, 'tracks.any_column', id::text, to_jsonb(old_value), to_jsonb(new_value), $now
from changed

-- name: create_artists(run_id, now)
-- Makes the artists of the temporary table new_artists that nobody has made meanwhile. Some installations know no
-- normalized_name: there the name itself is unique.
with
made as (
    insert into artists (any_column)
    select any_column from new_artists
    on conflict do nothing
    returning id, name
)
insert into enrich_writes (run_id, proposal_id, track_id, target, row_key, old_value, new_value, written_at)
select
    $run_id, plan.proposal_id, null, 'artists', made.id::text, null,
    jsonb_build_object('name', made.name, 'normalized_name', plan.normalized_name), $now
from made
join new_artists as plan on plan.id = made.id

-- name: created_artists
-- The artists of new_artists as they now stand, made here or by another.
select distinct on (plan.normalized_name) plan.normalized_name, artist.id::text as artist_id
from new_artists as plan
join artists as artist
    on artist.id = plan.id or artist.normalized_name = plan.normalized_name or artist.name = plan.name
order by plan.normalized_name, artist.id = plan.id desc, artist.id

-- name: remove_placeholders(run_id, now, placeholder_ids)
-- Takes the link to "Unknown Artist" and its like off the tracks that get a real one.
with
removed as (
    delete from track_artists as credit
    using (select distinct track_id, proposal_id from artist_links) as plan
    where credit.track_id = plan.track_id
        and credit.role = 'primary'
        and credit.artist_id = any($placeholder_ids::uuid[])
    returning credit.*, plan.proposal_id
)
insert into enrich_writes (run_id, proposal_id, track_id, target, row_key, old_value, new_value, written_at)
select
    $run_id, removed.proposal_id, removed.track_id, 'track_artists',
    removed.track_id || '/' || removed.artist_id || '/' || removed.role,
    jsonb_build_object(
        'track_id', removed.track_id, 'artist_id', removed.artist_id, 'role', removed.role, 'position', removed.position
    ),
    null, $now
from removed

-- name: write_links(run_id, now)
-- Links each track of artist_links to its primary artists, in order.
with
made as (
    insert into track_artists (track_id, artist_id, role, position)
    select track_id, artist_id, 'primary', place from artist_links as plan
    where not exists (
        select from track_artists as credit
        where credit.track_id = plan.track_id and credit.artist_id = plan.artist_id and credit.role = 'primary'
    )
    on conflict do nothing
    returning track_id, artist_id, role, position
)
insert into enrich_writes (run_id, proposal_id, track_id, target, row_key, old_value, new_value, written_at)
select
    $run_id, plan.proposal_id, made.track_id, 'track_artists',
    made.track_id || '/' || made.artist_id || '/' || made.role,
    null,
    jsonb_build_object(
        'track_id', made.track_id, 'artist_id', made.artist_id, 'role', made.role, 'position', made.position
    ),
    $now
from made
join artist_links as plan on plan.track_id = made.track_id and plan.artist_id = made.artist_id

-- name: complete_statuses(run_id, now)
-- A track that now has its artist is completed, whatever queue it stood in; one that had an artist and lacked only
-- its label too. Runs after the links are made.
with
target as (
    select status.*, plan.proposal_id as by_proposal
    from judged as plan
    join enrichment_status as status on status.track_id = plan.track_id
    where plan.completes and status.status <> 'completed'
),
changed as (
    update enrichment_status as status
    set status = 'completed',
        retry_after = null,
        sources_enriched = coalesce(status.sources_enriched, 0) + 1
    from target
    where status.track_id = target.track_id
    returning
        status.track_id, status.status, status.retry_after, status.sources_enriched, target.by_proposal,
        target.status as old_status, target.retry_after as old_retry_after, target.sources_enriched as old_sources
)
insert into enrich_writes (run_id, proposal_id, track_id, target, row_key, old_value, new_value, written_at)
select
    $run_id, by_proposal, track_id, 'enrichment_status.status', track_id::text,
    jsonb_build_object('status', old_status, 'retry_after', old_retry_after, 'sources_enriched', old_sources),
    jsonb_build_object('status', status, 'retry_after', retry_after, 'sources_enriched', sources_enriched),
    $now
from changed

-- name: settle_proposals(now)
-- Marks every judged proposal with its outcome: written, conflict or superseded.
update enrich_proposals as proposal
set status = plan.outcome,
    evidence = case
        when plan.reason is null then proposal.evidence - 'conflict'
        else proposal.evidence || jsonb_build_object('conflict', plan.reason)
    end,
    updated_at = $now
from judged as plan
where proposal.proposal_id = plan.proposal_id

-- name: lock_run(run_id)
-- The run to be undone, locked.
select run_id::text, command, undone_at from enrich_runs where run_id = $run_id for update

-- name: undo_statuses(run_id, now)
-- Puts statuses back where they are still as written.
with
restored as (
    update enrichment_status as status
    set status = ledger.old_value ->> 'status',
        retry_after = (ledger.old_value ->> 'retry_after')::timestamptz,
        sources_enriched = (ledger.old_value ->> 'sources_enriched')::int
    from enrich_writes as ledger
    where {{stands}}
        and ledger.target = 'enrichment_status.status'
        and status.track_id = ledger.track_id
        and status.status = ledger.new_value ->> 'status'
        and status.retry_after is not distinct from (ledger.new_value ->> 'retry_after')::timestamptz
    returning ledger.write_id
)
{{mark_restored}}

-- name: undo_added_statuses(run_id, now)
-- Takes off the rows of status that were made and say nothing more than none would.
with
restored as (
    delete from enrichment_status as status
    using enrich_writes as ledger
    where {{stands}}
        and ledger.target = 'enrichment_status'
        and status.track_id = ledger.track_id
        and status.status = 'pending'
    returning ledger.write_id
)
{{mark_restored}}

-- name: undo_links(run_id, now)
-- Removes the links that were made and are unchanged.
with
restored as (
    delete from track_artists as credit
    using enrich_writes as ledger
    where {{stands}}
        and ledger.target = 'track_artists'
        and ledger.old_value is null
        and credit.track_id = (ledger.new_value ->> 'track_id')::uuid
        and credit.artist_id = (ledger.new_value ->> 'artist_id')::uuid
        and credit.role = ledger.new_value ->> 'role'
        and credit.position is not distinct from (ledger.new_value ->> 'position')::int
    returning ledger.write_id
)
{{mark_restored}}

-- name: undo_placeholders(run_id, now)
-- Puts back the placeholder links, on tracks that have no other primary artist now.
with
restored as (
    insert into track_artists (track_id, artist_id, role, position)
    select
        (ledger.old_value ->> 'track_id')::uuid, (ledger.old_value ->> 'artist_id')::uuid,
        ledger.old_value ->> 'role', (ledger.old_value ->> 'position')::int
    from enrich_writes as ledger
    where {{stands}}
        and ledger.target = 'track_artists'
        and ledger.new_value is null
        and exists (select from tracks where id = (ledger.old_value ->> 'track_id')::uuid)
        and exists (select from artists where id = (ledger.old_value ->> 'artist_id')::uuid)
        and not exists (
            select from track_artists
            where track_id = (ledger.old_value ->> 'track_id')::uuid and role = 'primary'
        )
    on conflict do nothing
    returning track_id, artist_id, role
)
update enrich_writes as ledger
set undone_at = $now
from restored
where {{stands}}
    and ledger.target = 'track_artists'
    and ledger.row_key = restored.track_id || '/' || restored.artist_id || '/' || restored.role

-- name: undo_artists(run_id, now)
-- Removes the artists that were made, are unchanged, and that nothing refers to.
with
restored as (
    delete from artists as artist
    using enrich_writes as ledger
    where {{stands}}
        and ledger.target = 'artists'
        and artist.id = ledger.row_key::uuid
        and artist.name = ledger.new_value ->> 'name'
        and artist.aliases is null
        and coalesce(artist.metadata, '{}') = '{}'
        and not exists (select from track_artists where artist_id = artist.id)
        and not exists (select from performers where artist_id = artist.id)
    returning ledger.write_id
)
{{mark_restored}}

-- name: undo_labels(run_id, now)
-- Untouched metadata goes back whole; where only other keys were edited later, only the label goes back.
with
restored as (
    update tracks as track
    set metadata = case
        when track.metadata = ledger.new_value then ledger.old_value
        when ledger.old_value -> 'original_data' ? 'label'
            then jsonb_set(track.metadata, '{original_data,label}', ledger.old_value -> 'original_data' -> 'label')
        else track.metadata #- '{original_data,label}'
    end
    from enrich_writes as ledger
    where {{stands}}
        and ledger.target = 'tracks.metadata'
        and track.id = ledger.track_id
        and track.metadata -> 'original_data' ->> 'label' = ledger.new_value -> 'original_data' ->> 'label'
    returning ledger.write_id
)
{{mark_restored}}

-- name: undo_column(run_id, now)
-- The column goes back where it is still as written.
with
restored as (
    update tracks as track
    set any_column = ledger.old_value #>> '{}'
    from enrich_writes as ledger
    where {{stands}}
        and ledger.target = 'tracks.any_column'
        and track.id = ledger.track_id
        and track.any_column = ledger.new_value #>> '{}'
    returning ledger.write_id
)
{{mark_restored}}

-- name: undo_summary(run_id)
-- How many writes of the run are undone, and those that stand because the value was edited since.
select
    count(*) filter (where undone_at is not null) as undone,
    count(*) filter (where undone_at is null) as kept
from enrich_writes
where run_id = $run_id

-- name: kept_writes(run_id)
-- One row per write of the run that was not undone.
select track_id::text, target, row_key from enrich_writes where run_id = $run_id and undone_at is null order by write_id

-- name: reopen_undone(run_id, now, decided_by)
-- Proposals whose writes are all undone are open again; the decision is on record.
with
undone as (
    select proposal_id
    from enrich_writes
    where run_id = $run_id and proposal_id is not null
    group by proposal_id
    having bool_and(undone_at is not null)
),
reopened as (
    update enrich_proposals as proposal
    set status = 'proposed', updated_at = $now
    from undone
    where proposal.proposal_id = undone.proposal_id and proposal.status = 'written'
    returning proposal.proposal_id
)
insert into enrich_decisions (proposal_id, decision, decided_by, decided_at, reason)
select proposal_id, 'reopened', $decided_by, $now, 'the run that wrote it was undone' from reopened

-- name: mark_run_undone(run_id, now)
-- The run itself, on record.
update enrich_runs set undone_at = $now where run_id = $run_id
