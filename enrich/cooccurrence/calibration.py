"""Confidence that means what it says: the share of hidden recordings that were right with the same evidence.

A calibration is one logistic regression over four figures of a ranking: the candidate's log-odds, those of the first,
the logarithm of the sum of all probabilities, and that of the number of sets of the unknown. Within an unknown only the
first of them differs, so that confidence never rises with rank. It is stored as numbers in JSON. Here too: reliability
table, ECE, Brier score, and from which confidence context alone may be accepted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

#: What calibration looks at, for each candidate of each unknown.
EVIDENCE = ("log_odds", "first", "log_total", "log_sets")
#: What the lower bound of the precision must reach where context alone is accepted, in so many recordings at least;
#: where it does not, no confidence is as high as the policy asks.
ACCEPTED_PRECISION, _LEAST_ACCEPTED, _HIGHEST = 0.90, 20, 0.89
#: Candidates of each recording that a calibration is fitted on.
_FITTED_RANKS = 20
#: How strongly weights are drawn to those of the prior, in recordings.
_PRIOR_STRENGTH = 20.0

Doubles = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Logistic weights over EVIDENCE, and from where on acceptance kept its precision."""

    weights: tuple[float, ...]
    intercept: float
    accept_from: float | None
    """None: no threshold kept the precision asked for; nothing is accepted from context alone."""
    recordings: int

    @classmethod
    def of_json(cls, stored: dict[str, Any]) -> Calibration:
        """Read what `asdict` gave, from JSON."""
        return cls(**(stored | {"weights": tuple(stored["weights"])}))

    def __call__(self, evidence: pl.DataFrame) -> Doubles:
        """Confidence of every row of `evidence` (columns EVIDENCE)."""
        # Column by column: a matrix product rounds a row by how many rows stand beside it.
        odds = np.full(evidence.height, self.intercept)
        for column, weight in zip(EVIDENCE, self.weights, strict=True):
            odds += evidence[column].to_numpy() * weight
        raw = _sigmoid(odds)
        accepted = raw >= (2.0 if self.accept_from is None else self.accept_from)
        confidence: Doubles = np.where(accepted, raw, np.minimum(raw, _HIGHEST))
        return confidence


def evidence(ranking: pl.DataFrame, *, by: str = "unknown_no") -> pl.DataFrame:
    """`ranking` (of one scorer: probability, total of the unknown's probabilities, its sets) with EVIDENCE."""
    p = pl.col("probability").clip(1e-6, 1 - 1e-6)
    odds = (p / (1 - p)).log()
    return ranking.with_columns(
        log_odds=odds,
        first=odds.max().over(by),
        log_total=pl.col("total").clip(1e-6).log(),
        log_sets=pl.col("sets").fill_null(1).cast(pl.Float64).log(),
    )


def fit_calibration(
    evidence: pl.DataFrame, right: NDArray[np.bool_], *, recordings: int, prior: Calibration | None = None
) -> Calibration:
    """Fit the weights and choose the threshold.

    `evidence` are rank and EVIDENCE of candidates of hidden recordings, scored by a ranker that has not seen them; the
    fewer the recordings, the nearer the weights stay to `prior`, which was measured elsewhere.
    """
    fitted = (evidence["rank"] <= _FITTED_RANKS).to_numpy()
    values = np.column_stack([evidence.select(EVIDENCE).to_numpy()[fitted], np.ones(int(fitted.sum()))])
    start = np.zeros(values.shape[1]) if prior is None else np.array([*prior.weights, prior.intercept])
    weights = _logistic(values, right[fitted], start, strength=1e-3 if prior is None else _PRIOR_STRENGTH)
    # A candidate that scores more is never less sure.
    weights[0] = max(weights[0], 0.0)
    *slopes, intercept = map(float, weights)
    plain = Calibration(weights=tuple(slopes), intercept=intercept, accept_from=0.0, recordings=recordings)
    is_first = (evidence["rank"] == 1).to_numpy()
    return replace(plain, accept_from=choose_threshold(plain(evidence.filter(is_first)), right[is_first]))


def _logistic(values: Doubles, right: NDArray[np.bool_], start: Doubles, *, strength: float) -> Doubles:
    """Weights of a logistic regression by Newton's method, drawn to `start`."""
    weights = start.copy()
    for _ in range(50):
        expected = _sigmoid(values @ weights)
        gradient = values.T @ (right - expected) - strength * (weights - start)
        curvature = (values * (expected * (1 - expected))[:, None]).T @ values + strength * np.eye(len(weights))
        step = np.linalg.solve(curvature, gradient)
        weights = weights + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    return weights


def choose_threshold(confidence: Doubles, right: NDArray[np.bool_]) -> float | None:
    """The lowest confidence from which the lower bound of the precision reaches what is asked, or None."""
    order = np.argsort(-confidence, kind="stable")
    n = np.arange(1, len(right) + 1)
    low, _ = interval(np.cumsum(right[order]), n)
    sorted_confidence = confidence[order]
    last_of_value = np.append(sorted_confidence[:-1] > sorted_confidence[1:], True) if len(right) else np.zeros(0, bool)
    enough = (n >= _LEAST_ACCEPTED) & (low >= ACCEPTED_PRECISION) & last_of_value
    return float(sorted_confidence[np.flatnonzero(enough)[-1]]) if enough.any() else None


def interval(hits: Any, n: Any) -> tuple[Any, Any]:
    """Wilson's 95 % interval of a share; numbers or arrays."""
    z = 1.96
    n = np.maximum(n, 1)
    centre = (hits + z * z / 2) / (n + z * z)
    half = z * np.sqrt(hits * (n - hits) / n + z * z / 4) / (n + z * z)
    return centre - half, centre + half


def reliability(confidence: Doubles, right: NDArray[np.bool_], *, bins: int = 10) -> pl.DataFrame:
    """Bins of equal width that hold anything, by low edge: low, high, n, confidence (mean), precision (share right)."""
    which = np.clip((confidence * bins).astype(int), 0, bins - 1)
    return (
        pl.DataFrame({"bin": which, "confidence": confidence, "right": right})
        .group_by("bin")
        .agg(n=pl.len(), confidence=pl.col("confidence").mean(), precision=pl.col("right").mean())
        .sort("bin")
        .select((pl.col("bin") / bins).alias("low"), ((pl.col("bin") + 1) / bins).alias("high"), pl.exclude("bin"))
    )


def ece(confidence: Doubles, right: NDArray[np.bool_], *, bins: int = 10) -> float:
    """Expected calibration error: mean distance of confidence and precision over the bins, by their size."""
    if not len(right):
        return float("nan")
    table = reliability(confidence, right, bins=bins)
    return float(((table["confidence"] - table["precision"]).abs() * table["n"]).sum() / len(right))


def brier(confidence: Doubles, right: NDArray[np.bool_]) -> float:
    """Mean squared distance of confidence and outcome."""
    return float(np.mean((confidence - right) ** 2)) if len(right) else float("nan")


def with_confidence(scored: pl.DataFrame, calibration: Calibration | None) -> pl.DataFrame:
    """`scored` (see `evidence`) with `confidence`; null without a calibration."""
    if calibration is None or scored.is_empty():
        return scored.with_columns(confidence=pl.lit(None, pl.Float64))
    return scored.with_columns(confidence=pl.Series(calibration(evidence(scored)), dtype=pl.Float64))


def _sigmoid(x: Doubles) -> Doubles:
    result: Doubles = 1 / (1 + np.exp(-np.clip(x, -50, 50)))
    return result
