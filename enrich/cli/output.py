"""Printing results: tables for people on a terminal, JSON for machines, progress only where somebody watches."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

#: Controls but tab and line break, marks that turn the direction of reading, other line ends, halves of characters.
_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ud800-\udfff]"
)

#: The option every command has.
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def say(text: str) -> None:
    """Talk to the person: stderr, so that a pipe carries results only."""
    sys.stderr.write(visible(text) + "\n")


def emit(result: Mapping[str, Any], *, as_json: bool, text: str) -> None:
    """Print a result: `result` as one JSON document, or `text`. Signs that steer a terminal are spelled out."""
    if as_json:
        text = json.dumps(result, default=_plain, ensure_ascii=False, indent=2)
    sys.stdout.write(visible(text) + "\n")


def visible(text: str) -> str:
    """A text as a terminal may have it: what moves a cursor, turns the reading or is no character becomes `\\u…`."""
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def shown(confidence: float | None) -> str:
    """A confidence as people read it; `rule` where nothing was measured."""
    return "rule" if confidence is None else f"{confidence:.2f}"


@contextmanager
def progress(title: str, *, total: int | None = None) -> Iterator[Progress]:
    """A progress bar on stderr, drawn only on a terminal; quiet in a pipe."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
    with bar:
        bar.add_task(title, total=total)
        yield bar


@contextmanager
def watched(title: str) -> Iterator[tuple[Callable[[str, int, int | None], None], threading.Event]]:
    """A long run under watch: its progress on a terminal, and an event that Ctrl-C or SIGTERM sets.

    Yields `on_progress(step, done, total)` and `stop`; what is found by the time of a stop is kept.
    """
    from enrich.sources.searching import stop_on_signals

    with progress(title) as bar, stop_on_signals() as stop:
        task = bar.task_ids[0]

        def show(step: str, done: int, total: int | None) -> None:
            bar.update(task, description=step, completed=done, total=total)

        yield show, stop


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    return str(value)
