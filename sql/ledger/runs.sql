-- name: open_run(run_id, command, now, snapshot_id, parameters)
insert into enrich_runs (run_id, command, started_at, snapshot_id, parameters)
values ($run_id, $command, $now, $snapshot_id, $parameters::jsonb)

-- name: close_run(run_id, now, summary)
update enrich_runs set finished_at = $now, summary = $summary::jsonb where run_id = $run_id
