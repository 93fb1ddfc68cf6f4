"""The graph of a snapshot: as networkx, to walk in a notebook, and three questions to it, each with its picture."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

import networkx as nx

from enrich.analyst.html import Pictured
from enrich.charts import style
from enrich.cooccurrence.graph import questions
from enrich.cooccurrence.graph.building import build_graph
from enrich.errors import EnrichError
from enrich.snapshots.opening import Snapshot
from enrich.tiers.workspace import Workspace

if TYPE_CHECKING:
    from enrich.analyst.graph_view import GraphView


class GraphQuestions(Snapshot):
    """What `AnalystSnapshot` answers from the graph."""

    @cached_property
    def workspace(self) -> Workspace:
        """The marts in memory, as the tiers take them."""
        return Workspace.of(self)

    @cached_property
    def _whole_graph(self) -> nx.Graph[str]:
        return build_graph(self.workspace.tracklists, aliases=self.workspace.aliases)

    def graph(self, around: str | None = None, *, hops: int = 1) -> nx.Graph[str]:
        """Tracks, artists, labels, DJs and sets as a networkx graph; `cooccurrence.graph.building` says what is in it.

        Args:
            around: A node's id (`dj:tiesto`), a track's id, or a name (of several the most played): only what is at
                most `hops` edges from it; None: the whole.
            hops: How far; >= 1.

        Raises:
            EnrichError: no node is called so.
        """
        if around is None:
            return self._whole_graph
        return nx.ego_graph(self._whole_graph, self._node(around), radius=hops)

    def _node(self, around: str) -> str:
        wanted = around.strip().lower()
        named = [
            (node in (f"unknown:{around}", f"track:{around}") or node.lower() == wanted, data["plays"], node)
            for node, data in self._whole_graph.nodes(data=True)
            if wanted in (node.lower(), node.partition(":")[2].lower(), data["label"].lower())
        ]
        if not named:
            raise EnrichError(f"no node of the graph is called {around!r}; give an id such as dj:armin van buuren")
        return str(max(named)[2])

    def walk(self, around: str | None = None, *, hops: int = 1, most: int = 500) -> GraphView:
        """The graph to walk in a notebook: search a name, click a node and read its story; needs no network.

        Args:
            around, hops: As `graph` takes them.
            most: Nodes shown: the most played.

        Raises:
            EnrichError: no node is called so, or the extra `notebooks` is not installed.
        """
        net, centre = self.graph(around, hops=hops), None if around is None else self._node(around)
        plays = sorted(net, key=lambda node: (node != centre, -net.nodes[node]["plays"], node))
        view = of_extra("enrich.analyst.graph_view", doing="walk").GraphView
        found: GraphView = view(self, net.subgraph(plays[:most]), chosen=centre)
        return found

    def communities(self, *, seed: int = 0) -> Pictured:
        """Which artists are played together; columns: `graph.questions.communities`."""
        found = questions.communities(self._whole_graph, seed=seed)
        title, words = "Who is played together, by plays", "{artists:,} artists, most on {labels[0]}"
        rows = [{**row, "labels": row["labels"] or ["no label"]} for row in found.to_dicts()]
        return Pictured(found, style.ranked(rows, "leading", "plays", words, title=title))

    def bridges(self, *, seed: int = 0) -> Pictured:
        """Who stands between communities; columns: `graph.questions.bridges`."""
        found = questions.bridges(self._whole_graph, seed=seed)
        title, words = "Who stands between communities, by shortest paths", "{between:.3f}, {joins[0]} and {joins[1]}"
        return Pictured(found, style.ranked(found.to_dicts(), "artist", "between", words, title=title))

    def first_players(self) -> Pictured:
        """Which DJs play whom first; columns: `graph.questions.first_players`."""
        found = questions.first_players(self.workspace.tracklists, aliases=self.workspace.aliases)
        title = "Who plays whom first: tracks played before any other DJ did"
        return Pictured(
            found, style.ranked(found.to_dicts(), "dj", "first", "{first:,} of {of:,}, {whom[0]}", title=title)
        )


def of_extra(module: str, *, doing: str) -> Any:
    """A module of the extra `notebooks`: without it every other question is answered."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        hint = "install the extra with `pip install enrich[notebooks]`"
        raise EnrichError(f"{doing}: {error.name} is not installed; {hint}") from error
