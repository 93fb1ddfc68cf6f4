alter table enrichment_status drop column retry_after, drop column cooldown_reason, drop column cooldown_strategy;
