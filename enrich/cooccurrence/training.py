"""Training a ranker and its calibration on tracklists of one's own, and storing both.

Entry points: `train_ranker` (files), `train_on` (a frame, such as a snapshot's mart).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from typing import Any

import polars as pl

from enrich.cooccurrence.evaluation.replay import CrossValidation, fit_for_use
from enrich.cooccurrence.learned.ranker import NEGATIVES, SETTINGS, TREES, store
from enrich.cooccurrence.signs import COLUMNS, schema_hash
from enrich.cooccurrence.stored import FORMAT
from enrich.tracklists.reading import read_tracklists


def train_ranker(
    paths: str | PathLike[str] | Sequence[str | PathLike[str]],
    *,
    out: str | PathLike[str],
    now: str,
    seed: int = 0,
    sample: int | None = None,
) -> dict[str, Any]:
    """`train_on` the recordings of tracklist files."""
    return train_on(read_tracklists(paths).rows, out=out, now=now, seed=seed, sample=sample)


def train_on(
    tracklists: pl.DataFrame, *, out: str | PathLike[str], now: str, seed: int = 0, sample: int | None = None
) -> dict[str, Any]:
    """Train ranker and calibration on the recordings of a frame TRACKLISTS, and store them.

    Args:
        tracklists: Such as the snapshot's mart.
        out: Folder of the stored ranker; made where it is missing.
        now: When, for the manifest.
        seed: Of every random choice.
        sample: Recordings to train on at most.

    Returns:
        The manifest: the data's fingerprint, numbers of sets and recordings, columns, seed, figures of held-out
        half-years.

    Raises:
        ModelError: too little to train on.
    """
    plan = CrossValidation(seed=seed)
    if sample is not None:
        plan = CrossValidation(seed=seed, size=max(10, sample // plan.folds))
    ranker, calibration = fit_for_use(tracklists, plan=plan)
    manifest = {
        "format": FORMAT,
        "trained_at": now,
        "seed": seed,
        "schema": schema_hash(),
        "columns": list(COLUMNS),
        "settings": SETTINGS | {"trees": TREES, "negatives": NEGATIVES},
        **ranker.manifest,
    }
    store(replace(ranker, manifest=manifest), calibration, out)
    return manifest
