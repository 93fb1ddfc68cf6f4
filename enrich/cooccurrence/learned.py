"""The learned ranker: gradient-boosted trees of XGBoost over the columns of candidates, trained on masked replay.

A generator is a table of the likeliest artists of a key (a set, a month of a series, a label in a quarter, an artist),
cut at a number; joined to the sets of the unknowns they give the candidates, and one pass over them gives the columns
`signs.COLUMNS`. The texts are those of `sql/duckdb/learned_*.sql`. All but `learned_columns` is the same whatever the
order of rows, in memory and on disk: sums are of whole numbers, and ties go to the lowest number.

`train` fits a ranker; `store` and `load_ranker` write it and read it back in XGBoost's own format, refusing what does
not fit; `scorer` makes the table `ranked` by one, as the formula does. Scoring is XGBoost's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from enrich.cooccurrence.answers import SIGNAL_STEPS, Asked, Scorer, ask_only, context_steps
from enrich.cooccurrence.calibration import Calibration
from enrich.cooccurrence.engines import DuckDB, Engine, Steps, run
from enrich.cooccurrence.plays import Vocabulary
from enrich.cooccurrence.signs import COLUMNS, SAID, schema_hash
from enrich.cooccurrence.stored import SHIPPED, as_json, read_manifest, read_stored, write_stored
from enrich.errors import ModelError
from enrich.rules import MAX_RANK
from enrich.sql import DUCKDB, in_memory
from enrich.text.normalise import fold

if TYPE_CHECKING:
    # Takes half a second to import, which whoever needs no learned ranker does not wait for.
    import xgboost as xgb

#: The file of the trees, in XGBoost's binary JSON.
MODEL_FILE = "trees.ubj"
#: Share of the wrong candidates kept for training; those weigh for the others.
NEGATIVES = 0.25
#: Unknowns whose candidates stand in memory at once.
_AT_ONCE = 1_000
_PAIR = dict.fromkeys(("unknown_no", "artist_no"), pl.Int32())
_SCORES = pl.Schema(_PAIR | {"rank": pl.Int32(), "probability": pl.Float64(), "total": pl.Float64()})
_SIGNS = pl.Schema(_PAIR | {"dj_no": pl.Int32()} | dict.fromkeys(SAID, pl.Float32()))

#: Of the booster, and its number of trees.
SETTINGS: dict[str, Any] = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "grow_policy": "lossguide",
    "max_depth": 0,
    "max_leaves": 15,
    "eta": 0.08,
    "min_child_weight": 40,
    "reg_lambda": 20,
    "colsample_bynode": 0.3,
}
TREES = 160

#: Days between two sets of which one has no date: far apart, not infinitely.
_UNDATED = 1500
#: Kernels in days: the weeks around a set, the year, the years.
_WEEKS, _YEAR, _YEARS = 60, 400, 3000
#: Words of a set's name that may be one artist, and the least letters of one word and of several.
_NAMED = {"longest": 4, "one_word": 5, "several": 4}

#: What is counted of all plays, once.
_WORLD: Steps = [
    *(
        (f"learned_{name}", {})
        for name in ["titles", "plays", "recordings", "set_artists", "sets", "set_djs", "dj_habits", "artists"]
    ),
    ("learned_hot_artists", {"limit_artists": 300}),
    ("learned_by_time", {"limit_artists": 80, "weeks": 45, "year": _YEAR}),
    ("learned_series_artists", {}),
    ("learned_seldom", {"most_sets": 100}),
    ("learned_label_artists", {}),
    ("learned_rosters", {"limit_artists": 40}),
    ("learned_neighbours", {"limit_artists": 30}),
    ("learned_together", {"limit_artists": 30}),
    ("learned_debuts", {}),
]

#: What is made for the unknowns asked for.
_ASKED: Steps = [("learned_asked", {}), ("learned_asked_sets", {}), ("learned_targets", {})]
_CANDIDATES: Steps = [
    (
        "learned_by_dj",
        {"limit_artists": 150, "undated_days": _UNDATED, "weeks": _WEEKS, "year": _YEAR, "years": _YEARS},
    ),
    ("learned_by_series", {"limit_artists": 80, "days": 365}),
    ("learned_like_sets", {"limit_sets": 40}),
    ("learned_by_likeness", {"limit_artists": 100, "undated_days": _UNDATED, "days": 200}),
    ("learned_label_now", {"limit_artists": 40, "quarters": 12, "days": _YEAR}),
    ("learned_by_label", {"limit_artists": 100}),
    ("learned_near", {"slots": 10}),
    ("learned_by_neighbours", {"limit_artists": 100}),
    ("learned_by_credit", {"limit_artists": 30}),
    ("learned_unknown_djs", {}),
    ("learned_by_debut", {"limit_artists": 60, "days": _WEEKS}),
    ("learned_parts", {}),
    ("learned_about", {}),
]


def count_plays(engine: DuckDB) -> None:
    """Count of numbered plays (`plays.number_plays`) what all columns are made from."""
    run(engine, _WORLD)


def columns(engine: DuckDB, known: Vocabulary, unknowns: pl.Series) -> pl.DataFrame:
    """Candidates of unknowns, by number, of plays numbered and counted; a few thousand at once bound the memory.

    Returns:
        unknown_no, artist_no, dj_no (a DJ of the unknown), COLUMNS and dj_near_sets (Float32); by the first two.
    """
    engine.load("wanted_unknowns", unknowns.cast(pl.Int32).to_frame("unknown_no"))
    run(engine, _ASKED)
    names = engine.frame("learned_set_names")
    folded = names.select("set_no", words=fold(pl.col("set_name")).str.split(" ")).drop_nulls()
    with in_memory(folded=folded, names=known.names) as con:
        # Artists whom the names of sets name.
        engine.load("named_artists", DUCKDB["vocabulary_named_in_sets"].frame(con, **_NAMED))
    run(engine, _CANDIDATES)
    # DuckDB would sort all candidates once for each rank; here they are in order already.
    place = pl.col("dj_rank", "alike_rank").rank("min", descending=True).over("unknown_no").cast(pl.Float32)
    return engine.frame("learned_columns").with_columns(place)


@dataclass(frozen=True, kw_only=True)
class Ranker:
    """A booster over COLUMNS, and what it was made from."""

    booster: xgb.Booster
    manifest: dict[str, Any] = field(default_factory=dict)

    def rank(self, candidates: pl.DataFrame, *, most: int) -> pl.DataFrame:
        """The first `most` candidates (unknown_no, artist_no, COLUMNS) of each unknown, best first.

        With rank, probability (the trees' own; equal ones in order of the artists' numbers), total (of those kept).
        """
        # The single precision of the trees, so that what is equal for them is a tie.
        probability = self.booster.inplace_predict(matrix(candidates)) if candidates.height else np.zeros(0, np.float32)
        # Only the first are carried along with all their columns.
        best = (
            candidates.select("unknown_no", "artist_no", row=pl.int_range(pl.len()))
            .with_columns(probability=pl.Series(probability, dtype=pl.Float32).cast(pl.Float64))
            .sort(["unknown_no", "probability", "artist_no"], descending=[False, True, False])
            .with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("unknown_no"))
            .filter(pl.col("rank") <= most)
            .with_columns(total=pl.col("probability").sum().over("unknown_no"))
        )
        return candidates[best["row"]].with_columns(best.select("rank", "probability", "total"))


def matrix(candidates: pl.DataFrame) -> NDArray[np.float32]:
    """The columns as the booster reads them; what is not known is NaN."""
    values: NDArray[np.float32] = candidates.select(pl.col(COLUMNS).cast(pl.Float32)).to_numpy()
    return values


def train(candidates: pl.DataFrame, right: pl.Series, *, seed: int) -> Ranker:
    """Fit a ranker on candidates (COLUMNS, in an order that is not that of the plays) of hidden recordings.

    Raises ModelError: there are no `right` or no wrong candidates.
    """
    import xgboost as xgb

    if not right.any() or right.all():
        raise ModelError("too little to train on: give tracklists in which known recordings come back in several sets")
    kept = right | pl.Series(np.random.default_rng(seed).random(len(right)) < NEGATIVES)
    label = right.filter(kept).to_numpy()
    data = xgb.QuantileDMatrix(
        matrix(candidates.filter(kept)), label, weight=np.where(label, 1.0, 1 / NEGATIVES), nthread=1
    )
    # One thread: sums of several are not the same at every run.
    return Ranker(booster=xgb.train({**SETTINGS, "seed": seed, "nthread": 1}, data, TREES))


def store(ranker: Ranker, calibration: dict[str, Any], folder: str | PathLike[str]) -> None:
    """Write trees, calibration.json and, last, manifest.json."""
    files = {MODEL_FILE: bytes(ranker.booster.save_raw("ubj")), "calibration.json": as_json(calibration).encode()}
    write_stored(Path(folder), files, ranker.manifest)


def load_ranker(folder: str | PathLike[str] | None = None) -> Ranker:
    """Read a stored ranker; None: the shipped one.

    Raises ModelError: missing, damaged, of another format, or of other columns than this version makes.
    """
    import xgboost as xgb

    source = SHIPPED if folder is None else Path(folder)
    manifest = read_manifest(source)
    if manifest.get("schema") != schema_hash():
        raise ModelError(
            f"{source}: the ranker reads columns {manifest.get('schema')}, this version makes {schema_hash()}; "
            "train it again with `enrich train-ranker`"
        )
    content = read_stored(source, MODEL_FILE, manifest)
    booster = xgb.Booster()
    try:
        booster.load_model(bytearray(content))
    except xgb.core.XGBoostError as error:
        raise ModelError(f"{source / MODEL_FILE}: not a model of XGBoost ({str(error).splitlines()[0]})") from error
    if booster.num_features() != len(COLUMNS):
        raise ModelError(f"{source / MODEL_FILE}: reads {booster.num_features()} columns; train again")
    return Ranker(booster=booster, manifest=manifest)


def scorer(ranker: Ranker, calibration: Calibration | None) -> Scorer:
    """What ranks numbered plays by a ranker; on DuckDB alone."""
    return Scorer(calibration=calibration, score=partial(_score, ranker), tables=("signs",), at_once=None)


def _score(ranker: Ranker, engine: Engine, known: Vocabulary, asked: Asked) -> None:
    assert isinstance(engine, DuckDB)  # `ranking.rank_in_scratch` refuses Spark.
    count_plays(engine)
    unknowns = engine.frame("learned_all_unknowns")
    if asked.only is not None:
        unknowns = unknowns.filter(pl.col("track_key").is_in(asked.only.implode()))
    tables = {"learned_scores": _SCORES, "signs": _SIGNS}
    for table, schema in tables.items():
        engine.load(table, schema.to_frame())
    for first in range(0, unknowns.height, _AT_ONCE):
        asked.told(first, unknowns.height)
        best = ranker.rank(columns(engine, known, unknowns["unknown_no"].slice(first, _AT_ONCE)), most=MAX_RANK)
        for table, schema in tables.items():
            engine.append(table, best.select(pl.col(name).cast(dtype) for name, dtype in schema.items()))
    asked.told(unknowns.height, unknowns.height)
    ask_only(engine, asked.only)
    run(engine, [*context_steps(window=asked.window), ("learned_scored", {}), *SIGNAL_STEPS])
    engine.run("learned_ranked", limit_rank=asked.max_rank)
