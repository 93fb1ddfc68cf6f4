"""What a role that owns nothing needs to work here: the statements, applied where we may, else for the owner to run."""

from __future__ import annotations

from enrich.database.connection import connect
from enrich.database.faults import database_errors
from enrich.database.layout import layout_of
from enrich.settings import Settings
from enrich.sql import DATABASE


def grant(settings: Settings, role: str) -> list[str]:
    """Grant `role` what the commands need; returns the statements, those that only the owner may run marked so.

    Raises:
        DatabaseError: there is no such role.
    """
    with database_errors(settings, doing="grants"), connect(settings, as_laid_out=False) as con:
        places = [where.split(" ")[0].rstrip(",") for where in layout_of(con, settings).places.values()]
        said = []
        cur = con.cursor()
        DATABASE["grants"].execute(cur, places=places, role=role)
        for statement, is_ours in cur.fetchall():
            if is_ours:
                con.execute(statement)
            said.append(f"{statement};" + ("" if is_ours else "  -- to be run by the owner"))
    return said
