"""Errors a person can mend, and what is put right when a program ends.

Everything an analyst or operator can put right derives from `EnrichError` and says what is wrong, where, and
how to mend it. Bugs keep their own type and their traceback.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Lock

_UNDONE_LATER: list[Callable[[], object]] = []


class EnrichError(Exception):
    """Something the user can mend; its text is one line: what, where, how."""


class SettingsError(EnrichError):
    """One or more settings are unusable; all of them are named at once."""


class DatabaseError(EnrichError):
    """Postgres cannot be reached, refuses the login, or lacks what is needed."""


class SnapshotError(EnrichError):
    """A snapshot is missing, incomplete, or of another schema."""


class InputFileError(EnrichError):
    """A file given on the command line cannot be used at all."""


class SourceUnavailable(EnrichError):
    """A source is closed, blocked or down: unknown, never a miss."""


class ModelError(EnrichError):
    """A stored model does not fit the schema or the data it should score."""


@contextmanager
def undoing(undo: Callable[[], object]) -> Iterator[None]:
    """Call `undo` at the end of the block; also where the program is ended by force in it, see `undo_all`."""
    once, todo = Lock(), ExitStack()
    todo.callback(undo)

    def undo_once() -> None:
        # Who comes second finds nothing to do, but waits for the first: the program must not end in between.
        with once:
            todo.close()

    _UNDONE_LATER.append(undo_once)
    try:
        yield
    finally:
        try:
            undo_once()
        finally:
            _UNDONE_LATER.remove(undo_once)


def undo_all() -> None:
    """What the blocks of `undoing` that are open would do at their ends, the last first; for who ends the program."""
    for undo in reversed(_UNDONE_LATER.copy()):
        with suppress(Exception):
            undo()
