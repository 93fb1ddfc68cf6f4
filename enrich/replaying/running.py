"""`replay`: real history through import, tiers, write-back and cool-down on a scratch database, and what came of it.

Reads tracklist files and, where given, a table of what real unknowns turned out to be; writes the result as JSON.
The database the settings name is never touched.
Entry point: `replay`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from os import PathLike
from pathlib import Path
from typing import Any

import polars as pl

from enrich.cooldown.periods import STRATEGIES
from enrich.errors import EnrichError, InputFileError
from enrich.frames.files import read_table
from enrich.pipeline.policy import read_policy
from enrich.replaying.outcomes import (
    SIX_MONTHS,
    TWELVE_MONTHS,
    by_kind,
    by_source,
    by_threshold,
    read_outcomes,
    recovered_after,
    recovery_curve,
)
from enrich.replaying.promos import PROMO_SHARE, PROMO_WEEKS, plant_promos, with_truth
from enrich.replaying.scratch import scratch_database
from enrich.replaying.walking import Period, Step, periods, walk
from enrich.rules import DEFAULT_STRATEGY, PROJECTED_PERCENT
from enrich.settings import Settings
from enrich.text.normalise import artist_key
from enrich.tracklists.reading import read_tracklists

#: Days after the set at which the recovery curve is read off: weekly for two months, then monthly for two years.
GRID_DAYS = (*range(0, 63, 7), *range(90, 731, 30), SIX_MONTHS, TWELVE_MONTHS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayResult:
    """What replayed history gave; `asdict` is what the JSON file holds."""

    parameters: dict[str, Any]
    start: date
    end: date
    steps: list[Step]
    outcomes: pl.DataFrame
    """OUTCOMES: one row per unknown."""
    proposed: pl.DataFrame
    """PROPOSED."""
    curve: pl.DataFrame
    """See `recovery_curve`."""

    def asdict(self) -> dict[str, Any]:
        """Figures, curve and every resolved unknown by name, ready for JSON."""
        return {
            "parameters": self.parameters,
            "history": {
                "start": self.start,
                "end": self.end,
                "steps": len(self.steps),
                "sets": sum(step.sets for step in self.steps),
                "slots": sum(step.slots for step in self.steps),
                "look_ups": sum(step.tried for step in self.steps),
                "retries": sum(step.retried for step in self.steps),
            },
            "by_kind": by_kind(self.outcomes).to_dicts(),
            "by_source": by_source(self.outcomes, self.proposed).to_dicts(),
            "by_threshold": by_threshold(self.proposed).to_dicts(),
            "recovery": {
                "projected_percent": list(PROJECTED_PERCENT),
                "projected_over": "6 to 12 months",
                "after_6_months": recovered_after(self.curve, SIX_MONTHS),
                "after_12_months": recovered_after(self.curve, TWELVE_MONTHS),
            },
            "curve": self.curve.to_dicts(),
            "resolved": self.resolved().to_dicts(),
            "steps": [
                {name: getattr(step, name) for name in Step.__slots__}  # frozen with slots: no __dict__
                for step in self.steps
            ],
        }

    def resolved(self) -> pl.DataFrame:
        """The unknowns that got a name: which slot, what it was called, the name written, and whether it is right."""
        return self.outcomes.filter(pl.col("found_artist").is_not_null()).select(
            "set_id", "position", "dj", "set_date", "kind", "title", "found_artist", "true_artist", "true_title",
            "right", "found_on", "days", "retries", "tier", "source", "confidence",
        )  # fmt: skip


def replay(
    paths: str | PathLike[str] | Iterable[str | PathLike[str]],
    *,
    settings: Settings,
    step_days: int = 30,
    out: Path | None = None,
    truth: Path | None = None,
    dj: str | None = None,
    sets: str | None = None,
    start: date | None = None,
    end: date | None = None,
    promo_share: float = PROMO_SHARE,
    promo_weeks: int = PROMO_WEEKS,
    strategy: str = DEFAULT_STRATEGY,
    policy: str | None = None,
    seed: int = 1,
    on_step: Callable[[Step, int], None] | None = None,
) -> ReplayResult:
    """Walk real sets in date order and see which unknowns get their name, when, by which tier, and how rightly.

    Args:
        paths: Tracklist files. Sets without a date are left out.
        settings: `data_dir` holds the scratch database, `auto_accept` is the policy; nothing else is read.
        step_days: Days a step lives through; >= 1.
        out: Where the JSON goes; None: nowhere.
        truth: Table of what real unknowns are (set_id, position, true_artist; optional true_title, evidence_date).
        dj: Only this DJ's sets.
        sets: Only sets whose id or name holds this text, in any case.
        start: First day; None: the first set's.
        end: Last day; None: the last set's.
        promo_share: Share of recordings turned into promos.
        promo_weeks: How long they stay promos.
        strategy: Of the cool-down.
        policy: Auto-accept policy to try out, as `ENRICH_AUTO_ACCEPT` is written; None: the settings'.
        seed: Decides which recordings.
        on_step: Told of each step done, and how many there are.

    Raises:
        InputFileError: a file cannot be used, or has no dated set of those asked for.
        EnrichError: an argument out of range, or a policy that cannot be read.
        DatabaseError: the scratch database cannot be made.
    """
    _check(step_days=step_days, promo_share=promo_share, promo_weeks=promo_weeks, strategy=strategy, out=out)
    if policy is not None:
        settings = settings.model_copy(update={"auto_accept": policy})
    read_policy(settings.auto_accept)
    told = _truth(truth)
    slots = _chosen(read_tracklists(paths).slots, dj=dj, sets=sets, start=start, end=end)
    first, last = start or _day(slots["set_date"].min()), end or _day(slots["set_date"].max())
    seen, unknowns = plant_promos(slots, seed=seed, share=promo_share, weeks=promo_weeks)
    if told is not None:
        unknowns = with_truth(unknowns, told)
    steps = periods(first, last, step_days=step_days)
    with scratch_database(settings) as scratch:
        done = walk(scratch, seen, steps=steps, strategy=strategy, on_step=_counted(on_step, steps))
        outcomes, proposed = read_outcomes(scratch, unknowns)
    result = ReplayResult(
        parameters={
            "step_days": step_days, "dj": dj, "sets": sets, "promo_share": promo_share, "promo_weeks": promo_weeks,
            "strategy": strategy, "policy": settings.auto_accept, "seed": seed,
            "truth_rows": 0 if told is None else told.height,
        },
        start=first,
        end=last,
        steps=done,
        outcomes=outcomes,
        proposed=proposed,
        curve=recovery_curve(outcomes, ends=last + timedelta(days=1), grid_days=GRID_DAYS),
    )  # fmt: skip
    if out is not None:
        _write(out, result)
    return result


def _check(*, step_days: int, promo_share: float, promo_weeks: int, strategy: str, out: Path | None) -> None:
    if step_days < 1:
        raise EnrichError(f"a step must be at least one day, got {step_days}")
    if not 0 <= promo_share <= 1:
        raise EnrichError(f"the share of promos must lie between 0 and 1, got {promo_share}")
    if promo_weeks < 1:
        raise EnrichError(f"promos must stay so for at least one week, got {promo_weeks}")
    if strategy not in STRATEGIES:
        raise EnrichError(f"no cool-down strategy {strategy!r}; known are {', '.join(STRATEGIES)}")
    # Said now, not after minutes of work.
    if out is not None and (out.is_dir() or not out.absolute().parent.is_dir()):
        raise InputFileError(f"{out}: cannot be written; name a file in a folder that exists")


def _truth(path: Path | None) -> pl.DataFrame | None:
    if path is None:
        return None
    table = read_table(path)
    lacking = [name for name in ("set_id", "position", "true_artist") if name not in table.columns]
    if lacking:
        raise InputFileError(f"{path}: no column {', '.join(lacking)}; the truth needs set_id, position, true_artist")
    return table


def _chosen(
    slots: pl.DataFrame, *, dj: str | None, sets: str | None, start: date | None, end: date | None
) -> pl.DataFrame:
    chosen = slots.filter(pl.col("set_date").is_not_null())
    if dj is not None:
        chosen = chosen.filter(artist_key(pl.col("dj")) == artist_key(pl.lit(dj)))
    if sets is not None:
        named = [
            pl.col(c).str.to_lowercase().str.contains(sets.lower(), literal=True).fill_null(value=False)
            for c in ("set_id", "set_name")
        ]
        chosen = chosen.filter(pl.any_horizontal(named))
    if start is not None:
        chosen = chosen.filter(pl.col("set_date") >= start)
    if end is not None:
        chosen = chosen.filter(pl.col("set_date") <= end)
    if chosen.is_empty():
        raise InputFileError("no dated set is left to replay; check --dj, --sets, --from and --to")
    return chosen


def _day(value: object) -> date:
    assert isinstance(value, date)
    return value


def _counted(on_step: Callable[[Step, int], None] | None, steps: list[Period]) -> Callable[[Step], None] | None:
    if on_step is None:
        return None
    return lambda step: on_step(step, len(steps))


def _write(out: Path, result: ReplayResult) -> None:
    document = json.dumps(result.asdict(), default=str, ensure_ascii=False, indent=1) + "\n"
    partial = out.with_name(f".{out.name}.partial")
    try:
        partial.write_text(document, encoding="utf-8")
        partial.replace(out)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise InputFileError(f"{out}: cannot be written ({error.strerror})") from error
