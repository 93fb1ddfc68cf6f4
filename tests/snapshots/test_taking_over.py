"""A snapshot takes over what did not change, equals one read whole, and old ones go."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from database_world import World

from enrich.snapshots import reading, taking
from enrich.snapshots.building import mend_marts
from enrich.snapshots.opening import latest, snapshots_folder
from enrich.snapshots.reading import mend_tables, read_catalog
from enrich.snapshots.taking import snapshot

NOW = datetime(2026, 3, 1, 3, tzinfo=UTC)
CHANGES = [
    "update tracks set title = 'Other', updated_at = '2020-01-01' where title = 'One'",
    "delete from track_artists",
    "with gone as (delete from track_artists returning *) insert into track_artists select * from gone",
    "truncate setlists cascade",
    "alter table tracks add column mood text",
    "insert into albums (title) values ('New')",
    "select 1",
]


@pytest.fixture
def world(database):
    world = World(database)
    for n, title in enumerate(("One", "Two", "Three")):
        world.track(title, artist=f"Sasha {n}", label="Bedrock")
    world.query("insert into setlists (source, source_id, set_date) values ('t', '1', now())")
    return world


def _equal(one, other, about=None):
    """Both files hold the same tables with the same rows, by EXCEPT ALL both ways; the manifest and marks aside."""
    with duckdb.connect() as con:
        con.execute(f"attach '{one}' as a (read_only); attach '{other}' as b (read_only)")
        names = {
            side: {
                tuple(row)
                for row in con.execute(
                    "select table_schema, table_name from information_schema.tables where table_catalog = ?", [side]
                ).fetchall()
            }
            for side in "ab"
        }
        assert names["a"] == names["b"]
        for schema, table in names["a"] - {("main", "manifest"), ("stored", "marks")}:
            for x, y in ("ab", "ba"):
                gone = con.execute(
                    f'select count(*) from (from {x}."{schema}"."{table}" except all from {y}."{schema}"."{table}")'
                ).fetchone()
                assert gone == (0,), (schema, table, about)


@pytest.mark.slow
def test_after_a_change_it_equals_one_read_whole(world, tmp_path):
    beside = world.settings.model_copy(update={"data_dir": tmp_path})
    snapshot(world.settings, now=NOW)
    for change in CHANGES:
        world.query(change)
        _equal(snapshot(world.settings, now=NOW), snapshot(beside, now=NOW, full=True), change)


#: What a title's bracket may be: real names, words of versions, one that no other title has.
BRACKETS = [
    "Zenith",
    "Bedrock",
    "Promo",
    "Night Mix",
    "Vol. 2",
    "Lower case",
    "X{n}",
    "Original Mix",
    "Kontor - KON {n}",
]
WORLD = """
alter table tracks add column artist_name text;
insert into artists (name, normalized_name, created_at)
select name, lower(name), '2020-01-01'::timestamptz + n * interval '1 day'
from (select n, (array['Act', 'DJ', 'The'])[1 + n %% 3] || ' ' || n as name from generate_series(1, 25) n);
insert into performers (name, normalized_name) select 'DJ P' || n, 'dj p' || n from generate_series(1, 4) n;
insert into albums (title, label, release_date)
select 'Album ' || n, 'House ' || n, '2020-01-01' from generate_series(1, 6) n;
insert into playlists (name, source, curator, metadata)
select 'L' || n, 's', 'Curator ' || n %% 2, '{"date": "2024-02-02"}'
from generate_series(1, 3) n;
insert into setlists (performer_id, set_date, source, source_id)
select p.id, '2024-01-01'::timestamptz + (n %% 3) * interval '1 day', (array['a', 'b'])[1 + n %% 2], n::text
from generate_series(1, 12) n
join (select id, row_number() over (order by name) k from performers) p on p.k = 1 + n %% 4
"""
SOME = "(select id from {0} where id is not null order by md5(id::text || {1}) limit {2})"


def _new_tracks(draw, count):
    return "".join(
        "with t as (insert into tracks (title, normalized_title, metadata, artist_name) values "
        f"('Song {draw.randrange(40)}{_bracket(draw)}', 'x', '{_metadata(draw)}', {draw.choice(written)})"
        f" returning id), e as (insert into enrichment_status (track_id, status) select id, 'failed' from t), "
        f"c as (insert into track_artists select t.id, a.id, 'primary', 0 from t, artists a where {draw.random()} < 0.8"
        f" and a.id in {SOME.format('artists', draw.randrange(999), draw.choice((1, 1, 2)))}) "
        "insert into setlist_tracks (setlist_id, track_id, position) select s.id, t.id, "
        f"1 + coalesce((select max(position) from setlist_tracks where setlist_id = s.id), 0) from t, setlists s "
        f"where s.id in {SOME.format('setlists', draw.randrange(999), 2)};"
        for written in [["null", "null", "'Act 3'", "'DJ 4'", "'Nobody Yet'"]]
        for _ in range(count)
    )


def _bracket(draw):
    text = draw.choice(BRACKETS).replace("{n}", str(draw.randrange(300)))
    return draw.choice(["", f" [{text}]", f" ({text})", f" (Extended Mix) ({text})"])


def _metadata(draw):
    return draw.choice(["{}", '{"label": "Zenith"}', f'{{"original_data": {{"label": "Kontor {draw.randrange(3)}"}}}}'])


def _change(draw):
    seed = draw.randrange(999)
    tracks, artists = (SOME.format(table, seed, draw.randrange(1, 6)) for table in ("tracks", "artists"))
    sets = SOME.format("setlists", seed, 2)
    return draw.choice([
        _new_tracks(draw, 5),
        f"update tracks set title = 'Other' || '{_bracket(draw)}' where id in {tracks}",
        f"update tracks set title = regexp_replace(title, '[\\[(].*$', '') where id in {tracks}",
        f"update tracks set metadata = '{_metadata(draw)}' where id in {tracks}",
        "update tracks set title = replace(title, '[Zenith]', '[Nadir]')",
        "update tracks set metadata = '{}' where metadata ? 'label'",
        f"delete from tracks where id in {tracks}",
        f"update artists set name = 'Renamed ' || name where id in {artists}",
        f"update artists set name = 'Unknown Artist' where id in {artists}",
        "update artists set name = 'Nobody Yet' where name = 'Act 3'",
        f"delete from track_artists where track_id in {tracks}",
        f"update enrichment_status set status = 'completed' where track_id in {tracks}",
        f"delete from enrichment_status where track_id in {tracks}",
        f"insert into album_tracks (album_id, track_id) select a.id, t.id from albums a, tracks t"
        f" where t.id in {tracks} and a.id in {SOME.format('albums', seed, 1)} on conflict do nothing",
        f"update albums set label = 'Zenith' where id in {SOME.format('albums', seed, 1)}",
        f"update setlists set set_date = set_date + interval '1 day' where id in {sets}",
        f"update performers set name = name || '!' where id in {SOME.format('performers', seed, 1)}",
        f"delete from setlists where id in {SOME.format('setlists', seed, 1)}",
        f"delete from setlist_tracks where track_id in {tracks}",
        "insert into setlist_tracks (setlist_id, track_id, position) select a.id, s.track_id, 100 + s.position"
        f" from setlists a, setlist_tracks s where a.source = 'a' and s.setlist_id in {sets} on conflict do nothing",
        f"insert into playlist_tracks (playlist_id, track_id) select p.id, t.id from playlists p, tracks t"
        f" where t.id in {tracks} on conflict do nothing",
        f"update playlists set curator = 'DJ P1' where id in {SOME.format('playlists', seed, 1)}",
        "select 1",
    ])  # fmt: skip


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in range(2, 16))])
def test_after_any_changes_a_mended_one_equals_one_read_whole(database, monkeypatch, seed, tmp_path):
    draw, world = random.Random(seed), World(database)
    world.query(WORLD + ";" + _new_tracks(draw, 230))
    mended = []
    monkeypatch.setattr(taking, "mend_marts", lambda *of: mended.append(mend_marts(*of)) or mended[-1])
    beside = world.settings.model_copy(update={"data_dir": tmp_path})
    snapshot(world.settings, now=NOW)
    for step in range(3):
        changes = [_change(draw) for _ in range(6)]
        for change in changes:
            world.query(change)
        _equal(snapshot(world.settings, now=NOW), snapshot(beside, now=NOW, full=True), changes)
        assert len(mended) == step + 1
    assert all(mended)


def test_a_bracket_that_becomes_a_label_is_one_in_titles_that_did_not_change(database):
    world = World(database)
    for n in range(2):
        world.track(f"Song {n} (Zenith)", artist=f"Act {n}")
    counted = []
    for change in ("select 1", "track", "update tracks set title = 'Song' where title = 'Song 2 (Zenith)'"):
        if change == "track":
            world.track("Song 2 (Zenith)", artist="Act 2")
        else:
            world.query(change)
        with duckdb.connect(str(snapshot(world.settings, now=NOW)), read_only=True) as con:
            counted += con.execute("select count(*) from tracks where title_label = 'Zenith'").fetchone()
    assert counted == [0, 3, 0]


def test_of_a_table_that_changed_only_new_rows_are_read(world, monkeypatch):
    snapshot(world.settings, now=NOW)
    world.query("update artists set aliases = '{X}' where name = 'Sasha 1'")
    with duckdb.connect() as con:
        con.execute(f"attach '{latest(snapshots_folder(world.settings))}' as former (read_only)")
        con.execute("attach ':memory:' as snap; copy from database former to snap")
        assert mend_tables(world.settings, read_catalog(world.settings), con)["artists"] == 3
        come = {t: con.execute(f"select count(*) from come.{t}").fetchone()[0] for t in ("artists", "tracks")}
        assert come == {"artists": 1, "tracks": 0}
        assert con.execute("select name from gone.artists").fetchall() == [("Sasha 1",)]


def test_a_row_left_behind_is_not_taken_for_one_that_went_with_its_track(world, tmp_path):
    # Installations without foreign keys: one track went and left its status, another stayed and lost its own.
    world.query("alter table enrichment_status drop constraint enrichment_status_track_id_fkey")
    kept, gone = world.track("Kept"), world.track("Gone")
    snapshot(world.settings, now=NOW)
    world.query(f"delete from tracks where id = '{gone}'; delete from enrichment_status where track_id = '{kept}'")

    beside = world.settings.model_copy(update={"data_dir": tmp_path})
    _equal(snapshot(world.settings, now=NOW), snapshot(beside, now=NOW, full=True), "a status left behind")


def test_a_last_one_that_cannot_be_used_is_a_doubt(world):
    first = snapshot(world.settings, now=NOW)
    first.write_bytes(b"torn")

    assert snapshot(world.settings, now=NOW).exists()


def test_other_words_than_those_that_read_the_titles_then_are_a_doubt(world, monkeypatch, tmp_path):
    assert {"words.toml", "marks.toml", "titles.py"} <= {path.name for path in reading._makers()}
    words, mended = tmp_path / "words.toml", []
    monkeypatch.setattr(reading, "_makers", lambda: [words])
    monkeypatch.setattr(taking, "mend_marts", lambda *of: mended.append(mend_marts(*of)) or mended[-1])

    for n, text in enumerate(("old", "old", "new")):
        words.write_text(text)
        snapshot(world.settings, now=NOW + timedelta(minutes=n))

    assert len(mended) == 1


def test_the_newest_are_kept(world):
    keeping = world.settings.model_copy(update={"keep_snapshots": 2})
    for days in range(4):
        last = snapshot(keeping, now=NOW - timedelta(days=days))

    folder = snapshots_folder(keeping)
    assert len(list(folder.glob("*.duckdb"))) == len(list(folder.glob("*.json"))) == 2
    assert latest(folder) == last
    assert {path.stat().st_mode & 0o137 for path in (last, last.with_suffix(".json"))} == {0}
