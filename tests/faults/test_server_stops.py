"""Postgres stopped at once, as by a power cut, in the middle of an operation; then started, and the run again."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from fault_world import LONG, NOW, served
from invariants import state

from enrich.database import server
from enrich.snapshots.opening import open_snapshot
from enrich.snapshots.taking import snapshot

#: Operation → the step at which the server stops: in the middle of its statements.
MIDDLE = {"snapshot": 12, "import": 12, "process": 3, "writeback": 14, "migrate": 3, "trigger": 16}


@pytest.fixture(scope="module")
def stoppable():
    with served() as found:
        yield found


@pytest.mark.parametrize("operation", MIDDLE if LONG else ["snapshot", "import", "process", "writeback"])
def test_stopped_in_the_middle_then_run_again(operation, stoppable, crew, fault, tmp_path):
    settings, stop, start = stoppable
    file, pause = tmp_path / "sets.csv", tmp_path / "paused"
    file.write_text("set_id,dj,position,artist,title\ns1,Above & Beyond,1,Spencer Brown,Rainy Road\ns1,A,2,,ID\n")
    snapshot(settings, now=NOW)
    before = state(settings)

    with fault(settings):
        crew.begin(settings, operation, pause_at=MIDDLE[operation], pause=str(pause), file=str(file))
        _wait_for(pause, crew)
        stop()
        pause.unlink()
        (answer,) = crew.answers()
        start()

    assert answer["error"] is not None, f"{operation} was over before step {MIDDLE[operation]}"
    assert not answer["error"].startswith("TRACEBACK"), answer["error"]
    assert "\n" not in answer["error"]
    assert "Postgres" in answer["error"]
    assert state(settings) == before
    with open_snapshot(settings=settings) as former:
        assert former.frame("tracks").height >= 50
    assert not list((settings.data_dir / "snapshots").glob(".taking-*"))
    with fault(settings):
        assert crew.run(settings, operation, file=str(file))["error"] is None


def test_a_stopped_embedded_server_is_started_by_the_next_command(stoppable, crew, fault):
    settings, stop, _ = stoppable
    before = state(settings)
    with fault(settings):
        stop()
        embedded = settings.model_copy(update={"database_url": None})
        assert crew.run(embedded, "process")["error"] is None
        assert server.status(embedded).running
    assert len(state(settings)["statuses"]) == len(before["statuses"])


def _wait_for(path: Path, crew) -> None:
    for _ in range(12_000):  # bounded: ten minutes, for a machine that has other things to do
        if path.exists():
            return
        if crew.has_answered():
            raise AssertionError(f"the operation ended before that step: {crew.answers()}")
        time.sleep(0.05)
    raise AssertionError("the operation never came to that step")
