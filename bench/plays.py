"""Simulated plays: as many as are wanted, with artists, labels and DJs as unevenly played as real ones."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from bench.measuring import measure
from enrich.frames.schemas import TRACKLISTS

SET_LENGTH = 30
UNKNOWN_SHARE = 0.01

#: Plays made at a time: whole sets.
_ROWS_AT_ONCE = 1_000_000 // SET_LENGTH * SET_LENGTH


def simulate_parts(plays: int, *, seed: int = 7) -> Iterator[pl.DataFrame]:
    """`plays` slots as TRACKLISTS, a part at a time: artists by Zipf's law, labels by artist, a DJ a set.

    A hundredth of the slots are unknown; four of ten of those are played again in another set.
    """
    artists, labels, djs = max(plays // 40, 50), max(plays // 400, 10), max(plays // 2000, 5)
    weight = np.cumsum(1 / np.arange(1, artists + 1) ** 0.9)
    home = np.random.default_rng(seed).integers(0, labels, artists)
    for first in range(0, plays, _ROWS_AT_ONCE):
        n = min(_ROWS_AT_ONCE, plays - first)
        rng = np.random.default_rng([seed, first])
        slot = np.arange(first, first + n)
        artist = np.searchsorted(weight, rng.random(n) * weight[-1])
        dj = rng.integers(0, djs, n // SET_LENGTH + 1)
        number = pl.DataFrame(
            {
                "set": slot // SET_LENGTH,
                "position": slot % SET_LENGTH + 1,
                "artist": artist,
                "label": home[artist],
                "dj": dj[(slot - first) // SET_LENGTH],
                "is_id": rng.random(n) < UNKNOWN_SHARE,
                "has_label": rng.random(n) < 0.5,
                "unknown": rng.integers(0, max(int(plays * UNKNOWN_SHARE * 0.7), 1), n),
            }
        )
        known = ~pl.col("is_id")
        yield number.select(
            set_id=pl.format("set-{}", "set"),
            dj=pl.format("DJ {}", "dj"),
            set_name=pl.lit(None, pl.String),
            set_date=pl.lit(None, pl.Date),
            position=pl.col("position").cast(TRACKLISTS["position"]),
            artist=pl.when(known).then(pl.format("Performer {}", "artist")).otherwise(pl.lit("ID")),
            title=pl.lit(None, pl.String),
            label=pl.when(known, "has_label").then(pl.format("Label {}", "label")),
            is_id="is_id",
            track_key=pl.when("is_id").then(pl.format("unknown-{}", "unknown")),
        ).match_to_schema(TRACKLISTS)


def simulate(plays: int, *, seed: int = 7) -> pl.DataFrame:
    """All parts of `simulate_parts` as one frame."""
    return pl.concat(simulate_parts(plays, seed=seed), rechunk=True)


def written(plays: int, file: str) -> Callable[[], int]:
    """Writes them to a Parquet file; in a process of its own, ten million are no part of anybody's memory."""

    def run() -> int:
        simulate(plays).write_parquet(Path(file))
        return plays

    return run


@cache
def plays_and_items(plays: int) -> tuple[Path, Path]:
    """Parquet files of `plays` slots and of the same as integers (`bench.pairs.prepared`); made once a run."""
    table, items = Path(_folder().name, f"{plays}.parquet"), Path(_folder().name, f"{plays}-items.parquet")
    measure("bench.plays:written", {"plays": plays, "file": str(table)})
    measure("bench.pairs:prepared", {"plays": str(table), "items": str(items)})
    return table, items


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    # Removed when the process ends.
    return tempfile.TemporaryDirectory(prefix="enrich-bench-")
