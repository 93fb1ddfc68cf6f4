"""Judging against the planted truth: names, aliases, spellings, and what nobody can judge."""

from __future__ import annotations

import polars as pl
import pytest

from enrich.measuring.judging import ALIASES, TRUTH, judge
from enrich.reporting.dashboards import Precision, precision_by_band

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
            "status": ["written", "proposed", "accepted", "rejected"],
            "confidence": [0.9, 0.95, 1.0, 0.92],
            "decided_by": [None, None, "anna", "anna"],
        }
    )
    judged = judge(values, TRUE)

    assert judged.columns == [*values.columns, "is_right"]
    by_tier = precision_by_band(judged, by=["tier"]).select("tier", "right", "judged", "precision")
    assert by_tier.rows() == [(0, 0, 1, 0.0), (1, 1, 2, 0.5)]
    whole = precision_by_band(judged.with_columns(all=True), width=1.0, by=["all"]).row(0, named=True)
    assert whole == {"all": True, "low": 0.0, "high": 1.0, "n": 4, "written": 1, "judged": 3, "right": 1,
                     "precision": 0.3333, "confidence": 0.9425, "decided": 2, "accepted": 1}  # fmt: skip


def test_nothing_to_judge():
    judged = judge(pl.DataFrame(schema={"track_id": pl.String, "kind": pl.String, "value": pl.String}), TRUE)

    assert judged["is_right"].is_empty()
    assert Precision().rounded is None
