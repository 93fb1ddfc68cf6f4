"""`replay`: real history, walked step by step through import, tiers, write-back and cool-down, and what came of it.

Reads tracklist files and, where given, a table of what real unknowns turned out to be; writes the result as JSON. A
step ends at midnight after its last day, and that is the time everything in it happens: what a later set says cannot be
known earlier. All is written to a `scratch_database`: a second embedded server, made, and removed without a trace. A
replay that was killed leaves its folder behind; the next one removes it. The database the settings name is never
touched.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from os import PathLike
from pathlib import Path
from uuid import uuid4

import filelock
import polars as pl
import psycopg
from psycopg import sql
from pydantic import SecretStr

from enrich.cooldown import queue
from enrich.cooldown.periods import STRATEGIES
from enrich.database import server
from enrich.database.migrations import migrate
from enrich.errors import DatabaseError, EnrichError, InputFileError, undoing
from enrich.frames.files import check_place, read_table, require_columns, unlink_all, write_json
from enrich.importing.running import import_
from enrich.ledger.policy import read_policy
from enrich.pipeline.cycle import trigger
from enrich.replaying.unknowns import (
    Promos,
    ReplayResult,
    Step,
    plant_promos,
    read_outcomes,
    recovery_curve,
    with_truth,
)
from enrich.rules import DEFAULT_STRATEGY, PROJECTED_DAYS
from enrich.settings import Settings
from enrich.snapshots.taking import snapshot
from enrich.text.normalise import artist_key
from enrich.tracklists.reading import read_tracklists

#: Days after the set at which the recovery curve is read off: weekly for two months, then monthly for two years.
GRID_DAYS = (*range(0, 63, 7), *range(90, 731, 30), *PROJECTED_DAYS)
#: More tracks than any history has: nothing is left over for want of room.
_ALL = 1_000_000
_FOLDER, _LOCK_NAME = "scratch", "alive.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Which sets are replayed; None leaves a choice open."""

    dj: str | None = None  # only this DJ's
    sets: str | None = None  # only those whose id or name holds this text, in any case
    start: date | None = None  # the first day; None: the first set's
    end: date | None = None  # the last day; None: the last set's

    def chosen(self, slots: pl.DataFrame) -> pl.DataFrame:
        """The slots of these sets. Raises InputFileError: there are none."""
        chosen = slots.filter(pl.col("set_date").is_between(self.start or date.min, self.end or date.max))
        if self.dj is not None:
            chosen = chosen.filter(artist_key(pl.col("dj")) == artist_key(pl.lit(self.dj)))
        if self.sets is not None:
            text = pl.col("set_id", "set_name").str.to_lowercase()
            chosen = chosen.filter(pl.any_horizontal(text.str.contains(self.sets.lower(), literal=True)))
        if chosen.is_empty():
            raise InputFileError("no dated set is left to replay; check --dj, --sets, --from and --to")
        return chosen


def replay(
    paths: str | PathLike[str] | Iterable[str | PathLike[str]],
    *,
    settings: Settings,
    step_days: int = 30,
    out: Path | None = None,
    truth: Path | None = None,
    history: History | None = None,
    promos: Promos | None = None,
    strategy: str = DEFAULT_STRATEGY,
    policy: str | None = None,
    on_step: Callable[[Step, int], None] = lambda step, of: None,
) -> ReplayResult:
    """Walk real sets in date order: which unknowns get their name, when, by which tier, and how rightly.

    Args:
        paths, truth: Tracklist files, of which sets without a date are left out; and a table of what real unknowns are:
            set_id, position, true_artist; optional true_title, evidence_date.
        settings: `data_dir` holds the scratch database, `auto_accept` is the policy; nothing else is read.
        step_days, on_step, out: Days a step lives through, >= 1; told of each step and their number; the JSON's place.
        history, promos: Which sets (None: all); which recordings begin as promos (None: a quarter, for six weeks).
        strategy, policy: Of the cool-down; as `ENRICH_AUTO_ACCEPT` is written, None: the settings'.

    Raises:
        InputFileError: a file cannot be used, or has no dated set of those asked for.
        EnrichError: an argument out of range, or a policy that cannot be read.
        DatabaseError: the scratch database cannot be made.
    """
    history, promos = history or History(), promos or Promos()
    settings = settings if policy is None else settings.model_copy(update={"auto_accept": policy})
    _check(settings, step_days=step_days, strategy=strategy, out=out)
    needed = ["set_id", "position", "true_artist"]
    told = None if truth is None else require_columns(read_table(truth), needed, path=truth)
    slots = history.chosen(read_tracklists(paths).slots)
    days = slots["set_date"].sort()
    first, last = history.start or days[0], history.end or days[-1]
    seen, unknowns = plant_promos(slots, promos)
    unknowns = unknowns if told is None else with_truth(unknowns, told)
    steps = periods(first, last, step_days=step_days)
    with scratch_database(settings) as scratch:
        done: list[Step] = []
        for step in walk(scratch, seen, steps=steps, strategy=strategy):
            done.append(step)
            on_step(step, len(steps))
        outcomes, proposed = read_outcomes(scratch, unknowns)
    asked = {"step_days": step_days, "dj": history.dj, "sets": history.sets, "promo_share": promos.share}
    asked |= {"promo_weeks": promos.weeks, "seed": promos.seed, "strategy": strategy}
    result = ReplayResult(
        parameters=asked | {"policy": settings.auto_accept, "truth_rows": 0 if told is None else told.height},
        start=first,
        end=last,
        steps=done,
        outcomes=outcomes,
        proposed=proposed,
        curve=recovery_curve(outcomes, ends=last + timedelta(days=1), grid_days=GRID_DAYS),
    )
    if out is not None:
        write_json(result.asdict(), out)
    return result


