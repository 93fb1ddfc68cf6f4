-- Proposals of kind identity: this unknown track is that recording. Runs again without change.
do $migration$
begin
    if not exists (
        select from pg_constraint
        where conrelid = 'enrich_proposals'::regclass
            and conname = 'enrich_proposals_kind_check'
            and pg_get_constraintdef(oid) like '%identity%'
    ) then
        alter table enrich_proposals drop constraint if exists enrich_proposals_kind_check;
        alter table enrich_proposals
            add constraint enrich_proposals_kind_check check (kind in ('label', 'artist', 'identity'));
    end if;
end
$migration$;
