"""`make bench`: how fast and how far, each row a ratio measured side by side with something else in the same run.

    python -m bench [--only NAME] [--json] [--out FILE] [--data FOLDER] [--quick]
    python -m bench --readme FILE.json      # the README's performance section from a report

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
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from rich.console import Console

from bench.options import Options
from bench.rows import Row
from bench.table import into_readme, show

PROJECT = Path(__file__).resolve().parent.parent

#: Name → module; the order is that of the table. One benchmark more is one line more.
BENCHMARKS: dict[str, str] = {
    "snapshot": "bench.snapshot",
    "import": "bench.importing",
    "titles": "bench.titles",
    "pairs": "bench.pairs",
    "rank": "bench.ranking",
    "growth": "bench.growth",
    "hunt": "bench.hunt",
    "writeback": "bench.writeback",
    "pages": "bench.pages",
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
                found.append(row)
                sys.stderr.write(f"{name}: {row.what}, {row.against}, {row.size}: {row.text} {row.goal_text}\n")
        except Exception:
            # The other rows are worth having; the exit code says that this one is not there.
            traceback.print_exc()
            failed.append(name)
        sys.stderr.write(f"{name}: {time.perf_counter() - began:.0f} s\n")
    return found, failed


def main() -> None:
    """Run the benchmarks; exit code 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=list(BENCHMARKS), help="one benchmark")
    parser.add_argument("--data", type=Path, default=PROJECT.parent / "shared" / "data", help="folder of real data")
    parser.add_argument("--quick", action="store_true", help="a hundredth of the size: whether it works, not how fast")
    parser.add_argument("--json", action="store_true", help="print the report as JSON instead of the table")
    parser.add_argument("--out", type=Path, help="where the report goes")
    parser.add_argument(
        "--readme", type=Path, metavar="FILE", help="write FILE's figures into README.md; measure nothing"
    )
    asked = parser.parse_args()
    if asked.readme:
        into_readme(asked.readme, PROJECT / "README.md")
        return
    now = datetime.now(UTC)
    where = machine()
    began = time.perf_counter()
    rows, failed = measured(
        [asked.only] if asked.only else list(BENCHMARKS), Options(data=asked.data, quick=asked.quick)
    )
    report = {
        "at": now.isoformat(timespec="seconds"),
        "took_s": round(time.perf_counter() - began),
        "quick": asked.quick,
        "machine": where,
        "failed": failed,
        "rows": [row.as_json() for row in rows],
    }
    out = asked.out or PROJECT / "data" / "bench" / f"{now:%Y%m%dT%H%M%SZ}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if asked.json:
        sys.stdout.write(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    else:
        show(rows, Console())
        sys.stdout.write(f"{report['took_s']} s; report: {out}\n")
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
