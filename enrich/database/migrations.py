"""Numbered migrations: `sql/postgres/NNN_name_up.sql` and `_down.sql`, each in one transaction, recorded in
`enrich_migrations`; one applied by `psql -f` is not, so every up file changes nothing where its work is done already.
"""

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.errors import UndefinedTable
from psycopg.rows import TupleRow

from enrich.database import server
from enrich.database.connection import connect, database_url, path_of, url_without_password
from enrich.database.errors import database_errors, describe
from enrich.database.layout import NONE, TODAY, UNKNOWN, Layout, layout_of
from enrich.errors import DatabaseError
from enrich.settings import Settings
from enrich.sql import DATABASE, sql_root

#: Key of the advisory lock; any constant that nothing else in the database uses.
_LOCK = 0x656E72696368
_LOCK_WAIT_MS = 60_000
_NAME = re.compile(r"^(\d{3})_(\w+)_up\.sql$")
#: The migration of the queue; what follows is the ledger and what was built on it.
_QUEUE = 8

#: The music tables, then our own.
TABLES = (
    "artists", "tracks", "track_artists", "albums", "album_tracks", "performers", "setlists", "setlist_tracks",
    "playlists", "playlist_tracks", "enrichment_status", "enrich_runs", "enrich_proposals", "enrich_decisions",
    "enrich_writes",
)  # fmt: skip

