"""A page of another origin in a real browser: it cannot make the loopback server write, and our own calls work."""

from __future__ import annotations

import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from api_server import running

from enrich.database.connection import connect

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
#: Ways in which a page sends a POST to a server it does not belong to: what the page learns of each.
_ATTACKS = {
    "fetch": "fetch(url, {method: 'POST'}).then(r => 'answered ' + r.status, e => 'refused')",
    "no-cors": "fetch(url, {method: 'POST', mode: 'no-cors'}).then(r => r.type, e => 'refused')",
    "json": "fetch(url, {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'})"
    ".then(r => 'answered ' + r.status, e => 'refused')",
    "beacon": "new Promise(done => { navigator.sendBeacon(url); setTimeout(() => done('sent'), 500) })",
    "form": "new Promise(done => { const f = document.createElement('form'); f.method = 'POST'; f.action = url;"
    " const i = document.createElement('iframe'); i.name = 'x'; document.body.append(i); f.target = 'x';"
    " i.onload = () => done('loaded'); document.body.append(f); f.submit(); setTimeout(() => done('sent'), 2000) })",
}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page of another origin: the same machine, another port."""
    if _CHROMIUM is None:
        pytest.skip("no chromium on this machine, so no browser test ran; `make browser` installs it where it may")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no browser test ran")
    folder = tmp_path_factory.mktemp("evil")
    (folder / "index.html").write_text("<title>evil</title><body></body>")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        opened = browser.new_page()
        opened.goto(f"http://127.0.0.1:{server.server_port}/index.html")
        yield opened
        browser.close()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def api(small_database, tmp_path_factory):
    with running(small_database, tmp_path_factory.mktemp("api")) as server:
        yield small_database, server


def _rows(settings):
    rows = "select md5(string_agg(s::text, ' ' order by s.track_id)), (select count(*) from enrich_runs)"
    with connect(settings) as con:
        return con.execute(f"{rows} from enrichment_status as s").fetchone()


@pytest.mark.parametrize("path", ["/enrich/cooldown/migrate", "/enrich/hunt-labels", "/enrich/trigger"])
@pytest.mark.parametrize("attack", _ATTACKS)
def test_a_page_of_another_origin_makes_it_write_nothing(page, api, attack, path):
    settings, server = api
    before = _rows(settings)
    seen = []
    page.on("response", lambda response: seen.append((response.request.method, response.status)))

    learned = page.evaluate(f"url => {_ATTACKS[attack]}", f"{server.url}{path}?limit=1")

    assert not str(learned).startswith("answered"), "the page may not read the answer"
    assert all(status in (403, 405) for _, status in seen), seen
    assert _rows(settings) == before
    assert httpx.get(f"{server.url}/enrich/jobs").json() == []


def test_our_own_calls_work(page, api):
    _, server = api
    # As notebooks and cron call it, and as its own page does.
    assert httpx.post(f"{server.url}/enrich/cooldown/process?limit=1").status_code == 200
    page.goto(f"{server.url}/docs")
    own = page.evaluate("fetch('/enrich/cooldown/process?limit=1', {method: 'POST'}).then(r => r.status)")
    assert own == 200