def _check(settings: Settings, *, step_days: int, strategy: str, out: Path | None) -> None:
    if step_days < 1:
        raise EnrichError(f"a step must be at least one day, got {step_days}")
    if strategy not in STRATEGIES:
        raise EnrichError(f"no cool-down strategy {strategy!r}; known are {', '.join(STRATEGIES)}")
    if out is not None:
        # Said now, not after minutes of work.
        if not out.absolute().parent.is_dir():
            raise InputFileError(f"{out}: cannot be written; name a file in a folder that exists")
        check_place(out)
    read_policy(settings)


def periods(first: date, last: date, *, step_days: int) -> list[tuple[date, date]]:
    """Periods [start, end) of `step_days` (>= 1) that cover the days first … last, the last one whole."""
    starts = [first + timedelta(days=n) for n in range(0, (last - first).days + 1, step_days)]
    return [(start, start + timedelta(days=step_days)) for start in starts]


def walk(
    settings: Settings, slots: pl.DataFrame, *, steps: list[tuple[date, date]], strategy: str = DEFAULT_STRATEGY
) -> Iterator[Step]:
    """Live through the periods one by one, with SLOTS that are dated; those outside the periods are left out.

    `settings` have an empty, migrated database, a folder for snapshots, and the auto-accept policy.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    file = settings.data_dir / "step.parquet"
    for start, end in steps:
        now = datetime.combine(end, time(), tzinfo=UTC)
        played = slots.filter(pl.col("set_date").is_between(start, end, closed="left"))
        if not played.is_empty():
            # Components are lists the flat table has no place for; they are read from the titles again.
            played.drop("components", "source", "file", "line", strict=False).write_parquet(file)
            import_(file, settings=settings, now=now)
            file.unlink()
        retried = queue.process(settings, now=now, limit=_ALL).reset_to_pending
        tried = artists = labels = parked = spent = 0
        if retried or not played.is_empty():
            at = snapshot(settings, now=now)
            # The shipped ranker was trained on public tracklists, later years included: it would know the future.
            cycle = trigger(settings, now=now, limit=_ALL, apply=True, snapshot=at, learned=False)
            # Hundreds of steps would fill a disk with snapshots nobody asks for again.
            unlink_all((at, at.with_suffix(".json")))
            moved = queue.migrate(settings, now=now, limit=_ALL, strategy=strategy)
            tried, artists, labels = cycle.processed, cycle.artists_updated, cycle.labels_updated
            parked, spent = moved.migrated + cycle.back_in_cooldown, moved.skipped
        yield Step(end, played["set_id"].n_unique(), played.height, retried, tried, artists, labels, parked, spent)


@contextmanager
def scratch_database(settings: Settings) -> Iterator[Settings]:
    """Settings of an empty, migrated music database that lives as long as the block, in the `data_dir` of `settings`.

    Raises DatabaseError: the folder cannot be written to, or the server does not start.
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
        with psycopg.connect(admin, autocommit=True) as con:
            con.execute(
                sql.SQL("alter database {} set synchronous_commit = off").format(sql.Identifier(server.DATABASE))
            )
        ready = own.model_copy(update={"database_url": SecretStr(server.embedded_url(own))})
        migrate(ready)
        yield ready


def _remove_server(own: Settings) -> None:
    server.stop(own)
    # The lock goes last: by it the next replay finds what there was no time to remove.
    for folder in (own.data_dir / "postgres", own.data_dir):
        shutil.rmtree(folder, ignore_errors=True)


def _remove_abandoned(root: Path) -> None:
    for lock in sorted(root.glob(f"*/{_LOCK_NAME}")):
        try:
            with filelock.FileLock(lock, timeout=0):
                _remove_server(Settings(_env_file=None, database_url=None, data_dir=lock.parent))
        except filelock.Timeout:
            continue
