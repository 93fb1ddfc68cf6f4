"""A snapshot takes over what did not change, equals one read whole, and old ones go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from database_world import World

from enrich.snapshots.places import latest, snapshots_folder
from enrich.snapshots.reading import read_catalog, read_tables
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


def _equal(one, other):
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
                assert gone == (0,), (schema, table)


@pytest.mark.parametrize("change", CHANGES)
def test_after_a_change_it_equals_one_read_whole(world, change):
    snapshot(world.settings, now=NOW)
    world.query(change)

    _equal(snapshot(world.settings, now=NOW), snapshot(world.settings, now=NOW, full=True))


def test_only_what_changed_is_read(world):
    first = snapshot(world.settings, now=NOW)
    world.query("update artists set aliases = '{X}'")
    catalog = read_catalog(world.settings)
    with duckdb.connect() as con:
        read_tables(world.settings, catalog, con, former=first)
        old, new = (
            dict(con.execute(f"select name, mark from {place}stored.marks").fetchall()) for place in ("former.", "")
        )
    assert {table for table in new if old[table] != new[table]} == {"artists"}


def test_a_last_one_that_cannot_be_used_is_a_doubt(world):
    first = snapshot(world.settings, now=NOW)
    first.write_bytes(b"torn")

    assert snapshot(world.settings, now=NOW).exists()


def test_the_newest_are_kept(world):
    keeping = world.settings.model_copy(update={"keep_snapshots": 2})
    for days in range(4):
        last = snapshot(keeping, now=NOW - timedelta(days=days))

    folder = snapshots_folder(keeping)
    assert len(list(folder.glob("*.duckdb"))) == len(list(folder.glob("*.json"))) == 2
    assert latest(folder) == last
    assert {path.stat().st_mode & 0o137 for path in (last, last.with_suffix(".json"))} == {0}
