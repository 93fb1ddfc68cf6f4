"""Judging against the planted truth: names, aliases, spellings, and what nobody can judge."""

from __future__ import annotations

import polars as pl
import pytest

from enrich.measuring.judging import ALIASES, TRUTH, judge
from enrich.reporting.precision import Precision, precision_by

TRUE = pl.DataFrame(
    [
        ("t1", "Ilan Bluestone", "Frozen Ground", "Black Hole", None, "artist_lost"),
        ("t2", "Above & Beyond, Spencer Brown", "Long Way From Home", "Anjunabeats", None, "promo_id"),
        ("t3", "Goran Marlowe", "Night Ferry", None, None, "mashup"),
    ],
    schema=TRUTH,
    orient="row",
)
OTHER_NAMES = pl.DataFrame(
    [("Goran Marlowe", ["Arclight"]), ("Arclight", ["Goran Marlowe"]), ("Spencer Brown", [])],
    schema=ALIASES,
    orient="row",
)


@pytest.mark.parametrize(
    ("track", "kind", "value", "right"),
    [
        pytest.param("t1", "artist", "ilan bluestone", True, id="case"),
        pytest.param("t1", "artist", "Spencer Brown", False, id="another-artist"),
        pytest.param("t1", "artist", "Ilan Bluestone & Spencer Brown", True, id="names-one-of-them"),
        pytest.param("t2", "artist", "Above and Beyond", True, id="duo-is-whole"),
        pytest.param("t2", "artist", "Spencer Brown", True, id="second-artist"),
        pytest.param("t2", "artist", "Above", False, id="half-a-duo"),
        pytest.param("t3", "artist", "Arclight", True, id="alias"),
        pytest.param("t1", "label", "Blackhole Recordings", True, id="label-spelling"),
        pytest.param("t1", "label", "Anjunabeats", False, id="another-label"),
        pytest.param("t3", "label", "Anjunabeats", False, id="a-mashup-has-no-label"),
        pytest.param("t9", "artist", "Ilan Bluestone", None, id="no-truth"),
    ],
)
def test_judge(track, kind, value, right):
    values = pl.DataFrame({"track_id": [track], "kind": [kind], "value": [value]})

    assert judge(values, TRUE, aliases=OTHER_NAMES)["is_right"].to_list() == [right]


def test_precision_counts_only_what_can_be_judged():
    values = pl.DataFrame(
        {
            "track_id": ["t1", "t1", "t2", "t9"],
            "kind": ["artist", "label", "artist", "artist"],
            "value": ["Ilan Bluestone", "Kiln", "Nobody", "Somebody"],
            "tier": [1, 0, 1, 1],
        }
    )
    judged = judge(values, TRUE)

    assert judged.columns == [*values.columns, "is_right"]
    assert precision_by(judged, ["tier"]).rows() == [(1, 1, 2, 0.5), (0, 0, 1, 0.0)]
    assert precision_by(judged.with_columns(all=True), ["all"]).rows() == [(True, 1, 3, 1 / 3)]


def test_nothing_to_judge():
    judged = judge(pl.DataFrame(schema={"track_id": pl.String, "kind": pl.String, "value": pl.String}), TRUE)

    assert precision_by(judged, ["kind"]).is_empty()
    assert Precision().rounded is None
