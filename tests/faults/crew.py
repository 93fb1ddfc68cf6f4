"""A process that forks workers which run one operation of the library each, and die or wait where they are told.

Started once (imports are slow), it reads one JSON request a line from stdin and answers one line:

    {"workers": [{"operation": "writeback", "url": …, "data_dir": …, "now": …, "kill_at": 7}, …]}
    [{"signal": 9, "result": null, "error": null, "steps": null}, …]

A *step* is a boundary between statements: before each execute and each COPY, before and after each commit, and after
each table a snapshot reads. `kill_at` sends SIGKILL there; `pause_at` makes the file `pause` and waits until it is
gone. A worker that lives reports the number of steps it passed.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from datetime import datetime
from pathlib import Path

import psycopg
from pydantic import SecretStr

from enrich.cooldown import queue
from enrich.errors import EnrichError
from enrich.importing.running import import_
from enrich.ledger import writing
from enrich.pipeline import cycle
from enrich.reporting.recovery import report
from enrich.settings import Settings
from enrich.snapshots.taking import snapshot


class Steps:
    """Counts boundaries; kills or pauses at one of them."""

    def __init__(self, kill_at, pause_at, pause):
        self.passed, self.kill_at, self.pause_at, self.pause = 0, kill_at, pause_at, pause

    def __call__(self, *_):
        self.passed += 1
        if self.passed == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.passed == self.pause_at:
            Path(self.pause).touch()
            for _ in range(12_000):  # bounded: ten minutes
                if not Path(self.pause).exists():
                    return
                time.sleep(0.05)

    def watch(self):
        """Put a step before each statement and around each commit of psycopg."""
        for owner, name, after in (
            (psycopg.Cursor, "execute", False), (psycopg.Cursor, "copy", False), (psycopg.Connection, "commit", True),
            (psycopg.Transaction, "__exit__", True),
        ):  # fmt: skip
            setattr(owner, name, self._stepping(getattr(owner, name), after))

    def _stepping(self, call, after):
        def stepping(*args, **kwargs):
            self()
            result = call(*args, **kwargs)
            if after:
                self()
            return result

        return stepping


def operate(job, steps):
    settings = Settings(
        _env_file=None,
        database_url=SecretStr(job["url"]) if job["url"] else None,
        data_dir=Path(job["data_dir"]),
        sources=(),
        auto_accept=job.get("auto_accept", "default"),
    )
    now = datetime.fromisoformat(job["now"])
    match job["operation"]:
        case "writeback":
            return writing.writeback(settings, now=now, apply=True).asdict()
        case "undo":
            return writing.undo(settings, job["run"], now=now, by="anna").asdict()
        case "migrate":
            return queue.migrate(settings, now=now, limit=job.get("limit", 100)).asdict()
        case "process":
            return queue.process(settings, now=now, limit=job.get("limit", 100)).asdict()
        case "process until none":
            taken = 0
            for _ in range(1000):
                got = queue.process(settings, now=now, limit=job["limit"]).reset_to_pending
                taken += got
                if not got:
                    break
            return {"taken": taken}
        case "trigger":
            return cycle.trigger(settings, now=now, limit=100, apply=True).asdict()
        case "resolve":
            return cycle.resolve(settings, now=now, limit=100, apply=True).asdict()
        case "import":
            return import_(job["file"], settings=settings, now=now).asdict()
        case "snapshot":
            return {"path": snapshot(settings, now=now, progress=steps)}
        case "report":
            return {"path": report(settings, now=now).path_json}
    raise ValueError(job["operation"])


def work(job, answer):
    steps = Steps(job.get("kill_at"), job.get("pause_at"), job.get("pause"))
    steps.watch()
    if job.get("largest_file"):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (job["largest_file"], unlimited[1]))
        # Python would keep the half of a compiled module that a file may hold, and whoever imports it next would fail.
        sys.dont_write_bytecode = True
    result = error = None
    try:
        result = operate(job, steps)
    except EnrichError as known:
        error = str(known)
    except BaseException as unknown:
        error = f"TRACEBACK {type(unknown).__name__}: {unknown}"
    if job.get("largest_file"):
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    os.write(answer, json.dumps({"result": result, "error": error, "steps": steps.passed}, default=str).encode())


def fork(job):
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        try:
            work(job, writer)
        finally:
            os._exit(0)
    os.close(writer)
    return pid, reader


def main():
    for line in sys.stdin:
        started = [fork(job) for job in json.loads(line)["workers"]]
        answers = []
        for pid, reader in started:
            with os.fdopen(reader, "rb") as pipe:
                said = pipe.read()
            _, status = os.waitpid(pid, 0)
            found = json.loads(said) if said else {"result": None, "error": None, "steps": None}
            answers.append(found | {"signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None})
        sys.stdout.write(json.dumps(answers) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
