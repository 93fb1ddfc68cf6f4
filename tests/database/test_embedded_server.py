"""The embedded server as commands meet it: started twice, killed, in odd places, stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest

from enrich.database import server
from enrich.database.connection import connect
from enrich.errors import DatabaseError
from enrich.settings import Settings

ASK = """
import sys
from enrich.settings import Settings
from enrich.database.connection import connect
settings = Settings(_env_file=None, database_url=None, data_dir=sys.argv[1])
print(connect(settings).execute("select 7").fetchone()[0])
"""


@pytest.fixture
def place(tmp_path: Path):
    """Settings of a place nobody has used; whatever server is started there is stopped."""
    settings = Settings(_env_file=None, database_url=None, data_dir=tmp_path / "a b, 'c'" / ("long" * 30))
    yield settings
    server.stop(settings)


def test_psql_finds_the_tables_without_naming_their_schema(place: Settings):
    server.start(place)

    with psycopg.connect(server.embedded_url(place)) as con:
        assert con.execute("show search_path").fetchone() == ("musicdb, public",)
        con.execute("create table tracks ()")
        assert con.execute("select to_regclass('musicdb.tracks')").fetchone() != (None,)


def test_a_long_path_with_spaces_survives_a_kill_and_keeps_its_rows(place: Settings):
    first = server.start(place)
    assert first.pid is not None
    assert server.start(place) == first
    with connect(place) as con:
        assert con.execute("show fsync").fetchone() == ("on",)
        assert con.execute("select current_schema(), current_user, lower('ÉØ')").fetchone() == (
            "musicdb",
            "musicdb_user",
            "éø",
        )
        con.execute("create table kept as select 42 as n")
    processes = [psutil.Process(first.pid), *psutil.Process(first.pid).children(recursive=True)]
    os.kill(first.pid, signal.SIGKILL)
    psutil.wait_procs(processes, timeout=10)
    assert not server.status(place).running

    with connect(place) as con:
        assert con.execute("select n from kept").fetchone() == (42,)
    assert server.stop(place)
    assert not server.stop(place)

    # The pid of the file is now somebody else's, as after a reboot.
    (first.data_path / "postmaster.pid").write_text(
        f"{os.getpid()}\n{first.data_path}\n1\n5432\n/nowhere\n\n 1 1\nready\n"
    )
    assert not server.status(place).running
    with connect(place) as con:
        assert con.execute("select n from kept").fetchone() == (42,)


def test_commands_that_start_it_at_once_share_it_and_it_outlives_them(tmp_path: Path):
    settings = Settings(_env_file=None, database_url=None, data_dir=tmp_path)
    commands = [
        subprocess.Popen([sys.executable, "-c", ASK, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    try:
        said = [command.communicate(timeout=120) for command in commands]
        assert [out for out, _ in said] == [b"7\n"] * 3, said
        assert [error for _, error in said] == [b""] * 3
        found = server.status(settings)
        assert found.running
        assert found.url is not None
        with psycopg.connect(found.url) as con:
            assert con.execute("select count(*) from pg_namespace where nspname = 'musicdb'").fetchone() == (1,)
    finally:
        server.stop(settings)


def test_half_an_initdb_is_thrown_away(tmp_path: Path):
    (tmp_path / "postgres.new").mkdir()
    (tmp_path / "postgres.new" / "PG_VERSION").write_text("18\n")
    settings = Settings(_env_file=None, database_url=None, data_dir=tmp_path)
    try:
        assert server.start(settings).running
        assert not (tmp_path / "postgres.new").exists()
    finally:
        server.stop(settings)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        pytest.param(
            lambda p: (p / "postgres").write_text(""), "cannot keep|not a directory|Not a directory", id="file"
        ),
        pytest.param(lambda p: (p / "postgres" / "x").mkdir(parents=True), "no Postgres data directory", id="foreign"),
        pytest.param(
            lambda p: ((p / "postgres").mkdir(), (p / "postgres" / "PG_VERSION").write_text("12\n")),
            "made by Postgres 12",
            id="old",
        ),
    ],
)
def test_a_place_that_cannot_be_used_is_one_line(tmp_path: Path, make, told):
    make(tmp_path)
    settings = Settings(_env_file=None, database_url=None, data_dir=tmp_path)
    with pytest.raises(DatabaseError, match=told) as caught:
        server.start(settings)
    assert "\n" not in str(caught.value)


def test_a_read_only_place_is_one_line():
    with pytest.raises(DatabaseError, match="ENRICH_DATA_DIR"):
        server.start(Settings(_env_file=None, database_url=None, data_dir=Path("/proc/enrich-data")))
