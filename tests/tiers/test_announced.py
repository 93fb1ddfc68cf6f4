"""Titles named after an unknown was played under them: who is answered, who is not, and how sure that is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest

from enrich.tiers.announced import announced

DAY = date(2020, 1, 1)


@pytest.fixture
def world(workspace):
    """World of tracks (id → title, artists, label) and plays (id → days after DAY)."""

    def make(tracks, days):
        plays = [(f"s{d}-{t}", "DJ", 1, t) for t, of in days.items() for d in of]
        ws = workspace(tracks, plays=plays)
        on = pl.col("set_id").str.extract(r"^s(\d+)-").cast(pl.Int64)
        dated = ws.tracklists.with_columns(set_date=pl.lit(DAY) + pl.duration(days=on)).cast({"set_date": pl.Date})
        return replace(ws, tracklists=dated)

    return make


def _background(n=150):
    """Four years of known recordings that come back ten days after their first play; no title is shared by chance."""
    tracks = {f"k{i}": (f"Distant {_word(i)} Harbour", (f"Known {i}",), None) for i in range(n)}
    days = {f"k{i}": (10 * i, 10 * i + 10) for i in range(n)}
    return tracks, days


def _word(n):
    return "".join(chr(97 + int(d)) * 2 for d in f"{n:04d}")


def _one(ws, track="u"):
    return announced(ws, pl.Series([track])).to_dicts()


def test_a_title_named_three_weeks_later_is_the_unknown(world):
    tracks, days = _background()
    tracks |= {"u": ("Clear Blue Moon", (), None), "n": ("Clear Blue Moon (Club Mix)", ("Terra Ferma",), None)}
    ws = world(tracks, days | {"u": (200,), "n": (221,)})

    (got,) = _one(ws)

    assert (got["value"], got["tier"], got["source"], got["kind"]) == ("Terra Ferma", 1, "announced", "artist")
    told = json.loads(got["evidence"])
    assert (told["days"], told["bucket"], told["named_on"]) == (21, "named within 60 days", str(DAY + timedelta(221)))
    # Right 150 times of 150 when hidden: (150 + 7) of (150 + 10).
    assert (told["n"], told["correct"]) == (150, 150)
    assert got["confidence"] == pytest.approx(min(157 / 160, 1 - told["chance"]), abs=1e-3)
    assert got["confidence"] > 0.9


@pytest.mark.parametrize(
    ("tracks", "days"),
    [
        pytest.param({"n": ("Clear Blue Moon", ("A",), None)}, {"n": (100, 221)}, id="named-before"),
        pytest.param({"n": ("Clear Blue Moon", ("A",), None)}, {"n": (200, 221)}, id="named-the-same-day"),
        pytest.param({"n": ("Clear Blue Moon", ("A",), None)}, {"n": (700,)}, id="more-than-a-year-later"),
        pytest.param({"n": ("Clear Blue Moon", ("A",), None)}, {}, id="never-played"),
        pytest.param(
            {"n": ("Clear Blue Moon", ("A",), None), "o": ("Clear Blue Moon", ("B",), None)},
            {"n": (221,), "o": (230,)}, id="two-names",
        ),
        pytest.param(
            {"n": ("Clear Blue Moon", ("A",), None), "o": ("Clear Blue Moon", ("B",), None)}, {"n": (221,)},
            id="another-recording-nobody-played",
        ),
        pytest.param({"n": ("Clear Blue Moon", ("A",), "Bedrock")}, {"n": (221,)}, id="on-another-label"),
    ],
)  # fmt: skip
def test_no_answer(world, tracks, days):
    known, when = _background()
    unknown = {"u": ("Clear Blue Moon", (), "Anjunabeats")}

    assert _one(world(known | unknown | tracks, when | {"u": (200,)} | days)) == []


def test_still_unnamed_after_the_name_was_out_is_no_announcement(world):
    tracks, days = _background()
    ws = world(tracks | {"u": ("Clear Blue Moon", (), None), "n": ("Clear Blue Moon", ("A",), None)},
               days | {"u": (200, 240), "n": (221,)})  # fmt: skip

    assert _one(ws) == []


@pytest.mark.parametrize("title", ["ID", "Untitled", "?", "77"])
def test_a_title_that_says_nothing_is_not_asked(world, title):
    tracks, days = _background()
    ws = world(tracks | {"u": (title, (), None), "n": (title, ("A",), None)}, days | {"u": (200,), "n": (221,)})

    assert _one(ws) == []


def test_where_titles_are_shared_by_chance_it_is_not_sure(world):
    tracks, days = _background()
    # Every third recording has a namesake by somebody else a fortnight after its only play.
    for i in range(0, 150, 3):
        days[f"k{i}"] = (10 * i,)
        tracks[f"x{i}"] = (tracks[f"k{i}"][0], (f"Other {i}",), None)
        days[f"x{i}"] = (10 * i + 14,)
    ws = world(tracks | {"u": ("Clear Blue Moon", (), None), "n": ("Clear Blue Moon", ("A",), None)},
               days | {"u": (200,), "n": (221,)})  # fmt: skip

    (got,) = _one(ws)

    assert got["confidence"] < 0.8


def test_the_same_record_under_another_credit_is_no_namesake(world):
    tracks, days = _background()
    for i in range(0, 150, 3):
        days[f"k{i}"] = (10 * i,)
        tracks[f"x{i}"] = (tracks[f"k{i}"][0], (f"Known {i}", f"Guest {i}"), None)
        days[f"x{i}"] = (10 * i + 14,)
    ws = world(tracks | {"u": ("Clear Blue Moon", (), None), "n": ("Clear Blue Moon", ("A",), None)},
               days | {"u": (200,), "n": (221,)})  # fmt: skip

    (got,) = _one(ws)

    told = json.loads(got["evidence"])
    assert told["n"] == told["correct"] == 150


def test_unknowns_that_have_their_name_by_now_speak_for_those_that_wait(world):
    tracks, days = _background()
    waiting = {f"w{i}": (f"Nobody {_word(i)} Ever", (), None) for i in range(60)}
    tracks |= waiting | {"u": ("Clear Blue Moon", (), None), "n": ("Clear Blue Moon", ("A",), None)}
    days |= {track: (100,) for track in waiting} | {"u": (200,), "n": (221,)}
    alone = world(tracks, days)
    # Twenty others were played as IDs, were named a fortnight later, and have that name now.
    for i in range(20):
        title = f"Found {_word(i)} Again"
        tracks |= {f"f{i}": (title, (f"F {i}",), None), f"g{i}": (title, (f"F {i}",), None)}
        days |= {f"f{i}": (100,), f"g{i}": (114,)}
    ws = world(tracks, days)
    born = pl.col("track_key").str.starts_with("f")
    ws = replace(ws, tracklists=ws.tracklists.with_columns(is_id=pl.col("is_id") | born))

    assert _one(ws)[0]["confidence"] > _one(alone)[0]["confidence"]


def test_a_young_database_has_not_seen_how_often_titles_meet_by_chance(world):
    tracks, days = _background()
    young = {track: (i, i + 10) for i, track in enumerate(days)}
    unknown = {"u": ("Clear Blue Moon", (), None), "n": ("Clear Blue Moon", ("A",), None)}
    when = {"u": (100,), "n": (121,)}

    assert _one(world(tracks | unknown, young | when))[0]["confidence"] < 0.5
    assert _one(world(tracks | unknown, days | when))[0]["confidence"] > 0.9


def test_a_small_database_is_never_sure(world):
    ws = world({"u": ("Clear Blue Moon", (), None), "n": ("Clear Blue Moon", ("A",), None)}, {"u": (1,), "n": (9,)})

    (got,) = _one(ws)

    assert got["confidence"] <= 0.7
