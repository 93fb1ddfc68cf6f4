"""Audits: a random sample of what waits is decided by a person, and what that says of the rest is put on record.

    found = audit(settings, "same-title", by="anna", now=now)     twenty drawn; the same twenty until it is closed
    …                                                            decided in the widget, by spreadsheet, by id
    accept_rest(settings, found.audit_id, by="anna", now=now)    what waited beside them, on that ground

An audit is one row of `enrich_runs` (command `audit`): what was drawn stands in its parameters, on what ground the rest
was accepted in its summary. Decisions of the rest are by `audit:NAME`, so that only what was looked at counts as seen.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import polars as pl
import psycopg

from enrich.database.connection import connect
from enrich.database.errors import database_errors
from enrich.errors import EnrichError
from enrich.ledger.proposals import close_run, open_run, proposals
from enrich.ledger.review import decide
from enrich.measuring.judging import lower_bound
from enrich.measuring.scale import verdicts
from enrich.rules import AUDIT_SIZE
from enrich.settings import Settings
from enrich.sql import LEDGER


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """An audit of one kind and source, and how far it has come."""

    audit_id: str
    kind: str
    source: str
    seed: int
    sample: tuple[str, ...]  # ids of the proposals drawn, in the order they were drawn
    right: int
    wrong: int
    others: tuple[str, ...]  # ids of those that waited beside the sample when it was drawn, and still wait
    accepted: int | None = None  # how many of the others were accepted on this ground; None while it is open

    @property
    def left(self) -> int:
        """Proposals of the sample still to be decided."""
        return len(self.sample) - self.right - self.wrong

    @property
    def low(self) -> float:
        """What the precision of the source is at least, at 95 %; 0 while nothing is decided."""
        n = self.right + self.wrong
        return float(lower_bound(self.right / n, n)) if n else 0.0

    @property
    def ground(self) -> str:
        """What the sample says, in a sentence."""
        return f"{self.right} of {self.right + self.wrong} right, precision at least {self.low:.2f} at 95 %"

    def text(self) -> str:
        """How it stands, for people."""
        head = f"audit of {self.kind}s from {self.source}: "
        if self.accepted is not None:
            return head + f"{self.ground}; {self.accepted} others accepted on that ground"
        if self.left:
            said = f"{self.ground} so far; " if self.right + self.wrong else ""
            return head + f"{said}{self.left} of {len(self.sample)} drawn at random are still to be decided"
        rest = f"these {len(self.others)} others may be accepted at that risk" if self.others else "nothing else waits"
        return f"{head}{self.ground}; {rest}"

    def asdict(self) -> dict[str, Any]:
        """As JSON prints it."""
        return {**asdict(self), "left": self.left, "low": round(self.low, 4), "text": self.text()}


def audit(settings: Settings, source: str, *, by: str, now: datetime, n: int = AUDIT_SIZE, seed: int = 0) -> Audit:
    """Draw an audit's sample of at most n (>= 1) proposals, or go on with the one that is open.

    Args:
        source: Whose proposals; `label:beatport` names the kind, where the source has waiting ones of several.
        by, now: Who draws, and when.
        n, seed: How many, and which.

    Raises:
        EnrichError: nothing of that source waits, or proposals of several kinds do.
        DatabaseError: Postgres is down or the ledger is missing.
    """
    if n < 1:
        raise EnrichError(f"an audit draws at least 1 proposal, got {n}")
    before, colon, after = source.partition(":")
    kind, source = (before, after) if colon else (None, source)
    with database_errors(settings, doing="audit"), connect(settings) as con, con.cursor() as cur:
        LEDGER["open_audits"].execute(cur, kind=kind, source=source)
        found = cur.fetchall()
        if len(found) == 1:
            return _read(found[0], proposals(settings))
        waiting = proposals(settings, status="proposed").filter(pl.col("source") == source)
        kinds = [kind] if kind else waiting["kind"].unique().sort().to_list()
        waiting = waiting.filter(pl.col("kind").is_in(kinds))
        if waiting.is_empty():
            raise EnrichError(f"nothing waits from {source!r}; see `enrich policy` for the sources that have something")
        if len(kinds) > 1:
            raise EnrichError(f"{source} has waiting {' and '.join(kinds)} proposals: say {kinds[0]}:{source}")
        ids = waiting["proposal_id"].sort()
        sample = ids.sample(min(n, len(ids)), shuffle=True, seed=seed).to_list()
        parameters = {"kind": kinds[0], "source": source, "seed": seed, "sample": sample, "by": by}
        audit_id = open_run(cur, "audit", now=now, parameters=parameters)
    return _read((audit_id, now, parameters, None), proposals(settings))


def read_audit(settings: Settings, audit_id: str) -> Audit:
    """An audit as it stands now.

    Raises EnrichError: there is none of this id. DatabaseError: Postgres is down or the ledger is missing.
    """
    with database_errors(settings, doing="audit"), connect(settings) as con, con.cursor() as cur:
        try:
            LEDGER["one_audit"].execute(cur, audit_id=audit_id)
        except psycopg.errors.InvalidTextRepresentation:
            raise EnrichError(f"{audit_id!r} is no id of an audit; `enrich audit SOURCE` draws one") from None
        row = cur.fetchone()
    if row is None:
        raise EnrichError(f"there is no audit {audit_id}; `enrich audit SOURCE` draws one")
    return _read(row, proposals(settings))


def accept_rest(settings: Settings, audit_id: str, *, by: str, now: datetime) -> Audit:
    """Accept what waited beside a decided sample, and close the audit with its ground; one transaction.

    Raises:
        EnrichError: the sample is not decided yet, or the audit is closed.
    """
    found = read_audit(settings, audit_id)
    if found.accepted is not None:
        raise EnrichError(f"audit {audit_id} is closed: {found.text()}")
    if found.left:
        raise EnrichError(f"{found.text()}; decide these first")
    with database_errors(settings, doing="audit"), connect(settings) as con, con.cursor() as cur:
        ground = f"audit {audit_id}: {found.ground}"
        others = list(found.others)
        accepted = len(decide(cur, others, "accepted", ["proposed"], by=f"audit:{by}", reason=ground, now=now))
        summary = {"ground": found.ground, "right": found.right, "wrong": found.wrong, "accepted": accepted, "by": by}
        close_run(cur, audit_id, now=now, summary={**summary, "low": round(found.low, 4)})
    return read_audit(settings, audit_id)


def _read(row: tuple[Any, ...], listed: pl.DataFrame) -> Audit:
    audit_id, drawn_at, parameters, summary = row
    told: Mapping[str, Any] = parameters if isinstance(parameters, Mapping) else json.loads(parameters)
    own = pl.col("proposal_id").is_in(told["sample"])
    decided = verdicts(listed).filter(own)["is_right"].drop_nulls()
    of_source = (pl.col("kind") == told["kind"]) & (pl.col("source") == told["source"])
    waiting = of_source & (pl.col("status") == "proposed") & (pl.col("created_at") <= drawn_at) & ~own
    return Audit(
        audit_id=str(audit_id),
        **{name: told[name] for name in ("kind", "source", "seed")},
        sample=tuple(told["sample"]),
        right=int(decided.sum()),
        wrong=len(decided) - int(decided.sum()),
        others=tuple(listed.filter(waiting)["proposal_id"]),
        accepted=summary["accepted"] if summary else None,
    )
