"""Charts of evaluation and of single tracks; every line and mark is named where it stands.

Left of an unknown stand the sets and DJs it was played by, right of it its likeliest artists, best on top, and their
labels; lines are as wide as they weigh.
"""

from __future__ import annotations

import networkx as nx
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from enrich.charts import style
from enrich.charts.style import MUTED, NODES, drawable
from enrich.errors import EnrichError

_WIDEST = 9.0  # points, of a line of weight 1


def reliability_diagram(frame: pl.DataFrame) -> Figure:
    """Stated confidence against the share that was right; on the diagonal the two agree.

    `frame` has `low, high, n, confidence, precision`, one row per band, 0–1; bands with n = 0 or a null precision are
    left out. A column `scorer` or `source` draws one line each.
    """
    title = "Confidence, and how often it was right"
    rows = frame.filter((pl.col("n") > 0) & pl.col("precision").is_not_null() & pl.col("confidence").is_not_null())
    if rows.is_empty():
        return style.no_data(title, "Nothing was judged.")
    if "scorer" not in rows.columns:
        rows = rows.with_columns(scorer="source" if "source" in rows.columns else pl.lit(""))
    with style.chart(title, 0, size_in=(style.WIDTH_IN * 0.72, 4.6)) as (figure, axes):
        axes.plot([0, 1], [0, 1], color=style.MUTED, linewidth=1, linestyle="--")
        most = float(rows["n"].max() or 1)  # type: ignore[arg-type]
        ends: list[tuple[float, float, str, str]] = []
        for k, ((scorer,), found) in enumerate(rows.group_by("scorer", maintain_order=True)):
            colour, marker = style.CYCLE[k % len(style.CYCLE)], style.MARKERS[k % len(style.MARKERS)]
            own = found.sort("confidence")
            x, y, n = own["confidence"].to_list(), own["precision"].to_list(), own["n"].to_list()
            axes.plot(x, y, color=colour, linewidth=1.3, zorder=2)
            sizes = [18 + 130 * count / most for count in n]
            axes.scatter(x, y, s=sizes, color=colour, marker=marker, zorder=3, clip_on=False)
            ends.append((x[-1], y[-1], drawable(scorer, 24), colour))
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence stated (dashed: as stated)", ylabel="share right")
        for axis in (axes.xaxis, axes.yaxis):
            style.percent_axis(axis, whole=1)
        style.name_ends(axes, ends)
        return figure


def ranking_comparison(frame: pl.DataFrame) -> Figure:
    """How often each scorer has the true artist first, among five, among twenty.

    `frame` has `scorer`, `hit_at_1, hit_at_5, hit_at_20` (0–1), best drawn last; `n`, asked; `is_ours`, in colour.
    """
    title = "The true artist among the first k named"
    if frame.is_empty():
        return style.no_data(title, "Nothing was evaluated.")
    marks = (("hit_at_1", "o"), ("hit_at_5", "s"), ("hit_at_20", "D"))
    title += f", of {frame['n'][0]:,} hidden recordings"
    with style.chart(title, 1.3 * frame.height) as (figure, axes):
        for n, row in enumerate(frame.iter_rows(named=True)):
            colour = style.AFTER if row["is_ours"] else style.BEFORE
            values = [row[name] for name, _ in marks]
            axes.plot([min(values), max(values)], [n, n], color=style.GRID, linewidth=5, zorder=1)
            for value, (_, marker) in zip(values, marks, strict=True):
                axes.plot([value], [n], marker=marker, markersize=7, color=colour, zorder=3, clip_on=False)
                axes.text(value, n - 0.24, f"{100 * value:.0f} %", ha="center", va="bottom", fontsize=8, color=colour)
        axes.set_yticks(range(frame.height), [drawable(name, 24) for name in frame["scorer"]])
        axes.set_ylim(frame.height - 0.5, -0.75)
        axes.set_xlabel("●  named first      ■  among the first 5      ◆  among the first 20")
        axes.set_xlim(0, max(0.2, 1.12 * float(frame["hit_at_20"].max() or 0)))  # type: ignore[arg-type]
        style.percent_axis(axes.xaxis, whole=1)
        return figure


