"""What runs the named queries of co-occurrence: DuckDB in memory or on disk here, Spark in `spark`.

An engine holds tables by name. Its texts are those of `sql/duckdb/`, whoever runs them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import duckdb
import polars as pl

from enrich.cooccurrence.slots import PLAYED, played
from enrich.errors import EnrichError
from enrich.sql import DUCKDB
from enrich.tracklists.reading import parquet_batches

#: Room for the rows of one file in `row_no`.
_ROWS_OF_A_FILE = 2**40


class Engine(Protocol):
    """Runs named queries; a query that makes a table leaves it for those after it."""

    def read_played(self, files: Sequence[Path]) -> int:
        """Make the table `played` (PLAYED) of the rows of Parquet files; the rows they hold, bad ones included."""

    def run(self, query: str, **parameters: object) -> None:
        """Run a query that makes a table."""

    def keep(self, table: str, query: str, **parameters: object) -> None:
        """Make a table of the rows of a query."""

    def frame(self, query: str, **parameters: object) -> pl.DataFrame:
        """The rows of a query."""

    def load(self, table: str, frame: pl.DataFrame) -> None:
        """Make a table of a frame."""

    def results(self, tables: Iterable[str]) -> duckdb.DuckDBPyConnection:
        """A connection in which these tables can be read. The engine closes it."""

    def close(self) -> None:
        """Let go of everything but the working folder."""


#: Queries and their parameters, in the order in which they are run.
Steps = list[tuple[str, dict[str, float]]]


def run(engine: Engine, steps: Iterable[tuple[str, Mapping[str, object]]]) -> None:
    """Run queries that make tables, one after the other."""
    for name, parameters in steps:
        engine.run(name, **parameters)


def file_row(file_no: int) -> pl.Expr:
    """`row_no` of the rows of one file among several, from their lines."""
    return pl.col("line") + file_no * _ROWS_OF_A_FILE


class DuckDB(Engine):
    """DuckDB in memory, or in a file in bounded memory: what does not fit waits in `spill/` beside it.

    Args:
        folder: Working folder, empty; a few times the size of the tracklists is needed. None: in memory.
        memory_limit: As DuckDB writes it (`2GB`, `2GiB`); None: 80 % of the memory.
        threads: How many work at a query; None: as many as there are cores.

    Raises EnrichError: the limit cannot be read, or is too small for the work.
    """

    def __init__(
        self, folder: Path | None = None, *, memory_limit: str | None = None, threads: int | None = None
    ) -> None:
        self._folder = folder
        config: dict[str, Any] = {} if threads is None else {"threads": threads}
        self._con = duckdb.connect(":memory:" if folder is None else str(folder / "work.duckdb"), config=config)
        try:
            # DuckDB would draw its progress bar into the results on stdout.
            self._con.execute("set enable_progress_bar = false")
            self._con.execute("set preserve_insertion_order = false")
            if folder is not None:
                self._con.execute("set temp_directory = $folder", {"folder": str(folder / "spill")})
            if memory_limit is not None:
                self._con.execute("set memory_limit = $limit", {"limit": memory_limit})
        except duckdb.Error as error:
            self._con.close()
            raise EnrichError(f"memory limit {memory_limit!r}: {str(error).splitlines()[0]}; write it as 2GB") from None

    def read_played(self, files: Sequence[Path]) -> int:
        if self._folder is None:
            raise ValueError("files are read in parts by an engine with a working folder")
        parts = self._folder / "played"
        parts.mkdir()
        height = part = 0
        for file_no, file in enumerate(files):
            for read in parquet_batches(file):
                height += read.slots.height + read.bad.height
                rows = played(read.slots, row_no=file_row(file_no))
                rows.write_parquet(parts / f"{part:06}.parquet", compression="lz4")
                part += 1
        if part == 0:
            self.load("played", PLAYED.to_frame())
        else:
            self._con.read_parquet(str(parts / "*.parquet")).create_view("played")
        return height

    def run(self, query: str, **parameters: object) -> None:
        with _memory_named():
            DUCKDB[query].run(self._con, **parameters)

    def keep(self, table: str, query: str, **parameters: object) -> None:
        named = DUCKDB[query]
        with _memory_named():
            self._con.execute(f"create or replace table {table} as {named.text}", named.bind(parameters) or None)

    def frame(self, query: str, **parameters: object) -> pl.DataFrame:
        with _memory_named():
            return DUCKDB[query].frame(self._con, **parameters)

    def load(self, table: str, frame: pl.DataFrame) -> None:
        self._con.execute(f"drop table if exists {table}")
        self._con.from_arrow(frame.to_arrow()).create(table)

    def append(self, table: str, frame: pl.DataFrame) -> None:
        """Add the rows of a frame to a table of the same columns."""
        self._con.from_arrow(frame.to_arrow()).insert_into(table)

    def view(self, name: str, frame: pl.DataFrame) -> None:
        """`load` of a large frame, which is read where it lies: to copy a million plays takes as long as a query."""
        self._con.register(name, frame.to_arrow(compat_level=pl.CompatLevel.newest()))

    def results(self, tables: Iterable[str]) -> duckdb.DuckDBPyConnection:
        return self._con

    def close(self) -> None:
        self._con.close()


@contextmanager
def _memory_named() -> Iterator[None]:
    """An engine out of memory is something a person can mend."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise EnrichError(f"the memory limit is too small: {str(error).splitlines()[0]}") from error
