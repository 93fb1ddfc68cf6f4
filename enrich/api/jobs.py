"""Long jobs: one of a kind at a time, with progress that can be read meanwhile. In memory; pure but for a lock."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

#: Finished jobs kept for `GET /enrich/jobs`.
KEPT = 20


@dataclass(slots=True, kw_only=True)
class Job:
    """One run of a long job: what it is, since when, how far."""

    job_id: str
    kind: str
    started_at: datetime
    state: str = "running"
    step: str = "starting"
    done: int = 0
    total: int | None = None
    finished_at: datetime | None = None
    error: str | None = None

    def progress(self, step: str, done: int = 0, total: int | None = None) -> None:
        """Say how far the job is; called by the job itself."""
        self.step, self.done, self.total = step, done, total

    def asdict(self) -> dict[str, Any]:
        """As JSON prints it."""
        return asdict(self)


class JobRunning(Exception):
    """Another job of the kind runs; `job` is that one."""

    def __init__(self, job: Job) -> None:
        super().__init__(job.kind)
        self.job = job


class Jobs:
    """The jobs of one server."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._running: dict[str, Job] = {}
        self._finished: list[Job] = []

    @contextmanager
    def one(self, kind: str) -> Iterator[Job]:
        """Run a job of a kind; its end, good or bad, is recorded.

        Raises:
            JobRunning: one of that kind runs already.
        """
        with self._lock:
            if kind in self._running:
                raise JobRunning(self._running[kind])
            job = Job(job_id=str(uuid.uuid4()), kind=kind, started_at=self._clock())
            self._running[kind] = job
        try:
            yield job
            job.state = "completed"
        except BaseException as error:
            job.state, job.error = "failed", type(error).__name__
            raise
        finally:
            job.finished_at = self._clock()
            with self._lock:
                del self._running[kind]
                self._finished = [job, *self._finished][:KEPT]

    def all(self) -> list[Job]:
        """Running jobs first, then the last finished ones, newest first."""
        with self._lock:
            return [*self._running.values(), *self._finished]
