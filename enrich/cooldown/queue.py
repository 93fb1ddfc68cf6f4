"""The queue in Postgres (`enrichment_status`): failed tracks go in, due tracks come out, each in one transaction. Any
number of workers may run these at once: rows are locked and passed over, never taken twice.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import polars as pl
import psycopg
from psycopg.rows import dict_row

from enrich.cooldown.periods import STRATEGIES, jitter_share, period_expr
from enrich.database.connection import connect
from enrich.database.errors import database_errors
from enrich.errors import EnrichError
from enrich.rules import BASE_DAYS, DEFAULT_STRATEGY, MAX_ATTEMPTS, MAX_WAIT_DAYS, STUCK_HOURS
from enrich.settings import Settings
from enrich.sql import COOLDOWN
from enrich.text.words import is_label

#: What the query `waiting_facts` tells of each track.
_FACTS = pl.Schema(
    {"track_id": pl.String(), "retry_count": pl.Int64(), "own_strategy": pl.String(), "own_base_days": pl.Int64()}
    | {"labels": pl.List(pl.String()), "age_days": pl.Float64()}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrateResult:
    """What `migrate` did: failed tracks looked at, put into the queue, and passed over as exhausted."""

    candidates: int
    migrated: int
    skipped: int

    def asdict(self) -> dict[str, Any]:
        """The response body of the specification."""
        message = f"Migrated {self.migrated} tracks to cool-down queue"
        return {"status": "completed", "message": message, "stats": asdict(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessResult:
    """What `process` did: due tracks found and set back to pending."""

    retrieved: int
    reset_to_pending: int
    enrichment_triggered: int = 0
    failed: int = 0

    def asdict(self) -> dict[str, Any]:
        """The response body of the specification."""
        message = f"Reset {self.reset_to_pending} tracks to pending"
        note = "Tracks reset to pending will be processed in next enrichment cycle"
        return {"status": "completed", "message": message, "stats": asdict(self), "note": note}


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStats:
    """How the queue stands: tracks in it, due, waiting; the next time one falls due (UTC); mean retries so far."""

    total_in_queue: int
    ready_for_retry: int
    waiting: int
    next_retry_time: datetime | None
    avg_retry_attempts: float
    permanently_failed: int
    retriable: int  # failed for a reason that passes: not parked, but retried by the next cycle

    def asdict(self) -> dict[str, Any]:
        """The response body of the specification, and the permanently failed and the retriable beside it.

        The next retry is rounded up to a full second: whoever asks again then finds the track due.
        """
        queue = asdict(self)
        apart = {name: queue.pop(name) for name in ("permanently_failed", "retriable")}
        following = self.next_retry_time
        if following is not None and following.microsecond:
            queue["next_retry_time"] = following.replace(microsecond=0) + timedelta(seconds=1)
        return {"status": "success", "cooldown_queue": queue, **apart}


def migrate(
    settings: Settings,
    *,
    now: datetime,
    limit: int = 100,
    strategy: str | None = None,
    base_days: int | None = None,
    jitter: float = 0.0,
    with_retriable: bool = False,
    apply: bool = True,
) -> MigrateResult:
    """Put failed tracks into the queue, longest waiting first; exhausted ones are counted and stay failed.

    Args:
        now: The time of failing, with time zone; the period starts here.
        limit: At most this many failed tracks are looked at; >= 1.
        strategy: See `enrich.cooldown.periods`; None: each track's own, under which it waited before, else `adaptive`.
        base_days: Base period in days, of this wait and those after it; >= 1. None: each track's own, else 90.
        jitter: Share (0–0.5) by which a period is stretched or shortened, fixed for each track, to spread a batch.
        with_retriable: Also failures that pass, which `trigger` would retry.
        apply: False only counts.

    Raises:
        EnrichError: limit, strategy, base_days or jitter out of range.
        DatabaseError: Postgres is down or migration 008 is missing.
    """
    _check_limit(limit)
    if apply:
        settle_strays(settings, now=now)
    with _transaction(settings, "cool-down migrate") as cur:
        rules = {"max_attempts": MAX_ATTEMPTS, "with_retriable": with_retriable}
        COOLDOWN["failed_candidates"].execute(cur, limit_rows=limit, **rules)
        candidates = cur.fetchall()
        chosen = [row["track_id"] for row in candidates if not row["is_exhausted"]]
        if apply:
            enqueue(cur, chosen, now=now, strategy=strategy, base_days=base_days, jitter=jitter)
    return MigrateResult(candidates=len(candidates), migrated=len(chosen), skipped=len(candidates) - len(chosen))


def enqueue(
    cur: psycopg.Cursor[dict[str, Any]],
    track_ids: Sequence[object],
    *,
    now: datetime,
    strategy: str | None = None,
    base_days: int | None = None,
    jitter: float = 0.0,
) -> None:
    """Write the waiting time of tracks already locked by the caller's transaction; see `migrate`."""
    if not 0 <= jitter <= 0.5:
        raise EnrichError(f"cool-down jitter must lie between 0 and 0.5, got {jitter}")
    if strategy is not None and strategy not in STRATEGIES:
        raise EnrichError(f"unknown cool-down strategy {strategy!r}; known are {', '.join(STRATEGIES)}")
    facts = COOLDOWN["waiting_facts"].fetch(cur, _FACTS, track_ids=list(track_ids), now=now)
    own = pl.col("own_strategy") if strategy is None else pl.lit(strategy)
    base = pl.col("own_base_days").clip(1).fill_null(BASE_DAYS) if base_days is None else pl.lit(base_days)
    waiting = facts.with_columns(
        base_days=base.cast(pl.Int64),
        strategy=pl.when(own.is_in(STRATEGIES)).then(own).otherwise(pl.lit(DEFAULT_STRATEGY)),
        share=pl.Series([jitter_share(track) for track in facts["track_id"]], dtype=pl.Float64),
    )
    days = _days(waiting["base_days"].unique().to_list() or [BASE_DAYS])
    waiting = waiting.with_columns(hours=(days * 24 * (1 + jitter * pl.col("share"))).clip(1, MAX_WAIT_DAYS * 24))
    rows = waiting.select("hours", "base_days", track_ids="track_id", strategies="strategy")
    COOLDOWN["put_in_queue"].execute(cur, now=now, **rows.to_dict(as_series=False))


