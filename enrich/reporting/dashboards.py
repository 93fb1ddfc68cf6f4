"""Dashboards: the monitoring queries, the specification's own among them, on Postgres or on a snapshot.

Each is one query in sql/dashboards/, for Postgres; on a snapshot the same text runs on its schema `raw` in DuckDB's
dialect, with stand-ins (sql/duckdb/dashboards.sql) for what migration 008 makes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import psycopg
import sqlglot

from enrich.database.connection import connect
from enrich.database.errors import database_errors
from enrich.errors import EnrichError, SnapshotError
from enrich.reporting.counts import DASHBOARDS, frame_of
from enrich.rules import MAX_ATTEMPTS
from enrich.settings import Settings, load_settings
from enrich.snapshots.opening import Snapshot, open_snapshot
from enrich.sql import DUCKDB, Query

#: What each dashboard shows, in the order they are listed.
NAMES: dict[str, str] = {
    "label_coverage": "tracks with a label in their original data",
    "success_rate_trend": "percent completed by day of the last change, 30 days",
    "cooldown_queue_summary": "the cool-down queue by strategy",
    "cooldown_tracks_ready": "tracks whose cool-down is over",
    "statuses": "tracks by enrichment status",
    "missing": "tracks without a status or a primary artist",
    "proposals_by_status": "proposals by kind, tier, source and status",
    "writes_by_target": "values written and taken back",
    "last_runs": "commands that proposed or wrote, and when",
}

#: The rules that dashboards count by.
_RULES = {"max_attempts": MAX_ATTEMPTS}
#: What stands on a snapshot for what Postgres has.
_STAND_INS = {
    "cooldown_queue_summary": ("dashboard_queue_view",),
    "cooldown_tracks_ready": ("dashboard_ready_function",),
}


def dashboards(
    name: str, *, settings: Settings | None = None, snapshot: str | Path | Snapshot | None = None
) -> pl.DataFrame:
    """The rows of one dashboard.

    Args:
        name: One of `NAMES`.
        settings: Where Postgres is; None reads the environment.
        snapshot: Ask this snapshot instead of Postgres: its path, `latest` for the newest, or one that is open.

    Returns:
        The query's columns; no rows where a database without tracks leaves a share of nothing.

    Raises:
        EnrichError: no such dashboard.
        DatabaseError: Postgres is down or a table or column is missing.
        SnapshotError: no such snapshot, or the dashboard is about the ledger, which snapshots do not hold.
    """
    if name not in NAMES:
        raise EnrichError(f"no dashboard {name!r}; there are {', '.join(NAMES)}")
    query = DASHBOARDS[name]
    if isinstance(snapshot, Snapshot):
        return _on_snapshot(snapshot, query)
    if snapshot is None:
        own = settings if settings is not None else load_settings()
        with database_errors(own, doing=f"dashboard {name}"), connect(own) as con:
            con.read_only = True
            return _rows(con, query)
    path = None if str(snapshot) == "latest" else snapshot
    with open_snapshot(path, settings=settings) as opened:
        return _on_snapshot(opened, query)


def read_all(settings: Settings) -> dict[str, pl.DataFrame]:
    """Every dashboard of Postgres but the list of due tracks, of one moment and on one connection."""
    with database_errors(settings, doing="dashboards"), connect(settings) as con:
        con.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        con.read_only = True
        return {name: _rows(con, DASHBOARDS[name]) for name in NAMES if name != "cooldown_tracks_ready"}


def _rows(con: psycopg.Connection[Any], query: Query) -> pl.DataFrame:
    try:
        with con.transaction():
            return frame_of(con, query, **{name: _RULES[name] for name in query.params})
    except psycopg.errors.DivisionByZero:
        return pl.DataFrame()


def _on_snapshot(snapshot: Snapshot, query: Query) -> pl.DataFrame:
    (text,) = sqlglot.transpile(query.text, read="postgres", write="duckdb", comments=False)
    with snapshot.con.cursor() as con:
        con.execute("set search_path = 'raw'")
        con.execute("set variable as_of = $taken_at::timestamptz", {"taken_at": snapshot.manifest.taken_at.isoformat()})
        try:
            for stand_in in _STAND_INS.get(query.name, ()):
                con.execute(DUCKDB[stand_in].text)
            frame: pl.DataFrame = con.sql(text, params={name: _RULES[name] for name in query.params} or None).pl()
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise SnapshotError(
                f"dashboard {query.name}: not in a snapshot ({str(error).splitlines()[0]}); ask Postgres, "
                "or migrate it and take a new one"
            ) from None
    frame = frame.with_columns(pl.selectors.decimal().cast(pl.Float64))
    is_share_of_nothing = "total" in frame.columns and frame["total"].sum() == 0
    return frame.clear() if is_share_of_nothing else frame
