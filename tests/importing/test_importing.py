"""Tracklists into a real Postgres: who is credited, which slots are one track, what importing again adds (nothing)."""

from __future__ import annotations

import csv
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from enrich.cli.app import build_app
from enrich.database.connection import connect
from enrich.errors import DatabaseError, InputFileError
from enrich.importing import running
from enrich.importing.running import import_
from enrich.settings import Settings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TABLES = (
    "artists", "performers", "tracks", "track_artists", "setlists", "setlist_tracks", "enrichment_status", "albums",
    "album_tracks", "playlists", "playlist_tracks",
)  # fmt: skip

SLOTS = [
    {"set_id": "s1", "position": 1, "artist": "Alpha Kid feat. Zoë", "title": "Night Signal (Beta Remix)",
     "label": "Deepwell"},
    {"set_id": "s1", "position": 2, "artist": "Gamma & Delta", "title": "Harbour", "label": "White"},
    {"set_id": "s1", "position": 4, "artist": None, "title": "ID", "label": "Deepwell"},
    {"set_id": "s1", "position": 5, "artist": "Alpha Kid", "title": "ID"},
    {"set_id": "s1", "position": 6, "artist": "ID", "title": "Working Name (Working Title)", "track_key": "k9"},
    {"set_id": "s1", "position": 7, "artist": "A vs. B", "title": "T1 vs. T2 (X Mashup)", "layered": True,
     "cue_seconds": 1800},
    {"set_id": "s2", "position": 1, "artist": "DELTA & Gamma", "title": "harbour", "label": "Low Tide"},
    {"set_id": "s2", "position": 2, "artist": None, "title": "ID"},
    {"set_id": "s2", "position": 3, "artist": None, "title": "ID", "track_key": "k9"},
]  # fmt: skip


def _file(folder: Path, rows: list[dict[str, Any]], name: str = "sets.jsonl") -> Path:
    heads = {
        "s1": {"dj": "Alpha Kid", "set_name": "Harbour Nights", "set_date": "2024-03-15"},
        "s2": {"dj": "Mira Sol"},
    }
    path = folder / name
    path.write_text("\n".join(json.dumps({**heads.get(row["set_id"], {}), **row}) for row in rows), encoding="utf-8")
    return path


