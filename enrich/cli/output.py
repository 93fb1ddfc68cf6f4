"""Commands and what they print: tables for people, JSON for machines, progress only where somebody watches."""

import inspect
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from enrich.errors import undo_all
from enrich.rules import MAX_LIMIT, MIN_LIMIT
from enrich.text.showing import bounded, visible

#: What ends a command; seconds it has to come to its end by itself, and seconds to undo what is half-done where not.
_ENDING, _LAST_STEP_S, _UNDOING_S = (signal.SIGINT, signal.SIGTERM), 3.0, 1.5
#: The step under way.
_under_way = [""]

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
            with ending_in_time(name or work.__name__.replace("_", "-")):
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
    sys.stderr.write(visible(bounded(text)) + "\n")


def emit(result: Mapping[str, Any], *, as_json: bool, text: str) -> None:
    """Print a result: `result` as one JSON document, or `text`. Signs that steer a terminal are spelled out."""
    if as_json:
        text = json.dumps(result, default=_plain, ensure_ascii=False, indent=2)
    sys.stdout.write(visible(text if as_json else bounded(text)) + "\n")


def shown(confidence: float | None) -> str:
    """A confidence as people read it; `rule` where nothing was measured."""
    return "rule" if confidence is None else f"{confidence:.2f}"


@contextmanager
def progress(title: str) -> Iterator[Callable[..., None]]:
    """A progress bar on stderr with the seconds so far, drawn only on a terminal; yields `show(step, done, total)`."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(title, total=None)

        def show(step: str, done: int = 0, total: int | None = None) -> None:
            _under_way[:] = [step]
            bar.update(task, description=visible(step), completed=done)
            bar.tasks[0].total = total

        yield show


@contextmanager
def watched(title: str) -> Iterator[tuple[Callable[..., None], threading.Event]]:
    """`progress`, and an event that Ctrl-C or SIGTERM sets; what is found by the time of a stop is kept."""
    from enrich.sources.searching import stop_on_signals

    with progress(title) as show, stop_on_signals() as stop:
        yield show, stop


@contextmanager
def ending_in_time(title: str) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the block by a KeyboardInterrupt, and then the program, with one line and exit code 130.

    A call into a library hears of neither until it returns. In time it is left, and what is half-done is undone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _under_way[:] = [title]
    ear, mouth = socket.socketpair()
    mouth.setblocking(False)
    asked, over = threading.Event(), threading.Event()
    last = threading.Thread(target=undo_all, daemon=True)

    def ask(number: int, frame: FrameType | None) -> None:
        # An import of a library may not be broken off: it would take the process with it. The watch ends it.
        while frame is not None and "importlib" not in frame.f_code.co_filename:
            frame = frame.f_back
        if frame is None:
            asked.set()
            raise KeyboardInterrupt

    def watch() -> None:
        # Signals come here at once, whatever the main thread does.
        with ear:
            while (number := ear.recv(1)) and number[0] not in _ENDING:
                pass
        if number and not over.wait(_LAST_STEP_S):
            asked.set()
            last.start()
            last.join(_UNDOING_S)
            _end()

    before = {number: signal.getsignal(number) for number in _ENDING}
    watcher = threading.Thread(target=watch, name="end", daemon=True)
    watcher.start()
    try:
        signal.set_wakeup_fd(mouth.fileno(), warn_on_full_buffer=False)
        for number in _ENDING:
            signal.signal(number, ask)
        yield
    except BaseException:
        # Some libraries make an error of their own of it. Threads that still work are not waited for.
        # What is undone under a step makes it fail: that is the end told of, too.
        if asked.is_set():
            if last.ident is not None:
                watcher.join()
            _end()
        raise
    finally:
        over.set()
        signal.set_wakeup_fd(-1)
        mouth.close()
        for number, handler in before.items():
            signal.signal(number, handler)


def _end() -> None:
    say(f"enrich: stopped in the step {_under_way[0]}; nothing half-done is left, run it again to go on")
    os._exit(130)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
