"""Walk through history: each step imports the sets of its days, tries what is unknown, writes back, cools down.

A step ends at midnight after its last day, and that is the time everything in it happens: what a later set says cannot
be known earlier. Writes the database it is given, which is meant to be a `scratch_database`: a second embedded server,
made, and removed without a trace. A replay that was killed leaves its folder behind; the next one removes it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import uuid4

import filelock
import polars as pl
import psycopg
from psycopg import sql
from pydantic import SecretStr

from enrich.cooldown import queue
from enrich.database import server
from enrich.database.migrations import migrate
from enrich.errors import DatabaseError, undoing
from enrich.importing.running import import_
from enrich.pipeline.cycle import trigger
from enrich.rules import DEFAULT_STRATEGY
from enrich.settings import Settings
from enrich.snapshots.taking import snapshot

#: More tracks than any history has: nothing is left over for want of room.
_ALL = 1_000_000
_FOLDER, _LOCK_NAME = "scratch", "alive.lock"


@dataclass(frozen=True, slots=True)
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
    """Live through the periods one by one, with SLOTS that are dated; those outside the periods are left out.

    `settings` have an empty, migrated database, a folder for snapshots, and the auto-accept policy.
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
        sets = played["set_id"].n_unique()
        yield Step(period.end, sets, played.height, retried, tried, artists, labels, parked, spent)


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


@contextmanager
def scratch_database(settings: Settings) -> Iterator[Settings]:
    """Settings of an empty, migrated music database that lives as long as the block, in the `data_dir` of `settings`.

    Raises:
        DatabaseError: the folder cannot be written to, or the server does not start.
    """
    root = settings.data_dir.expanduser() / _FOLDER
    _remove_abandoned(root)
    home = root / uuid4().hex[:12]
    try:
        home.mkdir(parents=True)
    except OSError as e:
        raise DatabaseError(f"{root}: cannot keep a scratch database here ({e.strerror}); set ENRICH_DATA_DIR") from e
    # No outside source either: a replay of 2005 must not be told what they know today.
    changed = {"database_url": None, "data_dir": home, "search_path": "musicdb, public", "sources": ()}
    own = settings.model_copy(update=changed)
    with filelock.FileLock(home / _LOCK_NAME), undoing(lambda: _remove_server(own)):
        server.start(own)
        # Thrown away in the end, so nothing need survive a crash of the machine.
        admin = server.embedded_url(own, database="postgres", role=server.SUPERUSER)
        lax = sql.SQL("alter database {} set synchronous_commit = off").format(sql.Identifier(server.DATABASE))
        with psycopg.connect(admin, autocommit=True) as con:
            con.execute(lax)
        ready = own.model_copy(update={"database_url": SecretStr(server.embedded_url(own))})
        migrate(ready)
        yield ready


def _remove_server(own: Settings) -> None:
    server.stop(own)
    shutil.rmtree(own.data_dir, ignore_errors=True)


def _remove_abandoned(root: Path) -> None:
    for lock in sorted(root.glob(f"*/{_LOCK_NAME}")):
        try:
            with filelock.FileLock(lock, timeout=0):
                _remove_server(Settings(_env_file=None, database_url=None, data_dir=lock.parent))
        except filelock.Timeout:
            continue
