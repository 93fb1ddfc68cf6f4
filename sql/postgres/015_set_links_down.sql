-- Drops the links between sets. The sets stay as they are, and count each for itself again.
drop table if exists enrich_set_links;
