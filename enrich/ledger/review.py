"""The review: accepting and rejecting proposals, by id, by policy, or from a spreadsheet.

Every decision is on record with who and when. A decision applies to proposals as the reviewer saw them, so two
reviewers never overwrite each other: the second learns that the proposal was already decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import psycopg

from enrich.database.connection import connect
from enrich.database.faults import database_errors
from enrich.errors import EnrichError, InputFileError
from enrich.frames.files import read_table
from enrich.ledger.evidence import told
from enrich.ledger.proposals import proposals as list_proposals
from enrich.settings import Settings
from enrich.sql import LEDGER

#: A person may still change a mind until the value is written.
_OPEN_FOR = {
    "accepted": ["proposed", "rejected", "conflict"],
    "rejected": ["proposed", "accepted", "conflict", "superseded"],
}
#: Words a spreadsheet's column `decision` may hold.
_WORDS = {"accept": "accepted", "accepted": "accepted", "reject": "rejected", "rejected": "rejected"}


#: Status by proposal as a reviewer saw it; None: whatever it was.
Seen = Mapping[str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """How many proposals a decision changed, and the ids it found closed, unknown, or already so decided."""

    decision: str
    changed: int
    unchanged: tuple[str, ...]

    def asdict(self) -> dict[str, Any]:
        """As JSON prints it."""
        return asdict(self)


def accept(
    settings: Settings, ids: Sequence[str], *, by: str, now: datetime, reason: str | None = None, seen: Seen = None
) -> Decided:
    """Accept proposals by id; `enrich writeback --apply` then writes them.

    Args:
        settings: Where Postgres is.
        ids: Proposal ids.
        by: Who decides; kept in the ledger.
        now: When.
        reason: Free text, kept in the ledger.
        seen: The status of each proposal as the reviewer saw it; one whose status is another by now, because somebody
            else decided it meanwhile, is left as it is.

    Raises:
        EnrichError: an id is no id.
        DatabaseError: Postgres is down or the ledger is missing.
    """
    return _decide(settings, ids, "accepted", by=by, now=now, reason=reason, seen=seen)


def reject(
    settings: Settings, ids: Sequence[str], *, by: str, now: datetime, reason: str | None = None, seen: Seen = None
) -> Decided:
    """Reject proposals by id; see `accept`."""
    return _decide(settings, ids, "rejected", by=by, now=now, reason=reason, seen=seen)


def decided_before(settings: Settings, ids: Sequence[str]) -> list[dict[str, str]]:
    """Of these proposals those somebody has decided: proposal_id, status, by whom and when (UTC)."""
    if not ids:
        return []
    known = list_proposals(settings).filter(
        pl.col("proposal_id").is_in([one.lower() for one in ids]) & pl.col("decided_by").is_not_null()
    )
    at = pl.col("decided_at").dt.strftime("%Y-%m-%d %H:%M UTC").alias("at")
    return known.select("proposal_id", "status", at, by="decided_by").to_dicts()


def seen_in_csv(path: Path) -> dict[str, str]:
    """Status by proposal as the reviewed spreadsheet shows it; empty where it has no column `status`."""
    frame = read_table(path)
    if not {"proposal_id", "status"} <= set(frame.columns):
        return {}
    known = frame.select("proposal_id", pl.col("status").cast(pl.String).str.strip_chars()).drop_nulls()
    return dict(known.filter(pl.col("status") != "").iter_rows())


def ids_from_csv(path: Path, decision: str) -> list[str]:
    """Ids of the rows of a reviewed spreadsheet whose column `decision` says so.

    Args:
        path: A CSV as `enrich proposals --csv` writes it, with a column `decision` (accept, reject or blank). Without
            that column every row counts.
        decision: `accepted` or `rejected`.

    Raises:
        InputFileError: no column `proposal_id`, or a decision that is neither word.
    """
    frame = read_table(path)
    if "proposal_id" not in frame.columns:
        raise InputFileError(f"{path}: no column proposal_id; make the file with `enrich proposals --csv {path.name}`")
    if "decision" not in frame.columns:
        return [str(i) for i in frame["proposal_id"].drop_nulls()]
    words = frame.select("proposal_id", word=pl.col("decision").cast(pl.String).str.strip_chars().str.to_lowercase())
    unknown = words.filter(pl.col("word").is_not_null() & (pl.col("word") != "") & ~pl.col("word").is_in(list(_WORDS)))
    if not unknown.is_empty():
        raise InputFileError(
            f"{path}: decision {unknown['word'][0]!r} of proposal {unknown['proposal_id'][0]} is neither "
            "accept nor reject"
        )
    chosen = words.filter(pl.col("word").replace(_WORDS) == decision)
    return [str(i) for i in chosen["proposal_id"]]


def refused(settings: Settings) -> pl.DataFrame:
    """What persons have rejected or undone: track_id, kind, value. No policy accepts it again.

    Raises:
        DatabaseError: Postgres is down or the ledger is missing.
    """
    with database_errors(settings, doing="decisions"), connect(settings) as con, con.cursor() as cur:
        return LEDGER["refused_by_person"].fetch(
            cur, pl.Schema(dict.fromkeys(("track_id", "kind", "value"), pl.String))
        )


def accept_by_policy(cur: psycopg.Cursor[Any], ids: Sequence[str], *, policy: str, now: datetime) -> int:
    """Accept still undecided proposals in a run's own transaction; returns how many. A person's rejection stands."""
    LEDGER["decide"].execute(
        cur,
        proposal_ids=list(ids),
        decision="accepted",
        from_statuses=["proposed"],
        decided_by=f"policy:{policy}",
        reason=None,
        now=now,
    )
    return len(cur.fetchall())


def review_table(settings: Settings, *, status: str | None = "proposed") -> pl.DataFrame:
    """Proposals as a reviewer reads them: evidence as one line of text, and an empty column `decision`."""
    frame = list_proposals(settings, status=status)
    return frame.with_columns(
        evidence=pl.col("evidence").map_elements(evidence_text, return_dtype=pl.String),
        decision=pl.lit("", dtype=pl.String),
    )


def evidence_text(evidence: str | None) -> str:
    """Evidence JSON as one readable line."""
    return " · ".join(told(evidence))


def _decide(
    settings: Settings,
    ids: Sequence[str],
    decision: str,
    *,
    by: str,
    now: datetime,
    reason: str | None,
    seen: Seen,
) -> Decided:
    if not by.strip():
        raise EnrichError("a decision needs a name: say who decides with --by")
    wanted = list(dict.fromkeys(ids))
    with database_errors(settings, doing=f"{decision} proposals"), connect(settings) as con, con.cursor() as cur:
        changed: set[str] = set()
        try:
            for from_statuses, group in _groups(wanted, decision, seen):
                LEDGER["decide"].execute(
                    cur,
                    proposal_ids=group,
                    decision=decision,
                    from_statuses=from_statuses,
                    decided_by=by,
                    reason=reason,
                    now=now,
                )
                changed |= {row[0] for row in cur.fetchall()}
        except psycopg.errors.InvalidTextRepresentation as error:
            raise EnrichError(f"not a proposal id: {str(error).splitlines()[0]}; see `enrich proposals`") from error
    unchanged = tuple(i for i in wanted if i.lower() not in changed)
    return Decided(decision=decision, changed=len(changed), unchanged=unchanged)


def _groups(ids: Sequence[str], decision: str, seen: Seen) -> list[tuple[list[str], list[str]]]:
    """Statuses from which a decision may be taken, and the ids for which these hold."""
    if seen is None:
        return [(_OPEN_FOR[decision], list(ids))]
    groups: dict[str, list[str]] = {}
    for one in ids:
        groups.setdefault(seen.get(one, ""), []).append(one)
    return [
        (_OPEN_FOR[decision] if not status else [status] if status in _OPEN_FOR[decision] else [], group)
        for status, group in sorted(groups.items())
    ]
