"""What a notebook shows as HTML, and a terminal as text; nothing from a database reaches a page but through `text`."""

from __future__ import annotations

import base64
import html
import io
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from enrich.errors import EnrichError
from enrich.ledger.evidence import told
from enrich.rules import GATE_PROBABILITY, GATE_SETS
from enrich.text.showing import LINE, VALUE, bounded, short, visible

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STYLE = (
    "<style>.enrich{font-size:13px;line-height:1.45;max-width:60rem;overflow-x:auto}"
    ".enrich table{border-collapse:collapse;margin:.3em 0 .9em;font-size:13px}"
    ".enrich th,.enrich td{text-align:left!important;vertical-align:top;padding:.15em .9em .15em 0;"
    "border-bottom:1px solid rgba(128,128,128,.25);white-space:normal;overflow-wrap:break-word}"
    ".enrich td.long{overflow-wrap:anywhere;min-width:8rem}.enrich td.told{min-width:20rem}"
    ".enrich th{font-weight:600;opacity:.75;overflow-wrap:normal}"
    ".enrich td.n{white-space:nowrap;font-variant-numeric:tabular-nums;overflow-wrap:normal}"
    ".enrich tr.here td{font-weight:700;background:rgba(213,94,0,.14)}"
    ".enrich h4{margin:1.1em 0 .3em!important;font-size:14px!important;font-weight:700!important}"
    ".enrich p{margin:.4em 0}.enrich .quiet{opacity:.7}</style>"
)

#: Cells up to so many characters stay on one line; words beyond so many may be broken; beyond so many it is prose.
_SHORT, _WORD, _PROSE = 16, 24, 80
#: Signs of a cell, which may hold sentences.
_CELL = 2 * VALUE
#: Rows of a frame, sentences of its evidence.
_ROWS, _SENTENCES = 12, 2
#: Of a figure on a page; a picture has twice as many.
_DPI = 108

#: What each question takes beside the snapshot.
QUESTIONS = {"failed": (), "labels": ("done",), "context": ("done",), "evaluation": ("evaluation",), "review": (),
             "cooldown": ("year",), "recovery": ("result",)}  # fmt: skip


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
    return f'{_STYLE}<div class="enrich">{"".join(parts)}</div>'


def line(words: str, *, quiet: bool = False) -> str:
    """A paragraph."""
    return f'<p class="{"quiet" if quiet else ""}">{text(words)}</p>'


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, here: Iterable[int] = ()) -> str:
    """A table; rows numbered in `here` stand out. Numbers stay on one line."""
    marked = set(here)
    header = "".join(f"<th>{text(name).replace('_', '_<wbr>')}</th>" for name in columns if any(columns))
    body = "".join(
        f"<tr{' class=here' if n in marked else ''}>{''.join(_cell(value) for value in row)}</tr>"
        for n, row in enumerate(rows)
    )
    return f"<table><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table>"


def sections_html(title: str, sections: Iterable[Section]) -> str:
    """A title and its sections as one block of HTML."""
    parts = [f"<p><b>{text(title)}</b></p>"]
    for heading, below in sections:
        parts += [f"<h4>{text(heading)}</h4>"] if heading else []
        parts += [line(p) if isinstance(p, str) else table(p.columns, p.rows, here=p.here) for p in below]
    return page(*parts)


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
    shown = rows.head(_ROWS if rows.height > _ROWS + 2 else rows.height).select(names)
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
    pl.Config(tbl_hide_column_data_types=True, tbl_hide_dataframe_shape=True, fmt_str_lengths=72, tbl_rows=_ROWS + 2,
              float_precision=3)  # fmt: skip
    formats: dict[type, Callable[[Any], str | None]] = {
        Figure: picture,
        pl.DataFrame: frame,
        list: records,
        dict: records,
    }
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


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f'<td class="n">{value:.2f}</td>'
    if isinstance(value, int) or (isinstance(value, str) and len(value) <= _SHORT):
        return f"<td class=n>{text(value)}</td>"
    # A word longer than a column is wide may break anywhere; the others stay whole.
    shown = short(value, _CELL)
    longest = max(map(len, shown.split()), default=0)
    kind = " class=long" if longest > _WORD else " class=told" if len(shown) > _PROSE else ""
    return f"<td{kind}>{text(shown)}</td>"


def _plain(value: Any, most: int = LINE) -> str:
    return "–" if value is None or value == "" else f"{value:.2f}" if isinstance(value, float) else short(value, most)


def answer(question: str, snap: Any, **at_hand: Any) -> Prose:
    """The answer to a notebook's question (answers.md.j2), counted from a snapshot; see `AnalystSnapshot.answer`."""
    if question not in QUESTIONS or set(at_hand) != set(QUESTIONS[question]):
        known = ", ".join(f"{name} ({', '.join(takes)})" if takes else name for name, takes in QUESTIONS.items())
        raise EnrichError(f"no answer to {question!r} with {sorted(at_hand)}; there are {known}")
    gate = (GATE_PROBABILITY, GATE_SETS)
    told = _template().render(question=question, snap=snap, n=number, rows=_rows, gate=gate, **at_hand)
    return Prose("**Answer.** " + " ".join(told.split()))


@cache
def _template() -> Template:
    # Markdown, not HTML: the numbers and names of scorers in it are the package's own.
    pages = Environment(loader=PackageLoader("enrich.analyst", "."), undefined=StrictUndefined, autoescape=True)
    return pages.get_template("answers.md.j2")


def _rows(frame: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """Rows by the text in the first column."""
    return {str(row[frame.columns[0]]): row for row in frame.iter_rows(named=True)}
