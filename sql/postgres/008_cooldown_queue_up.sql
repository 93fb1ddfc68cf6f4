-- The cool-down queue in enrichment_status: when to retry, why, by which strategy; the status that says so; an index
-- of due rows, a summary and the list of tracks that are due.
--
-- Fits an installation as it is, in whatever schema of search_path (else musicdb, else public) its table lies:
--   * the CHECK on status, whatever its name, is widened, and so is varchar(20): the new status has 21 characters;
--   * views on status (also materialised ones and views on views) are made anew with owner, grants and comments;
--   * an earlier migration of the same purpose, or columns added by hand, are adopted; its view and function keep
--     their columns, in order, with ours after them, and their owner and grants;
--   * rows that a later program left as `cooldown` or `permanently_failed` become rows of this queue;
--   * what was there before is remembered in enrich_cooldown_before and enrich_cooldown_adopted, from which the down
--     script restores it;
--   * whoever may read or write enrichment_status may do the same with what is new here.
-- No other row is rewritten and no trigger fires. Applying it again changes nothing.
-- Runs by `enrich db migrate` or by `psql -f`: the work is one statement, so it is done wholly or not at all.

do $migration$
declare
    target regclass := coalesce(to_regclass('enrichment_status'), to_regclass('musicdb.enrichment_status'),
        to_regclass('public.enrichment_status'));
    home text;
    owner regrole;
    former_path text := current_setting('search_path');
    is_first boolean;
    status_type text;
    seeds oid[] := '{}';
    drops text[];
    creates text[];
    restores text[] := '{}';
    statement text;
    checked record;
    accepts boolean;
    checks jsonb := '[]';
    columns_added text[];
    kept text[];
    outputs text[];
    argument text;
