"""The simulated year: agrees with the queue's own periods, counts honestly, and is repeatable."""

from __future__ import annotations

import numpy as np
import pytest

from enrich.cooldown import STRATEGIES, period_days
from enrich.cooldown.simulation import Tracks, default_curves, draw_tracks, simulate
from enrich.rules import PROJECTED_PERCENT


def _tracks(*rows):
    """rows: enters, age, out_on, has_label."""
    enters, age, out_on, has_label = map(np.array, zip(*rows, strict=True))
    return Tracks(enters=enters.astype(float), age=age.astype(float), out_on=out_on.astype(float), has_label=has_label)


def _by_hand(strategy, enters, age, out_on, has_label, days):
    """One track, one retry after the other."""
    now, spent = enters, 0
    for attempt in range(5):
        now += period_days(strategy, attempt=attempt, has_label=bool(has_label), age_days=age + now - enters)
        if now > days:
            break
        spent += 1
        if out_on <= now:
            return now, spent
    return None, spent


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_simulation_is_the_queue_played_by_hand(strategy):
    rng = np.random.default_rng(5)
    rows = [
        (float(rng.integers(0, 300)), float(rng.integers(0, 700)), float(rng.choice([np.inf, rng.integers(0, 500)])),
         bool(rng.random() < 0.5))
        for _ in range(200)
    ]  # fmt: skip

    result = simulate(_tracks(*rows), strategies=(strategy,), days=365).summary.row(0, named=True)

    expected = [_by_hand(strategy, *row, 365) for row in rows]
    assert result["recovered"] == sum(found is not None for found, _ in expected)
    assert result["look_ups"] == sum(spent for _, spent in expected)


def test_a_track_released_the_day_after_a_look_up_waits_for_the_next():
    done = simulate(_tracks((0, 400, 91, False)), strategies=("fixed",))

    row = done.summary.row(0, named=True)
    assert (row["recovered"], row["look_ups"], row["median_delay"]) == (1, 2, 89.0)
    assert done.by_day.filter(recovered=100)["day"].min() == 180


def test_after_five_retries_a_track_is_exhausted():
    row = simulate(_tracks((0, 400, np.inf, False)), strategies=("fixed",), days=2000).summary.row(0, named=True)

    assert (row["look_ups"], row["recovered"], row["exhausted"]) == (5, 0, 1)
    assert row["per_recovery"] is None


def test_the_same_seed_the_same_year_and_another_seed_about_the_same():
    curve = default_curves()["release"]
    first, again, other = (simulate(draw_tracks(curve, seed=s)) for s in (1, 1, 2))

    assert first.summary.equals(again.summary)
    assert not first.summary.equals(other.summary)
    gap = (first.summary["recovered_pct"] - other.summary["recovered_pct"]).abs().max()
    assert gap < 2
    assert (first.summary["recovered"] <= first.summary["released"]).all()


def test_the_projection_lies_within_reach_of_the_simulated_year():
    low, high = PROJECTED_PERCENT
    year = simulate(draw_tracks(default_curves()["release"], seed=3), strategies=("adaptive",))

    assert low < year.summary["recovered_pct"].item() < high
