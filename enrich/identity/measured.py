"""How often a name was right, by where it came from: the shipped ranker of names that come later, and counted shares.

Both were measured by hiding what is known on real tracklists (`python -m bench.identity`, which also writes the files):
trees in XGBoost's own format over `candidates.SIGNS`, and counts of right names among those proposed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from enrich.cooccurrence.stored import as_json, read_manifest, read_stored, write_stored
from enrich.errors import ModelError
from enrich.identity.candidates import SIGNS

if TYPE_CHECKING:
    # Takes half a second to import, which whoever has no candidates does not wait for.
    import xgboost as xgb

SHIPPED = Path(__file__).resolve().parent / "models"
_TREES, _COUNTS = "named_later.ubj", "counts.json"

#: Of the trees, and their number.
SETTINGS: dict[str, Any] = {
    "objective": "binary:logistic",
    "max_depth": 5,
    "eta": 0.05,
    "min_child_weight": 5,
    "reg_lambda": 2,
    "subsample": 0.8,
    "colsample_bytree": 0.8,
    "nthread": 1,
}
TREES = 300


@dataclass(frozen=True, slots=True)
class Share:
    """Right ones among the names proposed with the same ground."""

    right: int
    n: int

    @property
    def confidence(self) -> float:
        """The share, one right and one wrong imagined: a handful of lucky ones is not sure."""
        return (self.right + 1) / (self.n + 2)


@dataclass(frozen=True, slots=True)
class Measured:
    """What identity goes by."""

    booster: xgb.Booster
    shares: dict[str, Share]
    """By ground: `other-listing one certain`, …"""

    def confidence(self, candidates: pl.DataFrame) -> pl.Series:
        """The share of right ones among candidates (SIGNS) like each."""
        if candidates.is_empty():
            return pl.Series("confidence", [], dtype=pl.Float64)
        return pl.Series("confidence", self.booster.inplace_predict(matrix(candidates)).astype(np.float64))

    def share(self, ground: str) -> Share:
        """Counted shares of a ground; of one never met, nothing is known."""
        return self.shares.get(ground, Share(0, 0))


def matrix(candidates: pl.DataFrame) -> np.ndarray:
    """SIGNS as the trees read them; what does not apply is NaN."""
    return candidates.select(pl.col(SIGNS).cast(pl.Float32)).to_numpy()


def train(candidates: pl.DataFrame, right: pl.Series, *, seed: int) -> xgb.Booster:
    """Fit trees on candidates (SIGNS) of hidden plays, and whether each is right."""
    import xgboost as xgb

    data = xgb.DMatrix(matrix(candidates), right.cast(pl.Int8).to_numpy(), nthread=1)
    return xgb.train({**SETTINGS, "seed": seed}, data, TREES)


def store(booster: xgb.Booster, shares: dict[str, Share], figures: dict[str, Any], folder: Path = SHIPPED) -> None:
    """Write trees, counts and, last, the manifest with `figures`."""
    counts = as_json({ground: [share.right, share.n] for ground, share in shares.items()})
    files = {_TREES: bytes(booster.save_raw("ubj")), _COUNTS: counts.encode()}
    write_stored(folder, files, {"format": 2, "schema": _schema(), **figures})


@cache
def load(folder: Path = SHIPPED) -> Measured:
    """Read what was stored, once a process: every round of a run and every question of a notebook asks for it.

    Raises:
        ModelError: missing, damaged, or of other signs than this version makes.
    """
    import xgboost as xgb

    manifest = read_manifest(folder)
    if manifest.get("schema") != _schema():
        raise ModelError(f"{folder}: made for other signs than this version's; run `python -m bench.identity --write`")
    booster = xgb.Booster({"nthread": 1})
    booster.load_model(bytearray(read_stored(folder, _TREES, manifest)))
    counts = json.loads(read_stored(folder, _COUNTS, manifest))
    return Measured(booster, {ground: Share(*pair) for ground, pair in counts.items()})


def _schema() -> str:
    return sha256(",".join(SIGNS).encode()).hexdigest()[:12]
