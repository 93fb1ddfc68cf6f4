"""The rows of `make bench` as a table: by rich on a terminal, in plain columns in a pipe; and in the documents."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.rows import Row

_HEAD = ("bench", "what", "against", "size", "ratio", "goal", "ours s", "other s", "cpu s", "GiB")
_NUMBERS = frozenset(_HEAD[6:])
#: Between these two lines of docs/performance.md stands what `--docs` writes.
OPENS, CLOSES = "<!-- bench: written by `python -m bench --docs FILE.json` -->", "<!-- bench ends -->"


def show(rows: Sequence[Row], console: Console) -> None:
    """Print all rows at once."""
    if not console.is_terminal:
        console.file.write(plain(rows))
        return
    table = Table(*(), title="Side by side, medians", title_justify="left")
    for name in _HEAD:
        table.add_column(name, justify="right" if name in _NUMBERS else "left")
    for row in rows:
        style = "red" if row.met is False else None
        table.add_row(*_cells(row), style=style)
    console.print(table)


def plain(rows: Sequence[Row]) -> str:
    """The table in columns of text, for pipes and files."""
    lines = [_HEAD, *map(_cells, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(_HEAD))]
    return "".join(
        "  ".join(
            cell.rjust(width) if name in _NUMBERS else cell.ljust(width)
            for name, cell, width in zip(_HEAD, line, widths, strict=True)
        ).rstrip()
        + "\n"
        for line in lines
    )


def _cells(row: Row) -> tuple[str, ...]:
    times = (_seconds(row.ours_s), _seconds(row.other_s), _seconds(row.ours_cpu_s))
    memory = "" if row.peak_gib is None else f"{row.peak_gib:.2f}"
    return row.bench, row.what, row.against, row.size, row.text, row.goal_text, *times, memory


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:,.2f}" if value >= 0.1 else f"{value:.4f}"


def markdown(report: Mapping[str, Any]) -> str:
    """The section of one report: where it was measured, and a line for each row."""
    machine = report["machine"]
    lines = [
        f"On {machine['cores']} cores ({machine['cpu']}, {machine['memory_gib']} GiB), Python {machine['python']}, "
        f"`make bench` of {report['at'][:10]}; medians, each pair side by side in one run.",
        "",
        "| what | against | size | ratio | goal | ours | peak |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in report["rows"]:
        goal = "" if row["goal"] is None else f"{'≥' if row['sense'] == 'gain' else '≤'} {row['goal']:g}"
        missed = "**" if row["met"] is False else ""
        ours = "" if row["ours_s"] is None else f"{_seconds(row['ours_s'])} s"
        memory = "" if row["peak_gib"] is None else f"{row['peak_gib']:.2f} GiB"
        cells = (row["what"], row["against"], row["size"], f"{missed}{row['text']}{missed}", goal, ours, memory)
        lines.append("| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def into_docs(report: Path, page: Path) -> None:
    """Put the section made of a report between the page's two markers.

    Raises:
        ValueError: the page lacks them.
    """
    text = page.read_text(encoding="utf-8")
    section = f"{OPENS}\n{markdown(json.loads(report.read_text(encoding='utf-8')))}\n{CLOSES}"
    fresh, found = re.subn(f"{re.escape(OPENS)}.*?{re.escape(CLOSES)}", lambda _: section, text, flags=re.DOTALL)
    if found != 1:
        raise ValueError(f"{page}: the lines {OPENS} and {CLOSES} must stand in it once")
    page.write_text(fresh, encoding="utf-8")
