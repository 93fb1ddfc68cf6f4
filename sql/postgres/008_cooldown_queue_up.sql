-- First form: columns, status, index, view and function of the cool-down queue.
alter table enrichment_status add column if not exists retry_after timestamptz;
alter table enrichment_status add column if not exists cooldown_reason text;
alter table enrichment_status add column if not exists cooldown_strategy varchar(20);
alter table enrichment_status drop constraint if exists enrichment_status_status_check;
alter table enrichment_status alter column status type varchar(30);
alter table enrichment_status add constraint enrichment_status_status_check
    check (status in ('pending', 'in_progress', 'completed', 'partial', 'failed', 'pending_re_enrichment'));
