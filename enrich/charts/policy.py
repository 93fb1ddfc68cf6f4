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
        steps: kind, source, accepted, low, is_accepted: what accepting everything from a confidence on would accept.
        asked: What the bound must reach.
    """
    title = "How many each source may give, and how sure that is at least"
    shown = steps.filter(pl.col("low") >= _LEAST)
    if shown.is_empty():
        return style.no_data(title, "Nothing is proposed that is measured so surely.")
    with style.apply():
        sources = shown.group_by("kind", "source", maintain_order=True)
        figure, axes = style.new_figure(max(8, 0.6 * shown.n_unique(["kind", "source"])))
        ends = [(0.0, asked, f"asked for: {asked:.2f}", style.MUTED)]
        for n, ((kind, source), rows) in enumerate(sources):
            colour, marker = (
                style.CYCLE[n % len(style.CYCLE)],
                style.MARKERS[n // len(style.CYCLE) % len(style.MARKERS)],
            )
            accepted, end = rows.filter("is_accepted"), rows.row(-1, named=True)
            axes.plot(rows["accepted"], rows["low"], color=colour, linewidth=1, alpha=0.6)
            axes.plot(accepted["accepted"], accepted["low"], color=colour, linewidth=3.5, solid_capstyle="round")
            axes.plot(end["accepted"], end["low"], color=colour, marker=marker, markersize=5, clip_on=False)
            ends.append((end["accepted"], end["low"], drawable(f"{source} ({kind})", 34), colour))
        axes.axhline(asked, color=style.MUTED, linestyle="--", linewidth=1)
        axes.set(xlabel="proposals accepted (thick: as far as the policy goes)", ylabel="precision at least, at 95 %")
        axes.set(xlim=(0, 1.03 * int(shown["accepted"].to_numpy().max())), ylim=(_LEAST, 1))
        ends[0] = (axes.get_xlim()[1], *ends[0][1:])
        style.percent_axis(axes.yaxis, whole=1)
        style.name_ends(axes, ends)
        style.headline(axes, title)
        return figure
