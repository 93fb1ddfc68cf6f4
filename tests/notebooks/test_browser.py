"""JupyterLab for real, in headless Chromium: every notebook runs without an error, and a key in the review widget
reaches Postgres. Loopback only; screenshots are left under data/browser."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import polars as pl
import pytest

from enrich.contracts.settings import Settings
from enrich.database import server
from enrich.ledger.proposals import proposals

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_CHROMIUM = os.environ.get("ENRICH_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None
)
_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
_START_S, _RUN_S = 90, 240
_NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a demo world of its own; its server is stopped at the end."""
    from enrich.analyst.demo_room import demo_settings, demo_snapshot

    base = Settings(_env_file=None, data_dir=tmp_path_factory.mktemp("browser") / "data")  # type: ignore[call-arg]
    demo_snapshot(settings=base)
    yield demo_settings(base)
    server.stop(demo_settings(base))


@pytest.fixture(scope="module")
def pictures(project: Path) -> Path:
    """Where the screenshots go."""
    folder = project / "data" / "browser"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def lab(project: Path, home: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Address and token of a JupyterLab over a copy of the notebooks."""
    room = tmp_path_factory.mktemp("lab")
    shutil.copytree(project / "notebooks", room / "notebooks", ignore=shutil.ignore_patterns("__pycache__", "data"))
    token = secrets.token_hex(16)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ENRICH_")} | {
        "ENRICH_DATA_DIR": str(home.data_dir.parent),
        "ENRICH_REVIEWER": "browser",
        "JUPYTER_CONFIG_DIR": str(room / "config"),
        "JUPYTER_DATA_DIR": str(room / "share"),
        "JUPYTER_RUNTIME_DIR": str(room / "runtime"),
        "IPYTHONDIR": str(room / "ipython"),
        "JUPYTER_PLATFORM_DIRS": "1",
    }
    log = (room / "lab.log").open("wb")
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0",
        f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={room / 'notebooks'}",
        "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        yield _address(process, room / "lab.log"), token
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
        log.close()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        found = re.search(r"http://127\.0\.0\.1:(\d+)/lab", log.read_text(errors="replace"))
        if found and httpx.get(f"http://127.0.0.1:{found[1]}/api").status_code == 200:
            return f"http://127.0.0.1:{found[1]}"
        assert process.poll() is None, f"JupyterLab ended: {log.read_text(errors='replace')[-2000:]}"
        time.sleep(0.3)
    pytest.fail(f"JupyterLab did not start within {_START_S} s: {log.read_text(errors='replace')[-2000:]}")


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory):
    """A browser with a profile of its own."""
    if _CHROMIUM is None:
        pytest.skip("no chromium on this machine, so no browser test ran; `make browser` installs it where it may")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no browser test ran")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch_persistent_context(
            str(tmp_path_factory.mktemp("profile")),
            executable_path=_CHROMIUM,
            headless=True,
            args=_FLAGS,
            viewport={"width": 1280, "height": 1000},
        )
        yield opened
        opened.close()


@pytest.fixture
def page(context):
    opened = context.new_page()
    yield opened
    opened.close()


def _open(page, lab: tuple[str, str], notebook: str) -> None:
    address, token = lab
    # A workspace of its own each time, so that no earlier notebook is open beside it.
    page.goto(f"{address}/lab/workspaces/{notebook[:1]}-{secrets.token_hex(3)}/tree/{notebook}?token={token}&reset")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=_START_S * 1000)
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').first.wait_for(timeout=_START_S * 1000)


def _run_all(page) -> None:
    end, asked_at = time.monotonic() + _RUN_S, 0.0
    while time.monotonic() < end:
        # Cells out of view are not drawn: what ran is read from the model.
        state = page.evaluate(_STATE)
        if (state["code"] and state["left"] == 0) or state["errors"]:
            break
        # A first request may reach a kernel that is still being started, and be lost.
        if state["left"] == state["code"] and not state["running"] and time.monotonic() - asked_at > 12:
            page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
            asked_at = time.monotonic()
        # JupyterLab may ask for the kernel, with the right one preselected.
        asked = page.locator(".jp-Dialog .jp-mod-accept")
        if asked.count():
            asked.first.click()
        time.sleep(0.5)
    state = page.evaluate(_STATE)
    assert state["errors"] == [], state["errors"]
    assert state["left"] == 0, f"{state['left']} of {state['code']} cells did not run within {_RUN_S} s"
    assert state["warnings"] == [], state["warnings"]


_STATE = """() => {
  const panel = window.jupyterapp.shell.currentWidget;
  const cells = panel.content.model.sharedModel.cells.filter((cell) => cell.cell_type === "code");
  const outputs = cells.flatMap((cell) => cell.getOutputs());
  return {
    code: cells.length,
    left: cells.filter((cell) => cell.execution_count === null || cell.executionState === "running").length,
    running: cells.filter((cell) => cell.executionState === "running").length,
    errors: outputs.filter((o) => o.output_type === "error").map((o) => `${o.ename}: ${o.evalue}`),
    warnings: outputs.filter((o) => o.output_type === "stream" && o.name === "stderr").map((o) => String(o.text)),
  };
}"""


@pytest.mark.parametrize("notebook", [path.name for path in _NOTEBOOKS])
def test_a_notebook_runs_from_top_to_bottom(page, lab, pictures, notebook):
    _open(page, lab, notebook)
    _run_all(page)
    _screenshots(page, pictures, Path(notebook).stem)


def _screenshots(page, folder: Path, name: str) -> None:
    """The notebook, screen by screen."""
    scroller = page.locator(".jp-WindowedPanel-outer").first
    for n in range(12):
        page.wait_for_timeout(300)
        page.screenshot(path=folder / f"{name}-{n}.png")
        at_end = scroller.evaluate(
            "el => { const was = el.scrollTop; el.scrollTop += el.clientHeight * 0.9; return el.scrollTop <= was + 1; }"
        )
        if at_end:
            break


def test_a_key_in_the_review_reaches_postgres(page, lab, home, pictures):
    _open(page, lab, "5.0-review.ipynb")
    _run_all(page)
    widget = page.locator(".enrich-review").first
    widget.scroll_into_view_if_needed()
    widget.wait_for(timeout=30_000)
    before = {row["proposal_id"]: row for row in proposals(home).iter_rows(named=True)}
    open_now = widget.locator('tr[data-status="proposed"]')
    accepted, rejected = (open_now.nth(n).get_attribute("data-id") for n in (1, 2))
    assert before[accepted]["status"] == before[rejected]["status"] == "proposed"

    widget.locator(f'tr[data-id="{accepted}"]').click()
    page.keyboard.press("a")
    widget.locator(f'tr[data-id="{accepted}"][data-status="accepted"]').wait_for(timeout=20_000)
    widget.locator(f'tr[data-id="{rejected}"]').click()
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.keyboard.press("r")
    widget.locator(f'tr[data-id="{rejected}"][data-status="rejected"]').wait_for(timeout=20_000)
    page.screenshot(path=pictures / "review-widget.png")

    after = {row["proposal_id"]: row for row in proposals(home).iter_rows(named=True)}
    assert (after[accepted]["status"], after[accepted]["decided_by"]) == ("accepted", "browser")
    assert (after[rejected]["status"], after[rejected]["decided_by"]) == ("rejected", "browser")


def test_what_another_has_decided_is_left_alone_and_said(page, lab, home, pictures):
    from datetime import UTC, datetime

    from enrich.ledger.review import reject

    _open(page, lab, "5.0-review.ipynb")
    _run_all(page)
    widget = page.locator(".enrich-review").first
    widget.scroll_into_view_if_needed()
    row = widget.locator('tr[data-status="proposed"]').first
    row.wait_for(timeout=30_000)
    chosen = row.get_attribute("data-id")
    reject(home, [chosen], by="bert", now=datetime.now(UTC))

    widget.locator(f'tr[data-id="{chosen}"]').click()
    page.keyboard.press("a")
    widget.locator(".said.bad", has_text="decided already by bert").wait_for(timeout=20_000)
    page.screenshot(path=pictures / "review-conflict.png")

    now = proposals(home).row(by_predicate=pl.col("proposal_id") == chosen, named=True)
    assert (now["status"], now["decided_by"]) == ("rejected", "bert")
