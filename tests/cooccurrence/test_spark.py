"""Spark gives what DuckDB gives, to the row: every table of the ranking, and the file.

    make spark-test

Skipped loudly where Java or PySpark is absent; prints how long each engine took.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from contextlib import closing
from importlib.util import find_spec

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from enrich.cooccurrence.answers import EVIDENCE, NAME_STEPS, RESULTS, Scorer, formula_steps, rank_files
from enrich.cooccurrence.engines import DuckDB
from enrich.cooccurrence.spark import Spark, spark_text
from enrich.sql import DUCKDB

FORMULA = Scorer()
QUERIES = sorted(name for name in DUCKDB if name.startswith("cooccurrence_"))
#: Contexts, signals and ranks, as the steps make them, with evidence.
TABLES = [
    "context_plays", "context_artists", "occurrence", "top_labels", "label_support", "dj_plays", "candidates",
    "dj_signal", *RESULTS,
]  # fmt: skip


@pytest.mark.parametrize("name", QUERIES)
def test_every_query_has_a_text_for_spark(name):
    table, text = spark_text(DUCKDB[name])

    assert all(f":{parameter}" in text for parameter in DUCKDB[name].params)
    assert "$" not in text
    assert "DECIMAL" not in text or "DECIMAL(38, 0)" in text
    assert (table is not None) == bool(re.search(r"create (or replace )?table", DUCKDB[name].text))


def test_every_step_makes_a_table():
    assert [spark_text(DUCKDB[name])[0] for name, _ in formula_steps() + NAME_STEPS] == [
        "context_plays", "context_artists", "unknown_sets", "occurrence", "top_labels", "dj_plays", "unknown_djs",
        "releases", "candidates", "label_support", "dj_signal", "signals", "ranked", "name_plays", "shown_names",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def _can_run():
    if find_spec("pyspark") is None:
        pytest.skip("PySpark is absent: `make spark` installs it")
    java = shutil.which("java")
    if java is None or subprocess.run([java, "-version"], check=False, capture_output=True).returncode:
        pytest.skip("Java is absent: Spark needs Java 17")


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.usefixtures("_can_run")
def test_spark_equals_duckdb_on_real_tracklists(shared_data, tmp_path):
    _assert_equal([shared_data / "tracklists.parquet"], tmp_path)


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.usefixtures("_can_run")
def test_spark_equals_duckdb_on_unknowns_played_again_and_repeated_slots(world, tmp_path):
    """Real tracklists name no unknown twice; here they do, DJs play as artists, and files repeat slots."""
    unknown = pl.col("artist").is_null()
    recurring = world.with_columns(
        track_key=pl.when(unknown).then(pl.format("u{}", pl.col("position") % 4)),
        dj=pl.when(pl.col("dj").str.ends_with("3")).then(pl.lit("Player 4 b2b Zoë")).otherwise("dj"),
        artist=pl.when(pl.col("position") == 5).then(pl.lit("Öre & Player 3")).otherwise("artist"),
    )
    files = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    recurring.head(600).write_parquet(files[0])
    recurring.slice(500).with_columns(label=pl.lit("Another")).write_parquet(files[1])

    _assert_equal(files, tmp_path)


def _assert_equal(files, tmp_path):
    found, seconds, figures = {}, {}, {}
    for name, start in (("duckdb", DuckDB), ("spark", lambda folder: Spark(folder, master="local[2]"))):
        folder = tmp_path / name
        folder.mkdir()
        began = time.perf_counter()
        with closing(start(folder)) as engine:
            started = time.perf_counter() - began
            figures[name] = rank_files(files, tmp_path / f"{name}.parquet", engine=engine, scorer=Scorer())
            seconds[name] = time.perf_counter() - began
            con = engine.results(TABLES)
            found[name] = {table: _rows(con.table(table).pl()) for table in TABLES}
        print(f"\n{name}: {seconds[name]:.1f} s, {started:.1f} s of them to start; {figures[name]['slots']:,} slots")

    assert figures["spark"] == figures["duckdb"]
    for table in TABLES:
        # The made-up world has no artist of two names.
        assert found["duckdb"][table].height > 0 or table in ("other_names", "shown_names"), table
        assert_frame_equal(found["spark"][table], found["duckdb"][table], check_exact=True)
    ranking = pl.read_parquet(tmp_path / "spark.parquet")
    assert ranking.height == figures["duckdb"]["candidates"] > 0
    assert_frame_equal(ranking, pl.read_parquet(tmp_path / "duckdb.parquet"), check_exact=True)
    assert set(EVIDENCE) <= set(TABLES)


def _rows(table: pl.DataFrame) -> pl.DataFrame:
    """Rows in one order and whole numbers in one width: engines choose their own."""
    wide = table.select(
        pl.col(name).cast(pl.Int64) if dtype.is_integer() or dtype.is_decimal() else name
        for name, dtype in sorted(table.schema.items())
    )
    return wide.sort(pl.all(), nulls_last=True)
