"""Real servers to migrate: the embedded one and, where the machine has it, the system's Postgres 15."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import conninfo, sql
from pydantic import SecretStr

from enrich.settings import Settings

INSTALLATIONS = Path(__file__).parent / "installations"
SYSTEM_BIN = Path("/usr/lib/postgresql/15/bin")

Installation = Callable[..., Settings]


def _prepare(admin: str) -> str:
    with psycopg.connect(admin, autocommit=True) as con:
        for role in ("musicdb_user", "Reader One"):
            if con.execute("select from pg_roles where rolname = %s", [role]).fetchone() is None:
                con.execute(sql.SQL("create role {} login").format(sql.Identifier(role)))
    return admin


@pytest.fixture(scope="session")
def system_server() -> Iterator[str]:
    """The URI of a server started from the system's own programs, as user postgres when the tests run as root."""
    if not (SYSTEM_BIN / "initdb").exists():
        pytest.skip(f"no system Postgres in {SYSTEM_BIN}: migrations are tested on the embedded server only")
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="enrich-pg15-"))
    if user:
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [SYSTEM_BIN / program, *arguments], check=True, user=user, cwd="/", stdout=subprocess.DEVNULL, timeout=60
        )

    data = folder / "data"
    run("initdb", "-D", str(data), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
    options = f"-k {folder} -p 5432 -c listen_addresses= -c fsync=off"
    run("pg_ctl", "start", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options)
    try:
        yield f"postgresql://postgres@/postgres?host={folder}&port=5432"
    finally:
        run("pg_ctl", "stop", "-D", str(data), "-m", "immediate", "-w")
        shutil.rmtree(folder)


@pytest.fixture
def system_server_with_password(system_server: str) -> str:
    """The system server by a role that needs the password `r1ght`."""
    with psycopg.connect(system_server, autocommit=True) as con:
        folder = Path(con.execute("show data_directory").fetchone()[0])
        con.execute("drop role if exists locked")
        con.execute("create role locked login password 'r1ght'")
        rules = (folder / "pg_hba.conf").read_text()
        if "locked" not in rules:
            (folder / "pg_hba.conf").write_text("local all locked scram-sha-256\n" + rules)
        con.execute("select pg_reload_conf()")
        con.execute("select pg_sleep(0.2)")
    return conninfo.make_conninfo(system_server, user="locked")


@pytest.fixture(params=["embedded", "system"])
def any_server(request: pytest.FixtureRequest) -> str:
    """The URI of each real server in turn."""
    return _prepare(request.getfixturevalue(f"{request.param}_server"))


@pytest.fixture
def installation(any_server: str, tmp_path: Path) -> Iterator[Installation]:
    """A function that makes a database from files of `installations/`, in one schema, owned by musicdb_user."""
    made = []

    def make(*files: str, schema: str = "musicdb") -> Settings:
        name = f"i_{uuid4().hex[:12]}"
        made.append(name)
        with psycopg.connect(any_server, autocommit=True) as con:
            con.execute(
                sql.SQL("create database {} owner musicdb_user template template0").format(sql.Identifier(name))
            )
        url = conninfo.make_conninfo(any_server, dbname=name, user="musicdb_user")
        with psycopg.connect(url) as con:
            con.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))
            con.execute(sql.SQL("set local search_path to {}").format(sql.Identifier(schema)))
            for file in files:
                con.execute((INSTALLATIONS / f"{file}.sql").read_text())
        return Settings(_env_file=None, database_url=SecretStr(url), data_dir=tmp_path / "data")

    yield make
    with psycopg.connect(any_server, autocommit=True) as con:
        for name in made:
            con.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
