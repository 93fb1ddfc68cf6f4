"""The learned ranker: gradient-boosted trees over explainable features of candidates, trained on masked replay.

`train` fits one on masked recordings; `train_ranker` does so from files, adds the calibration, and stores both with a
manifest of what they were made from; `load_ranker` reads them back and refuses what does not fit. `rank_learned` ranks
the unknowns of any tracklists with the shipped ranker or another. A stored ranker is arrays and JSON: no code and no
names.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from enrich.cooccurrence.aliases import with_known
from enrich.cooccurrence.corpus import Corpus, Ints, build_corpus
from enrich.cooccurrence.features import Examples, examples, schema_hash
from enrich.cooccurrence.trees import Trees
from enrich.errors import ModelError
from enrich.frames.schemas import RANKING, TRACKLISTS
from enrich.rules import MAX_RANK
from enrich.text.normalise import artist_key

#: Layout of a stored ranker; another number is refused.
FORMAT = 1

#: Recordings hidden at once: few enough to leave the company of each nearly whole.
BATCH = 800

#: Recordings a ranker trains on at most.
MAX_TRAINING = 4800

#: Share of the wrong candidates kept for training; the others weigh for them.
NEGATIVES = 0.25

SHIPPED = Path(__file__).resolve().parent / "models"

_SETTINGS = {
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
    booster = HistGradientBoostingClassifier(**_SETTINGS, random_state=seed)
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


def rank_learned(
    tracklists: pl.DataFrame,
    *,
    aliases: pl.DataFrame | None = None,
    window: int = 2,
    max_rank: int = MAX_RANK,
    model: str | PathLike[str] | None = None,
    only: pl.Series | None = None,
) -> pl.DataFrame:
    """Rank the artists every unknown may be by, with a learned ranker.

    Args:
        tracklists: TRACKLISTS; columns beyond set_id and position may be absent.
        aliases: Columns `artist`, `alias`.
        window: Positions to either side of a slot, for the formula's parts reported beside the score.
        max_rank: Candidates kept for one unknown.
        model: Folder of a stored ranker; None: the shipped one.
        only: Keys of the unknowns wanted; None: all.

    Returns:
        RANKING: `probability` is the ranker's own for the candidate, `confidence` its calibrated share of right
        answers; occurrence, label, dj, position and label_support are the formula's. Evidence names the plays, then the
        parts of the score that speak loudest.

    Raises:
        ModelError: the stored ranker is missing, damaged, or of another schema.
    """
    from enrich.cooccurrence.calibration import about_unknowns, load_calibration, with_confidence
    from enrich.cooccurrence.explaining import explain
    from enrich.cooccurrence.ranking import rank

    ranker = load_ranker(model)
    # The formula's parts know only the aliases given; the ranker was trained with the well-known ones.
    corpus = build_corpus(tracklists, aliases=with_known(aliases))
    wanted = corpus.units.filter("is_unknown")
    if only is not None:
        wanted = wanted.filter(pl.col("unit").is_in(only.implode()))
    unknown = wanted["unit_no"].to_numpy()
    of = examples(corpus.hide(np.zeros(0, np.int64)), unknown)
    if not len(of.unit):
        return pl.DataFrame(schema=RANKING)
    scored = order(of, ranker.score(of)).filter(pl.col("rank") <= max_rank)
    names = corpus.artists.select("artist_no", "artist", key="artist_key")
    ranked = (
        scored.join(names, on="artist_no")
        .join(corpus.units.select("unit_no", track_key="unit"), on="unit_no")
        .join(explain(ranker, of, scored), on=["unit_no", "artist_no"], how="left")
    )
    formula = rank(tracklists, aliases=aliases, window=window, max_rank=10_000, only=only).with_columns(
        key=artist_key(pl.col("artist"))
    )
    signals = ["occurrence", "label", "dj", "position"]
    parts = formula.select("track_key", "key", "occurrence_count", "label_support", *signals, said="evidence")
    ranking = (
        ranked.join(parts.unique(["track_key", "key"], keep="first"), on=["track_key", "key"], how="left")
        .with_columns(
            [pl.col("occurrence_count").fill_null(0), *(pl.col(c).fill_null(0.0) for c in signals)],
            evidence=pl.concat_list(pl.col("said").fill_null([]), pl.col("parts").fill_null([])),
            confidence=pl.lit(None, pl.Float64),
        )
        .sort("track_key", "rank")
        .select(RANKING.names())
        .match_to_schema(RANKING)
    )
    return with_confidence(ranking, about_unknowns(tracklists), load_calibration(model).get("learned"))


def train_ranker(
    paths: str | PathLike[str] | Sequence[str | PathLike[str]],
    *,
    out: str | PathLike[str],
    now: str,
    seed: int = 0,
    sample: int | None = None,
) -> dict[str, Any]:
    """Train ranker and calibration on the recordings of tracklist files, and store them.

    Args:
        paths: Tracklist files.
        out: Folder of the stored ranker; made where it is missing.
        now: When, for the manifest.
        seed: Of every random choice.
        sample: Recordings to train on at most.

    Returns:
        The manifest: files' fingerprint, numbers of sets and recordings, features, seed, figures of the held-out part.

    Raises:
        ModelError: too little to train on.
    """
    from enrich.tracklists.reading import read_tracklists

    return train_on(read_tracklists(paths).rows, out=out, now=now, seed=seed, sample=sample)


def train_on(
    tracklists: pl.DataFrame, *, out: str | PathLike[str], now: str, seed: int = 0, sample: int | None = None
) -> dict[str, Any]:
    """`train_ranker` on a frame TRACKLISTS, such as the snapshot's mart."""
    from enrich.cooccurrence.evaluation import Plan, fit_for_use

    most = sample or MAX_TRAINING
    plan = Plan(seed=seed, max_training=most)
    if sample is not None:
        plan = Plan(seed=seed, size=max(20, min(plan.size, most // 6)), max_training=most)
    fitted = fit_for_use(tracklists, plan=plan)
    manifest = {
        "format": FORMAT,
        "trained_at": now,
        "seed": seed,
        "schema": schema_hash(fitted.ranker.names),
        "features": list(fitted.ranker.names),
        "settings": _SETTINGS | {"negatives": NEGATIVES, "batch": BATCH},
        "data": fitted.about,
        "figures": fitted.figures,
    }
    store(Ranker(trees=fitted.ranker.trees, names=fitted.ranker.names, manifest=manifest), fitted.calibration, out)
    return manifest


def store(ranker: Ranker, calibration: dict[str, Any], folder: str | PathLike[str]) -> None:
    """Write trees.npz, calibration.json and manifest.json; the manifest last, so that half a ranker is never read."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    ranker.trees.save(buffer)
    trees, table = buffer.getvalue(), _json(calibration)
    manifest = ranker.manifest | {
        "sha256": {"trees.npz": sha256(trees).hexdigest(), "calibration.json": sha256(table.encode()).hexdigest()}
    }
    (target / "trees.npz").write_bytes(trees)
    (target / "calibration.json").write_text(table, encoding="utf-8")
    (target / "manifest.json").write_text(_json(manifest), encoding="utf-8")


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


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a stored ranker, its format checked."""
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(
            f"{folder}: no stored ranker here; make one with `enrich train-ranker FILE --out {folder}`"
        ) from None
    except ValueError as error:
        raise ModelError(
            f"{folder / 'manifest.json'}: not JSON ({error}); train again with `enrich train-ranker`"
        ) from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ModelError(f"{folder}: a ranker of another format; train again with `enrich train-ranker`")
    return manifest


def read_stored(folder: Path, name: str, manifest: dict[str, Any]) -> bytes:
    """A file of a stored ranker, compared with its fingerprint in the manifest."""
    try:
        content = (folder / name).read_bytes()
    except OSError:
        raise ModelError(f"{folder / name}: missing; train again with `enrich train-ranker`") from None
    if sha256(content).hexdigest() != manifest.get("sha256", {}).get(name):
        raise ModelError(f"{folder / name}: changed since it was trained; train again with `enrich train-ranker`")
    return content


def fingerprint(tracklists: pl.DataFrame) -> str:
    """The same for the same rows in any order."""
    columns = [c for c in TRACKLISTS.names() if c in tracklists.columns]
    rows = tracklists.select(pl.struct(pl.col(c).cast(pl.String) for c in columns).hash(seed=0)).to_series().sort()
    return sha256(rows.to_numpy().tobytes()).hexdigest()[:16]


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
