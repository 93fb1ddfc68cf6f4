"""Walk through history: each step imports the sets of its days, tries what is unknown, writes back, cools down.

A step ends at midnight after its last day, and that is the time everything in it happens: what a later set says cannot
be known earlier. Writes the database it is given, which is meant to be a scratch one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import polars as pl

from enrich.cooldown import queue
from enrich.importing.running import import_
from enrich.pipeline.cycle import trigger
from enrich.rules import DEFAULT_STRATEGY
from enrich.settings import Settings
from enrich.snapshots.taking import snapshot

#: More tracks than any history has: nothing is left over for want of room.
_ALL = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one step did. `ends` is the day after its last."""

    ends: date
    sets: int
    slots: int
    retried: int
    """Tracks whose cool-down had ended."""
    tried: int
    artists_written: int
    labels_written: int
    into_cooldown: int
    permanently_failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days [start, end)."""

    start: date
    end: date


def periods(first: date, last: date, *, step_days: int) -> list[Period]:
    """Periods of equal length that cover the days first … last, the last one whole.

    Raises:
        ValueError: step_days below 1.
    """
    if step_days < 1:
        raise ValueError(f"a step must be at least one day, got {step_days}")
    count = max((last - first).days // step_days + 1, 0)
    step = timedelta(days=step_days)
    return [Period(start=first + n * step, end=first + (n + 1) * step) for n in range(count)]


def walk(
    settings: Settings, slots: pl.DataFrame, *, steps: list[Period], strategy: str = DEFAULT_STRATEGY
) -> Iterator[Step]:
    """Live through the periods one by one.

    Args:
        settings: An empty, migrated database, a folder for snapshots, and the auto-accept policy.
        slots: SLOTS, dated; those outside the periods are left out.
        steps: In order.
        strategy: Of the cool-down, for tracks that fail for the first time.
    """
    for period in steps:
        now = datetime.combine(period.end, time(), tzinfo=UTC)
        played = slots.filter(pl.col("set_date").is_between(period.start, period.end, closed="left"))
        if not played.is_empty():
            _import(settings, played, now=now)
        retried = queue.process(settings, now=now, limit=_ALL).reset_to_pending
        tried = artists = labels = parked = spent = 0
        if retried or not played.is_empty():
            at = snapshot(settings, now=now)
            # The shipped ranker was trained on public tracklists, later years included: it would know the future.
            cycle = trigger(settings, now=now, limit=_ALL, apply=True, snapshot=at, learned=False)
            _remove(at)
            moved = queue.migrate(settings, now=now, limit=_ALL, strategy=strategy)
            tried, artists, labels = cycle.processed, cycle.artists_updated, cycle.labels_updated
            parked, spent = moved.migrated + cycle.back_in_cooldown, moved.skipped
        yield Step(
            ends=period.end,
            sets=played["set_id"].n_unique(),
            slots=played.height,
            retried=retried,
            tried=tried,
            artists_written=artists,
            labels_written=labels,
            into_cooldown=parked,
            permanently_failed=spent,
        )


def _import(settings: Settings, played: pl.DataFrame, *, now: datetime) -> None:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    file = settings.data_dir / "step.parquet"
    # Components are lists the flat table has no place for; they are read from the titles again.
    played.drop("components", "source", "file", "line", strict=False).write_parquet(file)
    import_(file, settings=settings, now=now)
    file.unlink()


def _remove(snapshot_file: Path) -> None:
    # Hundreds of steps would fill a disk with snapshots nobody asks for again.
    for path in (snapshot_file, snapshot_file.with_suffix(".json")):
        path.unlink(missing_ok=True)
