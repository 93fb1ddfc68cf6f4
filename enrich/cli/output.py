"""Commands and what they print: tables for people, JSON for machines, progress only where somebody watches."""

from __future__ import annotations

import inspect
import json
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from enrich.rules import MAX_LIMIT, MIN_LIMIT

#: Controls but tab and line break, marks that turn the direction of reading, other line ends, halves of characters.
_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ud800-\udfff]"
)

#: Seconds a step has to end once told to stop.
_LAST_STEP_S = 4.0

#: Options that several commands have.
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Limit = Annotated[int, typer.Option(min=MIN_LIMIT, max=MAX_LIMIT, help="At most this many tracks.")]
Apply = Annotated[
    bool, typer.Option("--apply/--dry-run", help="Write what the policy accepts, or only put it on record.")
]
SnapshotPath = Annotated[Path | None, typer.Option("--snapshot", help="Work on this snapshot instead of a fresh one.")]
Tracklists = Annotated[list[Path], typer.Argument(help="Tracklist files.")]
By = Annotated[str, typer.Option("--by", help="Who decides; kept in the ledger. Default: the user's login name.")]

#: A result as JSON has it, its text for people, and the exit code where it may be another than 0.
Shown = tuple[Mapping[str, Any], str] | tuple[Mapping[str, Any], str, int]


def command(app: typer.Typer, name: str | None = None) -> Callable[[Callable[..., Shown]], Callable[..., None]]:
    """Make a function that returns what it shows a command, with the option `--json` that chooses which is printed."""

    def register(work: Callable[..., Shown]) -> Callable[..., None]:
        @wraps(work)
        def run(*, as_json: bool, **given: object) -> None:
            result, text, *code = work(**given)
            emit(result, as_json=as_json, text=text)
            if any(code):
                raise typer.Exit(*code)

        signature = inspect.signature(work, eval_str=True)
        option = inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=JsonOption)
        run.__signature__ = signature.replace(parameters=[*signature.parameters.values(), option])  # type: ignore[attr-defined]
        run.__annotations__ = {**work.__annotations__, "as_json": JsonOption}
        app.command(name)(run)
        return run

    return register


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


def short(text: str | None, width: int) -> str:
    """A text in one line of at most `width` signs."""
    text = " ".join((text or "").split())
    return text if len(text) <= width else text[: width - 1] + "…"


@contextmanager
def progress(title: str, *, total: int | None = None) -> Iterator[Callable[..., None]]:
    """A progress bar on stderr, drawn only on a terminal; yields `rich`'s update of it."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda **update: bar.update(task, **update)


@contextmanager
def watched(title: str) -> Iterator[tuple[Callable[[str, int, int | None], None], threading.Event]]:
    """A long run under watch: its progress on a terminal, and an event that Ctrl-C or SIGTERM sets.

    Yields `on_progress(step, done, total)` and `stop`; what is found by the time of a stop is kept. A step that does
    not come to its end in time is left: what it would write is one transaction, of which nothing is left then.
    """
    from enrich.pipeline.rounds import COMMITTING
    from enrich.sources.searching import stop_on_signals

    now, over = [title], threading.Event()

    def show(step: str, done: int, total: int | None) -> None:
        now[0] = step
        update(description=step, completed=done, total=total)

    def end() -> None:
        stop.wait()
        while not over.wait(_LAST_STEP_S):
            if now[0] != COMMITTING:
                say(f"enrich: stopped in the step {now[0]}; nothing was written")
                os._exit(130)

    with progress(title) as update, stop_on_signals() as stop:
        threading.Thread(target=end, name="end", daemon=True).start()
        try:
            yield show, stop
        finally:
            over.set()


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
