"""Confidence that means what it says: the share of masked recordings that were right with the same evidence.

A calibration is a logistic regression over the evidence of a ranking (probability, margin to the rival, sets of the
unknown, occurrences, DJ history), one for first places and one for the rest, made monotone in
its own output by isotonic
steps. It is stored as numbers in JSON. Here too: reliability table, ECE, Brier score, and the choice of the threshold
above which context alone may be accepted.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

#: What calibration looks at, for each candidate of each unknown.
EVIDENCE = ("log_odds", "margin", "log_sets", "log_occurrences", "log_history", "log_rank")

#: Precision the auto-accept policy must show on held-out recordings, and what it asks of the recordings it is tuned on.
ACCEPTED_PRECISION = 0.90
TUNED_PRECISION = 0.92

#: A threshold rests on at least this many accepted recordings.
_LEAST_ACCEPTED = 20

Doubles = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Logistic weights over EVIDENCE, then isotonic steps from what they give to what was right."""

    weights: tuple[float, ...]
    intercept: float
    x: tuple[float, ...]
    y: tuple[float, ...]

    @classmethod
    def of_json(cls, stored: dict[str, Any]) -> Curve:
        """Read what `asdict` gave."""
        return cls(
            weights=tuple(stored["weights"]), intercept=stored["intercept"], x=tuple(stored["x"]), y=tuple(stored["y"])
        )

    def __call__(self, evidence: Doubles) -> Doubles:
        """Calibrated share of right answers for rows of evidence."""
        if not len(self.x):
            return np.full(len(evidence), np.nan)
        # Column by column: a matrix product rounds a row by how many rows stand beside it.
        odds = np.full(len(evidence), self.intercept)
        for column, weight in zip(evidence.T, self.weights, strict=True):
            odds += column * weight
        raw = _sigmoid(odds)
        return np.interp(raw, self.x, self.y)


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Curves for first places and for the rest, and the confidence above which a first place is accepted."""

    first: Curve
    rest: Curve
    accept_from: float | None
    """None: no threshold kept the precision asked for."""
    recordings: int

    def as_json(self) -> dict[str, Any]:
        """Plain numbers."""
        return asdict(self)

    @classmethod
    def of_json(cls, stored: dict[str, Any]) -> Calibration:
        """Read what `as_json` gave."""
        return cls(
            first=Curve.of_json(stored["first"]),
            rest=Curve.of_json(stored["rest"]),
            accept_from=stored["accept_from"],
            recordings=stored["recordings"],
        )

    def __call__(self, evidence: pl.DataFrame) -> Doubles:
        """Confidence of every row of `evidence` (columns rank and EVIDENCE)."""
        values = evidence.select(EVIDENCE).to_numpy()
        return np.where((evidence["rank"] == 1).to_numpy(), self.first(values), self.rest(values))


def evidence(ranking: pl.DataFrame, about: pl.DataFrame) -> pl.DataFrame:
    """What calibration looks at.

    Args:
        ranking: track_key, rank, probability, occurrence_count; of one scorer.
        about: track_key, sets, history (`formula_ranking.rank_and_about`).

    Returns:
        `ranking` with the columns EVIDENCE, in its order.
    """
    p = pl.col("probability").clip(1e-6, 1 - 1e-6)
    odds = (p / (1 - p)).log()
    ranked = ranking.with_columns(log_odds=odds)
    # The rival of the first is the second, and of everybody else the first.
    first, second = (ranked.filter(pl.col("rank") == place).select("track_key", rival="log_odds") for place in (1, 2))
    rival = pl.concat(
        [second.with_columns(of_first=pl.lit(value=True)), first.with_columns(of_first=pl.lit(value=False))]
    )
    # Without a rival the margin is that to a candidate of one in a thousand.
    return (
        ranked.join(about, on="track_key", how="left", maintain_order="left")
        .with_columns(of_first=pl.col("rank") == 1)
        .join(rival, on=["track_key", "of_first"], how="left", maintain_order="left")
        .with_columns(
            margin=pl.col("log_odds") - pl.col("rival").fill_null(-7.0),
            log_sets=pl.col("sets").fill_null(1).cast(pl.Float64).log(),
            log_occurrences=pl.col("occurrence_count").fill_null(0).cast(pl.Float64).log1p(),
            log_history=pl.col("history").fill_null(0.0).cast(pl.Float64).log1p(),
            log_rank=pl.col("rank").cast(pl.Float64).log(),
        )
        .drop("rival", "of_first")
    )


def fit_calibration(evidence: pl.DataFrame, right: NDArray[np.bool_], *, recordings: int) -> Calibration:
    """Fit both curves and choose the threshold.

    Args:
        evidence: rank and EVIDENCE; candidates of masked recordings, scored by a ranker that has not seen them.
        right: Whether each is right.
        recordings: Number of masked recordings.
    """
    values = evidence.select(EVIDENCE).to_numpy()
    is_first = (evidence["rank"] == 1).to_numpy()
    first = _fit_curve(values[is_first], right[is_first])
    rest = _fit_curve(values[~is_first], right[~is_first])
    threshold = choose_threshold(first(values[is_first]), right[is_first], tie=values[is_first, 0])
    return Calibration(first=first, rest=rest, accept_from=threshold, recordings=recordings)


def _fit_curve(values: Doubles, right: NDArray[np.bool_]) -> Curve:
    from sklearn.isotonic import IsotonicRegression
    from sklearn.linear_model import LogisticRegression

    width = len(EVIDENCE)
    if not len(right):
        return Curve(weights=(0.0,) * width, intercept=0.0, x=(), y=())
    if right.all() or not right.any():
        # One sort of answer only: its share, drawn half an answer towards the other.
        share = (right.sum() + 0.5) / (len(right) + 1)
        return Curve(weights=(0.0,) * width, intercept=0.0, x=(0.0, 1.0), y=(float(share), float(share)))
    scale = np.maximum(values.std(0), 1e-9)
    model = LogisticRegression(C=1.0, max_iter=1000).fit(values / scale, right)
    weights = model.coef_[0] / scale
    raw = _sigmoid(values @ weights + model.intercept_[0])
    # Isotonic steps over the regression's own output, in bins of equal size: a step of three recordings is noise.
    order = np.argsort(raw, kind="stable")
    bins = np.array_split(order, max(1, min(40, len(order) // 25)))
    x = np.array([raw[b].mean() for b in bins])
    y = np.array([(right[b].sum() + raw[b].mean()) / (len(b) + 1) for b in bins])
    steps = IsotonicRegression(out_of_bounds="clip").fit(x, y, sample_weight=[len(b) for b in bins])
    return Curve(
        weights=tuple(float(w) for w in weights),
        intercept=float(model.intercept_[0]),
        x=tuple(float(v) for v in x),
        y=tuple(float(v) for v in steps.predict(x)),
    )


def choose_threshold(confidence: Doubles, right: NDArray[np.bool_], *, tie: Doubles | None = None) -> float | None:
    """The lowest confidence from which answers are right often enough, or None.

    From the chosen value upwards at least `TUNED_PRECISION` of the answers are right, on `_LEAST_ACCEPTED` or more.
    """
    order = np.lexsort((-(tie if tie is not None else np.zeros(len(right))), -confidence))
    precision = np.cumsum(right[order]) / np.arange(1, len(right) + 1)
    sorted_confidence = confidence[order]
    last_of_value = np.append(sorted_confidence[:-1] > sorted_confidence[1:], True) if len(right) else np.zeros(0, bool)
    enough = (np.arange(1, len(right) + 1) >= _LEAST_ACCEPTED) & (precision >= TUNED_PRECISION) & last_of_value
    return float(sorted_confidence[np.flatnonzero(enough)[-1]]) if enough.any() else None


def reliability(confidence: Doubles, right: NDArray[np.bool_], *, bins: int = 10) -> pl.DataFrame:
    """Reliability table: bins of equal width that hold anything, by low edge.

    Returns:
        low, high, n, confidence (mean), precision (share right).
    """
    which = np.clip((confidence * bins).astype(int), 0, bins - 1)
    return (
        pl.DataFrame({"bin": which, "confidence": confidence, "right": right})
        .group_by("bin")
        .agg(n=pl.len(), confidence=pl.col("confidence").mean(), precision=pl.col("right").mean())
        .sort("bin")
        .select(
            low=pl.col("bin") / bins,
            high=(pl.col("bin") + 1) / bins,
            n="n",
            confidence="confidence",
            precision="precision",
        )
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


def with_confidence(ranking: pl.DataFrame, about: pl.DataFrame, calibration: Calibration | None) -> pl.DataFrame:
    """`ranking` with `confidence` filled in; null without a calibration. `about`: see `evidence`."""
    if calibration is None or ranking.is_empty():
        return ranking
    values = calibration(evidence(ranking, about))
    return ranking.with_columns(confidence=pl.Series(values, dtype=pl.Float64).fill_nan(None))


def _sigmoid(x: Doubles) -> Doubles:
    result: Doubles = 1 / (1 + np.exp(-np.clip(x, -50, 50)))
    return result
