"""The whole way on an installation of each layout: only our tables and the intended rows change, and all goes back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import polars as pl
import psycopg
import pytest

from enrich.cooldown import migrate as park
from enrich.cooldown import process, stats
from enrich.database.migrations import database_status, grant, migrate
from enrich.errors import DatabaseError
from enrich.importing.running import import_, undo_import
from enrich.ledger.proposals import proposals
from enrich.ledger.review import accept
from enrich.ledger.writing import undo, writeback
from enrich.pipeline.cycle import hunt_labels, resolve, trigger
from enrich.reporting.recovery import read_figures, report
from enrich.snapshots.opening import open_snapshot
from enrich.snapshots.taking import snapshot

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
#: What a run may write in each layout, beside our own tables.
WRITTEN = {
    "today": {"tracks", "artists", "track_artists", "enrichment_status", "setlist_tracks"},
    "older": {"tracks", "artists", "track_artists", "enrichment_status", "playlist_tracks"},
    "medallion": {"silver_enriched_tracks", "artists", "track_artists", "enrichment_status", "playlist_tracks"},
}
COMPUTED = "jsonb_build_object('original_data', jsonb_build_object('label', s.label))"
CASES = [
    pytest.param("today", {}, marks=pytest.mark.slow, id="today"),
    pytest.param("today", {"schema": "My Data"}, marks=pytest.mark.slow, id="today, quoted schema"),
    pytest.param("older", {}, marks=pytest.mark.slow, id="older"),
    pytest.param("older", {"schema": "musicdb"}, marks=pytest.mark.slow, id="older in musicdb"),
    pytest.param("medallion", {}, marks=pytest.mark.slow, id="medallion"),
    pytest.param("medallion", {"METADATA": COMPUTED}, marks=pytest.mark.slow, id="medallion, metadata computed"),
]


@pytest.mark.parametrize(("layout", "options"), CASES)
def test_there_and_back_again(install, tmp_path, layout, options):
    there = install(layout, **options)
    start = there.checksums()
    with pytest.raises(DatabaseError, match="this role may not create tables there"):
        migrate(there.app)
    migrate(there.owner)
    assert {t: s for t, s in there.checksums().items() if t in start} == {
        **start, "enrichment_status": there.checksums()["enrichment_status"],
    }  # fmt: skip

    app = there.app
    assert database_status(app).layout.name.startswith(layout)
    _sets_come_are_corrected_named_and_go(there, layout, tmp_path)
    at = snapshot(app, now=NOW)
    with open_snapshot(at) as snap:
        tracks, sets = snap.frame("tracks"), snap.frame("sets")
        assert snap.frame("tracklists").height > 50
    assert (tracks.height, tracks["is_known_artist"].sum(), sets["dj"].n_unique()) == (60, 30, 3)
    if layout != "medallion":
        assert sets["set_date"].null_count() == 0
    before = there.checksums()
    hunted = hunt_labels(app, now=NOW)
    resolved = resolve(app, now=NOW)
    assert hunted.labels_found > 5
    assert resolved.artists_found >= 4
    assert changed(before, there.checksums()) == set(), "a dry run writes into our tables only"

    open_ones = proposals(app, status="proposed")["proposal_id"].to_list()
    accept(app, open_ones, by="anna", now=NOW)
    written = writeback(app, now=NOW, apply=True)
    assert (written.labels_written > 5, written.artists_written >= 4) == (True, True)
    assert changed(before, there.checksums()) <= WRITTEN[layout]
    with open_snapshot(snapshot(app, now=NOW)) as snap:
        after = snap.frame("tracks")
    assert after["label"].count() >= tracks["label"].count() + written.labels_written
    assert after["is_known_artist"].sum() >= 30 + written.artists_written  # and those that an identity brought
    if layout != "today":
        assert there.query("select count(label) from tracks") == [(after["label"].count(),)], (
            "what the installation reads"
        )

    assert undo(app, written.run_id, now=NOW, by="anna").kept == 0
    undone = there.checksums()
    with open_snapshot(snapshot(app, now=NOW)) as snap:
        assert (
            snap.frame("tracks")
            .select("track_id", "label", "artist")
            .sort("track_id")
            .equals(tracks.select("track_id", "label", "artist").sort("track_id"))
        )
    assert changed(before, undone) <= {"tracks", "silver_enriched_tracks", "enrichment_status"}, "updated_at alone"

    parked = park(app, now=NOW, limit=1000)
    assert parked.migrated > 5
    assert stats(app, now=NOW).retriable > 0
    due = NOW + timedelta(days=400)
    assert process(app, now=due, limit=1000).reset_to_pending == parked.migrated + 1
    cycle = trigger(app, now=due, limit=1000, apply=True)
    assert cycle.failed + cycle.back_in_cooldown > 0
    assert there.query("select count(*) from enrichment_status where status = 'pending'") == [(0,)]
    assert there.query("select count(*) from enrichment_status") == [(60,)]
    assert report(app, now=due).path_html.exists()
    assert read_figures(app, now=due)["headline"]["tracks"] == 60

    _, _ = migrate(there.owner, down=True), migrate(there.owner, down=True)
    assert there.checksums().keys() == start.keys()
    here = "= quote_ident(current_schema())::regnamespace"
    left = there.query(
        f"select proname from pg_proc where pronamespace {here}"
        f" union all select relname from pg_class where relnamespace {here} and starts_with(relname, 'enrich_')"
    )
    assert {name for (name,) in left} == {"touch", "get_cooldown_tracks_ready"}


def _sets_come_are_corrected_named_and_go(there, layout, folder):
    songs = [("Sasha", "A New Song", 120), (None, None, 300), ("Quivver", "Known Song F 6", None)]
    songs.append(("Nobody Yet", "One", 700))

    def file(names):
        rows = [
            {"set_id": "new", "dj": "Guest Of Honour", "set_name": "Harbour Nights", "set_date": "2025-05-01"}
            | {"position": n, "artist": artist, "title": title, "cue_seconds": cue}
            for n, (artist, title, cue) in enumerate(names, start=1)
        ]
        (folder / "set.jsonl").write_text("\n".join(map(json.dumps, rows)))
        return folder / "set.jsonl"

    app, before = there.app, there.checksums()
    if layout == "medallion":
        with pytest.raises(DatabaseError, match=r"no place for source, .* of setlists .*enrich reads and names them"):
            import_(file(songs), settings=app, now=NOW)
        return
    first = import_(file(songs), settings=app, now=NOW)
    assert (first.sets, first.plays, first.unknown_slots) == (1, 4, 1)
    assert changed(before, there.checksums()) <= WRITTEN[layout] | {"performers", "playlists", "setlists"}
    came = there.checksums()
    assert import_(file(songs), settings=app, now=LATER).already_there == 4
    assert there.checksums() == came
    with open_snapshot(snapshot(app, now=NOW)) as snap:
        (held,) = snap.frame("sets").filter(pl.col("dj") == "Guest Of Honour").to_dicts()
        slots = snap.frame("tracklists").filter(pl.col("set_id") == held["set_id"]).sort("position")
    assert (held["set_name"], held["set_date"].isoformat()) == ("Harbour Nights", "2025-05-01")
    assert slots.select("artist", "is_id").rows() == [(name or "ID", name is None) for name, _, _ in songs]

    more = [*songs[:1], ("Way Out West", "Inserted", 200), ("Mara", "Its Name", 300), *songs[2:]]
    named = import_(file(more), settings=app, now=LATER)
    assert (named.plays, named.identities_accepted + named.identities_waiting) == (1, 1)
    accept(app, proposals(app, status="proposed")["proposal_id"].to_list(), by="anna", now=LATER)
    written = writeback(app, now=LATER, apply=True)
    assert written.identities_written + named.identities_accepted == 1
    if written.run_id:
        undo(app, written.run_id, now=LATER, by="anna")
    undo_import(named.run_id, settings=app, now=LATER)
    assert changed(came, there.checksums()) <= {"tracks", "enrichment_status"}, "updated_at alone"
    undo_import(first.run_id, settings=app, now=LATER)
    assert changed(before, there.checksums()) == set()
    assert there.query("select * from enrich_kept") == []


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {table for table in before if before[table] != after[table] and not table.startswith("enrich_")}


@pytest.mark.parametrize("layout", ["today", "older", "medallion"])
def test_rows_of_a_later_program_are_adopted_and_given_back(install, layout):
    there = install(layout)
    rows = "select track_id, status, retry_count, updated_at from enrichment_status order by track_id"
    start = there.query(rows)
    migrate(there.owner)

    assert there.query("select count(*) from enrichment_status where status = 'pending_re_enrichment'") == [(1,)]
    assert stats(there.app, now=NOW).permanently_failed == 1
    assert {row[3] for row in there.query(rows)} == {row[3] for row in start}
    _, _ = migrate(there.owner, down=True), migrate(there.owner, down=True)
    assert there.query(rows) == start


def test_rows_adopted_after_the_migration_are_given_back_with_their_retries(install):
    there = install("older")
    migrate(there.owner)
    rows = "select status, retry_count from enrichment_status where track_id = md5('t' || %s::int)::uuid"
    left = {53: ("cooldown", 1), 54: ("permanently_failed", 2), 55: ("cooldown", 3), 57: ("cooldown", 0)}
    for n, (status, retries) in left.items():
        there.query(
            "update enrichment_status set status = %s, retry_count = %s, retry_after = %s"
            " where track_id = md5('t' || %s::int)::uuid",
            status, retries, NOW + timedelta(days=10 if n == 55 else 400), n,
        )  # fmt: skip
    assert process(there.app, now=NOW, limit=1000).reset_to_pending == 1
    assert there.query(rows, 54) == [("failed", 5)]
    # One is retried and waits again, one is solved: what came of them since is theirs.
    process(there.app, now=NOW + timedelta(days=20), limit=1000)
    there.query("update enrichment_status set status = 'failed' where track_id = md5('t55')::uuid")
    park(there.app, now=NOW + timedelta(days=20), limit=1000)
    there.query("update enrichment_status set status = 'completed' where track_id = md5('t57')::uuid")

    _, _ = migrate(there.owner, down=True), migrate(there.owner, down=True)

    assert [there.query(rows, n)[0] for n in left] == [
        ("cooldown", 1), ("permanently_failed", 2), ("cooldown", 4), ("completed", 0)
    ]  # fmt: skip
    assert there.query("select count(*) from enrichment_status where status = 'pending_re_enrichment'") == [(0,)]


@pytest.mark.parametrize("layout", ["today", "older", "medallion"])
def test_the_other_roles_keep_what_they_had_and_get_what_is_new(install, layout):
    there = install(layout)
    migrate(there.owner)
    park(there.app, now=NOW - timedelta(days=500), limit=1000)

    view = there.query("select * from cooldown_queue_summary limit 0")
    assert view == []
    with psycopg.connect(there.app.database_url.get_secret_value()) as con:
        con.execute("set search_path to pg_catalog")
        found = con.execute(f'select * from "{there.schema}".get_cooldown_tracks_ready(3)')
        assert [c.name for c in found.description][:5] == [
            "track_id", "track_title", "retry_count", "cooldown_days", "ready_since",
        ]  # fmt: skip
        assert len(found.fetchall()) == 3
        summary = con.execute(f'select * from "{there.schema}".cooldown_queue_summary')
        assert [c.name for c in summary.description] == [
            "strategy", "track_count", "ready_now", "waiting", "avg_retry_attempts", "next_retry", "last_retry",
        ]  # fmt: skip
    url = psycopg.conninfo.make_conninfo(there.app.database_url.get_secret_value(), user="Dash Board")
    with psycopg.connect(url) as con:
        for table in ("cooldown_queue_summary", "enrich_runs", "enrich_proposals", "enrich_migrations"):
            con.execute(f'select * from "{there.schema}".{table}')
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            con.execute(f'delete from "{there.schema}".enrich_runs')


def test_a_role_gets_what_it_needs_and_no_layout_is_taken_for_another(install):
    there = install("older")
    migrate(there.owner)
    there.query('revoke all on all tables in schema public from "music_app"')

    said = grant(there.owner, "music_app")

    assert "grant select, insert, update, delete on public.playlists to music_app;" in said
    assert resolve(there.app, now=NOW).processed > 0
    assert all(line.endswith("-- to be run by the owner") for line in grant(there.app, "music_app"))
    _, _ = migrate(there.owner, down=True), migrate(there.owner, down=True)
    there.query("alter table tracks rename to songs")
    for work in (lambda: migrate(there.owner), lambda: snapshot(there.owner, now=NOW)):
        with pytest.raises(DatabaseError, match=r"no layout that enrich knows: found .*public\.songs.*ENRICH_LAYOUT"):
            work()
    named = there.owner.model_copy(update={"layout": "tracks=songs"})
    migrate(named)
    assert resolve(named, now=NOW).processed > 0
