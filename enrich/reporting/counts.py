"""What the report needs from Postgres, read in one transaction: one frame a question, nothing computed yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import polars as pl
import psycopg

from enrich.database.connection import connect
from enrich.database.errors import database_errors
from enrich.measuring.judging import ALIASES, TRUTH
from enrich.reporting.precision import read_truth
from enrich.settings import Settings
from enrich.sql import COOLDOWN, Query, QueryBook

REPORTING = QueryBook("reporting")
DASHBOARDS = QueryBook("dashboards")

#: Postgres type → Polars, for frames without rows as well; all others are text.
_KINDS: dict[int, Any] = {
    16: pl.Boolean, 20: pl.Int64, 21: pl.Int16, 23: pl.Int32, 700: pl.Float32, 701: pl.Float64, 1700: pl.Float64,
    1082: pl.Date, 1114: pl.Datetime("us"), 1184: pl.Datetime("us", "UTC"),
    1009: pl.List(pl.String), 1015: pl.List(pl.String),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Everything read, as of one moment of the database; columns as the queries name them."""

    database: str
    states: pl.DataFrame
    proposals: pl.DataFrame
    runs: pl.DataFrame
    slots: dict[str, Any]
    trend: pl.DataFrame
    coverage: dict[str, Any] | None
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
        states, truth = frame_of(con, REPORTING["track_states"]), read_truth(con)
        return Counts(
            database=con.info.dbname,
            states=states,
            proposals=frame_of(con, REPORTING["all_proposals"]),
            runs=frame_of(con, REPORTING["all_runs"]),
            slots=frame_of(con, REPORTING["slots"]).row(0, named=True),
            trend=frame_of(con, DASHBOARDS["success_rate_trend"]).sort("date"),
            coverage=None if states.is_empty() else frame_of(con, DASHBOARDS["label_coverage"]).row(0, named=True),
            queue=frame_of(con, COOLDOWN["queue_stats"], now=now).row(0, named=True),
            queue_weeks=frame_of(con, REPORTING["queue_by_week"]),
            aliases=frame_of(con, REPORTING["artist_aliases"]).match_to_schema(ALIASES),
            truth=None if truth is None else truth.match_to_schema(TRUTH),
        )


def frame_of(con: psycopg.Connection[Any], query: Query, **values: object) -> pl.DataFrame:
    """The rows of a query, decimals as Float64, ids as text."""
    with con.cursor() as cur:
        cur.execute(query.postgres, query.bind(values) or None)
        columns = {column.name: _KINDS.get(column.type_code, pl.String) for column in cur.description or ()}
        rows = [tuple(map(_plain, row)) for row in cur.fetchall()]
    return pl.DataFrame(rows, schema=columns, orient="row")


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    return str(value) if isinstance(value, UUID) else value
