"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import conninfo, sql
from pydantic import SecretStr

from enrich.settings import Settings

PROJECT = Path(__file__).resolve().parent.parent

# Tests talk to loopback only: no outside source is on, here and in the commands the tests start, unless a test names
# one of a catalogue of its own.
os.environ["ENRICH_SOURCES"] = ""

# Hundreds of tests copy a database: on a disk in memory, where it has room for all, that takes a tenth of the time.
_IN_MEMORY = Path("/dev/shm")
if "TMPDIR" not in os.environ and _IN_MEMORY.is_dir() and shutil.disk_usage(_IN_MEMORY).free > 4 << 30:
    os.environ["TMPDIR"] = tempfile.tempdir = str(_IN_MEMORY)


@pytest.fixture(scope="session")
def project() -> Path:
    """The checkout."""
    return PROJECT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real tracklists and label facts, kept beside the project; tests that need them skip where they are absent."""
    folder = PROJECT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("real data absent: expected tracklists.parquet and others in ../shared/data")
    return folder


@pytest.fixture(scope="session")
def embedded_server() -> Iterator[str]:
    """The URI of a real embedded server (role postgres, database postgres), stopped when the tests end.

    It holds a template database `blank` as `enrich db start` leaves it, and one `migrated`.
    """
    from enrich.database import server
    from enrich.database.migrations import migrate

    # Not in pytest's own folder: each new pytest session closes that to other users, the server's among them.
    folder = Path(tempfile.mkdtemp(prefix="enrich-tests-"))
    home = Settings(_env_file=None, database_url=None, data_dir=folder)  # type: ignore[call-arg]
    server.start(home)
    try:
        admin = server.embedded_url(home, database="postgres", role="postgres")
        with psycopg.connect(admin, autocommit=True) as con:
            # Each test copies a database and drops it; what a power cut would take is nobody's.
            for name in ("fsync", "full_page_writes", "autovacuum"):
                con.execute(sql.SQL("alter system set {} = off").format(sql.Identifier(name)))
            con.execute("select pg_reload_conf()")
        _copy_database(admin, "musicdb", "blank")
        migrate(home)
        _copy_database(admin, "musicdb", "migrated")
        yield admin
    finally:
        server.stop(home)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(embedded_server: str, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a fresh, migrated, empty Postgres database; `data_dir` is the test's own folder."""
    yield from _fresh_database(embedded_server, "migrated", tmp_path)


@pytest.fixture
def blank_database(embedded_server: str, tmp_path: Path) -> Iterator[Settings]:
    """Like `database`, with an empty schema `musicdb` and no migration applied."""
    yield from _fresh_database(embedded_server, "blank", tmp_path)


def _fresh_database(admin: str, template: str, tmp_path: Path) -> Iterator[Settings]:
    name = f"t_{uuid4().hex[:12]}"
    _copy_database(admin, template, name)
    url = conninfo.make_conninfo(admin, dbname=name, user="musicdb_user")
    yield Settings(_env_file=None, database_url=SecretStr(url), data_dir=tmp_path / "data")  # type: ignore[call-arg]
    with psycopg.connect(admin, autocommit=True) as con:
        con.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def _copy_database(admin: str, template: str, name: str) -> None:
    with psycopg.connect(admin, autocommit=True) as con:
        con.execute(
            sql.SQL("create database {} template {} owner musicdb_user strategy file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
