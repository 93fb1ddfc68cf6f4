"""The figures of a replay, by hand."""

from __future__ import annotations

import json
from datetime import date, timedelta

import polars as pl
import pytest

from enrich.errors import InputFileError
from enrich.replaying.unknowns import (
    OUTCOMES,
    PROPOSED,
    by_kind,
    by_source,
    by_threshold,
    recovery_curve,
)
from enrich.text.credits import credits_alike

DAY = date(2010, 1, 1)


@pytest.mark.parametrize(
    ("true", "found", "right"),
    [
        ("Rank 1", "Rank1", True),
        ("Ridgewalker feat. El", "Ridgewalkers", True),
        ("Agnelli & Nelson", "Agnelli and Nelson", True),
        ("A & B", "B", True),
        ("Push", "Greed", False),
        ("Above & Beyond", "Above & Beyond", True),
        ("Armin van Buuren", "Markus Schulz", False),
        (None, "Greed", None),
        ("Push", None, None),
    ],
)
def test_a_name_is_right_when_it_credits_the_artist(true, found, right):
    assert credits_alike(pl.Series([true], dtype=pl.String), pl.Series([found], dtype=pl.String)).to_list() == [right]


def _outcomes(rows):
    """rows: kind, set day, days to the name (or None), right, day it was played under its name."""
    return pl.DataFrame(
        [
            {"set_id": "s", "position": n, "kind": kind, "set_date": DAY + timedelta(days=day), "days": days,
             "found_artist": None if days is None else "X", "right": right, "source": None if days is None else "t",
             "tier": None if days is None else 1, "retries": 1,
             "known_from": None if known is None else DAY + timedelta(days=known)}
            for n, (kind, day, days, right, known) in enumerate(rows)
        ],
        schema=OUTCOMES,
    )  # fmt: skip


ROWS = [
    ("title kept", 0, 50, True, 40),
    ("title kept", 0, 100, False, 60),
    ("title kept", 0, None, None, None),
    ("real", 0, 10, None, None),
    ("real", 330, None, None, None),
]


def test_the_curve_counts_only_who_was_watched_that_long():
    curve = recovery_curve(_outcomes(ROWS), ends=DAY + timedelta(days=365), grid_days=(30, 90, 365))

    kept = curve.filter(kind="title kept")
    assert kept["watched"].to_list() == [3, 3, 3]
    assert kept["recovered"].to_list() == [0, 1, 2]
    assert kept["right"].to_list() == [0, 1, 1]
    assert kept["known"].to_list() == [0, 2, 2]
    assert curve.filter(kind="all")["watched"].to_list() == [5, 4, 4]


def test_figures_by_kind():
    kept = by_kind(_outcomes(ROWS)).filter(kind="title kept").row(0, named=True)

    assert (kept["unknowns"], kept["named_later"], kept["recovered"]) == (3, 2, 2)
    assert (kept["right"], kept["wrong"], kept["unjudged"], kept["precision"]) == (1, 1, 0, 0.5)
    assert kept["median_days"] == 75
    real = by_kind(_outcomes(ROWS)).filter(kind="real").row(0, named=True)
    assert (real["recovered"], real["unjudged"], real["precision"]) == (1, 1, None)


def test_figures_by_source_and_threshold_take_the_surest_of_a_track():
    proposed = pl.DataFrame(
        [
            {"track_id": "a", "source": "t", "tier": 1, "confidence": 0.9, "right": True},
            {"track_id": "a", "source": "t", "tier": 1, "confidence": 0.4, "right": False},
            {"track_id": "b", "source": "t", "tier": 1, "confidence": 0.6, "right": False},
            {"track_id": "c", "source": "t", "tier": 1, "confidence": 0.2, "right": None},
        ],
        schema=PROPOSED,
    )

    row = by_source(_outcomes(ROWS), proposed).row(0, named=True)
    assert (row["proposed"], row["proposed_judged"], row["proposed_precision"]) == (3, 2, 0.5)
    assert (row["written"], row["written_right"], row["written_judged"]) == (3, 1, 2)
    at = {r["threshold"]: r for r in by_threshold(proposed).iter_rows(named=True)}
    assert (at[0.0]["tracks"], at[0.0]["judged"]) == (3, 2)
    assert (at[0.6]["judged"], at[0.65]["judged"], at[0.9]["precision"]) == (2, 1, 1.0)


def test_a_replay_is_read_back_as_frames(tmp_path):
    from enrich.replaying.unknowns import read_replay

    told = {
        "curve": [{"kind": "all", "days": 182, "watched": 10, "recovered": 2, "right": 2, "known": 3}],
        "by_kind": [{"kind": "all", "unknowns": 10}],
        "by_source": [],
        "resolved": [{"found_artist": "Ilan Bluestone", "right": None}, {"found_artist": "Pryda", "right": True}],
    }
    file = tmp_path / "replay.json"
    file.write_text(json.dumps(told), encoding="utf-8")

    got = read_replay(file)

    assert got.curve.to_dicts() == told["curve"]
    assert got.resolved["right"].to_list() == [None, True]
    assert read_replay(None).curve.is_empty()
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(InputFileError, match="holds no replay"):
        read_replay(file)
    with pytest.raises(InputFileError, match="no such file"):
        read_replay(tmp_path / "none.json")
