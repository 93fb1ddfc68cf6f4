"""How the database is: where, which server, which migrations, how many rows. Starts and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from enrich.database import server
from enrich.database.connection import connect, url_without_password
from enrich.database.faults import database_errors
from enrich.database.layout import Layout, layout_of
from enrich.database.migrations import Applied, applied, available
from enrich.settings import Settings

#: The music tables, then our own.
TABLES = (
    "artists", "tracks", "track_artists", "albums", "album_tracks", "performers", "setlists", "setlist_tracks",
    "playlists", "playlist_tracks", "enrichment_status", "enrich_runs", "enrich_proposals", "enrich_decisions",
    "enrich_writes",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseStatus:
    """One look at the database; of an embedded server that is down, only where its data lies."""

    is_embedded: bool
    is_running: bool
    data_path: Path | None
    url: str | None
    """As psql takes it; a password shows as ***."""
    server_version: str | None = None
    schema: str | None = None
    layout: Layout | None = None
    applied: tuple[Applied, ...] = ()
    pending: tuple[str, ...] = ()
    rows: dict[str, int] | None = None
    """Rows by table, of those that exist."""


def database_status(settings: Settings) -> DatabaseStatus:
    """Look at the database without starting the embedded server.

    Raises:
        DatabaseError: the configured server cannot be reached.
    """
    is_embedded = settings.database_url is None
    found = server.status(settings) if is_embedded else None
    if found is not None and not found.running:
        return DatabaseStatus(is_embedded=True, is_running=False, data_path=found.data_path, url=None)
    with connect(settings, as_laid_out=False) as con, database_errors(settings):
        layout = layout_of(con, settings)
        version = con.execute("show server_version").fetchone()
        schema = con.execute("select current_schema()").fetchone()
        there = con.execute(
            "select t.name from unnest(%s::text[]) with ordinality as t (name, place) "
            "where to_regclass(t.name) is not null order by t.place",
            [list(TABLES)],
        ).fetchall()
        rows = {}
        for (table,) in there:
            counted = con.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchone()
            rows[table] = counted[0] if counted else 0
        record = applied(con)
    done = {step.version for step in record}
    return DatabaseStatus(
        is_embedded=is_embedded,
        is_running=True,
        data_path=found.data_path if found is not None else None,
        url=url_without_password(settings),
        server_version=str(version[0]) if version else None,
        schema=schema[0] if schema else None,
        layout=layout,
        applied=tuple(record),
        pending=tuple(step.label for step in available() if step.version not in done),
        rows=rows,
    )
