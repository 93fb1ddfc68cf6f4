-- Drops the base periods; what was adopted is given back by the down script of 008.
alter table enrichment_status drop column if exists cooldown_base_days;

do $adopted$
begin
    if to_regclass('enrich_cooldown_adopted') is not null and not exists (select from enrich_cooldown_adopted) then
        drop table enrich_cooldown_adopted;
    end if;
end
$adopted$;
