-- Sets that are one set, listed twice: found by imports, counted once by snapshots. Applying it again changes nothing.

-- One row per two sets, the smaller id first: in_order recordings stand in the same order in both, share is their part
-- of the shorter listing. `run_id` is the import that found it, and takes it away again when it is undone.
create table if not exists enrich_set_links (
    setlist_id uuid not null,
    other_id uuid not null,
    in_order int not null,
    share double precision not null,
    run_id uuid not null,
    linked_at timestamptz not null,
    primary key (setlist_id, other_id),
    check (setlist_id < other_id)
);

do $share$
begin
    if to_regprocedure('enrich_share(regclass)') is not null then
        perform enrich_share('enrichment_status');
    end if;
end
$share$;
