"""One look for all charts: colours that colour-blind readers can tell apart, direct labels, print-safe sizes.

`apply` is a context: charts made inside have the style, the caller's matplotlib settings are untouched.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from enrich.charts.letters import FONT, drawable

#: Okabe–Ito, darkened where thin text needs contrast on white.
BLUE, ORANGE, GREEN, RED, SKY, PURPLE = "#0072B2", "#D55E00", "#007A5E", "#B3261E", "#56B4E9", "#8F4F76"
INK, MUTED, GRID, FAINT = "#1F2933", "#5B6770", "#DDE3E8", "#E9EEF2"

#: Colours with a meaning, everywhere the same.
BEFORE, AFTER = "#66727E", BLUE
VERDICTS = {"inside": GREEN, "above": BLUE, "below": ORANGE, "not yet": MUTED}

WIDTH_IN = 7.4

_SETTINGS: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": [FONT],
    "font.size": 9,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.labelsize": 9,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": GRID,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "axes.axisbelow": True,
    "xtick.color": MUTED,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "ytick.major.pad": 7,
    "text.color": INK,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "svg.fonttype": "path",
    # The same figure gives the same bytes.
    "svg.hashsalt": "enrich",
}


@contextmanager
def apply() -> Iterator[None]:
    """Charts made inside look like ours."""
    with mpl.rc_context(_SETTINGS):
        yield


def new_figure(rows: float, *, width_in: float = WIDTH_IN) -> tuple[Figure, Axes]:
    """A figure of our width, high enough for `rows` lines of bars; free of pyplot's global state."""
    figure = Figure(figsize=(width_in, max(1.7, 0.85 + 0.36 * rows)), layout="constrained")
    return figure, figure.subplots()


def headline(axes: Axes, title: str) -> None:
    """What the chart shows, over its whole width: long names beside the axes take nothing off it."""
    figure = axes.figure
    figure.suptitle(title, x=0.008, ha="left", fontsize=_SETTINGS["axes.titlesize"], fontweight="bold")


def rows(axes: Axes, names: Iterable[object], *, limit: float, most: int | None = None) -> None:
    """Name the rows of a chart of bars, the first on top, with no axis below: every bar carries its number.

    Args:
        axes: With a row at each whole number.
        names: From a database, perhaps.
        limit: Where the axis ends.
        most: Characters of a name that are shown.
    """
    shown = [drawable(name, most) for name in names]
    axes.set_yticks(range(len(shown)), shown)
    axes.set_xlim(0, limit)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.invert_yaxis()


def no_data(title: str, text: str) -> Figure:
    """What stands in for a chart that has nothing to show."""
    with apply():
        figure, axes = new_figure(1)
        headline(axes, title)
        axes.set_axis_off()
        axes.text(0.0, 0.5, text, transform=axes.transAxes, color=MUTED, va="center")
        return figure


def as_svg(figure: Figure) -> str:
    """The figure as an inline SVG element: no XML header, no date, width set by the page."""
    buffer = io.StringIO()
    with mpl.rc_context(_SETTINGS):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    return re.sub(
        r'(<svg[^>]*?) width="[^"]*"', r"\1", re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1), count=1
    )