def set_timeline(tracklists: pl.DataFrame, track_key: str, *, title: str | None = None, most: int = 12) -> Figure:
    """The sets (TRACKLISTS) a track is played in, earliest on top, slot by slot, the track's own slots marked.

    Only the latest sets are drawn, the others counted; the track is called as the tracklists do where `title` is None.
    """
    own = tracklists.filter(pl.col("track_key") == track_key)
    if own.is_empty():
        return style.no_data("Sets it is played in", "It is played in no set.")
    name = title if title is not None else (own["title"].drop_nulls().first() or "unknown")
    sets = own.select("set_id", "set_date", "dj").unique("set_id", keep="first").sort("set_date", "set_id")
    left_out = max(0, sets.height - most)
    sets = sets.tail(most)
    slots = tracklists.join(sets.select("set_id"), on="set_id").sort("position")
    longest = int(slots["position"].max() or 1)  # type: ignore[arg-type]
    more = f", the last {most} of {most + left_out}" if left_out else ""
    heading = drawable(f"“{name!s}” in its sets{more}", 80)
    with style.chart(heading, 1.25 * sets.height + 1) as (figure, axes):
        for n, row in enumerate(sets.iter_rows(named=True)):
            of_set = slots.filter(pl.col("set_id") == row["set_id"])
            is_own, is_named = pl.col("track_key").eq_missing(track_key), pl.col("artist").is_not_null()
            named, blank, here = (
                of_set.filter(which)["position"].to_list()
                for which in (is_named & ~is_own, ~is_named & ~is_own, is_own)
            )
            axes.plot(named, [n] * len(named), "s", markersize=6, color="#B9C4CE")
            axes.plot(blank, [n] * len(blank), "s", markersize=6, markerfacecolor="white", markeredgecolor="#B9C4CE")
            axes.plot(here, [n] * len(here), "D", markersize=9, color=style.ORANGE, zorder=3)
            artists = dict(of_set.select("position", "artist").iter_rows())
            for at in here:
                before, after = (drawable(artists.get(at + step) or "?", 24) for step in (-1, 1))
                # Near the edges the words would leave the picture.
                side = "left" if at < 0.3 * longest else "right" if at > 0.7 * longest else "center"
                axes.text(at, n + 0.2, f"{before}  ◆  {after}", ha=side, va="top", fontsize=7.5, color=style.MUTED)
        days = [f"{day:%Y-%m-%d}" if day else "no date" for day in sets["set_date"]]
        names = [f"{day}  {drawable(dj or 'unknown DJ', 24)}" for day, dj in zip(days, sets["dj"], strict=True)]
        axes.set_yticks(range(sets.height), names)
        axes.set_ylim(sets.height - 0.4, -0.7)
        axes.set_xlim(0, longest + 1)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=12))
        axes.set_xlabel("slot of the set (filled: artist known, hollow: unknown)")
        return figure


def failure_reasons(frame: pl.DataFrame) -> Figure:
    """Kinds of error by tracks (`error, tracks, retriable`, commonest first), twelve at most; the retriable in blue."""
    title, rows = "What the errors of failed tracks say", frame.head(12)
    if frame.is_empty():
        return style.no_data(title, "Nothing has failed.")
    title += f" (the first 12 of {frame.height:,} kinds)" if frame.height > rows.height else ""
    kinds = rows.select("tracks", "retriable").rows()
    stacked = [[(n, style.AFTER if again else style.BEFORE)] for n, again in kinds]
    words = [f"{n:,}" + (", retriable" if again else "") for n, again in kinds]
    return style.bars(title, rows["error"], stacked, words, room=1.25, most=46)


def draw_ego_net(net: nx.Graph[str], *, max_artists: int = 8, max_labels: int = 6) -> Figure:
    """Draw an ego-net with its best candidates and the labels of the best of them, 16:9 as slides are.

    Raises EnrichError: the graph is no ego-net: it has no unknown with candidates or context.
    """
    centres = [n for n, d in net.nodes(data=True) if d["kind"] == "unknown"]
    if len(centres) != 1:
        raise EnrichError(f"an ego-net has one unknown, this graph has {len(centres)}; make it with ego_net(…)")
    centre = centres[0]
    candidates = _candidates(net, centre)[:max_artists]
    # By the rank of the first to release there.
    labels = list(dict.fromkeys(label for artist in candidates for label in _label_shares(net, artist)))[:max_labels]

    figure = Figure(figsize=(12, 6.75), facecolor="white")
    axes = figure.add_axes((0.03, 0.05, 0.94, 0.78))
    axes.set(xlim=(0, 12), ylim=(-0.6, 5.6))
    axes.axis("off")
    _title(figure, net, centre)

    y_artist = dict(zip(candidates, _spread(len(candidates)), strict=True))
    y_label = dict(zip(labels, _spread(len(labels)), strict=True))
    for artist in reversed(candidates):
        _line(axes, (4.2, 2.5), (6.2, y_artist[artist]), net[centre][artist]["weight"], NODES["artist"])
        for label, share in _label_shares(net, artist).items():
            if label in y_label:
                _line(axes, (9.35, y_artist[artist]), (9.95, y_label[label]), share, NODES["label"])
    axes.scatter([4.2], [2.5], s=2600, color=NODES["unknown"], zorder=3)
    axes.text(4.2, 2.47, "?", color="white", fontsize=30, weight="bold", ha="center", va="center", zorder=4)
    _sets_and_djs(axes, net, centre)
    _names(axes, net, y_artist, x=6.2, kind="artist", most=22)
    _names(axes, net, y_label, x=9.95, kind="label", most=17)
    for artist, y in y_artist.items():
        axes.text(9.25, y, f"{net[centre][artist]['weight']:.0%}", fontsize=13, weight="bold", va="center", ha="right",
                  color=NODES["unknown"])  # fmt: skip
    for x, head, side in ((6.2, "Likely artist", "left"), (9.25, "Probability", "right"), (9.95, "On label", "left")):
        if candidates and (labels or head != "On label"):
            axes.text(x, 5.45, head, fontsize=11, color=MUTED, va="center", ha=side)
    if not candidates:
        axes.text(6.2, 2.5, "no known artist is played near it", fontsize=14, color=MUTED, va="center")
    return figure