begin
    if target is null then
        raise exception 'there is no table enrichment_status in search_path (%), musicdb or public', former_path
            using errcode = 'undefined_table', hint = 'set the search_path to the schema that holds the music tables';
    end if;
    execute format('lock table %s in access exclusive mode', target);
    select n.nspname, c.relowner::regrole into strict home, owner
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = target;
    perform set_config('search_path', quote_ident(home) || ', pg_catalog', true);
    -- What is made anew was valid before; its bodies need not be looked up from here.
    perform set_config('check_function_bodies', 'off', true);

    -- Postgres prints `status in ('a', 'b')` of a varchar in a form that it reads back as another one. This puts the
    -- words back, so that what is made anew is stored exactly as it was.
    create or replace function enrich_as_written(definition text) returns text
    language sql immutable set search_path = pg_catalog as $function$
        select regexp_replace(regexp_replace(definition,
            '\((' || name || ')\)::text = ANY \(\(ARRAY\[(' || words || ')\]\)::text\[\]\)', '\1 in (\2)', 'g'),
            '\((' || name || ')\)::text <> ALL \(\(ARRAY\[(' || words || ')\]\)::text\[\]\)', '\1 not in (\2)', 'g')
        from (select '(?:(?:[a-z_]\w*|"[^"]+")\.)?(?:[a-z_]\w*|"[^"]+")' as name,
            '(?:''(?:[^'']|'''')*''::character varying(?:, )?)+' as words) as patterns
    $function$;

    -- The objects that must be dropped before a column's type can change, and the statements that make them anew, exactly.
    -- Depth 1 uses the column itself or is among `seeds` (oids of views and functions); deeper ones use those above them.
    -- Names in the statements are qualified: they mean the same under any search_path.
    create or replace function enrich_dependents(target regclass, column_name name, seeds oid[])
    returns table (object_id oid, depth int, drop_statement text, create_statements text[])
    language plpgsql stable set search_path = pg_catalog as $function$
    #variable_conflict use_column
    declare
        item record;
        entry record;
        kind text;
        who text;
        grants aclitem[];
        privileges text[];
        made text[];
    begin
        for item in
            with recursive
            uses (object_id, is_view, used) as (
                select distinct w.ev_class, true, d.refobjid
                from pg_depend d join pg_rewrite w on w.oid = d.objid
                where d.classid = 'pg_rewrite'::regclass and d.refclassid in ('pg_class'::regclass, 'pg_proc'::regclass)
                    and w.rulename = '_RETURN' and w.ev_class <> d.refobjid
                union
                -- A function may return a view's rows, or have a parsed body.
                select d.objid, false, coalesce(t.typrelid, d.refobjid)
                from pg_depend d
                left join pg_type e on d.refclassid = 'pg_type'::regclass and e.oid = d.refobjid
                left join pg_type t on t.oid = case when e.typelem <> 0 then e.typelem else e.oid end
                where d.classid = 'pg_proc'::regclass
                    and d.refclassid in ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass)
                    and d.refobjid <> d.objid
            ),
            tree (object_id, is_view, depth) as (
                select distinct coalesce(w.ev_class, p.oid), w.ev_class is not null, 1
                from pg_depend d
                join pg_attribute a on a.attrelid = target and a.attname = column_name and a.attnum = d.refobjsubid
                left join pg_rewrite w on d.classid = 'pg_rewrite'::regclass and w.oid = d.objid and w.rulename = '_RETURN'
                left join pg_proc p on d.classid = 'pg_proc'::regclass and p.oid = d.objid
                where d.refclassid = 'pg_class'::regclass and d.refobjid = target
                    and coalesce(w.ev_class, p.oid) is not null
                union
                select s, exists (select from pg_class c where c.oid = s), 1 from unnest(seeds) as s
                union
                select u.object_id, u.is_view, t.depth + 1
                from tree t join uses u on u.used = t.object_id
                where t.depth < 100
            )
            select t.object_id, t.is_view, max(t.depth) as depth from tree t group by 1, 2 order by 3, 1
        loop
            made := '{}';
            if item.is_view then
                select case c.relkind when 'm' then 'materialized view' else 'view' end as kind,
                    format('%I.%I', n.nspname, c.relname) as name,
                    array_to_string(c.reloptions, ', ') as options, c.relispopulated, c.relowner as owner,
                    c.relacl as acl, s.spcname, c.relnamespace as namespace, 'r'::"char" as default_kind,
                    pg_get_viewdef(c.oid) as body, 'table' as granted
                into strict entry
                from pg_class c join pg_namespace n on n.oid = c.relnamespace
                left join pg_tablespace s on s.oid = c.reltablespace
                where c.oid = item.object_id;
                kind := entry.kind;
                made := made || (
                    format('create %s %s', kind, entry.name) || coalesce(' with (' || entry.options || ')', '')
                    || case when kind = 'view' then '' else coalesce(' tablespace ' || quote_ident(entry.spcname), '') end
                    || ' as ' || rtrim(entry.body, ' ;' || chr(10))
                    || case when kind = 'view' then '' when entry.relispopulated then ' with data' else ' with no data' end
                );
            else
                select case p.prokind when 'p' then 'procedure' else 'function' end as kind, p.oid::regprocedure::text as name,
                    p.proowner as owner, p.proacl as acl, p.pronamespace as namespace, 'f'::"char" as default_kind,
                    pg_get_functiondef(p.oid) as body,
                    case p.prokind when 'p' then 'procedure' else 'function' end as granted
                into strict entry
                from pg_proc p where p.oid = item.object_id;
                kind := entry.kind;
                made := made || entry.body;
            end if;

            if not pg_has_role(entry.owner, 'member') then
                raise exception '% % uses the status, must be made anew and belongs to %', kind, entry.name,
                    entry.owner::regrole
                    using errcode = 'insufficient_privilege', hint = 'run the migration as its owner or as a superuser';
            end if;
            if entry.owner <> (select oid from pg_roles where rolname = current_user) then
                made := made || format('alter %s %s owner to %s', kind, entry.name, entry.owner::regrole);
            end if;
            -- ALTER DEFAULT PRIVILEGES gives to new objects what these had perhaps not: take it, then grant as it was.
            grants := entry.acl;
            privileges := '{}';
            for who in
                select distinct case e.grantee when 0 then 'public' else e.grantee::regrole::text end
                from pg_default_acl d, aclexplode(d.defaclacl) e
                where d.defaclobjtype = entry.default_kind and d.defaclnamespace in (0, entry.namespace)
                    and d.defaclrole = (select oid from pg_roles where rolname = current_user)
            loop
                privileges := privileges || format('revoke all on %s %s from %s', entry.granted, entry.name, who);
                grants := coalesce(grants, acldefault(entry.default_kind, entry.owner));
            end loop;
            if grants is not null then
                privileges := privileges
                    || format('revoke all on %s %s from public, %s', entry.granted, entry.name, entry.owner::regrole)
                    || array(
                        select format('grant %s on %s %s to %s',
                                string_agg(e.privilege_type, ', ' order by e.privilege_type), entry.granted, entry.name,
                                case e.grantee when 0 then 'public' else e.grantee::regrole::text end)
                            || case when e.is_grantable then ' with grant option' else '' end
                        from aclexplode(grants) e
                        group by e.grantee, e.is_grantable order by e.grantee, e.is_grantable
                    );
            end if;
            if item.is_view then
                privileges := privileges || array(
                    select format('grant %s (%I) on %s to %s', e.privilege_type, a.attname, entry.name,
                            case e.grantee when 0 then 'public' else e.grantee::regrole::text end)
                        || case when e.is_grantable then ' with grant option' else '' end
                    from pg_attribute a, aclexplode(a.attacl) e
                    where a.attrelid = item.object_id and a.attnum > 0 and not a.attisdropped
                    order by a.attnum, e.grantee, e.privilege_type
                );
                made := made || array(
                    select format('alter view %s alter column %I set default %s', entry.name, a.attname,
                        pg_get_expr(f.adbin, f.adrelid))
                    from pg_attrdef f join pg_attribute a on a.attrelid = f.adrelid and a.attnum = f.adnum
                    where f.adrelid = item.object_id order by a.attnum
                ) || array(
                    select pg_get_indexdef(i.indexrelid) from pg_index i where i.indrelid = item.object_id order by 1
                ) || array(
                    select format('alter materialized view %s cluster on %I', entry.name, c.relname)
                    from pg_index i join pg_class c on c.oid = i.indexrelid
                    where i.indrelid = item.object_id and i.indisclustered
                ) || array(
                    select format('comment on index %s is %L', i.indexrelid::regclass, obj_description(i.indexrelid, 'pg_class'))
                    from pg_index i
                    where i.indrelid = item.object_id and obj_description(i.indexrelid, 'pg_class') is not null
                ) || array(
                    select pg_get_ruledef(w.oid) from pg_rewrite w
                    where w.ev_class = item.object_id and w.rulename <> '_RETURN' order by w.rulename
                ) || array(
                    select pg_get_triggerdef(g.oid) from pg_trigger g
                    where g.tgrelid = item.object_id and not g.tgisinternal order by g.tgname
                ) || array(
                    select format('comment on column %s.%I is %L', entry.name, a.attname, col_description(a.attrelid, a.attnum))
                    from pg_attribute a
                    where a.attrelid = item.object_id and a.attnum > 0
                        and col_description(a.attrelid, a.attnum) is not null
                    order by a.attnum
                );
            end if;
            if obj_description(item.object_id, case when item.is_view then 'pg_class' else 'pg_proc' end) is not null then
                made := made || format('comment on %s %s is %L', kind, entry.name,
                    obj_description(item.object_id, case when item.is_view then 'pg_class' else 'pg_proc' end));
            end if;
            object_id := item.object_id;
            depth := item.depth;
            drop_statement := format('drop %s %s', kind, entry.name);
            create_statements := made || privileges;
            return next;
        end loop;

        -- A trigger that names the column stands in its way as well.
        for entry in
            select distinct g.oid, g.tgname, g.tgenabled, pg_get_triggerdef(g.oid) as definition,
                obj_description(g.oid, 'pg_trigger') as note
            from pg_depend d
            join pg_attribute a on a.attrelid = target and a.attname = column_name and a.attnum = d.refobjsubid
            join pg_trigger g on g.oid = d.objid
            where d.classid = 'pg_trigger'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = target
                and g.tgrelid = target and not g.tgisinternal
        loop
            object_id := entry.oid;
            depth := 0;
            drop_statement := format('drop trigger %I on %s', entry.tgname, target);
            create_statements := array[entry.definition];
            if entry.tgenabled <> 'O' then
                create_statements := create_statements || format('alter table %s %s trigger %I', target,
                    case entry.tgenabled when 'D' then 'disable' when 'R' then 'enable replica' else 'enable always' end,
                    entry.tgname);
            end if;
            if entry.note is not null then
                create_statements := create_statements
                    || format('comment on trigger %I on %s is %L', entry.tgname, target, entry.note);
            end if;
            return next;
        end loop;
    end
    $function$;

    -- What others may do with enrichment_status they may do with our tables beside it, and read our view and function;
    -- its owner owns them. Objects that stood here before us keep what they have.
    create or replace function enrich_share(target regclass) returns void
    language plpgsql set search_path = pg_catalog as $function$
    declare
        status pg_class;
        made record;
        entry record;
    begin
        select c.* into strict status from pg_class c where c.oid = target;
        for made in
            select c.relowner as owner, format('%s %I.%I', case c.relkind when 'v' then 'view' else 'table' end,
                    n.nspname, c.relname) as name, format('%I.%I', n.nspname, c.relname) as granted,
                case c.relkind when 'v' then '{SELECT}' else '{SELECT,INSERT,UPDATE,DELETE}' end::text[] as allowed
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relnamespace = status.relnamespace and (
                c.relkind = 'r' and c.relname like 'enrich\_%'
                or c.relkind = 'v' and c.relname = 'cooldown_queue_summary'
                and obj_description(c.oid, 'pg_class') like 'The cool-down queue by strategy:%')
            union all
            select p.proowner, 'function ' || p.oid::regprocedure, 'function ' || p.oid::regprocedure, '{}'
            from pg_proc p
            where p.pronamespace = status.relnamespace and (p.proname like 'enrich\_%'
                or p.proname = 'get_cooldown_tracks_ready'
                and obj_description(p.oid, 'pg_proc') like 'Tracks whose cool-down is over%')
        loop
            continue when not pg_has_role(made.owner, 'member');
            for entry in
                select case e.grantee when 0 then 'public' else e.grantee::regrole::text end as who,
                    string_agg(e.privilege_type, ', ' order by e.privilege_type) as what
                from aclexplode(status.relacl) e
                where e.grantee <> status.relowner
                    and (e.privilege_type = any (made.allowed) or made.allowed = '{}' and e.privilege_type = 'SELECT')
                group by e.grantee
            loop
                execute format('grant %s on %s to %s', case when made.allowed = '{}' then 'execute' else entry.what end,
                    made.granted, entry.who);
            end loop;
            if made.owner <> status.relowner and pg_has_role(status.relowner, 'member') then
                execute format('alter %s owner to %s', made.name, status.relowner::regrole);
            end if;
        end loop;
    end
    $function$;

    -- Runs a statement on the rows of a table past its triggers, which then are as they were.
    create or replace function enrich_past_triggers(target regclass, work text) returns void
    language plpgsql as $function$
    declare
        enabled record;
        before jsonb := (
            select coalesce(jsonb_agg(jsonb_build_object('name', tgname, 'mode', tgenabled)), '[]') from pg_trigger
            where tgrelid = target and not tgisinternal and tgenabled <> 'D'
        );
    begin
        for enabled in select * from jsonb_to_recordset(before) as t (name text, mode text) loop
            execute format('alter table %s disable trigger %I', target, enabled.name);
        end loop;
        execute work;
        for enabled in select * from jsonb_to_recordset(before) as t (name text, mode text) loop
            execute format('alter table %s enable %s trigger %I', target,
                case enabled.mode when 'R' then 'replica' when 'A' then 'always' else '' end, enabled.name);
        end loop;
    end
    $function$;

    is_first := to_regclass('enrich_cooldown_before') is null;
    select format_type(a.atttypid, a.atttypmod) into strict status_type
    from pg_attribute a where a.attrelid = target and a.attname = 'status' and not a.attisdropped;
    columns_added := array(
        select wanted from unnest(array['retry_after', 'cooldown_reason', 'cooldown_strategy']) as wanted
        where not exists (
            select from pg_attribute a where a.attrelid = target and a.attname = wanted and not a.attisdropped
        )
    );

    -- An earlier migration's view and functions of these names may have other columns: they give way, and are kept.
    if is_first then
        seeds := array(
            select c.oid from pg_class c
            where c.relnamespace = quote_ident(home)::regnamespace and c.relname = 'cooldown_queue_summary' and c.relkind in ('v', 'm')
            union all
            select p.oid from pg_proc p
            where p.pronamespace = quote_ident(home)::regnamespace and p.proname = 'get_cooldown_tracks_ready' and p.prokind = 'f'
        );
    end if;
    kept := array(
        select a.attname || chr(9) || format_type(a.atttypid, a.atttypmod) from pg_attribute a
        where a.attrelid = to_regclass('cooldown_queue_summary') and a.attnum > 0 and not a.attisdropped order by a.attnum
    );
    select array(
            select p.proargnames[i] || chr(9) || format_type(p.proallargtypes[i], null)
            from generate_subscripts(p.proargmodes, 1) as i where p.proargmodes[i] = 't' order by i
        ), coalesce(nullif(p.proargnames[1], ''), 'max_tracks')
            || ' integer default ' || coalesce(pg_get_expr(p.proargdefaults, 0), '100')
    into outputs, argument
    from pg_proc p
    where p.pronamespace = quote_ident(home)::regnamespace and p.proname = 'get_cooldown_tracks_ready' and p.prokind = 'f'
        and p.pronargs = 1
    order by p.proargtypes[0] = 'integer'::regtype desc, p.oid limit 1;
    if status_type ~ '^character varying\((\d|1\d|2\d)\)$' or cardinality(seeds) > 0 then
        select array_agg(d.drop_statement order by d.depth desc, d.object_id desc),
            array_agg(d.body order by d.depth, d.object_id, d.place) filter (where not d.object_id = any (seeds)),
            array_agg(d.body order by d.depth, d.object_id, d.place) filter (where d.object_id = any (seeds))
        into drops, creates, restores
        from (
            select e.object_id, e.depth, case when b.place = 1 then e.drop_statement end as drop_statement,
                enrich_as_written(b.body) as body, b.place
            from enrich_dependents(target, case when status_type ~ '^character varying\((\d|1\d|2\d)\)$' then 'status' else '' end, seeds) e,
                unnest(e.create_statements) with ordinality as b (body, place)
        ) d;
        foreach statement in array array_remove(coalesce(drops, '{}'), null) loop
            execute statement;
        end loop;
    end if;

    -- Every CHECK that refuses the new status, whatever its name, now also allows it.
    for checked in
        select k.conname, enrich_as_written(pg_get_constraintdef(k.oid)) as definition, pg_get_expr(k.conbin, k.conrelid) as expression,
            k.convalidated, k.connoinherit, obj_description(k.oid, 'pg_constraint') as note
        from pg_constraint k
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any (k.conkey)
        where k.conrelid = target and k.contype = 'c' and a.attname = 'status'
        order by k.conname
    loop
        -- Tried on a row whose other columns are null: false means that this status is what it refuses.
        execute format('select %s from (select %s) as row', checked.expression, (
            select string_agg(
                case when a.attname = 'status' then format('%L::text as status', 'pending_re_enrichment')
                else format('null::%s as %I', format_type(a.atttypid, a.atttypmod), a.attname) end, ', ')
            from pg_attribute a where a.attrelid = target and a.attnum > 0 and not a.attisdropped
        )) into accepts;
        if accepts is not false then
            continue;
        end if;
        execute format('alter table %s drop constraint %I', target, checked.conname);
        checks := checks || jsonb_build_object('name', checked.conname, 'definition', checked.definition,
            'note', checked.note, 'widened', format('check ((%s) or status = %L)%s%s', checked.expression,
                'pending_re_enrichment', case when checked.connoinherit then ' no inherit' else '' end,
                case when checked.convalidated then '' else ' not valid' end));
    end loop;

    if status_type ~ '^character varying\((\d|1\d|2\d)\)$' then
        execute format('alter table %s alter column status type varchar(30)', target);
    else
        status_type := null;
    end if;
    for checked in select c ->> 'name' as name, c ->> 'widened' as widened, c ->> 'note' as note
        from jsonb_array_elements(checks) as c
    loop
        execute format('alter table %s add constraint %I %s', target, checked.name, checked.widened);
        if checked.note is not null then
            execute format('comment on constraint %I on %s is %L', checked.name, target, checked.note);
        end if;
    end loop;

    execute format('alter table %s add column if not exists retry_after timestamptz, '
        'add column if not exists cooldown_reason text, add column if not exists cooldown_strategy varchar(20)', target);

    if is_first then
        create table enrich_cooldown_before (
            status_type text,
            checks jsonb not null,
            columns_added text[] not null,
            is_index_added boolean not null,
            earlier_objects text[] not null
        );
        comment on table enrich_cooldown_before is
            'Shape of enrichment_status before migration 008, for its down script. One row; do not edit.';
        insert into enrich_cooldown_before values (
            status_type, checks, columns_added, to_regclass('enrichment_status_retry_after_idx') is null,
            coalesce(restores, '{}')
        );
    end if;

    execute format('create index if not exists enrichment_status_retry_after_idx on %s (retry_after) '
        'where status = %L', target, 'pending_re_enrichment');

    -- Rows a later program left under its own names of the same states; past the triggers, for nothing happened now.
    execute format('select exists (select from %s where status in (%L, %L))', target, 'cooldown', 'permanently_failed')
    into accepts;
    if accepts then
        create table if not exists enrich_cooldown_adopted (
            track_id uuid primary key, status text not null, retry_count int
        );
        comment on table enrich_cooldown_adopted is
            'Rows of enrichment_status as they were before migration 008 adopted them, for its down script.';
        perform enrich_past_triggers(target, format(
            'with old as (select track_id, status, retry_count from %1$s where status in (%2$L, %3$L)), '
            'kept as (insert into enrich_cooldown_adopted select * from old where track_id is not null '
            'on conflict (track_id) do update set status = excluded.status, retry_count = excluded.retry_count) '
            'update %1$s as row set status = case row.status when %2$L then %4$L else %5$L end, '
            'retry_count = case row.status when %2$L then row.retry_count '
            'else greatest(coalesce(row.retry_count, 0), 5) end from old where old.track_id = row.track_id',
            target, 'cooldown', 'permanently_failed', 'pending_re_enrichment', 'failed'));
    end if;

    -- A track in the queue without a time is due: nobody said to wait. Columns of an earlier view come first, as they
    -- were; one that cannot be told from the queue stays, empty.
    with
    ours (name, type, expression, place) as (
        values
            ('strategy', 'text', 'coalesce(cooldown_strategy::text, ''unknown'')', 1),
            ('track_count', 'bigint', 'count(*)', 2),
            ('ready_now', 'bigint', 'count(*) filter (where retry_after is null or retry_after <= now())', 3),
            ('waiting', 'bigint', 'count(*) filter (where retry_after > now())', 4),
            ('avg_retry_attempts', 'numeric', 'round(avg(coalesce(retry_count, 0)), 1)', 5),
            ('cooldown_strategy', null, 'coalesce(cooldown_strategy::text, ''unknown'')', null),
            ('status', null, '''pending_re_enrichment''::text', null),
            ('tracks', null, 'count(*)', null),
            ('next_retry', null, 'min(retry_after)', null),
            ('last_retry', null, 'max(retry_after)', null)
    ),
    theirs as (
        select split_part(k.what, chr(9), 1) as name, split_part(k.what, chr(9), 2) as type, k.place
        from unnest(kept) with ordinality as k (what, place)
    ),
    columns as (
        select t.name, t.type, coalesce(o.expression, 'null') as expression, t.place
        from theirs t left join ours o using (name)
        union all
        select name, type, expression, 1000 + place from ours
        where place is not null and name not in (select name from theirs)
    )
    select string_agg(format('(%s)::%s as %I', expression, type, name), ', ' order by place) into statement from columns;
    execute format('create or replace view cooldown_queue_summary as select %s from %s where status = %L '
        'group by coalesce(cooldown_strategy::text, %L) order by coalesce(cooldown_strategy::text, %L)',
        statement, target, 'pending_re_enrichment', 'unknown', 'unknown');

    with
    ours (name, type, expression, place) as (
        values
            ('track_id', 'uuid', 's.track_id', 1),
            ('title', 'text', 't.title', 2),
            ('retry_count', 'integer', 'coalesce(s.retry_count, 0)', 3),
            ('cooldown_strategy', 'text', 's.cooldown_strategy', 4),
            ('cooldown_reason', 'text', 's.cooldown_reason', 5),
            ('failed_at', 'timestamp with time zone', 's.last_attempt', 6),
            ('retry_after', 'timestamp with time zone', 's.retry_after', 7),
            ('cooldown_days', 'integer', 'round(extract(epoch from s.retry_after - s.last_attempt) / 86400)', 8),
            ('days_overdue', 'integer', 'floor(extract(epoch from now() - s.retry_after) / 86400)', 9),
            ('track_title', null, 't.title', null),
            ('last_attempt', null, 's.last_attempt', null),
            ('ready_since', null, 'now() - s.retry_after', null),
            ('days_waiting', null, 'floor(extract(epoch from now() - s.last_attempt) / 86400)', null)
    ),
    theirs as (
        select split_part(k.what, chr(9), 1) as name, split_part(k.what, chr(9), 2) as type, k.place
        from unnest(outputs) with ordinality as k (what, place)
    ),
    columns as (
        select t.name, t.type, coalesce(o.expression, 'null') as expression, t.place
        from theirs t left join ours o using (name)
        union all
        select name, type, expression, 1000 + place from ours
        where place is not null and name not in (select name from theirs)
    )
    select format('create or replace function get_cooldown_tracks_ready(%s) returns table (%s) language sql stable as '
            '$body$ select %s from %I.enrichment_status s left join %s t on t.id = s.track_id '
            'where s.status = %L and (s.retry_after is null or s.retry_after <= now()) '
            'order by s.retry_after nulls first, s.track_id limit $1 $body$',
        coalesce(argument, 'max_tracks integer default 100'),
        string_agg(format('%I %s', name, type), ', ' order by place),
        string_agg(format('(%s)::%s', expression, type), ', ' order by place), home,
        coalesce(nullif(current_setting('enrich.tracks', true), ''), format('%I.tracks', home)),
        'pending_re_enrichment')
    into statement from columns;
    execute statement;

    -- What replaces an earlier object has its owner, its grants and its comment; what is new those of the status.
    foreach statement in array coalesce(restores, '{}') loop
        if statement ~* '^(revoke|grant|alter (view|function) \S+ owner to|comment on (view|function|column)) ' then
            execute statement;
        end if;
    end loop;
    if not exists (
        select from enrich_cooldown_before, unnest(earlier_objects) as earlier
        where earlier ~* '^create (materialized )?view \S*cooldown_queue_summary'
    ) then
        comment on view cooldown_queue_summary is
            'The cool-down queue by strategy: tracks, due now, waiting, mean retries.';
    end if;
    if not exists (
        select from enrich_cooldown_before, unnest(earlier_objects) as earlier
        where earlier ~* '^create (or replace )?function \S*get_cooldown_tracks_ready'
    ) then
        comment on function get_cooldown_tracks_ready(integer) is
            'Tracks whose cool-down is over, longest waiting first: attempt, strategy, reason, length in days, days overdue.';
    end if;
    perform enrich_share(target);

    foreach statement in array coalesce(creates, '{}') loop
        execute statement;
    end loop;
    perform set_config('search_path', former_path, true);
end
$migration$;
