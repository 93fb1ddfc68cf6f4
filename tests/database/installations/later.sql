-- What later releases added: is_retriable, a CHECK under a name of its own, and rules over several columns.
alter table enrichment_status add column is_retriable boolean;
update enrichment_status set is_retriable = true where status = 'failed';
alter table enrichment_status drop constraint enrichment_status_status_check;
alter table enrichment_status add constraint "Allowed status" check (
    status in ('pending', 'in_progress', 'completed', 'partial', 'failed') and (retry_count >= 0 or status <> 'failed')
);
comment on constraint "Allowed status" on enrichment_status is 'see the wiki';
alter table enrichment_status add constraint old_rows check (status <> 'unknown') not valid;