def _query(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with connect(settings, autocommit=True) as con:
        return con.execute(query).fetchall()  # type: ignore[arg-type]


def _dump(settings: Settings) -> dict[str, list[str]]:
    return {
        table: [row[0] for row in _query(settings, f"select t::text from {table} t order by 1")] for table in TABLES
    }


def _tracks(settings: Settings) -> list[tuple[Any, ...]]:
    return _query(
        settings,
        """select s.source_id, p.position, t.title, p.is_id, p.id_text,
            (select array_agg(a.name || ':' || c.role order by c.role desc, c.position) from track_artists c
             join artists a on a.id = c.artist_id where c.track_id = t.id),
            t.metadata->'original_data'->>'label', e.status
        from setlist_tracks p join setlists s on s.id = p.setlist_id
        left join tracks t on t.id = p.track_id left join enrichment_status e on e.track_id = t.id
        order by 1, 2""",
    )


def test_slots_become_tracks_credits_and_plays(database: Settings, tmp_path: Path) -> None:
    result = import_(_file(tmp_path, SLOTS), settings=database, now=NOW)

    assert _tracks(database) == [
        ("s1", 1, "Night Signal (Beta Remix)", False, None,
         ["Beta:remixer", "Alpha Kid:primary", "Zoë:featured"], "Deepwell", "completed"),
        ("s1", 2, "Harbour", False, None, ["Gamma:primary", "Delta:primary"], "Low Tide", "completed"),
        ("s1", 4, "ID", True, "ID - ID", None, "Deepwell", "pending"),
        ("s1", 5, "ID", True, "Alpha Kid - ID", ["Alpha Kid:primary"], None, "partial"),
        ("s1", 6, "Working Name (Working Title)", True, "ID - Working Name (Working Title)", None, None, "pending"),
        ("s1", 7, "T1 vs. T2 (X Mashup)", False, None, ["X:remixer", "A:primary", "B:primary"], None, "partial"),
        ("s2", 1, "Harbour", False, None, ["Gamma:primary", "Delta:primary"], "Low Tide", "completed"),
        ("s2", 2, "ID", True, "ID - ID", None, None, "pending"),
        ("s2", 3, "Working Name (Working Title)", True, "ID - ID", None, None, "pending"),
    ]  # fmt: skip
    assert (result.slots, result.sets, result.plays, result.tracks) == (9, 2, 9, 7)
    assert (result.unknown_slots, result.id_slots, result.already_there, result.bad_rows) == (4, 5, 0, 0)
    assert result.artists == len(_query(database, "select 1 from artists"))


def test_sets_djs_and_details(database: Settings, tmp_path: Path) -> None:
    import_(_file(tmp_path, SLOTS), settings=database, now=NOW)

    assert _query(
        database,
        """select s.source, s.source_id, s.set_date, s.metadata->>'name', p.name, a.name
        from setlists s join performers p on p.id = s.performer_id left join artists a on a.id = p.artist_id
        order by 2""",
    ) == [
        ("tracklists", "s1", datetime(2024, 3, 15, tzinfo=UTC), "Harbour Nights", "Alpha Kid", "Alpha Kid"),
        ("tracklists", "s2", None, None, "Mira Sol", None),
    ]
    ((notes,),) = _query(database, "select notes from setlist_tracks where notes like '%cue%'")
    assert json.loads(notes) == {"layered": True, "cue_seconds": 1800}
    assert _query(database, "select is_mashup, mashup_components from tracks where title like 'T1%'") == [
        (True, ["A - T1", "B - T2"])
    ]
    assert _query(database, "select metadata->'original_data'->>'label_note' from tracks where title = 'Harbour'") == [
        ("White",)
    ]
    assert _query(database, "select is_remix from tracks where title like 'Night%'") == [(True,)]
    assert _query(database, "select distinct created_at from tracks") == [(NOW,)]


def test_importing_again_changes_nothing(database: Settings, tmp_path: Path) -> None:
    a = _file(tmp_path, SLOTS[:6], "a.jsonl")
    b = _file(tmp_path, [*SLOTS[6:], {**SLOTS[0], "artist": "Somebody Else", "label": "Other"}], "b.jsonl")
    import_([a, b], settings=database, now=NOW)
    before = _dump(database)

    for again in ([a, b], [b, a], [a], [b], [b, b]):
        result = import_(again, settings=database, now=datetime(2026, 4, 1, tzinfo=UTC))
        assert (result.plays, result.tracks, result.artists, result.sets) == (0, 0, 0, 0)
        assert result.already_there == result.slots

    assert _dump(database) == before


def test_half_an_import_and_then_the_whole_is_the_whole(
    database: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half, whole = _file(tmp_path, SLOTS[:4], "half.jsonl"), _file(tmp_path, SLOTS, "whole.jsonl")

    def breaks(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        # Everything is written and the transaction not yet ended.
        patch.setattr(running, "_transact", _after(running._transact, breaks))
        with pytest.raises(KeyboardInterrupt):
            import_(whole, settings=database, now=NOW)
    assert all(not rows for rows in _dump(database).values())

    import_(half, settings=database, now=NOW)
    result = import_(whole, settings=database, now=NOW)

    assert (result.plays, result.already_there) == (5, 4)
    assert len(_query(database, "select 1 from tracks")) == 7
    assert [row[:2] for row in _tracks(database)] == [(row["set_id"], row["position"]) for row in SLOTS]


def _after(first: Any, then: Any) -> Any:
    def both(*args: Any, **kwargs: Any) -> Any:
        first(*args, **kwargs)
        return then()

    return both


def test_two_imports_at_once_do_not_double(database: Settings, tmp_path: Path) -> None:
    path = _file(tmp_path, SLOTS)
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(lambda _: import_(path, settings=database, now=NOW), range(3)))

    assert sorted(result.plays for result in results) == [0, 0, 9]
    assert len(_query(database, "select 1 from tracks")) == 7
    assert len(_query(database, "select 1 from setlist_tracks")) == 9


def test_artists_and_tracks_that_are_there_are_met_again(database: Settings, tmp_path: Path) -> None:
    with connect(database, autocommit=True) as con:
        con.execute(
            """insert into artists (name, normalized_name, aliases) values
            ('Gamma', 'GAMMA (own convention)', null), ('Delta Force', 'delta force', '{Delta, "The Delta"}'),
            ('Sol, Mira', 'sol-mira', '{Mira Sol}')"""
        )
        con.execute(
            """with t as (insert into tracks (title, normalized_title, metadata)
                values ('HARBOUR', 'x', 'null') returning id)
            insert into track_artists select t.id, a.id, 'primary', 0 from t, artists a where name <> 'Sol, Mira'"""
        )
        con.execute("insert into enrichment_status (track_id, status, retry_count) select id, 'failed', 3 from tracks")

    result = import_(_file(tmp_path, SLOTS), settings=database, now=NOW)

    harbour = _query(
        database,
        """select count(distinct t.id), count(*), min(t.metadata->'original_data'->>'label'), min(e.status)
        from tracks t join setlist_tracks p on p.track_id = t.id join enrichment_status e on e.track_id = t.id
        where lower(title) = 'harbour'""",
    )
    assert harbour == [(1, 2, "Low Tide", "failed")]
    assert result.labels_filled == 1
    assert result.tracks == 6
    assert _query(database, "select count(*) from artists where name in ('Delta', 'DELTA', 'Gamma', 'Mira Sol')") == [
        (1,)
    ]
    assert _query(
        database, "select a.name from performers p join artists a on a.id = p.artist_id where p.name = 'Mira Sol'"
    ) == [("Sol, Mira",)]


def test_a_dj_is_linked_when_the_artist_comes_later(database: Settings, tmp_path: Path) -> None:
    import_(_file(tmp_path, SLOTS), settings=database, now=NOW)
    later = {"set_id": "s2", "position": 30, "artist": "MIRA SOL & Alpha Kid", "title": "Tide"}
    import_(_file(tmp_path, [later], "later.jsonl"), settings=database, now=NOW)

    linked = "select a.name from performers p join artists a on a.id = p.artist_id where p.name = 'Mira Sol'"
    assert _query(database, linked) == [("MIRA SOL",)]


def test_a_label_that_is_there_stays(database: Settings, tmp_path: Path) -> None:
    row = {"set_id": "s1", "position": 1, "artist": "Gamma", "title": "Sea"}
    import_(_file(tmp_path, [row], "a.jsonl"), settings=database, now=NOW)
    filled = import_(_file(tmp_path, [{**row, "label": "First"}], "b.jsonl"), settings=database, now=NOW)
    kept = import_(_file(tmp_path, [{**row, "set_id": "s2", "label": "Second"}], "c.jsonl"), settings=database, now=NOW)

    assert (filled.labels_filled, kept.labels_filled) == (1, 0)
    assert [(row[6], row[7]) for row in _tracks(database)] == [("First", "completed")] * 2


def test_a_label_column_of_its_own_is_written_too(database: Settings, tmp_path: Path) -> None:
    with connect(database, autocommit=True) as con:
        con.execute("alter table tracks add column label varchar(255)")
    bare = {"set_id": "s2", "position": 9, "artist": "Eta", "title": "Foam"}
    import_(_file(tmp_path, [*SLOTS, bare]), settings=database, now=NOW)
    import_(_file(tmp_path, [{**bare, "label": "L" * 300}], "more.jsonl"), settings=database, now=NOW)

    rows = _query(
        database, "select title, label, metadata->'original_data'->>'label' from tracks where label is not null"
    )
    assert sorted(rows) == [
        ("Foam", "L" * 255, "L" * 300),
        ("Harbour", "Low Tide", "Low Tide"),
        ("ID", "Deepwell", "Deepwell"),
        ("Night Signal (Beta Remix)", "Deepwell", "Deepwell"),
    ]


def test_components_with_their_own_label_become_tracks(database: Settings, tmp_path: Path) -> None:
    page = {
        "id": "m1",
        "dj": "Mira Sol",
        "tracks": [
            {"artist": "A & B", "title": "T1 vs. T2", "components": [
                {"type": "mashup_component", "track": {"track_name": "T1", "artist": "A", "label": "One"}},
                {"type": "mashup_component", "track": {"track_name": "ID", "artist": "B"}}]},
        ],
    }  # fmt: skip
    path = tmp_path / "set.json"
    path.write_text(json.dumps(page))
    result = import_(path, settings=database, now=NOW)

    assert _query(
        database, "select title, mashup_components, metadata->'original_data'->>'label' from tracks order by 1"
    ) == [("T1", None, "One"), ("T1 vs. T2", ["A - T1", "B - ID"], None)]
    assert result.plays == 1


def test_hostile_and_long_texts_land(database: Settings, tmp_path: Path) -> None:
    long_title, long_name = "long " * 2000 + "end", "N" * 400
    rows = [
        {
            "set_id": "s1",
            "position": 1,
            "artist": 'O\'Neil "Q" \\N',
            "title": "a\x00b \\. \t 🎛️ ; drop table tracks; --",
        },
        {"set_id": "s1", "position": 2, "artist": long_name, "title": long_title},
        {"set_id": "s1", "position": 3, "artist": "", "title": "", "label": ""},
        {"set_id": "s1", "position": 4, "artist": "!!!", "title": "$"},
    ]  # fmt: skip
    path = _file(tmp_path, [{**row, "set_date": "0001-01-01"} for row in rows])
    result = import_(path, settings=database, now=NOW)
    again = import_(path, settings=database, now=NOW)

    assert (result.plays, again.plays, again.tracks) == (4, 0, 0)
    stored = {row[1]: row for row in _tracks(database)}
    assert stored[1][2] == "ab \\. 🎛️ ; drop table tracks; --"
    assert stored[1][5] == ['O\'Neil "Q" \\N:primary']
    assert stored[2][2] == long_title[:500]
    assert stored[3][2:5] == ("ID", True, "ID - ID")
    assert _query(
        database,
        "select t.metadata->'original_data'->>'title', a.name, a.metadata->>'full_name' from tracks t "
        "join track_artists c on c.track_id = t.id join artists a on a.id = c.artist_id where t.title like 'long%'",
    ) == [(long_title, "N" * 255, long_name)]
    assert {"NUL characters taken out"} < set(result.warnings["reason"])
    assert result.warnings["reason"].str.contains("implausible").sum() == 4


def test_bad_rows_are_reported_and_set_aside_harmless(database: Settings, tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    path.write_text('set_id,position,artist\ns1,1,Alpha Kid\n=cmd|calc,nine,"=1+1"\ns1,1,Beta\ns1\n')
    result = import_(path, settings=database, now=NOW)
    again = import_(path, settings=database, now=NOW)

    assert (result.plays, result.bad_rows) == (1, 3)
    assert result.bad["line"].to_list() == [3, 4, 5]
    assert result.rejected == again.rejected
    (rejected,) = result.rejected
    assert rejected.parent == database.data_dir / "rejected"
    assert rejected.name.startswith("mixed-")
    with rejected.open(newline="", encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["line"] for row in rows] == ["3", "4", "5"]
    assert "=cmd|calc,nine" in rows[0]["raw"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_a_database_without_its_tables_is_one_clear_line(blank_database: Settings, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError) as caught:
        import_(_file(tmp_path, SLOTS), settings=blank_database, now=NOW)
    assert "\n" not in str(caught.value)
    assert "enrich db migrate" in str(caught.value)


def test_without_enrichment_status_nothing_lands(database: Settings, tmp_path: Path) -> None:
    with connect(database, autocommit=True) as con:
        con.execute("drop table enrichment_status cascade")
    with pytest.raises(DatabaseError, match="enrichment_status"):
        import_(_file(tmp_path, SLOTS), settings=database, now=NOW)
    assert _query(database, "select 1 from tracks") == []


def test_the_command(database: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert database.database_url is not None
    monkeypatch.setenv("ENRICH_DATABASE_URL", database.database_url.get_secret_value())
    monkeypatch.setenv("ENRICH_DATA_DIR", str(database.data_dir))
    path = tmp_path / "mixed.csv"
    path.write_text("set_id,position,artist,title\ns1,1,Alpha Kid,Night Signal\ns1,x,B,C\n")

    done = CliRunner().invoke(build_app(), ["import", str(path), "--json"])

    assert done.exit_code == 0
    figures = json.loads(done.stdout)
    assert (figures["plays"], figures["bad_rows"]) == (1, 1)
    assert figures["bad"][0]["line"] == 3
    assert f"{path}:3: position x" in done.stderr
    assert figures["rejected"][0] in done.stderr


def test_the_command_with_nothing_usable(database: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert database.database_url is not None
    monkeypatch.setenv("ENRICH_DATABASE_URL", database.database_url.get_secret_value())
    monkeypatch.setenv("ENRICH_DATA_DIR", str(database.data_dir))
    for name, content in (("empty.csv", ""), ("bad.csv", "set_id,position\n,1\n")):
        (tmp_path / name).write_text(content)
        done = CliRunner().invoke(build_app(), ["import", str(tmp_path / name)])
        assert done.exit_code != 0
        assert isinstance(done.exception, InputFileError)


@pytest.mark.shared
def test_real_tracklists_slot_by_slot(database: Settings, shared_data: Path, tmp_path: Path) -> None:
    table = pl.read_parquet(shared_data / "tracklists.parquet")
    chosen = table["set_id"].unique().sort().sample(500, seed=11)
    real = table.filter(pl.col("set_id").is_in(chosen.implode()))
    real.write_parquet(tmp_path / "real.parquet")
    result = import_(tmp_path / "real.parquet", settings=database, now=NOW)
    before = _dump(database)
    again = import_(tmp_path / "real.parquet", settings=database, now=NOW)

    assert result.plays == result.slots == real.height
    assert (again.plays, again.tracks, again.labels_filled) == (0, 0, 0)
    assert _dump(database) == before
    landed = _query(
        database,
        """select count(*), count(track_id), count(*) filter (where is_id) from setlist_tracks""",
    )
    assert landed == [(real.height, real.height, result.id_slots)]
    # Who nobody knows stays nobody, slot by slot; who is named is credited.
    unknown = _query(
        database,
        """select count(*) from setlist_tracks p where not exists
        (select from track_artists c where c.track_id = p.track_id and c.role = 'primary')""",
    )
    assert unknown == [(result.unknown_slots,)]
    assert result.unknown_slots >= real.filter(pl.col("artist").is_null()).height
    assert _query(
        database,
        "select count(*) from enrichment_status e join tracks t on t.id = e.track_id "
        "where e.status = 'completed' and coalesce(t.metadata->'original_data'->>'label', '') = ''",
    ) == [(0,)]
