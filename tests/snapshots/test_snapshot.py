"""Snapshots of real Postgres databases: truth by comparing with Postgres itself, and what happens when things break."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl
import psycopg
import pytest
from psycopg.types.json import Jsonb

from enrich.database import server
from enrich.database.connection import connect
from enrich.database.migrations import available, migrate
from enrich.errors import DatabaseError, SnapshotError
from enrich.frames.schemas import TRACKLISTS
from enrich.settings import Settings
from enrich.snapshots.opening import FORMAT, latest, open_snapshot, snapshots_folder
from enrich.snapshots.reading import STAGED
from enrich.snapshots.taking import snapshot

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)


def _track(con: psycopg.Connection, title: str, metadata: object = None, **columns: object) -> str:
    row = con.execute(
        "insert into tracks (title, normalized_title, metadata) values (%s, lower(%s), %s) returning id::text",
        [title, title, Jsonb(metadata) if metadata is not None else None],
    ).fetchone()
    assert row is not None
    for column, value in columns.items():
        con.execute(f"update tracks set {column} = %s where id = %s", [value, row[0]])
    return str(row[0])


def _artist(con: psycopg.Connection, name: str, *tracks: str, role: str = "primary") -> str:
    row = con.execute(
        "insert into artists (name, normalized_name) values (%s, lower(%s)) returning id::text", [name, name]
    ).fetchone()
    assert row is not None
    for track in tracks:
        con.execute("insert into track_artists values (%s, %s, %s, 0)", [track, row[0], role])
    return str(row[0])


def _setlist(con: psycopg.Connection, dj: str | None, date: str | None, source: str, tracks: list[str | None]) -> str:
    performer = con.execute(
        "insert into performers (name, normalized_name) values (%s, lower(%s)) "
        "on conflict (normalized_name) do update set name = excluded.name returning id",
        [dj, dj],
    ).fetchone() if dj else (None,)  # fmt: skip
    assert performer is not None
    row = con.execute(
        "insert into setlists (performer_id, set_date, source, source_id, metadata) "
        'values (%s, %s, %s, gen_random_uuid()::text, \'{"name": "ABGT 500"}\') returning id::text',
        [performer[0], date, source],
    ).fetchone()
    assert row is not None
    for position, track in enumerate(tracks, 1):
        con.execute(
            "insert into setlist_tracks (setlist_id, track_id, position, is_id, id_text) values (%s, %s, %s, %s, %s)",
            [row[0], track, position * 2, track is None, None if track else "Spencer Brown - ID"],
        )
    return str(row[0])


def test_values_are_those_of_postgres(database: Settings):
    with connect(database) as con:
        con.execute(
            "alter table tracks add column label varchar(255), add column search tsvector, add column mood text[]"
        )
        con.execute(
            """insert into tracks (title, normalized_title, bpm, release_date, metadata, mood, search, created_at)
               select 'Track ' || n || ' “é🎛”', 'track ' || n, n % 200 + 0.25,
                   (array['0001-01-01', 'infinity', '-infinity', '2024-02-29', null])[1 + n % 5]::date,
                   jsonb_build_object('n', n, 'deep', jsonb_build_array(n, null)), array['a', null, n::text],
                   to_tsvector('simple', 'word ' || n),
                   (array['0001-01-01 00:00:00.000001+00', 'infinity', '-infinity', '2024-02-29 12:00+02'])[1 + n % 4]
                       ::timestamptz
               from generate_series(1, 2500) n"""
        )
    path = snapshot(database, now=NOW)

    with connect(database) as con, open_snapshot(path) as snap:
        for table in STAGED:
            counted = con.execute(f"select count(*) from {table}").fetchone()
            assert counted == (snap.manifest.rows[f"raw.{table}"],)
        truth = con.execute(
            """select id::text, title, bpm::text, release_date::text, metadata::text::jsonb ->> 'n', mood[3],
                   array_length(mood, 1), search::text, to_char(created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US'),
                   isfinite(created_at)
               from tracks order by id"""
        ).fetchall()
        read = snap.con.sql(
            """select id::varchar, title, bpm::varchar, release_date::varchar, metadata ->> 'n', mood[3],
                   len(mood), search,
                   case when isfinite(created_at) then strftime(created_at, '%Y-%m-%dT%H:%M:%S.%f') end,
                   isfinite(created_at)
               from raw.tracks order by id::varchar"""
        ).fetchall()
        assert [row[:8] for row in read] == [row[:8] for row in truth]
        assert [(a if f else None, f) for *_, a, f in truth] == [row[8:] for row in read]
        types = dict(snap.con.sql("select column_name, data_type from information_schema.columns "
                                  "where table_schema = 'raw' and table_name = 'tracks'").fetchall())  # fmt: skip
        assert types["id"] == "UUID"
        assert types["metadata"] == "JSON"
        assert types["bpm"] == "DECIMAL(6,2)"
        assert types["created_at"] == "TIMESTAMP WITH TIME ZONE"
        assert types["mood"] == "VARCHAR[]"
        assert snap.frame("tracks").height == 2500


def test_the_label_is_read_from_its_three_places_and_non_labels_are_none(database: Settings):
    with connect(database) as con:
        con.execute("alter table tracks add column label varchar(255)")
        cases = [
            (_track(con, "1", {"original_data": {"label": " Anjunabeats "}, "label": "B"}, label="C"), "Anjunabeats"),
            (_track(con, "2", {"original_data": {"label": "White"}}, label="Bedrock"), "Bedrock"),
            (_track(con, "3", {"original_data": None, "label": "Black Hole Recordings"}), "Black Hole Recordings"),
            (_track(con, "4", {}), None),
            (_track(con, "5"), None),
            (_track(con, "6", {"original_data": {"label": None}, "label": ["x"]}), None),
            (_track(con, "7", {"label": "Live @ Space, Ibiza"}, label="CDR"), None),
            (_track(con, "8", {"label": "Original Mix"}, label="Label Unknown"), None),
            (_track(con, "9", [1, 2], label="Blackhole"), "Blackhole"),
            (_track(con, "10", {"label": "Blackhole"}), "Blackhole"),
            (_track(con, "11", {"original_data": "text"}, label=""), None),
        ]  # fmt: skip
    with open_snapshot(snapshot(database, now=NOW)) as snap:
        got = dict(snap.frame("tracks").select("track_id", "label").iter_rows())
        assert got == dict(cases)
        labels = {key: (label, tracks) for key, label, tracks in snap.frame("labels").iter_rows()}
        assert labels["blackhole"] == ("Blackhole", 3)
        assert set(labels) == {"anjunabeats", "bedrock", "blackhole"}


def test_titles_artists_and_states_in_the_tracks_mart(database: Settings):
    with connect(database) as con:
        known = _track(con, "Frozen Ground (Extended Mix) [Anjunabeats]")
        mashup = _track(con, "x", mashup_components=Jsonb(["A - B", "C - D"]))
        lost = _track(con, "ID")
        nobody = _track(con, "Something")
        _artist(con, "Ilan Bluestone", known)
        _artist(con, "Spencer Brown", known)
        _artist(con, "Unknown Artist", nobody)
        _artist(con, "Guest", lost, role="featured")
        con.execute(
            """insert into enrichment_status (track_id, status, retry_count, error_message, is_retriable) values
               (%s, 'completed', 0, null, null), (%s, 'failed', 5, 'Read timed out', null),
               (%s, 'failed', 1, 'no match found', null), (%s, 'failed', 1, 'no match found', true)""",
            [known, mashup, lost, nobody],
        )
    with open_snapshot(snapshot(database, now=NOW)) as snap:
        rows = {row["track_id"]: row for row in snap.frame("tracks").iter_rows(named=True)}
    assert rows[known]["artist"] == "Ilan Bluestone & Spencer Brown"
    assert rows[known]["base_title"] == "Frozen Ground"
    assert rows[known]["base_key"] == "frozen ground"
    assert rows[known]["version_class"] == "extended"
    assert rows[known]["title_label"] == "Anjunabeats"
    assert (rows[known]["is_known_artist"], rows[known]["is_failed"]) == (True, False)
    assert rows[mashup]["components"] == ["A - B", "C - D"]
    assert (rows[mashup]["is_permanently_failed"], rows[mashup]["is_retriable"]) == (True, True)
    assert (rows[lost]["is_known_title"], rows[lost]["is_known_artist"], rows[lost]["is_retriable"]) == (False,) * 3
    assert (rows[nobody]["is_known_artist"], rows[nobody]["is_retriable"]) == (False, True)


def test_a_set_imported_from_two_sources_counts_once_and_the_fuller_one_stays(database: Settings):
    with connect(database) as con:
        tracks = [_track(con, f"Track {n}") for n in "abcdef"]
        for n, track in enumerate(tracks):
            _artist(con, f"Producer {n}", track)
        short = _setlist(con, "Above & Beyond", "2023-10-28 22:00+00", "mixesdb", [*tracks[:4], None])
        full = _setlist(con, "Above and Beyond", "2023-10-28", "1001tracklists", [None, *tracks])
        other_day = _setlist(con, "Above & Beyond", "2023-10-29", "mixesdb", [*tracks[:4]])
        same_source = _setlist(con, "Above & Beyond", "2023-10-28", "1001tracklists", [*tracks[4:], *tracks[:1]])
        undated = _setlist(con, None, None, "mixesdb", [*tracks[:4]])
        con.execute("insert into playlists (name, source, curator) values ('ABGT 500', 'scraped', 'Above & Beyond')")
        con.execute("insert into playlist_tracks select id, %s, null from playlists", [tracks[0]])
    with open_snapshot(snapshot(database, now=NOW)) as snap:
        sets = snap.frame("sets")
        assert dict(sets.filter(pl.col("duplicate_of").is_not_null()).select("set_id", "duplicate_of").iter_rows()) == {
            short: full
        }
        slots = snap.frame("tracklists")
        assert slots.schema == TRACKLISTS
        assert set(slots["set_id"]) - {full, other_day, same_source, undated} == set(
            sets.filter(pl.col("source") == "scraped")["set_id"]
        )
        unknown = slots.filter(pl.col("set_id") == full, pl.col("is_id")).row(0, named=True)
        assert unknown["track_key"] == f"{full}#2"
        assert (unknown["artist"], unknown["title"], unknown["position"]) == ("Spencer Brown", "ID", 2)
        assert slots["set_name"].unique().to_list() == ["ABGT 500"]
        plays = dict(snap.frame("tracks").select("track_id", "plays").iter_rows())
        assert plays[tracks[0]] == 5


def test_an_installation_without_the_optional_parts(blank_database: Settings):
    with connect(blank_database) as con:
        con.execute(
            """create table artists (id uuid primary key, name varchar(255) not null);
               create table tracks (id uuid primary key, title varchar(500) not null);
               create table track_artists (track_id uuid, artist_id uuid);
               create table enrichment_status (track_id uuid, status varchar(20));
               insert into tracks values (gen_random_uuid(), 'Frozen Ground [Anjunabeats]');
               insert into enrichment_status select id, 'failed' from tracks"""
        )
    with open_snapshot(snapshot(blank_database, now=NOW)) as snap:
        row = snap.frame("tracks").row(0, named=True)
        assert (row["title_label"], row["is_failed"], row["label"], row["plays"]) == ("Anjunabeats", True, None, 0)
        assert snap.manifest.schema_version is None
        assert "raw.playlists" not in snap.manifest.rows


def test_a_missing_table_is_one_line(database: Settings):
    with connect(database) as con:
        con.execute("drop table enrichment_status cascade")
    with pytest.raises(DatabaseError, match="no table enrichment_status in search_path") as caught:
        snapshot(database, now=NOW)
    assert "\n" not in str(caught.value)
    assert latest(snapshots_folder(database)) is None


def test_a_table_that_may_not_be_read_is_named(database: Settings, embedded_server: str):
    assert database.database_url is not None
    with psycopg.connect(database.database_url.get_secret_value().replace("musicdb_user", "postgres")) as con:
        con.execute("alter table musicdb.performers owner to postgres")
        con.execute("revoke all on musicdb.performers from musicdb_user")
    with pytest.raises(DatabaseError, match=r"reading musicdb.performers: permission denied .* grant"):
        snapshot(database, now=NOW)


def test_writers_do_not_disturb_a_snapshot_under_way(database: Settings):
    with connect(database) as con:
        first = _track(con, "before")
        con.execute("insert into enrichment_status (track_id, status) values (%s, 'failed')", [first])

    def meanwhile(table: str, rows: int) -> None:
        if table == "tracks":
            with connect(database) as con:
                con.execute("delete from enrichment_status")
                _track(con, "meanwhile")

    with open_snapshot(snapshot(database, now=NOW, progress=meanwhile)) as snap:
        assert snap.frame("tracks").select("title", "status").rows() == [("before", "failed")]


@pytest.fixture
def own_server(tmp_path: Path):
    settings = Settings(_env_file=None, database_url=None, data_dir=tmp_path / "data")
    migrate(settings)
    yield settings
    server.stop(settings)


def test_a_server_that_ends_half_way_leaves_the_former_snapshot(own_server: Settings):
    former = snapshot(own_server, now=NOW)

    def end_it(table: str, rows: int) -> None:
        if table == "artists":
            server.stop(own_server)

    with pytest.raises(DatabaseError, match="no snapshot was taken, the former one stands") as caught:
        snapshot(own_server, now=NOW, progress=end_it)

    assert "\n" not in str(caught.value)
    folder = snapshots_folder(own_server)
    assert latest(folder) == former
    assert sorted(path.name for path in folder.iterdir()) == [".lock", former.with_suffix(".duckdb").name,
                                                              former.with_suffix(".json").name, "latest"]  # fmt: skip
    again = snapshot(own_server, now=NOW)
    assert latest(folder) == again != former


def test_leftovers_of_a_crash_are_removed_and_one_second_holds_two_snapshots(database: Settings):
    folder = snapshots_folder(database)
    folder.mkdir(parents=True)
    (folder / ".taking-20200101T000000Z.duckdb").write_bytes(b"half")
    first = snapshot(database, now=NOW)
    second = snapshot(database, now=NOW)

    assert [first.name, second.name] == ["20260301T030000Z.duckdb", "20260301T030000Z-2.duckdb"]
    assert list(folder.glob(".taking*")) == []
    manifest = json.loads(second.with_suffix(".json").read_text())
    assert manifest["snapshot_id"] == "20260301T030000Z-2"
    assert manifest["schema_version"] == available()[-1].version
    with open_snapshot(settings=database) as snap:
        assert snap.path == second
        assert snap.manifest.as_dict() == manifest
        assert "0 tracks" in repr(snap)


def test_opening_says_what_is_wrong(tmp_path: Path, database: Settings):
    settings = Settings(_env_file=None, data_dir=tmp_path / "none")
    with pytest.raises(SnapshotError, match="no snapshot here yet; run `enrich snapshot`"):
        open_snapshot(settings=settings)
    with pytest.raises(SnapshotError, match="no such snapshot"):
        open_snapshot(tmp_path / "missing.duckdb")
    text = tmp_path / "text.duckdb"
    text.write_text("not a database" * 1000)
    with pytest.raises(SnapshotError, match="not a DuckDB file"):
        open_snapshot(text)
    with duckdb.connect(str(tmp_path / "other.duckdb")) as con:
        con.execute("create table t as select 1")
    with pytest.raises(SnapshotError, match="no snapshot of enrich"):
        open_snapshot(tmp_path / "other.duckdb")
    taken = snapshot(database, now=NOW)
    with duckdb.connect(str(taken)) as con:
        con.execute("update manifest set format = 0")
    with pytest.raises(SnapshotError, match="with format 0, this version reads"):
        open_snapshot(taken)
    with duckdb.connect(str(taken)) as con:
        con.execute(f"update manifest set format = {FORMAT}")
    with (
        open_snapshot(taken) as snap,
        pytest.raises(SnapshotError, match=r"no table nonsense; there are .*raw\.tracks"),
    ):
        snap.frame("nonsense")


def _foreign(path, *statements: str):
    with duckdb.connect(str(path)) as con:
        for statement in statements:
            con.execute(statement)
    return path


_MANIFEST = (
    "create table manifest as select 'x' as snapshot_id, {taken} as taken_at, 's' as server_version, 'd' as database, "
    "1 as schema_version, {rows} as rows, 'v' as duckdb_version, 'e' as enrich_version, {format} as format"
)


@pytest.mark.parametrize(
    "manifest",
    [
        "select 1",
        "create table manifest (a int)",
        "create view manifest as select * from read_csv('/etc/passwd')",
        _MANIFEST.format(taken="null::timestamptz", rows="'{}'", format=1),
        _MANIFEST.format(taken="'infinity'::timestamptz", rows="'{}'", format=1),
        _MANIFEST.format(taken="now()", rows="'[1]'", format=1),
        _MANIFEST.format(taken="now()", rows='\'{"a": "b"}\'', format=1),
        _MANIFEST.format(taken="now()", rows="repeat('[', 100000)", format=1),
        _MANIFEST.format(taken="now()", rows="'{}'", format="'new'"),
        _MANIFEST.format(taken="now()", rows="null", format=1),
    ],
)
def test_a_foreign_or_damaged_manifest_is_one_line(tmp_path, manifest):
    with pytest.raises(SnapshotError) as refused:
        open_snapshot(_foreign(tmp_path / "s.duckdb", manifest))
    assert "\n" not in str(refused.value)


def test_a_snapshot_is_data_and_does_nothing(tmp_path):
    made = _MANIFEST.format(taken="now()", rows="'{}'", format=FORMAT)
    trap = "create view tracks as select * from read_csv_auto('/etc/passwd')"
    with open_snapshot(_foreign(tmp_path / "s.duckdb", made, trap)) as found:
        statements = ["from tracks", "copy manifest to '/tmp/out.csv'", "attach '/tmp/x.duckdb'", "install httpfs",
                      "load httpfs", "set enable_external_access = true", "set lock_configuration = false"]  # fmt: skip
        for statement in statements:
            with pytest.raises(duckdb.Error):
                found.con.execute(statement)
