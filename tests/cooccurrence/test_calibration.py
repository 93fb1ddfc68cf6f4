from dataclasses import asdict, replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.cooccurrence.calibration import (
    ACCEPTED_PRECISION,
    Calibration,
    brier,
    choose_threshold,
    ece,
    evidence,
    fit_calibration,
    reliability,
)


def ranking(n=3000, seed=0):
    """Rankings whose odds are three times too high."""
    rng = np.random.default_rng(seed)
    true = rng.beta(1, 4, n)
    said = 3 * true / (1 + 2 * true)
    sets = rng.integers(1, 5, n)
    first = pl.DataFrame(
        {"unknown_no": np.arange(n), "rank": 1, "probability": said, "total": said * 4 / 3, "sets": sets}
    )
    second = first.with_columns(rank=pl.lit(2), probability=pl.col("probability") / 3)
    frame = evidence(pl.concat([first, second], how="vertical_relaxed").with_columns(pl.col("rank").cast(pl.Int32)))
    right = np.concatenate([rng.random(n) < true, rng.random(n) < true / 10])
    return frame, right


def test_confidence_is_the_share_of_right_answers():
    frame, right = ranking()
    calibration = fit_calibration(frame, right, recordings=3000)
    fresh, truth = ranking(seed=1)
    first = (fresh["rank"] == 1).to_numpy()

    confidence = calibration(fresh)

    assert ece(confidence[first], truth[first]) < 0.03
    assert ece(fresh["probability"].to_numpy()[first], truth[first]) > 0.1
    assert confidence[first].mean() > confidence[~first].mean()


def test_a_calibration_survives_json():
    frame, right = ranking(400)
    calibration = fit_calibration(frame, right, recordings=400)

    again = Calibration.of_json(asdict(calibration))

    assert np.allclose(again(frame), calibration(frame))


def test_threshold_keeps_the_lower_bound_of_the_precision_or_is_none():
    confidence = np.linspace(0, 1, 400)

    assert choose_threshold(confidence, confidence > 0.7) == pytest.approx(0.7, abs=0.03)
    assert choose_threshold(confidence, np.zeros(400, bool)) is None
    assert choose_threshold(np.zeros(0), np.zeros(0, bool)) is None
    # Twenty of twenty are right, and may yet be five in six.
    assert choose_threshold(confidence[:20], np.ones(20, bool)) is None


def test_without_a_threshold_nothing_is_as_sure_as_the_policy_asks():
    frame, right = ranking(400)
    calibration = fit_calibration(frame, right, recordings=400)

    assert calibration.accept_from is None
    assert replace(calibration, intercept=50.0)(frame).max() < ACCEPTED_PRECISION


def test_confidence_never_rises_with_rank():
    frame, right = ranking(400)
    confidence = fit_calibration(frame, right, recordings=400)(frame)

    assert (confidence[:400] >= confidence[400:]).all()


def test_few_cases_stay_near_the_prior():
    frame, right = ranking()
    prior = fit_calibration(frame, right, recordings=3000)
    few, outcome = ranking(30, seed=2)

    drawn = fit_calibration(few, outcome, recordings=30, prior=prior)

    assert np.abs(np.array(drawn.weights) - prior.weights).max() < 0.5


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_reliability_counts_everything_once(rows):
    confidence, right = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])

    table = reliability(confidence, right)

    assert table["n"].sum() == len(rows)
    assert 0 <= ece(confidence, right) <= 1
    assert 0 <= brier(confidence, right) <= 1
