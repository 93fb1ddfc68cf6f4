"""Notebook widgets: the review, decided by key, by row or in bulk, and the graph to walk. They work without a network.

Decisions go to the ledger at once; what another reviewer has decided since is left alone, and the widget says so.
sigma.js draws the graph (`ipysigma`, whose JupyterLab extension comes with the package).
"""

from __future__ import annotations

import getpass
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import anywidget
import networkx as nx
import polars as pl
import traitlets
from ipysigma import Sigma
from ipywidgets import HTML, VBox

from enrich.analyst.html import line, page, table, text
from enrich.charts.style import NODES
from enrich.errors import EnrichError
from enrich.ledger.audits import accept_rest, read_audit
from enrich.ledger.evidence import told
from enrich.ledger.proposals import proposals
from enrich.ledger.review import Decided, accept, reject
from enrich.reporting.dashboards import precision_by_band
from enrich.settings import Settings

_HERE = Path(__file__).parent
_BAND = 0.05
_COLUMNS = "proposal_id title kind value tier source probability confidence status decided_by evidence"
#: Of a page without a kernel.
_SHOWN_STATIC, _SHOWN_SENTENCES = 12, 2
_SHOWN_TIES = 12
_HINT = "Search a name, or click a node: its story stands here."


class _Static:
    """A widget that shows something in pages without a kernel, such as a rendered notebook, too."""

    def _static(self) -> str:
        raise NotImplementedError

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)  # type: ignore[misc]
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**(data or {}), "text/html": self._static()}, metadata


