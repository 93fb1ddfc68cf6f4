"""Projected ranges are those of the specification, and verdicts say which side a figure falls on."""

from __future__ import annotations

import pytest

from enrich.reporting.figures import PROJECTIONS

BY_KEY = {p.key: p for p in PROJECTIONS}


@pytest.mark.parametrize(
    ("key", "low", "high"),
    [
        ("labels_found", 400, 450), ("labels_found_pct", 60, 75), ("tier1_candidates", 450, 500),
        ("tier1_recovered", 150, 200), ("tier2_recovered", 50, 80), ("tiers_recovered", 200, 280),
        ("queued", 190, 270), ("queue_recovered", 30, 70), ("queue_recovered_pct", 15, 25),
        ("success_rate", 85, 90), ("success_gain", 14, 19), ("unresolved", 120, 240), ("permanently_failed", 30, 50),
    ],
)  # fmt: skip
def test_ranges(key, low, high):
    assert (BY_KEY[key].low, BY_KEY[key].high) == (low, high)


@pytest.mark.parametrize(
    ("value", "verdict", "is_better"),
    [(119, "below", True), (120, "inside", False), (240, "inside", False), (241, "above", False), (None, None, False)],
)
def test_verdict(value, verdict, is_better):
    projection = BY_KEY["unresolved"]

    assert projection.verdict(value) == verdict
    assert projection.is_better(verdict) is is_better
