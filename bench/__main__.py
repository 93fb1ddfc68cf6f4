"""`make bench`: every benchmark in turn, each a table measured side by side in one run.

    python -m bench [--only NAME] [--data FOLDER]

Benchmarks that need real label facts, titles or tracklists look for them in FOLDER (default `../shared/data`) and say
loudly when they are absent.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

#: name → module and the file it reads, if any.
BENCHMARKS: dict[str, tuple[str, str | None]] = {
    "titles": ("bench.titles", "titles.parquet"),
    "labels": ("bench.labels", None),
    "artists": ("bench.artists", "labels.parquet"),
    "cooccurrence": ("bench.cooccurrence", None),
    "snapshot": ("bench.snapshot", None),
}


def main() -> None:
    """Run the benchmarks; exit code 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=sorted(BENCHMARKS), help="one benchmark")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of real data")
    asked = parser.parse_args()
    failed = []
    for name, (module, needs) in BENCHMARKS.items():
        if asked.only not in (None, name):
            continue
        print(f"== {name}", flush=True)
        if needs and not (asked.data / needs).is_file():
            print(f"SKIPPED: {asked.data / needs} is absent", flush=True)
            continue
        arguments = [str(asked.data / needs)] if needs else []
        if subprocess.run([sys.executable, "-m", module, *arguments], check=False).returncode:
            failed.append(name)
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
