"""How often a name was right, by where it came from: the shipped ranker of names that come later, and counted shares.

Both were measured by hiding what is known on real tracklists (`python -m bench.identity`, which also writes the files):
trees in XGBoost's own format over `candidates.SIGNS`, and counts of right names among those proposed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from enrich.cooccurrence.stored import read_manifest, read_stored
from enrich.errors import ModelError
from enrich.identity.candidates import SIGNS

if TYPE_CHECKING:
    # Takes half a second to import, which whoever has no candidates does not wait for.
    import xgboost as xgb

SHIPPED = Path(__file__).resolve().parent / "models"
#: Files of the trees and of the counts.
TREES, COUNTS = "named_later.ubj", "counts.json"


@cache
def grounds(folder: Path = SHIPPED) -> Mapping[str, tuple[int, int]]:
    """Names that were right, and all that were proposed, by ground: `rescraped certain`, `other-listing one likely`, …

    Raises ModelError: missing or damaged.
    """
    counts = json.loads(read_stored(folder, COUNTS, read_manifest(folder)))
    return {ground: (right, n) for ground, (right, n) in counts.items()}


def share(right: int, n: int) -> float:
    """The share of right ones, one right and one wrong imagined: a handful of lucky ones is not sure."""
    return (right + 1) / (n + 2)


def shares(ground: pl.Expr) -> pl.Expr:
    """The share measured of each ground; of one never met, nothing is known."""
    known = {name: share(*counted) for name, counted in grounds().items()}
    return ground.replace_strict(known, default=share(0, 0), return_dtype=pl.Float64)


def listing_ground(verdict: pl.Expr, certain: pl.Expr, among: pl.Expr) -> pl.Expr:
    """What a name in another listing stands on: whether the two are surely one set, and how sure the row's place is."""
    place = pl.when(certain).then(pl.lit("certain")).when(among.is_null()).then(pl.lit("likely"))
    return pl.concat_str(pl.lit("other-listing"), verdict, place.otherwise(pl.format("among {}", among)), separator=" ")


def undated_ground() -> pl.Expr:
    """What a name for a slot without a day stands on: what is missing, and how many come into question."""
    return pl.format("undated {}, {} in question", "blank", "options")


def confidence(candidates: pl.DataFrame) -> pl.Series:
    """The share of right ones among candidates (SIGNS) like each."""
    if candidates.is_empty():
        return pl.Series("confidence", [], dtype=pl.Float64)
    return pl.Series("confidence", load().inplace_predict(matrix(candidates)).astype(np.float64))


def matrix(candidates: pl.DataFrame) -> np.ndarray:
    """SIGNS as the trees read them; what does not apply is NaN."""
    return candidates.select(pl.col(SIGNS).cast(pl.Float32)).to_numpy()


@cache
def load(folder: Path = SHIPPED) -> xgb.Booster:
    """The trees as stored, read once a process: every round of a run and every question of a notebook asks for them.

    Raises ModelError: missing, damaged, or of other signs than this version makes.
    """
    import xgboost as xgb

    manifest = read_manifest(folder)
    if manifest.get("schema") != schema():
        raise ModelError(f"{folder}: made for other signs than this version's; run `python -m bench.identity --write`")
    booster = xgb.Booster({"nthread": 1})
    booster.load_model(bytearray(read_stored(folder, TREES, manifest)))
    return booster


def schema() -> str:
    """A mark of the signs that stored trees read."""
    return sha256(",".join(SIGNS).encode()).hexdigest()[:12]
