"""Parse the titles of a whole table and say in figures what was found. Pure: frames in, frames out."""

from __future__ import annotations

from typing import Any

import polars as pl

from enrich.rules import SQUARE_UNKNOWN
from enrich.text.titles import parse_titles


def parse_title_table(table: pl.DataFrame) -> pl.DataFrame:
    """PARSED_TITLES of a table's `title` and, where there is one, `artist`; then its other columns, in their order."""
    artists = table["artist"].cast(pl.String) if "artist" in table.columns else None
    parsed = parse_titles(table["title"].cast(pl.String), artists=artists)
    others = [column for column in table.get_columns() if column.name not in parsed.columns]
    return parsed.hstack(others) if others else parsed


def title_figures(parsed: pl.DataFrame) -> dict[str, Any]:
    """Counts over a frame of `parse_titles` run without known labels: titles, labels by bracket, mashups, unknown."""
    square = (parsed["label_confidence"] >= SQUARE_UNKNOWN).sum()
    labels = parsed["label"].count()
    classes = parsed["version_class"].value_counts(sort=True).rows()
    return {
        "titles": parsed.height,
        "labels_found": labels,
        "labels_in_square_brackets": square,
        "labels_in_round_brackets": labels - square,
        "distinct_labels": parsed["label"].drop_nulls().n_unique(),
        "catalog_numbers": parsed["catalog_number"].count(),
        "mashups": int(parsed["is_mashup"].sum()),
        "unknown": int(parsed["is_unknown"].sum()),
        "version_classes": {str(name): count for name, count in classes},
    }
