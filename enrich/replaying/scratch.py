"""A database of one's own for as long as it is needed: a second embedded server, made, and removed without a trace.

Whatever database the settings name is never connected to. A replay that was killed leaves its folder behind; the next
one stops what still runs there and removes it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import filelock
import psycopg
from psycopg import sql
from pydantic import SecretStr

from enrich.database import server
from enrich.database.migrations import migrate
from enrich.errors import DatabaseError, undoing
from enrich.settings import Settings

_FOLDER = "scratch"
_LOCK_NAME = "alive.lock"


@contextmanager
def scratch_database(settings: Settings) -> Iterator[Settings]:
    """Settings of an empty, migrated music database that lives as long as the block.

    Args:
        settings: `data_dir` holds the scratch folder; the policy is carried over.

    Raises:
        DatabaseError: the folder cannot be written to, or the server does not start.
    """
    root = settings.data_dir.expanduser() / _FOLDER
    _remove_abandoned(root)
    home = root / uuid4().hex[:12]
    try:
        home.mkdir(parents=True)
    except OSError as error:
        raise DatabaseError(
            f"{root}: cannot keep a scratch database here ({error.strerror}); set ENRICH_DATA_DIR"
        ) from error
    # No outside source either: a replay of 2005 must not be told what they know today.
    own = settings.model_copy(
        update={"database_url": None, "data_dir": home, "search_path": "musicdb, public", "sources": ()}
    )
    with filelock.FileLock(home / _LOCK_NAME), undoing(lambda: _remove(own)):
        server.start(own)
        _forget_durability(own)
        ready = own.model_copy(update={"database_url": SecretStr(server.embedded_url(own))})
        migrate(ready)
        yield ready


def _remove(own: Settings) -> None:
    server.stop(own)
    shutil.rmtree(own.data_dir, ignore_errors=True)


def _forget_durability(own: Settings) -> None:
    # Thrown away in the end, so nothing need survive a crash of the machine.
    admin = server.embedded_url(own, database="postgres", role=server.SUPERUSER)
    with psycopg.connect(admin, autocommit=True) as con:
        con.execute(sql.SQL("alter database {} set synchronous_commit = off").format(sql.Identifier(server.DATABASE)))


def _remove_abandoned(root: Path) -> None:
    for lock in sorted(root.glob(f"*/{_LOCK_NAME}")):
        try:
            with filelock.FileLock(lock, timeout=0):
                _remove(Settings(_env_file=None, database_url=None, data_dir=lock.parent))
        except filelock.Timeout:
            continue
