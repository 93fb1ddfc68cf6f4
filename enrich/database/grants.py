"""What a role that owns nothing needs to work here: the statements, applied where we may, else for the owner to run."""

from __future__ import annotations

from enrich.database.connection import connect
from enrich.database.faults import database_errors
from enrich.database.layout import layout_of
from enrich.settings import Settings

#: Relations that are written, with what: ours wholly, the music tables as write-back, queue and import need it.
_NEEDED = """
with relations as (
    select c.oid, n.nspname, c.relname, c.relkind, c.relowner, c.relname like 'enrich\\_%%' as is_ours
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.oid in (select to_regclass(name) from unnest(%(places)s::text[]) as name)
        or n.nspname = any (current_schemas(false)) and c.relkind in ('r', 'v')
            and (c.relname like 'enrich\\_%%' or c.relname in ('enrichment_status', 'cooldown_queue_summary'))
),
wanted as (
    select nspname, relowner, 1 as place, format('grant usage on schema %%I to %%I', nspname, %(role)s) as statement
    from relations
    union
    select nspname, relowner, 2, format('grant %%s on %%I.%%I to %%I',
        case when relname = 'cooldown_queue_summary' then 'select' else 'select, insert, update, delete' end,
        nspname, relname, %(role)s)
    from relations
    union
    select n.nspname, p.proowner, 3, format('grant execute on function %%s to %%I', p.oid::regprocedure, %(role)s)
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.proname = 'get_cooldown_tracks_ready' and n.nspname = any (current_schemas(false))
)
select statement, bool_and(pg_has_role(relowner, 'member')) from wanted group by statement, place order by place, 1"""


def grant(settings: Settings, role: str) -> list[str]:
    """Grant `role` what the commands need; returns the statements, those that only the owner may run marked so.

    Raises:
        DatabaseError: there is no such role.
    """
    with database_errors(settings, doing="grants"), connect(settings, as_laid_out=False) as con:
        places = [where.split(" ")[0].rstrip(",") for where in layout_of(con, settings).places.values()]
        said = []
        for statement, is_ours in con.execute(_NEEDED, {"places": places, "role": role}).fetchall():
            if is_ours:
                con.execute(statement)
            said.append(f"{statement};" + ("" if is_ours else "  -- to be run by the owner"))
    return said
