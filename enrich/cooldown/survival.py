"""Release-lag curves: the share of promos still not out so many days after their first play. Fitted as Kaplan–Meier by
`lifelines` (the extra `survival`), what was never seen released censored; the package ships a table of figures.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from enrich.errors import EnrichError

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
        still = self.unreleased_at(age_days)
        level = rng.random(len(age_days)) * still
        # The curve falls; np.interp wants it rising.
        falling, at = np.asarray(self.unreleased)[::-1], np.asarray(self.days, dtype=np.float64)[::-1]
        drawn = np.interp(level, falling, at)
        return np.where(level < self.unreleased[-1], np.inf, np.maximum(drawn, age_days))

    def frame(self) -> pl.DataFrame:
        """curve, days, released, low, high (shares 0–1, the interval of `released`): what the chart draws."""
        return pl.DataFrame(
            {
                "curve": [self.name] * len(self.days),
                "days": self.days,
                "released": [1 - s for s in self.unreleased],
                "low": [1 - s for s in self.high],
                "high": [1 - s for s in self.low],
            }
        )


def fit_curve(lags: pl.DataFrame, *, name: str) -> ReleaseCurve:
    """Kaplan–Meier curve of release lags.

    Args:
        lags: LAGS of one kind or several.
        name: What the curve is of.

    Raises:
        EnrichError: too few releases to say anything, or `lifelines` is not installed.
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
    """Days from first play to release: played tracks whose release date came after, and those still not completed.

    Args:
        tracks: The snapshot's mart `tracks` (first_played, release_date, status).
        today: The day of the snapshot; who has no release by then is censored there.

    Returns:
        LAGS, cohort `database`.
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
    """The curves the package ships, fitted on 3,418 public tracklists.

    `release`: promo to release. `naming`: from an unknown's play to a set that names it,
    which is what the database can learn without asking anybody.
    """
    kept: dict[str, dict[str, Any]] = json.loads(
        files("enrich.cooldown").joinpath("release_curves.json").read_text(encoding="utf-8")
    )
    return {name: ReleaseCurve(**fields) for name, fields in kept.items()}


def _rounded(shares: Floats) -> tuple[float, ...]:
    return tuple(round(float(share), 4) for share in shares)
