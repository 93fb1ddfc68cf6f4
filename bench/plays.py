"""Simulated plays: as many as are wanted, with artists, labels and DJs as unevenly played as real ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl


def simulate(plays: int, *, seed: int = 7, set_length: int = 30, unknown: float = 0.01) -> pl.DataFrame:
    """TRACKLISTS of `plays` slots: artists and labels by Zipf's law, labels by artist, one DJ a set."""
    rng = np.random.default_rng(seed)
    artists, labels, djs = max(plays // 40, 50), max(plays // 400, 10), max(plays // 2000, 5)
    weight = 1 / np.arange(1, artists + 1) ** 0.9
    artist = rng.choice(artists, plays, p=weight / weight.sum())
    home = rng.integers(0, labels, artists)
    sets = np.arange(plays) // set_length
    number = pl.DataFrame(
        {
            "set": sets,
            "position": (np.arange(plays) % set_length + 1).astype(np.int32),
            "artist": artist,
            "label": home[artist],
            "dj": rng.integers(0, djs, int(sets[-1]) + 1)[sets],
            "is_id": rng.random(plays) < unknown,
            "has_label": rng.random(plays) < 0.5,
            # Four unknown slots in ten are played again in another set.
            "unknown": rng.integers(0, max(int(plays * unknown * 0.7), 1), plays),
        }
    )
    return number.select(
        set_id=pl.format("set-{}", "set"),
        dj=pl.format("DJ {}", "dj"),
        set_name=pl.lit(None, pl.String),
        set_date=pl.lit(None, pl.Date),
        position="position",
        artist=pl.when("is_id").then(pl.lit("ID")).otherwise(pl.format("Performer {}", "artist")),
        title=pl.lit(None, pl.String),
        label=pl.when(pl.col("has_label") & ~pl.col("is_id")).then(pl.format("Label {}", "label")),
        is_id="is_id",
        track_key=pl.when("is_id").then(pl.format("unknown-{}", "unknown")),
    )


def written(plays: int, file: str) -> Callable[[], int]:
    """Writes them to a Parquet file; in a process of its own, ten million are no part of anybody's memory."""

    def run() -> int:
        simulate(plays).write_parquet(Path(file))
        return plays

    return run
