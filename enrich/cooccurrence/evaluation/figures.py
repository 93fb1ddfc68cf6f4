"""What masked replay showed, as figures: hits, acceptance, calibration, and the same by kind of unknown."""

from __future__ import annotations

from typing import Any

import polars as pl

from enrich.cooccurrence.calibration import brier, ece, reliability
from enrich.cooccurrence.evaluation.world import World, true_artists
from enrich.rules import GATE_PROBABILITY, GATE_SETS

#: Scorers whose output is a probability: these are calibrated.
CALIBRATED = ("formula", "learned")

_HISTORY_BANDS = {"none": 0, "1-4": 4, "5-24": 24, "25-99": 99, "100+": 10**9}
_FAILURES = 12


def figures(world: World, judged: pl.DataFrame, asked: pl.DataFrame, *, trained: int) -> dict[str, Any]:
    """The figures of some recordings asked for: by scorer, by sets, by DJ history, by source, and the worst failures.

    Args:
        world: The recordings are of it.
        judged: Answers of every scorer, with is_right, confidence and accepted.
        asked: track_key of the recordings.
        trained: Recordings the learned ranker was trained on.
    """
    n = asked.height
    scorers = {}
    for scorer in ("popularity", "dj_prior", "item_knn", "als", "formula", "learned"):
        rows = judged.filter(pl.col("scorer") == scorer)
        if rows.height:
            scorers[scorer] = _hits(rows, n) | _acceptance(rows, n)
    about = _strata(world, asked)
    learned = judged.filter(pl.col("scorer") == "learned")
    recall = learned.filter("pool_has")["track_key"].n_unique() / max(n, 1)
    return {
        "n": n,
        "training_recordings": trained,
        "candidate_recall": round(recall, 4),
        "scorers": scorers,
        "by_sets": _by(judged, about, "sets_band"),
        "by_dj_history": _by(judged, about, "history_band"),
        "by_source": _by(judged, about, "source"),
        "failures": _failures(world, learned),
    }


def _hits(rows: pl.DataFrame, n: int) -> dict[str, Any]:
    first = rows.filter("is_right").group_by("track_key").agg(pl.col("rank").min())["rank"]
    return {
        "n": n,
        **{f"hit_at_{k}": round(int((first <= k).sum()) / max(n, 1), 4) for k in (1, 5, 20)},
        "mrr": round(float((1 / first).sum()) / max(n, 1), 4),
    }


def _acceptance(rows: pl.DataFrame, n: int) -> dict[str, Any]:
    """Gate of the specification, auto-accept policy and calibration; of scorers with a probability."""
    if rows["confidence"].null_count() == rows.height:
        return {}
    first = rows.filter(pl.col("rank") == 1)
    gate = first.filter(pl.col("probability") >= GATE_PROBABILITY, pl.col("occurrence_count") >= GATE_SETS)
    confidence, right = first["confidence"].to_numpy(), first["is_right"].to_numpy()
    return {
        "gate": _counted(gate, n),
        "policy": _counted(first.filter("accepted"), n),
        "ece": round(ece(confidence, right), 4),
        "brier": round(brier(confidence, right), 4),
        "reliability": reliability(confidence, right).with_columns(pl.col(pl.Float64).round(4)).to_dicts(),
    }


def _counted(accepted: pl.DataFrame, n: int) -> dict[str, Any]:
    correct = int(accepted["is_right"].sum())
    return {
        "accepted": accepted.height,
        "correct": correct,
        "precision": round(correct / accepted.height, 4) if accepted.height else None,
        "coverage": round(accepted.height / max(n, 1), 4),
    }


def _strata(world: World, asked: pl.DataFrame) -> pl.DataFrame:
    """track_key with its bands: number of sets, sets of its DJ, and the series its sets are from."""
    of_dj = world.tracklists.select("dj", "set_id").drop_nulls().group_by("dj").agg(history=pl.col("set_id").n_unique())
    slots = world.units.join(world.tracklists.select("set_id", "dj").unique("set_id"), on="set_id").join(
        of_dj, on="dj", how="left"
    )
    per = (
        slots.filter(pl.col("unit").is_in(asked["track_key"].implode()))
        .with_columns(source=pl.col("set_id").str.split("-").list.first())
        .group_by("unit")
        .agg(
            pl.col("history").max().fill_null(0),
            pl.col("set_id").n_unique().alias("sets"),
            pl.col("source").sort().first(),
        )
    )
    sets_band = pl.when(pl.col("sets") >= 6).then(pl.lit("6+")).when(pl.col("sets") >= 4).then(pl.lit("4-5"))
    history = pl.lit(None, pl.String)
    for band, top in reversed(_HISTORY_BANDS.items()):
        history = pl.when(pl.col("history") <= top).then(pl.lit(band)).otherwise(history)
    return per.select(
        track_key="unit",
        sets_band=sets_band.otherwise(pl.col("sets").cast(pl.String)),
        history_band=history,
        source="source",
    )


def _by(judged: pl.DataFrame, about: pl.DataFrame, band: str) -> list[dict[str, Any]]:
    """Hit rates of formula and learned ranker for each band of recordings."""
    rows = []
    for value in about[band].unique().sort():
        keys = about.filter(pl.col(band) == value)["track_key"]
        part = judged.filter(pl.col("track_key").is_in(keys.implode()))
        found = {
            scorer: {k: v for k, v in _hits(part.filter(pl.col("scorer") == scorer), len(keys)).items() if k != "n"}
            for scorer in CALIBRATED
        }
        rows.append({"band": value, "n": len(keys), **found})
    return rows


def _failures(world: World, learned: pl.DataFrame) -> list[dict[str, Any]]:
    """The surest wrong answers, with the truth: what an analyst should look at first."""
    truth = true_artists(world.corpus).group_by("track_key").agg(true_artist=pl.col("artist").sort())
    rank_of_truth = learned.filter("is_right").group_by("track_key").agg(rank_of_truth=pl.col("rank").min())
    return (
        learned.filter(pl.col("rank") == 1, ~pl.col("is_right"))
        .sort(["confidence", "track_key"], descending=[True, False])
        .head(_FAILURES)
        .join(truth, on="track_key", how="left", maintain_order="left")
        .join(rank_of_truth, on="track_key", how="left", maintain_order="left")
        .select(
            "track_key",
            "true_artist",
            answer="artist",
            confidence=pl.col("confidence").round(3),
            sets="sets",
            rank_of_truth="rank_of_truth",
        )
        .to_dicts()
    )
