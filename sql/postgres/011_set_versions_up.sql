-- Versions of sets: what each import said of a set, and what stood there before. And the recordings that keys of
-- tracklists mean. Applying it again changes nothing.

-- One row per set and version. `slots` is exact, for undo; `listing` is for reading. `run_id` is null where the set
-- stood so before any run on record.
create table if not exists enrich_set_versions (
    setlist_id uuid not null,
    version int not null,
    run_id uuid,
    file text,
    said_at timestamptz not null,
    slots jsonb not null,
    listing jsonb not null,
    undone_at timestamptz,
    primary key (setlist_id, version)
);
create index if not exists enrich_set_versions_run_idx on enrich_set_versions (run_id);

-- One row per key of a tracklist file: the track it means, a named one before an unknown.
create table if not exists enrich_track_keys (
    track_key text primary key,
    track_id uuid not null,
    is_named boolean not null
);
