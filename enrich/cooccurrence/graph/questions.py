"""Three questions to the graph: which artists belong together, who stands between them, who plays whom first.

Pure; the same data and seed give the same answer. Ties are between artists played near each other (`met` of
`graph.building`), twice at least where anybody was.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import networkx as nx
import polars as pl

from enrich.cooccurrence.graph.building import counting, people_of
from enrich.sql import DUCKDB

#: Meetings that make a tie, artists that make a community, names told of each, and nodes that paths are counted from.
_TIE, _SMALLEST, _TOLD, _PATHS = 2, 3, 5, 100
_NAMES: Any = pl.List(pl.String)


def _scenes(graph: nx.Graph[str], seed: int) -> tuple[nx.Graph[str], list[list[str]]]:
    """The ties, and Louvain's communities of them: the most played first, and so are their members."""
    met = [(a, b, d) for a, b, d in graph.edges(data=True) if d["relation"] == "met"]
    ties: nx.Graph[str] = nx.Graph([edge for edge in met if edge[2]["count"] >= _TIE] or met)
    plays = dict(graph.nodes(data="plays"))
    found = nx.community.louvain_communities(ties, weight="weight", seed=seed)
    large = [sorted(group, key=lambda n: (-plays[n], n)) for group in found if len(group) >= _SMALLEST]
    return ties, sorted(large, key=lambda group: (-sum(plays[n] for n in group), group[0]))


def communities(graph: nx.Graph[str], *, seed: int = 0) -> pl.DataFrame:
    """Which artists are played together.

    Returns:
        community (from 1), artists, plays, leading (its most played), labels (its commonest).
    """
    rows, name = [], dict(graph.nodes(data="label"))
    for n, group in enumerate(_scenes(graph, seed)[1], start=1):
        labels: Counter[str] = Counter()
        for artist in group:
            labels.update({name[b]: d["count"] for b, d in graph[artist].items() if d["relation"] == "releases_on"})
        plays = sum(graph.nodes[node]["plays"] for node in group)
        commonest = [label for label, _ in labels.most_common(_TOLD)]
        rows.append((n, len(group), plays, [name[node] for node in group[:_TOLD]], commonest))
    columns = {"community": pl.Int64, "artists": pl.Int64, "plays": pl.Int64, "leading": _NAMES, "labels": _NAMES}
    return pl.DataFrame(rows, schema=columns, orient="row")


def bridges(graph: nx.Graph[str], *, seed: int = 0) -> pl.DataFrame:
    """Who stands between communities: artists tied to at least two, by the shortest paths that pass them.

    Returns:
        artist, between (share of shortest paths, 0–1), plays, outside_pct (ties that leave its own community), joins
        (the leading artist of each community it has ties to, its own first).
    """
    ties, groups = _scenes(graph, seed)
    of = {node: n for n, group in enumerate(groups) for node in group}
    rows, name = [], dict(graph.nodes(data="label"))
    for node, between in nx.betweenness_centrality(ties, k=min(len(ties), _PATHS), seed=seed).items():
        near = [of[other] for other in ties[node] if other in of]
        if node in of and between > 0 and {*near} - {of[node]}:
            joins = [name[groups[n][0]] for n in (of[node], *sorted({*near} - {of[node]}))]
            away = 100 * sum(n != of[node] for n in near) / len(near)
            rows.append((name[node], between, graph.nodes[node]["plays"], away, joins))
    columns = {"artist": pl.String, "between": pl.Float64, "plays": pl.Int64, "outside_pct": pl.Float64}
    found = pl.DataFrame(rows, schema=columns | {"joins": _NAMES}, orient="row")
    return found.sort("between", "artist", descending=[True, False])


def first_players(tracklists: pl.DataFrame, *, aliases: pl.DataFrame | None = None) -> pl.DataFrame:
    """Who plays whom first, of tracks with a known artist that two DJs or more played on dated days.

    First is whom nobody else was as early as; what DJs play of their own is left out. Whoever goes by several names
    (`aliases`: columns artist, alias; and those known) is one, told by the commonest.

    Returns:
        dj, first (tracks it was first with), of (those it played), first_pct, lead_days (median until the second DJ),
        whom (the artists it is first with, most tracks first).
    """
    with counting(tracklists, people_of(tracklists, aliases)) as con:
        return DUCKDB["graph_first_players"].frame(con, told=_TOLD)
