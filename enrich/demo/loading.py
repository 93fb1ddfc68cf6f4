"""The demo world into an empty database, in one transaction, and its catalogue into a file.

Writes to the music tables, makes the truth tables, and writes `<data_dir>/demo/catalogue.parquet`. Refuses a
database that has rows.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from enrich.database.connection import connect, copy_frame, database_url
from enrich.database.errors import describe
from enrich.database.migrations import migrate
from enrich.demo.world import TABLES, World, build_world
from enrich.errors import DatabaseError
from enrich.frames.files import write_table
from enrich.rules import MAX_ATTEMPTS
from enrich.settings import Settings
from enrich.sql import sql_root

#: Seed of `enrich demo` unless told otherwise.
DEFAULT_SEED = 20251

_TRUTH = ("enrich_demo_truth", "enrich_demo_slot_truth")
_STATE = """
select
    count(*) as tracks,
    count(*) filter (where status = 'completed') as completed,
    count(*) filter (where status = 'failed') as failed,
    count(*) filter (
        where status = 'failed' and tracks.metadata -> 'original_data' ->> 'label' is not null
    ) as failed_with_label,
    count(*) filter (where status = 'failed' and is_retriable) as retriable,
    count(*) filter (where status = 'failed' and not is_retriable) as not_retriable,
    count(*) filter (where status = 'failed' and retry_count >= %(max_attempts)s) as no_retries_left
from enrichment_status
join tracks on tracks.id = enrichment_status.track_id
"""


@dataclass(frozen=True, slots=True)
class DemoState:
    """The starting state as counted in the database after loading."""

    tracks: int
    completed: int
    failed: int
    failed_with_label: int
    retriable: int
    not_retriable: int
    no_retries_left: int

    @property
    def success_rate_pct(self) -> float:
        """Share of tracks whose enrichment is completed, in percent."""
        return 100.0 * self.completed / self.tracks


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """What `demo` made."""

    seed: int
    now: datetime
    rows: dict[str, int]
    """Rows by table."""
    state: DemoState
    catalogue: Path
    catalogue_rows: int

    def asdict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {**asdict(self), "success_rate_pct": round(self.state.success_rate_pct, 1)}


def demo(settings: Settings, *, seed: int = DEFAULT_SEED, now: datetime) -> DemoResult:
    """Fill an empty database with the demo world.

    Args:
        settings: `database_url`, `search_path`, `data_dir` are read; missing migrations are applied.
        seed: Of all that is random; equal `(seed, now)` give equal rows, ids included.
        now: The day the world is looked at; aware. Sets lie in the two years before it, releases up to 14 months after.

    Raises:
        DatabaseError: the database has rows already, or cannot be written to; nothing is left behind.
    """
    world = build_world(seed=seed, now=now)
    with connect(settings) as con:
        _check_empty(con)
    migrate(settings)
    with connect(settings) as con:
        try:
            state = _load(con, world)
        except psycopg.Error as error:
            raise describe(error, url=database_url(settings), doing="demo") from error
    catalogue = write_table(world.catalogue, settings.data_dir / "demo" / "catalogue.parquet")
    return DemoResult(
        seed=seed,
        now=world.now,
        rows={table: frame.height for table, frame in world.tables.items()},
        state=state,
        catalogue=catalogue,
        catalogue_rows=world.catalogue.height,
    )


def _check_empty(con: psycopg.Connection[TupleRow]) -> None:
    """Refuse before anything is changed; migrations are rows of another kind and do not count."""
    for table in TABLES:
        if table in _TRUTH:
            continue
        row = con.execute("select to_regclass(%s)", [table]).fetchone()
        if row is None or row[0] is None:
            continue
        if con.execute(sql.SQL("select 1 from {} limit 1").format(sql.Identifier(table))).fetchone() is not None:
            raise DatabaseError(
                f"database {con.info.dbname}: the table {table} has rows already; the demo world goes into an empty "
                "database only: name another one in ENRICH_DATABASE_URL or another ENRICH_DATA_DIR"
            )


def _load(con: psycopg.Connection[TupleRow], world: World) -> DemoState:
    with con.transaction(), con.cursor() as cur:
        # Two demos at once: the second waits here and then finds rows.
        cur.execute("lock table artists, tracks, setlists in exclusive mode")
        _check_empty(con)
        for table in reversed(_TRUTH):
            cur.execute(sql.SQL("drop table if exists {}").format(sql.Identifier(table)))
        # Our own file, without values.
        cur.execute((sql_root() / "demo" / "truth_tables.sql").read_text(encoding="utf-8"))
        for table, frame in world.tables.items():
            copy_frame(cur, table, frame)
        row = cur.execute(_STATE, {"max_attempts": MAX_ATTEMPTS}).fetchone()
        assert row is not None
    # Fresh tables have no statistics; the snapshot's queries want them.
    con.execute("analyze")
    return DemoState(*row)
