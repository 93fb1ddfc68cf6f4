"""How the server treats callers: limits, tokens, other sites, one job of a kind, an end that loses nothing."""

from __future__ import annotations

import asyncio
import html
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import psycopg
import pytest
from api_server import TOKEN, environment_of, running

from enrich.database.connection import connect
from enrich.ledger.writing import _LOCK as WRITE_LOCK

POSTS = [
    "/enrich/hunt-labels", "/enrich/multi-tier-resolve", "/enrich/trigger", "/enrich/cooldown/migrate",
    "/enrich/cooldown/process",
]  # fmt: skip
GETS = ["/enrich/cooldown/stats", "/enrich/proposals", "/enrich/report", "/enrich/dashboards", "/enrich/jobs",
        "/enrich/dashboards/statuses", "/metrics", "/health", "/openapi.json"]  # fmt: skip


@pytest.fixture(scope="module")
def guarded(small_database, tmp_path_factory):
    """A server with a token on a small database."""
    with running(small_database, tmp_path_factory.mktemp("guarded"), ENRICH_API_TOKEN=TOKEN) as server:
        yield server


@pytest.fixture(scope="module")
def caller(guarded):
    with httpx.Client(base_url=guarded.url, timeout=120, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield client


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("limit", ["0", "-1", "10001", "abc", "", "1.5", "1e3", "99999999999999999999999"])
def test_a_limit_out_of_range_is_422(caller, path, limit):
    answer = caller.post(path, params={"limit": limit})

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", "limit"]


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("limit", ["1", "10000"])
def test_the_ends_of_the_range_are_served(caller, path, limit):
    assert caller.post(path, params={"limit": limit}).status_code == 200


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "header",
    [None, "Bearer wrong", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer", TOKEN, "Bearer ümlaut"],
    ids=["none", "wrong", "longer", "basic", "empty", "bare", "not-ascii"],
)
def test_every_post_needs_the_token(guarded, path, header):
    headers = {} if header is None else {"Authorization": header.encode("utf-8")}

    answer = httpx.post(guarded.url + path, params={"limit": "abc"}, headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert TOKEN not in answer.text


@pytest.mark.parametrize("path", GETS)
def test_reading_needs_no_token(guarded, path):
    assert httpx.get(guarded.url + path, timeout=60).status_code == 200


def test_the_documentation_loads_nothing_and_names_every_operation(guarded):
    answer = httpx.get(f"{guarded.url}/docs")
    document = httpx.get(f"{guarded.url}/openapi.json").json()
    page = html.unescape(answer.text)

    assert answer.headers["content-type"].startswith("text/html")
    loaded = re.findall(r"""(?:src|href)=["']([^"']+)""", page)
    assert len(loaded) == 3
    for path in loaded:
        # All from this server, and nothing of it from anywhere else.
        assert path.startswith("/static-offline-docs/")
        assert httpx.get(guarded.url + path).status_code == 200
    assert "url: '/openapi.json'" in page
    for operations in document["paths"].values():
        for operation in operations.values():
            assert operation["description"]
    assert httpx.get(f"{guarded.url}/redoc").status_code == 404


def test_an_unknown_dashboard_is_404_and_an_unknown_status_422(caller):
    assert caller.get("/enrich/dashboards/nonsense").status_code == 404
    assert caller.get("/enrich/proposals", params={"status": "nonsense"}).status_code == 422


def test_pages_of_other_sites_and_other_names_are_refused(caller, guarded):
    elsewhere = caller.post("/enrich/cooldown/process", headers={"Origin": "https://elsewhere.example"})
    assert elsewhere.status_code == 403
    assert caller.post("/enrich/cooldown/process", headers={"Origin": guarded.url}).status_code == 200
    assert caller.get("/health", headers={"Host": "elsewhere.example"}).status_code == 400


def test_the_log_names_requests_and_no_secret(caller, guarded):
    caller.post("/enrich/cooldown/process", params={"limit": 7, "token": TOKEN, "api_key": "k-12345"})
    httpx.post(f"{guarded.url}/enrich/cooldown/process?limit={TOKEN}%0a", headers={"Authorization": "Bearer k-12345"})

    log = guarded.log.read_text()
    assert 'POST /enrich/cooldown/process?limit=7 HTTP/1.1" 422' in log
    assert TOKEN not in log
    assert "k-12345" not in log
    assert "Traceback" not in log


def test_a_host_open_to_others_needs_a_token(small_database, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "enrich", "serve", "--host", "0.0.0.0", "--port", "0"],
        capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path, env=environment_of(small_database),
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "ENRICH_API_TOKEN" in done.stderr


def test_with_a_token_another_host_is_served_under_any_name(small_database, tmp_path):
    with running(small_database, tmp_path, "--host", "0.0.0.0", "--port", "0", ENRICH_API_TOKEN=TOKEN) as server:
        url = server.url.replace("0.0.0.0", "127.0.0.1")
        assert httpx.get(f"{url}/health", headers={"Host": "music.example"}).status_code == 200
        assert httpx.post(f"{url}/enrich/cooldown/process").status_code == 401


def test_a_port_in_use_is_one_line(small_database, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "enrich", "serve", "--port", str(port)],
            capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path, env=environment_of(small_database),
        )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"127.0.0.1:{port}" in done.stderr
    assert "ENRICH_API_PORT" in done.stderr


class Held:
    """Holds the lock every write-back waits for, so that a job runs until it is let go."""

    def __init__(self, settings):
        self.con = connect(settings)

    def __enter__(self):
        self.con.execute("select pg_advisory_xact_lock(%s)", [WRITE_LOCK])
        return self

    def __exit__(self, *_):
        self.let_go()

    def let_go(self):
        if not self.con.closed:
            self.con.rollback()
            self.con.close()


def _wait_for(condition, seconds=60.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def _running(url):
    return [job for job in httpx.get(f"{url}/enrich/jobs", timeout=30).json() if job["state"] == "running"]


def test_one_job_of_a_kind_at_a_time_and_its_progress_meanwhile(small_database, tmp_path):
    with running(small_database, tmp_path) as server, ThreadPoolExecutor(1) as pool, Held(small_database) as held:
        first = pool.submit(httpx.post, f"{server.url}/enrich/trigger", timeout=120)
        job = _wait_for(lambda: next((j for j in _running(server.url) if j["step"].startswith("round")), None))

        second = httpx.post(f"{server.url}/enrich/trigger", timeout=60)
        other = httpx.post(f"{server.url}/enrich/cooldown/process", timeout=60)
        held.let_go()

        assert second.status_code == 409
        assert second.json()["running"]["job_id"] == job["job_id"]
        assert second.json()["running"]["kind"] == "trigger"
        assert other.status_code == 200
        assert first.result().status_code == 200
        assert _running(server.url) == []
        assert httpx.post(f"{server.url}/enrich/trigger", timeout=60).status_code == 200


def test_sigterm_lets_a_running_job_finish_and_answer(small_database, tmp_path):
    with running(small_database, tmp_path) as server, ThreadPoolExecutor(1) as pool, Held(small_database) as held:
        answer = pool.submit(httpx.post, f"{server.url}/enrich/multi-tier-resolve", timeout=120)
        _wait_for(lambda: _running(server.url))
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert server.process.poll() is None
        held.let_go()

        assert answer.result().status_code == 200
        assert server.process.wait(timeout=60) in (0, -signal.SIGTERM)
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{server.url}/health")


def test_a_job_that_outlasts_the_grace_ends_without_a_trace(small_database, tmp_path, monkeypatch):
    from enrich.api import app as application
    from enrich.api.jobs import JobStopped

    state = application.create_app(small_database).state
    begun, ended = threading.Event(), []

    def work(running_job):
        begun.set()
        for step in range(600):
            running_job.progress("asking", step, 600)
            time.sleep(0.05)

    def job():
        try:
            asyncio.run(state.jobs.run("trigger", work))
        except JobStopped:
            ended.append("stopped")

    worker = threading.Thread(target=job)
    worker.start()
    assert begun.wait(10)
    state.jobs.stop()
    worker.join(10)

    assert ended == ["stopped"]
    assert [j.state for j in state.jobs.all()] == ["stopped"]
    with pytest.raises(JobStopped):
        asyncio.run(state.jobs.run("hunt-labels", work))


def test_a_killed_server_leaves_no_trace_of_its_job(small_database, tmp_path):
    with connect(small_database) as con:
        before = con.execute("select count(*) from enrich_runs").fetchone()
    with running(small_database, tmp_path) as server, ThreadPoolExecutor(1) as pool, Held(small_database):
        answer = pool.submit(httpx.post, f"{server.url}/enrich/multi-tier-resolve", timeout=60)
        _wait_for(lambda: _running(server.url))
        _wait_for(lambda: _waiting_for_the_lock(small_database))
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(timeout=30)
        with pytest.raises(httpx.HTTPError):
            answer.result()

    with connect(small_database) as con:
        assert con.execute("select count(*) from enrich_runs").fetchone() == before


def _waiting_for_the_lock(settings):
    with psycopg.connect(settings.database_url.get_secret_value()) as con:
        return con.execute("select 1 from pg_locks where locktype = 'advisory' and not granted").fetchone()


def test_without_postgres_the_answer_is_503_in_one_line(tmp_path, small_database):
    from fastapi.testclient import TestClient
    from pydantic import SecretStr

    from enrich.api.app import create_app

    nowhere = small_database.model_copy(
        update={"database_url": SecretStr("postgresql://u:hunter2@127.0.0.1:1/musicdb")}
    )
    client = TestClient(create_app(nowhere), base_url="http://127.0.0.1", raise_server_exceptions=False)
    for method, path in [*(("POST", p) for p in POSTS), ("GET", "/enrich/cooldown/stats"), ("GET", "/health"),
                         ("GET", "/enrich/report"), ("GET", "/enrich/dashboards/statuses")]:  # fmt: skip
        answer = client.request(method, path)
        assert answer.status_code == 503, (path, answer.text)
        assert "hunter2" not in answer.text
        assert "\\n" not in answer.text
    assert "enrich_up 0.0" in client.get("/metrics").text


def test_the_statuses_of_the_api_are_those_of_the_ledger():
    from typing import get_args

    from enrich.api.models import ProposalStatus
    from enrich.ledger.proposals import STATUSES

    assert get_args(ProposalStatus) == STATUSES


def test_who_never_ends_a_request_is_cut(small_database, tmp_path):
    posted = b"POST /enrich/cooldown/process HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n"
    opening = [b"", b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ", posted]
    with running(small_database, tmp_path) as server:
        port = int(server.url.rsplit(":", 1)[1])
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in opening]
        for client, said in zip(clients, opening, strict=True):
            client.sendall(said)
            client.settimeout(30)
        began = time.monotonic()
        for client in clients:
            with suppress(ConnectionResetError):
                while client.recv(4096):
                    pass
        assert time.monotonic() - began < 15
        assert httpx.get(f"{server.url}/health").status_code == 200


def test_health_and_jobs_answer_while_postgres_is_stopped(tmp_path, small_database):
    """Postgres is a socket that takes calls and says nothing: as a stopped server, or a network that swallows."""
    from pydantic import SecretStr

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://u@127.0.0.1:{silent.getsockname()[1]}/musicdb"
        nowhere = small_database.model_copy(update={"database_url": SecretStr(url)})
        with running(nowhere, tmp_path) as server, httpx.Client(base_url=server.url, timeout=40) as caller:
            caller.get("/enrich/jobs")
            with ThreadPoolExecutor(20) as pool:
                reads = [pool.submit(caller.get, "/enrich/report") for _ in range(20)]
                for path, status, at_most in [("/health", 503, 2.0), ("/enrich/jobs", 200, 1.0)] * 3:
                    began = time.monotonic()
                    answer = caller.get(path)
                    took = time.monotonic() - began
                    assert (answer.status_code, took < at_most) == (status, True), (path, took)
                began = time.monotonic()
                assert {read.result().status_code for read in reads} == {503}
                assert time.monotonic() - began < 20
            assert server.stop() in (0, -signal.SIGTERM)


def test_a_read_that_waits_for_a_lock_is_503_in_time(small_database, tmp_path):
    with running(small_database, tmp_path) as server, connect(small_database) as con:
        con.execute("lock table enrichment_status, enrich_proposals, tracks in access exclusive mode")
        began = time.monotonic()
        for path in ("/enrich/cooldown/stats", "/enrich/proposals", "/enrich/report", "/enrich/dashboards/statuses"):
            answer = httpx.get(server.url + path, timeout=30)
            assert answer.status_code == 503, path
            assert "lock" in answer.json()["detail"]
        assert httpx.post(f"{server.url}/enrich/cooldown/process", timeout=30).status_code == 503
        assert time.monotonic() - began < 25
        assert httpx.get(f"{server.url}/health").status_code == 200
        con.rollback()


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("hunt-labels", marks=pytest.mark.slow),
        pytest.param("multi-tier-resolve", marks=pytest.mark.slow),
        "trigger",
    ],
)
def test_a_job_that_hears_nothing_is_left_behind_within_five_seconds(small_database, tmp_path, kind):
    with connect(small_database) as con:
        before = con.execute("select count(*) from enrich_runs").fetchone()
    stopped_at_once = running(small_database, tmp_path, "--port", "0", "--grace", "0")
    with stopped_at_once as server, Held(small_database), ThreadPoolExecutor(1) as pool:
        answer = pool.submit(httpx.post, f"{server.url}/enrich/{kind}", timeout=60)
        _wait_for(lambda: _waiting_for_the_lock(small_database))
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert answer.result().status_code == 503
        assert "nothing was written" in answer.result().json()["detail"]
        server.process.wait(timeout=30)
        assert time.monotonic() - began < 5
    with connect(small_database) as con:
        assert con.execute("select count(*) from enrich_runs").fetchone() == before


def test_an_unknown_parameter_is_refused_with_those_there_are(caller):
    for method, path in (
        ("POST", "/enrich/hunt-labels?limt=5"),
        ("GET", "/enrich/cooldown/stats?a=1"),
        ("GET", "/health?b=2"),
    ):
        answer = caller.request(method, path)
        assert answer.status_code == 422, path
        assert "no such parameter" in answer.json()["detail"][0]["msg"]


@pytest.mark.parametrize(("said", "status"), [("", 200), ("true", 200), ("1", 200), ("false", 422), ("maybe", 422)])
def test_labels_that_are_there_are_never_replaced(caller, said, status):
    query = f"?limit=1&skip_with_labels={said}" if said else "?limit=1"

    assert caller.post(f"/enrich/hunt-labels{query}").status_code == status


def test_health_says_what_health_checks_look_for(caller):
    body = caller.get("/health").json()

    assert (body["status"], body["healthy"], body["ok"], body["database"]) == ("healthy", True, True, "ok")
