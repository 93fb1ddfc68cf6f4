import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.cooccurrence.calibration import (
    Calibration,
    brier,
    choose_threshold,
    ece,
    evidence,
    fit_calibration,
    reliability,
)
from enrich.cooccurrence.formula_ranking import rank_and_about


def ranking(n=3000, seed=0):
    """Rankings whose probabilities are twice too sure."""
    rng = np.random.default_rng(seed)
    true = rng.beta(1, 4, n)
    said = np.clip(true * 2, 0, 1)
    key = [f"u{i:05d}" for i in range(n)]
    first = pl.DataFrame({"track_key": key, "rank": 1, "probability": said, "occurrence_count": 1})
    second = first.with_columns(rank=pl.lit(2), probability=pl.col("probability") / 3)
    about = pl.DataFrame(
        {"track_key": key, "sets": rng.integers(1, 5, n), "history": rng.integers(0, 50, n).astype(float)}
    )
    frame = evidence(pl.concat([first, second]).with_columns(pl.col("rank").cast(pl.Int32)), about)
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

    again = Calibration.of_json(calibration.as_json())

    assert np.allclose(again(frame), calibration(frame))


def test_threshold_keeps_the_precision_or_is_none():
    confidence = np.linspace(0, 1, 400)
    right = confidence > 0.7

    assert choose_threshold(confidence, right) == pytest.approx(0.7, abs=0.03)
    assert choose_threshold(confidence, np.zeros(400, bool)) is None
    assert choose_threshold(np.zeros(0), np.zeros(0, bool)) is None


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_reliability_counts_everything_once(rows):
    confidence, right = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])

    table = reliability(confidence, right)

    assert table["n"].sum() == len(rows)
    assert 0 <= ece(confidence, right) <= 1
    assert 0 <= brier(confidence, right) <= 1


def test_about_unknowns_counts_sets_and_the_djs_history():
    rows = pl.DataFrame(
        {
            "set_id": ["a", "a", "b", "c"],
            "dj": ["X", "X", "X", None],
            "position": [1, 2, 1, 1],
            "artist": [None, "A", "ID", None],
            "track_key": ["k", None, "k", None],
        }
    )

    assert rank_and_about(rows)[1].rows() == [("c#1", 1, 0.0), ("k", 2, 2.0)]
