-- A rule that nothing has measured has no confidence: null, which is shown as `rule` and accepted by no policy.
alter table enrich_proposals alter column confidence drop not null;
