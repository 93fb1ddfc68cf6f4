"""The Label Hunter from a file to a file (`hunt_label_file`), or over a frame (`hunt_table`); needs no database."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl
import polars.selectors as cs

from enrich.errors import InputFileError
from enrich.frames.files import check_output, read_table, require_columns, with_known_names, write_table
from enrich.labels.book import LabelBook
from enrich.matching.recordings import track_queries
from enrich.settings import Settings
from enrich.sources.base import Source
from enrich.tiers.label_hunter import HUNTED, Hunt, OnProgress, enabled_sources, hunt

#: What a row is asked by.
_ASKED = ["title", "artist", "duration_ms", "isrc"]


def hunt_label_file(
    path: str | Path,
    out: str | Path,
    *,
    settings: Settings,
    book: LabelBook | None = None,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> Hunt:
    """Hunt for every row of a table file and write the rows with what was found.

    Args:
        path: Parquet, CSV, TSV or JSONL with a column `title`, and `artist`, `duration_ms`, `isrc` where known.
        out: Where to write; by extension.
        settings: Which sources are on, and where.
        book, on_progress, stop: See `hunt`.

    Raises:
        InputFileError: the file cannot be read or has no column `title`; `out` cannot be written.
    """
    check_output(out)
    table = with_known_names(read_table(path), _ASKED)
    require_columns(table, ["title"], path=path)
    if table.is_empty():
        raise InputFileError(f"{path}: no rows; expected one row per track under the header")
    rows, found = hunt_table(table, sources=enabled_sources(settings), book=book, on_progress=on_progress, stop=stop)
    write_table(rows, out)
    return found


def hunt_table(
    table: pl.DataFrame,
    *,
    sources: Sequence[Source],
    book: LabelBook | None = None,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> tuple[pl.DataFrame, Hunt]:
    """Hunt for every row of a table `title, artist?, duration_ms?, isrc?`.

    Returns:
        The same rows in the same order, other columns carried along, with `label, source, confidence, outcome`, the
        parts and the rest of HUNTED; and the hunt. Columns of the same names are kept as `input_<name>`.
    """
    rows = table.select(
        _text(table, "title"), _text(table, "artist"), _milliseconds(table), _text(table, "isrc")
    ).with_columns(track_id=pl.int_range(pl.len()).cast(pl.String))
    # One question for rows that ask the same.
    asked = rows.unique(_ASKED, keep="first", maintain_order=True)
    found = hunt(track_queries(asked), sources=sources, book=book, on_progress=on_progress, stop=stop)
    answers = asked.join(found.tracks, on="track_id").drop("track_id")
    by_row = rows.join(answers, on=_ASKED, how="left", nulls_equal=True, maintain_order="left")
    # Files are compared: no more digits than were measured.
    by_row = by_row.with_columns(cs.float().round(4))
    new = by_row.drop("track_id", *_ASKED)
    carried = table.rename({name: f"input_{name}" for name in table.columns if name in new.columns})
    return (
        pl.concat([carried, new], how="horizontal"),
        replace(found, tracks=by_row.match_to_schema(HUNTED, extra_columns="ignore")),
    )


def _text(table: pl.DataFrame, name: str) -> pl.Expr:
    if name not in table.columns:
        return pl.lit(None, pl.String).alias(name)
    text = pl.col(name).cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text).alias(name)


def _milliseconds(table: pl.DataFrame) -> pl.Expr:
    if "duration_ms" not in table.columns:
        return pl.lit(None, pl.Int64).alias("duration_ms")
    number = pl.col.duration_ms.cast(pl.Float64, strict=False)
    return pl.when(number.is_finite() & (number > 0)).then(number).cast(pl.Int64, strict=False).alias("duration_ms")
