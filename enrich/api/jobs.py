"""Long jobs, one of a kind at a time, and short reads, in threads of their own.

A job told to stop ends at its next report of progress, before its one transaction. One that does not come to report is
left after `LAST_STEP_S`: its caller has the answer, and if it ever reports, it ends there. Reads wait for no job: their
statements and locks end in Postgres; what does not end there (a stopped server, a network that swallows) ends here.
"""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, Field, PrivateAttr

from enrich.database.connection import connect
from enrich.errors import DatabaseError
from enrich.pipeline.rounds import COMMITTING
from enrich.settings import Settings

T = TypeVar("T")

#: Seconds a job that was told to stop has to reach its next step.
LAST_STEP_S = 3.5
_TICK_S = 0.1
#: Finished jobs kept for `GET /enrich/jobs`.
KEPT = 20


class JobRunning(Exception):
    """Another job of the kind runs; `job` is that one."""

    def __init__(self, job: Job) -> None:
        super().__init__(job.kind)
        self.job = job


class JobStopped(Exception):
    """The server is stopping: the job ended before it wrote anything, or did not begin."""


class Job(BaseModel):
    """One long job: running or finished."""

    job_id: str
    kind: str = Field(examples=["hunt-labels"])
    started_at: datetime
    state: Literal["running", "completed", "failed", "stopped"] = "running"
    step: str = Field(default="starting", examples=["asking sources"])
    done: int = 0
    total: int | None = None
    finished_at: datetime | None = None
    error: str | None = None
    _stopping: threading.Event = PrivateAttr(default_factory=threading.Event)
    _reporting: Any = PrivateAttr(default_factory=threading.Lock)

    @property
    def stopping(self) -> threading.Event:
        """Set once the server is stopping."""
        return self._stopping

    def progress(self, step: str, done: int = 0, total: int | None = None) -> None:
        """Say how far the job is; called by the job itself. Raises JobStopped: the server is stopping."""
        with self._reporting:
            self.step, self.done, self.total = step, done, total
            if self._stopping.is_set():
                raise JobStopped(self.kind)

    def is_writing(self) -> bool:
        """Whether the job is past its last report, before which it may be left behind."""
        with self._reporting:
            return self.step == COMMITTING


class Jobs:
    """The jobs of one server."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._running: dict[str, Job] = {}
        self._finished: list[Job] = []
        self._stopping = threading.Event()
        self._stopped_at = float("inf")

    async def run(self, kind: str, work: Callable[[Job], T]) -> T:
        """Run a job in a thread of its own, and wait for what it returns.

        Raises JobRunning: one of that kind runs already. JobStopped: the server is stopping, nothing was written.
        """
        begun: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        job = self._begin(kind)
        threading.Thread(target=self._work, args=(job, work, begun), name=kind, daemon=True).start()
        while not begun.done():
            await asyncio.wait({begun}, timeout=_TICK_S)
            # Whoever is writing is waited for, and nobody else.
            is_left = time.monotonic() > self._stopped_at + LAST_STEP_S and not job.is_writing()
            if is_left and not begun.done():
                raise JobStopped(kind)
        return begun.result()

    def _work(self, job: Job, work: Callable[[Job], T], begun: asyncio.Future[T]) -> None:
        result: T | None = None
        failed: BaseException | None = None
        try:
            result = work(job)
            job.state = "completed"
        except JobStopped as error:
            job.state, failed = "stopped", error
        except BaseException as error:
            job.state, job.error, failed = "failed", type(error).__name__, error
        job.finished_at = self._clock()
        with self._lock:
            del self._running[job.kind]
            self._finished = [job, *self._finished][:KEPT]
        with suppress(RuntimeError):
            # The loop may be closed: nobody waits any more.
            begun.get_loop().call_soon_threadsafe(_settle, begun, result, failed)

    def _begin(self, kind: str) -> Job:
        with self._lock:
            if self._stopping.is_set():
                raise JobStopped(kind)
            if kind in self._running:
                raise JobRunning(self._running[kind])
            job = Job(job_id=str(uuid.uuid4()), kind=kind, started_at=self._clock())
            job._stopping = self._stopping
            self._running[kind] = job
        return job

    def all(self) -> list[Job]:
        """Running jobs first, then the last finished ones, newest first."""
        with self._lock:
            return [*self._running.values(), *self._finished]

    def stop(self) -> None:
        """Refuse new jobs, and end running ones at their next report of progress."""
        with self._lock:
            self._stopped_at = min(self._stopped_at, time.monotonic())
            self._stopping.set()


def _settle(begun: asyncio.Future[Any], result: object, failed: BaseException | None) -> None:
    if begun.done():
        return
    if failed is None:
        begun.set_result(result)
    else:
        begun.set_exception(failed)


#: Seconds a statement of a read may take, and a lock be waited for; and the whole of the read.
STATEMENT_S, LOCK_S, READ_S = 10.0, 3.0, 15.0
#: Seconds after which `/health` says that Postgres does not answer.
PULSE_S = 1.0
_READERS = 8


class Reads:
    """The reading threads of one server."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._readers = ThreadPoolExecutor(_READERS, "read")
        self._feeler = ThreadPoolExecutor(1, "pulse")
        self._felt: Future[None] | None = None

    async def of(self, read: Callable[[], T]) -> T:
        """What `read` returns. Raises DatabaseError: it did not return in time."""
        try:
            return await asyncio.wait_for(asyncio.wrap_future(self._readers.submit(read)), READ_S)
        except TimeoutError:
            raise DatabaseError(
                f"Postgres: no answer within {READ_S:.0f} s; try again, or look what holds it"
            ) from None

    async def pulse(self) -> None:
        """Ask Postgres for a sign of life; who asks meanwhile waits for the same one.

        Raises DatabaseError: it cannot be reached, or does not answer in time.
        """
        if self._felt is None or self._felt.done():
            self._felt = self._feeler.submit(self._feel)
        felt = asyncio.wrap_future(self._felt)
        done, _ = await asyncio.wait({felt}, timeout=PULSE_S)
        if not done:
            raise DatabaseError(f"Postgres: no answer within {PULSE_S} s")
        felt.result()

    def _feel(self) -> None:
        with connect(self._settings) as con:
            con.execute("select 1")
