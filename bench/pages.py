"""What people wait for: the report beside its figures alone, the notebooks beside as many that hold nothing.

Both on the demo world, after tiers and write-back.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import nbformat

from bench.measuring import PROJECT, race
from bench.options import Options
from bench.rows import Row, compared
from bench.servers import settings_of
from enrich.analyst.opening import demo_snapshot
from enrich.database import server
from enrich.reporting.recovery import read_figures, report

NOW = datetime(2026, 6, 1, tzinfo=UTC)
NOTEBOOKS = PROJECT / "notebooks"


def reported(folder: str) -> Callable[[], int]:
    """`enrich report`: figures, charts, page."""
    settings = settings_of(folder)
    return lambda: report(settings, now=NOW).path_html.stat().st_size


def figures(folder: str) -> Callable[[], int]:
    """The figures alone."""
    settings = settings_of(folder)
    return lambda: len(read_figures(settings, now=NOW))


def notebooks(folder: str) -> Callable[[], None]:
    """Every notebook of the project, from kernel to HTML."""
    return lambda: _executed(sorted(NOTEBOOKS.glob("*.ipynb")), folder)


def nothing(folder: str) -> Callable[[], None]:
    """As many notebooks that import the package and hold nothing else."""
    paths = []
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        empty = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import enrich")])
        paths.append(Path(folder, f"empty-{path.name}"))
        nbformat.write(empty, paths[-1])
    return lambda: _executed(paths, folder)


def _executed(paths: list[Path], folder: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "jupyter", "nbconvert", f"--config={NOTEBOOKS / 'rendering.py'}", "--log-level=ERROR",
         "--execute", "--to", "html", "--output-dir", f"{folder}/html", *map(str, paths)],
        env={**os.environ, "ENRICH_DATA_DIR": folder, "ENRICH_SOURCES": "", "JUPYTER_PLATFORM_DIRS": "1"},
        check=True,
    )  # fmt: skip


def rows(options: Options) -> Iterator[Row]:
    """Report, then notebooks, on one demo world made beforehand."""
    folder = Path(tempfile.mkdtemp(prefix="enrich-bench-"))
    world = settings_of(folder / "analyst")
    try:
        demo_snapshot("after", settings=settings_of(folder))
        ours, other = race("bench.pages:reported", "bench.pages:figures", {"folder": str(world.data_dir)})
        yield compared("pages", "report", "its figures alone", "the demo world", ours, other, sense="cost")
        if options.quick:
            return
        ours, other = race("bench.pages:notebooks", "bench.pages:nothing", {"folder": str(folder)}, runs=1, warm=False)
        yield compared(
            "pages", "all notebooks", "as many that only import enrich",
            f"{len(list(NOTEBOOKS.glob('*.ipynb')))} notebooks, the demo world", ours, other, sense="cost",
        )  # fmt: skip
    finally:
        server.stop(world)
        shutil.rmtree(folder, ignore_errors=True)
