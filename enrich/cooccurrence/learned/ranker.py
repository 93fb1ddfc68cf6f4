"""The learned ranker: gradient-boosted trees over explainable features of candidates, trained on masked replay.

`train` fits one on masked recordings; `store` and `load_ranker` write it and read it back, refusing what does not fit.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from enrich.cooccurrence.learned.corpus import Corpus, Ints
from enrich.cooccurrence.learned.features import Examples, examples, schema_hash
from enrich.cooccurrence.learned.trees import Trees
from enrich.cooccurrence.stored import SHIPPED, as_json, read_manifest, read_stored, write_stored
from enrich.errors import ModelError

#: Recordings hidden at once: few enough to leave the company of each nearly whole.
BATCH = 800

#: Recordings a ranker trains on at most.
MAX_TRAINING = 4800

#: Share of the wrong candidates kept for training; the others weigh for them.
NEGATIVES = 0.25

#: Of the booster.
SETTINGS = {
    "max_iter": 160,
    "learning_rate": 0.08,
    "max_leaf_nodes": 15,
    "min_samples_leaf": 150,
    "l2_regularization": 20.0,
    "max_features": 0.3,
    "early_stopping": False,
}

#: One row per candidate of a unit, best first: `score` is in log-odds, `probability` the same in 0–1.
SCORED = pl.Schema(
    {
        "unit_no": pl.Int64,
        "artist_no": pl.Int64,
        "rank": pl.Int32,
        "score": pl.Float64,
        "probability": pl.Float64,
    }
)


@dataclass(frozen=True, kw_only=True)
class Ranker:
    """Trees, the features they read in their order, and what they were made from."""

    trees: Trees
    names: tuple[str, ...]
    manifest: dict[str, Any] = field(default_factory=dict)

    def score(self, of: Examples) -> NDArray[np.float64]:
        """Log-odds of each candidate.

        Raises:
            ModelError: the features are not those the ranker was trained on.
        """
        if len(of.unit) and of.names != self.names:
            raise ModelError(
                f"the ranker reads features {schema_hash(self.names)}, this version makes {schema_hash(of.names)}; "
                "train it again with `enrich train-ranker`"
            )
        return self.trees.score(of.values) if len(of.unit) else np.zeros(0)


def masked_examples(
    corpus: Corpus, units: Ints, *, also_hidden: Ints | None = None, batch: int = BATCH
) -> list[Examples]:
    """Candidates and features of recordings, each batch of them hidden together.

    Args:
        corpus: Numbered tracklists.
        units: Recordings to make examples of.
        also_hidden: Recordings hidden all the while (those of the evaluation).
        batch: Recordings hidden at once.
    """
    # Numbers follow names: batches in their order would hide all recordings of an artist together, and the ranker
    # would learn that nobody is played elsewhere.
    units = np.random.default_rng(0).permutation(np.sort(units))
    hidden = np.zeros(0, np.int64) if also_hidden is None else also_hidden
    return [
        examples(corpus.hide(np.concatenate([units[i : i + batch], hidden])), units[i : i + batch])
        for i in range(0, len(units), batch)
    ]


def is_right(corpus: Corpus, of: Examples) -> NDArray[np.bool_]:
    """True for candidates among the artists of their recording."""
    truth = corpus.truth()
    width = corpus.shape[2]
    right: NDArray[np.bool_] = np.isin(
        of.unit * width + of.artist, (truth["unit_no"] * width + truth["artist_no"]).to_numpy()
    )
    return right


def train(corpus: Corpus, parts: Sequence[Examples], *, seed: int) -> Ranker:
    """Fit a ranker on masked examples.

    Args:
        corpus: Where the examples are from; knows the right answers.
        parts: Of `masked_examples`.
        seed: Of the wrong candidates kept and of the trees.

    Raises:
        ModelError: no example has both right and wrong candidates.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    rng = np.random.default_rng(seed)
    kept_values, kept_right = [], []
    for part in parts:
        right = is_right(corpus, part)
        kept = right | (rng.random(len(right)) < NEGATIVES)
        kept_values.append(part.values[kept])
        kept_right.append(right[kept])
    right = np.concatenate(kept_right) if kept_right else np.zeros(0, bool)
    if not right.any() or right.all():
        raise ModelError("too little to train on: give tracklists in which known recordings come back in several sets")
    booster = HistGradientBoostingClassifier(**SETTINGS, random_state=seed)
    booster.fit(np.concatenate(kept_values), right, sample_weight=np.where(right, 1.0, 1 / NEGATIVES))
    names = next(part.names for part in parts if len(part.unit))
    return Ranker(trees=Trees.of(booster), names=names)


def order(of: Examples, score: NDArray[np.float64]) -> pl.DataFrame:
    """SCORED: all candidates, ranked within their unit; equal scores in order of the artists' keys."""
    return (
        pl.DataFrame({"unit_no": of.unit, "artist_no": of.artist, "score": score})
        .sort(["unit_no", "score", "artist_no"], descending=[False, True, False])
        .with_columns(
            rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("unit_no"),
            probability=1 / (1 + (-pl.col("score")).exp()),
        )
        .match_to_schema(SCORED)
    )


def store(ranker: Ranker, calibration: dict[str, Any], folder: str | PathLike[str]) -> None:
    """Write trees.npz, calibration.json and manifest.json; the manifest last, so that half a ranker is never read."""
    buffer = io.BytesIO()
    ranker.trees.save(buffer)
    files = {"trees.npz": buffer.getvalue(), "calibration.json": as_json(calibration).encode()}
    write_stored(Path(folder), files, ranker.manifest)


def load_ranker(folder: str | PathLike[str] | None = None) -> Ranker:
    """Read a stored ranker; None: the shipped one.

    Raises:
        ModelError: missing, damaged, of another format, or its features do not match their fingerprint.
    """
    source = SHIPPED if folder is None else Path(folder)
    manifest = read_manifest(source)
    content = read_stored(source, "trees.npz", manifest)
    names = tuple(manifest.get("features", ()))
    if schema_hash(names) != manifest.get("schema"):
        raise ModelError(f"{source}: features and their fingerprint differ; train again with `enrich train-ranker`")
    trees = Trees.load(io.BytesIO(content), origin=str(source / "trees.npz"))
    if len(trees.feature) and int(trees.feature.max()) >= len(names):
        raise ModelError(
            f"{source}: the trees read more features than are named; train again with `enrich train-ranker`"
        )
    return Ranker(trees=trees, names=names, manifest=manifest)
