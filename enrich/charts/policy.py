"""A picture of the policy: how many proposals each source's set may hold, and how sure that is.

Draws only; reads and computes nothing.
"""

from __future__ import annotations

import polars as pl
from matplotlib.figure import Figure

from enrich.charts import style
from enrich.charts.style import drawable

_LEAST = 0.5


def policy_steps(steps: pl.DataFrame, *, asked: float) -> Figure:
    """The lower bound of the precision against how many are accepted, a line a source.

    Args:
        steps: kind, source, accepted, low: what accepting everything from a confidence on would accept.
        asked: What the bound must reach.
    """
    title = "How many each source may give, and how sure that is at least"
    shown = steps.filter(pl.col("low") >= _LEAST)
    if shown.is_empty():
        return style.no_data(title, "Nothing is proposed that is measured so surely.")
    with style.apply():
        figure, axes = style.new_figure(5)
        for n, ((kind, source), rows) in enumerate(shown.group_by("kind", "source", maintain_order=True)):
            colour = style.CYCLE[n % len(style.CYCLE)]
            axes.plot(rows["accepted"], rows["low"], color=colour, marker="o", markersize=4)
            end = rows.row(-1, named=True)
            axes.annotate(drawable(f"{source} ({kind})"), (end["accepted"], end["low"]), xytext=(6, 0),
                          textcoords="offset points", color=colour, va="center", fontsize=9)  # fmt: skip
        axes.axhline(asked, color=style.MUTED, linestyle="--", linewidth=1)
        axes.annotate(f"asked for: {asked:.2f}", (0, asked), xytext=(4, 4), textcoords="offset points", fontsize=9)
        axes.set_xlabel("proposals accepted")
        axes.set_ylabel("precision at least, at 95 %")
        style.percent_axis(axes.yaxis, whole=1)
        axes.set_xlim(0, 1.3 * int(shown["accepted"].to_numpy().max()))
        style.headline(axes, title)
        return figure
