"""Charts: every text lies inside its figure, nothing to show is said, the same frame gives the same bytes."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from matplotlib.text import Text

from enrich.charts import recovery
from enrich.charts.style import as_svg

TODAY = date(2026, 3, 1)

CHARTS = {
    "coverage": lambda f: recovery.label_coverage(f),
    "funnel": lambda f: recovery.funnel(f),
    "tiers": lambda f: recovery.tiers(f),
    "projected": lambda f: recovery.projected_and_actual(f),
    "trend": lambda f: recovery.success_trend(f, before=71.3, after=85.0),
    "queue": lambda f: recovery.queue_calendar(f, today=TODAY),
    "bands": lambda f: recovery.confidence_bands(f),
}
FRAMES = {
    "coverage": pl.DataFrame(
        {"group": ["All tracks", "Failed"], "tracks": [2213, 635], "before": [1200, 26], "after": [1900, 635]}
    ),
    "funnel": pl.DataFrame({"step": ["Start", "Proposed", "Written"], "tracks": [635, 400, 3], "of": [635] * 3}),
    "tiers": pl.DataFrame({"step": ["Unresolved at the start", "Tier 0: labels", "Tier 1: the database itself"],
                           "named": [0, 0, 55], "labels": [0, 254, 1], "left": [635, 635, 580]}),
    "projected": pl.DataFrame(
        {"metric": ["Share of the tracks without a label, in review included"] * 4,
         "unit": ["tracks", "%", "points", "tracks"],
         "low": [400.0, 60, 14, 30], "high": [450.0, 75, 19, 50], "actual": [100000.0, 61.25, -17.5, 0],
         "verdict": ["above", "inside", "below", "not yet"], "is_better": [True, False, False, False]}
    ),
    "trend": pl.DataFrame(
        {"date": [date(2026, 2, d) for d in range(1, 29)], "success_rate": [50.0 + d for d in range(28)]}
    ),
    "queue": pl.DataFrame({"week": [date(2026, 3, 2), date(2027, 2, 22)], "tracks": [1200, 7]}),
    "bands": pl.DataFrame(
        {"kind": ["label", "artist"], "band": ["0.60–0.80", "0.95–1.00"], "proposals": [177, 1], "written": [100, 1],
         "in_review": [70, 0], "other": [7, 0], "precision": [0.98, None]}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHARTS)
def test_every_text_lies_inside_the_figure(name):
    figure = CHARTS[name](FRAMES[name])
    figure.draw_without_rendering()
    width, height = figure.bbox.width, figure.bbox.height

    for text in figure.findobj(Text):
        if text.get_text().strip() and text.get_visible():
            box = text.get_window_extent()
            assert box.x0 >= -1, text
            assert box.x1 <= width + 1, text
            assert box.y0 >= -1, text
            assert box.y1 <= height + 1, text


@pytest.mark.parametrize("name", CHARTS)
def test_nothing_to_show_is_said(name):
    figure = CHARTS[name](FRAMES[name].clear())

    assert len([t for t in figure.findobj(Text) if t.get_text().strip()]) >= 2


@pytest.mark.parametrize("name", CHARTS)
def test_same_frame_same_bytes(name):
    assert as_svg(CHARTS[name](FRAMES[name])) == as_svg(CHARTS[name](FRAMES[name]))
    assert as_svg(CHARTS[name](FRAMES[name])).startswith("<svg")


def test_one_day_and_one_week():
    assert "<svg" in as_svg(CHARTS["trend"](FRAMES["trend"].head(1)))
    assert "<svg" in as_svg(CHARTS["queue"](FRAMES["queue"].head(1)))
