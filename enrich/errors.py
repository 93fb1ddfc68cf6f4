"""Errors a person can mend.

Everything an analyst or operator can put right derives from `EnrichError` and says what is wrong, where, and
how to mend it. Bugs keep their own type and their traceback.
"""

from __future__ import annotations


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
