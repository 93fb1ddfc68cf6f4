"""Every command that reads or writes a file, with everything that may lie where a file is expected.

A fault survived ends in one line and exit code 1, or in a result: never in a traceback, a wait or a crash.
"""

from __future__ import annotations

import gzip
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from enrich.cli.app import main

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
#: What a command of one fault may take; most take a tenth of a second.
PATIENCE_S = 90

READERS: dict[str, list[str]] = {
    "parse-titles": ["parse-titles", "IN", "--out", "o.csv"],
    "hunt-labels": ["hunt-labels", "IN", "--out", "o.csv"],
    "rank-artists": ["rank-artists", "IN", "--out", "o.csv"],
    "rank-artists-on-disk": ["rank-artists", "IN", "--out", "o.csv", "--memory-limit", "1GB"],
    "graph": ["graph", "IN", "--out", "o.gexf"],
    "identify": ["identify", "IN", "--out", "o.csv"],
    "evaluate": ["evaluate", "IN", "--out", "o.json"],
    "train-ranker": ["train-ranker", "IN", "--out", "o"],
    "import": ["import", "IN"],
    "run": ["run", "--tracklists", "IN"],
    "report-tracklists": ["report", "--tracklists", "IN"],
    "replay": ["replay", "IN", "--out", "o.json"],
    "replay-truth": ["replay", "good.csv", "--out", "o.json", "--truth", "IN"],
    "accept": ["accept", "--from-csv", "IN", "--by", "x"],
    "reject": ["reject", "--from-csv", "IN", "--by", "x"],
    "report-compare": ["report", "--compare", "IN"],
    "resolve": ["resolve", "--snapshot", "IN"],
    "trigger": ["trigger", "--snapshot", "IN"],
    "hunt-labels-snapshot": ["hunt-labels", "--snapshot", "IN"],
    "dashboards": ["dashboards", "statuses", "--snapshot", "IN"],
    "catalogue": ["catalogue", "IN"],
}
WRITERS: dict[str, list[str]] = {
    "parse-titles-csv": ["parse-titles", "good.csv", "--out", "OUT.csv"],
    "parse-titles-parquet": ["parse-titles", "good.csv", "--out", "OUT.parquet"],
    "parse-titles-jsonl": ["parse-titles", "good.csv", "--out", "OUT.jsonl"],
    "hunt-labels": ["hunt-labels", "good.csv", "--out", "OUT.parquet"],
    "rank-artists": ["rank-artists", "good.csv", "--out", "OUT.csv"],
    "rank-artists-on-disk": ["rank-artists", "good.parquet", "--out", "OUT.parquet", "--memory-limit", "1GB"],
    "graph-gexf": ["graph", "good.csv", "--out", "OUT.gexf"],
    "graph-graphml": ["graph", "good.csv", "--out", "OUT.graphml"],
    "graph-png": ["graph", "good.csv", "--out", "OUT.png", "--unknown", "k"],
    "identify": ["identify", "good.csv", "--out", "OUT.parquet"],
    "evaluate": ["evaluate", "good.csv", "--out", "OUT.json"],
    "train-ranker": ["train-ranker", "good.csv", "--out", "OUT"],
    "replay": ["replay", "good.csv", "--out", "OUT.json"],
    "proposals": ["proposals", "--csv", "OUT.csv"],
    "report": ["report", "--out", "OUT"],
}


def _damaged_parquet() -> bytes:
    import io

    import polars as pl

    whole = io.BytesIO()
    pl.DataFrame({"title": ["a"] * 500, "set_id": ["s"] * 500, "position": range(500)}).write_parquet(whole)
    data, rng = bytearray(whole.getvalue()), random.Random(5)
    for _ in range(12):
        data[rng.randrange(4, len(data) - 4)] = rng.randrange(256)
    return bytes(data)


def _write(name: str, content: Callable[[], bytes]) -> Callable[[], str]:
    def make() -> str:
        Path(name).write_bytes(content())
        return name

    return make


def _link(name: str, target: str) -> Callable[[], str]:
    def make() -> str:
        Path(name).symlink_to(target)
        return name

    return make


def _pipe() -> str:
    os.mkfifo("pipe.csv")
    return "pipe.csv"


def _folder() -> str:
    Path("folder.csv").mkdir()
    return "folder.csv"


def _sparse() -> str:
    with Path("sparse.parquet").open("wb") as file:
        file.truncate(1 << 43)
    return "sparse.parquet"


ROWS = b"title,set_id,position,artist\n"
THINGS: dict[str, Callable[[], str]] = {
    "missing": lambda: "missing.csv",
    "under-a-file": lambda: "good.csv/x.csv",
    "folder": _folder,
    "pipe": _pipe,
    "zeros": _link("zero.csv", "/dev/zero"),
    "noise": _link("random.jsonl", "/dev/urandom"),
    "terminal": _link("tty.csv", "/dev/tty"),
    "memory": _link("mem.csv", "/proc/self/mem"),
    "circle": _link("circle.csv", "circle.csv"),
    "name-too-long": lambda: "n" * 300 + ".csv",
    "path-too-long": lambda: "d/" * 3000 + "x.csv",
    "sparse": _sparse,
    "empty": _write("empty.csv", lambda: b""),
    "no-text": _write("noise.csv", lambda: random.Random(1).randbytes(5000)),
    "nulls": _write("nulls.csv", lambda: b"\0" * 5000),
    "one-line": _write("line.csv", lambda: ROWS + b"x" * 300_000),
    "columns": _write("columns.csv", lambda: b"," * 20_000 + b"\n"),
    "gz-bomb": _write("bomb.csv.gz", lambda: gzip.compress(ROWS + b"\0" * 200_000_000)),
    "gz-bomb-json": _write("bomb.json.gz", lambda: gzip.compress(b"[" * 200_000_000)),
    "gz-cut": _write("cut.csv.gz", lambda: gzip.compress(ROWS * 99)[:-9]),
    "deep": _write("deep.jsonl", lambda: b'{"title":' + b"[" * 200_000 + b"]" * 200_000 + b"}\n"),
    "deep-object": _write("deep.json", lambda: b'{"a":' * 900 + b"1" + b"}" * 900),
    "huge-integer": _write("integer.jsonl", lambda: b'{"title":"x","set_id":"s","position":' + b"9" * 5000 + b"}\n"),
    "huge-exponent": _write("exponent.jsonl", lambda: b'{"title":"x","set_id":"s","position":1e999999}\n'),
    "huge-position": _write("position.csv", lambda: ROWS + b"x,s,99999999999999999999,a\nx,s,-1,a\nx,s,1e300,a\n"),
    "damaged-parquet": _write("damaged.parquet", _damaged_parquet),
    "no-parquet": _write("no.parquet", lambda: b"PAR1" + b"\xff" * 500 + b"PAR1"),
    "no-snapshot": _write("no.duckdb", lambda: random.Random(2).randbytes(20_000)),
}


