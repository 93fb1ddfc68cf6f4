"""How long a hunt takes beside what the rates allow: the whole command, asking, judging and start-up included.

    python -m bench.hunt [--tracks 500] [--speed 20] [--json FILE]

A catalogue of half the demo world's releases is served by a process of its own; `enrich hunt-labels FILE --out FILE`
hunts tracks of both halves over Beatport, MusicBrainz and Deezer, in that order, at their real rates times `--speed`.
The bound is the slowest source's requests ÷ its rate: nothing can be quicker. Then the same command again, answered
from the cache, and whether the two files are equal. CPU is user + system of the command, of all its threads.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import polars as pl

from enrich.demo.catalogue.server import Catalogue
from enrich.demo.world import build_world

#: Requests a second the services allow (sources.md); the order is the order of asking.
RATES = {"beatport": 1.0, "musicbrainz": 1.0, "deezer": 10.0}
#: What the specification of the hunter allows beyond the bound.
ALLOWED = 1.15


def stock(*, tracks: int, seed: int = 7) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Releases served, and tracks to hunt: half of them are served, half are not."""
    world = build_world(seed=seed, now=datetime(2026, 6, 1, tzinfo=UTC))
    releases = world.catalogue.filter(~pl.col("is_compilation"))
    recordings = releases.select("artist", "title").unique(maintain_order=True).sample(fraction=1.0, seed=seed)
    held = recordings.head(len(recordings) // 2)
    served = world.catalogue.join(held, on=["artist", "title"], how="semi")
    hunted = pl.concat([held.head(tracks - tracks // 2), recordings.tail(tracks // 2)])
    return served, hunted.sample(fraction=1.0, shuffle=True, seed=seed).select("title", "artist")


def serve(releases: pl.DataFrame, rates: dict[str, float], pipe: Connection) -> None:
    """Serve until told to stop: settings out, then for every `count` what was asked since the last."""
    with Catalogue(releases) as catalogue:
        settings = catalogue.environment(rates)
        settings |= {f"ENRICH_{source.upper()}_RATE": f"{rate:g}" for source, rate in rates.items()}
        pipe.send(settings)
        seen = 0
        while pipe.recv() == "count":
            asked = catalogue.log
            pipe.send([(one.source, one.at) for one in asked[seen:]])
            seen = len(asked)


def hunt(tracks: Path, out: Path, settings: dict[str, str]) -> dict[str, float]:
    """Seconds the command took, and its CPU."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "enrich", "hunt-labels", str(tracks), "--out", str(out)],
        env={**os.environ, **settings}, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"began": began, "seconds": time.monotonic() - began, "cpu": cpu}


def measure(*, tracks: int, speed: float) -> dict[str, Any]:
    """Both runs."""
    rates = {source: rate * speed for source, rate in RATES.items()}
    releases, hunted = stock(tracks=tracks)
    # The server starts before the clock does, and its threads are no part of the command.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(releases, rates, theirs), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as folder:
        settings = {**ours.recv(), "ENRICH_DATA_DIR": folder}
        asked, first, second = (Path(folder, f"{name}.csv") for name in ("tracks", "first", "second"))
        hunted.write_csv(asked)
        runs: dict[str, dict[str, Any]] = {}
        for name, out in (("first", first), ("second", second)):
            took = hunt(asked, out, settings)
            ours.send("count")
            log = ours.recv()
            requests = dict(Counter(source for source, _ in log))
            # The server's monotonic clock is ours.
            times = [at - took["began"] for _, at in log]
            runs[name] = {
                **took, "requests": requests, "bound": max((n / rates[s] for s, n in requests.items()), default=0.0),
                "first_request": min(times, default=None), "last_request": max(times, default=None),
            }  # fmt: skip
        found = pl.read_csv(first)["outcome"].value_counts()
        is_same = first.read_bytes() == second.read_bytes()
    ours.send("stop")
    server.join(timeout=10)
    ratio = runs["first"]["seconds"] / runs["first"]["bound"]
    outcomes = dict(found.iter_rows())
    return {
        "tracks": len(hunted), "rates": rates, "outcomes": outcomes, **runs, "ratio": ratio, "is_same_file": is_same
    }  # fmt: skip


def show(result: dict[str, Any]) -> str:
    """For people."""
    rates = ", ".join(f"{source} {rate:g}/s" for source, rate in result["rates"].items())
    lines = [f"{result['tracks']} tracks over {rates}; {result['outcomes']}", ""]
    lines.append(f"{'run':<10}{'seconds':>9}{'bound':>9}{'ratio':>8}{'CPU s':>8}  {'asking':<14}requests")
    for name in ("first", "second"):
        run = result[name]
        ratio = f"{run['seconds'] / run['bound']:.3f}" if run["bound"] else "–"
        requests = ", ".join(f"{source} {n}" for source, n in sorted(run["requests"].items())) or "none: all from cache"
        asking = f"{run['first_request']:.1f}–{run['last_request']:.1f} s" if run["requests"] else "–"
        figures = f"{run['seconds']:>9.2f}{run['bound']:>9.2f}{ratio:>8}{run['cpu']:>8.2f}"
        lines.append(f"{name:<10}{figures}  {asking:<14}{requests}")
    verdict = "within" if result["ratio"] <= ALLOWED else "beyond"
    same = "equal" if result["is_same_file"] else "DIFFERENT"
    load = os.getloadavg()[0]
    lines += [
        "",
        f"measured ÷ bound {result['ratio']:.3f}: {verdict} the {ALLOWED:g} allowed; load average {load:.1f}; "
        f"the two files are {same}",
    ]
    return "\n".join(lines)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m bench.hunt", description="A hunt beside what the rates allow.")
    parser.add_argument("--tracks", type=int, default=500)
    parser.add_argument("--speed", type=float, default=20.0, help="times the services' own rates")
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    options = parser.parse_args()
    result = measure(tracks=options.tracks, speed=options.speed)
    print(show(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
