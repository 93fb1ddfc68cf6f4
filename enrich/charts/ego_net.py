"""A picture of one unknown, from an ego-net of `graph.ego_net`: who it may be, amid what it was played among.

Left of it the sets and DJs it was played by, right of it its likeliest artists, best on top, and their labels. Lines
are as wide as they weigh; every node is named where it stands.
"""

from __future__ import annotations

import networkx as nx
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from enrich.charts.style import MUTED, NODES, drawable
from enrich.errors import EnrichError

_WIDEST = 9.0  # points, of a line of weight 1


def draw_ego_net(net: nx.Graph[str], *, max_artists: int = 8, max_labels: int = 6) -> Figure:
    """Draw an ego-net with its best candidates and the labels of the best of them, 16:9 as slides are.

    Raises:
        EnrichError: the graph is no ego-net: it has no unknown with candidates or context.
    """
    centres = [n for n, d in net.nodes(data=True) if d["kind"] == "unknown"]
    if len(centres) != 1:
        raise EnrichError(f"an ego-net has one unknown, this graph has {len(centres)}; make it with ego_net(…)")
    centre = centres[0]
    candidates = _candidates(net, centre)[:max_artists]
    labels = _labels(net, candidates)[:max_labels]

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
        name = drawable(net.nodes[node]["label"], most)
        axes.text(x + 0.19, y, name, fontsize=13, va="center", color=NODES[kind])


def _candidates(net: nx.Graph[str], centre: str) -> list[str]:
    found = [(d["rank"], n) for n, d in net[centre].items() if d["relation"] == "candidate"]
    return [n for _, n in sorted(found)]


def _labels(net: nx.Graph[str], candidates: list[str]) -> list[str]:
    """Labels of the candidates, by the rank of the first to release there."""
    seen: dict[str, None] = {}
    for artist in candidates:
        seen.update(dict.fromkeys(_label_shares(net, artist)))
    return list(seen)


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
    figure.text(
        0.03,
        0.872,
        under + "; probabilities of the formula, which are no measured confidence",
        fontsize=12,
        color=MUTED,
    )


def _sets_and_djs(axes: Axes, net: nx.Graph[str], centre: str, *, most: int = 6) -> None:
    """The sets, earliest first, each with its DJs, and a line from each to the unknown."""
    sets = sorted(
        (n for n, d in net[centre].items() if d["relation"] == "played_in"),
        key=lambda n: (net.nodes[n].get("date", ""), n),
    )
    heights = _spread(min(len(sets), most))
    for node, y in zip(sets, heights, strict=False):
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