def _occupied_by(make: Callable[[Path], object]) -> Callable[[str], str]:
    def place(name: str) -> str:
        make(Path(name))
        return name

    return place


PLACES: dict[str, Callable[[str], str]] = {
    "folder": _occupied_by(lambda path: path.mkdir()),
    "pipe": _occupied_by(os.mkfifo),
    "link-to-full": _occupied_by(lambda path: path.symlink_to("/dev/full")),
    "link-to-null": _occupied_by(lambda path: path.symlink_to("/dev/null")),
    "circle": _occupied_by(lambda path: path.symlink_to(path)),
    "under-a-file": lambda name: f"good.csv/{name}",
    "system": lambda name: f"/proc/{name}",
    "name-too-long": lambda name: "n" * 300 + name,
    "name-as-long-as-may-be": lambda name: "n" * (255 - len(name)) + name,
    "path-too-long": lambda name: "d/" * 3000 + name,
    "unknown-ending": lambda name: name + ".docx",
}


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A folder of its own to stand in, with good input, and no database."""
    import polars as pl

    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith("ENRICH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ENRICH_DATABASE_URL", NOWHERE)
    monkeypatch.setenv("ENRICH_SOURCES", "")
    good = pl.DataFrame(
        [
            (f"s{n}", p, "DJ", None if p == 3 else f"Artist {n % 3 + p}", f"Song {p}", "k" if p == 3 else None)
            for n in range(6) for p in range(1, 8)
        ],
        schema=["set_id", "position", "dj", "artist", "title", "track_key"], orient="row",
    )  # fmt: skip
    good.write_csv("good.csv")
    good.write_parquet("good.parquet")
    return tmp_path


def _ended(arguments: list[str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Exit code and stderr of a command run in this process; whoever waits too long is woken."""

    def too_long(*_: object) -> None:
        raise AssertionError("it waits")

    monkeypatch.setattr(sys, "argv", ["enrich", *arguments])
    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(PATIENCE_S)
    try:
        main()
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    return code, capfd.readouterr().err


def _check(code: int, said: str) -> None:
    assert "Traceback" not in said
    assert "panicked" not in said
    assert code in (0, 1, 2)
    if code:
        assert said.count("\n") == 1 or said.startswith("Usage:"), said
        assert len(said) < 8000, said[:200]
        assert said.replace("\n", "").isprintable(), said


#: Odd, but tables: served until somebody ends it.
SERVED = {("catalogue", "one-line"), ("catalogue", "huge-position")}


#: Tried in `make test`; the other commands read and write by the same functions, and are tried in `make test-slow`.
QUICK = ("parse-titles", "import", "resolve", "parse-titles-csv")


def _command(name: str, *more: str):  # type: ignore[no-untyped-def]
    return pytest.param(name, *more, marks=() if name in QUICK else (pytest.mark.slow,))


WRITING = [_command(name) for name in WRITERS]


@pytest.mark.parametrize(
    ("command", "thing"), [_command(c, t) for c in READERS for t in THINGS if (c, t) not in SERVED]
)
def test_reading_what_is_no_file(room, capfd, monkeypatch, counted, command, thing):
    path = THINGS[thing]()
    with counted():
        _check(*_ended([path if word == "IN" else word for word in READERS[command]], capfd, monkeypatch))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("command", WRITING)
def test_writing_where_no_file_can_be(room, capfd, monkeypatch, counted, command, place):
    (named,) = [word for word in WRITERS[command] if word.startswith("OUT")]
    path = PLACES[place](named)
    device = os.stat("/dev/null").st_rdev
    with counted():
        _check(*_ended([path if word == named else word for word in WRITERS[command]], capfd, monkeypatch))
        assert os.stat("/dev/null").st_rdev == device
        assert [left.name for left in room.rglob("*.part")] == []


@pytest.mark.parametrize("command", WRITING)
def test_a_disk_that_is_full(room, small_disk, counted, command):
    free = os.statvfs(small_disk)
    (small_disk / "filler").write_bytes(b"\0" * (free.f_bavail * free.f_frsize))
    words = [str(small_disk / word) if word.startswith("OUT") else word for word in WRITERS[command]]
    with counted():
        done = subprocess.run(
            [sys.executable, "-m", "enrich", *words], capture_output=True, text=True, check=False, timeout=PATIENCE_S,
        )  # fmt: skip
        _check(done.returncode, done.stderr)
        assert done.returncode == 1
        assert sorted(left.name for left in small_disk.iterdir()) in (["filler"], ["OUT", "filler"])
