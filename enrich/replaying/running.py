"""`replay`: real history through import, tiers, write-back and cool-down on a scratch database, and what came of it.

Reads tracklist files and, where given, a table of what real unknowns turned out to be; writes the result as JSON.
The database the settings name is never touched.
Entry point: `replay`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from os import PathLike
from pathlib import Path

import polars as pl

from enrich.cooldown.periods import STRATEGIES
from enrich.errors import EnrichError, InputFileError
from enrich.frames.files import check_place, read_table, require_columns, write_json
from enrich.ledger.policy import read_policy
from enrich.replaying.outcomes import ReplayResult, read_outcomes, recovery_curve
from enrich.replaying.promos import Promos, plant_promos, with_truth
from enrich.replaying.walking import Step, periods, scratch_database, walk
from enrich.rules import DEFAULT_STRATEGY, PROJECTED_DAYS
from enrich.settings import Settings
from enrich.text.normalise import artist_key
from enrich.tracklists.reading import read_tracklists

#: Days after the set at which the recovery curve is read off: weekly for two months, then monthly for two years.
GRID_DAYS = (*range(0, 63, 7), *range(90, 731, 30), *PROJECTED_DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Which sets are replayed; None leaves a choice open."""

    dj: str | None = None
    """Only this DJ's."""
    sets: str | None = None
    """Only those whose id or name holds this text, in any case."""
    start: date | None = None
    """First day; None: the first set's."""
    end: date | None = None
    """Last day; None: the last set's."""

    def chosen(self, slots: pl.DataFrame) -> pl.DataFrame:
        """The slots of these sets.

        Raises:
            InputFileError: there are none.
        """
        chosen = slots.filter(pl.col("set_date").is_not_null())
        if self.dj is not None:
            chosen = chosen.filter(artist_key(pl.col("dj")) == artist_key(pl.lit(self.dj)))
        if self.sets is not None:
            named = [
                pl.col(c).str.to_lowercase().str.contains(self.sets.lower(), literal=True).fill_null(value=False)
                for c in ("set_id", "set_name")
            ]
            chosen = chosen.filter(pl.any_horizontal(named))
        if self.start is not None:
            chosen = chosen.filter(pl.col("set_date") >= self.start)
        if self.end is not None:
            chosen = chosen.filter(pl.col("set_date") <= self.end)
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
        paths: Tracklist files. Sets without a date are left out.
        settings: `data_dir` holds the scratch database, `auto_accept` is the policy; nothing else is read.
        step_days: Days a step lives through; >= 1.
        out: Where the JSON goes.
        truth: What real unknowns are: set_id, position, true_artist; optional true_title, evidence_date.
        history, promos: Which sets (None: all); which recordings begin as promos (None: a quarter, for six weeks).
        strategy, policy: Of the cool-down; as `ENRICH_AUTO_ACCEPT` is written, None: the settings'.
        on_step: Told of each step done, and how many there are.

    Raises:
        InputFileError: a file cannot be used, or has no dated set of those asked for.
        EnrichError: an argument out of range, or a policy that cannot be read.
        DatabaseError: the scratch database cannot be made.
    """
    history, promos = history or History(), promos or Promos()
    _check(step_days=step_days, strategy=strategy, out=out)
    settings = settings if policy is None else settings.model_copy(update={"auto_accept": policy})
    read_policy(settings)
    told = None if truth is None else _truth(truth)
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
    asked = {"step_days": step_days, "dj": history.dj, "sets": history.sets, **promos.told(), "strategy": strategy}
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


def _check(*, step_days: int, strategy: str, out: Path | None) -> None:
    if step_days < 1:
        raise EnrichError(f"a step must be at least one day, got {step_days}")
    if strategy not in STRATEGIES:
        raise EnrichError(f"no cool-down strategy {strategy!r}; known are {', '.join(STRATEGIES)}")
    # Said now, not after minutes of work.
    if out is not None and not out.absolute().parent.is_dir():
        raise InputFileError(f"{out}: cannot be written; name a file in a folder that exists")
    if out is not None:
        check_place(out)


def _truth(path: Path) -> pl.DataFrame:
    table = read_table(path)
    require_columns(table, ["set_id", "position", "true_artist"], path=path)
    return table
