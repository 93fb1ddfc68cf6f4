"""Tiers 0 and 1 on small worlds: what is proposed, from what, and what is not."""

from __future__ import annotations

import json

import polars as pl
import pytest

from enrich.tiers.internal import association, mashups, same_title
from enrich.tiers.labels import database_labels, title_labels

#: Plenty of pairs of versions by one artist, so that the measured confidence of agreeing titles is high.
VERSIONS = {
    f"{n}{v}": (f"Silver Morning Number {w}{mix}", (f"Artist {n}",), "Anjunabeats")
    for n, w in enumerate(["One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"] * 3)
    for v, mix in (("a", f" {n}x"), ("b", f" {n}x (Extended Mix)"))
}


def ids(*wanted):
    return pl.Series(wanted, dtype=pl.String)


def only(frame):
    assert frame.height == 1, frame
    return frame.row(0, named=True)


@pytest.mark.parametrize(
    ("title", "label", "probability"),
    [
        pytest.param("Frozen Ground [Anjunabeats]", "Anjunabeats", 0.70, id="square-known"),
        pytest.param("Frozen Ground [Deepwell]", "Deepwell", 0.65, id="square-unknown"),
        pytest.param("Frozen Ground (Anjunabeats)", "Anjunabeats", 0.65, id="round-known"),
        pytest.param("Frozen Ground [ANJUNABEATS Recordings]", "Anjunabeats", 0.70, id="spelling-of-the-database"),
    ],
)
def test_a_label_in_the_title(workspace, title, label, probability):
    ws = workspace({"x": (title, (), None), "y": ("Rainy Road", ("Spencer Brown",), "Anjunabeats")})

    got = only(title_labels(ws, ids("x", "y")))

    assert (got["value"], got["probability"], got["confidence"], got["tier"]) == (label, probability, None, 0)


@pytest.mark.parametrize("title", ["Frozen Ground [VIP]", "Frozen Ground (Extended Mix)", "Frozen Ground [CDR]", "ID"])
def test_a_version_is_no_label(workspace, title):
    ws = workspace({"x": (title, (), None), "y": ("Rainy Road", ("Spencer Brown",), "Anjunabeats")})

    assert title_labels(ws, ids("x")).is_empty()


def test_a_label_known_for_another_version_of_the_same_track(workspace):
    ws = workspace({**VERSIONS, "x": ("Silver Morning Number One 0x (Radio Edit)", ("Artist 0",), None)})

    got = only(database_labels(ws, ids("x")))

    assert got["value"] == "Anjunabeats"
    assert "same artist" in json.loads(got["evidence"])["bucket"]


def test_a_remix_says_nothing_of_the_original_s_label(workspace):
    ws = workspace({**VERSIONS, "x": ("Silver Morning Number One 0x (Somebody Remix)", ("Artist 0",), None)})

    assert database_labels(ws, ids("x")).is_empty()


def test_rival_labels_elsewhere_are_no_answer(workspace):
    tracks = {"a": ("Night Signal", ("Alpha",), "Deepwell"), "b": ("Night Signal (Radio Edit)", ("Alpha",), "Armada")}
    ws = workspace({**tracks, "x": ("Night Signal (Extended Mix)", ("Alpha",), None)})

    assert database_labels(ws, ids("x")).is_empty()


def test_the_same_title_elsewhere_names_the_artist(workspace):
    ws = workspace({**VERSIONS, "x": ("Silver Morning Number One 0x (Club Mix)", (), None)})

    got = only(same_title(ws, ids("x")))

    assert (got["value"], got["tier"], got["source"]) == ("Artist 0", 1, "same-title")
    assert got["artist_id"] == "id:Artist 0"
    assert json.loads(got["evidence"])["artists"] == ["Artist 0"]


def test_a_title_two_artists_have_names_nobody(workspace):
    tracks = {"a": ("Sunrise", ("A",), None), "b": ("Sunrise", ("B",), None)}
    ws = workspace({**tracks, "x": ("Sunrise", (), None)})

    assert same_title(ws, ids("x")).is_empty()


@pytest.mark.parametrize("title", ["ID", "Untitled", "Track 7", "X", "ID (Working Title)"])
def test_a_title_that_says_nothing_names_nobody(workspace, title):
    ws = workspace({"a": (title, ("A",), None), "x": (title, (), None)})

    assert same_title(ws, ids("x")).is_empty()


def test_association_scores_title_and_share_within_its_range(workspace):
    roster = {f"r{n}": (f"Frozen Ground Part {n}", ("Ilan Bluestone",), "Anjunabeats") for n in range(3)}
    other = {"o": ("Rainy Road", ("Spencer Brown",), "Anjunabeats")}
    ws = workspace({**roster, **other, "x": ("Frozen Ground Part 9", (), "Anjunabeats"),
                    "y": ("Completely Else", (), "Anjunabeats")})  # fmt: skip

    got = only(association(ws, ids("x", "y")))

    evidence = json.loads(got["evidence"])
    assert (got["track_id"], got["value"]) == ("x", "Ilan Bluestone")
    assert evidence["share"] == 0.75
    assert evidence["score"] == pytest.approx(0.7 * evidence["similarity"] + 0.3 * 0.75, abs=1e-3)
    assert (got["probability"], got["confidence"]) == (min(evidence["score"], 0.80), None)
    assert evidence["bucket"] == "score from 0.80"


def test_association_needs_a_label(workspace):
    ws = workspace({"r": ("Frozen Ground", ("Ilan",), "Anjunabeats"), "x": ("Frozen Ground", (), None)})

    assert association(ws, ids("x")).is_empty()


def test_a_mashup_is_named_when_every_component_is_found(workspace):
    ws = workspace({**VERSIONS, "m": ("Artist 1 - Silver Morning vs. Artist 2 - Second Song (DJ Mashup)", (), None)})

    got = only(mashups(ws, ids("m")))

    assert (got["probability"], got["source"]) == (0.90, "mashup")
    assert json.loads(got["evidence"])["artists"] == ["Artist 1", "Artist 2"]


def test_a_mashup_with_a_component_nobody_knows_is_not_named(workspace):
    ws = workspace(
        {**VERSIONS, "m": ("Artist 1 - Silver Morning vs. Nobody Known - Second Song (DJ Mashup)", (), None)}
    )

    assert mashups(ws, ids("m")).is_empty()


def test_accepted_results_stand_in_the_workspace_at_once(workspace):
    ws = workspace(
        {**VERSIONS, "x": ("Silver Morning Number One 0x (Club Mix)", (), None)},
        plays=[("s", "DJ", 1, "0a"), ("s", "DJ", 2, "x")],
    )
    proposals = same_title(ws, ids("x"))

    after = ws.with_accepted(proposals)

    row = after.tracks.filter(pl.col("track_id") == "x").row(0, named=True)
    assert (row["artist"], row["is_known_artist"]) == ("Artist 0", True)
    assert after.tracklists.filter(pl.col("track_key") == "x")["artist"].to_list() == ["Artist 0"]
    assert same_title(after, ids("x")).is_empty()
    assert ws.tracks.filter(pl.col("track_id") == "x")["artist"].to_list() == [None]
