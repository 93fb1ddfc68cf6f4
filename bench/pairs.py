"""Pair counting beside its peers: the same integers (set, position, artist), the same counts.

The peers: networkx as its tutorial counts, `collections.Counter`, and scipy.sparse twice: as a paper would write it
(slots × artists, moved by one slot and two, times itself), and by its quickest way (one matrix of all pairs, summed).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import networkx as nx
import numpy as np
import polars as pl
from scipy import sparse

from bench.measuring import race
from bench.options import Options
from bench.plays import plays_and_items
from bench.rows import Row, compared
from enrich.cooccurrence.contexts import number_plays
from enrich.cooccurrence.pairs import pair_counts
from enrich.rules import WINDOW


def artists_played(tracklists: pl.DataFrame) -> pl.DataFrame:
    """set_no, position, item: the known plays as integers."""
    numbered = number_plays(tracklists)
    items = numbered.slots.filter(pl.col("credit_no").is_not_null()).join(
        numbered.credits, on="credit_no", maintain_order="left"
    )
    return items.select("set_no", "position", item="artist_no")


def prepared(plays: str, items: str) -> Callable[[], int]:
    """Numbers the plays of one Parquet file into another."""

    def run() -> int:
        frame = artists_played(pl.read_parquet(plays)).sort("set_no", "position")
        frame.write_parquet(items)
        return frame.height

    return run


def ours(file: str) -> Callable[[], int]:
    """`enrich.cooccurrence.pairs`."""
    items = pl.read_parquet(file)
    return lambda: pair_counts(items, window=WINDOW).height


def _beside(items: pl.DataFrame) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    # Everybody gets the plays in order, and need not sort them.
    sets, at, artist = (items[c].to_numpy() for c in ("set_no", "position", "item"))
    for step in range(1, WINDOW + 1):
        near = (sets[step:] == sets[:-step]) & (at[step:] - at[:-step] <= WINDOW)
        yield artist[:-step][near], artist[step:][near]


def scipy_coo(file: str) -> Callable[[], int]:
    items = pl.read_parquet(file)

    def run() -> int:
        ends = [(np.minimum(a, b), np.maximum(a, b)) for a, b in _beside(items)]
        a, b = (np.concatenate(side) for side in zip(*ends, strict=True))
        n = int(items["item"].max()) + 1
        return int(sparse.coo_matrix((np.ones(len(a), np.int32), (a, b)), shape=(n, n)).tocsr().nnz)

    return run


def scipy_product(file: str) -> Callable[[], int]:
    items = pl.read_parquet(file)

    def run() -> int:
        position, artist = items["position"].to_numpy(), items["item"].to_numpy()
        stride = int(position.max()) + WINDOW + 1
        slot = items["set_no"].to_numpy().astype(np.int64) * stride + position
        n, m = int(artist.max()) + 1, int(slot.max()) + WINDOW + 1

        def moved(step: int) -> sparse.csr_matrix:
            # The slots are in order and hold one artist each: the matrix is written down, not sorted.
            starts = np.zeros(m + 1, np.int64)
            starts[slot + step + 1] = 1
            return sparse.csr_matrix((np.ones(len(artist), np.int32), artist, np.cumsum(starts)), shape=(m, n))

        here = moved(0)
        directed = sum(
            (moved(step).T @ here for step in range(1, WINDOW + 1)), sparse.csr_matrix((n, n), dtype=np.int32)
        )
        return int(sparse.triu(directed + directed.T).nnz)

    return run


def counter(file: str) -> Callable[[], int]:
    items = pl.read_parquet(file)

    def run() -> int:
        counts: Counter[tuple[int, int]] = Counter()
        for a, b in _beside(items):
            counts.update(zip(np.minimum(a, b).tolist(), np.maximum(a, b).tolist(), strict=True))
        return len(counts)

    return run


def networkx(file: str) -> Callable[[], int]:
    items = pl.read_parquet(file)

    def run() -> int:
        graph = nx.Graph()
        for a, b in _beside(items):
            for one, other in zip(a.tolist(), b.tolist(), strict=True):
                if graph.has_edge(one, other):
                    graph[one][other]["weight"] += 1
                else:
                    graph.add_edge(one, other, weight=1)
        return graph.number_of_edges()

    return run


def rows(options: Options) -> Iterator[Row]:
    """One million plays against everybody, ten against scipy's quickest."""
    for plays, peers in (
        (
            1_000_000,
            (("networkx", 20.0, 1), ("counter", None, 1), ("scipy_product", 2.0, 3), ("scipy_coo", 2.0, 3)),
        ),
        (10_000_000, (("scipy_coo", 2.0, 2),)),
    ):
        size = options.size(plays)
        _, items = plays_and_items(size)
        for peer, goal, runs in peers:
            mine, other = race(
                "bench.pairs:ours",
                f"bench.pairs:{peer}",
                {"file": str(items)},
                runs=runs,
                warm=runs > 1,
                agree=True,
            )
            name = {"scipy_product": "scipy.sparse, product", "scipy_coo": "scipy.sparse, coo to csr",
                    "counter": "collections.Counter"}.get(peer, peer)  # fmt: skip
            yield compared("pairs", "pair counting", name, f"{size:,} plays", mine, other, sense="gain", goal=goal)
