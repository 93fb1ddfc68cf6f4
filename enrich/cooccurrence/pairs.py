"""Who is played near whom: pairs of slots within a window, and how often two items make such a pair.

Plays are sorted once and set beside themselves moved by one, two … rows; positions of a set are distinct, so the plays
within `window` positions are among the next `window` rows. Counting packs a pair into one number, sorts, and reads off
the runs: on two cores that beats a hash table as well as a product of sparse matrices (`python -m bench.cooccurrence`).
The same count as a query any engine runs is `cooccurrence_pairs` in `sql/duckdb/cooccurrence_pairs.sql`.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from enrich.cooccurrence.contexts import WINDOW

#: One row per pair of items that are ever near each other; `first` <= `second`.
PAIRS = pl.Schema({"first": pl.UInt32, "second": pl.UInt32, "count": pl.UInt32})


def pair_counts(plays: pl.DataFrame, *, window: int = WINDOW) -> pl.DataFrame:
    """Count how often two items are played within `window` positions of each other in one set.

    Args:
        plays: set_no, position, item: integers, one row per slot; `item` fits 32 bits.
        window: Positions; >= 1.

    Returns:
        PAIRS, by first and second. An item near itself is a pair like others.
    """
    packed = [
        pl.select(pl.min_horizontal(a, b).cast(pl.UInt64) * 2**32 + pl.max_horizontal(a, b).cast(pl.UInt64)).to_series()
        for a, b, _ in _beside(plays, window)
    ]
    pairs = pl.concat(packed) if packed else pl.Series(dtype=pl.UInt64)
    runs = pairs.sort().rle().struct.unnest()
    return runs.select(
        first=(pl.col("value") // 2**32).cast(pl.UInt32),
        second=(pl.col("value") % 2**32).cast(pl.UInt32),
        count=pl.col("len").cast(pl.UInt32),
    )


def slot_pairs(plays: pl.DataFrame, *, window: int = WINDOW) -> pl.DataFrame:
    """Every pair of slots within the window: first, second (items, in playing order) and distance (positions)."""
    parts = [pl.DataFrame({"first": a, "second": b, "distance": distance}) for a, b, distance in _beside(plays, window)]
    empty = {"first": plays.schema["item"], "second": plays.schema["item"], "distance": plays.schema["position"]}
    return pl.concat(parts) if parts else pl.DataFrame(schema=empty)


def _beside(plays: pl.DataFrame, window: int) -> Iterator[tuple[pl.Series, pl.Series, pl.Series]]:
    if window < 1:
        raise ValueError(f"window must be >= 1, got {window}")
    rows = plays.sort("set_no", "position")
    for step in range(1, min(window, rows.height - 1) + 1):
        here, there = rows[:-step], rows[step:]
        distance = there["position"] - here["position"]
        near = (here["set_no"] == there["set_no"]) & (distance <= window)
        yield here["item"].filter(near), there["item"].filter(near), distance.filter(near)
