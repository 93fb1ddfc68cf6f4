"""A year of the queue, simulated on releases drawn from a release-lag curve, by the periods that the queue itself runs:
what each strategy recovers, what it spends, and how late it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

from enrich.cooldown.periods import STRATEGIES, period_expr
from enrich.cooldown.survival import HORIZON_DAYS, Floats, ReleaseCurve, default_curves
from enrich.rules import MAX_ATTEMPTS

#: The specification's count: 26 of 635 failed tracks have a label.
LABEL_SHARE = 26 / 635
_YEAR = 365

#: Days to wait after a failure, by columns attempt, has_label and age_days: see `enrich.cooldown.periods.period_expr`.
Schedule = Callable[..., pl.Expr]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracks:
    """Failed tracks: the day each enters the queue, its age in days then, the day it is out (may be infinite)."""

    enters: Floats
    age: Floats
    out_on: Floats
    has_label: np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """`summary`: one row per strategy; `by_day`: strategy, day, recovered (percent of all tracks so far)."""

    summary: pl.DataFrame
    by_day: pl.DataFrame


def draw_tracks(curve: ReleaseCurve, *, seed: int, tracks: int = 20_000, backlog: float = 0.5) -> Tracks:
    """Draw a year's failed tracks, released as the curve says.

    A share `backlog` is in the queue on day 0, first played up to two years before and not out yet; the others are
    played for the first time, and fail, evenly over the year.
    """
    rng = np.random.default_rng(seed)
    is_old = rng.random(tracks) < backlog
    enters = np.where(is_old, 0.0, np.floor(rng.random(tracks) * _YEAR))
    # The older a played track, the less likely that it is still waiting: thin the ages by the curve.
    ages = np.floor(rng.random(4 * tracks + 100) * HORIZON_DAYS)
    waiting = ages[rng.random(len(ages)) < curve.unreleased_at(ages)]
    age = np.where(is_old, np.resize(waiting, tracks), 0.0)
    lag = curve.draw(age, rng)
    return Tracks(enters=enters, age=age, out_on=enters + lag - age, has_label=rng.random(tracks) < LABEL_SHARE)


def simulated_year(*, seed: int = 0, tracks: int = 5_000) -> Simulation:
    """The year that report and notebook show: every strategy on releases drawn from the shipped curve."""
    return simulate(draw_tracks(default_curves()["release"], seed=seed, tracks=tracks))


def simulate(
    tracks: Tracks,
    *,
    strategies: Sequence[str] = STRATEGIES,
    schedules: Mapping[str, Schedule] | None = None,
    days: int = _YEAR,
) -> Simulation:
    """Run the queue over the same tracks under each strategy, and under further schedules by name.

    A look-up is taken to find whatever is out by then: what strategies differ in is when they look.

    Returns:
        summary: strategy; tracks; released (of them, out by the last day: the most that could be recovered);
        recovered; recovered_pct (of tracks); look_ups; per_recovery (look-ups spent for each); median_delay (days from
        release, or entering where later, to recovery); exhausted (retries spent, still failed).
    """
    named: dict[str, Schedule] = {name: partial(period_expr, name) for name in strategies} | dict(schedules or {})
    rows, curves = [], []
    for name, schedule in named.items():
        row, found_on = _run(tracks, schedule, days=days)
        rows.append({"strategy": name, **row})
        recovered = np.searchsorted(np.sort(found_on), np.arange(days + 1), side="right")
        curves.append(
            pl.DataFrame({"day": np.arange(days + 1), "recovered": 100 * recovered / len(found_on)}).select(
                pl.lit(name).alias("strategy"), "day", "recovered"
            )
        )
    return Simulation(summary=pl.DataFrame(rows), by_day=pl.concat(curves))


def _run(tracks: Tracks, schedule: Schedule, *, days: int) -> tuple[dict[str, float | int | None], Floats]:
    rule = schedule(attempt=pl.col("attempt"), has_label=pl.col("has_label"), age_days=pl.col("age_days"))
    now, waiting = tracks.enters.copy(), np.ones(len(tracks.enters), dtype=np.bool_)
    found_on = np.full(len(now), np.inf)
    look_ups = 0
    exhausted = 0
    for attempt in range(MAX_ATTEMPTS):
        frame = pl.DataFrame(
            {"age_days": tracks.age + now - tracks.enters, "has_label": tracks.has_label, "attempt": attempt}
        )
        now = now + frame.select(rule.alias("days"))["days"].to_numpy()
        looked = waiting & (now <= days)
        found = looked & (tracks.out_on <= now)
        look_ups += int(looked.sum())
        found_on[found] = now[found]
        waiting = looked & ~found
        exhausted = int(waiting.sum())
    recovered = np.isfinite(found_on)
    # A track already out when it came into the queue is late from then on.
    late = found_on[recovered] - np.maximum(tracks.out_on, tracks.enters)[recovered]
    count = int(recovered.sum())
    return {
        "tracks": len(now),
        "released": int((tracks.out_on <= days).sum()),
        "recovered": count,
        "recovered_pct": 100 * count / len(now),
        "look_ups": look_ups,
        "per_recovery": look_ups / count if count else None,
        "median_delay": float(np.median(late)) if count else None,
        "exhausted": exhausted,
    }, found_on
