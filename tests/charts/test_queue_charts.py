"""The queue's charts: they draw what they are given, and say so when there is nothing."""

from __future__ import annotations

from itertools import pairwise

import polars as pl
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from enrich.charts import recovery, style
from enrich.cooldown.simulation import default_curves, draw_tracks, simulate


def _texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_release_lag_names_each_curve_at_its_end():
    figure = recovery.release_lag(pl.concat([curve.frame() for curve in default_curves().values()]))

    assert _texts(figure) == ["naming 5 %", "release 56 %"]
    assert "<svg" in style.as_svg(figure)


def test_strategies_carry_recoveries_and_look_ups_and_do_not_overlap():
    year = simulate(draw_tracks(default_curves()["release"], seed=1, tracks=2000))

    figure = recovery.strategy_recoveries(year.by_day, year.summary)

    texts = "\n".join(_texts(figure))
    for row in year.summary.iter_rows(named=True):
        assert f"{row['strategy']} {row['recovered_pct']:.1f} %\n{row['look_ups']:,} look-ups" in texts
    assert "projected 15–25 %" in texts
    FigureCanvasAgg(figure).draw()
    # Of the words alone: what joins them to their lines may cross others.
    extents = [Text.get_window_extent(text) for text in figure.axes[0].texts[1:]]
    boxes = sorted((box.y0, box.y1) for box in extents)
    assert all(lower[1] <= upper[0] + 1 for lower, upper in pairwise(boxes))
    assert boxes[-1][1] <= figure.bbox.y1


def test_replay_recovery_draws_recovered_and_knowable():
    curve = pl.DataFrame(
        {"kind": ["all"] * 3, "days": [0, 182, 730], "watched": [10, 10, 8], "recovered": [0, 2, 4], "right": [0, 2, 3],
         "known": [1, 3, 6]}
    )  # fmt: skip

    figure = recovery.replay_recovery(curve)

    assert [list(line.get_ydata()) for line in figure.axes[0].lines] == [[10, 30, 75], [0, 20, 50]]
    assert "all 50.0 %" in _texts(figure)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: recovery.release_lag(pl.DataFrame(schema={"curve": pl.String, "days": pl.Int64})),
        lambda: recovery.strategy_recoveries(
            pl.DataFrame(schema={"strategy": pl.String}), pl.DataFrame(schema={"strategy": pl.String})
        ),
        lambda: recovery.replay_recovery(pl.DataFrame(schema={"watched": pl.Int64})),
    ],
)
def test_nothing_to_show_is_said(draw):
    assert len(_texts(draw())) == 1
