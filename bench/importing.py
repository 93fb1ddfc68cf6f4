"""Importing a tracklist table beside a bare COPY of the same rows into one table.

The import finds out artists, performers, tracks and sets, and fills seven tables with keys and constraints; the COPY
puts the file's columns into one table with a primary key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from bench.measuring import race
from bench.options import Options
from bench.plays import simulate
from bench.rows import Row, compared
from bench.servers import as_superuser, settings_of, throw_away_server
from enrich.database.connection import connect, copy_frame
from enrich.importing.running import import_

_EMPTY = """
truncate artists, tracks, track_artists, performers, setlists, setlist_tracks, enrichment_status,
    enrich_set_versions, enrich_track_keys cascade;
vacuum (analyze)
"""
_TABLE = """
create table if not exists bench_plays (
    set_id text, dj text, set_name text, set_date date, position int, artist text, title text, label text, is_id bool,
    track_key text, primary key (set_id, position)
)
"""


def imported(folder: str, file: str) -> Callable[[], int]:
    """`enrich import` into an empty database."""
    settings = settings_of(folder)

    def before() -> None:
        for statement in _EMPTY.split(";"):
            as_superuser(Path(folder), statement)

    def run() -> int:
        return import_(file, settings=settings, now=datetime(2026, 1, 1, tzinfo=UTC)).plays

    run.before = before  # type: ignore[attr-defined]
    return run


def copied(folder: str, file: str) -> Callable[[], int]:
    """The same rows by COPY into an empty table."""
    settings = settings_of(folder)

    def before() -> None:
        with connect(settings) as con:
            con.execute(f"drop table if exists bench_plays; {_TABLE}")

    def run() -> int:
        frame = pl.read_parquet(file)
        with connect(settings) as con, con.cursor() as cur:
            copy_frame(cur, "bench_plays", frame)
        return frame.height

    run.before = before  # type: ignore[attr-defined]
    return run


def rows(options: Options) -> Iterator[Row]:
    """A hundred thousand plays."""
    plays = options.size(100_000)
    with throw_away_server() as folder:
        file = folder / "plays.parquet"
        simulate(plays).with_columns(
            title=pl.format("Song {}", (pl.col("artist").hash() + pl.col("position")) % 20_000)
        ).write_parquet(file)
        ours, other = race(
            "bench.importing:imported", "bench.importing:copied", {"folder": str(folder), "file": str(file)}, agree=True
        )
    yield compared(
        "import", "import, seven tables", "COPY into one table", f"{plays:,} plays", ours, other, sense="cost"
    )