_RECORD = """
create table if not exists enrich_migrations (
    version int primary key,
    name text not null,
    applied_at timestamptz not null default now(),
    checksum text not null
)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One step of the schema, as it lies on disk."""

    version: int
    name: str
    up: Path
    down: Path

    @property
    def label(self) -> str:
        """`008_cooldown_queue`."""
        return f"{self.version:03d}_{self.name}"

    @property
    def checksum(self) -> str:
        """Of the up file's text."""
        return hashlib.sha256(self.up.read_bytes()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """One line of the record."""

    version: int
    name: str
    applied_at: datetime
    is_changed: bool  # whether the file on disk is no longer the one that was applied


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """What one call of `migrate` did, in order, and what the database said meanwhile."""

    schema: str
    applied: tuple[str, ...]
    taken_back: tuple[str, ...]
    version: int | None  # the latest version in the record afterwards; None when it is empty
    notices: tuple[str, ...]


def available() -> list[Migration]:
    """All migrations on disk, by version."""
    found = []
    for path in sorted((sql_root() / "postgres").glob("*_up.sql")):
        match = _NAME.match(path.name)
        if match is None:
            raise DatabaseError(f"{path.name}: migrations are called NNN_name_up.sql; rename it")
        down = path.with_name(path.name.replace("_up.sql", "_down.sql"))
        found.append(Migration(version=int(match[1]), name=match[2], up=path, down=down))
    return found


def migrate(settings: Settings, *, down: bool = False, to: int | None = None) -> Migrated:
    """Apply the migrations that are missing, or take back what they made.

    `down` takes back the ledger and all that was built on it; asked again the queue, and with it the record and every
    music table of our own that is empty. `to`: apply none above this version, or take back every one above it.
    Raises DatabaseError: a step failed; it left nothing behind, steps before it stand.
    """
    steps = {step.version: step for step in available()}
    if to and to not in steps:
        raise DatabaseError(f"migration {to}: there is none; there are {', '.join(str(v) for v in steps)}")
    notices: list[str] = []
    done: list[str] = []
    url = database_url(settings)
    with connect(settings, as_laid_out=False) as con:
        con.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
        try:
            layout = layout_of(con, settings)
            if layout.name == UNKNOWN and not down:
                raise DatabaseError(layout.said())
            schema = _home_schema(con, settings)
            while True:
                with con.transaction():
                    _enter(con, schema, settings, layout)
                    recorded = {row[0] for row in con.execute("select version from enrich_migrations")}
                    if down and to is None:
                        to = _QUEUE if max(recorded, default=0) > _QUEUE else 1 if len(recorded) > 1 else 0
                    missing = (steps[v] for v in sorted(steps.keys() - recorded) if to is None or v <= to)
                    step = _next_down(steps, recorded, to or 0) if down else next(missing, None)
                    if step is None:
                        break
                    _take(con, step, down=down, url=url)
                done.append(step.label)
            if down:
                done += _leave_nothing(con, steps, recorded, url=url)
        except psycopg.Error as error:
            raise describe(error, url=url, doing="migrate") from error
    return Migrated(
        schema=schema,
        applied=() if down else tuple(done),
        taken_back=tuple(done) if down else (),
        version=max(recorded, default=None),
        notices=tuple(notice for notice in notices if "already exists, skipping" not in notice),
    )


def applied(con: psycopg.Connection[TupleRow]) -> list[Applied]:
    """The record, by version; empty where no migration has run."""
    checksums = {step.version: step.checksum for step in available()}
    try:
        with con.transaction():
            rows = con.execute(
                "select version, name, applied_at, checksum from enrich_migrations order by version"
            ).fetchall()
    except UndefinedTable:
        return []
    return [
        Applied(version=version, name=name, applied_at=applied_at, is_changed=checksums.get(version) != checksum)
        for version, name, applied_at, checksum in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseStatus:
    """One look at the database; of an embedded server that is down, only where its data lies."""

    is_embedded: bool
    is_running: bool
    data_path: Path | None
    url: str | None  # as psql takes it; a password shows as ***
    server_version: str | None = None
    schema: str | None = None
    layout: Layout | None = None
    applied: tuple[Applied, ...] = ()
    pending: tuple[str, ...] = ()
    rows: dict[str, int] | None = None  # rows by table, of those that exist


def database_status(settings: Settings) -> DatabaseStatus:
    """Look at the database without starting the embedded server.

    Raises DatabaseError: the configured server cannot be reached.
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
        count = sql.SQL("select count(*) from {}")
        rows = {table: con.execute(count.format(sql.Identifier(table))).fetchall()[0][0] for (table,) in there}
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


def grant(settings: Settings, role: str) -> list[str]:
    """Grant `role`, which owns nothing, what the commands need; the statements, those for the owner to run marked so.

    Raises DatabaseError: there is no such role.
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


def _leave_nothing(
    con: psycopg.Connection[TupleRow], steps: dict[int, Migration], recorded: set[int], *, url: str
) -> list[str]:
    """Once only the music tables are left of ours: those go while they are empty, and then the record."""
    gone = []
    if recorded == {1}:
        with suppress(DatabaseError), con.transaction():
            _take(con, steps[1], down=True, url=url)
            gone = [steps[1].label]
            recorded.clear()
    if not recorded:
        con.execute("drop table if exists enrich_migrations")
    return gone


def _home_schema(con: psycopg.Connection[TupleRow], settings: Settings) -> str:
    """The schema everything goes into: where the music tables are, else the first of search_path."""
    row = con.execute(
        """select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where c.oid = coalesce(to_regclass('enrich_migrations'), to_regclass('enrichment_status'),
                                  to_regclass('tracks'))"""
    ).fetchone()
    if row is None:
        first = settings.schemas[0]
        row = con.execute("select nspname from pg_namespace where nspname = %s", [first]).fetchone()
        if row is None:
            con.execute(sql.SQL("create schema {}").format(sql.Identifier(first)))
            row = (first,)
    schema = str(row[0])
    may = "select has_schema_privilege(%s, 'usage') and has_schema_privilege(%s, 'create')"
    if con.execute(may, [schema] * 2).fetchone() != (True,):
        raise DatabaseError(
            f"schema {schema}: this role may not create tables there; ask its owner to grant usage and create, "
            "or migrate as its owner"
        )
    con.commit()
    return schema


def _enter(con: psycopg.Connection[TupleRow], schema: str, settings: Settings, layout: Layout) -> None:
    """Wait for our turn and point the transaction at the home schema; the files learn of the layout by two settings."""
    kind = "today" if layout.name in (TODAY, NONE) else "other"
    con.execute(
        "select set_config('lock_timeout', %s, true), set_config('search_path', %s, true),"
        " set_config('enrich.layout', %s, true), set_config('enrich.tracks', %s, true)",
        [str(_LOCK_WAIT_MS), path_of([schema, *settings.schemas]), kind, layout.tracks],
    )
    con.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
    con.execute(_RECORD)


def _next_down(steps: dict[int, Migration], recorded: set[int], to: int) -> Migration | None:
    latest = max(recorded, default=0)
    if latest <= to:
        return None
    if latest not in steps or not steps[latest].down.exists():
        raise DatabaseError(f"migration {latest}: its down file is not here; use the release that applied it")
    return steps[latest]


def _take(con: psycopg.Connection[TupleRow], step: Migration, *, down: bool, url: str) -> None:
    path = step.down if down else step.up
    try:
        # Our own files, without values: the simple protocol runs all their statements at once, as psql does.
        con.execute(path.read_text(encoding="utf-8"))
    except psycopg.Error as error:
        raise describe(error, url=url, doing=path.name) from error
    if down:
        con.execute("delete from enrich_migrations where version = %s", [step.version])
    else:
        con.execute(
            "insert into enrich_migrations (version, name, checksum) values (%s, %s, %s)",
            [step.version, step.name, step.checksum],
        )
        # Also what a step has made that knows nothing of it, and the record itself.
        con.execute(
            "do $$ begin if to_regprocedure('enrich_share(regclass)') is not null then "
            "perform enrich_share('enrichment_status'); end if; end $$"
        )
