"""Release curves: lags of a database by hand, an estimator against the textbook, draws that follow the curve."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.cooldown.simulation import LAGS, MIN_RELEASES, database_lags, default_curves, fit_curve
from enrich.errors import EnrichError

DAY = date(2005, 1, 1)


def _told(lags):
    return sorted(lags.select("cohort", "days", "is_over").rows())


def test_lags_of_a_database():
    tracks = pl.DataFrame(
        {"first_played": [DAY, DAY, DAY, None], "release_date": [DAY + timedelta(days=50), None, None, None],
         "status": ["completed", "failed", "completed", "failed"]},
        schema={"first_played": pl.Date, "release_date": pl.Date, "status": pl.String},
    )  # fmt: skip

    assert _told(database_lags(tracks, today=DAY + timedelta(days=200))) == [
        ("database", 50, True), ("database", 200, False),
    ]  # fmt: skip


def _lags(days, is_over):
    return pl.DataFrame(
        {"cohort": ["x"] * len(days), "first_played": [DAY] * len(days), "days": days, "is_over": is_over}, schema=LAGS
    )


def _by_hand(days, is_over, at):
    """Kaplan–Meier as the textbook has it."""
    share = 1.0
    for t in sorted({d for d, over in zip(days, is_over, strict=True) if over and d <= at}):
        at_risk = sum(d >= t for d in days)
        share *= 1 - sum(d == t and over for d, over in zip(days, is_over, strict=True)) / at_risk
    return share


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(st.integers(1, 700), st.booleans()), min_size=MIN_RELEASES, max_size=60))
def test_the_curve_is_the_textbook_estimate(rows):
    days, is_over = map(list, zip(*([*rows, *[(100, True)] * MIN_RELEASES]), strict=True))
    curve = fit_curve(_lags(days, is_over), name="x")

    for at in (7, 98, 105, 350, 728):
        assert curve.unreleased_at(at) == pytest.approx(_by_hand(days, is_over, at), abs=2e-4)
    assert list(curve.unreleased) == sorted(curve.unreleased, reverse=True)


def test_a_curve_of_a_handful_is_refused():
    with pytest.raises(EnrichError, match="at least 20"):
        fit_curve(_lags([10] * 19 + [5] * 50, [True] * 19 + [False] * 50), name="thin")


def test_draws_follow_the_curve_and_respect_the_age():
    curve = default_curves()["release"]
    rng = np.random.default_rng(1)

    fresh = curve.draw(np.zeros(40_000), rng)
    old = curve.draw(np.full(40_000, 200.0), rng)

    for at in (60, 182, 365):
        assert (fresh <= at).mean() == pytest.approx(1 - curve.unreleased_at(at), abs=0.01)
    assert (old >= 200).all()
    expected = 1 - curve.unreleased_at(365) / curve.unreleased_at(200)
    assert (old <= 365).mean() == pytest.approx(float(expected), abs=0.01)
