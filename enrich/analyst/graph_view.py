"""The graph as a thing to walk: zoom, search a name, click a node and read its story. Works without a network.

sigma.js draws (`ipysigma`, whose JupyterLab extension comes with the package).
"""

from __future__ import annotations

from typing import Any

import networkx as nx
from ipysigma import Sigma
from ipywidgets import HTML, VBox

from enrich.analyst.html import line, page, table, text
from enrich.charts.style import NODES

_SHOWN_TIES = 12
_HINT = "Search a name, or click a node: its story stands here."


class GraphView(VBox):  # type: ignore[misc]
    """A graph in `.sigma`, and under it, in `.story`, what is known of the node that was clicked, `chosen` at first."""

    def __init__(self, snapshot: Any, net: nx.Graph[str], *, chosen: str | None = None) -> None:
        self._snapshot, self._net, self.story = snapshot, net, HTML()
        self.sigma = Sigma(
            net, name="graph", node_color="kind", node_color_palette=NODES, node_size="plays", node_size_range=(3, 18),
            node_label="label", edge_size="weight", edge_size_range=(0.3, 3), selected_node=chosen, height=560,
            layout={n: {"x": float(x), "y": float(y)} for n, (x, y) in nx.spring_layout(net, seed=0).items()},
        )  # fmt: skip
        self.sigma.observe(lambda change: self._tell(change["new"]), names="selected_node")
        super().__init__([self.sigma, self.story])
        self._tell(chosen)

    def _tell(self, node: str | None) -> None:
        self.story.value = self._story(node) if node in self._net else page(line(_HINT, quiet=True))

    def _story(self, node: Any) -> str:
        key = node.partition(":")[2]
        if self._snapshot.workspace.tracks["track_id"].is_in([key]).any():
            return str(self._snapshot.track(key).why()._repr_html_())
        ties = sorted(self._net[node].items(), key=lambda tie: (-tie[1]["count"], tie[0]))[:_SHOWN_TIES]
        to = [(self._net.nodes[n], d["relation"].replace("_", " "), d["count"]) for n, d in ties]
        head = "{label}, {kind}, {plays:,} plays".format(**self._net.nodes[node])
        rows = [(other["label"], other["kind"], how, count) for other, how, count in to]
        return page(f"<p><b>{text(head)}</b></p>", table(("tied to", "kind", "how", "times"), rows))

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The widget, and for pages without a kernel a line that says what would stand there."""
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        words = f"{len(self._net):,} nodes, {self._net.size():,} edges; where a kernel runs, here is the graph to walk."
        return {**(data or {}), "text/html": page(line(words, quiet=True))}, metadata
