-- Facts that an installation's own tables have no column for: the source id of an imported set, the cue of a slot.
-- Applying it again changes nothing.

-- One row per row of theirs: our name of the table, the row's key, what is kept of it (sql/layouts.toml says what).
create table if not exists enrich_kept (
    relation text not null,
    row_key text not null,
    facts jsonb not null,
    primary key (relation, row_key)
);

do $share$
begin
    if to_regprocedure('enrich_share(regclass)') is not null then
        perform enrich_share('enrichment_status');
    end if;
end
$share$;
