"""The real psql and pg_dump, for tests that compare databases."""

from __future__ import annotations

import os
import re
import subprocess

from psycopg import conninfo

from enrich.database.server import _bin
from enrich.settings import Settings


def psql(settings: Settings, *arguments: str, search_path: str | None = None) -> str:
    """Run the real psql on a database and return what it printed; its stderr joins a failure."""
    environment = os.environ | ({"PGOPTIONS": f"-c search_path={search_path}"} if search_path else {})
    done = subprocess.run(
        [_bin() / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", url_of(settings), *arguments],
        capture_output=True, text=True, env=environment, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def dump(settings: Settings, *arguments: str) -> str:
    """Everything pg_dump knows of a database: definitions, owners, grants, comments (and rows)."""
    done = subprocess.run(
        [_bin() / "pg_dump", url_of(settings), *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return re.sub(r"^\\(un)?restrict .*$", "", done.stdout, flags=re.MULTILINE)


def url_of(settings: Settings) -> str:
    assert settings.database_url is not None
    return settings.database_url.get_secret_value()


def superuser(settings: Settings) -> str:
    return conninfo.make_conninfo(url_of(settings), user="postgres")
