"""A throw-away embedded Postgres for a benchmark, and its databases."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from enrich.database import server
from enrich.database.migrations import migrate
from enrich.settings import Settings


def settings_of(folder: str | Path) -> Settings:
    """Settings of the server whose data lie in `folder`."""
    return Settings(_env_file=None, database_url=None, data_dir=Path(folder))  # type: ignore[call-arg]


@contextmanager
def throw_away_server() -> Iterator[Path]:
    """The data folder of a migrated, empty server; stopped and removed in the end."""
    folder = Path(tempfile.mkdtemp(prefix="enrich-bench-"))
    try:
        migrate(settings_of(folder))
        yield folder
    finally:
        server.stop(settings_of(folder))
        shutil.rmtree(folder, ignore_errors=True)


def as_superuser(folder: Path, statements: str) -> None:
    """Run statements on the music database as its superuser, each for itself."""
    url = server.embedded_url(settings_of(folder), role=server.SUPERUSER)
    with psycopg.connect(url, autocommit=True) as con:
        con.execute("set search_path = musicdb, public")
        con.execute(statements)


def psql(folder: str | Path) -> list[str]:
    """The command line of psql on that server."""
    return [str(server._bin() / "psql"), "-q", server.embedded_url(settings_of(folder))]