class ReviewWidget(_Static, anywidget.AnyWidget):
    """The widget. `rows` is the table; `decide` does from Python what its keys do."""

    _esm = _HERE / "review_widget.js"
    _css = _HERE / "review_widget.css"

    rows = traitlets.List(traitlets.Dict()).tag(sync=True)
    precision = traitlets.List(traitlets.Dict()).tag(sync=True)
    audit = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        settings: Settings,
        *,
        by: str | None = None,
        status: str | None = "proposed",
        clock: Callable[[], datetime],
        judged: Callable[[pl.DataFrame], pl.DataFrame] | None = None,
        audit: str | None = None,
    ) -> None:
        """Show the review of a ledger, as `AnalystSnapshot.review` does, with proposals of `status` (None: all) first.

        Precision is measured by what `judged` adds, is_right by a planted truth, which the reviewer is not shown. Of an
        `audit`, an id, only the sample is shown, in the order drawn, and what follows from it.
        """
        self._settings, self._judged, self._clock, self._audit, self._status = settings, judged, clock, audit, status
        self._shown: set[str] = set()
        self.by = by or getpass.getuser()
        super().__init__()
        self.refresh()
        self.on_msg(lambda _, message, __: self._on_message(message))

    def _static(self) -> str:
        shown = _surest(self.rows)[:_SHOWN_STATIC]
        words = f"{len(self.rows):,} proposals; where a kernel runs, here stands the table to decide in."
        columns = ("track", "kind", "proposed", "from", "confidence", "status", "evidence")
        cells = [
            [row[name] for name in ("title", "kind", "value", "source")]
            + ["rule" if row["confidence"] is None else float(row["confidence"]), row["status"]]
            + ["; ".join(row["evidence"][:_SHOWN_SENTENCES])]
            for row in shown
        ]
        return page(line(words, quiet=True), table(columns, cells))

    def refresh(self) -> None:
        """Read the ledger again: new proposals come in, others' decisions show."""
        found = proposals(self._settings)
        wanted = found if self._status is None else found.filter(pl.col("status") == self._status)
        if self._audit is None:
            self._shown |= set(wanted["proposal_id"])
        else:
            state = read_audit(self._settings, self._audit)
            self._shown = set(state.sample)
            ready = state.left == 0 and state.accepted is None and bool(state.others)
            self.audit = {"text": state.text(), "ready": ready, "others": len(state.others)}
        self.precision = known_precision(found if self._judged is None else self._judged(found)).to_dicts()
        shown = found.filter(pl.col("proposal_id").is_in(sorted(self._shown))).select(_COLUMNS.split())
        self.rows = [{**row, "evidence": told(row["evidence"])} for row in shown.iter_rows(named=True)]

    def decide(self, decision: str, seen: dict[str, str]) -> Decided:
        """Have proposals `accepted` or `rejected`; `seen` is their status by id, as the reviewer sees it.

        Raises:
            EnrichError: an id is no id, or no such decision.
            DatabaseError: Postgres is down.
        """
        actions = {"accepted": accept, "rejected": reject}
        if decision not in actions:
            raise EnrichError(f"no decision {decision!r}; known are accepted and rejected")
        done = actions[decision](self._settings, list(seen), by=self.by, now=self._clock(), seen=seen)
        self.refresh()
        return done

    def surest(self, n: int) -> dict[str, str]:
        """The n surest proposals that wait, as `decide` takes them: status by id."""
        return {row["proposal_id"]: row["status"] for row in _surest(self.rows, status="proposed")[:n]}

    def outcome(self, done: Decided) -> str:
        """What came of a decision, in a sentence."""
        text = f"{done.changed} {done.decision} by {self.by}"
        if not done.unchanged:
            return text
        others = {row["decided_by"] for row in self.rows if row["proposal_id"] in done.unchanged and row["decided_by"]}
        names = ", ".join(sorted(others)) or "someone"
        return f"{text}; {len(done.unchanged)} left as they were: decided already by {names}"

    def _on_message(self, message: dict[str, Any]) -> None:
        try:
            if message.get("type") == "decide":
                done = self.decide(str(message.get("decision")), dict(message.get("seen") or {}))
                self.send({"type": "answer", "ok": not done.unchanged, "text": self.outcome(done)})
            elif message.get("type") == "accept_rest" and self._audit is not None:
                closed = accept_rest(self._settings, self._audit, by=self.by, now=self._clock())
                self.refresh()
                self.send({"type": "answer", "ok": True, "text": closed.text()})
            elif message.get("type") == "refresh":
                self.refresh()
                told = f"{len(self.rows)} proposals, as the ledger has them now"
                self.send({"type": "answer", "ok": True, "text": told})
        except EnrichError as error:
            self.send({"type": "answer", "ok": False, "text": str(error)})


def _surest(rows: list[dict[str, Any]], *, status: str | None = None) -> list[dict[str, Any]]:
    wanted = [row for row in rows if status in (None, row["status"])]
    return sorted(wanted, key=lambda row: (-(row["confidence"] or 0), row["proposal_id"]))


def known_precision(found: pl.DataFrame) -> pl.DataFrame:
    """How often such proposals (LISTED, is_right where that is known) are right: kind, source, low (of bands of 0.05),
    right of those judged, and accepted of those decided by people.
    """
    is_right = pl.col("is_right") if "is_right" in found.columns else pl.lit(None, pl.Boolean).alias("is_right")
    bands = precision_by_band(found.with_columns(is_right), width=_BAND, by=("kind", "source"))
    return bands.select("kind", "source", "low", "right", "judged", "decided", "accepted")


class GraphView(_Static, VBox):  # type: ignore[misc]
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
        head, nodes = "{label}, {kind}, {plays:,} plays".format(**self._net.nodes[node]), self._net.nodes
        rows = [(nodes[n]["label"], nodes[n]["kind"], d["relation"].replace("_", " "), d["count"]) for n, d in ties]
        return page(f"<p><b>{text(head)}</b></p>", table(("tied to", "kind", "how", "times"), rows))

    def _static(self) -> str:
        words = f"{len(self._net):,} nodes, {self._net.size():,} edges; where a kernel runs, here is the graph to walk."
        return page(line(words, quiet=True))
