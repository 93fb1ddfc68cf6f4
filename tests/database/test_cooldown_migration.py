"""Migration 008 on databases as installations have them, on every Postgres at hand, by our migrator and by psql."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from postgres_tools import dump, psql, superuser, url_of

from enrich.database.connection import connect
from enrich.database.migrations import migrate
from enrich.errors import DatabaseError

UP = "sql/postgres/008_cooldown_queue_up.sql"
DOWN = "sql/postgres/008_cooldown_queue_down.sql"
WORLDS = [
    pytest.param(["plain"], id="plain"),
    pytest.param(["plain", "later"], id="later"),
    pytest.param(["plain", "half_migrated"], id="half-migrated"),
    pytest.param(["plain", "hand_altered"], id="hand-altered"),
    pytest.param(["plain", "later", "half_migrated", "dependents"], id="half-migrated-dependents"),
    pytest.param(["plain", "dependents"], id="dependents"),
]
NEW_STATUS = "pending_re_enrichment"


@pytest.mark.parametrize(
    ("files", "schema"),
    [pytest.param(*world.values, "musicdb", id=world.id) for world in WORLDS]
    + [pytest.param(["plain", "half_migrated", "dependents"], "public", id="public")],
)
def test_up_and_down_by_psql_restore_every_definition_and_row(installation, project: Path, files, schema):
    settings = installation(*files, schema=schema)
    before = dump(settings)

    psql(settings, "-f", str(project / UP))
    once = dump(settings)
    psql(settings, "-f", str(project / UP))

    assert dump(settings) == once, "applying twice changed something"
    assert before != once
    psql(settings, "-f", str(project / DOWN))
    assert dump(settings) == before
    psql(settings, "-f", str(project / DOWN))
    assert dump(settings) == before


@pytest.mark.parametrize("files", WORLDS[1:5])
def test_the_queue_works_once_migrated(installation, files):
    settings = installation(*files)

    assert "008_cooldown_queue" in migrate(settings, to=8).applied

    with connect(settings) as con:
        moved = con.execute(
            f"""update enrichment_status set status = '{NEW_STATUS}', cooldown_strategy = 'fixed',
                last_attempt = now() - interval '91 days', retry_after = now() - interval '1 day'
                where track_id in (select track_id from enrichment_status where status = 'failed'
                                   order by track_id limit 3)"""
        ).rowcount
        con.execute(
            f"""update enrichment_status set status = '{NEW_STATUS}', cooldown_strategy = 'adaptive',
                retry_after = now() + interval '9 days' where status = 'failed'"""
        )
        summary = con.execute("select * from cooldown_queue_summary")
        ours = ["strategy", "track_count", "ready_now", "waiting", "avg_retry_attempts"]
        theirs = ["cooldown_strategy", "status", "tracks", "next_retry"] if "half_migrated" in files else []
        assert [column.name for column in summary.description or ()] == [*theirs, *ours]
        rows = [row[len(theirs) :] for row in summary]
        assert [(s, n, ready, waiting, float(avg)) for s, n, ready, waiting, avg in rows] == [
            ("adaptive", 5, 0, 5, 1.0),
            ("fixed", moved, moved, 0, 1.0),
        ]
        assert len(con.execute("select * from get_cooldown_tracks_ready(2)").fetchall()) == 2
        ready = con.execute(
            "select track_id, cooldown_strategy, cooldown_days, days_overdue from get_cooldown_tracks_ready()"
        ).fetchall()
        assert {row[1:] for row in ready} == {("fixed", 90, 1)}
        with pytest.raises(psycopg.errors.CheckViolation):
            con.execute("update enrichment_status set status = 'nonsense'")


@pytest.mark.parametrize("files", WORLDS[4:])
def test_down_sends_queued_tracks_back_to_failed_and_touches_nothing_else(installation, files):
    settings = installation(*files)
    rows = "select track_id, status, updated_at, last_attempt, retry_count from enrichment_status order by track_id"
    with connect(settings) as con:
        before = con.execute(rows).fetchall()
    schema = dump(settings, "--schema-only")
    migrate(settings, to=8)
    with connect(settings) as con:
        # Past the triggers, as the old rows were: what matters is that `down` does not fire them either.
        con.execute("alter table enrichment_status disable trigger user")
        con.execute(f"update enrichment_status set status = '{NEW_STATUS}' where status = 'failed'")
        con.execute("alter table enrichment_status enable trigger status_updated")

    assert migrate(settings, down=True).taken_back == ("008_cooldown_queue", "001_musicdb")

    with connect(settings) as con:
        assert con.execute(rows).fetchall() == before
    assert _without(dump(settings, "--schema-only"), "when_status_changes") == _without(schema, "when_status_changes")


def test_no_row_is_rewritten_and_no_trigger_fires_on_the_way_up(installation):
    settings = installation("plain", "dependents")
    versions = "select ctid, xmin, * from enrichment_status order by id"
    with connect(settings) as con:
        before = [row[:11] for row in con.execute(versions)]

    migrate(settings, to=8)

    with connect(settings) as con:
        assert [row[:11] for row in con.execute(versions)] == before


def test_dependents_keep_owner_and_grants_when_a_superuser_migrates(installation, project: Path):
    settings = installation("plain", "dependents")
    before = dump(settings)
    as_superuser = settings.model_copy(update={"database_url": type(settings.database_url)(superuser(settings))})

    psql(as_superuser, "-f", str(project / UP))

    with connect(settings) as con:
        assert con.execute("select count(*) from failed_titles").fetchone() == (8,)
        assert con.execute("select count(*) from cooldown_queue_summary").fetchone() == (0,)
    psql(as_superuser, "-f", str(project / DOWN))
    assert dump(settings) == before


def test_the_owner_is_told_whose_view_stands_in_the_way(installation):
    settings = installation("plain")
    with psycopg.connect(superuser(settings)) as con:
        con.execute("create view public.theirs as select status from musicdb.enrichment_status")
    before = dump(settings)

    with pytest.raises(
        DatabaseError, match=r"view public.theirs uses the status, .* belongs to postgres; run the migration as"
    ) as caught:
        migrate(settings, to=8)

    assert "\n" not in str(caught.value)
    assert "008_cooldown_queue_up.sql" in str(caught.value)
    assert _without(dump(settings), "enrich_migrations").count("retry_after") == before.count("retry_after")


def test_down_stops_at_views_built_on_the_queue(installation):
    settings = installation("plain")
    migrate(settings, to=8)
    with connect(settings) as con:
        con.execute("create view my_queue as select * from cooldown_queue_summary")
        con.execute("update enrichment_status set status = 'pending_re_enrichment' where status = 'failed'")
    before = dump(settings)

    with pytest.raises(DatabaseError, match="my_queue"):
        migrate(settings, down=True)

    assert dump(settings) == before


def test_a_status_already_wide_and_open_is_left_alone(installation, project: Path):
    settings = installation("plain", "hand_altered")
    with connect(settings) as con:
        con.execute(
            """alter table enrichment_status drop constraint enrichment_status_status_check;
               alter table enrichment_status alter column status type text;
               insert into enrichment_status (status) values ('pending_re_enrichment')"""
        )
    before = dump(settings)

    psql(settings, "-f", str(project / UP))
    with connect(settings) as con:
        assert con.execute("select ready_now from cooldown_queue_summary").fetchone() == (1,)
    psql(settings, "-f", str(project / DOWN))

    assert dump(settings) == before


def test_without_the_table_one_line_says_so(installation, project: Path):
    settings = installation()
    with pytest.raises(AssertionError, match="there is no table enrichment_status"):
        psql(settings, "-f", str(project / UP))
    assert "enrich" not in dump(settings).replace(url_of(settings), "")


def _without(text: str, word: str) -> str:
    return "\n".join(line for line in text.splitlines() if word not in line)
