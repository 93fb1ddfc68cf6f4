"""The migrator: its record, its order, its lock, and what 001 leaves alone."""

from __future__ import annotations

import threading

import pytest

from enrich.database.connection import connect
from enrich.database.migrations import applied, available, database_status, migrate
from enrich.errors import DatabaseError
from enrich.settings import Settings


def test_a_migrated_database_has_all_of_them(database: Settings):
    with connect(database) as con:
        record = applied(con)
    assert [step.version for step in record] == [step.version for step in available()]
    assert not any(step.is_changed for step in record)
    assert migrate(database).applied == ()


def test_up_and_down_step_by_step_to_nothing(blank_database: Settings):
    assert migrate(blank_database, to=8).applied == ("001_musicdb", "008_cooldown_queue")
    above = tuple(step.label for step in available() if step.version > 8)
    assert migrate(blank_database).applied == above
    assert migrate(blank_database, down=True).taken_back == above[::-1]
    assert migrate(blank_database, down=True).taken_back == ("008_cooldown_queue", "001_musicdb")
    assert migrate(blank_database, down=True).taken_back == ()
    with connect(blank_database) as con:
        left = con.execute(
            "select relname from pg_class where relnamespace = 'musicdb'::regnamespace and relkind in ('r', 'v')"
        ).fetchall()
        assert left == []
        assert con.execute("select count(*) from pg_proc where pronamespace = 'musicdb'::regnamespace").fetchone() == (
            0,
        )


def test_taking_the_tables_back_refuses_while_there_are_rows(database: Settings):
    with connect(database) as con:
        con.execute("insert into artists (name, normalized_name) values ('Bedrock', 'bedrock')")
    with pytest.raises(DatabaseError, match="there are rows in artists: nothing was dropped; empty the tables"):
        migrate(database, down=True, to=0)
    with connect(database) as con:
        assert con.execute("select name from artists").fetchall() == [("Bedrock",)]


def test_tables_that_were_there_stay_as_they_are(blank_database: Settings):
    with connect(blank_database) as con:
        con.execute("create table artists (id uuid primary key, name text, shoe_size int)")
    migrate(blank_database)
    migrate(blank_database, down=True, to=0)
    with connect(blank_database) as con:
        columns = con.execute(
            "select attname from pg_attribute where attrelid = 'artists'::regclass and attnum > 0 order by attnum"
        ).fetchall()
        assert columns == [("id",), ("name",), ("shoe_size",)]
        assert con.execute("select count(*) from pg_trigger where tgrelid = 'artists'::regclass").fetchone() == (0,)


def test_everything_goes_where_the_music_tables_are(blank_database: Settings):
    in_public = blank_database.model_copy(update={"search_path": "public"})
    migrate(in_public)
    # The default path names the empty schema musicdb first; no second set of tables may appear there.
    again = migrate(blank_database)
    assert (again.schema, again.applied) == ("public", ())
    with connect(blank_database) as con:
        assert con.execute("select count(*) from pg_class where relnamespace = 'musicdb'::regnamespace").fetchone() == (
            0,
        )


def test_two_migrating_at_once_do_each_step_once(blank_database: Settings):
    done: list[str] = []
    threads = [threading.Thread(target=lambda: done.extend(migrate(blank_database).applied)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [step.label for step in available()]


def test_an_unknown_version_is_refused(database: Settings):
    with pytest.raises(DatabaseError, match="migration 4: there is none"):
        migrate(database, to=4)


def test_status_shows_server_migrations_and_rows(blank_database: Settings, tmp_path):
    migrate(blank_database, to=8)
    found = database_status(blank_database)
    assert (found.is_running, found.schema, found.pending) == (
        True, "musicdb", tuple(step.label for step in available() if step.version > 8),
    )  # fmt: skip
    assert found.rows is not None
    assert found.rows["tracks"] == 0
    down = database_status(Settings(_env_file=None, database_url=None, data_dir=tmp_path / "unused"))
    assert (down.is_embedded, down.is_running, down.url) == (True, False, None)
    assert not (tmp_path / "unused").exists()
