"""What a notebook shows as HTML, and a terminal as text; nothing from a database reaches a page but through `text`."""

from __future__ import annotations

import base64
import html
import io
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined

from enrich.errors import EnrichError
from enrich.ledger.evidence import told
from enrich.rules import GATE_PROBABILITY, GATE_SETS
from enrich.text.showing import LINE, VALUE, bounded, short, visible

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Cells up to so many characters stay on one line; words beyond so many may be broken; beyond so many it is prose.
_SHORT, _WORD, _PROSE = 16, 24, 80
#: Signs of a cell, which may hold sentences.
_CELL = 2 * VALUE
#: Rows of a frame, where it has more than so many (all sources there may be stand in one), sentences of its evidence.
_ROWS, _WHOLE, _SENTENCES = 12, 36, 2
#: Of a figure on a page; a picture has twice as many.
_DPI = 108

#: What each question takes beside the snapshot.
QUESTIONS = {"failed": (), "labels": ("done",), "context": ("done",), "evaluation": ("evaluation",), "review": ()}
QUESTIONS |= {"cooldown": ("year",), "recovery": ("result",)}


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows; rows numbered in `here` stand out."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    here: Sequence[int] = ()


class Prose(str):
    """Sentences in Markdown."""

    __slots__ = ()

    def _repr_markdown_(self) -> str:
        return str(self)


@dataclass(frozen=True, slots=True)
class Pictured:
    """An answer as a frame, and its picture."""

    frame: pl.DataFrame
    picture: Figure

    def _repr_html_(self) -> str:
        return picture(self.picture) + frame(self.frame)


#: A heading (empty: none) and what stands below it: paragraphs and tables.
Section = tuple[str, Sequence[str | Table]]


def text(value: object) -> str:
    """A value as harmless HTML; None is a dash."""
    return "–" if value is None or value == "" else html.escape(bounded(visible(str(value))), quote=True)


def page(*parts: str) -> str:
    """Parts, already HTML, as one block with its style."""
    return str(_macros().page(parts))


def line(words: str, *, quiet: bool = False) -> str:
    """A paragraph."""
    return str(_macros().line(words, quiet))


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, here: Iterable[int] = ()) -> str:
    """A table; rows numbered in `here` stand out. Numbers stay on one line."""
    return str(_macros().table(columns, rows, set(here)))


def sections_html(title: str, sections: Iterable[Section]) -> str:
    """A title and its sections as one block of HTML."""
    return page(_macros().sections(title, sections))


def sections_text(title: str, sections: Iterable[Section]) -> str:
    """The same for a terminal; rows that stand out begin with an arrow."""
    lines = [title]
    for heading, below in sections:
        lines += ["", heading] if heading else []
        lines += [_plain(part) if isinstance(part, str) else _aligned(part) for part in below]
    return "\n".join(lines)


