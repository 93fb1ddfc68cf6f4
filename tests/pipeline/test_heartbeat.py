"""A run is never silent for long, whatever its steps take: by a clock of the test's own, and by a tier that waits."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.pipeline import cycle, rounds
from enrich.pipeline.cycle import LOOK_S, Heartbeat, beating
from enrich.pipeline.rounds import COMMITTING
from enrich.tiers.proposing import no_proposals

STEPS = st.lists(st.tuples(st.sampled_from(["snapshot", "first plays", "ranking"]), st.floats(0, 90)), min_size=1)


class Clock:
    """Seconds that pass only when the test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@given(STEPS)
def test_no_silence_is_longer_than_ten_seconds(steps):
    clock, heard = Clock(), []
    told = Heartbeat(lambda *said: heard.append((clock.now, *said)), clock=clock)
    for step, seconds in steps:
        told(step, 3, 9)
        # Looks fall anywhere in a step.
        while seconds > LOOK_S:
            clock.now, seconds = clock.now + LOOK_S, seconds - LOOK_S
            told.beat()
        clock.now += seconds
    told(COMMITTING, 0, None)

    times = [at for at, *_ in heard]
    assert max(b - a for a, b in pairwise(times)) <= 10
    assert {(done, total) for _, step, done, total in heard if step != COMMITTING} == {(3, 9)}


def test_a_step_is_said_again_with_its_own_seconds_and_a_commit_is_not():
    clock, heard = Clock(), []
    told = Heartbeat(lambda step, done, total: heard.append(step), clock=clock)
    told.beat()
    for now, say in ((1, "reading"), (4, None), (7, None), (8, "reading"), (14, None), (15, COMMITTING), (60, None)):
        clock.now = now
        told(say, 0, None) if say else told.beat()
    assert heard == ["reading", "reading (6 s)", "reading", "reading (13 s)", COMMITTING]


def test_a_listener_that_ends_the_run_ends_it_at_its_next_word(monkeypatch):
    monkeypatch.setattr(cycle, "LOOK_S", 0.001)
    monkeypatch.setattr(cycle, "SILENCE_S", 0.0)
    asked = threading.Event()

    def ended(step: str, done: int, total: int | None) -> None:
        if step != "a long query":
            asked.set()
            raise InterruptedError(step)

    with pytest.raises(InterruptedError, match="the next"), beating(ended) as told:  # noqa: PT012
        told("a long query", 0, None)
        assert asked.wait(60)
        told("the next", 0, None)


def test_a_long_tier_of_a_cycle_is_heard_of(monkeypatch, database):
    monkeypatch.setattr(cycle, "LOOK_S", 0.001)
    monkeypatch.setattr(cycle, "SILENCE_S", 0.0)
    again, words = threading.Event(), []

    def hear(step: str, done: int, total: int | None) -> None:
        words.append(step)
        if step.startswith("round 1: waits ("):
            again.set()

    def waits(ws, track_ids):
        assert again.wait(60)
        return no_proposals()

    monkeypatch.setattr(rounds, "LABEL_TIERS", (waits,))
    cycle.resolve(database.model_copy(update={"sources": ()}), now=datetime(2026, 3, 1, tzinfo=UTC), on_progress=hear)
    assert words[0] == "snapshot"
    assert words[-1] == COMMITTING
