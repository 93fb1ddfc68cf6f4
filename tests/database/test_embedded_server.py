"""The embedded server as commands meet it: started twice, killed, in odd places, stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import psutil
import psycopg
import pytest

from enrich.database import server
from enrich.database.connection import connect
from enrich.errors import DatabaseError, SettingsError
from enrich.settings import Settings, load_settings

ASK = """
import sys
from enrich.settings import Settings, load_settings
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


#: Every sign that means something to a shell, a config file, a URL, a pattern or a terminal's user.
ODD = """a"b'c`touch pwned`$(touch pwned);touch pwned&|*[x]{y}#%41%s ~!=, ü—-"""


@pytest.mark.parametrize("name", [ODD, '-dash quote"d $HOME', "a,b per%cent new%0aline"])
def test_a_folder_of_any_name_is_a_folder(tmp_path: Path, name: str):
    settings = Settings(_env_file=None, database_url=None, data_dir=tmp_path / name)
    try:
        with connect(settings) as con:
            assert con.execute("select 7").fetchone() == (7,)
        assert server.stop(settings)
        with connect(settings) as con:
            assert con.execute("select 7").fetchone() == (7,)
    finally:
        server.stop(settings)
    assert [found.name for found in tmp_path.rglob("pwned")] == []
    assert not Path("pwned").exists()


@pytest.mark.slow
def test_every_command_works_in_such_a_folder(tmp_path: Path):
    home = tmp_path / ODD
    (tmp_path / ".env").write_text(f"ENRICH_DATA_DIR='{ODD.replace(chr(39), chr(92) + chr(39))}'\n", encoding="utf-8")
    clean = {k: v for k, v in os.environ.items() if not k.startswith("ENRICH_")}
    home.mkdir()

    def enrich(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "enrich", *arguments], capture_output=True, text=True, cwd=tmp_path, check=False,
            env=clean | {"ENRICH_SOURCES": "", "ENRICH_DATA_DIR": str(home)}, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, (arguments, done.stderr)
        return done.stdout

    try:
        enrich("demo")
        enrich("snapshot")
        enrich("resolve", "--limit", "5")
        enrich("dashboards", "statuses", "--snapshot", "latest")
        enrich("report", "--out", str(home / "reports"))
        enrich("proposals", "--csv", str(home / "review.csv"))
        enrich("accept", "--from-csv", str(home / "review.csv"), "--by", "x")
        (home / "t.csv").write_text("title\nA - B [C]\n")
        enrich("parse-titles", str(home / "t.csv"), "--out", str(home / "p.parquet"))
        enrich("graph", "--out", str(home / "g.gexf"))
    finally:
        server.stop(Settings(_env_file=None, database_url=None, data_dir=home))
    assert [found for found in tmp_path.rglob("pwned")] == []


@pytest.mark.parametrize("content", [b"", b"\n\0\0", b"garbage\n", b"99999999\n"], ids=repr)
def test_a_pid_file_that_says_nothing_is_removed(tmp_path: Path, content: bytes):
    settings = Settings(_env_file=None, database_url=None, data_dir=tmp_path)
    try:
        first = server.start(settings)
        postmaster = psutil.Process(first.pid)
        # Its children end by themselves, a moment later: until then the data are in use.
        processes = [postmaster, *postmaster.children(recursive=True)]
        os.kill(postmaster.pid, signal.SIGKILL)
        psutil.wait_procs(processes, timeout=10)
        (first.data_path / "postmaster.pid").write_bytes(content)
        assert not server.status(settings).running
        assert not server.stop(settings)
        assert not (first.data_path / "postmaster.pid").exists()
        (first.data_path / "postmaster.pid").write_bytes(content)
        assert server.start(settings).running
    finally:
        server.stop(settings)


def test_the_pid_file_of_a_server_that_lives_is_left_alone(tmp_path: Path):
    settings = Settings(_env_file=None, database_url=None, data_dir=tmp_path)
    found = server.start(settings)
    kept = (found.data_path / "postmaster.pid").read_bytes()
    try:
        (found.data_path / "postmaster.pid").write_bytes(b"")
        server._remove_stale_files(found.data_path)
        assert (found.data_path / "postmaster.pid").exists()
    finally:
        (found.data_path / "postmaster.pid").write_bytes(kept)
        server.stop(settings)


@pytest.mark.parametrize("sign", ["\n", "\r", "\t", "\x1b", "\x7f", "\u2028", "\udcff", "?", "\\"])
def test_a_folder_no_line_can_hold_is_refused_by_name(sign: str):
    with pytest.raises(SettingsError, match="ENRICH_DATA_DIR") as refused:
        load_settings(data_dir=f"a{sign}b")
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("mode", [0o666, 0o662, 0o777, 0o646])
def test_settings_another_user_may_write_are_not_read(tmp_path: Path, monkeypatch, capsys, mode: int):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ENRICH_DATA_DIR", raising=False)
    (tmp_path / ".env").write_text("ENRICH_DATA_DIR=/elsewhere\n")
    (tmp_path / ".env").chmod(0o600)
    assert load_settings().data_dir == Path("/elsewhere")
    (tmp_path / ".env").chmod(mode)
    assert load_settings().data_dir == Path("data")
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_settings_of_another_user_are_not_read(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("ENRICH_CONTACT=x\n")
    os.chown(tmp_path / ".env", 12345, 12345)
    assert load_settings().contact == ""
    assert "belongs to another user" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["folder", "pipe", "link-to-zero", "not-utf8", "huge"])
def test_what_is_no_file_of_settings_is_one_line(tmp_path: Path, monkeypatch, capsys, kind: str):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / ".env"
    make = {
        "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
        "link-to-zero": lambda: path.symlink_to("/dev/zero"),
        "not-utf8": lambda: path.write_bytes(b"A=\xff\xfe\n"),
        "huge": lambda: path.write_bytes(b"#" * 2_000_000),
    }
    make[kind]()
    with pytest.raises(SettingsError) if kind == "not-utf8" else nullcontext() as said:
        load_settings()
    told = str(said.value) + "\n" if said else capsys.readouterr().err
    assert told.count("\n") == 1
