"""Who is played near whom: pairs of slots within a window, and how often two items make such a pair.

Plays are sorted once and set beside themselves moved by one, two … rows: positions of a set are distinct, so the
plays within `window` positions are among the next `window` rows. Counting packs a pair into one number, sorts (on all
cores), and reads off the runs; `make bench ONLY=pairs` sets it beside hash tables and
products of sparse matrices. The same count as a query any engine runs is `sql/duckdb/cooccurrence_pairs.sql`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from enrich.frames.coding import packed
from enrich.rules import WINDOW

Items = npt.NDArray[np.unsignedinteger]

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
    both = [_packed(a.to_numpy(), b.to_numpy()) for a, b, _ in _beside(plays, window)]
    pairs = pl.Series(np.concatenate([np.zeros(0, np.uint64), *both])).sort().to_numpy()
    starts = np.flatnonzero(np.concatenate([np.ones(min(len(pairs), 1), bool), pairs[1:] != pairs[:-1]]))
    counts = np.diff(np.append(starts, len(pairs)))
    found = pairs[starts]
    return pl.DataFrame(
        {"first": found >> np.uint64(32), "second": found & np.uint64(2**32 - 1), "count": counts}
    ).cast(dict(PAIRS))  # type: ignore[arg-type]


def _packed(a: Items, b: Items) -> Items:
    """Both items in one number, the smaller in its upper half."""
    return (np.minimum(a, b).astype(np.uint64) << np.uint64(32)) | np.maximum(a, b).astype(np.uint64)


def slot_pairs(plays: pl.DataFrame, *, window: int = WINDOW) -> pl.DataFrame:
    """Every pair of slots within the window: first, second (items, in playing order) and distance (positions)."""
    parts = [pl.DataFrame({"first": a, "second": b, "distance": distance}) for a, b, distance in _beside(plays, window)]
    empty = {"first": plays.schema["item"], "second": plays.schema["item"], "distance": plays.schema["position"]}
    return pl.concat(parts) if parts else pl.DataFrame(schema=empty)


def _beside(plays: pl.DataFrame, window: int) -> Iterator[tuple[pl.Series, pl.Series, pl.Series]]:
    if window < 1:
        raise ValueError(f"window must be >= 1, got {window}")
    place = packed(plays["set_no"], plays["position"])
    rows = plays if place.is_sorted() else plays[place.arg_sort()]
    for step in range(1, min(window, rows.height - 1) + 1):
        here, there = rows[:-step], rows[step:]
        distance = there["position"] - here["position"]
        near = (here["set_no"] == there["set_no"]) & (distance <= window)
        yield here["item"].filter(near), there["item"].filter(near), distance.filter(near)