def _names(axes: Axes, net: nx.Graph[str], places: dict[str, float], *, x: float, kind: str, most: int) -> None:
    """A column of marks, each with its name beside it."""
    for node, y in places.items():
        axes.scatter([x], [y], s=130, color=NODES[kind], marker="s" if kind == "label" else "o", zorder=3)
        axes.text(x + 0.19, y, drawable(net.nodes[node]["label"], most), fontsize=13, va="center", color=NODES[kind])


def _candidates(net: nx.Graph[str], centre: str) -> list[str]:
    return [n for _, n in sorted((d["rank"], n) for n, d in net[centre].items() if d["relation"] == "candidate")]


def _label_shares(net: nx.Graph[str], artist: str) -> dict[str, float]:
    """Share of an artist's labelled plays on each label, largest first."""
    plays = {n: d["count"] for n, d in net[artist].items() if d["relation"] == "releases_on"}
    total = sum(plays.values())
    return {n: plays[n] / total for n in sorted(plays, key=lambda n: (-plays[n], n))}


def _title(figure: Figure, net: nx.Graph[str], centre: str) -> None:
    best = _candidates(net, centre)
    shown = net.nodes[centre]["label"].removeprefix("? ")
    sets = sum(1 for d in net[centre].values() if d["relation"] == "played_in")
    line = f"Most likely {net.nodes[best[0]]['label']}" if best else "Nobody to name"
    figure.text(0.03, 0.93, drawable(line, 60), fontsize=17, weight="bold", va="center", color=NODES["unknown"])
    under = f"“{drawable(shown, 60)}”, played in {sets} {'set' if sets == 1 else 'sets'}"
    under += "; probabilities of the formula, which are no measured confidence"
    figure.text(0.03, 0.872, under, fontsize=12, color=MUTED)


def _sets_and_djs(axes: Axes, net: nx.Graph[str], centre: str, *, most: int = 6) -> None:
    """The sets, earliest first, each with its DJs, and a line from each to the unknown."""
    found = [n for n, d in net[centre].items() if d["relation"] == "played_in"]
    sets = sorted(found, key=lambda n: (net.nodes[n].get("date", ""), n))
    for node, y in zip(sets, _spread(min(len(sets), most)), strict=False):
        djs = [net.nodes[n]["label"] for n, d in sorted(net[node].items()) if d["relation"] == "played_by"]
        _line(axes, (2.95, y), (4.2, 2.5), 1 / len(sets), NODES["dj"])
        axes.scatter([2.95], [y], s=130, color=NODES["dj"], marker="D", zorder=3)
        who, what = drawable(" & ".join(djs), 26), drawable(net.nodes[node]["label"], 30)
        axes.text(2.75, y + 0.02, who or what, fontsize=12, color=NODES["dj"], ha="right", va="bottom")
        if who:
            axes.text(2.75, y - 0.04, what, fontsize=10, color=MUTED, ha="right", va="top")
    if len(sets) > most:
        axes.text(2.75, -0.35, f"and {len(sets) - most} more sets", fontsize=10, color=MUTED, ha="right", va="top")
    axes.text(2.95, 5.45, "Played by", fontsize=11, color=MUTED, ha="right", va="center")


def _spread(n: int) -> list[float]:
    """Heights of a column of n, top first, centred on the unknown."""
    step = min(0.72, 5.0 / max(n, 1))
    return [2.5 + step * ((n - 1) / 2 - i) for i in range(n)]


def _line(axes: Axes, start: tuple[float, float], end: tuple[float, float], weight: float, colour: str) -> None:
    xs, ys = zip(start, end, strict=True)
    axes.plot(xs, ys, color=colour, alpha=0.35, linewidth=max(0.6, _WIDEST * weight), solid_capstyle="round", zorder=1)
