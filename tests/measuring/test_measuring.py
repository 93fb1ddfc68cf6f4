"""Masked replay of the rules: what is hidden is gone, and what a rule is worth follows from it."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from enrich.measuring.replay import FIRST, measure, namesakes, with_first_plays, without_artists, without_labels
from enrich.measuring.scale import Scale, decided
from enrich.tiers.internal import same_title

WORDS = ["One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"]


def _twins(artists, n=40):
    """Titles of three words, each twice, by the artists given for its two versions."""
    return {
        f"{i}{v}": (f"Silver {WORDS[i % 10]} {'abcdefghij'[i // 10] * 3}ing{mix}", (artists(i, v),), None)
        for i in range(n)
        for v, mix in (("a", ""), ("b", " (Extended Mix)"))
    }


def _of(measured, source):
    return measured.filter((pl.col("source") == source) & (pl.col("n") > 0))


def _said(ws, track):
    scale = Scale(measured=measure(ws), decided=decided(_no_ledger()))
    return scale(same_title(ws, pl.Series([track]))).row(0, named=True)


def _no_ledger():
    return pl.DataFrame(
        schema={"kind": pl.String, "source": pl.String, "status": pl.String, "decided_by": pl.String,
                "confidence": pl.Float64, "evidence": pl.String}
    )  # fmt: skip


def test_a_title_that_means_one_artist_here_is_sure_here(workspace):
    ws = workspace({**_twins(lambda i, v: f"Artist {i}"), "x": ("Silver One aaaing (Club Mix)", (), None)})

    assert _said(ws, "x")["confidence"] > 0.8


def test_a_title_that_everybody_uses_is_not(workspace):
    ws = workspace({**_twins(lambda i, v: f"Artist {i}{v}"), "c": ("Frozen Blue Ground", ("Ilan",), None),
                    "x": ("Frozen Blue Ground (Club Mix)", (), None)})  # fmt: skip

    assert _said(ws, "x")["confidence"] < 0.4


def test_the_same_seed_measures_the_same(workspace):
    ws = workspace(_twins(lambda i, v: f"Artist {i}"))

    assert measure(ws, seed=3).equals(measure(ws, seed=3))


def test_hidden_artists_are_gone_everywhere(workspace):
    ws = workspace({"a": ("Night Signal", ("Alpha",), "Deepwell"), "b": ("Other Thing", ("Beta",), None)},
                   plays=[("s", "DJ", 1, "a"), ("s", "DJ", 2, "b")])  # fmt: skip

    masked = without_artists(ws, pl.Series(["a"]))

    assert masked.tracks.filter("is_known_artist")["track_id"].to_list() == ["b"]
    assert masked.credits["track_id"].to_list() == ["b"]
    assert masked.tracklists["artist"].to_list() == [None, "Beta"]
    assert masked.tracklists["label"].to_list() == ["Deepwell", None]


def test_a_label_of_hidden_tracks_alone_is_known_no_more(workspace):
    tracks = {"a": ("Night Signal", ("Alpha",), "Deepwell"), "b": ("Other", ("Beta",), "Bedrock"),
              "c": ("Third", ("Gamma",), "Bedrock")}  # fmt: skip
    ws = workspace(tracks, plays=[("s", "DJ", 1, "a")])

    masked = without_labels(ws, pl.Series(["a", "b"]))

    assert masked.labels["label"].to_list() == ["Bedrock"]
    assert masked.tracks["label"].to_list() == [None, None, "Bedrock"]
    assert masked.tracklists["label"].to_list() == [None]


def test_namesakes_are_versions_by_the_same_artist(workspace):
    tracks = {"a": ("Night Signal", ("Alpha",), None), "b": ("Night Signal (Dub)", ("Alpha", "Guest"), None),
              "c": ("Night Signal", ("Other",), None)}  # fmt: skip

    assert set(namesakes(workspace(tracks), pl.Series(["a"]))) == {"a", "b"}


def test_a_first_play_becomes_an_unknown_of_its_own(workspace):
    ws = workspace({"a": ("Night Signal", ("Alpha",), None)}, plays=[("s1", "DJ", 1, "a"), ("s2", "DJ", 1, "a")])
    day = pl.when(pl.col("set_id") == "s1").then(pl.date(2020, 1, 1)).otherwise(pl.date(2020, 2, 1))
    ws = replace(ws, tracklists=ws.tracklists.with_columns(set_date=day))

    split, first = with_first_plays(ws, pl.Series(["a"]))

    assert first.to_list() == [f"a{FIRST}"]
    assert split.tracklists.sort("set_id").select("track_key", "artist").rows() == [(f"a{FIRST}", None), ("a", "Alpha")]


def test_a_track_played_on_one_day_alone_is_an_unknown_that_nobody_names(workspace):
    plays = [("s1", "DJ", 1, "a"), ("s1", "DJ", 2, "b"), ("s2", "DJ", 1, "b")]
    ws = workspace({"a": ("Once", ("Alpha",), None), "b": ("Twice", ("Beta",), None)}, plays=plays)
    day = pl.when(pl.col("set_id") == "s1").then(pl.date(2020, 1, 1)).otherwise(pl.date(2020, 2, 1))
    ws = replace(ws, tracklists=ws.tracklists.with_columns(set_date=day))

    split, first = with_first_plays(ws, pl.Series(["a", "b"]))

    assert sorted(first) == [f"a{FIRST}", f"b{FIRST}"]
    assert split.tracklists.drop_nulls("artist")["track_key"].to_list() == ["b"]


def _listed(*rows):
    return pl.DataFrame(
        [("artist", "same-title", status, by, 0.95, "{}") for status, by, count in rows for _ in range(count)],
        schema=_no_ledger().schema, orient="row",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "low", "high"),
    [
        pytest.param([("rejected", "anna", 15), ("accepted", "anna", 5)], 0.2, 0.6, id="people-keep-rejecting"),
        pytest.param([("written", "anna", 20)], 0.95, 1.0, id="twenty-right-of-twenty"),
        pytest.param(
            [("accepted", "policy:default", 20), ("rejected", "audit:anna", 9)], 0.95, 0.95, id="nobody-looked"
        ),
    ],
)
def test_decisions_move_the_confidence_of_their_source(rows, low, high):
    scale = Scale(measured=pl.DataFrame(schema=Scale.shipped().measured.schema), decided=decided(_listed(*rows)))
    open_ones = _listed(("proposed", None, 2))

    once = scale(open_ones)

    assert low <= once["confidence"][0] <= high
    # Decisions that are in a confidence already are not counted again.
    assert scale(once)["confidence"].to_list() == pytest.approx(once["confidence"].to_list())


def test_a_rule_that_nothing_measured_has_no_number():
    unknown = _listed(("proposed", None, 1)).with_columns(source=pl.lit("hearsay"), confidence=pl.lit(None, pl.Float64))

    assert Scale.shipped()(unknown)["confidence"].to_list() == [None]
