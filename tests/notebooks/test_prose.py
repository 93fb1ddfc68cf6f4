"""Prose and cells: no figure is written by hand, every number told is one of the tables', on the demo and elsewhere."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
from demo_rooms import demo_copy

from bench.calibration import of_snapshot
from enrich.analyst.html import number
from enrich.analyst.opening import demo_settings, open_snapshot
from enrich.database import server
from enrich.rules import GATE_PROBABILITY, GATE_SETS
from enrich.settings import Settings

_FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
_NOTEBOOKS = sorted(path.name for path in _FOLDER.glob("*.ipynb"))
#: Figures that are names: a notebook's number, a tier, a file, a link, a command.
_NAMES = re.compile(r"^# \d |`[^`]*`|\[\d\]\([^)]*\)|Tier \d", re.MULTILINE)
_NUMBER = re.compile(r"(?<![\w.,-])-?\d[\d,]*(?:\.\d+)?(?:e[+-]\d+)?")
#: The specification's gate, which prose may name.
_RULES = {number(GATE_PROBABILITY), number(GATE_SETS)}
#: What belongs into the package: frames taken apart, reprs of dictionaries.
_LOGIC = re.compile(
    r"\.(select|filter|group_by|with_columns|join|rename|sort|agg|iter_rows|to_dicts|asdict)\(|\bpl\.|\[0\]"
)


def _cells(name: str, kind: str) -> list[str]:
    cells = json.loads((_FOLDER / name).read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == kind]


@pytest.mark.parametrize("name", _NOTEBOOKS)
def test_no_figure_is_written_by_hand(name):
    for text in _cells(name, "markdown"):
        assert _NUMBER.findall(_NAMES.sub("", text)) == [], text


@pytest.mark.parametrize("name", _NOTEBOOKS)
def test_cells_ask_and_hold_no_logic(name):
    for source in _cells(name, "code"):
        assert not _LOGIC.search(source), source
    assert sum("snap.answer(" in source for source in _cells(name, "code")) == 1


class _Page(HTMLParser):
    """Tables as lists of rows of texts."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.is_cell = False

    def handle_starttag(self, tag, attrs):
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.is_cell = True

    def handle_endtag(self, tag):
        self.is_cell = self.is_cell and tag not in ("td", "th")

    def handle_data(self, data):
        if self.is_cell:
            self.tables[-1][-1][-1] += data


def _numbers(text: str) -> list[str]:
    return [found.replace(",", "") for found in _NUMBER.findall(text)]


def _shown(outputs: list[str]) -> set[str]:
    """Every number of the tables, and the sums of their columns, of all rows and by the texts of another column."""
    found: set[str] = set()
    for html in outputs:
        page = _Page()
        page.feed(html)
        for table in page.tables:
            sums: dict[tuple[int, int, str], int] = defaultdict(int)
            for row in table:
                for n, cell in enumerate(row):
                    found.update(_numbers(cell))
                    if re.fullmatch(r"\d[\d,]*", cell):
                        for m, other in [(-1, ""), *enumerate(row)]:
                            sums[n, m, other] += int(cell.replace(",", ""))
            found.update(map(str, sums.values()))
            found.add("0")
    return found


def _run(out: Path, environment: dict[str, str]) -> None:
    """Execute all notebooks; each must run to its end, say in numbers only what it shows, and show no raw values."""
    executed = subprocess.run(
        [sys.executable, "-m", "jupyter", "nbconvert", f"--config={_FOLDER / 'rendering.py'}", "--log-level=ERROR",
         "--execute", "--to", "notebook", "--output-dir", str(out), *(str(_FOLDER / name) for name in _NOTEBOOKS)],
        env=os.environ | {"JUPYTER_PLATFORM_DIRS": "1", "ENRICH_SOURCES": ""} | environment,
        capture_output=True, text=True, timeout=3000, check=False,
    )  # fmt: skip
    assert executed.returncode == 0, executed.stderr[-3000:]
    for name in _NOTEBOOKS:
        cells = [c for c in json.loads((out / name).read_text())["cells"] if c["cell_type"] == "code"]
        outputs = [o.get("data", {}) | {"printed": o.get("text", "")} for c in cells for o in c["outputs"]]
        told = ["".join(o["text/markdown"]) for o in outputs if "text/markdown" in o]
        assert len(told) == 1, name
        tables = ["".join(o["text/html"]) for o in outputs if "text/html" in o]
        printed = {n for o in outputs for n in _numbers("".join(o["printed"]))}
        missing = set(_numbers(told[0])) - _shown(tables) - printed - _RULES
        assert not missing, (name, told[0], missing)
        for html in tables:
            assert not re.search(r"\{'|&#x27;:|dtype=|<small>shape|datetime\.", html), (name, html[:2000])
        assert all("text/html" in o or "text/markdown" in o or o["printed"] or set(o) & {"image/png"} or
                   _numbers("".join(o.get("text/plain", ""))) for o in outputs), name  # fmt: skip


@pytest.mark.slow
def test_all_notebooks_run_on_the_demo_world_and_say_what_they_show(tmp_path):
    folder = Path(tempfile.mkdtemp(prefix="enrich-prose-"))
    settings = demo_settings(demo_copy(folder / "data"))
    try:
        _run(tmp_path, {"ENRICH_DATA_DIR": str(folder / "data")})
    finally:
        server.stop(settings)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def real(shared_data):
    """A home and the snapshot made there of real tracklists; its server is stopped at the end."""
    folder = Path(tempfile.mkdtemp(prefix="enrich-prose-"))
    home = folder / "runs" / "tracklists"
    run = [sys.executable, "-m", "enrich", "run", "--tracklists", str(shared_data / "tracklists.parquet")]
    environment = {"ENRICH_DATA_DIR": str(folder), "ENRICH_SOURCES": ""}
    try:
        done = subprocess.run(run, env=os.environ | environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        yield home, home / "snapshots" / "latest"
    finally:
        server.stop(Settings(_env_file=None, data_dir=home))
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.shared
@pytest.mark.slow
def test_all_notebooks_run_on_real_tracklists_and_say_what_they_show(real, tmp_path):
    home, snapshot = real

    _run(tmp_path, {"ENRICH_DATA_DIR": str(home), "ENRICH_SNAPSHOT": str(snapshot)})


@pytest.mark.shared
@pytest.mark.slow
def test_every_source_keeps_its_word_on_hidden_tracks_of_real_tracklists(real):
    # The one from before anything was written: afterwards so few are that one wrong one decides.
    first = min((real[0] / "snapshots").glob("*.duckdb"), key=lambda path: path.stat().st_mtime)
    with open_snapshot(first) as snap:
        rows = of_snapshot(snap.workspace)

    assert rows.filter(~pl.col("is_within")).is_empty(), rows.rows()
    assert rows["right"].sum() >= 0.95 * rows["written"].sum()
