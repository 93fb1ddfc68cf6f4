"""The row of `bench.hunt`: hunting labels beside the bound that the sources' rates set."""

from __future__ import annotations

from collections.abc import Iterator

from bench.hunt import ALLOWED, measure
from bench.options import Options
from bench.rows import Row


def rows(options: Options) -> Iterator[Row]:
    """Five hundred tracks at twenty times the services' rates."""
    found = measure(tracks=100 if options.quick else 500, speed=20)
    first, second = found["first"], found["second"]
    for what, run, goal in (("hunt-labels", first, ALLOWED), ("hunt-labels again, from the cache", second, None)):
        yield Row(
            bench="hunt", what=what, against="requests ÷ rate of the slowest",
            size=f"{found['tracks']:,} tracks",
            sense="cost", value=run["seconds"] / first["bound"], goal=goal, ours_s=run["seconds"],
            other_s=first["bound"], ours_cpu_s=run["cpu"],
        )  # fmt: skip
