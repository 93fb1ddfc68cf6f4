"""The answer at the head of a notebook, in sentences (answers.md.j2), every number counted from a snapshot."""

from __future__ import annotations

from functools import cache
from typing import Any

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from enrich.analyst.html import Prose, number
from enrich.errors import EnrichError
from enrich.rules import GATE_PROBABILITY, GATE_SETS

#: What each question takes beside the snapshot.
QUESTIONS = {"failed": (), "labels": ("done",), "context": ("done",), "evaluation": ("evaluation",), "review": (),
             "cooldown": ("year",), "recovery": ("result",)}  # fmt: skip


def answer(question: str, snap: Any, **at_hand: Any) -> Prose:
    """See `AnalystSnapshot.answer`."""
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
