"""What Postgres is asked to be shown: dashboards, and what the report counts, one frame a question.

Dashboards are the monitoring queries, the specification's own among them. Each is one query in sql/dashboards/, for
Postgres; on a snapshot the same text runs on its schema `raw` in DuckDB's dialect, with stand-ins
(sql/duckdb/dashboards.sql) for what migration 008 makes.

How often proposals were right is judged by the truth planted in a demo world, elsewhere by what people decided: for
reports and analysts only, nothing that enriches may import it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import lazy_loader
import polars as pl
import psycopg

from enrich.database.connection import connect
from enrich.database.errors import database_errors
from enrich.errors import EnrichError, SnapshotError
from enrich.measuring.judging import ALIASES, TRUTH
from enrich.measuring.scale import by_person
from enrich.resources import resource
from enrich.rules import MAX_ATTEMPTS
from enrich.settings import Settings, load_settings
from enrich.snapshots.opening import Snapshot, open_snapshot
from enrich.sql import COOLDOWN, DUCKDB, Query, QueryBook

#: Of no use on Postgres, and slow to load.
sqlglot = lazy_loader.load("sqlglot")

REPORTING = QueryBook("reporting")
DASHBOARDS = QueryBook("dashboards")

#: Postgres type → Polars, for frames without rows as well; all others are text.
_KINDS: dict[int, Any] = {
    16: pl.Boolean, 20: pl.Int64, 21: pl.Int16, 23: pl.Int32, 700: pl.Float32, 701: pl.Float64, 1700: pl.Float64,
    1082: pl.Date, 1114: pl.Datetime("us"), 1184: pl.Datetime("us", "UTC"),
    1009: pl.List(pl.String), 1015: pl.List(pl.String),
}  # fmt: skip
#: What each dashboard shows, in the order they are listed.
NAMES: dict[str, str] = resource("reporting/dashboards.toml")

#: The rules that dashboards count by.
_RULES = {"max_attempts": MAX_ATTEMPTS}
#: What stands on a snapshot for what Postgres has.
_STAND_INS = {"cooldown_queue_summary": "dashboard_queue_view", "cooldown_tracks_ready": "dashboard_ready_function"}


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
            if query.name in _STAND_INS:
                con.execute(DUCKDB[_STAND_INS[query.name]].text)
            frame: pl.DataFrame = con.sql(text, params={name: _RULES[name] for name in query.params} or None).pl()
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise SnapshotError(
                f"dashboard {query.name}: not in a snapshot ({str(error).splitlines()[0]}); ask Postgres, "
                "or migrate it and take a new one"
            ) from None
    frame = frame.with_columns(pl.selectors.decimal().cast(pl.Float64))
    return frame.clear() if "total" in frame.columns and frame["total"].sum() == 0 else frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What the report needs, as of one moment of the database; columns as the queries name them."""

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

    Raises DatabaseError: Postgres is down, or the cool-down columns or the ledger are missing.
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
        plain = {Decimal: float, UUID: str}
        rows = [[plain[type(v)](v) if type(v) in plain else v for v in row] for row in cur.fetchall()]
    return pl.DataFrame(rows, schema=columns, orient="row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """How many of the values judged were right."""

    right: int = 0
    judged: int = 0

    @property
    def rounded(self) -> float | None:
        """The share, 0–1, with four digits; None where nothing was judged."""
        return round(self.right / self.judged, 4) if self.judged else None

    def asdict(self) -> dict[str, Any]:
        """As JSON prints it."""
        return {"precision": self.rounded, "right": self.right, "judged": self.judged}


def read_truth(con: psycopg.Connection[Any]) -> pl.DataFrame | None:
    """The planted truth, schema TRUTH; None in a database that is no demo world."""
    row = con.execute("select to_regclass('enrich_demo_truth')").fetchone()
    if row is None or row[0] is None:
        return None
    rows = con.execute(
        "select track_id::text, true_artist, true_title, true_label, released_on, kind"
        " from enrich_demo_truth order by track_id"
    ).fetchall()
    return pl.DataFrame(rows, schema=TRUTH, orient="row")


def precision_by_band(judged: pl.DataFrame, *, width: float = 0.1, by: Sequence[str] = ("source",)) -> pl.DataFrame:
    """Proposals by band of confidence (width 0–1; the last holds 1), and how many were right; is_right null: not known.

    Returns:
        the columns of `by`, low, high, n, written, judged, right, precision (null where none was judged), confidence
        (its mean), decided and accepted by people. Rules without a measured confidence are in no band.
    """
    bands, is_right, status = round(1 / width), pl.col("is_right"), pl.col("status")
    low = ((pl.col("confidence") * bands + 1e-9).floor().clip(0, bands - 1) / bands).round(4)
    counted = {
        "n": pl.len(),
        "written": (status == "written").sum(),
        "judged": is_right.count(),
        "right": is_right.sum(),
        "precision": is_right.mean().round(4),
        "confidence": pl.col("confidence").mean().round(4),
        "decided": by_person().sum(),
        "accepted": (by_person() & status.is_in(["accepted", "written"])).sum(),
    }
    found = judged.drop_nulls("confidence").group_by(*by, low=low).agg(**counted).sort(*by, "low")
    found = found.cast({pl.UInt32: pl.Int64})
    return found.insert_column(len(by) + 1, (found["low"] + width).round(4).alias("high"))
