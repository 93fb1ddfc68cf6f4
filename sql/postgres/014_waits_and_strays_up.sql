-- The base period a track waits under, so that every wait of its has it; and rows of enrichment_status that another
-- program leaves under its own names after 008 was applied are adopted like those before: as they were, for its down.
alter table enrichment_status add column if not exists cooldown_base_days int;
create table if not exists enrich_cooldown_adopted (
    track_id uuid primary key, status text not null, retry_count int
);
comment on table enrich_cooldown_adopted is
    'Rows of enrichment_status as they were before they were adopted, for the down script of migration 008.';

do $share$
begin
    if to_regprocedure('enrich_share(regclass)') is not null then
        perform enrich_share('enrichment_status');
    end if;
end
$share$;
