"""What every command prints of hostile databases and files: cut, on its line, steering nothing; JSON has all."""

from __future__ import annotations

import json
import re
import sys

import polars as pl
import pytest

from enrich.cli.app import main
from enrich.database.connection import connect
from enrich.text.showing import LINE, VALUE, short, visible

#: Colours and titles of a terminal, bells, turned reading, line ends of every kind.
STEERING = "\x1b[31m\x1b]0;t\x07\x9b2J\x08\x7f\r\u202e\u2066\u200f\u2028\u2029\x85\x0b"
LONG = "ж" * 260
LABEL = STEERING + "L" * 10_000
TITLE = f"{STEERING}{LONG}"[:300].replace("\r", "\r ")
NAME = ("Ü" * 240 + STEERING)[:255]
#: Nothing of these may come out; tab and line break may.
LOOSE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ud800-\udfff]")

COMMANDS = [
    ["db", "status"], ["import", "hostile.csv"], ["snapshot"], ["hunt-labels"], ["resolve"], ["trigger"],
    ["proposals"], ["proposals", "--csv", "p.csv"], ["audit", "title", "-n", "5"], ["policy"],
    ["accept", "ID"], ["reject", "ID"], ["writeback"], ["writeback", "--apply"], ["writeback", "--undo", "RUN"],
    ["cooldown", "stats"], ["cooldown", "migrate"], ["cooldown", "process"], ["dashboards"],
    ["dashboards", "label_coverage"], ["dashboards", "statuses"], ["dashboards", "last_runs"],
    ["report", "--out", "r"], ["graph", "--out", "g.gexf"], ["graph", "--out", "g.png", "--unknown", "no such"],
    ["parse-titles", "hostile.csv", "--out", "o.csv"], ["hunt-labels", "hostile.csv", "--out", "o.csv"],
    ["rank-artists", "hostile.csv", "--out", "o.csv"], ["identify", "hostile.csv", "--out", "o.csv"],
    ["graph", "hostile.csv", "--out", "g.graphml"], ["accept", STEERING + "x" * 9000],
    ["import", STEERING + "x" * 200], ["import", "bad.csv"], ["dashboards", "y" * 9000],
]  # fmt: skip
#: Asked once.
LONGER = ("import", "snapshot", "hunt-labels", "resolve", "trigger", "report")


@pytest.fixture
def hostile(database, tmp_path, monkeypatch):
    """A database and a file whose every text is long and steers."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENRICH_DATABASE_URL", database.database_url.get_secret_value())
    monkeypatch.setenv("ENRICH_SOURCES", "")
    with connect(database) as con:
        for n in range(6):
            title = f"{n}{TITLE} [Anjunabeats]" if n < 4 else f"{n}{TITLE}"
            con.execute(
                "with made as (insert into tracks (title, normalized_title, metadata) values (%s, %s, %s) returning id)"
                " insert into enrichment_status (track_id, status, error_message) select id, 'failed', %s from made",
                (title[:500], f"{n}", json.dumps({"original_data": {"label": LABEL if n > 3 else None}}), LABEL),
            )
        con.execute("insert into artists (name, normalized_name) values (%s, 'x')", (NAME,))
    rows = [(f"s{s}{STEERING}", p, NAME, None if p == 3 else f"{NAME[:200]}{p}", f"{p}{TITLE} [{LABEL[:90]}]", LABEL)
            for s in range(4) for p in range(1, 7)]  # fmt: skip
    frame = pl.DataFrame(rows, schema=["set_id", "position", "dj", "artist", "title", "label"], orient="row")
    frame.write_csv("hostile.csv")
    frame.with_columns(position=pl.lit(STEERING + "p" * 5000), set_id=pl.lit(LABEL)).write_csv("bad.csv")
    return database


def _printed(words, capfd, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["enrich", *words])
    with pytest.raises(SystemExit):
        main()
    return capfd.readouterr()


@pytest.mark.slow
def test_nothing_hostile_is_printed_and_nothing_is_lost(hostile, capfd, monkeypatch):
    ids = {"RUN": "nothing"}
    for words in COMMANDS:
        for more in ([],) if words[0] in LONGER else ([], ["--json"]):
            out, err = _printed([ids.get(word, word) for word in words] + more, capfd, monkeypatch)
            said = " ".join(words)[:60]
            assert not LOOSE.search(out + err), (said, LOOSE.search(out + err))
            assert "Traceback" not in err, said
            lines = err.splitlines() if more else [*out.splitlines(), *err.splitlines()]
            assert max(map(len, lines), default=0) <= LINE + 8 * 20, said
            assert not more or not out or json.loads(out), said
            values = re.findall(r"ж+|L+", "\n".join(lines))
            assert max(map(len, values), default=0) <= VALUE, (said, max(values, key=len))
        if words == ["proposals"]:
            found = json.loads(_printed(["proposals", "--json", "--limit", "1"], capfd, monkeypatch).out)["proposals"]
            ids["ID"] = found[0]["proposal_id"]
            assert LONG in found[0]["title"], "JSON has the whole value"


@pytest.mark.parametrize(
    ("value", "most", "wanted"),
    [(None, 5, ""), ("a\n b\tc", 9, "a b c"), ("abcdef", 6, "abcdef"), ("abcdefg", 6, "abcde…"), (1234567, 4, "123…")],
)
def test_short(value, most, wanted):
    assert short(value, most) == wanted


def test_what_steers_is_spelled_out():
    assert visible("a\x1b[1mb\u202ec\td\ne\ud800") == "a\\u001b[1mb\\u202ec\td\ne\\ud800"
