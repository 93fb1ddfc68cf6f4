"""Counted shares: bounds as textbooks have them, and how one count is drawn to another."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.measuring.judging import LEAST, MOST, drawn, interval, lower_bound, moved, odds


def test_twenty_right_of_twenty_are_worth_0_86():
    assert lower_bound(1.0, 20) == pytest.approx(0.05 ** (1 / 20))
    assert lower_bound(0.5, 0) == 0.0


def test_without_cases_here_what_was_shipped_stands():
    share, cases = drawn(0, 0, to=0.93, weight=5_000)

    assert (float(share), float(cases)) == (pytest.approx(0.93), MOST)


def test_what_contradicts_is_believed_soon():
    agreeing, _ = drawn(19, 20, to=0.95, weight=MOST)
    against, cases = drawn(2, 20, to=0.95, weight=MOST)

    assert float(agreeing) == pytest.approx(0.95, abs=0.005)
    assert float(against) < 0.4
    assert float(cases) == pytest.approx(20 + LEAST)


@settings(deadline=None)
@given(right=st.integers(0, 300), wrong=st.integers(0, 300), to=st.floats(0, 1), weight=st.floats(0, 1e4))
def test_a_drawn_share_lies_between_the_two(right, wrong, to, weight):
    n = right + wrong
    share, cases = drawn(right, n, to=to, weight=weight)
    if cases > 0:
        own = right / n if n else to
        assert min(own, to) - 1e-9 <= share <= max(own, to) + 1e-9


@settings(deadline=None)
@given(share=st.floats(0, 1), n=st.integers(1, 5_000))
def test_an_interval_holds_its_share_and_the_bound_lies_within(share, n):
    low, high = interval(share, n)

    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1
    assert low - 1e-9 <= lower_bound(share, n) <= share + 1e-9


def test_moving_odds_keeps_the_order():
    first, second = moved([0.9, 0.6], odds(0.5) - odds(0.8))

    assert 0 < second < first < 0.9
    assert moved(0.7, 0.0) == pytest.approx(0.7)
