"""The review as a notebook widget: a table to sort and filter, evidence to read, decisions by key, by row or in bulk.

Decisions go to the ledger at once; what another reviewer has decided since is left alone, and the widget says so.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import anywidget
import polars as pl
import traitlets

from enrich.analyst.html import line, page, table
from enrich.errors import EnrichError
from enrich.ledger.audits import accept_rest, read_audit
from enrich.ledger.evidence import told
from enrich.ledger.proposals import proposals
from enrich.ledger.review import Decided, accept, reject
from enrich.measuring.judging import judge
from enrich.reporting.precision import precision_by_band
from enrich.settings import Settings

_HERE = Path(__file__).parent
_BAND = 0.05
#: Of a page without a kernel.
_SHOWN_STATIC, _SHOWN_SENTENCES = 12, 2


class ReviewWidget(anywidget.AnyWidget):
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
        truth: pl.DataFrame | None = None,
        audit: str | None = None,
    ) -> None:
        """Show the review of a ledger, as `AnalystSnapshot.review` does.

        Args:
            settings: Where Postgres is.
            by, clock: Who decides (None: the login name), and when.
            status: Proposals to begin with; None: all.
            truth: The truth planted in a demo world, by which precision is measured; the reviewer is not shown it.
            audit: Id of an audit: only its sample is shown, in the order drawn, and what follows from it.
        """
        self._settings, self._truth, self._clock, self._audit, self._status = settings, truth, clock, audit, status
        self._shown: set[str] = set()
        self.by = by or getpass.getuser()
        super().__init__()
        self.refresh()
        self.on_msg(lambda _, message, __: self._on_message(message))

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The widget, and for pages without a kernel, such as a rendered notebook, its first rows as a table."""
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**(data or {}), "text/html": self._static()}, metadata

    def _static(self) -> str:
        shown = sorted(self.rows, key=lambda row: (-(row["confidence"] or 0), row["proposal_id"]))[:_SHOWN_STATIC]
        return page(
            line(f"{len(self.rows):,} proposals; where a kernel runs, here stands the table to decide in.", quiet=True),
            table(
                ("track", "kind", "proposed", "from", "confidence", "status", "evidence"),
                [
                    (
                        row["title"], row["kind"], row["value"], row["source"], _sure(row),
                        row["status"], "; ".join(row["evidence"][:_SHOWN_SENTENCES]),
                    )
                    for row in shown
                ],
            ),
        )  # fmt: skip

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
        self.precision = known_precision(found, self._truth).to_dicts()
        self.rows = _rows(found.filter(pl.col("proposal_id").is_in(sorted(self._shown))))

    def decide(self, decision: str, seen: dict[str, str]) -> Decided:
        """Accept or reject proposals.

        Args:
            decision: `accepted` or `rejected`.
            seen: Status by proposal id, as the reviewer sees it.

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
        waiting = (row for row in self.rows if row["status"] == "proposed")
        first = sorted(waiting, key=lambda row: (-(row["confidence"] or 0), row["proposal_id"]))[:n]
        return {row["proposal_id"]: row["status"] for row in first}

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


def _sure(row: dict[str, Any]) -> float | str:
    return "rule" if row["confidence"] is None else float(row["confidence"])


def known_precision(found: pl.DataFrame, truth: pl.DataFrame | None) -> pl.DataFrame:
    """How often such proposals (LISTED) are right, by planted truth, where there is one, and people.

    Returns:
        kind, source, low (of bands of 0.05); judged by the planted truth, right; decided by people, accepted.
    """
    judged = found.with_columns(is_right=pl.lit(None, pl.Boolean)) if truth is None else judge(found, truth)
    bands = precision_by_band(judged, width=_BAND, by=("kind", "source"))
    return bands.select("kind", "source", "low", "right", "judged", "decided", "accepted")


def _rows(found: pl.DataFrame) -> list[dict[str, Any]]:
    shown = found.select(
        "proposal_id", "title", "kind", "value", "tier", "source", "probability", "confidence", "status", "decided_by",
        "evidence",
    )  # fmt: skip
    return [{**row, "evidence": told(row["evidence"])} for row in shown.iter_rows(named=True)]
