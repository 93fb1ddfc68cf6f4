"""What the report needs from Postgres, read in one transaction: one frame per question, nothing computed yet.

Reads; writes nothing. SQL: sql/reporting/recovery.sql, sql/dashboards/monitoring.sql, sql/cooldown/queue.sql.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
import psycopg
from psycopg.rows import TupleRow

from enrich.database.connection import connect
from enrich.database.faults import database_errors
from enrich.frames.schemas import PROPOSALS
from enrich.measuring.judging import ALIASES, TRUTH
from enrich.reporting.precision import read_truth
from enrich.settings import Settings
from enrich.sql import COOLDOWN, Query, QueryBook

REPORTING = QueryBook("reporting")
DASHBOARDS = QueryBook("dashboards")

_UTC: Any = pl.Datetime("us", "UTC")
_NAMES: Any = pl.List(pl.String)

STATES = pl.Schema(
    {
        "track_id": pl.String,
        "title": pl.String,
        "status": pl.String,
        "status_before": pl.String,
        "came_from_queue": pl.Boolean,
        "was_queued": pl.Boolean,
        "retry_count": pl.Int64,
        "is_retriable": pl.Boolean,
        "error_message": pl.String,
        "retry_after": _UTC,
        "label": pl.String,
        "has_label_hint": pl.Boolean,
        "label_written": pl.Boolean,
        "label_tier": pl.Int8,
        "label_source": pl.String,
        "artist_written": pl.Boolean,
        "artist_tier": pl.Int8,
        "artist_source": pl.String,
        "primary_artists": _NAMES,
        "plays": pl.Int64,
    }
)
PROPOSED = pl.Schema({name: dtype for name, dtype in PROPOSALS.items() if name not in ("artist_id", "evidence")})
RUNS = pl.Schema(
    {
        "run_id": pl.String,
        "command": pl.String,
        "started_at": _UTC,
        "finished_at": _UTC,
        "is_undone": pl.Boolean,
        "summary": pl.String,
        "proposals": pl.Int64,
        "writes": pl.Int64,
    }
)
TREND = pl.Schema({"date": pl.Date, "success_rate": pl.Float64})
QUEUE_WEEKS = pl.Schema({"week": pl.Date, "tracks": pl.Int64})


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Everything read, as of one moment of the database."""

    database: str
    states: pl.DataFrame
    proposals: pl.DataFrame
    runs: pl.DataFrame
    slots: dict[str, int]
    trend: pl.DataFrame
    coverage: dict[str, float] | None
    """The specification's label coverage; None in a database without tracks."""
    queue: dict[str, Any]
    queue_weeks: pl.DataFrame
    aliases: pl.DataFrame
    truth: pl.DataFrame | None
    """None where nothing is planted: any database but a demo world."""


def read_counts(settings: Settings, *, now: datetime) -> Counts:
    """Read it all under one snapshot of the database.

    Raises:
        DatabaseError: Postgres is down, or the cool-down columns or the ledger are missing.
    """
    with database_errors(settings, doing="report"), connect(settings) as con:
        con.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        con.read_only = True
        return _read(con, now)


def _read(con: psycopg.Connection[TupleRow], now: datetime) -> Counts:
    states = _frame(con, REPORTING["track_states"], STATES)
    tracks = con.execute("select exists (select from tracks)").fetchone()
    coverage = _row(con, DASHBOARDS["label_coverage"]) if tracks and tracks[0] else None
    return Counts(
        database=con.info.dbname,
        states=states,
        proposals=_frame(con, REPORTING["all_proposals"], PROPOSED),
        runs=_frame(con, REPORTING["all_runs"], RUNS),
        slots={k: int(v) for k, v in _row(con, REPORTING["slots"]).items()},
        trend=_frame(con, DASHBOARDS["success_rate_trend"], TREND).sort("date"),
        coverage=None if coverage is None else {k: float(v) for k, v in coverage.items()},
        queue=_row(con, COOLDOWN["queue_stats"], now=now),
        queue_weeks=_frame(con, REPORTING["queue_by_week"], QUEUE_WEEKS),
        aliases=_frame(con, REPORTING["artist_aliases"], ALIASES),
        truth=_truth(con),
    )


def _truth(con: psycopg.Connection[TupleRow]) -> pl.DataFrame | None:
    found = read_truth(con)
    return None if found is None else found.match_to_schema(TRUTH)


def _frame(con: psycopg.Connection[TupleRow], query: Query, schema: pl.Schema, **values: object) -> pl.DataFrame:
    rows = con.execute(query.postgres, query.bind(values)).fetchall()
    return pl.DataFrame(rows, schema=schema, orient="row", strict=False)


def _row(con: psycopg.Connection[TupleRow], query: Query, **values: object) -> dict[str, Any]:
    cursor = con.execute(query.postgres, query.bind(values))
    names = [column.name for column in cursor.description or ()]
    return dict(zip(names, cursor.fetchone() or (None,) * len(names), strict=True))
