-- When which command last tried a track: one row per track and command. Attempts are remembered here and not in
-- enrichment_status, whose updated_at tells when a status changed.
create table if not exists enrich_attempts (
    track_id uuid not null,
    command text not null,
    attempted_at timestamptz not null,
    run_id uuid not null references enrich_runs (run_id),
    primary key (track_id, command)
);

do $share$
begin
    if to_regprocedure('enrich_share(regclass)') is not null then
        perform enrich_share('enrichment_status');
    end if;
end
$share$;
