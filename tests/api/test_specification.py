"""Every curl line of the specification, by curl itself, on the demo world: the printed keys, words and formats."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess

import psycopg
import pytest

ISO_Z = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

#: In the order in which the specification has them run; bodies as it prints them, `#` for a number.
HUNT = {
    "status": "completed", "message": "Processed # tracks, found # labels",
    "stats": {"processed": 0, "labels_found": 0, "labels_updated": 0, "failed": 0, "skipped": 0},
    "success_rate": "#.#%",
}  # fmt: skip
MIGRATE = {
    "status": "completed", "message": "Migrated # tracks to cool-down queue",
    "stats": {"candidates": 0, "migrated": 0, "skipped": 0},
}  # fmt: skip
PROCESS = {
    "status": "completed", "message": "Reset # tracks to pending",
    "stats": {"retrieved": 0, "reset_to_pending": 0, "enrichment_triggered": 0, "failed": 0},
    "note": "Tracks reset to pending will be processed in next enrichment cycle",
}  # fmt: skip
STATS = {
    "status": "success",
    "cooldown_queue": {
        "total_in_queue": 0, "ready_for_retry": 0, "waiting": 0, "next_retry_time": "", "avg_retry_attempts": 0.0,
    },
}  # fmt: skip
LINES = [
    ('curl -X POST "http://localhost:8022/enrich/hunt-labels?limit=100"', HUNT),
    ('curl -X POST "http://localhost:8022/enrich/hunt-labels?limit=500"', HUNT),
    ('curl -X POST "http://localhost:8022/enrich/multi-tier-resolve?limit=100"', None),
    ('curl -X POST "http://localhost:8022/enrich/cooldown/migrate?limit=100"', MIGRATE),
    ('curl -X POST "http://localhost:8022/enrich/cooldown/migrate?limit=500"', MIGRATE),
    ('curl -X POST "http://localhost:8022/enrich/cooldown/process?limit=50"', PROCESS),
    ("curl http://localhost:8022/enrich/cooldown/stats", STATS),
    # As the crontab has them, unquoted.
    ("curl -X POST http://localhost:8022/enrich/cooldown/process?limit=100", PROCESS),
    ("curl -X POST http://localhost:8022/enrich/trigger?limit=200", None),
    ("curl -X POST http://localhost:8022/enrich/hunt-labels?limit=500", HUNT),
]


def _curl(line: str, url: str) -> tuple[int, dict]:
    if shutil.which("curl") is None:
        pytest.skip("no curl here")
    called = shlex.split(line.replace("http://localhost:8022", url))
    done = subprocess.run(
        [*called, "-sS", "-w", "\n%{http_code}"], capture_output=True, text=True, timeout=300, check=True
    )
    body, _, code = done.stdout.rpartition("\n")
    return int(code), json.loads(body)


def _same_shape(got: object, wanted: object) -> bool:
    if isinstance(wanted, dict):
        return (
            isinstance(got, dict) and list(got) == list(wanted) and all(_same_shape(got[k], wanted[k]) for k in wanted)
        )
    if isinstance(wanted, str) and "#" in wanted:
        return isinstance(got, str) and re.fullmatch(re.escape(wanted).replace(r"\#", r"\d+"), got) is not None
    if isinstance(wanted, str) and wanted:
        return got == wanted
    return isinstance(got, type(wanted)) and not isinstance(got, bool)


@pytest.fixture(scope="module")
def answers(server, demo_database):
    """Every line run once, in order; a few tracks are made due before the queue is processed."""
    found = []
    for line, _ in LINES:
        if "process?limit=50" in line:
            with psycopg.connect(demo_database.database_url.get_secret_value()) as con:
                con.execute(
                    "update musicdb.enrichment_status set retry_after = now() where track_id in (select track_id from"
                    " musicdb.enrichment_status where status = 'pending_re_enrichment' order by track_id limit 60)"
                )
        found.append(_curl(line, server.url))
    return found


@pytest.mark.parametrize("n", range(len(LINES)), ids=[line.split("/enrich/")[1].strip('"') for line, _ in LINES])
def test_curl_line_of_the_specification(answers, n):
    (line, wanted), (code, body) = LINES[n], answers[n]

    assert code == 200, body
    if wanted is not None:
        assert _same_shape(body, wanted), f"{line}: {body}"
    else:
        assert body["status"] == "completed"
        assert body["stats"]["processed"] > 0
        assert body["run_id"]


def test_the_numbers_agree_with_each_other(answers):
    hunt = answers[0][1]
    stats = hunt["stats"]
    assert stats["processed"] == 100
    assert stats["processed"] == stats["labels_found"] + stats["failed"]
    assert hunt["success_rate"] == f"{stats['labels_found']:.1f}%"
    assert hunt["message"] == f"Processed 100 tracks, found {stats['labels_found']} labels"
    first = answers[3][1]
    assert first["stats"]["candidates"] == 100
    assert first["message"] == f"Migrated {first['stats']['migrated']} tracks to cool-down queue"
    both = first["stats"]["migrated"] + answers[4][1]["stats"]["migrated"]
    assert answers[5][1]["stats"]["reset_to_pending"] == 50
    queue = answers[6][1]["cooldown_queue"]
    assert queue["total_in_queue"] == both - 50
    assert (queue["ready_for_retry"], queue["waiting"]) == (10, both - 60)
    assert ISO_Z.fullmatch(queue["next_retry_time"])
    assert answers[7][1]["stats"]["retrieved"] == 10
    # The trigger takes up what failed for a reason that passes, then what process reset.
    assert answers[8][1]["stats"]["processed"] == 200


def test_the_crontab_leaves_only_those_pending_that_its_limit_had_no_room_for(answers, client):
    # On the first night most of its 200 are failures that pass; they are retried once and then parked like others. What
    # turns out to be a known recording is settled beyond the limit.
    rows = client.get("/enrich/dashboards/statuses").json()["rows"]
    assert {row["status"]: row["tracks"] for row in rows}["pending"] <= 163 + 60 - 200
    assert sum(row["tracks"] for row in rows) == 2213


def test_the_report_has_the_figures_of_the_report(answers, client, demo_database):
    from datetime import UTC, datetime

    from enrich.reporting.dashboards import read_counts
    from enrich.reporting.figures import figures
    from enrich.reporting.recovery import plain

    now = datetime.now(UTC)
    body = client.get("/enrich/report").json()

    wanted = json.loads(json.dumps(plain(figures(read_counts(demo_database, now=now), now=now))))
    assert body["headline"] == wanted["headline"]
    assert body["projections"] == wanted["projections"]


def test_proposals_are_listed_with_their_evidence(answers, client):
    body = client.get("/enrich/proposals", params={"limit": 3, "status": "written"}).json()

    assert body["total"] >= len(body["proposals"]) == 3
    confidences = [p["confidence"] for p in body["proposals"]]
    assert confidences == sorted(confidences, reverse=True)
    assert isinstance(body["proposals"][0]["evidence"], dict)


def test_finished_jobs_are_listed_newest_first(answers, client):
    jobs = client.get("/enrich/jobs").json()

    assert [job["kind"] for job in jobs] == [
        "hunt-labels", "trigger", "multi-tier-resolve", "hunt-labels", "hunt-labels",
    ]  # fmt: skip
    assert {job["state"] for job in jobs} == {"completed"}


def test_metrics_are_prometheus_text_that_agrees_with_the_database(answers, client):
    from prometheus_client.parser import text_string_to_metric_families

    answer = client.get("/metrics")
    samples = {
        (s.name, tuple(sorted(s.labels.items()))): s.value
        for family in text_string_to_metric_families(answer.text)
        for s in family.samples
    }

    assert answer.headers["content-type"].startswith("text/plain")
    assert samples["enrich_up", ()] == 1
    assert samples["enrich_tracks_all", ()] == 2213
    statuses = {labels[0][1]: value for (name, labels), value in samples.items() if name == "enrich_tracks"}
    assert statuses == {r["status"]: r["tracks"] for r in client.get("/enrich/dashboards/statuses").json()["rows"]}
    queue = client.get("/enrich/cooldown/stats").json()["cooldown_queue"]
    assert samples["enrich_cooldown_tracks", (("state", "waiting"),)] == queue["waiting"]
    assert samples["enrich_label_coverage_ratio", ()] == pytest.approx(
        client.get("/enrich/dashboards/label_coverage").json()["rows"][0]["percentage"] / 100
    )
    assert samples["enrich_last_run_timestamp_seconds", (("command", "hunt-labels"),)] > 1.6e9
    written = sum(
        v for (n, labels), v in samples.items() if n == "enrich_proposals" and ("status", "written") in labels
    )
    assert written == client.get("/enrich/proposals", params={"status": "written"}).json()["total"] > 0
