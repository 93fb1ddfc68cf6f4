"""HTML that a notebook shows: every text escaped, one plain style, readable on a light and on a dark page.

Nothing that comes from a database reaches a page but through `text`.
"""

from __future__ import annotations

import html
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

_STYLE = (
    "<style>.enrich{font-size:13px;line-height:1.45;max-width:60rem}"
    ".enrich table{border-collapse:collapse;margin:.3em 0 .9em;font-size:13px}"
    ".enrich th,.enrich td{text-align:left!important;vertical-align:top;padding:.15em .9em .15em 0;"
    "border-bottom:1px solid rgba(128,128,128,.25);white-space:normal;overflow-wrap:anywhere}"
    ".enrich th{font-weight:600;opacity:.75;white-space:nowrap;overflow-wrap:normal}"
    ".enrich td.n{white-space:nowrap;font-variant-numeric:tabular-nums;overflow-wrap:normal}"
    ".enrich tr.here td{font-weight:700;background:rgba(213,94,0,.14)}"
    ".enrich h4{margin:.9em 0 .2em;font-size:14px}.enrich .quiet{opacity:.7}</style>"
)


def text(value: object) -> str:
    """A value as harmless HTML; None is a dash."""
    return "–" if value is None or value == "" else html.escape(str(value), quote=True)


def page(*parts: str) -> str:
    """Parts, already HTML, as one block with its style."""
    return f'{_STYLE}<div class="enrich">{"".join(parts)}</div>'


def head(title: str) -> str:
    """A heading."""
    return f"<h4>{text(title)}</h4>"


def line(words: str, *, quiet: bool = False) -> str:
    """A paragraph."""
    return f'<p class="{"quiet" if quiet else ""}">{text(words)}</p>'


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, here: Iterable[int] = ()) -> str:
    """A table; rows numbered in `here` stand out. Numbers stay on one line."""
    marked = set(here)
    header = "".join(f"<th>{text(name)}</th>" for name in columns)
    body = "".join(
        f"<tr{' class=here' if n in marked else ''}>{''.join(_cell(value) for value in row)}</tr>"
        for n, row in enumerate(rows)
    )
    return f"<table><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table>"


def aligned(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, here: Iterable[int] = ()) -> str:
    """The same table for a terminal; rows in `here` begin with an arrow."""
    marked = set(here)
    cells = [[_plain(value) for value in row] for row in rows]
    widths = [max(len(str(c)) for c in column) for column in zip(columns, *cells, strict=True)]
    lines = ["  " + "  ".join(str(c).ljust(w) for c, w in zip(columns, widths, strict=True))]
    lines += [
        ("→ " if n in marked else "  ") + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True))
        for n, row in enumerate(cells)
    ]
    return "\n".join(line.rstrip() for line in lines)


def show_figures() -> None:
    """In a notebook, let Figures show themselves that are no pyplot figures, and frames their texts at length."""
    if "IPython" not in sys.modules:
        return
    from IPython.core.getipython import get_ipython
    from IPython.core.pylabtools import select_figure_formats
    from matplotlib.figure import Figure

    shell = get_ipython()
    if shell is None or shell.display_formatter is None:
        return
    # Titles and errors are longer than Polars shows by default.
    pl.Config.set_fmt_str_lengths(72)
    pl.Config.set_tbl_rows(14)
    try:
        shell.display_formatter.formatters["image/png"].lookup_by_type(Figure)
    except KeyError:
        select_figure_formats(shell, {"png"}, bbox_inches="tight")  # type: ignore[no-untyped-call]


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f'<td class="n">{value:.2f}</td>'
    is_short = isinstance(value, int) or (isinstance(value, str) and len(value) <= 12)
    return f"<td{' class=n' if is_short else ''}>{text(value)}</td>"


def _plain(value: Any) -> str:
    shown = "–" if value is None or value == "" else f"{value:.2f}" if isinstance(value, float) else str(value)
    return " ".join(shown.split())
