"""The table a catalogue serves: one row per track on a release; and reading it from files.

Only `title` must be there. A row without `release_id` is a release of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from enrich.errors import InputFileError

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
_NOBODY = re.compile(
    r"(?i)^(?:original|extended|radio|club|vip|vocal|instrumental|festival|live|album|the|dub|short|long)$"
)


def read_releases(paths: Iterable[str | Path]) -> pl.DataFrame:
    """The tables in `paths` (Parquet, CSV or JSONL) as one frame of schema RELEASES.

    Raises:
        InputFileError: a file cannot be read, or has no column `title`.
    """
    return pl.concat([complete(_read(Path(path)), where=str(path)) for path in paths])


def complete(frame: pl.DataFrame, *, where: str = "the table of releases") -> pl.DataFrame:
    """`frame` with every column of RELEASES: those that are absent are null, except what follows from others."""
    if "title" not in frame.columns:
        raise InputFileError(f"{where}: no column title; a catalogue needs at least artist, title and label")
    present = [
        pl.col(name).cast(kind, strict=False) if name in frame.columns else pl.lit(None, dtype=kind).alias(name)
        for name, kind in RELEASES.items()
        if name != "release_date"
    ]
    day = (
        pl.lit(None, dtype=pl.Date).alias("release_date")
        if "release_date" not in frame.columns
        else pl.col("release_date").cast(pl.String).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    )
    remixer = pl.col("mix").str.extract(_REMIX, 1)
    nobody = remixer.str.contains(_NOBODY.pattern)
    return (
        frame.select(*present, day)
        .filter(pl.col("title").is_not_null())
        .with_columns(
            remixer=pl.coalesce("remixer", pl.when(~nobody).then(remixer)),
            release_title=pl.coalesce("release_title", "title"),
            is_compilation=pl.col("is_compilation").fill_null(False),
            is_official=pl.col("is_official").fill_null(True),
        )
        .match_to_schema(RELEASES)
    )


def _read(path: Path) -> pl.DataFrame:
    try:
        match path.suffix.lower():
            case ".parquet":
                return pl.read_parquet(path)
            case ".csv":
                return pl.read_csv(path)
            case ".jsonl" | ".ndjson":
                return pl.read_ndjson(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputFileError(f"{path}: cannot be read ({' '.join(str(error).split())[:120]})") from None
    raise InputFileError(f"{path}: not a table of releases; expected .parquet, .csv or .jsonl")
