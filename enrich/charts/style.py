"""One look for all charts: colours that colour-blind readers can tell apart, direct labels, print-safe sizes.

What is drawn inside `chart` has the style; the caller's matplotlib settings are untouched.
"""

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from enrich.text.showing import VALUE, short

_SETTINGS: Any = mpl.rc_params_from_file(Path(__file__).with_name("enrich.mplstyle"), use_default_template=False)
#: The font of all charts; it comes with matplotlib.
(FONT,) = _SETTINGS["font.sans-serif"]

#: Okabe–Ito, darkened where thin text needs contrast on white.
BLUE, ORANGE, GREEN, RED, SKY, PURPLE = "#0072B2", "#D55E00", "#007A5E", "#B3261E", "#56B4E9", "#8F4F76"
INK, MUTED, GRID = (_SETTINGS[name] for name in ("text.color", "axes.labelcolor", "axes.edgecolor"))
BAND = "#C9D3DC"
#: Of lines in one chart, in this order.
CYCLE = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED)
#: Beside the colours, so that lines stay apart in black and white.
MARKERS = ("o", "s", "^", "D", "v", "P")

#: Colours with a meaning, everywhere the same.
BEFORE, AFTER = "#66727E", BLUE
#: Of the nodes of a graph, by their kind.
NODES = {"unknown": INK, "track": SKY, "artist": BLUE, "label": ORANGE, "dj": GREEN, "set": PURPLE}
VERDICTS = {"inside": GREEN, "above": BLUE, "below": ORANGE, "not yet": MUTED}

WIDTH_IN = 7.4


@contextmanager
def chart(title: str, rows: float, *, size_in: tuple[float, float] | None = None) -> Iterator[tuple[Figure, Axes]]:
    """A figure and its axes in our style, headed by what it shows; free of pyplot's global state.

    It has our width and is high enough for `rows` lines of bars, unless `size_in` says otherwise.
    """
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=size_in or (WIDTH_IN, max(1.7, 0.85 + 0.36 * rows)), layout="constrained")
        yield figure, figure.subplots()
        # Over its whole width: long names beside the axes take nothing off it.
        figure.suptitle(title, x=0.008, ha="left", fontsize=_SETTINGS["axes.titlesize"], fontweight="bold")


def rows(axes: Axes, names: Iterable[object], *, limit: float, most: int | None = None) -> None:
    """Name the rows of a chart of bars, the first on top, with no axis below it; names are cut to `most` characters."""
    shown = [drawable(name, most) for name in names]
    axes.set_yticks(range(len(shown)), shown)
    axes.set_xlim(0, limit)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.invert_yaxis()


def bars(
    title: str,
    names: Iterable[object],
    stacked: Sequence[Sequence[tuple[float, str]]],
    words: Iterable[str],
    *,
    room: float = 1.32,
    most: int | None = None,
) -> Figure:
    """Rows of bars, the first on top: each is `stacked` of (length, colour) and ends in its words.

    `names`, perhaps from a database, are cut to `most` characters; `room` is the width in lengths of the longest bar.
    """
    with chart(title, len(stacked)) as (figure, axes):
        longest = max(sum(length for length, _ in parts) for parts in stacked) or 1
        for n, (parts, said) in enumerate(zip(stacked, words, strict=True)):
            end = 0.0
            for length, colour in parts:
                axes.barh(n, length, left=end, height=0.64, color=colour)
                end += length
            axes.text(end + 0.012 * longest, n, said, va="center", fontsize=8.5)
        rows(axes, names, limit=room * longest, most=most)
        return figure


def ranked(rows: Sequence[dict[str, Any]], name: str, by: str, words: str, *, title: str, most: int = 12) -> Figure:
    """The first rows as bars of the column `by`, with `words`, a format of the row, at their ends."""
    if not rows:
        return no_data(title, "Nothing was played often enough to tell.")
    said = [drawable(words.format(**row), 44) for row in rows[:most]]
    names = [", ".join(row[name][:2]) if isinstance(row[name], list) else row[name] for row in rows[:most]]
    return bars(title, names, [[(row[by], AFTER)] for row in rows[:most]], said, room=2.3, most=30)


def name_ends(axes: Axes, ends: Iterable[tuple[float, float, str, str]], *, lines: int = 1) -> None:
    """Names in the right margin, each of so many lines of text and joined to where its line ends; they stand apart.

    `axes` have their limits; `ends` are x, y, name, colour.
    """
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    gap = (top - bottom) * 0.19 * lines / (0.78 * axes.figure.get_figheight())  # type: ignore[union-attr]
    ordered, at = sorted(ends, key=lambda end: (end[1], end[2])), [bottom - gap]
    for _, y, *_ in ordered:
        at.append(max(y, at[-1] + gap))
    most = max(top, bottom + gap * (len(ordered) - 1))
    for n in range(len(ordered), 0, -1):
        at[n] = most = min(at[n], most)
        most -= gap
    for place, (x, y, name, colour) in zip(at[1:], ordered, strict=True):
        is_joined = abs(place - y) > gap / 4 or x < right - 0.02 * (right - left)
        joined = {"arrowstyle": "-", "color": colour, "lw": 0.6, "alpha": 0.5, "shrinkA": 2, "shrinkB": 4}
        axes.annotate(
            name, (x, y), xytext=(1.04, place), textcoords=axes.get_yaxis_transform(), color=colour, va="center",
            fontsize=8.5, annotation_clip=False, arrowprops=joined | {"relpos": (0, 0.5)} if is_joined else None,
        )  # fmt: skip


def percent_axis(axis: Any, *, whole: float = 100.0) -> None:
    """Ticks as percent, with a grid; `whole` is what stands for all."""
    axis.set_major_formatter(lambda value, _: f"{100 * value / whole:.0f} %")
    axis.grid(visible=True, color=GRID)


def no_data(title: str, text: str) -> Figure:
    """What stands in for a chart that has nothing to show."""
    with chart(title, 1) as (figure, axes):
        axes.set_axis_off()
        axes.text(0.0, 0.5, text, transform=axes.transAxes, color=MUTED, va="center")
        return figure


def as_svg(figure: Figure) -> str:
    """The figure as an inline SVG element: no XML header, no date, width set by the page."""
    buffer = io.StringIO()
    with mpl.rc_context(_SETTINGS):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    return re.sub(r' (?:width|height)="[^"]*"', "", svg[svg.index("<svg") :], count=2)


def drawable(text: object, most: int | None = None) -> str:
    """Text from a database for a chart: on one line, cut, never read as mathematics.

    Letters the font lacks become hollow boxes here, where matplotlib would warn of each of them.
    """
    letters, cut = _letters(), short(text, most or VALUE)
    return "".join(letter if ord(letter) in letters else "▯" for letter in cut).replace("$", r"\$")


@cache
def _letters() -> frozenset[int]:
    from matplotlib import font_manager
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(font_manager.findfont(FONT)).get_charmap())
