"""The table a catalogue serves: one row per track on a release; and reading it from files.

Only `title` must be there. A row without `release_id` is a release of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from enrich.errors import InputFileError
from enrich.frames.files import read_table

#: `sources`: comma list of the sources that carry the row; null means all of them. `artists`: the credit as separate
#: names where it is known how to split it; null means it is guessed.
RELEASES = pl.Schema(
    {
        "artist": pl.String(),
        "artists": pl.List(pl.String()),
        "title": pl.String(),
        "mix": pl.String(),
        "remixer": pl.String(),
        "label": pl.String(),
        "catalog_number": pl.String(),
        "release_date": pl.Date(),
        "duration_ms": pl.Int64(),
        "isrc": pl.String(),
        "release_id": pl.String(),
        "release_title": pl.String(),
        "is_compilation": pl.Boolean(),
        "is_official": pl.Boolean(),
        "sources": pl.String(),
    }
)

_REMIX = r"(?i)^(.+?)(?:'s)?\s+(?:re-?mix|rmx|dub|rework|edit)$"
_NOBODY = r"(?i)^(?:original|extended|radio|club|vip|vocal|instrumental|festival|live|album|the|dub|short|long)$"


def read_releases(paths: Iterable[str | Path]) -> pl.DataFrame:
    """The tables in `paths` (Parquet, CSV or JSONL) as one frame of schema RELEASES.

    Raises:
        InputFileError: a file cannot be read, or has no column `title`.
    """
    return pl.concat([complete(read_table(path), where=str(path)) for path in paths])


def complete(frame: pl.DataFrame, *, where: str = "the table of releases") -> pl.DataFrame:
    """`frame` with every column of RELEASES: those that are absent are null, except what follows from others."""
    if "title" not in frame.columns:
        raise InputFileError(f"{where}: no column title; a catalogue needs at least artist, title and label")
    remixer = pl.col("mix").str.extract(_REMIX, 1)
    return (
        frame.select(_column(frame, name, kind) for name, kind in RELEASES.items())
        .filter(pl.col("title").is_not_null())
        .with_columns(
            remixer=pl.coalesce("remixer", pl.when(~remixer.str.contains(_NOBODY)).then(remixer)),
            release_title=pl.coalesce("release_title", "title"),
            is_compilation=pl.col("is_compilation").fill_null(False),
            is_official=pl.col("is_official").fill_null(True),
        )
    )


def _column(frame: pl.DataFrame, name: str, kind: pl.DataType) -> pl.Expr:
    """A column as RELEASES has it, or nulls; in a CSV everything is text."""
    if name not in frame.columns:
        return pl.lit(None, dtype=kind).alias(name)
    column = pl.col(name)
    if kind == pl.Date:
        return column.cast(pl.String).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    if frame[name].dtype == pl.String and kind == pl.Boolean:
        return column.str.to_lowercase() == "true"
    if frame[name].dtype == pl.String and kind == pl.List:
        return column.str.split(" | ")
    return column.cast(kind, strict=False)
