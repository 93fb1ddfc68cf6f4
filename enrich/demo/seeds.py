"""Seed tables of the demo world: word lists and error texts from `data/seed/`.

Reads CSV files that ship with the project; every name in them is made up, apart from the specification's worked
example and the label spellings of the database notes.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from enrich.errors import EnrichError


@cache
def seed_root() -> Path:
    """The folder of the seed tables: beside the package in a checkout, inside it in a wheel."""
    here = Path(__file__).resolve().parent.parent
    for root in (here / "_seed", here.parent / "data" / "seed"):
        if root.is_dir():
            return root
    raise EnrichError("the folder data/seed is missing beside the package; restore it from the repository")


@cache
def words(kind: str) -> tuple[str, ...]:
    """All values of one kind (`given`, `family`, `title_first`, …) in the order of the file."""
    found = tuple(row["value"] for row in _rows("names.csv") if row["kind"] == kind)
    if not found:
        raise EnrichError(f"data/seed/names.csv: no rows of kind {kind}")
    return found


@cache
def label_names() -> tuple[tuple[str, str], ...]:
    """(scene, label) of every label, in the order of the file; scene `compilation` only gathers others' tracks."""
    return tuple((row["scene"], row["value"]) for row in _rows("names.csv") if row["kind"] == "label")


@cache
def error_texts(*, retriable: bool) -> tuple[tuple[str, float], ...]:
    """(message, weight) as earlier enrichment runs left them on failed tracks."""
    wanted = "true" if retriable else "false"
    return tuple((row["message"], float(row["weight"])) for row in _rows("errors.csv") if row["retriable"] == wanted)


@cache
def _rows(name: str) -> tuple[dict[str, str], ...]:
    with (seed_root() / name).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))
