"""The learned schedule: bounded, readable, and better than the strategies on releases it was not learned from."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from enrich.cooldown import period_days, period_expr
from enrich.cooldown.lag import release_lags
from enrich.cooldown.learned import default_schedule, read_schedule, write_schedule
from enrich.cooldown.learning import learn, tuned
from enrich.cooldown.simulation import draw_tracks, simulate
from enrich.cooldown.survival import ReleaseCurve, default_curves, fit_curve
from enrich.errors import InputFileError


def _days(attempt, age):
    return period_days("learned", attempt=attempt, has_label=False, age_days=age)


def test_the_strategy_reads_the_shipped_table():
    waits = default_schedule().waits

    assert _days(0, 0) == waits[0][0]
    assert _days(2, 31) == waits[2][2]
    assert _days(99, 31) == waits[-1][2]
    assert _days(0, None) == _days(0, 99_999) == waits[0][-1]
    assert _days(0, -3) == waits[0][0]


def test_the_schedule_is_kept_and_read_again(tmp_path):
    write_schedule(default_schedule(), tmp_path / "s.json")
    assert read_schedule(tmp_path / "s.json") == default_schedule()
    (tmp_path / "s.json").write_text("{}")
    with pytest.raises(InputFileError, match=r"s\.json"):
        read_schedule(tmp_path / "s.json")


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


def test_a_label_and_whole_columns_make_no_difference():
    frame = pl.DataFrame({"n": [0, 1, 4], "label": [True, False, None], "age": [0.0, 44.9, None]})
    rule = period_expr("learned", attempt=pl.col("n"), has_label=pl.col("label"), age_days=pl.col("age"))

    assert frame.select(rule.alias("d"))["d"].to_list() == [_days(0, 0), _days(1, 44.9), _days(4, None)]


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
