"""The bare count of pairs of artists near each other: what ranking an unknown costs at least, numbered plays given.

networkx counts the same on a graph, and judges the count.
"""

from __future__ import annotations

from collections.abc import Callable

import networkx as nx
import numpy as np
import polars as pl

from enrich.cooccurrence.slots import credited_slots, slot_rows
from enrich.rules import WINDOW


def prepared(plays: str, items: str) -> Callable[[], int]:
    """Numbers the known plays of one Parquet file into another: set_no, position, item, in playing order."""

    def run() -> int:
        rows = slot_rows(pl.read_parquet(plays))
        frame = (
            credited_slots(rows)
            .join(rows.select("slot", "set_id", "position"), on="slot")
            .select(
                pl.col("set_id").rank("dense").alias("set_no") - 1,
                "position",
                item=pl.col("key").rank("dense").cast(pl.UInt32) - 1,
            )
            .sort("set_no", "position")
        )
        frame.write_parquet(items)
        return frame.height

    return run


def counted(file: str) -> Callable[[], int]:
    """Pairs packed into one number each, sorted on all cores, and the runs counted."""
    items = pl.read_parquet(file)

    def run() -> int:
        sets, at, artist = (items[column].to_numpy() for column in ("set_no", "position", "item"))
        found = [np.zeros(0, np.uint64)]
        for step in range(1, WINDOW + 1):
            near = (sets[step:] == sets[:-step]) & (at[step:] - at[:-step] <= WINDOW)
            one, other = artist[:-step][near].astype(np.uint64), artist[step:][near].astype(np.uint64)
            found.append((np.minimum(one, other) << np.uint64(32)) | np.maximum(one, other))
        pairs = pl.Series(np.concatenate(found)).sort().to_numpy()
        return int((pairs[1:] != pairs[:-1]).sum()) + min(len(pairs), 1)

    return run


def networkx(file: str) -> Callable[[], int]:
    """The same count on a graph, an edge a pair."""
    items = pl.read_parquet(file)

    def run() -> int:
        graph = nx.Graph()
        for _, plays in items.group_by("set_no"):
            played = list(plays.select("position", "item").iter_rows())
            graph.add_edges_from(
                (one, other) for at, one in played for place, other in played if at < place <= at + WINDOW
            )
        return graph.number_of_edges()

    return run
