"""Release-lag curves: the share of promos still not out so many days after their first play.

Fitting is Kaplan–Meier by `lifelines` (the extra `survival`), which counts what was never seen released as censored,
not as never released. What is kept and used at run time is a small table of figures; the package ships one.
Entry points: `fit_curve`, `default_curves`, `refit`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from enrich.cooldown.lag import database_lags
from enrich.errors import EnrichError, InputFileError

if TYPE_CHECKING:
    from enrich.snapshots.opening import Snapshot

#: Nothing is asked of a curve beyond two years: later "releases" are mostly reissues. Longer lags are censored here.
HORIZON_DAYS = 730
#: Days at which a curve is kept.
GRID_DAYS = (*range(0, HORIZON_DAYS, 7), HORIZON_DAYS)
#: With fewer releases than this a curve says nothing.
MIN_RELEASES = 20
_SHIPPED = "release_curves.json"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCurve:
    """The share still unreleased (`unreleased`, with its 95 % interval) at each of `days` after the first play."""

    name: str
    days: tuple[int, ...]
    unreleased: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    recordings: int
    releases: int

    def unreleased_at(self, days: npt.ArrayLike) -> Floats:
        """Share still unreleased at any day, straight lines between the grid points, level after the last."""
        return np.interp(np.asarray(days, dtype=np.float64), self.days, self.unreleased)

    def released_by(self, days: float) -> float:
        """Share released by that day."""
        return 1.0 - float(self.unreleased_at(days))

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


def refit(snapshot: Snapshot, *, out: Path, today: date) -> ReleaseCurve:
    """Fit the curve of a database's own tracks and keep it, for `read_curves`.

    Args:
        snapshot: Its tracks need release dates.
        out: JSON file.
        today: The day of the snapshot.

    Raises:
        EnrichError: too few tracks were played before their release date, or `lifelines` is not installed.
    """
    curve = fit_curve(database_lags(snapshot.frame("tracks"), today=today), name="release")
    write_curves({curve.name: curve}, out)
    return curve


@cache
def default_curves() -> Mapping[str, ReleaseCurve]:
    """The curves the package ships, fitted on 3,418 public tracklists.

    `release`: promo to release, as lags of `release_lags` say. `naming`: from an unknown's play to a set that names it,
    which is what the database can learn without asking anybody.
    """
    return _parsed(files("enrich.cooldown").joinpath(_SHIPPED).read_text(encoding="utf-8"), origin=_SHIPPED)


def read_curves(path: Path) -> Mapping[str, ReleaseCurve]:
    """Read curves kept by `write_curves`.

    Raises:
        InputFileError: the file is missing or holds something else.
    """
    try:
        return _parsed(path.read_text(encoding="utf-8"), origin=str(path))
    except OSError as error:
        raise InputFileError(
            f"{path}: cannot be read ({error.strerror}); make it with enrich.cooldown.refit"
        ) from error


def write_curves(curves: Mapping[str, ReleaseCurve], path: Path) -> None:
    """Keep curves as JSON."""
    document = json.dumps({name: asdict(curve) for name, curve in curves.items()}, separators=(",", ":"))
    path.write_text(document.replace('"},"', '"},\n"').replace("],", "],\n") + "\n", encoding="utf-8")


def _parsed(text: str, *, origin: str) -> Mapping[str, ReleaseCurve]:
    try:
        found: dict[str, Any] = json.loads(text)
        return {name: _curve(fields) for name, fields in found.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise InputFileError(f"{origin}: holds no release curves ({error})") from error


def _curve(fields: Mapping[str, Any]) -> ReleaseCurve:
    plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
    return ReleaseCurve(**plain)


def _rounded(shares: Floats) -> tuple[float, ...]:
    return tuple(round(float(share), 4) for share in shares)
