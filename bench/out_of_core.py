"""The ranking beyond memory: simulated plays in Parquet, ranked by `enrich rank-artists --memory-limit`, and checked.

    python -m bench.out_of_core [--plays 50000000] [--memory-limit 2GiB] [--folder FOLDER] [--json FILE]

Prints seconds, peak memory of the process, the most that waited on disk at a time, rows and checksum, and fails where
the ranking breaks a rule that every ranking keeps, or where the rows of sampled unknowns differ from those the
in-memory `rank` gives for all the plays that bear on them. Not part of `make bench`: it takes tens of minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import duckdb
import psutil
import pyarrow.parquet as pq

from bench.plays import simulate_parts
from enrich.frames.schemas import RANKING, TRACKLISTS


def write_plays(path: Path, plays: int, *, seed: int = 7) -> None:
    """Simulated plays into a Parquet file, a part at a time."""
    schema = TRACKLISTS.to_frame().to_arrow().schema
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for part in simulate_parts(plays, seed=seed):
            writer.write_table(part.to_arrow())


class Watched:
    """A command run as a process of its own: seconds, CPU, peak memory, and the most bytes there were in a folder.

    `cpu_seconds` and `peak_bytes` are the kernel's figures of the process; those of the `tree` are sampled twice a
    second and hold the processes it started.
    """

    def __init__(self, command: list[str], folder: Path) -> None:
        began = time.perf_counter()
        self.spill_bytes = self.folder_bytes = self.tree_peak_bytes = 0
        self._cpu: dict[int, float] = {}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        over = threading.Event()
        watch = threading.Thread(target=self._watch, args=(process.pid, folder, over), daemon=True)
        watch.start()
        assert process.stdout is not None
        self.output = process.stdout.read()
        # Children that were waited for before this one do not count into its figures.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        over.set()
        watch.join()
        self.seconds = time.perf_counter() - began
        self.cpu_seconds = usage.ru_utime + usage.ru_stime
        self.peak_bytes = usage.ru_maxrss * 1024
        self.tree_cpu_seconds = max(self.cpu_seconds, sum(self._cpu.values()))
        if process.returncode:
            raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")

    def _watch(self, pid: int, folder: Path, over: threading.Event) -> None:
        while not over.wait(0.5):
            self._watch_tree(pid)
            spill = whole = 0
            for root, _, files in os.walk(folder):
                for file in files:
                    try:
                        # Blocks, not length: a spill file has holes.
                        size = os.stat(os.path.join(root, file)).st_blocks * 512
                    except OSError:
                        continue
                    whole += size
                    spill += size if os.path.basename(root) == "spill" else 0
            self.spill_bytes, self.folder_bytes = max(self.spill_bytes, spill), max(self.folder_bytes, whole)

    def _watch_tree(self, pid: int) -> None:
        resident = 0
        try:
            top = psutil.Process(pid)
            for process in (top, *top.children(recursive=True)):
                with contextlib.suppress(psutil.Error), process.oneshot():
                    spent = process.cpu_times()
                    self._cpu[process.pid] = spent.user + spent.system
                    resident += process.memory_info().rss
        except psutil.Error:
            return
        self.tree_peak_bytes = max(self.tree_peak_bytes, resident)


def broken_rules(plays: Path, ranking: Path) -> dict[str, int]:
    """Rows of the ranking that break a rule, by rule; all 0 in a right one. Asked of the files, not of the ranker."""
    with duckdb.connect() as con:
        con.execute("set enable_progress_bar = false; set memory_limit = '4GiB'; set preserve_insertion_order = false")
        con.read_parquet(str(plays)).create_view("plays")
        con.read_parquet(str(ranking)).create_view("ranking")
        found = con.sql(
            """
            with
            unknown_sets as (
                select track_key, count(distinct set_id) as sets from plays where is_id group by track_key
            ),
            checked as (
                select r.*, u.sets,
                    row_number() over (partition by r.track_key order by r.rank) as expected_rank,
                    lag(r.probability + r.position) over (partition by r.track_key order by r.rank) as before
                from ranking as r left join unknown_sets as u using (track_key)
            )
            select
                count(*) filter (sets is null) as of_no_unknown,
                count(*) filter (rank <> expected_rank or rank > 50) as rank_with_gaps,
                count(*) filter (probability + position > before + 1e-9) as out_of_order,
                count(*) filter (abs(occurrence - occurrence_count / sets) > 1e-12) as wrong_occurrence,
                count(*) filter (abs(probability - (0.5 * occurrence + 0.3 * label + 0.2 * dj)) > 1e-11)
                    as wrong_formula,
                count(*) filter (not (label between 0 and 1 and dj between 0 and 1 and position between 0 and 0.1))
                    as signal_out_of_range,
                count(*) filter ((label > 0) <> (label_support is not null)) as label_without_support,
                count(*) filter (confidence is null or len(evidence) = 0) as without_confidence_or_evidence,
                (select count(*) from (select track_key, artist from ranking group by all having count(*) > 1)) as twice
            from checked
            """
        ).pl()
        # Every unknown with a known play near one of its slots has a candidate.
        candidates = con.sql(
            """
            select count(distinct u.track_key)
            from plays as u
            join plays as p on p.set_id = u.set_id and abs(p.position - u.position) <= 2
            where u.is_id and not p.is_id
            """
        ).fetchall()[0]
        ranked = con.sql("select count(distinct track_key) from ranking").fetchall()[0]
    return {**found.row(0, named=True), "unknowns_left_out": abs(candidates[0] - ranked[0])}


def compared(plays: Path, ranking: Path, *, unknowns: int = 100, seed: int = 7) -> dict[str, int]:
    """Rows of sampled unknowns beside those of the in-memory `rank`, given every play that bears on them.

    Those are all plays by the DJs of their sets, and all plays on the labels played near them.
    """
    from enrich.cooccurrence.ranking import rank

    with duckdb.connect() as con:
        con.execute("set enable_progress_bar = false; set memory_limit = '4GiB'; set preserve_insertion_order = false")
        con.read_parquet(str(plays)).create_view("plays")
        con.read_parquet(str(ranking)).create_view("ranking")
        con.execute(
            """
            create table sampled as
            select distinct track_key from plays where is_id and track_key is not null
            order by hash(track_key || $seed) limit $unknowns
            """,
            {"unknowns": unknowns, "seed": str(seed)},
        )
        subset = con.sql(
            """
            with
            theirs as (select set_id, dj, position from plays where track_key in (from sampled)),
            labels as (
                select distinct p.label from plays as p
                join theirs as t on t.set_id = p.set_id and abs(p.position - t.position) <= 2
                where p.label is not null
            )
            select * from plays where dj in (select dj from theirs) or label in (from labels)
            """
        ).pl()
        got = con.sql("from ranking where track_key in (from sampled) order by track_key, rank").pl()
        sampled = con.sql("from sampled").pl()
    wanted = rank(subset).join(sampled, on="track_key", how="semi").sort("track_key", "rank")
    got = got.cast(dict(RANKING)).match_to_schema(RANKING)  # type: ignore[arg-type]
    same = got.join(wanted, on=got.columns, how="semi", nulls_equal=True).height
    return {
        "unknowns": sampled.height,
        "plays_given": subset.height,
        "rows": wanted.height,
        "rows_differing": 0 if got.equals(wanted) else max(got.height, wanted.height) - same or 1,
    }


def checksum(ranking: Path) -> str:
    """One number for all rows, whatever their order."""
    with duckdb.connect() as con:
        con.execute("set enable_progress_bar = false; set memory_limit = '4GiB'")
        con.read_parquet(str(ranking)).create_view("ranking")
        found = con.sql("select cast(sum(hash(ranking)) % 18446744073709551557 as varchar) from ranking").fetchall()[0]
    return str(found[0])


def measure(folder: Path, *, plays: int, memory_limit: str, seed: int = 7) -> dict[str, object]:
    """Write the plays (once), rank them, check the ranking."""
    source, target = folder / f"plays-{plays}.parquet", folder / f"ranking-{plays}.parquet"
    if not source.is_file():
        began = time.perf_counter()
        part = source.with_suffix(".part")
        write_plays(part, plays, seed=seed)
        part.replace(source)
        size = source.stat().st_size / 2**20
        sys.stderr.write(f"plays written in {time.perf_counter() - began:.0f} s, {size:.0f} MiB\n")
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    command = [
        sys.executable, "-m", "enrich", "rank-artists", str(source), "--out", str(target), "--json",
        "--memory-limit", memory_limit, "--scratch", str(scratch),
    ]  # fmt: skip
    done = Watched(command, scratch)
    figures: dict[str, object] = {
        "plays": plays,
        "memory_limit": memory_limit,
        "seconds": round(done.seconds, 1),
        "cpu_seconds": round(done.cpu_seconds, 1),
        "peak_gib": round(done.peak_bytes / 2**30, 2),
        "spilled_gib": round(done.spill_bytes / 2**30, 2),
        "scratch_gib": round(done.folder_bytes / 2**30, 2),
        **{k: v for k, v in json.loads(done.output).items() if k not in ("seconds", "out")},
    }
    # At once: what took so long to measure is not lost to a fault in a check.
    sys.stderr.write(json.dumps(figures, indent=2) + "\n")
    figures["checksum"] = checksum(target)
    figures["broken_rules"] = broken_rules(source, target)
    figures["compared"] = compared(source, target, seed=seed)
    return figures


def main() -> None:
    """Measure, print as JSON, exit code 1 where a check fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plays", type=int, default=50_000_000)
    parser.add_argument("--memory-limit", default="2GiB")
    parser.add_argument("--folder", type=Path, help="keeps plays and ranking there; else they are deleted")
    parser.add_argument("--json", type=Path, help="the figures as a file too")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        figures = measure(folder, plays=asked.plays, memory_limit=asked.memory_limit)
    text = json.dumps(figures, indent=2)
    print(text)
    if asked.json:
        asked.json.write_text(text + "\n", encoding="utf-8")
    rules, compared_rows = figures["broken_rules"], figures["compared"]
    assert isinstance(rules, dict)
    assert isinstance(compared_rows, dict)
    if any(rules.values()) or compared_rows["rows_differing"] or not compared_rows["rows"]:
        raise SystemExit("the ranking is not right: see broken_rules and compared")


if __name__ == "__main__":
    main()