def _days(bases: Sequence[int]) -> pl.Expr:
    """The period of each row by the strategy and the base it names."""
    has_label = pl.col("labels").list.eval(is_label(pl.element())).list.any()
    days = partial(period_expr, attempt=pl.col("retry_count"), has_label=has_label, age_days=pl.col("age_days"))
    try:
        return pl.coalesce(
            pl.when(pl.col("strategy") == name, pl.col("base_days") == base).then(days(name, base_days=base))
            for name in STRATEGIES
            for base in bases
        )
    except ValueError as error:
        raise EnrichError(str(error)) from None


def settle_strays(settings: Settings, *, now: datetime) -> None:
    """Take up rows that nobody would: `in_progress` for `STUCK_HOURS`, and states under another program's names."""
    with _transaction(settings, "cool-down") as cur:
        COOLDOWN["settle_strays"].execute(cur, now=now, stuck_hours=STUCK_HOURS, max_attempts=MAX_ATTEMPTS)


def process(settings: Settings, *, now: datetime, limit: int = 50) -> ProcessResult:
    """Set tracks whose `retry_after` is up to now back to `pending`, oldest first, at most `limit`; >= 1.

    Raises EnrichError: limit out of range. DatabaseError: Postgres is down or migration 008 is missing.
    """
    _check_limit(limit)
    settle_strays(settings, now=now)
    with _transaction(settings, "cool-down process") as cur:
        COOLDOWN["take_due"].execute(cur, now=now, limit_rows=limit)
        taken = len(cur.fetchall())
    return ProcessResult(retrieved=taken, reset_to_pending=taken)


def stats(settings: Settings, *, now: datetime) -> QueueStats:
    """How the queue stands at `now`; raises as `process`."""
    with _transaction(settings, "cool-down stats") as cur:
        COOLDOWN["queue_stats"].execute(cur, now=now)
        queue = cur.fetchone()
        COOLDOWN["failed_apart"].execute(cur, max_attempts=MAX_ATTEMPTS)
        failed = cur.fetchone()
    assert queue is not None
    assert failed is not None
    return QueueStats(**queue, **failed)


@contextmanager
def _transaction(settings: Settings, doing: str) -> Iterator[psycopg.Cursor[dict[str, Any]]]:
    with database_errors(settings, doing=doing), connect(settings) as con, con.cursor(row_factory=dict_row) as cur:
        yield cur


def _check_limit(limit: int) -> None:
    if limit < 1:
        raise EnrichError(f"limit must be >= 1, got {limit}")
