-- The ledger: what was proposed, by which run, who decided, and every value written. Nothing here is deleted by
-- the program; undo marks a write as undone and puts the old value back.

-- One row per execution of a command that proposes or writes.
create table if not exists enrich_runs (
    run_id uuid primary key,
    command text not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    -- The snapshot's id (its manifest), so that a conflict can be told from a stale proposal.
    snapshot_id text,
    parameters jsonb not null default '{}'::jsonb,
    summary jsonb not null default '{}'::jsonb,
    undone_at timestamptz
);

-- One row per (track, kind, value, tier, source): `proposal_id` is derived from these, so a run repeated finds
-- its own rows. `tier` 0 label hunter, 1 internal, 2 external and co-occurrence.
create table if not exists enrich_proposals (
    proposal_id uuid primary key,
    run_id uuid not null references enrich_runs (run_id),
    track_id uuid not null,
    kind text not null check (kind in ('label', 'artist')),
    value text not null check (value <> ''),
    -- The existing artist meant, where the database has it; null: the artist is created on writing.
    artist_id uuid,
    tier smallint not null check (tier between 0 and 2),
    source text not null,
    probability double precision check (probability between 0 and 1),
    confidence double precision not null check (confidence between 0 and 1),
    evidence jsonb not null default '{}'::jsonb,
    status text not null default 'proposed'
        check (status in ('proposed', 'accepted', 'rejected', 'written', 'conflict', 'superseded')),
    -- What the snapshot saw where this would write (null: a blank). Anything else at writing time is a conflict.
    seen_value text,
    -- The title the proposal was made from; a title edited since is a conflict as well.
    seen_title text,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index if not exists enrich_proposals_track_idx on enrich_proposals (track_id, kind);
create index if not exists enrich_proposals_status_idx on enrich_proposals (status);

-- One row per decision; the last one of a proposal holds. `decided_by` is a person, or `policy:…`.
create table if not exists enrich_decisions (
    decision_id bigint generated always as identity primary key,
    proposal_id uuid not null references enrich_proposals (proposal_id),
    decision text not null check (decision in ('accepted', 'rejected', 'reopened')),
    decided_by text not null,
    decided_at timestamptz not null,
    reason text
);
create index if not exists enrich_decisions_proposal_idx on enrich_decisions (proposal_id);

-- One row per changed value, in the same transaction as the change. `target` says what was written:
-- tracks.metadata.label, tracks.label, track_artists, artists, enrichment_status.status, …
create table if not exists enrich_writes (
    write_id bigint generated always as identity primary key,
    run_id uuid not null references enrich_runs (run_id),
    proposal_id uuid references enrich_proposals (proposal_id),
    track_id uuid,
    target text not null,
    row_key text not null,
    old_value jsonb,
    new_value jsonb,
    written_at timestamptz not null,
    undone_at timestamptz
);
create index if not exists enrich_writes_run_idx on enrich_writes (run_id);
create index if not exists enrich_writes_track_idx on enrich_writes (track_id);

do $share$
begin
    if to_regprocedure('enrich_share(regclass)') is not null then
        perform enrich_share('enrichment_status');
    end if;
end
$share$;
