"""Eight processes on the same rows: each row is taken once, each value written once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fault_world import LONG, NOW
from invariants import remember, state

from enrich.database.connection import connect

WORKERS = 8


def test_eight_processes_take_each_of_ten_thousand_due_tracks_once(world, crew, fault):
    with connect(world) as con:
        con.execute("delete from setlist_tracks")
        con.execute("insert into tracks (title, normalized_title) select 'ID', 'id' from generate_series(1, 10000)")
        con.execute(
            "insert into enrichment_status (track_id, status, retry_after, retry_count, cooldown_strategy)"
            " select id, 'pending_re_enrichment', %s, 0, 'fixed' from tracks where title = 'ID'",
            (NOW,),
        )
        con.execute("update enrichment_status set status = 'failed' where status = 'pending'")
    with connect(world) as con:
        due = con.execute(
            "select count(*) from enrichment_status where status = 'pending_re_enrichment' and retry_after <= %s",
            (NOW,),
        ).fetchone()[0]
    remember(world)

    with fault(world):
        crew.begin(world, "process until none", workers=WORKERS, limit=200)
        answers = crew.answers()

    assert [a["error"] for a in answers] == [None] * WORKERS
    assert sum(a["result"]["taken"] for a in answers) == due >= 10_000
    with connect(world) as con:
        rows = con.execute(
            "select now.retry_count - old.retry_count, count(*) from enrichment_status as now"
            " join faults_before.enrichment_status as old using (track_id) where now.status = 'pending' group by 1"
        ).fetchall()
    assert rows == [(1, due)]


@pytest.mark.parametrize("operation", ["writeback", "migrate", *(["trigger", "resolve", "import"] if LONG else [])])
def test_eight_at_once_come_to_what_one_comes_to(operation, copies, crew, fault, tmp_path):
    file = tmp_path / "sets.csv"
    file.write_text(
        "set_id,dj,position,artist,title\ns1,Above & Beyond,1,Spencer Brown,Rainy Road\ns1,Above & Beyond,2,,ID\n"
    )
    alone, crowded = copies(), copies()
    one = crew.run(alone, operation, file=str(file))
    assert one["error"] is None

    with fault(crowded):
        crew.begin(crowded, operation, workers=WORKERS, file=str(file))
        answers = crew.answers()

    assert [a["error"] for a in answers] == [None] * WORKERS
    assert state(crowded) == state(alone)
    if operation == "writeback":
        assert sorted(a["result"]["artists_written"] for a in answers)[:-1] == [0] * (WORKERS - 1)
    if operation == "migrate":
        assert sum(a["result"]["stats"]["migrated"] for a in answers) == one["result"]["stats"]["migrated"]


def test_process_writeback_migrate_and_trigger_all_at_once(copies, crew, fault):
    world = copies()
    with fault(world):
        crew.begin(world, "process", "writeback", "migrate", "trigger", workers=2, now=NOW + timedelta(days=20))
        answers = crew.answers()

    assert [a["error"] for a in answers] == [None] * 8
    with connect(world) as con:
        statuses = dict(con.execute("select status, count(*) from enrichment_status group by 1").fetchall())
        named = con.execute(
            "select count(*) from enrichment_status join tracks on tracks.id = track_id"
            " where title <= 'Track 24' and status = 'completed'"
        ).fetchone()
    assert sum(statuses.values()) == 50
    assert named == (24,)
