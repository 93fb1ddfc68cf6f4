"""Learning when to look again: better than the strategies on releases it was not learned from."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from bench.promo_lags import release_lags
from bench.schedule_learning import learn, tuned
from enrich.cooldown.simulation import ReleaseCurve, default_curves, draw_tracks, fit_curve, simulate


def test_where_all_is_released_on_one_day_it_looks_right_after():
    days = tuple(range(0, 731, 7))
    still = tuple(1.0 if day < 70 else 0.2 for day in days)
    curve = ReleaseCurve(name="x", days=days, unreleased=still, low=still, high=still, recordings=100, releases=80)

    assert learn(curve, price=0.02).waits[0][0] in range(66, 74)


def test_a_dearer_look_up_is_made_less_often():
    curve = default_curves()["release"]
    tracks = draw_tracks(curve, seed=4, tracks=4000)

    spent = [
        simulate(tracks, strategies=(), schedules={"x": learn(curve, price=price)}).summary["look_ups"].item()
        for price in (0.005, 0.02, 0.1)
    ]

    assert spent == sorted(spent, reverse=True)
    assert spent[0] > spent[2]
    with pytest.raises(ValueError, match="price"):
        learn(curve, price=0)


@pytest.mark.shared
def test_it_wins_on_recordings_it_has_not_seen(shared_data):
    lags = release_lags(
        pl.read_parquet(shared_data / "tracklists.parquet"), pl.read_parquet(shared_data / "labels.parquet")
    )
    for seed in (1, 2, 3):
        half = pl.Series(np.random.default_rng(seed).random(lags.height) < 0.5)
        seen, unseen = fit_curve(lags.filter(half), name="seen"), fit_curve(lags.filter(~half), name="unseen")
        schedule = tuned(seen, draw_tracks(seen, seed=10 + seed), like="adaptive")

        year = simulate(
            draw_tracks(unseen, seed=20 + seed), strategies=("adaptive",), schedules={"learned": schedule}
        ).summary
        adaptive, learned = year.rows(named=True)

        assert learned["recovered"] > adaptive["recovered"]
        assert learned["look_ups"] < 1.02 * adaptive["look_ups"]
