-- What the catalog of an installation says, for its layout and for the grants a role needs.

-- name: relations(names)
-- One row per name that is a relation on the search_path, with its columns in order.
select t.name, c.oid, n.nspname, c.relname, c.relkind::text, array(
    select attname::text from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped order by attnum)
from unnest($names::text[]) as t (name)
join pg_class c on c.oid = to_regclass(t.name)
join pg_namespace n on n.oid = c.relnamespace

-- name: relation(number)
-- One row: a table by its oid, where this role may read it, with its columns in order.
select c.oid, n.nspname, c.relname, c.relkind::text, array(
    select attname::text from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped order by attnum)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.oid = $number and c.relkind in ('r', 'p') and has_table_privilege(c.oid, 'select')

-- name: found
-- One row per table that is there, ours and those of extensions aside.
select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any (current_schemas(false)) and c.relkind in ('r', 'p', 'v', 'm', 'f')
    and c.relname not like 'enrich%' and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
order by 1

-- name: writable(name)
-- One row per column of a table on the search_path that can be written, also through a view, and through triggers of
-- our own.
select a.attname::text as attname
from pg_attribute a
join pg_class c on c.oid = a.attrelid
where c.oid = to_regclass($name) and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    and pg_column_is_updatable(c.oid, a.attnum, c.relnamespace = pg_my_temp_schema())

-- name: columns(tables)
-- One row per column of those tables that are there, in order: table, schema, column, type, its declaration, and whether
-- it is of the primary key of an ordinary table that shows every role all of its rows.
select t.name, n.nspname, a.attname::text, y.typname, format_type(a.atttypid, a.atttypmod),
    c.relkind = 'r' and not c.relrowsecurity and not c.relhassubclass and a.attnum = any (i.indkey)
from unnest($tables::text[]) with ordinality as t (name, place)
join pg_class c on c.oid = to_regclass(t.name)
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type y on y.oid = a.atttypid
left join pg_index i on i.indrelid = c.oid and i.indisprimary
order by t.place, a.attnum

-- name: column_of(relation_no, column_no)
-- One row: a column by number, and whether it is a view's.
select a.attname::text, c.relkind = 'v'
from pg_attribute a
join pg_class c on c.oid = a.attrelid
where attrelid = $relation_no and attnum = $column_no

-- name: grants(places, role)
-- One row per statement that gives a role what it needs: ours wholly, the music tables as write-back, queue and import
-- need them; and whether we may run it.
with relations as (
    select c.oid, n.nspname, c.relname, c.relkind, c.relowner, c.relname like 'enrich\_%' as is_ours
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.oid in (select to_regclass(name) from unnest($places::text[]) as name)
        or n.nspname = any (current_schemas(false)) and c.relkind in ('r', 'v')
            and (c.relname like 'enrich\_%' or c.relname in ('enrichment_status', 'cooldown_queue_summary'))
),
wanted as (
    select nspname, relowner, 1 as place, format('grant usage on schema %I to %I', nspname, $role::text) as statement
    from relations
    union
    select nspname, relowner, 2, format('grant %s on %I.%I to %I',
        case when relname = 'cooldown_queue_summary' then 'select' else 'select, insert, update, delete' end,
        nspname, relname, $role::text)
    from relations
    union
    select n.nspname, p.proowner, 3, format('grant execute on function %s to %I', p.oid::regprocedure, $role::text)
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.proname = 'get_cooldown_tracks_ready' and n.nspname = any (current_schemas(false))
)
select statement, bool_and(pg_has_role(relowner, 'member')) from wanted group by statement, place order by place, 1

-- name: keep_facts
-- The trigger by which a view of ours writes their table, and enrich_kept what that has no column for.
create function pg_temp.keep_{table}() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into {theirs} ({into}) values ({values}) on conflict do nothing;
    elsif tg_op = 'UPDATE' then
        update {theirs} as origin set {changes} where {same};
    else
        delete from {theirs} as origin where {same};
    end if;
    if not found then
        return null;
    end if;
    if tg_op <> 'INSERT' then
        delete from {store} where relation = '{table}' and row_key = concat_ws('/', {old_key});
    end if;
    if tg_op = 'DELETE' then
        return old;
    end if;
    insert into {store} (relation, row_key, facts)
    values ('{table}', concat_ws('/', {new_key}), jsonb_build_object({facts}))
    on conflict (relation, row_key) do update set facts = excluded.facts;
    return new;
end $$;
create trigger keep instead of insert or update or delete on "{table}"
for each row execute function pg_temp.keep_{table}()
