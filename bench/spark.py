"""The same ranking by DuckDB in memory, by DuckDB on disk and by Spark on this machine, for growing numbers of plays.

    python -m bench.spark [--plays 100000 1000000] [--master local[2]]

Every engine runs `enrich rank-artists` in a process of its own, file to file; the rankings must be equal, row for row.
Prints seconds, CPU seconds and memory (the JVM and the Python workers included), and how each engine's time grows.
Needs `make spark`. Not part of `make bench`.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from pathlib import Path

import polars as pl

from bench.out_of_core import Watched, write_plays

ENGINES: dict[str, list[str]] = {
    "duckdb, in memory": [],
    "duckdb, 2 GiB": ["--memory-limit", "2GiB"],
    "spark": ["--engine", "spark", "--master"],
}


def main() -> None:
    """Print the table; fail where two rankings differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plays", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--master", default="local[2]")
    asked = parser.parse_args()
    seconds: dict[str, list[float]] = {name: [] for name in ENGINES}
    print(f"{'engine':<20}{'plays':>12}{'seconds':>10}{'CPU s':>10}{'peak GiB':>10}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for plays in asked.plays:
            source = folder / f"plays-{plays}.parquet"
            write_plays(source, plays)
            rankings = []
            for name, options in ENGINES.items():
                target = folder / f"{name}-{plays}.parquet"
                more = [*options, *([asked.master] if name == "spark" else []), "--scratch", str(folder)]
                command = [sys.executable, "-m", "enrich", "rank-artists", str(source), "--out", str(target), *more]
                done = Watched(command, folder)
                seconds[name].append(done.seconds)
                rankings.append(pl.read_parquet(target))
                gib = done.tree_peak_bytes / 2**30
                cpu = done.tree_cpu_seconds
                print(f"{name:<20}{plays:>12,}{done.seconds:>10.1f}{cpu:>10.1f}{gib:>10.2f}", flush=True)
            if not all(rankings[0].equals(other) for other in rankings[1:]):
                raise SystemExit(f"{plays} plays: the engines do not agree")
    if len(asked.plays) > 1:
        growth = math.log(asked.plays[-1] / asked.plays[0])
        for name, taken in seconds.items():
            print(f"{name}: time grows as plays^{math.log(taken[-1] / taken[0]) / growth:.2f}")


if __name__ == "__main__":
    main()
