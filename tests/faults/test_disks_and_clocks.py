"""A full disk, a clock that goes back, people who edit meanwhile, and runs applied or undone twice."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest
from fault_world import NOW
from invariants import edited, state

from enrich.cooldown import migrate, process, stats
from enrich.database.connection import connect
from enrich.errors import InputFileError, SnapshotError
from enrich.ledger.proposals import proposals
from enrich.ledger.review import accept
from enrich.ledger.writing import undo, writeback
from enrich.pipeline import cycle
from enrich.reporting.recovery import report
from enrich.snapshots.opening import open_snapshot
from enrich.snapshots.taking import snapshot


def _fill(disk):
    """Leave 40 kB on it."""
    free = shutil.disk_usage(disk).free
    (disk / "filler").write_bytes(b"\0" * max(0, free - 40_960))


def test_a_full_disk_leaves_the_former_snapshot_and_report(world, small_disk, fault):
    settings = world.model_copy(update={"data_dir": small_disk})
    snapshot(settings, now=NOW)
    former = report(settings, now=NOW).path_html.read_text()
    _fill(small_disk)

    with fault(world), pytest.raises(SnapshotError, match="cannot write a snapshot") as no_snapshot:
        snapshot(settings, now=NOW + timedelta(hours=1))
    with fault(world), pytest.raises(InputFileError, match="No space left on device") as no_report:
        report(settings, now=NOW + timedelta(hours=1))

    for caught in (no_snapshot, no_report):
        assert "\n" not in str(caught.value)
    with open_snapshot(settings=settings) as found:
        assert found.manifest.taken_at == NOW
    assert [p.name for p in (small_disk / "snapshots").iterdir() if p.name.startswith(".taking")] == []
    assert (small_disk / "reports" / "recovery-report.html").read_text() == former
    assert [p.name for p in (small_disk / "reports").iterdir() if p.name.endswith(".part")] == []
    (small_disk / "filler").unlink()
    snapshot(settings, now=NOW + timedelta(hours=2))
    with open_snapshot(settings=settings) as found:
        assert found.manifest.taken_at == NOW + timedelta(hours=2)


@pytest.mark.parametrize(
    ("operation", "bytes_at_most"), [("snapshot", 400_000), ("report", 20_000), ("trigger", 400_000)]
)
def test_a_file_that_may_not_grow_is_one_line_and_leaves_nothing(world, crew, fault, operation, bytes_at_most):
    before = state(world)
    with fault(world):
        answer = crew.run(world, operation, largest_file=bytes_at_most)

    assert answer["error"] is not None, answer
    assert not answer["error"].startswith("TRACEBACK"), answer["error"]
    assert "\n" not in answer["error"]
    assert state(world) == before
    left = [
        p
        for p in world.data_dir.rglob("*")
        if p.is_file() and p.suffix in (".duckdb", ".wal", ".json", ".html", ".part")
    ]
    assert left == []


def test_a_clock_moved_back_neither_releases_nor_loses_anybody(world, fault):
    yesterday = NOW - timedelta(days=40)
    with fault(world):
        assert migrate(world, now=NOW).migrated > 0
        queue = stats(world, now=NOW)
        assert process(world, now=yesterday).reset_to_pending == 0
        assert stats(world, now=yesterday).waiting == queue.total_in_queue
        assert process(world, now=NOW).reset_to_pending == queue.ready_for_retry
        assert process(world, now=NOW).reset_to_pending == 0
    with fault(world):
        later = snapshot(world, now=NOW)
        earlier = snapshot(world, now=yesterday)
        assert later != earlier
        with open_snapshot(settings=world) as latest:
            assert latest.path == earlier  # the newest is the one taken last, whatever the clock says
        # Twice within a second, and a clock that stands still: no snapshot overwrites another.
        assert len({snapshot(world, now=NOW) for _ in range(3)} | {later}) == 4
    with fault(world):
        written = writeback(world, now=yesterday, apply=True)
        assert written.artists_written > 0
        assert undo(world, written.run_id, now=yesterday - timedelta(days=1), by="anna").kept == 0


def test_the_same_run_twice_changes_nothing(world, fault):
    with fault(world):
        first = writeback(world, now=NOW, apply=True)
    after = state(world)
    with fault(world):
        second = writeback(world, now=NOW, apply=True)

    assert first.artists_written > 0
    assert second.outcomes.is_empty()
    assert state(world) == after
    with fault(world):
        undo(world, first.run_id, now=NOW, by="anna")
    undone = state(world)
    with fault(world):
        undo(world, first.run_id, now=NOW, by="anna")
    assert state(world) == undone
    assert undone["labels"] == _labels_before(world)


def test_accepted_again_after_an_undo_it_is_written_again(world, fault):
    with fault(world):
        first = writeback(world, now=NOW, apply=True)
    wanted = state(world)
    for _ in range(2):
        with fault(world):
            undo(world, first.run_id, now=NOW, by="anna")
            again = proposals(world, status="proposed")["proposal_id"].to_list()
            accept(world, again, by="anna", now=NOW)
            first = writeback(world, now=NOW, apply=True)
    again = state(world)
    assert {k: v for k, v in again.items() if k != "proposals"} == {k: v for k, v in wanted.items() if k != "proposals"}


def test_edited_between_snapshot_and_writeback_is_a_conflict(world, fault):
    at = snapshot(world, now=NOW)
    with connect(world) as con:
        ids = dict(con.execute("select title, id::text from tracks").fetchall())
        con.execute("update tracks set title = 'Renamed' where title = 'Track 01'")
        con.execute(
            "update tracks set metadata = jsonb_set(metadata, '{original_data}', '{\"label\": \"Bedrock\"}')"
            " where title = 'Track 03'"
        )
        con.execute(
            "insert into track_artists (track_id, artist_id, role) select %s, id, 'primary' from artists"
            " where name = 'Spencer Brown'",
            (ids["Track 10"],),
        )
    edited(world, *(ids[t] for t in ("Track 01", "Track 03", "Track 10")))

    with fault(world):
        cycle.resolve(world, now=NOW, limit=100, snapshot=at)
        done = writeback(world, now=NOW, apply=True)

    by_track = {row["track_id"]: row for row in done.outcomes.filter(done.outcomes["outcome"] == "conflict").to_dicts()}
    assert {ids["Track 01"], ids["Track 03"], ids["Track 10"]} <= set(by_track)
    with connect(world) as con:
        assert con.execute("select count(*) from tracks where title = 'Renamed'").fetchone() == (1,)
        assert con.execute(
            "select metadata->'original_data'->>'label' from tracks where id = %s", (ids["Track 03"],)
        ).fetchone() == ("Bedrock",)


def test_undo_after_later_edits_keeps_them(world, fault):
    run = writeback(world, now=NOW, apply=True).run_id
    with connect(world) as con:
        ids = dict(con.execute("select title, id::text from tracks").fetchall())
        con.execute(
            "update tracks set metadata = jsonb_set(metadata, '{original_data,label}', '\"Bedrock\"')"
            " where title = 'Track 01'"
        )
        con.execute("update tracks set metadata = metadata || '{\"key\": \"Am\"}' where title = 'Track 05'")
        con.execute("update enrichment_status set status = 'partial' where track_id = %s", (ids["Track 07"],))
    edited(world, ids["Track 01"], ids["Track 07"])

    with fault(world):
        undone = undo(world, run, now=NOW, by="anna")

    assert undone.kept > 0
    assert {w["track_id"] for w in undone.kept_writes if w["track_id"]} == {ids["Track 01"], ids["Track 07"]}
    with connect(world) as con:
        label, key = con.execute(
            "select (select metadata->'original_data'->>'label' from tracks where title = 'Track 01'),"
            " (select metadata->>'key' from tracks where title = 'Track 05')"
        ).fetchone()
        status = con.execute("select status from enrichment_status where track_id = %s", (ids["Track 07"],)).fetchone()
    assert (label, key, status) == ("Bedrock", "Am", ("partial",))


def _labels_before(settings):
    with connect(settings) as con:
        return con.execute("select title, metadata::text from faults_before.tracks order by 1, 2").fetchall()
