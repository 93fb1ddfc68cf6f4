-- What has no measured confidence counts for nothing in the form before.
update enrich_proposals set confidence = 0 where confidence is null;
alter table enrich_proposals alter column confidence set not null;
