-- Drops the versions of sets and the keys. The sets stay as they are.
drop table if exists enrich_track_keys;
drop table if exists enrich_set_versions;
