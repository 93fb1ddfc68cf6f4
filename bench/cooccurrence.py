"""Co-occurrence side by side with its peers, on simulated plays: pair counting, and the whole formula ranking.

python -m bench.cooccurrence --plays 1000000 10000000
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import networkx as nx
import numpy as np
import polars as pl
from scipy import sparse

from enrich.cooccurrence.contexts import WINDOW, number_plays
from enrich.cooccurrence.pairs import pair_counts


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


def measure(plays: int, *, seed: int = 7) -> list[dict[str, object]]:
    """All rows for one size, in one run: name, size, ours_s, other_s, ratio (other / ours), peak_gib.

    Pair counting is given the same integers (set, position, artist) by everyone; peers whose time grows beyond
    patience are given the share of the plays that `size` states, and we the same. Best of three, after a warm-up.
    """
    world = simulate(plays, seed=seed)
    numbered = number_plays(world)
    items = numbered.slots.filter(pl.col("credit_no").is_not_null()).join(
        numbered.credits, on="credit_no", maintain_order="left"
    )
    items = items.select("set_no", "position", item="artist_no")
    del numbered
    rows = []
    for name, peer, share in (
        ("pairs: scipy.sparse product", _pairs_scipy_product, 1.0),
        ("pairs: scipy.sparse coo→csr", _pairs_scipy_coo, 1.0),
        ("pairs: collections.Counter", _pairs_counter, 1_000_000 / max(plays, 1_000_000)),
        ("pairs: networkx", _pairs_networkx, 1_000_000 / max(plays, 1_000_000)),
    ):
        part = items.head(int(items.height * share))
        peer_s, peer_pairs = _timed(peer, part, times=3 if share == 1.0 and "scipy" in name else 1)
        ours_s, ours_pairs = _timed(_pairs_ours, part, times=3)
        if peer_pairs != ours_pairs:
            raise AssertionError(f"{name} counts {peer_pairs} pairs, we {ours_pairs}")
        rows.append(_row(name, part.height, ours_s, peer_s))
    bare_s, _ = _timed(_pairs_ours, items, times=3)
    del items
    # In a process of its own, from file to file: what the command does, and the memory it takes.
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "plays.parquet"), Path(folder, "ranking.parquet")
        world.write_parquet(source)
        del world
        rank_s, rank_gib = _ranked_apart("rank", source, target)
        whole_s, whole_gib = _ranked_apart("command", source, target)
    for name, seconds, gib in (
        ("rank: formula, from a Parquet frame, against the bare pair count", rank_s, rank_gib),
        ("rank-artists: formula, the whole command, against the bare pair count", whole_s, whole_gib),
    ):
        rows.append({**_row(name, plays, seconds, bare_s), "peak_gib": gib})
    return rows


def _row(name: str, size: int, ours_s: float, other_s: float) -> dict[str, object]:
    return {
        "name": name, "size": size, "ours_s": round(ours_s, 3), "other_s": round(other_s, 3),
        "ratio": round(other_s / ours_s, 2), "peak_gib": None,
    }  # fmt: skip


def _timed(count: Callable[[pl.DataFrame], int], items: pl.DataFrame, *, times: int) -> tuple[float, int]:
    best, pairs = float("inf"), 0
    for _ in range(times):
        started = time.perf_counter()
        pairs = count(items)
        best = min(best, time.perf_counter() - started)
    return best, pairs


def _pairs_ours(items: pl.DataFrame) -> int:
    return pair_counts(items, window=WINDOW).height


def _beside(items: pl.DataFrame) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    rows = items.sort("set_no", "position")
    sets, at, artist = (rows[c].to_numpy() for c in ("set_no", "position", "item"))
    for step in range(1, WINDOW + 1):
        near = (sets[step:] == sets[:-step]) & (at[step:] - at[:-step] <= WINDOW)
        yield artist[:-step][near], artist[step:][near]


def _pairs_scipy_coo(items: pl.DataFrame) -> int:
    ends = [(np.minimum(a, b), np.maximum(a, b)) for a, b in _beside(items)]
    a, b = (np.concatenate(side) for side in zip(*ends, strict=True))
    n = int(items["item"].max()) + 1
    return sparse.coo_matrix((np.ones(len(a), np.int32), (a, b)), shape=(n, n)).tocsr().nnz


def _pairs_scipy_product(items: pl.DataFrame) -> int:
    """Slots × artists, moved by one and two slots, times itself: as a paper would write it."""
    rows = items.sort("set_no", "position")
    position, artist = rows["position"].to_numpy(), rows["item"].to_numpy()
    stride = int(position.max()) + WINDOW + 1
    slot = rows["set_no"].to_numpy().astype(np.int64) * stride + position
    n, m = int(artist.max()) + 1, int(slot.max()) + WINDOW + 1

    def moved(step: int) -> sparse.csr_matrix:
        # The slots are in order and hold one artist each: the matrix is written down, not sorted.
        starts = np.zeros(m + 1, np.int64)
        starts[slot + step + 1] = 1
        return sparse.csr_matrix((np.ones(len(artist), np.int32), artist, np.cumsum(starts)), shape=(m, n))

    here = moved(0)
    directed = sum((moved(step).T @ here for step in range(1, WINDOW + 1)), sparse.csr_matrix((n, n), dtype=np.int32))
    return sparse.triu(directed + directed.T).nnz


def _pairs_counter(items: pl.DataFrame) -> int:
    counts: Counter[tuple[int, int]] = Counter()
    for a, b in _beside(items):
        counts.update(zip(np.minimum(a, b).tolist(), np.maximum(a, b).tolist(), strict=True))
    return len(counts)


def _pairs_networkx(items: pl.DataFrame) -> int:
    graph = nx.Graph()
    for a, b in _beside(items):
        for one, other in zip(a.tolist(), b.tolist(), strict=True):
            if graph.has_edge(one, other):
                graph[one][other]["weight"] += 1
            else:
                graph.add_edge(one, other, weight=1)
    return graph.number_of_edges()


_CHILD = """
import resource, sys, time
kind, source, target = sys.argv[1:]
if kind == "rank":
    import polars as pl
    from enrich.cooccurrence.ranking import rank
    tracklists = pl.read_parquet(source)
    started = time.perf_counter()
    rank(tracklists)
else:
    from enrich.contracts.tables import write_table
    from enrich.cooccurrence.ranking import rank_artists
    started = time.perf_counter()
    write_table(rank_artists(source), target)
print(time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""


def _ranked_apart(kind: str, source: Path, target: Path) -> tuple[float, float]:
    """Seconds and peak memory (GiB) of the ranking in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, kind, str(source), str(target)], check=True, capture_output=True, text=True
    )
    seconds, gib = map(float, done.stdout.splitlines()[-1].split())
    return seconds, round(gib, 2)


def rows(*, plays: tuple[int, ...] = (1_000_000,)) -> list[dict[str, object]]:
    """All rows for all sizes."""
    return [row for size in plays for row in measure(size)]


def main() -> None:
    """Print the rows as a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plays", type=int, nargs="+", default=[1_000_000])
    arguments = parser.parse_args()
    print(f"{'what':<72}{'plays':>12}{'ours s':>9}{'other s':>9}{'ratio':>8}{'GiB':>7}")
    for size in arguments.plays:
        for row in measure(size):
            print(
                f"{row['name']:<72}{row['size']:>12,}{row['ours_s']:>9}{row['other_s']:>9}{row['ratio']:>8}"
                f"{row['peak_gib'] or '':>7}",
                flush=True,
            )


if __name__ == "__main__":
    main()
