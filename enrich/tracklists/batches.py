"""Tracklist tables in Parquet a batch of rows at a time, for files beyond memory; each row as `reading` has it.

A batch knows nothing of the others: a row that repeats a slot of an earlier batch is left to the caller.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from enrich.errors import InputFileError
from enrich.frames.inputs import open_input, parquet_faults, readable
from enrich.tracklists.checking import check
from enrich.tracklists.flat import draft_of
from enrich.tracklists.reading import distinct_files
from enrich.tracklists.slots import TracklistRead

#: Rows in memory at once.
ROWS_AT_ONCE = 1_000_000
#: Bytes of a file, which is never in memory as a whole.
_LARGEST = 1 << 42


def parquet_files(paths: str | PathLike[str] | Sequence[str | PathLike[str]]) -> list[Path]:
    """The files in the order in which they are read: by path, each once.

    Raises:
        InputFileError: none is given, one is missing, or one is not Parquet.
    """
    files = distinct_files(paths)
    for file in files:
        with open_input(file, at_most=_LARGEST) as opened:
            is_parquet = opened.read(4) == b"PAR1"
        if not is_parquet:
            raise InputFileError(f"{file}: not a Parquet file, the only kind that is read in parts")
    return files


def parquet_batches(file: Path, *, rows: int = ROWS_AT_ONCE) -> Iterator[TracklistRead]:
    """Read a file from first row to last; a batch reads the row groups it touches.

    Raises:
        InputFileError: the file is damaged or lacks set_id or position.
    """
    line = 1
    with open_input(file, at_most=_LARGEST) as opened, parquet_faults(file):
        for batch in pq.ParquetFile(opened).iter_batches(batch_size=rows):
            table = pl.from_arrow(readable(pa.Table.from_batches([batch])))
            assert isinstance(table, pl.DataFrame)
            yield checked(table, file, lines=range(line, line + table.height))
            line += table.height


def checked(table: pl.DataFrame, file: Path, *, lines: Sequence[int]) -> TracklistRead:
    """Rows of a Parquet file as slots and rows set aside; `lines` are their row numbers, from 1."""
    return check([(str(file), draft_of(table, file, lines=lines))])
