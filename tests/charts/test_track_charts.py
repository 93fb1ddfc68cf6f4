"""Charts: each draws what it is given, nothing cut off, and an empty frame gives a chart that says so."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from enrich.charts import tracks
from enrich.charts.style import drawable

BANDS = pl.DataFrame(
    {"low": [0.0, 0.5], "high": [0.5, 1.0], "n": [10, 20], "confidence": [0.2, 0.8], "precision": [0.1, 0.9]}
)
SCORERS = pl.DataFrame(
    {"scorer": ["popularity", "learned"], "n": [800, 800], "hit_at_1": [0.03, 0.15], "hit_at_5": [0.1, 0.25],
     "hit_at_20": [0.2, 0.36], "is_ours": [False, True]}
)  # fmt: skip
SETS = pl.DataFrame(
    {
        "set_id": ["s"] * 20, "set_date": [date(2025, 1, 1)] * 20, "dj": ["A DJ of a very, very long name indeed"] * 20,
        "position": range(1, 21), "artist": [None if n % 7 == 0 else f"$Artist$ {n} & the others" for n in range(20)],
        "title": ["<script>"] * 20, "track_key": ["x" if n in (0, 14) else f"k{n}" for n in range(20)],
    }
)  # fmt: skip
REASONS = pl.DataFrame({"error": ["a" * 90, "$5"], "tracks": [10, 3], "retriable": [0, 3]})

CASES = {
    "reliability": lambda frame: tracks.reliability_diagram(frame),
    "ranking": lambda frame: tracks.ranking_comparison(frame),
    "timeline": lambda frame: tracks.set_timeline(frame, "x"),
    "reasons": lambda frame: tracks.failure_reasons(frame),
}
FRAMES = {"reliability": BANDS, "ranking": SCORERS, "timeline": SETS, "reasons": REASONS}


@pytest.mark.parametrize("name", CASES)
def test_no_text_leaves_the_picture(name):
    figure = CASES[name](FRAMES[name])
    FigureCanvasAgg(figure).draw()
    (width, height), drawn = figure.get_size_inches(), figure.get_tightbbox()

    assert drawn.x0 >= -0.02
    assert drawn.y0 >= -0.02
    assert drawn.x1 <= width + 0.02
    assert drawn.y1 <= height + 0.02


@pytest.mark.parametrize("name", CASES)
def test_an_empty_frame_says_so(name):
    figure = CASES[name](FRAMES[name].clear())

    assert any(len(t.get_text()) > 5 for t in figure.axes[0].texts)


def test_reliability_draws_one_line_a_scorer():
    both = pl.concat([BANDS.with_columns(scorer=pl.lit(s)) for s in ("formula", "learned")])
    figure = tracks.reliability_diagram(both)

    assert {"formula", "learned"} <= {t.get_text() for t in figure.axes[0].texts}


NAMES = {
    "dollars": "$x$ and $\\frac$",
    "script": "<script>alert(1)</script>",
    "japanese": "東京 ID",
    "lines": "a\nb\tc",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names_are_drawn_as_they_are_written_without_a_warning(name, recwarn):
    sets = SETS.with_columns(dj=pl.lit(name), artist=pl.lit(name))
    drawn = [
        tracks.reliability_diagram(pl.concat([BANDS.with_columns(scorer=pl.lit(s)) for s in (name, "b")])),
        tracks.ranking_comparison(SCORERS.with_columns(scorer=pl.lit(name))),
        tracks.set_timeline(sets, "x", title=name),
        tracks.failure_reasons(REASONS.with_columns(error=pl.lit(name))),
    ]
    for figure in drawn:
        FigureCanvasAgg(figure).draw()
        said = [t.get_text() for t in figure.findobj(Text)]

        assert any(drawable(name, 24).rstrip("…") in text for text in said)
    assert [str(w.message) for w in recwarn] == []


def test_plain_text_is_one_line_cut_and_never_mathematics():
    assert drawable("a\n b\tc") == "a b c"
    assert drawable("abcdef", 4) == "abc…"
    assert drawable("$1$") == r"\$1\$"
    assert drawable("東a") == "▯a"
