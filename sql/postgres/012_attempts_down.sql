-- Drops the memory of attempts.
drop table if exists enrich_attempts;
