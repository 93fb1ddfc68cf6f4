-- Takes proposals of kind identity, and what the ledger holds of them, away again; the slots stay as they are.
do $migration$
begin
    if to_regclass('enrich_proposals') is not null then
        delete from enrich_writes
        where proposal_id in (select proposal_id from enrich_proposals where kind = 'identity');
        delete from enrich_decisions
        where proposal_id in (select proposal_id from enrich_proposals where kind = 'identity');
        delete from enrich_proposals where kind = 'identity';
        alter table enrich_proposals drop constraint if exists enrich_proposals_kind_check;
        alter table enrich_proposals add constraint enrich_proposals_kind_check check (kind in ('label', 'artist'));
    end if;
end
$migration$;