def number(value: Any) -> str:
    """A number as prose and tables show it: whole ones in full, others with three digits that count."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if isinstance(value, int) or abs(value) >= 1000 else f"{value:.3g}"


def frame(rows: pl.DataFrame) -> str:
    """A frame as a reader likes it: names before ids, numbers rounded, evidence as sentences; the first rows only."""
    ids = [name for name in rows.columns if name == "id" or name.endswith(("_id", "_key"))]
    names = [name for name in rows.columns if name not in ids] + ids
    shown = rows.head(_ROWS if rows.height > _WHOLE else rows.height).select(names)
    cells = [[_value(name, value) for name, value in zip(names, row, strict=True)] for row in shown.iter_rows()]
    more = rows.height - shown.height
    words = f"and {more:,} rows more" if more else "" if rows.height else "Nothing to show."
    return page(table(names, cells), line(words, quiet=True) if words else "")


def records(found: Any) -> str | None:
    """A list of dataclasses as a table, a mapping of values as two columns; None: it is neither."""
    if isinstance(found, Mapping):
        return page(table(("", ""), [(str(k).replace("_", " "), _readable(v)) for k, v in found.items() if v != []]))
    if not found or not all(is_dataclass(one) for one in found):
        return None
    names = [f.name for f in fields(found[0]) if f.repr]
    return page(table(names, [[_readable(getattr(one, name)) for name in names] for one in found]))


def _value(name: str, value: Any) -> Any:
    """A frame's value: evidence as sentences, no confidence as what it is: a rule's."""
    if name == "evidence":
        return "; ".join((told(value) if isinstance(value, str) else list(value or ()))[:_SENTENCES])
    return "rule" if name == "confidence" and value is None else _readable(value)


def _readable(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {'–' if one is None else _readable(one)}" for name, one in value.items())
    if isinstance(value, pl.Series | list | tuple):
        return ", ".join(str(_readable(one)) for one in value)
    if is_dataclass(value):
        return " – ".join(str(v) for f in fields(value) if f.repr and isinstance(v := getattr(value, f.name), str))
    return value


def show_well(*facts: type) -> None:
    """In a notebook, let figures, frames, records and `facts` (types with `asdict`) show themselves for readers."""
    if "IPython" not in sys.modules:
        return
    from IPython.core.getipython import get_ipython
    from matplotlib.figure import Figure

    shell = get_ipython()
    if shell is None or shell.display_formatter is None:
        return
    # What is printed: no types, no shape, titles and errors at length.
    plain: Any = {"tbl_hide_column_data_types": True, "tbl_hide_dataframe_shape": True, "tbl_rows": _ROWS + 2}
    pl.Config(**plain, fmt_str_lengths=72, float_precision=3)
    formats: dict[type, Any] = {Figure: picture, pl.DataFrame: frame, list: records, dict: records}
    for kind, show in (formats | dict.fromkeys(facts, lambda found: records(found.asdict()))).items():
        shell.display_formatter.formatters["text/html"].for_type(kind, show)


def picture(figure: Figure) -> str:
    """A figure as HTML, sharp on every screen; its titles and labels stand for it where it cannot be seen."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=2 * _DPI)
    width = round(figure.get_figwidth() * _DPI)
    shown = "; ".join(words for t in figure.texts if (words := t.get_text().replace(r"\$", "$"))) or "figure"
    return (
        f'<img alt="{text(shown)}" width="{width}" style="max-width:100%;height:auto" '
        f'src="data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}">'
    )


def _aligned(shown: Table) -> str:
    cells = [[_plain(value, _CELL) for value in row] for row in shown.rows]
    widths = [max(map(len, column)) for column in zip(shown.columns, *cells, strict=True)]
    lines = [("  ", shown.columns), *(("→ " if n in shown.here else "  ", row) for n, row in enumerate(cells))]
    return "\n".join(
        (mark + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True))).rstrip() for mark, row in lines
    )


def _cell(value: Any) -> tuple[str, Any]:
    """The class of a cell, and what of its value is shown."""
    if isinstance(value, float):
        return "n", f"{value:.2f}"
    if isinstance(value, int) or (isinstance(value, str) and len(value) <= _SHORT):
        return "n", value
    # A word longer than a column is wide may break anywhere; the others stay whole.
    shown = short(value, _CELL)
    return "long" if max(map(len, shown.split()), default=0) > _WORD else "told" if len(shown) > _PROSE else "", shown


def _plain(value: Any, most: int = LINE) -> str:
    return "–" if value is None or value == "" else f"{value:.2f}" if isinstance(value, float) else short(value, most)


def answer(question: str, snap: Any, **at_hand: Any) -> Prose:
    """The answer to a notebook's question (answers.md.j2), counted from a snapshot; see `AnalystSnapshot.answer`."""
    if question not in QUESTIONS or set(at_hand) != set(QUESTIONS[question]):
        known = ", ".join(f"{name} ({', '.join(takes)})" if takes else name for name, takes in QUESTIONS.items())
        raise EnrichError(f"no answer to {question!r} with {sorted(at_hand)}; there are {known}")
    shown: dict[str, Any] = {"n": number, "rows": _rows, "gate": (GATE_PROBABILITY, GATE_SETS)}
    said = _pages().get_template("answers.md.j2").render(question=question, snap=snap, **shown, **at_hand)
    return Prose("**Answer.** " + " ".join(said.split()))


@cache
def _pages() -> Environment:
    # The answers are Markdown, not HTML: the numbers and names of scorers in them are the package's own.
    pages = Environment(loader=PackageLoader("enrich.analyst", "."), undefined=StrictUndefined, autoescape=True)
    pages.filters.update(told=text, cell=_cell)
    return pages


@cache
def _macros() -> Any:
    return _pages().get_template("shown.html.j2").module


def _rows(frame: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """Rows by the text in the first column."""
    return {str(row[frame.columns[0]]): row for row in frame.iter_rows(named=True)}
