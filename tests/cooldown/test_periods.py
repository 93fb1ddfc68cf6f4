"""The periods of the specification, and what must always hold of them."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.cooldown import STRATEGIES, period_days, period_expr
from enrich.cooldown.periods import jitter_share


@pytest.mark.parametrize(
    ("strategy", "attempt", "has_label", "age_days", "days"),
    [
        # Fixed: the same period for all.
        *[pytest.param("fixed", n, label, age, 90, id=f"fixed-{n}-{label}-{age}")
          for n in (0, 1, 4) for label in (True, False) for age in (3, 400)],
        # Exponential: 30d → 60d → 120d → 240d, then the cap.
        *[pytest.param("exponential", n, False, 400, d, id=f"exponential-{n}")
          for n, d in enumerate([30, 60, 120, 240, 365, 365])],
        # Adaptive: base 90; 60 with a label; 45 while young; the smallest that applies; times 1 + 0.5 a retry.
        pytest.param("adaptive", 0, False, 400, 90, id="adaptive-base"),
        pytest.param("adaptive", 0, True, 400, 60, id="adaptive-label"),
        pytest.param("adaptive", 0, False, 29, 45, id="adaptive-young"),
        pytest.param("adaptive", 0, False, 30, 90, id="adaptive-no-longer-young"),
        pytest.param("adaptive", 0, True, 3, 45, id="adaptive-young-with-label"),
        pytest.param("adaptive", 1, False, 400, 135, id="adaptive-retry-1"),
        pytest.param("adaptive", 2, False, 400, 180, id="adaptive-retry-2"),
        pytest.param("adaptive", 1, True, 400, 90, id="adaptive-retry-1-label"),
        pytest.param("adaptive", 1, False, 3, 67, id="adaptive-half-days-are-dropped"),
        pytest.param("adaptive", 9, False, 400, 365, id="adaptive-cap"),
        pytest.param("adaptive", 0, False, None, 90, id="adaptive-unknown-age"),
    ],
)  # fmt: skip
def test_periods_of_the_specification(strategy, attempt, has_label, age_days, days):
    assert period_days(strategy, attempt=attempt, has_label=has_label, age_days=age_days) == days


def test_base_and_cap_can_be_set():
    assert period_days("fixed", attempt=0, has_label=False, age_days=1, base_days=14) == 14
    assert period_days("adaptive", attempt=0, has_label=True, age_days=400, base_days=20) == 20
    assert period_days("exponential", attempt=9, has_label=False, age_days=1, max_days=100) == 100


@pytest.mark.parametrize(
    "wrong",
    [
        {"strategy": "hopeful", "attempt": 0},
        {"strategy": "fixed", "attempt": -1},
        {"strategy": "fixed", "attempt": 0, "base_days": 0},
        {"strategy": "fixed", "attempt": 0, "max_days": 0},
    ],
    ids=["strategy", "attempt", "base", "cap"],
)
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"strategy|attempt|base_days"):
        period_days(**{"has_label": False, "age_days": 1, **wrong})


@given(
    strategy=st.sampled_from(STRATEGIES),
    rows=st.lists(
        st.tuples(st.integers(0, 400), st.booleans(), st.one_of(st.none(), st.floats(-10, 20_000))), min_size=1
    ),
    base_days=st.integers(1, 1000),
    max_days=st.integers(1, 1000),
)
def test_always_within_bounds_and_never_shorter_with_more_retries(strategy, rows, base_days, max_days):
    frame = pl.DataFrame(rows, schema={"n": pl.Int64, "label": pl.Boolean, "age": pl.Float64}, orient="row")
    bounds = {"base_days": base_days, "max_days": max_days}
    columns = {"has_label": pl.col("label"), "age_days": pl.col("age")}
    days = frame.select(period_expr(strategy, attempt=pl.col("n"), **columns, **bounds).alias("d"))["d"]
    later = frame.select(period_expr(strategy, attempt=pl.col("n") + 1, **columns, **bounds).alias("d"))["d"]

    assert days.dtype == pl.Int32
    assert days.is_between(1, max_days).all()
    assert (later >= days).all()


@given(st.text())
def test_jitter_is_fixed_for_a_track_and_bounded(track_id):
    assert jitter_share(track_id) == jitter_share(track_id)
    assert -1 <= jitter_share(track_id) < 1
