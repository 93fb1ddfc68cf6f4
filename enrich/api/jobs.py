"""Long jobs: one of a kind at a time, progress that can be read meanwhile, and an end by request between two steps.

In memory; pure but for a lock. A job that is told to stop does so at its next report of progress, by an exception:
everything it writes is one transaction at its end, so nothing of it is left.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

#: Finished jobs kept for `GET /enrich/jobs`.
KEPT = 20


class JobRunning(Exception):
    """Another job of the kind runs; `job` is that one."""

    def __init__(self, job: Job) -> None:
        super().__init__(job.kind)
        self.job = job


class JobStopped(Exception):
    """The server is stopping: the job ended before it wrote anything, or did not begin."""


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
    stopping: threading.Event = field(default_factory=threading.Event, repr=False)

    def progress(self, step: str, done: int = 0, total: int | None = None) -> None:
        """Say how far the job is; called by the job itself.

        Raises:
            JobStopped: the server is stopping.
        """
        self.step, self.done, self.total = step, done, total
        if self.stopping.is_set():
            raise JobStopped(self.kind)

    def asdict(self) -> dict[str, Any]:
        """As JSON prints it."""
        return {name: getattr(self, name) for name in Job.__slots__ if name != "stopping"}


class Jobs:
    """The jobs of one server."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._running: dict[str, Job] = {}
        self._finished: list[Job] = []
        self._stopping = threading.Event()

    @contextmanager
    def one(self, kind: str) -> Iterator[Job]:
        """Run a job of a kind; its end, good or bad, is recorded.

        Raises:
            JobRunning: one of that kind runs already.
            JobStopped: the server is stopping.
        """
        with self._lock:
            if self._stopping.is_set():
                raise JobStopped(kind)
            if kind in self._running:
                raise JobRunning(self._running[kind])
            job = Job(job_id=str(uuid.uuid4()), kind=kind, started_at=self._clock(), stopping=self._stopping)
            self._running[kind] = job
        try:
            yield job
            job.state = "completed"
        except JobStopped:
            job.state = "stopped"
            raise
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

    def stop(self) -> None:
        """Refuse new jobs, and end running ones at their next report of progress."""
        with self._lock:
            self._stopping.set()
