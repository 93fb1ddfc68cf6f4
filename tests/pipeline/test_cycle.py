"""The cycle on a real Postgres: what one track teaches the next, where it ends, and what becomes of the unresolved."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from database_world import World

from enrich.cooldown import migrate, process, stats
from enrich.errors import EnrichError
from enrich.frames.schemas import PROPOSALS
from enrich.ledger.policy import Policy
from enrich.matching.values import Availability, SourceAnswer
from enrich.pipeline.cycle import hunt_labels, resolve, trigger
from enrich.pipeline.rounds import MAX_ROUNDS, OutsideTiers, run_tiers, select_tracks
from enrich.snapshots.opening import open_snapshot
from enrich.snapshots.taking import snapshot
from enrich.tiers.context import ConfirmedCandidates
from enrich.tiers.workspace import Workspace

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TRUSTING = "artist:association=0.6"


class CycleWorld(World):
    """With the settings of a policy that accepts, and what became of the tracks."""

    def state(self):
        """track → (label, artist, status)."""
        rows = self.query(
            "select t.id::text, t.metadata->'original_data'->>'label', a.name, s.status from tracks t"
            " left join enrichment_status s on s.track_id = t.id"
            " left join track_artists l on l.track_id = t.id left join artists a on a.id = l.artist_id"
        )
        return {track: tuple(rest) for track, *rest in rows}

    def trusting(self):
        return self.settings.model_copy(update={"auto_accept": TRUSTING})


@pytest.fixture
def world(database):
    return CycleWorld(database)


def _relay(world):
    """A named track whose label is only in its title, and an unknown of that label with nearly the same title."""
    named = world.track("Frozen Ground [Anjunabeats]", artist="Ilan Bluestone")
    unknown = world.track("Frozen Grounds", label="Anjunabeats")
    return named, unknown


def test_a_label_found_makes_another_track_resolvable_in_the_same_run(world):
    named, unknown = _relay(world)

    done = resolve(world.trusting(), now=NOW, apply=True)

    assert (done.labels_updated, done.artists_updated, done.conflicts) == (1, 1, 0)
    assert world.state()[named][0] == "Anjunabeats"
    assert world.state()[unknown][1:] == ("Ilan Bluestone", "completed")


def test_without_the_label_the_other_track_stays_unknown(world):
    named, unknown = _relay(world)
    settings = world.settings.model_copy(update={"auto_accept": f"label:title=never,{TRUSTING}"})

    done = resolve(settings, now=NOW, apply=True)

    assert (done.labels_found, done.labels_updated, done.artists_updated) == (1, 0, 0)
    assert world.state()[named][0] is None
    assert world.state()[unknown][1:] == (None, "failed")


@pytest.mark.parametrize("between", [True, False])
def test_an_artist_named_in_this_run_names_the_next(world, between):
    world.track("Northern Aurora", label="Bedrock", artist="John Digweed", status="completed")
    for n in range(9):
        world.track(f"{'xyzvwqkjb'[n] * 6}", label="Bedrock", artist=f"Somebody {n}", status="completed")
    # Too far from `Northern Aurora` for the association, near enough to what is named in between.
    last = world.track("Northern Aurora II Returns", label="Bedrock")
    if between:
        world.track("Northern Aurora II", label="Bedrock")

    done = resolve(world.trusting(), now=NOW, apply=True)

    assert done.artists_updated == (2 if between else 0)
    assert world.state()[last][1] == ("John Digweed" if between else None)


def test_nothing_is_written_without_apply_and_everything_is_on_record(world):
    _relay(world)
    before = world.state()

    done = resolve(world.trusting(), now=NOW)

    assert (done.accepted, done.artists_updated, done.applied) == (2, 0, False)
    assert world.state() == before
    assert world.query("select status, count(*) from enrich_proposals group by 1") == [("accepted", 2)]
    assert world.query("select command, parameters->>'apply' from enrich_runs") == [("resolve", "false")]


def test_the_same_run_again_finds_nothing_new(world):
    _relay(world)
    resolve(world.trusting(), now=NOW, apply=True)
    after = world.state()

    again = resolve(world.trusting(), now=NOW + timedelta(hours=1), apply=True)

    assert (again.labels_updated, again.artists_updated) == (0, 0)
    assert world.state() == after


def test_what_changed_since_the_snapshot_is_a_conflict_and_left_alone(world):
    _, unknown = _relay(world)
    at = snapshot(world.settings, now=NOW)
    world.query("update tracks set title = 'Something Else' where id = %s", unknown)

    done = resolve(world.trusting(), now=NOW, apply=True, snapshot=at)

    assert (done.labels_updated, done.artists_updated, done.conflicts) == (1, 0, 1)
    assert world.state()[unknown][1] is None
    assert world.query("select kind from enrich_proposals where status = 'conflict'") == [("artist",)]


def test_hunting_labels_leaves_artists_alone(world):
    _, unknown = _relay(world)

    done = hunt_labels(world.trusting(), now=NOW, apply=True)

    assert (done.processed, done.labels_found, done.labels_updated, done.failed) == (1, 1, 1, 0)
    assert done.by_source == {"title": 1}
    assert world.state()[unknown][1] is None


def test_pending_tracks_are_settled(world):
    nameless = world.track("Nobody Knows", status="pending")
    only_label = world.track("Rainy Road", artist="Spencer Brown", status="pending")
    named, review = _relay(world)
    world.query("update enrichment_status set status = 'pending' where track_id = %s", review)

    done = trigger(world.settings, now=NOW, apply=True)

    assert (done.processed, done.failed, done.back_in_cooldown) == (3, 2, 0)
    state = world.state()
    assert (state[nameless][2], state[only_label][2], state[review][2]) == ("failed", "partial", "failed")
    reasons = dict(world.query("select track_id::text, error_message from enrichment_status"))
    assert reasons[nameless] == "no artist found in any tier"
    assert state[named][2] == "failed"  # not pending: not this run's business


@pytest.mark.parametrize(
    ("strategy", "days"),
    [
        pytest.param("fixed", [90, 90, 90, 90, 90], marks=pytest.mark.slow),
        pytest.param("exponential", [30, 60, 120, 240, 365], marks=pytest.mark.slow),
        ("adaptive", [90, 135, 180, 225, 270]),
    ],
)
def test_after_each_failed_retry_a_track_waits_the_next_period_of_its_own_strategy(world, strategy, days):
    track = world.track("Nobody Knows")
    now, waits = NOW, []
    migrate(world.settings, now=now, strategy=strategy)
    for retry in range(1, 6):
        due = stats(world.settings, now=now).next_retry_time
        waits.append((due - now).days)
        now = due
        process(world.settings, now=now)
        cycle = trigger(world.settings, now=now, apply=True)
        assert (cycle.back_in_cooldown, cycle.failed) == ((1, 0) if retry < 5 else (0, 1))

    assert waits == days
    assert world.query("select status, retry_count, cooldown_strategy from enrichment_status") == [
        ("failed", 5, strategy)
    ]
    assert world.state()[track][2] == "failed"
    assert stats(world.settings, now=now).permanently_failed == 1


def test_tracks_never_tried_come_first_then_those_untried_longest(world):
    tracks = {title: world.track(title) for title in ("a", "b", "c", "d")}
    tracks["queued"] = world.track("queued", status="pending_re_enrichment")
    for n, title in enumerate(("b", "a", "queued")):
        world.query(
            "update enrichment_status set last_attempt = %s where track_id = %s",
            NOW - timedelta(days=9 - n), tracks[title],
        )  # fmt: skip
    ws = _workspace(world)

    got = select_tracks(ws, statuses=("failed", "pending_re_enrichment"), limit=5, blank="artist").to_list()

    assert set(got[:2]) == {tracks["c"], tracks["d"]}
    assert got[2:] == [tracks["b"], tracks["a"], tracks["queued"]]
    assert select_tracks(ws, statuses=("failed",), limit=1, blank="any").to_list() == got[:1]
    with pytest.raises(EnrichError, match="limit"):
        select_tracks(ws, statuses=("failed",), limit=0, blank="any")


def _workspace(world):
    with open_snapshot(snapshot(world.settings, now=NOW), settings=world.settings) as opened:
        return Workspace.of(opened)


def _says(track, value, *, kind="artist", confidence=0.9):
    return pl.DataFrame(
        [{"proposal_id": "", "track_id": track, "kind": kind, "value": value, "tier": 1, "source": "test",
          "probability": confidence, "confidence": confidence, "status": "proposed", "evidence": "{}"}],
        schema=PROPOSALS,
    )  # fmt: skip


ANYTHING = Policy(name="test", fixed={("artist", "test"): 0.5, ("label", "test"): 0.5})


def test_rounds_go_on_until_nothing_new_is_found(world):
    chain = [world.track(f"Link {n}") for n in range(6)]

    def next_link(ws, _):
        known = set(ws.tracks.filter("is_known_artist")["track_id"])
        nameless = [track for track in chain if track not in known]
        return _says(nameless[0], "Somebody") if nameless else pl.DataFrame(schema=PROPOSALS)

    found = run_tiers(
        _workspace(world),
        pl.Series(chain),
        policy=ANYTHING,
        label_tiers=(),
        artist_tiers=(next_link,),
        context_tiers=(),
    )

    assert found.workspace.tracks["is_known_artist"].all()
    assert (found.rounds, len(found.accepted_ids)) == (7, 6)


def test_what_nobody_accepts_ends_the_run_in_one_round(world):
    track = world.track("Stubborn")
    asked = []

    def insists(ws, ids):
        asked.append(ids.to_list())
        return _says(track, "Somebody", confidence=0.4)

    found = run_tiers(
        _workspace(world),
        pl.Series([track]),
        policy=ANYTHING,
        label_tiers=(),
        artist_tiers=(insists,),
        context_tiers=(),
    )

    assert asked == [[track]]
    assert (found.proposals.height, found.accepted_ids) == (1, ())


def test_a_tier_that_changes_its_mind_neither_overwrites_nor_runs_for_ever(world):
    track = world.track("Fickle")
    names = iter(f"Name {n}" for n in range(100))

    found = run_tiers(
        _workspace(world), pl.Series([track]), policy=ANYTHING, label_tiers=(),
        artist_tiers=(lambda ws, ids: _says(track, next(names)),), context_tiers=(),
    )  # fmt: skip

    assert found.rounds == 2 < MAX_ROUNDS
    assert found.workspace.tracks["artist"].to_list() == ["Name 0"]


def test_tiers_that_ask_the_outside_ask_side_by_side(world):
    ids = [world.track("Clear Blue Moon", artist="Ilan Bluestone"), world.track("Frozen Ground", label="Anjunabeats")]
    both = threading.Barrier(2, timeout=5)

    class Waits:
        name, workers, lists_new = "deezer", 1, False

        def search(self, query):
            # Alone it would wait in vain.
            both.wait()
            return SourceAnswer(source="deezer", availability=Availability.OK)

    outside = OutsideTiers([Waits()], None, None)
    outside.outside_labels(_workspace(world), pl.Series(ids))

    assert outside.unavailable == {}


def test_candidates_are_asked_beside_the_others_from_the_second_round_on(world, monkeypatch):
    asked = []
    monkeypatch.setattr(ConfirmedCandidates, "asking", lambda self, ws, ids: lambda: asked.append(len(ids)))
    track = pl.Series([world.track("Frozen Ground")])
    ws, outside = _workspace(world), OutsideTiers([], None, None)

    outside.outside_labels(ws, track)
    assert asked == []
    outside.outside_labels(ws, track)
    assert asked == [1]


def test_context_is_asked_only_when_the_other_tiers_find_no_more(world):
    tracks = [world.track(f"Link {n}") for n in range(2)]
    order = []

    def first(ws, _):
        order.append("tier 1")
        return _says(tracks[0], "Somebody")

    def context(ws, _):
        order.append("context")
        return _says(tracks[1], "Somebody")

    run_tiers(
        _workspace(world), pl.Series(tracks), policy=ANYTHING, label_tiers=(), artist_tiers=(first,),
        context_tiers=(context,),
    )  # fmt: skip

    assert order == ["tier 1", "tier 1", "context", "tier 1", "context"]


def test_the_policy_none_writes_nothing(world):
    _relay(world)
    before = world.state()
    settings = world.settings.model_copy(update={"auto_accept": "none"})

    done = resolve(settings, now=NOW, apply=True)

    assert (done.accepted, done.labels_updated, done.artists_updated) == (0, 0, 0)
    assert world.state() == before
