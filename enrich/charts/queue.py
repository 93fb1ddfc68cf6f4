"""Charts of the cool-down queue: how long releases take, what a year of retries gives, what replayed history gave."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from enrich.charts import style
from enrich.charts.style import drawable
from enrich.rules import PROJECTED_DAYS, PROJECTED_PERCENT

_ROWS = 8.5


def release_lag(frame: pl.DataFrame) -> Figure:
    """How many promos are out so many days after their first play.

    Args:
        frame: `curve`, `days`, `released`, `low`, `high` (shares 0–1, low and high the 95 % interval).
    """

    def draw(axes: Axes, name: str, rows: pl.DataFrame, colour: str) -> tuple[float, str]:
        low, high, share = (100 * rows[column].to_numpy() for column in ("low", "high", "released"))
        axes.fill_between(rows["days"].to_numpy(), low, high, step="post", color=colour, alpha=0.14, lw=0)
        axes.step(rows["days"], share, where="post", color=colour, linewidth=1.6)
        return float(share[-1]), f"{name} {share[-1]:.0f} %"

    return _curves("Released so many days after the first play (with 95 % interval)", frame, "curve", "days", draw)


def strategy_recoveries(by_day: pl.DataFrame, summary: pl.DataFrame) -> Figure:
    """A year of the queue by strategy: percent of tracks recovered so far, with the look-ups each spent.

    Args:
        by_day: `strategy`, `day`, `recovered` (percent).
        summary: `strategy`, `look_ups`, `recovered_pct`, `median_delay` (days).
    """
    figures = {drawable(row["strategy"]): row for row in summary.iter_rows(named=True)}

    def draw(axes: Axes, name: str, rows: pl.DataFrame, colour: str) -> tuple[float, str]:
        axes.plot(rows["day"], rows["recovered"], color=colour, linewidth=1.6)
        row = figures[name]
        delay = "–" if row["median_delay"] is None else f"{row['median_delay']:.0f}"
        text = f"{name} {row['recovered_pct']:.1f} %\n{row['look_ups']:,} look-ups\n{delay} days late"
        return float(row["recovered_pct"]), text

    title = "A simulated year of the queue: recovered so far, by strategy"
    return _curves(title, by_day, "strategy", "day", draw, is_projected=True, lines=3)


def replay_recovery(frame: pl.DataFrame) -> Figure:
    """Replayed history: unknowns that had their name so many days after the set.

    Args:
        frame: `kind`, `days`, `watched`, `recovered`, `right`, `known`: counts. Solid: recovered; dashed: played under
            their name in a later set by then, which is all that sets can tell.
    """

    def draw(axes: Axes, name: str, rows: pl.DataFrame, colour: str) -> tuple[float, str]:
        shares = rows.sort("days").select("days", pl.col("recovered", "known") * 100 / pl.col("watched"))
        axes.plot(shares["days"], shares["known"], color=colour, linewidth=0.9, linestyle=(0, (4, 3)))
        axes.plot(shares["days"], shares["recovered"], color=colour, linewidth=1.7)
        return float(shares["recovered"][-1]), f"{name} {shares['recovered'][-1]:.1f} %"

    title = "Replayed history: unknowns named (solid) and named in a later set (dashed)"
    return _curves(title, frame.filter(pl.col("watched") > 0), "kind", "days", draw, is_projected=True)


def _curves(
    title: str,
    frame: pl.DataFrame,
    by: str,
    day: str,
    draw: Callable[[Axes, str, pl.DataFrame, str], tuple[float, str]],
    *,
    is_projected: bool = False,
    lines: int = 1,
) -> Figure:
    """A line for each value of `by`, over days; `draw` draws it and says where it ends, in percent, and its words."""
    if frame.is_empty():
        return style.no_data(title, "Nothing was counted.")
    with style.apply():
        figure, axes = style.new_figure(_ROWS)
        last = int(frame[day].max())  # type: ignore[arg-type]
        if is_projected and last >= PROJECTED_DAYS[1]:
            low, high = PROJECTED_PERCENT
            axes.fill_between(PROJECTED_DAYS, low, high, color=style.BAND, alpha=0.6, lw=0)
            words = f"projected {low:.0f}–{high:.0f} %"
            axes.text(PROJECTED_DAYS[0] + 6, high, words, va="bottom", fontsize=8, color=style.MUTED)
        groups = zip(style.CYCLE, frame.group_by(by, maintain_order=True), strict=False)
        ends = [(last, *draw(axes, drawable(name), rows, colour), colour) for colour, ((name,), rows) in groups]
        months = [m for m in range(0, 121, 3 if last <= 400 else 6) if m * 365 / 12 <= last + 1]
        axes.set_xticks([m * 365 / 12 for m in months], [f"{m} months" if m else "0" for m in months])
        axes.set(xlim=(0, last), ylim=(0, axes.get_ylim()[1]))
        style.percent_axis(axes.yaxis)
        style.name_ends(axes, ends, lines=lines)
        style.headline(axes, title)
        return figure
