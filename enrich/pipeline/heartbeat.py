"""Progress that is never silent for long: what a step said last is said again, with its seconds, until the next word.
One thread for all steps of a run; a step of one long query needs to know nothing of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from enrich.pipeline.rounds import COMMITTING, Progress

#: Seconds of silence after which a step is said again, and how often is looked.
SILENCE_S, LOOK_S = 5.0, 2.0


class Heartbeat:
    """A `Progress` that passes on what it is told, and says it again at a `beat` after `SILENCE_S`.

    Nothing is said again after `COMMITTING`, nor to a listener that has raised: that ends the run at its next word.
    """

    def __init__(self, on_progress: Progress, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._on_progress, self._clock, self._lock = on_progress, clock, threading.Lock()
        self._said: tuple[str, int, int | None] = (COMMITTING, 0, None)
        self._since = self._spoken = clock()

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Say how far the run is; raises what the listener does."""
        with self._lock:
            self._spoken = self._clock()
            self._since = self._since if step == self._said[0] else self._spoken
            self._said = step, done, total
            self._on_progress(step, done, total)

    def beat(self) -> None:
        """Say the step again where it has been silent."""
        with self._lock:
            now, (step, done, total) = self._clock(), self._said
            if step != COMMITTING and now - self._spoken >= SILENCE_S:
                self._spoken = now
                self._on_progress(f"{step} ({now - self._since:.0f} s)", done, total)


@contextmanager
def beating(on_progress: Progress) -> Iterator[Progress]:
    """`on_progress` with a heartbeat for as long as the block runs."""
    told, over = Heartbeat(on_progress), threading.Event()

    def beat() -> None:
        with suppress(BaseException):
            while not over.wait(LOOK_S):
                told.beat()

    threading.Thread(target=beat, name="heartbeat", daemon=True).start()
    try:
        yield told
    finally:
        over.set()
