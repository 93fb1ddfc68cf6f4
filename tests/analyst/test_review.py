"""Decisions in the widget and by spreadsheet: in the ledger with who and when, and never over another's head."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest
from database_world import World

from enrich.analyst.snapshot import AnalystSnapshot
from enrich.analyst.widgets import ReviewWidget
from enrich.errors import EnrichError
from enrich.frames.files import write_table
from enrich.ledger.proposals import proposals
from enrich.ledger.review import accept, decided_in_csv, reject, review_table

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TITLES = (
    '=HYPERLINK("http://evil.invalid","x")',
    "<script>alert(1)</script>",
    'Plain, with "quotes"\nand a line',
    "-1+1",
)


@pytest.fixture
def waiting(database):
    """Settings of a database with one label proposal for each of TITLES; and their ids by title."""
    world = World(database)
    ids = world.record(
        *(
            {"track_id": world.track(title, status=None), "kind": "label", "value": f"=Label {n}", "tier": 0,
             "source": "title", "probability": 0.7, "confidence": 0.9 - 0.1 * n,
             "evidence": json.dumps({"rule": title})}
            for n, title in enumerate(TITLES)
        ),
        now=NOW,
    )  # fmt: skip
    return database, dict(zip(TITLES, ids, strict=True))


def _state(settings):
    return {r["proposal_id"]: (r["status"], r["decided_by"]) for r in proposals(settings).iter_rows(named=True)}


def test_a_key_in_the_widget_is_in_the_ledger_with_who_and_when(waiting):
    settings, ids = waiting
    widget = ReviewWidget(settings, by="anna", clock=lambda: NOW)
    one, two = ids[TITLES[0]], ids[TITLES[1]]

    widget._on_message({"type": "decide", "decision": "accepted", "seen": {one: "proposed"}})
    widget._on_message({"type": "decide", "decision": "rejected", "seen": {two: "proposed"}})

    assert _state(settings)[one] == ("accepted", "anna")
    assert _state(settings)[two] == ("rejected", "anna")
    assert proposals(settings)["decided_at"].drop_nulls().to_list() == [NOW, NOW]
    assert {r["proposal_id"]: r["status"] for r in widget.rows}[one] == "accepted"


def test_two_reviewers_do_not_overwrite_each_other(waiting):
    settings, ids = waiting
    one = ids[TITLES[0]]
    anna = ReviewWidget(settings, by="anna", clock=lambda: NOW)
    bert = ReviewWidget(settings, by="bert", clock=lambda: NOW)

    anna.decide("rejected", {one: "proposed"})
    done = bert.decide("accepted", {one: "proposed"})

    assert (done.changed, done.unchanged) == (0, (one,))
    assert _state(settings)[one] == ("rejected", "anna")
    assert "decided already by anna" in bert.outcome(done)
    # Having seen it, bert may still differ: the decision then is his.
    assert bert.decide("accepted", {one: "rejected"}).changed == 1


def test_a_mistaken_message_is_answered_not_raised(waiting):
    settings, _ = waiting
    widget, answers = ReviewWidget(settings, by="anna", clock=lambda: NOW), []
    widget.send = answers.append

    widget._on_message({"type": "decide", "decision": "accepted", "seen": {"no id": "proposed"}})
    widget._on_message({"type": "decide", "decision": "perhaps", "seen": {}})

    assert [m["ok"] for m in answers] == [False, False]
    with pytest.raises(EnrichError, match="no decision"):
        widget.decide("perhaps", {})


def test_the_truth_is_measured_but_not_shown(after):
    widget = after.review(by="anna", clock=lambda: NOW)

    assert sum(m["judged"] for m in widget.precision) > 100
    assert not {"is_right", "true_label", "true_artist"} & set(widget.rows[0])


def test_a_spreadsheet_comes_back_as_it_went(waiting, tmp_path):
    settings, ids = waiting
    path = tmp_path / "review.csv"
    write_table(review_table(settings), path)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {r["proposal_id"] for r in rows} == set(ids.values())
    assert not [cell for r in rows for cell in r.values() if cell[:1] in ("=", "+", "@") or cell[:2] == "-1"]

    choice = dict(zip([ids[t] for t in TITLES], ["accept", "reject", "", " Accept "], strict=True))
    # A spreadsheet program writes the file anew: with a byte-order mark, semicolons, and line ends of its own.
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        out = csv.DictWriter(file, fieldnames=list(rows[0]), delimiter=";", lineterminator="\r\n")
        out.writeheader()
        out.writerows({**r, "decision": choice[r["proposal_id"]]} for r in rows)

    for decide, word in ((accept, "accepted"), (reject, "rejected")):
        seen = decided_in_csv(path, word)
        decide(settings, list(seen), by="anna", now=NOW, seen=seen)

    assert [_state(settings)[ids[t]][0] for t in TITLES] == ["accepted", "rejected", "proposed", "accepted"]


def test_without_a_planted_truth_people_judge(waiting):
    settings, ids = waiting
    accept(settings, [ids[TITLES[0]]], by="anna", now=NOW)
    reject(settings, [ids[TITLES[1]]], by="bert", now=NOW)
    accept(settings, [ids[TITLES[2]]], by="policy:default", now=NOW)
    snap = AnalystSnapshot(Path("none"), duckdb.connect(), None, settings=settings)  # the ledger alone is asked

    judged = dict(snap.judged_proposals().select("proposal_id", "is_right").iter_rows())

    assert [judged[ids[t]] for t in TITLES] == [True, False, None, None]
    assert snap.labels.precision().select(pl.col("judged", "right").sum()).row(0) == (2, 1)


@pytest.mark.parametrize(
    ("first", "by", "second", "stands"),
    [
        (reject, "bert", accept, True),
        (accept, "bert", reject, True),
        (reject, "anna", accept, False),  # one may change one's mind
        (accept, "policy:default", reject, False),
        (accept, "audit:bert", reject, False),
    ],
)
def test_who_did_not_see_it_overrules_no_other_person(waiting, first, by, second, stands):
    settings, ids = waiting
    first(settings, [ids[TITLES[0]]], by=by, now=NOW)
    status = _state(settings)[ids[TITLES[0]]][0]

    done = second(settings, [ids[TITLES[0]]], by="anna", now=NOW)

    assert (done.changed == 0) is stands
    told = {"proposal_id": ids[TITLES[0]], "status": status, "by": by, "at": "2026-03-01 12:00 UTC"}
    assert done.decided_before == ((told,) if stands else ())
    if stands:
        # Who saw it may.
        assert second(settings, [ids[TITLES[0]]], by="anna", now=NOW, seen={ids[TITLES[0]]: status}).changed == 1


def test_a_stale_spreadsheet_overwrites_nobody(waiting, tmp_path):
    settings, ids = waiting
    path = tmp_path / "review.csv"
    write_table(review_table(settings).with_columns(decision=pl.lit("accept")), path)
    reject(settings, [ids[TITLES[1]]], by="bert", now=NOW)

    seen = decided_in_csv(path, "accepted")
    done = accept(settings, list(seen), by="anna", now=NOW, seen=seen)

    assert done.unchanged == (ids[TITLES[1]],)
    assert _state(settings)[ids[TITLES[1]]] == ("rejected", "bert")
    assert done.changed == 3
