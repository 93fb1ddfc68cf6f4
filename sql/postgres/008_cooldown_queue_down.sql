-- Takes the cool-down queue back: the shape of enrichment_status before 008, as enrich_cooldown_before remembers it.
--
-- Rows adopted from another program, by 008 or since, that still wait or have failed for good get their former status, and
-- keep the retries made meanwhile; other tracks in the queue go back to `failed`; no row is lost and no updated_at changes. Columns that 008 added go, with the
-- times and reasons in them; columns that were there before stay. An earlier migration's view and functions return.
-- Views that others built on cooldown_queue_summary or on the added columns stop it with their name: drop those first.
-- Runs by `enrich db migrate --down` or by `psql -f`, as one statement.

do $migration$
declare
    target regclass := coalesce(to_regclass('enrichment_status'), to_regclass('musicdb.enrichment_status'),
        to_regclass('public.enrichment_status'));
    home text;
    former_path text := current_setting('search_path');
    before record;
    checked record;
    seeds oid[] := '{}';
    drops text[];
    creates text[];
    statement text;
    is_narrowed boolean;
    current_type text;
begin
    if target is null then
        raise exception 'there is no table enrichment_status in search_path (%), musicdb or public', former_path
            using errcode = 'undefined_table', hint = 'set the search_path to the schema that holds the music tables';
    end if;
    execute format('lock table %s in access exclusive mode', target);
    select n.nspname into strict home
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = target;
    perform set_config('search_path', quote_ident(home) || ', pg_catalog', true);
    perform set_config('check_function_bodies', 'off', true);
    if to_regclass('enrich_cooldown_before') is null then
        raise notice 'migration 008 is not applied to %: nothing to take back', target;
        perform set_config('search_path', former_path, true);
        return;
    end if;
    select * into strict before from enrich_cooldown_before;

    if cardinality(before.earlier_objects) = 0 then
        -- Nothing returns under these names: whatever uses them must go first, and Postgres says what that is.
        drop view if exists cooldown_queue_summary;
        drop function if exists get_cooldown_tracks_ready(integer);
    else
        seeds := array(
            select c.oid from pg_class c
            where c.relnamespace = quote_ident(home)::regnamespace and c.relname = 'cooldown_queue_summary' and c.relkind = 'v'
            union all
            select p.oid from pg_proc p
            where p.oid = to_regprocedure('get_cooldown_tracks_ready(integer)')
        );
    end if;
    is_narrowed := before.status_type is not null or before.checks <> '[]';
    select array_agg(d.drop_statement order by d.depth desc, d.object_id desc),
        array_agg(d.body order by d.depth, d.object_id, d.place) filter (where not d.object_id = any (seeds))
    into drops, creates
    from (
        select e.object_id, e.depth, case when b.place = 1 then e.drop_statement end as drop_statement,
            enrich_as_written(b.body) as body, b.place
        from enrich_dependents(target, case when is_narrowed then 'status' else '' end, seeds) e,
            unnest(e.create_statements) with ordinality as b (body, place)
    ) d;
    foreach statement in array array_remove(coalesce(drops, '{}'), null) loop
        execute statement;
    end loop;

    if before.is_index_added then
        drop index if exists enrichment_status_retry_after_idx;
    end if;
    for checked in select c ->> 'name' as name from jsonb_array_elements(before.checks) as c loop
        execute format('alter table %s drop constraint if exists %I', target, checked.name);
    end loop;
    if to_regclass('enrich_cooldown_adopted') is not null then
        perform enrich_past_triggers(target, format(
            'update %1$s as row set status = old.status, '
            'retry_count = case when old.status = %2$L or row.retry_count > 5 then row.retry_count else old.retry_count end '
            'from enrich_cooldown_adopted as old '
            'where old.track_id = row.track_id and row.status = case old.status when %2$L then %3$L else %4$L end',
            target, 'cooldown', 'pending_re_enrichment', 'failed'));
        drop table enrich_cooldown_adopted;
    end if;
    if is_narrowed then
        select format_type(a.atttypid, a.atttypmod) into strict current_type
        from pg_attribute a where a.attrelid = target and a.attname = 'status';
        -- By rewriting the column, not by UPDATE: the triggers would say that every track changed now.
        execute format('alter table %s alter column status type %s using case status when %L then %L else status end',
            target, coalesce(before.status_type, current_type), 'pending_re_enrichment', 'failed');
    end if;
    for checked in select c ->> 'name' as name, c ->> 'definition' as definition, c ->> 'note' as note
        from jsonb_array_elements(before.checks) as c
    loop
        execute format('alter table %s add constraint %I %s', target, checked.name, checked.definition);
        if checked.note is not null then
            execute format('comment on constraint %I on %s is %L', checked.name, target, checked.note);
        end if;
    end loop;
    foreach statement in array before.columns_added loop
        execute format('alter table %s drop column if exists %I', target, statement);
    end loop;

    foreach statement in array before.earlier_objects || coalesce(creates, '{}') loop
        execute statement;
    end loop;
    drop table enrich_cooldown_before;
    drop function enrich_dependents(regclass, name, oid[]);
    drop function enrich_as_written(text);
    drop function if exists enrich_share(regclass);
    drop function if exists enrich_past_triggers(regclass, text);
    perform set_config('search_path', former_path, true);
end
$migration$;
