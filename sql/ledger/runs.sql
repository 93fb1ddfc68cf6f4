-- name: open_run(run_id, command, now, snapshot_id, parameters)
insert into enrich_runs (run_id, command, started_at, snapshot_id, parameters)
values ($run_id, $command, $now, $snapshot_id, $parameters::jsonb)

-- name: close_run(run_id, now, summary)
update enrich_runs set finished_at = $now, summary = $summary::jsonb where run_id = $run_id

-- name: open_audits(kind, source)
-- The open audit of a source, of either kind where none is named: run_id, started_at, parameters, summary.
select run_id, started_at, parameters, nullif(summary, '{}'::jsonb) as summary
from enrich_runs
where command = 'audit'
    and finished_at is null
    and parameters ->> 'source' = $source
    and ($kind::text is null or parameters ->> 'kind' = $kind)
order by started_at

-- name: one_audit(audit_id)
-- An audit by its id, in the columns of open_audits.
select run_id, started_at, parameters, nullif(summary, '{}'::jsonb) as summary
from enrich_runs
where command = 'audit'
    and run_id = $audit_id::uuid
