"""Answers counted: hit rates with intervals, comparisons by pairs, calibration; in all and by kind. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from enrich.cooccurrence.calibration import brier, ece, interval, reliability
from enrich.rules import GATE_PROBABILITY, GATE_SETS

#: In the order of the table: rankers to beat, then ours.
SCORERS = ("popularity", "dj_prior", "item_knn", "als", "formula", "learned")
#: Ours, whose output is a probability: these are calibrated.
CALIBRATED = ("formula", "learned")

_HISTORY_BANDS = ("none", "1-4", "5-24", "25-99", "100+")
_PLACES = (1, 5, 20)
_FAILURES = 12


def figures(answers: pl.DataFrame, asked: pl.DataFrame) -> dict[str, Any]:
    """All figures of one way of hiding.

    Args:
        answers: scorer, track_key, rank, artist, probability, occurrence_count, is_right, is_named, confidence and
            accepted; the last two null for scorers that have none.
        asked: track_key, sets, history, source: everything that was hidden.

    Returns:
        n, scorers, compared, by_sets, by_dj_history, by_source, failures.
    """
    about = _bands(asked)
    scorers = [name for name in SCORERS if (answers["scorer"] == name).any()]
    placed = {name: _places(answers.filter(pl.col("scorer") == name), asked) for name in scorers}
    bands = {"by_sets": "sets_band", "by_dj_history": "history_band", "by_source": "source"}
    return {
        "n": asked.height,
        "scorers": {name: _scorer(answers.filter(pl.col("scorer") == name), placed[name]) for name in scorers},
        "compared": [_compared(name, placed) for name in scorers if name != "learned" and "learned" in placed],
        **{name: _by(placed, about, band) for name, band in bands.items()},
        "failures": _failures(answers.filter(pl.col("scorer") == "learned")),
    }


def _places(rows: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """track_key, right (place of the first right answer), named (of the first under its very name); 0: none."""
    first = rows.group_by("track_key").agg(
        right=pl.col("rank").filter("is_right").min(), named=pl.col("rank").filter("is_named").min()
    )
    return asked.select("track_key").join(first, on="track_key", how="left").fill_null(0).sort("track_key")


def _hits(places: pl.Series, place: int) -> NDArray[np.float64]:
    hits: NDArray[np.float64] = places.is_between(1, place).to_numpy().astype(float)
    return hits


def _rates(placed: pl.DataFrame) -> dict[str, Any]:
    right = placed["right"]
    inverse = (1 / right.filter(right > 0)).sum()
    return {
        **{f"hit_at_{k}": _rounded(_hits(right, k).mean()) for k in _PLACES},
        "mrr": _rounded(float(inverse or 0) / max(len(right), 1)),
    }


def _scorer(rows: pl.DataFrame, placed: pl.DataFrame) -> dict[str, Any]:
    n = placed.height
    found = {"n": n, **_rates(placed)}
    for k in (1, 20):
        low, high = interval(_hits(placed["right"], k).sum(), n)
        found[f"interval_at_{k}"] = [_rounded(low), _rounded(high)]
        found[f"named_at_{k}"] = _rounded(_hits(placed["named"], k).mean())
    if rows["confidence"].null_count() == rows.height:
        return found
    first, sure = rows.filter(pl.col("rank") == 1), pl.col("confidence")
    gate = first.filter(pl.col("probability") >= GATE_PROBABILITY, pl.col("occurrence_count") >= GATE_SETS)
    confidence, right = first["confidence"].to_numpy(), first["is_right"].to_numpy()
    rising = rows.sort("track_key", "rank").filter(sure > sure.shift(1).over("track_key") + 1e-12)
    return found | {
        "gate": _counted(gate, n),
        "policy": _counted(first.filter("accepted"), n),
        "surest": _counted(first.sort("confidence", "track_key", descending=[True, False]).head(max(n // 33, 20)), n),
        "ece": _rounded(ece(confidence, right)),
        "brier": _rounded(brier(confidence, right)),
        "inversions": rising["track_key"].n_unique(),
        "reliability": reliability(confidence, right).with_columns(pl.col(pl.Float64).round(4)).to_dicts(),
    }


def _compared(name: str, placed: dict[str, pl.DataFrame]) -> dict[str, Any]:
    """The learned ranker against another on the same recordings: the difference and its 95 % interval."""
    found: dict[str, Any] = {"scorer": "learned", "against": name}
    for k in (1, 20):
        apart = _hits(placed["learned"]["right"], k) - _hits(placed[name]["right"], k)
        half = 1.96 * apart.std() / np.sqrt(max(len(apart), 1))
        found[f"hit_at_{k}"] = _rounded(apart.mean())
        found[f"interval_at_{k}"] = [_rounded(apart.mean() - half), _rounded(apart.mean() + half)]
    return found


def _counted(accepted: pl.DataFrame, n: int) -> dict[str, Any]:
    correct = int(accepted["is_right"].sum())
    low, high = interval(correct, accepted.height)
    return {
        "accepted": accepted.height,
        "correct": correct,
        "precision": _rounded(correct / accepted.height) if accepted.height else None,
        "interval": [_rounded(low), _rounded(high)] if accepted.height else None,
        "coverage": _rounded(accepted.height / max(n, 1)),
    }


def _bands(asked: pl.DataFrame) -> pl.DataFrame:
    """track_key, sets_band, history_band, source."""
    sets = pl.when(pl.col("sets") >= 6).then(pl.lit("6+")).when(pl.col("sets") >= 4).then(pl.lit("4-5"))
    exceeded = pl.sum_horizontal(pl.col("history") > top for top in (0, 4, 24, 99))
    history = exceeded.replace_strict(dict(enumerate(_HISTORY_BANDS)), return_dtype=pl.String)
    return asked.select(
        "track_key", "source", sets_band=sets.otherwise(pl.col("sets").cast(pl.String)), history_band=history
    )


def _by(placed: dict[str, pl.DataFrame], about: pl.DataFrame, band: str) -> list[dict[str, Any]]:
    """Hit rates of formula and learned ranker for each band of recordings, and how the two differ."""
    rows = []
    for value in about[band].unique().sort():
        keys = about.filter(pl.col(band) == value).select("track_key")
        part = {s: placed[s].join(keys, on="track_key", how="semi") for s in CALIBRATED if s in placed}
        row = {"band": value, "n": keys.height, **{s: _rates(found) for s, found in part.items()}}
        if len(part) == len(CALIBRATED):
            row["compared"] = _compared("formula", part)
        rows.append(row)
    return rows


def _failures(learned: pl.DataFrame) -> list[dict[str, Any]]:
    """The surest wrong answers: what an analyst should look at first."""
    right = learned.filter("is_right").group_by("track_key").agg(rank_of_truth=pl.col("rank").min())
    return (
        learned.filter(pl.col("rank") == 1, ~pl.col("is_right"))
        .sort(["confidence", "track_key"], descending=[True, False])
        .head(_FAILURES)
        .join(right, on="track_key", how="left", maintain_order="left")
        .select("track_key", "sets", "rank_of_truth", answer="artist", confidence=pl.col("confidence").round(3))
        .to_dicts()
    )


def _rounded(value: Any) -> float:
    return round(float(value), 4)
