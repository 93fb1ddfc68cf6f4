"""The whole of `rank-artists`, file to file: the formula beside the bare count of the same pairs, the learned ranker by
CPU time an unknown; how time and memory grow; and beside networkx and `implicit`, which name the same unknowns.

networkx is the oracle of the tests, one unknown at a time on a graph; `implicit` fits item-kNN on sets × artists and
recommends fifty artists for every set with an unknown: no DJ, no label, no window, no evidence.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
from scipy import sparse

from bench.measuring import PROJECT, Timing, measure, race
from bench.options import Options
from bench.plays import plays_and_items
from bench.rows import Row, compared, exponent
from enrich.cooccurrence.ranking import rank_artists, rank_in_scratch
from enrich.frames.files import write_table
from enrich.text.words import is_unknown_artist

SIZES = (100_000, 1_000_000, 10_000_000)
TIMES_PAIRS, EXPONENT, PEAK_GIB = 10.0, 1.1, 4.0
#: The learned ranker: CPU milliseconds an unknown at the middle size, growth, and GiB at the middle and the last.
LEARNED_MS, LEARNED_EXPONENT, LEARNED_GIB = 8.0, 1.25, (2.0, 4.0)


def whole(plays: str, out: str) -> Callable[[], int]:
    """What the command does, imports apart: reads, ranks, writes."""

    def run() -> int:
        ranking = rank_artists(plays)
        write_table(ranking, Path(out))
        return ranking.height

    return run


def learned(plays: str, out: str) -> Callable[[], int]:
    """What `--scorer learned --memory-limit 2GB` does: reads, ranks, writes; the number of unknowns with candidates."""

    def run() -> int:
        return rank_in_scratch(plays, out, scorer="learned", memory_limit="2GB")["with_candidates"]

    return run


def oracle(plays: str) -> Callable[[], int]:
    """networkx: the judge of the SQL in tests."""
    import sys

    sys.path.insert(0, str(PROJECT / "tests" / "cooccurrence"))
    from formula_oracle import oracle_rank  # type: ignore[import-not-found]

    tracklists = pl.read_parquet(plays)
    return lambda: len(oracle_rank(tracklists))


def item_knn(plays: str) -> Callable[[], int]:
    """`implicit`: item-kNN over sets × artists, fifty artists for every set with an unknown."""
    from implicit.nearest_neighbours import CosineRecommender

    def run() -> int:
        rows = pl.read_parquet(plays).with_columns(unknown=is_unknown_artist(pl.col("artist")))
        sets = rows["set_id"].rank("dense").to_numpy() - 1
        known = rows.with_columns(no=pl.col("set_id").rank("dense") - 1).filter(~pl.col("unknown"))
        artist = known["artist"].rank("dense").to_numpy() - 1
        shape = (int(sets.max()) + 1, int(artist.max()) + 1)
        heard = sparse.csr_matrix((np.ones(known.height, np.float32), (known["no"].to_numpy(), artist)), shape=shape)
        model = CosineRecommender(K=50, num_threads=0)
        model.fit(heard, show_progress=False)
        asked = np.unique(sets[rows["unknown"].to_numpy()])
        found, _ = model.recommend(asked, heard[asked], N=50, filter_already_liked_items=False)
        return int(found.size)

    return run


def rows(options: Options) -> Iterator[Row]:
    """Three sizes, growth, and the peers."""
    sizes = [options.size(size) for size in SIZES]
    timings: list[Timing] = []
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder, "small.parquet")
        for size in sizes:
            plays, items = plays_and_items(size)
            out = str(Path(folder, "out.parquet"))
            ours, bare = race(
                "bench.ranking:whole", "bench.pairs:counted", {"plays": str(plays), "out": out},
                other_arguments={"file": str(items)}, runs=3 if size < sizes[-1] else 1,
            )  # fmt: skip
            timings.append(ours)
            yield compared(
                "ranking", "rank-artists, formula, file to file", "the bare pair count", f"{size:,} plays", ours,
                bare, sense="cost", goal=TIMES_PAIRS if size > sizes[0] else None,
            )  # fmt: skip
            if size == sizes[0]:
                ours, knn = race(
                    "bench.ranking:whole", "bench.ranking:item_knn", {"plays": str(plays), "out": out},
                    other_arguments={"plays": str(plays)},
                )  # fmt: skip
                yield compared(
                    "ranking", "rank-artists, formula, file to file", "implicit, item-kNN", f"{size:,} plays", ours,
                    knn, sense="gain",
                )  # fmt: skip
                pl.read_parquet(plays).head(max(size // 10, 500)).write_parquet(small)
                some = pl.read_parquet(small).height
                ours, slow = race(
                    "bench.ranking:whole", "bench.ranking:oracle", {"plays": str(small), "out": out},
                    other_arguments={"plays": str(small)}, runs=1, agree=True,
                )  # fmt: skip
                yield compared(
                    "ranking", "rank-artists, formula, file to file", "networkx, one unknown at a time",
                    f"{some:,} plays", ours, slow, sense="gain",
                )  # fmt: skip
    sized = " … ".join(f"{size:,}" for size in (sizes[0], sizes[-1])) + " plays"
    yield Row(
        bench="ranking", what="rank-artists, formula, file to file", against="its own size", size=sized,
        sense="exponent", value=exponent(sizes, [timing.seconds for timing in timings]), goal=EXPONENT,
        ours_s=timings[-1].seconds, ours_cpu_s=timings[-1].cpu_s, peak_gib=timings[-1].peak_gib,
    )  # fmt: skip
    yield Row(
        bench="ranking", what="rank-artists, formula, peak memory", against="4 GiB", size=f"{sizes[-1]:,} plays",
        sense="memory", value=timings[-1].peak_gib, goal=PEAK_GIB, peak_gib=timings[-1].peak_gib,
    )  # fmt: skip
    yield from _learned_rows(sizes, timings)


def _learned_rows(sizes: list[int], formula: list[Timing]) -> Iterator[Row]:
    """The learned ranker on the same plays, beside the formula: CPU an unknown, growth, memory."""
    what, timings = "rank-artists, learned, file to file", []
    for size, other in zip(sizes, formula, strict=True):
        with tempfile.TemporaryDirectory() as folder:
            plays, out = plays_and_items(size)[0], str(Path(folder, "out.parquet"))
            timings.append(measure("bench.ranking:learned", {"plays": str(plays), "out": out}))
        ours = timings[-1]
        yield compared("ranking", what, "the formula", f"{size:,} plays", ours, other, sense="cost")
        each = 1000 * ours.cpu_s / max(ours.result, 1)
        yield Row(
            bench="ranking", what=what, against=f"{LEARNED_MS:g} ms of CPU an unknown", size=f"{size:,} plays",
            sense="cost", value=each / LEARNED_MS, goal=1.0 if size == sizes[1] else None, ours_s=ours.seconds,
            ours_cpu_s=ours.cpu_s, peak_gib=ours.peak_gib, note=f"{each:.1f} ms",
        )  # fmt: skip
    for timing, size, goal in zip(timings[1:], sizes[1:], LEARNED_GIB, strict=True):
        yield Row(
            bench="ranking", what="rank-artists, learned, peak memory", against=f"{goal:g} GiB", size=f"{size:,} plays",
            sense="memory", value=timing.peak_gib, goal=goal, peak_gib=timing.peak_gib,
        )  # fmt: skip
    yield Row(
        bench="ranking", what=what, against="its own size", size=f"{sizes[0]:,} … {sizes[-1]:,} plays",
        sense="exponent", value=exponent(sizes, [timing.cpu_s for timing in timings]), goal=LEARNED_EXPONENT,
        ours_s=timings[-1].seconds, ours_cpu_s=timings[-1].cpu_s, peak_gib=timings[-1].peak_gib,
    )  # fmt: skip
