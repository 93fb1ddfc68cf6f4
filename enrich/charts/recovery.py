"""Charts of the report, of the cool-down queue and of replayed history, each drawn from a frame.

Every bar carries its number and every line its name, so that none needs a legend.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl
from matplotlib import dates as mdates
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from enrich.charts import style
from enrich.charts.style import drawable
from enrich.rules import PROJECTED_DAYS, PROJECTED_PERCENT

#: Where the picture of the policy begins.
_LEAST_SURE = 0.5
#: Height of a chart of curves, in rows of bars.
_CURVE_ROWS = 8.5


def label_coverage(frame: pl.DataFrame) -> Figure:
    """Share of tracks with a label, of a frame `group` (name of the tracks), `tracks`, `before`, `after`: counts."""
    title = "Tracks with a label, before and after"
    if frame.is_empty() or not frame["tracks"].sum():
        return style.no_data(title, "No tracks.")
    with style.chart(title, 2.4 * frame.height) as (figure, axes):
        for n, (tracks, before, after) in enumerate(frame.select("tracks", "before", "after").iter_rows()):
            both = ((-0.19, before, style.BEFORE, "before"), (0.19, after, style.AFTER, "after"))
            for offset, count, colour, word in both:
                share = 100.0 * count / tracks if tracks else 0.0
                axes.barh(n + offset, share, height=0.34, color=colour)
                # After its end, or inside where there is no room left.
                is_inside, text = share > 62, f"{word} {count:,} of {tracks:,} ({share:.1f} %)"
                place: Any = {"ha": "right", "color": "white"} if is_inside else {"ha": "left"}
                axes.text(share + (-1.2 if is_inside else 1.2), n + offset, text, va="center", fontsize=8.5, **place)
        axes.set_yticks(range(frame.height), [drawable(name) for name in frame["group"]])
        axes.set_xlim(0, 100)
        style.percent_axis(axes.xaxis)
        axes.invert_yaxis()
        return figure


def funnel(frame: pl.DataFrame) -> Figure:
    """From tracks that lack something to tracks that have it, of a frame `step`, `tracks`, `of` (the whole): counts."""
    title = "From what is missing to what is filled"
    if frame.is_empty() or not frame["tracks"].max():
        return style.no_data(title, "No track lacks anything.")
    steps = frame.select("tracks", "of").rows()
    words = [f"{n:,}" + (f"  ({100 * n / of:.1f} %)" if n < of else "") for n, of in steps]
    stacked = [[(n, style.BEFORE if n == of else style.AFTER)] for n, of in steps]
    return style.bars(title, frame["step"], stacked, words)


def tiers(frame: pl.DataFrame) -> Figure:
    """What each tier took off the unresolved tracks: in grey those it left, in colour those it named.

    `frame` has `step`, `named`, `labels`, `left`: counts, in the order of the tiers, the start first.
    """
    title = "Unresolved tracks, tier by tier: left (grey) and named (blue)"
    if frame.is_empty() or not frame["left"].max():
        return style.no_data(title, "No track was unresolved.")
    stacked, words = [], []
    for n, (named, labels, left) in enumerate(frame.select("named", "labels", "left").iter_rows()):
        stacked.append([(left, style.GRID if n else style.BEFORE), (named, style.AFTER)])
        parts = [f"{left:,} left" if n else f"{left:,}"]
        parts += [f"{named:,} named"] * bool(named) + [f"{labels:,} got a label"] * bool(labels)
        words.append(", ".join(parts))
    return style.bars(title, frame["step"], stacked, words, room=1.6)


def projected_and_actual(frame: pl.DataFrame) -> Figure:
    """Projected ranges as grey bands, the counted figures as marks, each row on its own scale.

    `frame` has `metric, unit, low, high, actual, verdict, is_better`; rows without a range are left out.
    """
    title = "Projected range (grey) and counted figure (mark)"
    rows = frame.filter(pl.col("low").is_not_null() & pl.col("actual").is_not_null())
    if rows.is_empty():
        return style.no_data(title, "The projections were made for another starting state.")
    with style.chart(title, 1.25 * rows.height) as (figure, axes):
        for n, (low, high, actual, unit, verdict, is_better) in enumerate(
            rows.select("low", "high", "actual", "unit", "verdict", "is_better").iter_rows()
        ):
            # Each row is scaled so that its range fills the middle third.
            at = min(max(1 + (actual - low) / ((high - low) or 1.0), 0.08), 2.92)
            colour = style.GREEN if is_better else style.VERDICTS.get(verdict, style.INK)
            axes.barh(n, 3, height=0.04, color=style.GRID)
            axes.barh(n, 1, left=1, height=0.5, color=style.BAND)
            axes.plot([at], [n], marker="D", markersize=7, color=colour, zorder=3, clip_on=False)
            suffix = {"%": " %", "points": " points"}.get(unit, "")
            axes.text(1, n - 0.3, f"{low:g}", ha="center", va="bottom", fontsize=7.5, color=style.MUTED)
            axes.text(2, n - 0.3, f"{high:g}", ha="center", va="bottom", fontsize=7.5, color=style.MUTED)
            axes.text(3.16, n, f"{actual:g}{suffix}, {verdict}", va="center", color=colour, fontweight="bold")
        style.rows(axes, rows["metric"], limit=5.4)
        axes.spines["left"].set_visible(False)
        return figure


def success_trend(frame: pl.DataFrame, *, before: float, after: float) -> Figure:
    """The specification's trend: percent completed among rows that changed last on that day (`date`, `success_rate`).

    `before` and `after` are the success rate of all tracks at the start and now, in percent: dashed lines.
    """
    title = "Success rate by day of last change"
    if frame.is_empty():
        return style.no_data(title, "No track has an enrichment status.")
    with style.chart(title, 4.5) as (figure, axes):
        days, rates = frame["date"].to_list(), frame["success_rate"].to_list()
        axes.plot(days, rates, color=style.AFTER, marker="o", markersize=3.5, linewidth=1.4)
        for level, colour, word, above in (
            (before, style.BEFORE, "all tracks, before", after < before),
            (after, style.GREEN, "all tracks, now", after >= before),
        ):
            axes.axhline(level, color=colour, linewidth=1.1, linestyle="--")
            y, va, across = level + (1.5 if above else -1.5), "bottom" if above else "top", axes.get_yaxis_transform()
            axes.text(0.005, y, f"{word}: {level:.1f} %", color=colour, fontsize=8, transform=across, va=va)
        axes.set_ylim(0, 105)
        axes.set_yticks(range(0, 101, 20))
        style.percent_axis(axes.yaxis)
        look: Any = {"color": style.AFTER, "fontweight": "bold", "annotation_clip": False}
        axes.annotate(f"{rates[-1]:.1f} %", (days[-1], rates[-1]), xytext=(6, 9), textcoords="offset points", **look)
        _date_axis(axes, days)
        axes.margins(x=0.06)
        return figure


def queue_calendar(frame: pl.DataFrame, *, today: date) -> Figure:
    """How many tracks fall due in which week, of a frame `week` (its Monday), `tracks`; a line marks today."""
    title = "Cool-down queue: tracks falling due, by week"
    if frame.is_empty():
        return style.no_data(title, "The queue is empty.")
    with style.chart(title, 4.5) as (figure, axes):
        weeks, counts = frame["week"].to_list(), frame["tracks"].to_list()
        axes.bar(weeks, counts, width=5.6, color=style.AFTER)
        if len(weeks) <= 26:
            for week, count in zip(weeks, counts, strict=True):
                axes.text(week, count, f"{count:,}", ha="center", va="bottom", fontsize=8)
        now = float(mdates.date2num(today))  # type: ignore[no-untyped-call]
        axes.axvline(now, color=style.ORANGE, linewidth=1.2)
        axes.text(now, 1.0, " today", transform=axes.get_xaxis_transform(), color=style.ORANGE, va="top", fontsize=8)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
        axes.yaxis.grid(visible=True, color=style.GRID)
        axes.set_ylim(0, max(counts) * 1.15)
        _date_axis(axes, [today, *weeks])
        return figure


def confidence_bands(frame: pl.DataFrame) -> Figure:
    """Proposals by confidence: written (blue), in review (light), other; precision beside it where truth is planted.

    `frame` has `kind, band, proposals, written, in_review, other, precision`; bands without proposals are left out.
    """
    title = "Proposals by confidence: written (blue), in review (light blue), closed otherwise (grey)"
    rows = frame.filter(pl.col("proposals") > 0)
    if rows.is_empty():
        return style.no_data(title, "Nothing is proposed yet.")
    colours = {"written": style.AFTER, "in_review": style.SKY, "other": style.GRID}
    stacked = [[(row[part], colour) for part, colour in colours.items()] for row in rows.iter_rows(named=True)]
    words = [
        f"{n:,}" + ("" if right is None else f", {100 * right:.0f} % right")
        for n, right in rows.select("proposals", "precision").iter_rows()
    ]
    return style.bars(title, rows["kind"] + " " + rows["band"], stacked, words)


def policy_steps(steps: pl.DataFrame, *, asked: float) -> Figure:
    """The lower bound of the precision, what it must reach (`asked`), against how many are accepted, a line a source.

    `steps` has kind, source, accepted, low, is_accepted: what accepting everything from a confidence on would accept.
    """
    title = "How many each source may give, and how sure that is at least"
    shown = steps.filter(pl.col("low") >= _LEAST_SURE)
    if shown.is_empty():
        return style.no_data(title, "Nothing is proposed that is measured so surely.")
    sources = shown.group_by("kind", "source", maintain_order=True)
    with style.chart(title, max(8, 0.6 * shown.n_unique(["kind", "source"]))) as (figure, axes):
        ends = [(0.0, asked, f"asked for: {asked:.2f}", style.MUTED)]
        for n, ((kind, source), rows) in enumerate(sources):
            turn, place = divmod(n, len(style.CYCLE))
            colour, marker = style.CYCLE[place], style.MARKERS[turn % len(style.MARKERS)]
            accepted, end = rows.filter("is_accepted"), rows.row(-1, named=True)
            axes.plot(rows["accepted"], rows["low"], color=colour, linewidth=1, alpha=0.6)
            axes.plot(accepted["accepted"], accepted["low"], color=colour, linewidth=3.5, solid_capstyle="round")
            axes.plot(end["accepted"], end["low"], color=colour, marker=marker, markersize=5, clip_on=False)
            ends.append((end["accepted"], end["low"], drawable(f"{source} ({kind})", 34), colour))
        axes.axhline(asked, color=style.MUTED, linestyle="--", linewidth=1)
        axes.set(xlabel="proposals accepted (thick: as far as the policy goes)", ylabel="precision at least, at 95 %")
        axes.set(xlim=(0, 1.03 * int(shown["accepted"].to_numpy().max())), ylim=(_LEAST_SURE, 1))
        ends[0] = (axes.get_xlim()[1], *ends[0][1:])
        style.percent_axis(axes.yaxis, whole=1)
        style.name_ends(axes, ends)
        return figure


def release_lag(frame: pl.DataFrame) -> Figure:
    """How many promos are out so many days after their first play.

    `frame` has `curve`, `days`, `released`, `low`, `high` (shares 0–1, low and high the 95 % interval).
    """

    def draw(axes: Axes, name: str, rows: pl.DataFrame, colour: str) -> tuple[float, str]:
        low, high, share = (100 * rows[column].to_numpy() for column in ("low", "high", "released"))
        axes.fill_between(rows["days"].to_numpy(), low, high, step="post", color=colour, alpha=0.14, lw=0)
        axes.step(rows["days"], share, where="post", color=colour, linewidth=1.6)
        return float(share[-1]), f"{name} {share[-1]:.0f} %"

    return _curves("Released so many days after the first play (with 95 % interval)", frame, "curve", "days", draw)


def strategy_recoveries(by_day: pl.DataFrame, summary: pl.DataFrame) -> Figure:
    """A year of the queue by strategy: percent of tracks recovered so far, with the look-ups each spent.

    `by_day` has `strategy`, `day`, `recovered` (percent), `summary` `look_ups`, `recovered_pct`, `median_delay` (days).
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

    `frame` has `kind`, `days`, `watched`, `recovered`, `right`, `known`: counts. Solid: recovered; dashed: played under
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
    with style.chart(title, _CURVE_ROWS) as (figure, axes):
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
        return figure


def _date_axis(axes: Axes, days: list[date]) -> None:
    locator = mdates.AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    if min(days) == max(days):
        axes.set_xticks([float(mdates.date2num(days[0]))], [f"{days[0]:%Y-%m-%d}"])  # type: ignore[no-untyped-call]
