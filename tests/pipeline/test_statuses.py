"""No track is stuck: missing rows, tracks that lack nothing, failures that pass, and what a person took back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from database_world import World
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enrich.cooldown import migrate, process, stats
from enrich.ledger.proposals import proposals
from enrich.ledger.review import accept
from enrich.ledger.writing import undo, writeback
from enrich.pipeline.cycle import hunt_labels, resolve, trigger
from enrich.reporting.recovery import read_figures

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def world(database):
    return World(database)


def _statuses(world):
    return dict(world.query("select track_id::text, status from enrichment_status"))


def test_a_track_without_a_row_is_pending_and_gets_its_row_only_when_applied(world):
    lacking = world.track("Nobody Knows", status=None)
    complete = world.track("Rainy Road", artist="Spencer Brown", label="Anjunabeats", status=None)

    assert trigger(world.settings, now=NOW).processed == 1
    assert _statuses(world) == {}
    assert read_figures(world.settings, now=NOW)["headline"]["pending_after"] == 2

    trigger(world.settings, now=NOW, apply=True)
    assert _statuses(world) == {lacking: "failed", complete: "completed"}


def test_what_lacks_nothing_is_completed_and_counts_as_recovered_where_it_had_failed(world):
    track = world.track("Rainy Road", label="Anjunabeats")
    migrate(world.settings, now=NOW)
    due = NOW + timedelta(days=400)
    process(world.settings, now=due)
    world.link(track, world.artist("Spencer Brown"))

    trigger(world.settings, now=due, apply=True)

    assert _statuses(world)[track] == "completed"
    headline = read_figures(world.settings, now=due)["headline"]
    assert (headline["recovered"], headline["failed_before"]) == (1, 1)


@pytest.mark.parametrize(
    ("error", "flag", "passes"),
    [
        ("circuit breaker OPEN", None, True),
        ("Circuit-breaker is open for spotify", None, True),
        ("Read timed out", None, True),
        ("HTTP 429", None, True),
        ("track 14290 not found", None, False),
        ("no match", None, False),
        ("no match", True, True),
        ("timeout", False, False),
        (None, None, False),
    ],
)
def test_failures_that_pass_are_retried_first_and_not_parked(world, error, flag, passes):
    track = world.track("Nobody Knows")
    world.query("update enrichment_status set error_message = %s, is_retriable = %s", error, flag)
    other = world.track("Somebody Else", status="pending")

    assert stats(world.settings, now=NOW).retriable == passes
    assert migrate(world.settings, now=NOW).migrated == (not passes)
    if passes:
        assert trigger(world.settings, now=NOW, limit=1, apply=True).processed == 1
        assert world.query("select track_id::text from enrichment_status where retry_count = 1") == [(track,)]
        assert stats(world.settings, now=NOW).retriable == 0
        assert _statuses(world)[other] == "pending"
        assert migrate(world.settings, now=NOW).migrated == 1


def test_failures_that_pass_are_parked_where_that_is_asked_for(world):
    world.track("Nobody Knows")
    world.query("update enrichment_status set error_message = 'timeout'")

    assert migrate(world.settings, now=NOW, with_retriable=True).migrated == 1


def test_hunting_leaves_no_trace_in_the_statuses_and_goes_on_where_it_stopped(world):
    tracks = {world.track(f"Nobody Knows {n}") for n in range(4)}
    before = world.query("select ctid, xmin, * from enrichment_status order by track_id")
    for hours in (0, 1):
        hunt_labels(world.settings, now=NOW + timedelta(hours=hours), limit=2, apply=True)

    assert world.query("select ctid, xmin, * from enrichment_status order by track_id") == before
    assert {row[0] for row in world.query("select track_id::text from enrich_attempts")} == tracks


def test_what_a_person_undid_comes_back_only_by_a_person(world):
    track = world.track("Frozen Ground [Anjunabeats]")
    run = resolve(world.settings, now=NOW, apply=True)
    assert run.labels_updated == 1
    ((write,),) = world.query("select run_id::text from enrich_runs where command = 'writeback'")
    undo(world.settings, write, now=NOW, by="anna")

    again = resolve(world.settings, now=NOW + timedelta(days=1), apply=True)

    assert (again.labels_updated, again.accepted, again.to_review) == (0, 0, 1)
    assert world.query("select metadata from tracks where id = %s", track) == [({},)]
    accept(world.settings, proposals(world.settings)["proposal_id"].to_list(), by="anna", now=NOW)
    assert writeback(world.settings, now=NOW, apply=True).labels_written == 1


def test_undo_takes_off_the_row_of_status_it_brought(world):
    named = world.track("Frozen Ground [Anjunabeats]", artist="Ilan Bluestone", status=None)
    hunt_labels(world.settings, now=NOW, apply=True)
    assert _statuses(world) == {named: "completed"}
    ((write,),) = world.query("select run_id::text from enrich_runs where command = 'writeback'")

    assert undo(world.settings, write, now=NOW, by="anna").kept == 0
    assert _statuses(world) == {}


STATE = st.tuples(
    st.sampled_from([None, "pending", "failed", "completed", "partial", "pending_re_enrichment", "in_progress"]),
    st.booleans(),
    st.sampled_from([None, "Anjunabeats", "Promo"]),
    st.sampled_from([None, "no match", "timeout"]),
    st.integers(0, 6),
)


@given(states=st.lists(STATE, min_size=1, max_size=12))
@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_two_cycles_nothing_is_pending_that_has_all_it_needs(world, states):
    world.query("truncate tracks, artists, enrich_runs cascade")
    for n, (status, has_artist, label, error, retries) in enumerate(states):
        track = world.track(
            f"Title {n}", artist="Somebody" if has_artist else None, label=label, status=status, retries=retries
        )
        world.query("update enrichment_status set error_message = %s where track_id = %s", error, track)
    for hours in (0, 1):
        trigger(world.settings, now=NOW + timedelta(hours=hours), apply=True)

    assert (
        world.query(
            "select title from tracks t left join enrichment_status s on s.track_id = t.id"
            " where coalesce(s.status, 'pending') = 'pending'"
        )
        == []
    )
