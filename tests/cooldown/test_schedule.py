"""The learned schedule: bounded, and the shipped table as it stands."""

from __future__ import annotations

import polars as pl

from enrich.cooldown.periods import learned_schedule, period_days, period_expr


def _days(attempt, age):
    return period_days("learned", attempt=attempt, has_label=False, age_days=age)


def test_the_strategy_reads_the_shipped_table():
    waits = learned_schedule().waits

    assert _days(0, 0) == waits[0][0]
    assert _days(2, 31) == waits[2][2]
    assert _days(99, 31) == waits[-1][2]
    assert _days(0, None) == _days(0, 99_999) == waits[0][-1]
    assert _days(0, -3) == waits[0][0]


def test_a_label_and_whole_columns_make_no_difference():
    frame = pl.DataFrame({"n": [0, 1, 4], "label": [True, False, None], "age": [0.0, 44.9, None]})
    rule = period_expr("learned", attempt=pl.col("n"), has_label=pl.col("label"), age_days=pl.col("age"))

    assert frame.select(rule.alias("d"))["d"].to_list() == [_days(0, 0), _days(1, 44.9), _days(4, None)]
