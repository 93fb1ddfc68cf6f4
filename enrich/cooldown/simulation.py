"""A year of the queue, simulated on releases drawn from a release-lag curve, by the periods that the queue itself runs:
what each strategy recovers, what it spends, and how late it is.

A curve is the share of promos still not out so many days after their first play, fitted as Kaplan–Meier by `lifelines`
(the extra `survival`), what was never seen released censored; the package ships a table of figures.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from enrich.cooldown.periods import STRATEGIES, period_expr
from enrich.errors import EnrichError
from enrich.resources import resource
from enrich.rules import MAX_ATTEMPTS

#: Nothing is asked of a curve beyond two years: later "releases" are mostly reissues. Longer lags are censored here.
HORIZON_DAYS = 730
#: Days at which a curve is kept.
GRID_DAYS = (*range(0, HORIZON_DAYS, 7), HORIZON_DAYS)
#: With fewer releases than this a curve says nothing.
MIN_RELEASES = 20

_DATE: Any = pl.Date

#: `is_over`: the release (or the name) was seen after `days`; else nothing was seen for that long.
LAGS = pl.Schema({"cohort": pl.String, "first_played": _DATE, "days": pl.Int32, "is_over": pl.Boolean})

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCurve:
    """The share still unreleased (`unreleased`, with its 95 % interval) at each of `days` after the first play."""

    name: str
    days: Sequence[int]
    unreleased: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    recordings: int
    releases: int

    def unreleased_at(self, days: npt.ArrayLike) -> Floats:
        """Share still unreleased at any day, straight lines between the grid points, level after the last."""
        return np.interp(np.asarray(days, dtype=np.float64), self.days, self.unreleased)

    def draw(self, age_days: Floats, rng: np.random.Generator) -> Floats:
        """Days from first play to release for tracks still unreleased at an age; infinite where it never comes."""
        level = rng.random(len(age_days)) * self.unreleased_at(age_days)
        # The curve falls; np.interp wants it rising.
        falling, at = np.asarray(self.unreleased)[::-1], np.asarray(self.days, dtype=np.float64)[::-1]
        return np.where(level < self.unreleased[-1], np.inf, np.maximum(np.interp(level, falling, at), age_days))

    def frame(self) -> pl.DataFrame:
        """curve, days, released, low, high (shares 0–1, the interval of `released`): what the chart draws."""
        still = {"released": self.unreleased, "low": self.high, "high": self.low}
        shares = {name: 1 - np.asarray(share) for name, share in still.items()}
        return pl.DataFrame({"curve": self.name, "days": self.days, **shares})


def fit_curve(lags: pl.DataFrame, *, name: str) -> ReleaseCurve:
    """Kaplan–Meier curve, called `name`, of LAGS of one kind or several.

    Raises EnrichError: too few releases to say anything, or `lifelines` is not installed.
    """
    try:
        from lifelines import KaplanMeierFitter
    except ImportError:
        raise EnrichError(
            "fitting a release curve needs the extra `survival`; install it with `pip install enrich[survival]`"
        ) from None
    days = lags["days"].to_numpy().astype(np.float64)
    is_over = lags["is_over"].to_numpy() & (days <= HORIZON_DAYS)
    if is_over.sum() < MIN_RELEASES:
        raise EnrichError(f"release curve {name}: {is_over.sum()} releases seen, at least {MIN_RELEASES} are needed")
    fitted = KaplanMeierFitter().fit(np.minimum(days, HORIZON_DAYS), is_over, timeline=np.asarray(GRID_DAYS))
    interval = fitted.confidence_interval_survival_function_.to_numpy()
    return ReleaseCurve(
        name=name,
        days=GRID_DAYS,
        unreleased=_rounded(fitted.survival_function_.to_numpy()[:, 0]),
        low=_rounded(interval[:, 0]),
        high=_rounded(interval[:, 1]),
        recordings=lags.height,
        releases=int(is_over.sum()),
    )


def database_lags(tracks: pl.DataFrame, *, today: date) -> pl.DataFrame:
    """LAGS, cohort `database`: days to release of played tracks, released after it or still not completed.

    `tracks` is the snapshot's mart (first_played, release_date, status), `today` its day: who has no release by then is
    censored there.
    """
    waiting = pl.col("release_date").is_null() & (pl.col("status") != "completed")
    return (
        tracks.filter(pl.col("first_played").is_not_null() & (pl.col("first_played") <= today))
        .filter(waiting | (pl.col("release_date") > pl.col("first_played")))
        .with_columns(is_over=pl.col("release_date") <= today)
        .select(
            cohort=pl.lit("database"),
            first_played="first_played",
            days=(pl.when("is_over").then("release_date").otherwise(pl.lit(today)) - pl.col("first_played"))
            .dt.total_days()
            .cast(pl.Int32),
            is_over=pl.col("is_over").fill_null(value=False),
        )
        .match_to_schema(LAGS)
    )


@cache
def default_curves() -> Mapping[str, ReleaseCurve]:
    """The curves the package ships, fitted on 3,418 public tracklists: `release`, of promo to release, and `naming`, of
    an unknown's play to a set that names it, which is what the database can learn without asking anybody.
    """
    return {name: ReleaseCurve(**fields) for name, fields in resource("cooldown/release_curves.json").items()}


def _rounded(shares: Floats) -> tuple[float, ...]:
    return tuple(round(float(share), 4) for share in shares)


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
    age = np.where(is_old, np.resize(ages[rng.random(len(ages)) < curve.unreleased_at(ages)], tracks), 0.0)
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
        by_day = {"strategy": name, "day": np.arange(days + 1), "recovered": 100 * recovered / len(found_on)}
        curves.append(pl.DataFrame(by_day))
    return Simulation(summary=pl.DataFrame(rows), by_day=pl.concat(curves))


def _run(tracks: Tracks, schedule: Schedule, *, days: int) -> tuple[dict[str, float | int | None], Floats]:
    rule = schedule(attempt=pl.col("attempt"), has_label=pl.col("has_label"), age_days=pl.col("age_days"))
    now, waiting = tracks.enters.copy(), np.ones(len(tracks.enters), dtype=np.bool_)
    found_on = np.full(len(now), np.inf)
    look_ups = exhausted = 0
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
