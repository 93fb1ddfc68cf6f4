"""What an analyst's snapshot has at hand, and its graph: as networkx, to walk in a notebook, and three questions."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import networkx as nx
import polars as pl

from enrich.analyst.html import Pictured, show_well
from enrich.charts import style
from enrich.cooccurrence import graph as questions
from enrich.cooccurrence.graph import build_graph
from enrich.database.connection import connect
from enrich.errors import DatabaseError, EnrichError
from enrich.ledger import writing
from enrich.ledger.policy import read_policy
from enrich.ledger.proposals import LISTED
from enrich.ledger.proposals import proposals as list_proposals
from enrich.measuring.judging import judge
from enrich.measuring.replay import measure
from enrich.measuring.scale import Scale, decided, verdicts
from enrich.reporting.dashboards import read_truth
from enrich.settings import Settings, load_settings
from enrich.snapshots.opening import Manifest, Snapshot
from enrich.tiers.workspace import Workspace

if TYPE_CHECKING:
    from enrich.analyst.widgets import GraphView


class GraphQuestions(Snapshot):
    """A snapshot with its marts in memory and the ledger at hand, and what it answers from the graph."""

    def __init__(
        self, path: Path, con: duckdb.DuckDBPyConnection, manifest: Manifest, *, settings: Settings | None = None
    ) -> None:
        super().__init__(path, con, manifest)
        self._settings = settings
        show_well(writing.WriteResult, writing.UndoResult)

    @property
    def settings(self) -> Settings:
        """Where the ledger is, and the policy; read from the environment at first need, unless they were given."""
        if self._settings is None:
            self._settings = load_settings()
        return self._settings

    @cached_property
    def scale(self) -> Scale:
        """What each rule is worth on this snapshot, and what people decided, where the ledger can be reached."""
        return Scale(measured=measure(self.workspace), decided=decided(self._ledger))

    @cached_property
    def _ledger(self) -> pl.DataFrame:
        try:
            return self.proposals()
        except DatabaseError:
            return LISTED.to_frame()

    def accepts(self, proposals: pl.DataFrame) -> pl.Series:
        """Whether the policy in force accepts each of PROPOSALS, beside those in the ledger."""
        columns = ["kind", "source", "confidence", "evidence"]
        pool = pl.concat([proposals.select(columns), self._ledger.select(columns)])
        return read_policy(self.settings).accepts(proposals, pool)

    @cached_property
    def workspace(self) -> Workspace:
        """The marts in memory, as the tiers take them."""
        return Workspace.of(self)

    def proposals(self, status: str | None = None) -> pl.DataFrame:
        """Proposals in the ledger, surest first; columns: `enrich.ledger.proposals.LISTED`. Reads Postgres."""
        return list_proposals(self.settings, status=status)

    def judged_proposals(self, status: str | None = None) -> pl.DataFrame:
        """`proposals` with `is_right`: by the truth planted in a demo world, elsewhere by what people decided."""
        return self._judged(self.proposals(status))

    def _judged(self, found: pl.DataFrame) -> pl.DataFrame:
        """Proposals with `is_right`: by the truth planted, elsewhere by what people decided."""
        if self.truth is None:
            return verdicts(found)
        return judge(found, self.truth, aliases=self.workspace.artists.select(name="artist", aliases="aliases"))

    @cached_property
    def truth(self) -> pl.DataFrame | None:
        """What a demo world knows of its own tracks, schema `enrich.measuring.judging.TRUTH`; None elsewhere."""
        with connect(self.settings) as con:
            return read_truth(con)

    @cached_property
    def _whole_graph(self) -> nx.Graph[str]:
        return build_graph(self.workspace.tracklists, aliases=self.workspace.aliases)

    def graph(self, around: str | None = None, *, hops: int = 1) -> nx.Graph[str]:
        """Tracks, artists, labels, DJs and sets as a networkx graph; `cooccurrence.graph` says what is in it.

        Args:
            around, hops: A node's id (`dj:tiesto`), a track's id, or a name (of several the most played): only what is
                at most `hops` (>= 1) edges from it; None: the whole.

        Raises EnrichError: no node is called so.
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

        Raises EnrichError: no node is called so, or the extra `notebooks` is not installed.
        """
        net, centre = self.graph(around, hops=hops), None if around is None else self._node(around)
        plays = sorted(net, key=lambda node: (node != centre, -net.nodes[node]["plays"], node))
        view = of_extra("enrich.analyst.widgets", doing="walk").GraphView
        found: GraphView = view(self, net.subgraph(plays[:most]), chosen=centre)
        return found

    def communities(self, *, seed: int = 0) -> Pictured:
        """Which artists are played together; columns: `cooccurrence.graph.communities`."""
        found = questions.communities(self._whole_graph, seed=seed)
        title, words = "Who is played together, by plays", "{artists:,} artists, most on {labels[0]}"
        rows = [{**row, "labels": row["labels"] or ["no label"]} for row in found.to_dicts()]
        return Pictured(found, style.ranked(rows, "leading", "plays", words, title=title))

    def bridges(self, *, seed: int = 0) -> Pictured:
        """Who stands between communities; columns: `cooccurrence.graph.bridges`."""
        found = questions.bridges(self._whole_graph, seed=seed)
        title, words = "Who stands between communities, by shortest paths", "{between:.3f}, {joins[0]} and {joins[1]}"
        return Pictured(found, style.ranked(found.to_dicts(), "artist", "between", words, title=title))

    def first_players(self) -> Pictured:
        """Which DJs play whom first; columns: `cooccurrence.graph.first_players`."""
        found = questions.first_players(self.workspace.tracklists, aliases=self.workspace.aliases)
        title, words = "Who plays whom first: tracks played before any other DJ did", "{first:,} of {of:,}, {whom[0]}"
        return Pictured(found, style.ranked(found.to_dicts(), "dj", "first", words, title=title))


def of_extra(module: str, *, doing: str) -> Any:
    """A module of the extra `notebooks`: without it every other question is answered."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        hint = "install the extra with `pip install enrich[notebooks]`"
        raise EnrichError(f"{doing}: {error.name} is not installed; {hint}") from error
