-- The specification's own ALTER TABLE, typed by hand and nothing else.
ALTER TABLE enrichment_status
ADD COLUMN retry_after TIMESTAMP WITH TIME ZONE,
ADD COLUMN cooldown_reason TEXT,
ADD COLUMN cooldown_strategy VARCHAR(20);
update enrichment_status set cooldown_reason = 'seen by hand' where status = 'failed';
