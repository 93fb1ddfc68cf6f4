"""`demo` on a real Postgres: loads whole, refuses rows, leaves nothing behind, and says so in one line."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from enrich.database.connection import connect
from enrich.demo.loading import demo
from enrich.errors import DatabaseError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

#: As the specification prints it.
LABEL_COVERAGE = """
SELECT
  COUNT(*) FILTER (WHERE metadata->'original_data'->>'label' IS NOT NULL) as with_label,
  COUNT(*) as total
FROM tracks JOIN enrichment_status ON track_id = tracks.id WHERE status = 'failed'
"""


def query(settings, text):
    with connect(settings) as con:
        return con.execute(text).fetchall()


def test_fills_an_unmigrated_database(blank_database):
    made = demo(blank_database, seed=5, now=NOW)

    assert query(blank_database, LABEL_COVERAGE) == [(26, 635)]
    assert query(
        blank_database, "select status, is_retriable, count(*) from enrichment_status group by 1, 2 order by 1, 2"
    ) == [("completed", None, 1578), ("failed", False, 471), ("failed", True, 164)]
    for table, rows in made.rows.items():
        assert query(blank_database, f"select count(*) from {table}") == [(rows,)]
    assert made.state.success_rate_pct == pytest.approx(71.306, abs=0.001)
    assert pl.read_parquet(made.catalogue).height == made.catalogue_rows > 3000


def test_refuses_a_database_with_rows_and_leaves_it_alone(database):
    with connect(database) as con:
        con.execute("insert into performers (name, normalized_name) values ('Somebody', 'somebody')")

    with pytest.raises(DatabaseError, match="performers has rows") as error:
        demo(database, seed=5, now=NOW)

    assert "\n" not in str(error.value)
    assert query(database, "select count(*) from tracks") == [(0,)]
    assert query(database, "select to_regclass('enrich_demo_truth')") == [(None,)]


def test_a_second_demo_is_refused(database):
    demo(database, seed=5, now=NOW)
    before = query(database, "select md5(string_agg(id::text || title, ',' order by id)) from tracks")

    with pytest.raises(DatabaseError, match="has rows"):
        demo(database, seed=6, now=NOW)

    assert query(database, "select md5(string_agg(id::text || title, ',' order by id)) from tracks") == before


def test_is_all_or_nothing(database, monkeypatch):
    """A failure at the last table leaves an empty database."""
    from enrich.demo import loading

    real = loading.copy_frame

    def failing(cur, table, frame):
        if table == "enrich_demo_slot_truth":
            cur.execute("select 1 / 0")
        real(cur, table, frame)

    monkeypatch.setattr(loading, "copy_frame", failing)
    with pytest.raises(DatabaseError):
        demo(database, seed=5, now=NOW)

    assert query(database, "select count(*) from tracks") == [(0,)]
    assert query(database, "select to_regclass('enrich_demo_truth')") == [(None,)]
