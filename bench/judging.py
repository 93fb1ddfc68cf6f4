"""What judging answers costs the processor: together as they arrive beside one by one, and a whole run on the demo.

    python -m bench --only judging

The answers are made of the demo world's releases: for each track everything its artist has there, up to 25 hits, as a
source gives them. Nothing read before a run is remembered in it. The run is `enrich run` after set-up, in a process of
its own: user + system CPU of all its threads, the loopback catalogue's share included.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import polars as pl

from bench.measuring import race
from bench.options import Options
from bench.rows import Row, compared
from enrich.demo.world import build_world
from enrich.labels import book
from enrich.labels.book import LabelBook
from enrich.matching import recordings
from enrich.matching.choice import choose_all, choose_among
from enrich.matching.values import Hit, TrackQuery
from enrich.text import credits, normalise, title_brackets, titles

#: CPU seconds a run on the demo world may take, and what it took before replies were judged together.
ALLOWED_S, BEFORE_S = 45.0, 108.0


def answers(count: int) -> tuple[list[TrackQuery], list[list[Hit]]]:
    """Tracks, and what one source says to each."""
    releases = build_world(seed=7, now=datetime(2026, 6, 1, tzinfo=UTC)).catalogue
    by_artist: dict[str, list[Hit]] = {}
    for row in releases.iter_rows(named=True):
        hit = Hit(
            source="beatport", title=row["title"], mix=row["mix"], artists=(row["artist"],), label=row["label"],
            release_date=row["release_date"], duration_ms=row["duration_ms"], isrc=row["isrc"],
            is_compilation=row["is_compilation"],
        )  # fmt: skip
        by_artist.setdefault(row["artist"], []).append(hit)
    asked = releases.select("artist", "title", pl.int_range(pl.len()).cast(pl.String).alias("track_id")).head(count)
    queries = [TrackQuery(**row) for row in asked.iter_rows(named=True)]
    return queries, [by_artist[query.artist or ""][:25] for query in queries]


def _forgetful(judge: Callable[[], int]) -> Callable[[], int]:
    def run() -> int:
        recordings._MEMORY = recordings._Memory()
        normalise._FOLDED.clear()
        credits._apart.cache_clear()
        for read in (book._parts, title_brackets._meanings, titles._versions):
            for cell in read.__closure__ or ():
                if isinstance(kept := cell.cell_contents, list):
                    kept.clear()
        return judge()

    return run


def together(count: int) -> Callable[[], int]:
    """All answers at once."""
    queries, hits = answers(count)
    return _forgetful(lambda: len(choose_all(queries, hits, book=LabelBook())))


def one_by_one(count: int) -> Callable[[], int]:
    """Frames of one."""
    queries, hits = answers(count)

    def judge() -> int:
        labels, read = LabelBook(), recordings.query_recordings(queries)
        return sum(len(choose_among(read[[n]], [found], book=labels)) for n, found in enumerate(hits))

    return _forgetful(judge)


def rows(options: Options) -> Iterator[Row]:
    """Judging side by side, and the run beside what it may cost."""
    count = 20 if options.quick else 500
    timed = {"count": count}
    ours, other = race("bench.judging:together", "bench.judging:one_by_one", timed, runs=3)
    each = 1000 * ours.cpu_s / count
    yield compared(
        "judging", "answers judged together", "one by one", f"{count} answers", ours, other,
        sense="gain", note=f"{each:.1f} ms CPU an answer, {1000 * other.cpu_s / count:.0f} ms one by one",
    )  # fmt: skip
    if not options.quick:
        cpu_s, seconds = run_on_demo()
        yield Row(
            bench="judging", what="CPU of `enrich run` on the demo", against=f"{ALLOWED_S:g} s", size="2,213 tracks",
            sense="cost", value=cpu_s / ALLOWED_S, goal=1.0, ours_s=seconds, ours_cpu_s=cpu_s, other_cpu_s=BEFORE_S,
            note=f"{cpu_s:.0f} s CPU, {BEFORE_S:g} s before",
        )  # fmt: skip


def run_on_demo() -> tuple[float, float]:
    """CPU and wall seconds of `enrich run` on a demo world that is there already."""
    enrich = [sys.executable, "-m", "enrich"]
    with tempfile.TemporaryDirectory() as folder:
        settings = {"ENRICH_DATA_DIR": folder}
        surroundings = {name: value for name, value in os.environ.items() if not name.startswith("ENRICH_")} | settings
        quiet = {"env": surroundings, "check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        try:
            for command in (["db", "start"], ["db", "migrate"], ["demo"]):
                subprocess.run([*enrich, *command], **quiet)  # type: ignore[call-overload]
            before, began = resource.getrusage(resource.RUSAGE_CHILDREN), datetime.now(UTC)
            subprocess.run([*enrich, "run"], **quiet)  # type: ignore[call-overload]
            after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), datetime.now(UTC)
        finally:
            subprocess.run([*enrich, "db", "stop"], env=surroundings, check=False, stdout=subprocess.DEVNULL)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu_s, (ended - began).total_seconds()
