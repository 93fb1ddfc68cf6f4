"""Small real cases that people reported or keep, with their right values: each stands for a kind."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from enrich.database.connection import connect
from enrich.errors import InputFileError
from enrich.frames.files import read_table, with_known_names
from enrich.importing.running import import_
from enrich.settings import Settings
from enrich.text.titles import parse_titles
from enrich.text.words import is_unknown_artist, is_unknown_title
from enrich.tracklists.reading import read_tracklists
from tests.importing.test_importing import NOW, _query

pytestmark = pytest.mark.shared


def _cases(shared_data: Path, kind: str) -> list[dict[str, Any]]:
    cases = json.loads((shared_data / "public_cases.json").read_text(encoding="utf-8"))
    return [case for case in cases if case["kind"] == kind]


def _put(folder: Path, given: dict[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / given["name"]
    data = base64.b64decode(given["base64"]) if "base64" in given else given["text"].encode()
    path.write_bytes(data)
    return path


def _blank(values: list[str | None], rule: Any) -> list[str | None]:
    column = pl.DataFrame({"x": values}, schema={"x": pl.String})
    return column.select(pl.when(~rule(pl.col("x"))).then("x")).to_series().to_list()


def _file_faults(case: dict[str, Any], folder: Path) -> list[str]:
    expected = case["expected"]
    try:
        slots = read_tracklists(_put(folder, case["input"])).slots
    except InputFileError as error:
        return [] if expected.get("refused") else [f"refused: {error}"]
    got = [
        list(pair)
        for pair in zip(
            _blank(slots["artist"].to_list(), is_unknown_artist), _blank(slots["title"].to_list(), is_unknown_title),
            strict=True,
        )
    ]  # fmt: skip
    if got not in (expected["slots"], expected.get("or_slots")):
        return [f"slots {got}"]
    faults = []
    for name in ("cue_seconds", "label", "catalog_number", "set_date", "dj"):
        if name not in expected:
            continue
        want = expected[name]
        have = slots[name].cast(pl.String).to_list() if name == "set_date" else slots[name].to_list()
        allowed = want["any"] if isinstance(want, dict) else [want]
        if not any(have == (one if isinstance(one, list) else [one] * slots.height) for one in allowed):
            faults.append(f"{name} {have}")
    return faults


def test_files(shared_data: Path, tmp_path: Path) -> None:
    wrong = {case["id"]: f for case in _cases(shared_data, "file") if (f := _file_faults(case, tmp_path / case["id"]))}
    assert wrong == {}


def test_imports(shared_data: Path, tmp_path: Path, database: Settings) -> None:
    wrong: dict[str, Any] = {}
    for case in _cases(shared_data, "import"):
        with_tables = "setlist_tracks, setlists, track_artists, enrichment_status, tracks, performers, artists"

        with connect(database, autocommit=True) as con:
            con.execute(f"truncate {with_tables} cascade")
        for i, step in enumerate(case["input"]["steps"]):
            done = import_([_put(tmp_path / case["id"] / str(i), file) for file in step], settings=database, now=NOW)
        expected = case["expected"]
        if expected.get("or_told") and "named" in done.changes["relation"]:
            continue
        plays = _query(
            database,
            """select string_agg(a.name, ' & ' order by c.position), t.title from setlist_tracks p
            join setlists s on s.id = p.setlist_id join tracks t on t.id = p.track_id
            left join track_artists c on c.track_id = t.id and c.role = 'primary'
            left join artists a on a.id = c.artist_id
            group by s.id, s.source_id, s.created_at, p.position, t.title order by s.source_id, p.position""",
        )
        artists = {row[0] for row in _query(database, "select name from artists")}
        if "plays" in expected and [list(row) for row in plays] != expected["plays"]:
            wrong[case["id"]] = plays
        if "sets" in expected and _query(database, "select count(*) from setlists") != [(expected["sets"],)]:
            wrong[case["id"]] = "sets"
        if set(expected.get("no_artists", [])) & artists or set(expected.get("artists", [])) - artists:
            wrong[case["id"]] = artists
    assert wrong == {}


def test_tables(shared_data: Path, tmp_path: Path) -> None:
    for case in _cases(shared_data, "table"):
        table = with_known_names(read_table(_put(tmp_path / case["id"], case["input"])), ["title", "artist"])
        said = parse_titles(table["title"], artists=table["artist"])
        rows = said.select("artist", "label").with_columns(title=table["title"]).to_dicts()
        for row, want in zip(rows, case["expected"]["rows"], strict=True):
            assert {name: row[name] for name in want} == want, case["id"]
