"""Audits: a sample drawn once, decided, and what waited beside it accepted on that ground, in one row of the ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from database_world import World

from enrich.analyst.widgets import ReviewWidget
from enrich.errors import EnrichError
from enrich.ledger.audits import accept_rest, audit
from enrich.ledger.proposals import proposals
from enrich.ledger.review import accept, reject
from enrich.pipeline.weighing import policy

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def waiting(database):
    """World with 40 artist proposals from same-title and one label from it, all waiting."""
    world = World(database)
    rows = [
        {"track_id": world.track(f"Title {n}"), "kind": "artist", "value": f"Artist {n}", "tier": 1,
         "source": "same-title", "probability": None, "confidence": 0.9,
         "evidence": '{"bucket": "2 words", "cases": 100}'}
        for n in range(40)
    ]  # fmt: skip
    world.record(*rows, now=NOW)
    return world


def _statuses(world):
    return dict(world.query("select status, count(*) from enrich_proposals group by 1"))


def test_twenty_right_of_twenty_open_the_others_at_their_risk(waiting):
    settings = waiting.settings
    found = audit(settings, "same-title", by="anna", now=NOW)
    assert (len(found.sample), len(found.others), found.left) == (20, 20, 20)
    with pytest.raises(EnrichError, match="decide these first"):
        accept_rest(settings, found.audit_id, by="anna", now=LATER)

    accept(settings, found.sample, by="anna", now=LATER)
    again = audit(settings, "same-title", by="anna", now=LATER, seed=99)

    assert again.audit_id == found.audit_id
    assert again.sample == found.sample
    assert "20 of 20 right, precision at least 0.86 at 95 %; these 20 others may be accepted" in again.text()
    done = accept_rest(settings, found.audit_id, by="anna", now=LATER)
    assert (done.accepted, _statuses(waiting)) == (20, {"accepted": 40})
    ground = waiting.query(
        "select command, summary->>'ground', summary->>'accepted' from enrich_runs where command = 'audit'"
    )
    assert ground == [("audit", "20 of 20 right, precision at least 0.86 at 95 %", "20")]
    assert waiting.query("select count(*) from enrich_decisions where decided_by = 'audit:anna'") == [(20,)]
    with pytest.raises(EnrichError, match="is closed"):
        accept_rest(settings, found.audit_id, by="bert", now=LATER)


def test_the_same_seed_draws_the_same(waiting):
    first = audit(waiting.settings, "artist:same-title", by="anna", now=NOW, n=5, seed=3)
    waiting.query("update enrich_runs set finished_at = now() where command = 'audit' returning 1")

    assert audit(waiting.settings, "same-title", by="anna", now=NOW, n=5, seed=3).sample == first.sample


def test_a_source_nobody_knows_has_nothing_to_audit(waiting):
    with pytest.raises(EnrichError, match="nothing waits"):
        audit(waiting.settings, "hearsay", by="anna", now=NOW)


def test_people_who_reject_stop_a_source_and_the_policy_says_so(waiting):
    waiting.query(
        "update enrich_proposals set confidence = 0.99, evidence = evidence || '{\"cases\": 200}' returning 1"
    )
    before = policy(waiting.settings).sources.row(0, named=True)
    ids = proposals(waiting.settings)["proposal_id"].head(12).to_list()
    reject(waiting.settings, ids, by="anna", now=LATER)

    after = policy(waiting.settings).sources.row(0, named=True)

    assert (before["would_accept"], before["stopped"]) == (40, False)
    assert (after["would_accept"], after["stopped"], after["people"]) == (0, True, 12)
    assert "people reject it" in policy(waiting.settings).text()


def test_the_policy_tells_what_precision_costs(waiting):
    costs = policy(waiting.settings).costs

    assert costs["accepted"].to_list() == sorted(costs["accepted"].to_list(), reverse=True)
    assert costs.filter(pl.col("asked") == 0.95)["accepted"].item() == 0


def test_the_widget_shows_the_sample_and_one_key_accepts_the_rest(waiting):
    found = audit(waiting.settings, "same-title", by="anna", now=NOW)
    widget = ReviewWidget(waiting.settings, by="anna", status=None, clock=lambda: LATER, audit=found.audit_id)
    assert {row["proposal_id"] for row in widget.rows} == set(found.sample)
    assert not widget.audit["ready"]

    for proposal in found.sample:
        widget._on_message({"type": "decide", "decision": "accepted", "seen": {proposal: "proposed"}})
    assert widget.audit["ready"]
    widget._on_message({"type": "accept_rest"})

    assert _statuses(waiting) == {"accepted": 40}
    assert not widget.audit["ready"]
