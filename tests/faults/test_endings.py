"""SIGTERM and Ctrl-C in every long command: it ends within five seconds, says so in one line, and leaves nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import polars as pl
import pytest

from enrich.database import server
from enrich.database.connection import connect
from enrich.settings import Settings

#: Seconds a command told to end may take to.
AT_MOST_S = 5.0
ON_FILES: dict[str, list[str]] = {
    "parse-titles": ["parse-titles", "sets.parquet", "--out", "o.csv"],
    "hunt-labels": ["hunt-labels", "sets.parquet", "--out", "o.csv"],
    "rank-artists": ["rank-artists", "sets.parquet", "--out", "o.parquet"],
    "rank-artists-learned": ["rank-artists", "sets.parquet", "--out", "o.parquet", "--scorer", "learned"],
    "rank-artists-on-disk": ["rank-artists", "sets.parquet", "--out", "o.parquet", "--memory-limit", "1GB",
                             "--scratch", "."],
    "graph": ["graph", "sets.parquet", "--out", "o.gexf"],
    "identify": ["identify", "sets.parquet", "--out", "o.csv"],
    "evaluate": ["evaluate", "sets.parquet", "--out", "o.json"],
    "train-ranker": ["train-ranker", "sets.parquet", "--out", "o"],
    "replay": ["replay", "sets.parquet", "--out", "o.json"],
    "run": ["run", "--tracklists", "sets.parquet"],
    "report-tracklists": ["report", "--tracklists", "sets.parquet"],
    "demo": ["demo"],
    "run-demo": ["run"],
}  # fmt: skip
ON_POSTGRES: dict[str, list[str]] = {
    "import": ["import", "sets.parquet"],
    "snapshot": ["snapshot", "--full"],
    "resolve": ["resolve", "--apply"],
    "trigger": ["trigger", "--apply"],
    "hunt-labels-database": ["hunt-labels", "--apply"],
    "writeback": ["writeback", "--apply"],
    "cooldown": ["cooldown", "migrate"],
    "report": ["report", "--out", "o"],
    "policy": ["policy"],
}
QUICK = ("rank-artists-learned", "replay", "import")


def _each(commands, delays):
    return [
        pytest.param(name, delay, id=f"{name}-{delay}", marks=() if name in QUICK and delay else (pytest.mark.slow,))
        for name in commands for delay in delays
    ]  # fmt: skip


@pytest.fixture(scope="module")
def sets(tmp_path_factory) -> Path:
    """Two thousand sets of thirty slots, every seventh unknown, recordings in ten sets: seconds for most commands."""
    slot = pl.int_range(60_000, eager=True).to_frame("n").select(
        set_id=pl.format("s{}", pl.col.n // 30), dj=pl.format("DJ {}", pl.col.n // 30 % 97),
        set_date=pl.date(2015, 1, 1) + pl.duration(days=pl.col.n // 30 % 3000),
        position=(pl.col.n % 30 + 1).cast(pl.Int32),
        artist=pl.when(pl.col.n % 7 > 0).then(pl.format("Artist {}", pl.col.n * 7919 % 1999)),
        title=pl.format("Song {}-{} [Label {}]", pl.col.n * 7919 % 1999, pl.col.n // 1999 % 3, pl.col.n % 53),
    )  # fmt: skip
    path = tmp_path_factory.mktemp("sets") / "sets.parquet"
    slot.write_parquet(path)
    return path


@pytest.fixture
def room(tmp_path, sets):
    """A folder to stand in, with the sets; whatever server is left in it is stopped."""
    (tmp_path / "sets.parquet").symlink_to(sets)
    yield tmp_path
    for pgdata in tmp_path.rglob("PG_VERSION"):
        if pgdata.parent.name == "postgres":
            server.stop(Settings(_env_file=None, data_dir=pgdata.parent.parent))


def _listens(pid: int) -> bool:
    """Whether a process has taken SIGTERM upon itself: its command has begun."""
    said = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
    return bool(int(said["SigCgt"], 16) >> (signal.SIGTERM - 1) & 1)


def _ended(words, room, number, delay, **settings):
    """Exit code, stderr and seconds of a command that is told to end `delay` seconds after it began to work."""
    environment = (
        {k: v for k, v in os.environ.items() if not k.startswith("ENRICH_")} | {"ENRICH_SOURCES": ""} | settings
    )
    program = [sys.executable, "-m", "enrich", *words]
    with subprocess.Popen(
        program, cwd=room, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        until = time.monotonic() + 120
        while process.poll() is None and not _listens(process.pid) and time.monotonic() < until:
            time.sleep(0.02)
        with_delay = time.monotonic() + delay
        while process.poll() is None and time.monotonic() < with_delay:
            time.sleep(0.02)
        began = time.monotonic()
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
    return process.returncode, said, time.monotonic() - began


def _servers(room) -> list[str]:
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = line.read_bytes().decode(errors="replace").replace("\0", " ")
        except OSError:
            continue
        # Wherever the project itself lies: of the room, and there of a scratch folder.
        if "postgres" in words and "/scratch/" in words.partition(str(room))[2]:
            found.append(words)
    return found


def _check(code, said, took, room):
    assert took < AT_MOST_S, said
    assert code in (0, 130), said
    assert "Traceback" not in said
    stopped = [line for line in said.splitlines() if "stopped" in line]
    assert len(stopped) == (1 if code else 0), said
    left = [path.name for path in room.rglob("*") if path.name.endswith(".part") or path.name.startswith(".taking-")]
    assert left == []
    # What there was no time to remove has its lock still, by which the next replay finds and removes it.
    assert [path for path in room.glob("data/scratch/*") if path.is_dir() and not (path / "alive.lock").exists()] == []
    assert _servers(room) == []
    assert [path for path in room.glob("enrich-*")] == [], "a folder of scratch files"
    if code:
        assert [path for path in room.glob("o.*") if path.stat().st_size == 0] == []


@pytest.mark.parametrize(("command", "delay"), _each(ON_FILES, (0.0, 1.5)))
def test_a_command_on_files_ends_when_told(room, counted, command, delay):
    number = signal.SIGINT if delay else signal.SIGTERM
    with counted():
        code, said, took = _ended(ON_FILES[command], room, number, delay)
        # A quick one may be over before it is told: then it is over.
        _check(code, said, took, room)


@pytest.mark.parametrize("locked", [False, True], ids=["free", "locked"])
@pytest.mark.parametrize(("command", "delay"), _each(ON_POSTGRES, (0.0, 1.5)))
def test_a_command_on_postgres_ends_when_told(room, world, fault, command, delay, locked):
    """With everything locked by somebody else it is told while it waits."""
    url = world.database_url.get_secret_value()
    with fault(world), connect(world) if locked else nullcontext() as con:
        if con is not None:
            con.execute("lock table tracks, enrichment_status, enrich_proposals in access exclusive mode")
        code, said, took = _ended(ON_POSTGRES[command], room, signal.SIGTERM, delay, ENRICH_DATABASE_URL=url)
        _check(code, said, took, room)
        assert code == 130 or not locked, "it was over before it could be told"
