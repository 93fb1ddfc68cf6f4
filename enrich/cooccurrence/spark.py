"""The engine past one machine: the named queries of `sql/duckdb/`, translated by sqlglot and run by Spark.

Needs the extra `spark` (PySpark 4) and Java 17. Every table stands as Parquet in the working folder, which driver and
executors must share; the rules of reading run where the rows are, as Python on Arrow batches, so that the executors
need this package too. The driver reads the vocabulary, and writes the ranking from the finished tables.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pyarrow as pa
import sqlglot
from sqlglot import exp

from enrich.cooccurrence.engines import Engine, file_row
from enrich.cooccurrence.slots import PLAYED, played
from enrich.errors import EnrichError, InputFileError
from enrich.frames.schemas import TRACKLISTS
from enrich.sql import DUCKDB, Query
from enrich.tracklists.reading import checked

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_TYPES = {pl.Int64(): "bigint", pl.Int32(): "int", pl.String(): "string"}
_PLAYED = ", ".join(f"{name} {_TYPES[dtype]}" for name, dtype in PLAYED.items())
_LINE = "row_of_file"


def spark_text(query: Query) -> tuple[str | None, str]:
    """A query of DuckDB as Spark reads it: the table it makes, if it makes one, and the text of its rows.

    Parameters become `:name`.
    """
    tree = sqlglot.parse_one(query.text, read="duckdb")
    if isinstance(tree, exp.Create):
        return tree.this.name, tree.expression.sql(dialect="spark")
    return None, tree.sql(dialect="spark")


class Spark(Engine):
    """Runs named queries on a Spark session of its own; see `engines.Engine`.

    Args:
        folder: Working folder, empty, on storage that driver and executors share.
        master: `local[2]`, `spark://host:7077`, `yarn`, …; other settings from Spark's own configuration files.

    Raises EnrichError: PySpark is not installed, or no session can be had (no Java, no such master).
    """

    def __init__(self, folder: Path, *, master: str) -> None:
        if find_spec("pyspark") is None:
            raise EnrichError("PySpark is not installed; `make spark` installs the extra `spark` (Java 17 is needed)")
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession

        self._folder = folder.resolve()
        settings = dict.fromkeys(("spark.ui.enabled", "spark.ui.showConsoleProgress"), "false")
        settings |= {"spark.sql.session.timeZone": "UTC", "spark.sql.warehouse.dir": str(self._folder / "warehouse")}
        if master.startswith("local"):
            settings |= {
                "spark.driver.host": "127.0.0.1",
                "spark.driver.bindAddress": "127.0.0.1",
                "spark.local.dir": str(self._folder / "spill"),
                # Tables of few rows in two hundred parts each would be all overhead.
                "spark.sql.shuffle.partitions": "8",
            }
            # PySpark looks for its workers' Python here and nowhere else.
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        builder = SparkSession.builder.master(master).appName("enrich rank-artists")
        for name, value in settings.items():
            builder = builder.config(name, value)
        try:
            self._session = builder.getOrCreate()
        except (PySparkException, RuntimeError, OSError) as error:
            raise EnrichError(f"Spark cannot be started on {master}: {str(error).splitlines()[0]}") from error
        self._session.sparkContext.setLogLevel("ERROR")

    def read_played(self, files: Sequence[Path]) -> int:
        from pyspark.errors import PySparkException

        height = 0
        parts = []
        for file_no, file in enumerate(files):
            try:
                found = self._session.read.parquet(str(file.resolve()))
            except PySparkException as error:
                raise InputFileError(f"{file}: Spark cannot read it ({str(error).splitlines()[0]})") from error
            # What the file lacks is said here, not by an executor.
            checked(pl.DataFrame(schema=dict.fromkeys(found.columns, pl.String)), file, lines=[])
            known = [found[f"`{name}`"] for name in found.columns if name.strip().lower() in TRACKLISTS]
            rows = found.select(*known, found["_metadata.row_index"].alias(_LINE))
            parts.append(rows.mapInArrow(_reader(file, file_no), _PLAYED))
            height += found.count()
        together = parts[0]
        for part in parts[1:]:
            together = together.unionAll(part)
        self._write("played", together)
        return height

    def run(self, query: str, **parameters: object) -> None:
        table, rows = self._rows(query, parameters)
        if table is None:
            raise ValueError(f"{query} makes no table")
        self._write(table, rows)

    def keep(self, table: str, query: str, **parameters: object) -> None:
        self._write(table, self._rows(query, parameters)[1])

    def frame(self, query: str, **parameters: object) -> pl.DataFrame:
        return pl.DataFrame(self._rows(query, parameters)[1].toArrow())

    def load(self, table: str, frame: pl.DataFrame) -> None:
        place = self._folder / table
        place.mkdir()
        frame.write_parquet(place / "part-0.parquet")
        self._session.read.parquet(str(place)).createOrReplaceTempView(table)

    def results(self, tables: Iterable[str]) -> duckdb.DuckDBPyConnection:
        self._results = duckdb.connect()
        self._results.execute("set enable_progress_bar = false")
        for table in tables:
            self._results.read_parquet(str(self._folder / table / "*.parquet")).create_view(table)
        return self._results

    def close(self) -> None:
        self._session.stop()

    def _rows(self, query: str, parameters: dict[str, object]) -> tuple[str | None, DataFrame]:
        named = DUCKDB[query]
        table, text = spark_text(named)
        return table, self._session.sql(text, args=named.bind(parameters))

    def _write(self, table: str, rows: DataFrame) -> None:
        place = str(self._folder / table)
        rows.write.mode("overwrite").parquet(place)
        self._session.read.schema(rows.schema).parquet(place).createOrReplaceTempView(table)


def _reader(file: Path, file_no: int) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Rows of the file as PLAYED; runs on the executors."""
    schema = PLAYED.to_frame().to_arrow().schema
    numbers = (pa.int64(), pa.int32())
    plain = pa.schema([field if field.type in numbers else field.with_type(pa.string()) for field in schema])

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            table = pl.DataFrame(pa.Table.from_batches([batch]))
            slots = checked(table.drop(_LINE), file, lines=(table[_LINE] + 1).to_list()).slots
            yield from played(slots, row_no=file_row(file_no)).to_arrow().cast(plain).to_batches()

    return read
