"""The queue on a real Postgres."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from enrich.cooldown import migrate, process, stats
from enrich.cooldown.queue import settle_strays
from enrich.database.connection import connect
from enrich.errors import EnrichError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _tracks(settings, rows):
    """rows: title, label, retry_count, first played (days before NOW) → track ids in order, all failed."""
    ids = []
    with connect(settings) as con:
        for n, (title, label, retries, days) in enumerate(rows):
            (track,) = con.execute(
                "insert into tracks (title, normalized_title, metadata, created_at) values"
                " (%s, lower(%s), jsonb_build_object('original_data', jsonb_build_object('label', %s::text)), %s)"
                " returning id",
                (title, title, label, NOW - timedelta(days=1000)),
            ).fetchone()
            ids.append(track)
            con.execute(
                "insert into enrichment_status (track_id, status, retry_count, last_attempt, error_message)"
                " values (%s, 'failed', %s, %s, %s)",
                (track, retries, NOW - timedelta(days=100 - n), f"no artist for {title}"),
            )
            if days is not None:
                (played,) = con.execute(
                    "insert into setlists (source, source_id, set_date) values ('t', %s, %s) returning id",
                    (str(n), NOW - timedelta(days=days)),
                ).fetchone()
                con.execute("insert into setlist_tracks values (%s, %s, 1, true)", (played, track))
    return ids


def _queue(settings):
    with connect(settings) as con:
        return {
            track: (status, retries, after, reason, strategy)
            for track, status, retries, after, reason, strategy in con.execute(
                "select track_id, status, retry_count, retry_after, cooldown_reason, cooldown_strategy"
                " from enrichment_status"
            )
        }


def test_migrate_gives_each_track_its_period(database):
    ids = _tracks(database, [("plain", None, 0, 400), ("labelled", "Anjunabeats", 0, 400), ("young", None, 0, 10),
                             ("second", None, 1, 400), ("never played", None, 0, None)])  # fmt: skip

    done = migrate(database, now=NOW)

    assert done.asdict()["stats"] == {"candidates": 5, "migrated": 5, "skipped": 0}
    queue = _queue(database)
    assert [(queue[i][2] - NOW).days for i in ids] == [90, 60, 45, 135, 90]
    assert {row[0] for row in queue.values()} == {"pending_re_enrichment"}
    assert queue[ids[0]][3:] == ("no artist for plain", "adaptive")


def test_migrate_counts_the_exhausted_and_never_lets_them_keep_others_out(database):
    _tracks(database, [("spent", None, 5, 400)] * 3 + [("hopeful", None, 0, 400)] * 2)

    first = migrate(database, now=NOW, limit=3)
    again = migrate(database, now=NOW, limit=3)

    assert (first.candidates, first.migrated, first.skipped) == (3, 2, 1)
    assert (again.candidates, again.migrated, again.skipped) == (3, 0, 3)
    assert stats(database, now=NOW).permanently_failed == 3


def test_due_tracks_become_pending_oldest_first_and_begin_a_retry(database):
    ids = _tracks(database, [("a", None, 0, 400), ("b", "X", 0, 400), ("c", None, 0, 5)])
    migrate(database, now=NOW)

    assert process(database, now=NOW + timedelta(days=44)).retrieved == 0
    assert process(database, now=NOW + timedelta(days=61), limit=1).reset_to_pending == 1
    queue = _queue(database)
    assert queue[ids[2]][:2] == ("pending", 1)  # the 45-day one fell due first
    assert process(database, now=NOW + timedelta(days=61)).reset_to_pending == 1
    assert process(database, now=NOW + timedelta(days=61)).reset_to_pending == 0


def test_stats_are_those_of_the_specification(database):
    _tracks(database, [("a", None, 0, 400), ("b", "X", 1, 400)])
    migrate(database, now=NOW, strategy="fixed")

    body = stats(database, now=NOW + timedelta(days=1)).asdict()

    assert body["status"] == "success"
    assert list(body["cooldown_queue"]) == [
        "total_in_queue", "ready_for_retry", "waiting", "next_retry_time", "avg_retry_attempts",
    ]  # fmt: skip
    assert body["cooldown_queue"]["waiting"] == 2
    assert body["cooldown_queue"]["next_retry_time"] == NOW + timedelta(days=90)
    assert body["cooldown_queue"]["avg_retry_attempts"] == 0.5
    assert stats(database, now=NOW + timedelta(days=90)).ready_for_retry == 2


def test_an_empty_queue_has_no_next_retry(database):
    assert stats(database, now=NOW).asdict()["cooldown_queue"] == {
        "total_in_queue": 0, "ready_for_retry": 0, "waiting": 0, "next_retry_time": None, "avg_retry_attempts": 0.0,
    }  # fmt: skip


def test_jitter_spreads_a_batch_within_its_share_and_is_repeatable(database):
    ids = _tracks(database, [(f"t{n}", None, 0, 400) for n in range(20)])
    migrate(database, now=NOW, strategy="fixed", jitter=0.1)
    waits = {i: _queue(database)[i][2] - NOW for i in ids}
    with connect(database) as con:
        con.execute("update enrichment_status set status = 'failed'")
    migrate(database, now=NOW, strategy="fixed", jitter=0.1)

    assert {i: _queue(database)[i][2] - NOW for i in ids} == waits
    assert len(set(waits.values())) > 15
    assert all(timedelta(days=81) <= wait <= timedelta(days=99) for wait in waits.values())


def test_eight_workers_take_each_due_track_exactly_once(database):
    with connect(database) as con:
        con.execute("insert into tracks (title, normalized_title) select 'ID', 'id' from generate_series(1, 10000)")
        con.execute(
            "insert into enrichment_status (track_id, status, retry_after, retry_count)"
            " select id, 'pending_re_enrichment', %s, 0 from tracks",
            (NOW,),
        )

    def work(_: int) -> int:
        taken = 0
        for _ in range(100):  # bounded: 10,000 tracks are 50 batches
            got = process(database, now=NOW, limit=200).reset_to_pending
            taken += got
            if got == 0:
                break
        return taken

    with ThreadPoolExecutor(8) as pool:
        taken = sum(pool.map(work, range(8)))

    assert taken == 10_000
    with connect(database) as con:
        rows = con.execute("select status, retry_count, count(*) from enrichment_status group by 1, 2").fetchall()
    assert rows == [("pending", 1, 10_000)]


def test_infinite_and_missing_dates_do_not_stop_the_queue(database):
    (a, b) = _tracks(database, [("far", None, 0, 1), ("blank", None, 0, None)])
    with connect(database) as con:
        con.execute("update setlists set set_date = 'infinity'")
        con.execute("update tracks set created_at = '-infinity' where id = %s", (a,))
        con.execute("update tracks set created_at = '0001-01-01' where id = %s", (b,))

    assert migrate(database, now=NOW).migrated == 2


def test_a_waiting_track_without_a_time_is_due(database):
    _tracks(database, [("a", None, 0, 400)])
    with connect(database) as con:
        con.execute("update enrichment_status set status = 'pending_re_enrichment', retry_after = null")

    assert process(database, now=NOW).reset_to_pending == 1


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"strategy": "hopeful"}, {"jitter": 0.9}])
def test_nonsense_is_refused_and_nothing_changes(database, wrong):
    _tracks(database, [("a", None, 0, 400)])
    before = _queue(database)

    with pytest.raises(EnrichError):
        migrate(database, now=NOW, **wrong)

    assert _queue(database) == before


def test_a_database_without_the_migration_says_how_to_mend_it(blank_database):
    with pytest.raises(EnrichError, match="enrich db migrate"):
        stats(blank_database, now=NOW)


def _failed_again(settings):
    with connect(settings) as con:
        con.execute("update enrichment_status set status = 'failed', last_attempt = now() where status = 'pending'")


@pytest.mark.parametrize(
    ("strategy", "days"),
    [("fixed", [90, 90, 90, 90, 90]), ("exponential", [30, 60, 120, 240, 365]), ("adaptive", [90, 135, 180, 225, 270])],
)
def test_a_track_keeps_the_strategy_it_was_put_in_with_until_its_retries_are_spent(database, strategy, days):
    (track,) = _tracks(database, [("a", None, 0, 400)])
    now, waits = NOW, []
    assert migrate(database, now=now, strategy=strategy).migrated == 1
    for _ in range(5):
        status, _, after, _, under = _queue(database)[track]
        assert (status, under) == ("pending_re_enrichment", strategy)
        waits.append((after - now).days)
        now = after
        assert process(database, now=now).reset_to_pending == 1
        _failed_again(database)
        last = migrate(database, now=now)

    assert waits == days
    assert (last.migrated, last.skipped) == (0, 1)
    assert _queue(database)[track][:2] == ("failed", 5)
    assert stats(database, now=now).permanently_failed == 1


def test_a_strategy_named_outranks_the_tracks_own_and_an_unknown_one_gives_way(database):
    a, b = _tracks(database, [("a", None, 0, 400), ("b", None, 0, 400)])
    with connect(database) as con:
        own = "update enrichment_status set cooldown_reason = 'waited', cooldown_strategy = %s where track_id = %s"
        con.execute(own, ("hopeful", a))
        con.execute(own, ("fixed", b))

    assert migrate(database, now=NOW, limit=2).migrated == 2
    assert {i: _queue(database)[i][4] for i in (a, b)} == {a: "adaptive", b: "fixed"}
    with connect(database) as con:
        con.execute("update enrichment_status set status = 'failed'")
    migrate(database, now=NOW, strategy="exponential")
    assert {row[4] for row in _queue(database).values()} == {"exponential"}


def test_a_label_counts_wherever_it_stands_and_a_word_for_none_does_not(database):
    ids = _tracks(database, [("promo", "CDR", 0, 400), ("beside", None, 0, 400), ("column", None, 0, 400)])
    with connect(database) as con:
        con.execute('update tracks set metadata = metadata || \'{"label": "Bedrock"}\' where id = %s', (ids[1],))
        con.execute("alter table tracks add column label varchar(255)")
        con.execute("update tracks set label = 'Bedrock' where id = %s", (ids[2],))

    migrate(database, now=NOW)

    assert [(_queue(database)[i][2] - NOW).days for i in ids] == [90, 60, 60]


def test_a_base_holds_for_every_wait_of_a_track(database):
    ids = _tracks(database, [("short", None, 0, 400), ("usual", None, 0, 400)])
    with connect(database) as con:
        con.execute("update enrichment_status set status = 'completed' where track_id = %s", [ids[1]])
    migrate(database, now=NOW, strategy="fixed", base_days=10)
    with connect(database) as con:
        con.execute("update enrichment_status set status = 'failed' where track_id = any(%s)", [ids])

    migrate(database, now=NOW, strategy="adaptive")

    assert [(_queue(database)[i][2] - NOW).days for i in ids] == [10, 90]


@pytest.mark.parametrize(
    ("status", "idle_hours", "then"),
    [
        ("in_progress", 7, "pending"),
        ("in_progress", 5, "in_progress"),
        ("in_progress", None, "pending"),
        ("cooldown", 1, "pending_re_enrichment"),
        ("permanently_failed", 1, "failed"),
        ("partial", 100, "partial"),
    ],
)
def test_what_nobody_would_take_up_is_settled(database, status, idle_hours, then):
    (track,) = _tracks(database, [("stray", None, 1, 400)])
    touched = None if idle_hours is None else NOW - timedelta(hours=idle_hours)
    with connect(database) as con:
        con.execute("alter table enrichment_status drop constraint if exists enrichment_status_status_check")
        con.execute("alter table enrichment_status disable trigger user")
        con.execute(
            "update enrichment_status set status = %s, last_attempt = %s, updated_at = %s",
            [status, touched, touched or NOW - timedelta(days=30)],
        )

    settle_strays(database, now=NOW)

    assert _queue(database)[track][:2] == (then, 5 if status == "permanently_failed" else 1)
    with connect(database) as con:
        kept = con.execute("select status, retry_count from enrich_cooldown_adopted").fetchall()
    assert kept == ([(status, 1)] if status in ("cooldown", "permanently_failed") else [])
