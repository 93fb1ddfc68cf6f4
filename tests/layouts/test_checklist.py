"""The specification's implementation checklist, command by command, on a database of each layout."""

from __future__ import annotations

import re
import shlex
import subprocess
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from test_whole_way import NOW, WRITTEN, changed
from typer.testing import CliRunner

from enrich.api.app import create_app
from enrich.cli.app import build_app
from enrich.database.migrations import migrate
from enrich.database.server import _bin
from enrich.errors import DatabaseError
from enrich.ledger.writing import undo
from enrich.main_job import run

#: Each takes half a minute; `make test` goes the whole way on the one whose names differ most.
LAYOUTS = ("older", "today", "medallion")
#: Steps 3 to 6, the crontab as it is written: nights and the week follow one another.
CURLS = [
    'curl -X POST "http://localhost:8022/enrich/hunt-labels?limit=500"',
    'curl -X POST "http://localhost:8022/enrich/multi-tier-resolve?limit=100"',
    'curl -X POST "http://localhost:8022/enrich/cooldown/migrate?limit=500"',
    "curl -X POST http://localhost:8022/enrich/cooldown/process?limit=100",
    "curl -X POST http://localhost:8022/enrich/trigger?limit=200",
    "curl -X POST http://localhost:8022/enrich/hunt-labels?limit=500",
    "curl http://localhost:8022/enrich/cooldown/stats",
]
TREND = """
SELECT DATE(updated_at) as date, COUNT(*) FILTER (WHERE status = 'completed') * 100.0 / COUNT(*) as success_rate
FROM enrichment_status GROUP BY DATE(updated_at) ORDER BY date DESC LIMIT 30
"""
UPDATED = "select track_id, status, updated_at, last_attempt from enrichment_status"
COVERAGE = """
SELECT COUNT(*) FILTER (WHERE metadata->'original_data'->>'label' IS NOT NULL) as with_label, COUNT(*) as total
FROM tracks
"""


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_checklist_as_operators_run_it(install, project, monkeypatch, layout):
    there = install(layout)
    start = there.checksums()
    # 1. The migration, by psql as the tables' owner; the ledger by our own command, with the grants a role needs.
    url, file = there.owner.database_url.get_secret_value(), project / "sql/postgres/008_cooldown_queue_up.sql"
    subprocess.run([_bin() / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", url, "-f", file], check=True, timeout=60)
    for name in ("database_url", "search_path", "data_dir"):
        value = getattr(there.owner, name)
        monkeypatch.setenv(f"ENRICH_{name.upper()}", getattr(value, "get_secret_value", lambda v=value: str(v))())
    done = CliRunner().invoke(build_app(), ["db", "migrate", "--grants", "music_app"])
    assert done.exit_code == 0, done.output
    assert changed(start, there.checksums()) <= {"enrichment_status"}

    # 2. The service, as a role that owns nothing.
    night = [NOW]
    with TestClient(create_app(there.app, clock=lambda: night[0]), base_url="http://localhost:8022") as client:
        health = client.get("/health").json()
        assert (health["status"], health["healthy"], health["ok"]) == ("healthy", True, True)
        before, coverage = there.checksums(), there.query(COVERAGE)[0][0] if layout != "medallion" else 0
        updated = there.query(UPDATED)
        answers = []
        for n, line in enumerate(CURLS):
            words = shlex.split(line)
            answer = client.request(
                "POST" if "POST" in words else "GET", words[-1].replace("http://localhost:8022", "")
            )
            assert answer.status_code == 200, (line, answer.text)
            answers.append(answer.json())
            if n == 0:
                # A hunt leaves the trend of success as it was, but for tracks that it completed.
                touched = set(there.query(UPDATED)) - set(updated)
                assert {(status, first_tried) for _, status, _, first_tried in touched} == {("completed", None)}
                assert 0 < len(touched) < answers[0]["stats"]["labels_updated"]
            if n == 2:
                night[0] += timedelta(days=400)
        hunt, resolved, parked, processed, triggered, again, queue = answers
        assert hunt["stats"]["labels_found"] == hunt["stats"]["labels_updated"] == 9
        assert re.fullmatch(r"\d+\.\d%", resolved["success_rate"])
        assert parked["stats"]["migrated"] > 5
        assert processed["stats"]["reset_to_pending"] == parked["stats"]["migrated"] + 1
        assert triggered["stats"]["processed"] >= processed["stats"]["reset_to_pending"]
        assert again["stats"]["labels_updated"] == 0
        assert queue["cooldown_queue"]["total_in_queue"] + 1 > 0
        for wrong in ("hunt-labels?limt=5", "hunt-labels?skip_with_labels=false", "multi-tier-resolve?limit=-1"):
            assert client.post(f"/enrich/{wrong}").status_code == 422
        assert client.post("/enrich/hunt-labels?limit=1&skip_with_labels=true").status_code == 200

    assert there.query("select count(*) from enrichment_status where status = 'pending'") == [(0,)]
    assert changed(before, there.checksums()) <= WRITTEN[layout]
    if layout != "medallion":
        assert there.query(COVERAGE)[0][0] >= coverage + 9
    assert sum(row[1] is not None for row in there.query(TREND)) >= 1


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_run_on_ones_own_database_writes_nothing_unless_asked_and_nothing_undone_again(install, layout):
    there = install(layout)
    start = there.checksums()
    with pytest.raises(DatabaseError, match="nothing was changed; add them by `enrich run --migrate`"):
        run(there.app, now=NOW)
    assert there.checksums() == start
    migrate(there.owner)
    before = there.checksums()
    said = []

    dry = run(there.app, now=NOW, say=said.append)

    assert any("nothing in the music tables" in line for line in said)
    assert changed(before, there.checksums()) == set()
    assert (dry.written["labels"] > 5, dry.written["queued"] > 5) == (True, True)
    wet = run(there.app, now=NOW, apply=True)
    assert set() < changed(before, there.checksums()) <= WRITTEN[layout]
    assert wet.written["labels"] >= dry.written["labels"]
    ours = (
        "select distinct w.run_id::text from enrich_writes w join enrich_runs r using (run_id)"
        " where r.command = 'writeback' and w.undone_at is null"
    )
    named = "select track_id, kind from enrich_proposals where status = 'written' order by 1, 2"
    written = there.query(named)
    assert len(written) > 5
    for (run_id,) in there.query(ours):
        undo(there.app, run_id, now=NOW, by="anna")
    assert there.query(named) == []
    # The weekly cron proposes the same again, and leaves it to people.
    run(there.app, now=NOW + timedelta(days=7), apply=True)
    assert not set(there.query(named)) & set(written)
