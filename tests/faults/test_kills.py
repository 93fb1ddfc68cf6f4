"""kill -9 at every step of an operation: nothing half-done is left, and the same run again brings it to its end."""

from __future__ import annotations

import signal

import pytest
from fault_world import LONG, NOW
from invariants import state

from enrich.ledger.writing import writeback

#: Operation → statements it has at least, so that a test which stops counting is noticed.
OPERATIONS = {"writeback": 15, "undo": 10, "migrate": 3, "process": 3, "import": 10, "trigger": 15}


def _more(operation, tmp_path, settings):
    if operation == "undo":
        return {"run": writeback(settings, now=NOW, apply=True).run_id}
    if operation == "import":
        file = tmp_path / "sets.csv"
        file.write_text(
            "set_id,dj,set_date,position,artist,title,label\n"
            "s1,Above & Beyond,2026-02-01,1,Spencer Brown,Rainy Road,Anjunabeats\n"
            "s1,Above & Beyond,2026-02-01,2,,ID,\ns1,Above & Beyond,2026-02-01,3,Gabriel & Dresden,Tracking,\n"
        )
        return {"file": str(file)}
    return {}


@pytest.mark.parametrize(
    "operation", [pytest.param(name, marks=pytest.mark.slow if name == "trigger" else ()) for name in OPERATIONS]
)
def test_killed_at_every_step_then_run_again(operation, copies, crew, fault, tmp_path):
    undisturbed = copies()
    more = _more(operation, tmp_path, undisturbed)
    whole = crew.run(undisturbed, operation, **more)
    assert whole["error"] is None
    steps, wanted = whole["steps"], state(undisturbed)
    assert steps >= OPERATIONS[operation]

    settings = copies()
    more = _more(operation, tmp_path, settings)
    untouched = state(settings)
    for step in range(1, steps + 1) if LONG or operation == "writeback" else _some(steps):
        with fault(settings):
            died = crew.run(settings, operation, kill_at=step, **more)
            assert died["signal"] == signal.SIGKILL, died
        # The last step lies after the commit: all is done. Before it, nothing is.
        assert state(settings) == (wanted if step == steps else untouched), f"killed at step {step} of {steps}"
        if LONG or step == steps:
            with fault(settings):
                assert crew.run(settings, operation, **more)["error"] is None
            assert state(settings) == wanted
        if LONG and step < steps:
            settings = copies()
            more = _more(operation, tmp_path, settings)


def _some(steps):
    return sorted({*range(1, steps - 1, max(1, steps // 3)), steps - 1, steps})
