-- Drops the facts that stand nowhere else. The rows they are about stay as they are.
drop table if exists enrich_kept;
