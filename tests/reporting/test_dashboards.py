"""The monitoring queries: in psql as the specification prints them, on Postgres, on a snapshot, by every way in."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import enrich
from enrich.cooldown import migrate
from enrich.database.connection import connect
from enrich.database.migrations import migrate as migrate_schema
from enrich.database.server import _bin
from enrich.demo.loading import demo
from enrich.errors import EnrichError, SnapshotError
from enrich.reporting.dashboards import NAMES, dashboards
from enrich.snapshots.taking import snapshot

NOW = datetime.now(UTC)
ON_LEDGER = ["proposals_by_status", "writes_by_target", "last_runs"]

#: Word for word as the specification prints them.
SPECIFIED = {
    "coverage": """
   SELECT
     COUNT(*) FILTER (WHERE metadata->'original_data'->>'label' IS NOT NULL) as with_label,
     COUNT(*) as total,
     (COUNT(*) FILTER (WHERE metadata->'original_data'->>'label' IS NOT NULL) * 100.0 / COUNT(*)) as percentage
   FROM tracks;
   """,
    "trend": """
   SELECT
     DATE(updated_at) as date,
     COUNT(*) FILTER (WHERE status = 'completed') * 100.0 / COUNT(*) as success_rate
   FROM enrichment_status
   GROUP BY DATE(updated_at)
   ORDER BY date DESC
   LIMIT 30;
   """,
    "summary": "SELECT * FROM cooldown_queue_summary;",
    "ready": "SELECT * FROM get_cooldown_tracks_ready(100);",
}


@pytest.fixture
def world(database):
    """The demo world with a queue: some due, some waiting, two strategies."""
    demo(database, now=NOW)
    migrate(database, now=NOW - timedelta(days=100), limit=60, strategy="fixed")
    migrate(database, now=NOW, limit=200)
    return database


def _psql(settings, text, program):
    done = subprocess.run(
        [program, "-X", "-v", "ON_ERROR_STOP=1", "--csv", settings.database_url.get_secret_value(), "-c", text],
        capture_output=True, text=True, check=False, timeout=60,
        env=os.environ | {"PGOPTIONS": "-c search_path=musicdb,public"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return pl.read_csv(done.stdout.encode())


def test_psql_runs_the_queries_of_the_specification_unchanged(world):
    for program in {str(_bin() / "psql"), shutil.which("psql") or str(_bin() / "psql")}:
        got = {name: _psql(world, text, program) for name, text in SPECIFIED.items()}

        assert got["coverage"].columns == ["with_label", "total", "percentage"]
        with_label, total, percentage = got["coverage"].row(0)
        assert total == 2213
        assert percentage == pytest.approx(100 * with_label / total)
        assert got["trend"].columns == ["date", "success_rate"]
        assert got["trend"]["date"].is_sorted(descending=True)
        assert got["trend"]["success_rate"].is_between(0, 100).all()
        assert got["summary"].columns == ["strategy", "track_count", "ready_now", "waiting", "avg_retry_attempts"]
        rows = {row["strategy"]: row for row in got["summary"].to_dicts()}
        assert rows["fixed"]["ready_now"] == rows["fixed"]["track_count"] > 0
        assert rows["adaptive"]["waiting"] == rows["adaptive"]["track_count"] > 0
        assert got["ready"].height == min(100, rows["fixed"]["track_count"])
        assert (got["ready"]["days_overdue"] == 10).all()


def test_the_named_queries_are_the_specification_word_for_word():
    from enrich.reporting.dashboards import DASHBOARDS

    plain = {name: re.sub(r"\s+", " ", text).strip() for name, text in SPECIFIED.items()}
    for name, specified in {"label_coverage": "coverage", "success_rate_trend": "trend",
                            "cooldown_queue_summary": "summary", "cooldown_tracks_ready": "ready"}.items():  # fmt: skip
        text = re.sub(r"^--.*$", "", DASHBOARDS[name].text, flags=re.MULTILINE)
        assert re.sub(r"\s+", " ", text).strip() == plain[specified]


def test_postgres_and_a_snapshot_say_the_same(world):
    taken = snapshot(world, now=datetime.now(UTC))

    for name in NAMES:
        on_postgres = dashboards(name, settings=world)
        if name in ON_LEDGER:
            with pytest.raises(SnapshotError, match="not in a snapshot"):
                dashboards(name, snapshot=taken)
            continue
        on_snapshot = dashboards(name, snapshot=taken)
        assert on_postgres.height > 0, name
        assert on_snapshot.columns == on_postgres.columns
        assert_frame_equal(on_snapshot, on_postgres, check_dtypes=False, check_exact=False)


def test_dirty_metadata_counts_alike(database):
    values = ["null", "{}", '{"original_data": null}', '{"original_data": {}}', '{"original_data": {"label": null}}',
              '{"original_data": {"label": ""}}', '{"original_data": {"label": "Bedrock"}}', '"text"', "[1]",
              '{"original_data": {"label": 7}}', '{"original_data": "text"}', '{"label": "Bedrock"}']  # fmt: skip
    with connect(database) as con:
        for n, value in enumerate(values):
            con.execute(
                "insert into tracks (title, normalized_title, metadata) values (%s, 'x', %s::jsonb)", (str(n), value)
            )
        con.execute("insert into tracks (title, normalized_title, metadata) values ('none', 'x', null)")
    taken = snapshot(database, now=NOW)

    assert dashboards("label_coverage", settings=database)["with_label"].to_list() == [3]
    assert_frame_equal(
        dashboards("label_coverage", snapshot=taken),
        dashboards("label_coverage", settings=database),
        check_dtypes=False,
    )


def test_a_database_without_tracks_has_no_rows_and_no_error(database):
    taken = snapshot(database, now=NOW)
    for name in NAMES:
        if name != "missing":
            assert dashboards(name, settings=database).is_empty()
            if name not in ON_LEDGER:
                assert dashboards(name, snapshot=taken).is_empty()
    assert dashboards("missing", settings=database).row(0) == (0, 0, 0)


def test_command_line_api_and_notebook_say_the_same(world):
    from fastapi.testclient import TestClient

    from enrich.api.app import create_app

    environment = {k: v for k, v in os.environ.items() if not k.startswith("ENRICH_")} | {
        "ENRICH_DATABASE_URL": world.database_url.get_secret_value(), "ENRICH_DATA_DIR": str(world.data_dir),
    }  # fmt: skip
    client = TestClient(create_app(world), base_url="http://127.0.0.1")
    for name in ("label_coverage", "cooldown_queue_summary"):
        done = subprocess.run(
            [sys.executable, "-m", "enrich", "dashboards", name, "--json"], capture_output=True, text=True, check=True,
            env=environment, timeout=120,
        )  # fmt: skip
        notebook = enrich.dashboards(name, settings=world).to_dicts()
        assert json.loads(done.stdout)["rows"] == notebook
        assert client.get(f"/enrich/dashboards/{name}").json()["rows"] == notebook


def test_an_unknown_name_is_one_line(database):
    with pytest.raises(EnrichError, match="there are label_coverage"):
        dashboards("nonsense", settings=database)


def test_the_specifications_alter_table_by_hand_does_not_harm_the_migration(blank_database):
    migrate_schema(blank_database, to=1)
    with connect(blank_database) as con:
        con.execute("""
            ALTER TABLE enrichment_status
            ADD COLUMN retry_after TIMESTAMP WITH TIME ZONE,      -- When to retry
            ADD COLUMN cooldown_reason TEXT,                      -- Why it failed
            ADD COLUMN cooldown_strategy VARCHAR(20);             -- Strategy used
        """)
        con.execute("insert into tracks (title, normalized_title) values ('a', 'a'), ('b', 'b')")
        con.execute(
            "insert into enrichment_status (track_id, status, cooldown_reason, cooldown_strategy)"
            " select id, 'failed', 'kept', 'fixed' from tracks"
        )

    migrate_schema(blank_database)

    with connect(blank_database) as con:
        kept = con.execute("select distinct cooldown_reason, cooldown_strategy from enrichment_status").fetchall()
    assert kept == [("kept", "fixed")]
    assert migrate(blank_database, now=NOW).migrated == 2
    assert _psql(blank_database, SPECIFIED["summary"], str(_bin() / "psql"))["track_count"].to_list() == [2]
