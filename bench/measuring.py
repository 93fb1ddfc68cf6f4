"""Measuring side by side: each contestant in a process of its own, turn by turn in one run, after a warm-up.

    race("bench.titles:ours", "bench.titles:re_loop", {"titles": 100_000}, runs=5)

Functions named here are those of `bench.contestant`: they prepare, and return what is measured.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The median run of one contestant."""

    seconds: float
    cpu_s: float
    peak_gib: float
    """Of its process, preparation included."""
    runs: int
    result: Any
    """What its last run returned."""


class Contestant:
    """A process that runs one thing whenever it is told to."""

    def __init__(self, target: str, arguments: Mapping[str, object] | None = None) -> None:
        self._name = target
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.contestant", target, json.dumps(dict(arguments or {}))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
        )
        self._done: list[dict[str, Any]] = []
        self._answer()

    def warm(self) -> None:
        """Run once without counting it."""
        self._run()

    def run(self) -> float:
        """Run once; returns seconds."""
        self._done.append(self._run())
        seconds: float = self._done[-1]["s"]
        return seconds

    def timing(self) -> Timing:
        """The median of the runs so far."""
        return Timing(
            seconds=median(run["s"] for run in self._done),
            cpu_s=median(run["cpu_s"] for run in self._done),
            peak_gib=max(run["peak_gib"] for run in self._done),
            runs=len(self._done),
            result=self._done[-1]["result"],
        )

    def _run(self) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write("run\n")
        self._process.stdin.flush()
        answered: dict[str, Any] = json.loads(self._answer())
        return answered

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._name}: ended with code {self._process.wait()}; what it said stands above")
        return line

    def __enter__(self) -> Contestant:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        if error is not None:
            self._process.kill()
        self._process.wait()
        self._process.stdout.close()


def race(
    ours: str,
    other: str,
    arguments: Mapping[str, object] | None = None,
    *,
    other_arguments: Mapping[str, object] | None = None,
    runs: int = 3,
    warm: bool = True,
    agree: bool = False,
) -> tuple[Timing, Timing]:
    """Run both turn by turn and return the median of each, ours first.

    Args:
        ours: `module:function` of what is measured.
        other: Likewise, of what it is measured against.
        arguments: Of both functions.
        other_arguments: Of the other, where they differ.
        runs: Counted runs of each.
        warm: Whether each runs once uncounted before.
        agree: Whether both must return the same.

    Raises:
        AssertionError: they had to agree and do not.
        RuntimeError: one of them ended.
    """
    with ExitStack() as stack:
        pair = [
            stack.enter_context(Contestant(ours, arguments)),
            stack.enter_context(Contestant(other, arguments if other_arguments is None else other_arguments)),
        ]
        if warm:
            for contestant in pair:
                contestant.warm()
        for _ in range(runs):
            for contestant in pair:
                contestant.run()
        first, second = (contestant.timing() for contestant in pair)
    if agree and first.result != second.result:
        raise AssertionError(f"{ours} returned {first.result}, {other} {second.result}")
    return first, second


def measure(target: str, arguments: Mapping[str, object] | None = None, *, runs: int = 1, warm: bool = False) -> Timing:
    """Run one thing alone."""
    with Contestant(target, arguments) as contestant:
        if warm:
            contestant.warm()
        for _ in range(runs):
            contestant.run()
        return contestant.timing()
