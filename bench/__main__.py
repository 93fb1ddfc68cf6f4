"""`make bench`: how fast and how far, each row a ratio measured side by side with something else in the same run.

    python -m bench [--only NAME] [--json] [--out FILE] [--data FOLDER] [--quick]
    python -m bench --docs FILE.json        # the table of docs/performance.md from a report

After the ratios come the tables of how right things are (`labels`), as text and in the report under `tables`.

A benchmark is a module of this package with a function `rows(options)` that yields `bench.rows.Row`; what it measures
runs in processes of its own (`bench.measuring`). Real data are looked for in FOLDER (default `../shared/data`); without
them made-up data of the same shape stand in. The report is written to `data/bench/<utc>.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
import traceback
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
from rich.console import Console

from bench.options import Options
from bench.rows import Row
from bench.table import into_docs, show

PROJECT = Path(__file__).resolve().parent.parent

#: Name → module; the order is that of the table. One benchmark more is one line more.
BENCHMARKS: dict[str, str] = {
    "snapshot": "bench.snapshot",
    "import": "bench.importing",
    "titles": "bench.titles",
    "ranking": "bench.ranking",
    "hunt": "bench.hunt_row",
    "judging": "bench.judging",
    "writeback": "bench.writeback",
    "resolve": "bench.resolve",
    "pages": "bench.pages",
}

#: Name → module of the tables of how right, not how fast: a function `table(options)` gives its text and its figures.
TABLES: dict[str, str] = {
    "labels": "bench.labels",
}


def machine() -> dict[str, object]:
    """Where this is: cores, memory, processor, versions."""
    cpu = platform.processor() or platform.machine()
    try:
        names = [
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ]
        cpu = names[0] if names else cpu
    except OSError:
        pass
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cores": cores,
        "cpu": cpu,
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def measured(names: list[str], options: Options) -> tuple[list[Row], list[str]]:
    """All rows of the benchmarks named, and the names of those that failed."""
    found: list[Row] = []
    failed: list[str] = []
    for name in names:
        began = time.perf_counter()
        try:
            for row in import_module(BENCHMARKS[name]).rows(options):
                # Goals are for whole sizes.
                row = replace(row, goal=None) if options.quick else row
                found.append(row)
                sys.stderr.write(f"{name}: {row.what}, {row.against}, {row.size}: {row.text} {row.goal_text}\n")
        except Exception:
            # The other rows are worth having; the exit code says that this one is not there.
            traceback.print_exc()
            failed.append(name)
        sys.stderr.write(f"{name}: {time.perf_counter() - began:.0f} s\n")
    return found, failed


def tables(names: list[str], options: Options) -> tuple[dict[str, str], dict[str, Any], list[str]]:
    """Text and figures of the tables named, and the names of those that failed."""
    texts: dict[str, str] = {}
    figures: dict[str, Any] = {}
    failed: list[str] = []
    for name in names:
        try:
            texts[name], figures[name] = import_module(TABLES[name]).table(options)
        except Exception:
            traceback.print_exc()
            failed.append(name)
    return texts, figures, failed


def main() -> None:
    """Run the benchmarks; exit code 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=[*BENCHMARKS, *TABLES], help="one benchmark")
    parser.add_argument("--data", type=Path, default=PROJECT.parent / "shared" / "data", help="folder of real data")
    parser.add_argument("--quick", action="store_true", help="a hundredth of the size: whether it works, not how fast")
    parser.add_argument("--json", action="store_true", help="print the report as JSON instead of the table")
    parser.add_argument("--out", type=Path, help="where the report goes")
    parser.add_argument(
        "--docs", type=Path, metavar="FILE", help="write FILE's figures into docs/performance.md; measure nothing"
    )
    asked = parser.parse_args()
    if asked.docs:
        into_docs(asked.docs, PROJECT / "docs" / "performance.md")
        return
    now = datetime.now(UTC)
    where = machine()
    began = time.perf_counter()
    options = Options(data=asked.data, quick=asked.quick)
    out = asked.out or PROJECT / "data" / "bench" / f"{now:%Y%m%dT%H%M%SZ}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    texts: dict[str, str] = {}
    figures: dict[str, Any] = {}
    failed: list[str] = []
    report: dict[str, Any] = {}
    for name in [*BENCHMARKS, *TABLES]:
        if asked.only not in (None, name):
            continue
        if name in BENCHMARKS:
            more, others = measured([name], options)
            rows += more
        else:
            text, figure, others = tables([name], options)
            texts, figures = texts | text, figures | figure
        failed += others
        report = {
            "at": now.isoformat(timespec="seconds"),
            "took_s": round(time.perf_counter() - began),
            "quick": asked.quick,
            "machine": where,
            "failed": failed,
            "rows": [row.as_json() for row in rows],
            "tables": figures,
        }
        # After each, so that what was measured outlives an interruption.
        out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if asked.json:
        sys.stdout.write(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    else:
        if rows:
            show(rows, Console())
        for name, text in texts.items():
            sys.stdout.write(f"\n{name}\n\n{text}\n\n")
        sys.stdout.write(f"{report['took_s']} s; report: {out}\n")
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
