-- Drops the ledger with all its history. What was written to the music tables stays.
drop table if exists enrich_writes;
drop table if exists enrich_decisions;
drop table if exists enrich_proposals;
drop table if exists enrich_runs;
