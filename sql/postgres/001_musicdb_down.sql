-- Drops the tables that 001 made, and only while all of them are empty. Tables that were there before 001 stay.

do $migration$
declare
    made text[];
    name text;
    has_rows boolean;
    filled text[] := '{}';
begin
    made := array(
        select c.oid::regclass::text from pg_class c
        where c.relkind = 'r' and c.relnamespace = quote_ident(current_schema())::regnamespace
            and obj_description(c.oid, 'pg_class') = 'Made by enrich, migration 001.'
        order by c.relname
    );
    foreach name in array made loop
        execute format('lock table %s in access exclusive mode', name);
        execute format('select exists (select from %s)', name) into has_rows;
        if has_rows then
            filled := filled || name;
        end if;
    end loop;
    if cardinality(filled) > 0 then
        raise exception 'there are rows in %: nothing was dropped', array_to_string(filled, ', ')
            using hint = 'empty the tables first if they are really to go';
    end if;
    if cardinality(made) > 0 then
        execute 'drop table ' || array_to_string(made, ', ');
    end if;
    if obj_description(to_regprocedure('update_updated_at_column()'), 'pg_proc') = 'Made by enrich, migration 001.'
        and not exists (select from pg_trigger where tgfoid = to_regprocedure('update_updated_at_column()')) then
        drop function update_updated_at_column();
    end if;
end
$migration$;
