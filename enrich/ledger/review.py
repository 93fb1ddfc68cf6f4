"""The review: accepting and rejecting proposals, by id, by policy, or from a spreadsheet.

Every decision is on record with who and when. A decision applies to proposals as the reviewer saw them, so two
reviewers never overwrite each other: the second learns that the proposal was already decided.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import psycopg

from enrich.database.connection import connect
from enrich.database.errors import database_errors
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
_BEFORE = pl.Schema(dict.fromkeys(("proposal_id", "status", "by", "at"), pl.String))

REFUSED = pl.Schema(dict.fromkeys(("track_id", "kind", "value"), pl.String))

#: Status by proposal as a reviewer saw it, "" where nobody knows; None: of none.
Seen = Mapping[str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """How many proposals a decision changed, and the ids it found closed, unknown, or already so decided."""

    decision: str
    changed: int
    unchanged: tuple[str, ...]
    decided_before: tuple[dict[str, str], ...] = ()
    """Of the unchanged those that somebody has decided: proposal_id, status, by whom and at what time (UTC)."""

    def asdict(self) -> dict[str, Any]:
        """As JSON prints it."""
        return asdict(self)


def accept(
    settings: Settings, ids: Sequence[str], *, by: str, now: datetime, reason: str | None = None, seen: Seen = None
) -> Decided:
    """Accept proposals by id; `enrich writeback --apply` then writes them.

    Args:
        ids: Proposal ids.
        by, now, reason: Who decides, when, and why; kept in the ledger.
        seen: The status of each proposal as the reviewer saw it; one whose status is another by now, because somebody
            else decided it meanwhile, is left as it is. Who did not say what they saw overrules policies and
            themselves, and no other person.

    Raises:
        EnrichError: an id is no id.
    """
    return _decide(settings, ids, "accepted", by=by, now=now, reason=reason, seen=seen)


def reject(
    settings: Settings, ids: Sequence[str], *, by: str, now: datetime, reason: str | None = None, seen: Seen = None
) -> Decided:
    """Reject proposals by id; see `accept`."""
    return _decide(settings, ids, "rejected", by=by, now=now, reason=reason, seen=seen)


def decided_in_csv(path: Path, decision: str) -> dict[str, str]:
    """Proposals that a reviewed spreadsheet has `accepted` or `rejected`, with the status it shows of them, or "".

    It is a CSV as `enrich proposals --csv` writes it, with a column `decision` (accept, reject or blank); without that
    column every row counts. Raises InputFileError: no column `proposal_id`, or a decision that is neither word.
    """
    frame = read_table(path)
    if "proposal_id" not in frame.columns:
        raise InputFileError(f"{path}: no column proposal_id; make the file with `enrich proposals --csv {path.name}`")
    given = {name: pl.col(name) if name in frame.columns else pl.lit(None) for name in ("status", "decision")}
    rows = frame.select(
        pl.col("proposal_id").cast(pl.String),
        seen=given["status"].cast(pl.String).str.strip_chars().fill_null(""),
        word=given["decision"].cast(pl.String).str.strip_chars().str.to_lowercase(),
    ).drop_nulls("proposal_id")
    if "decision" in frame.columns:
        unknown = rows.filter(~pl.col("word").is_in(["", *_WORDS]))
        if not unknown.is_empty():
            raise InputFileError(
                f"{path}: decision {unknown['word'][0]!r} of proposal {unknown['proposal_id'][0]} is neither "
                "accept nor reject"
            )
        rows = rows.filter(pl.col("word").replace(_WORDS) == decision)
    return dict(rows.select("proposal_id", "seen").iter_rows())


def refused(settings: Settings) -> pl.DataFrame:
    """What persons have rejected or undone: track_id, kind, value. No policy accepts it again."""
    with database_errors(settings, doing="decisions"), connect(settings) as con, con.cursor() as cur:
        return LEDGER["refused_by_person"].fetch(cur, REFUSED)


def accept_by_policy(cur: psycopg.Cursor[Any], ids: Sequence[str], *, policy: str, now: datetime) -> int:
    """Accept still undecided proposals in a run's own transaction; returns how many. A person's rejection stands."""
    return len(decide(cur, list(ids), "accepted", ["proposed"], by=f"policy:{policy}", reason=None, now=now))


def review_table(settings: Settings, *, status: str | None = "proposed") -> pl.DataFrame:
    """Proposals as a reviewer reads them: evidence as one line of text, and an empty column `decision`."""
    frame = list_proposals(settings, status=status)
    return frame.with_columns(
        evidence=pl.col("evidence").map_elements(lambda one: " · ".join(told(one)), return_dtype=pl.String),
        decision=pl.lit("", dtype=pl.String),
    )


def decide(
    cur: psycopg.Cursor[Any],
    ids: list[str],
    decision: str,
    statuses: list[str],
    *,
    by: str,
    reason: str | None,
    now: datetime,
    has_seen: bool = True,
) -> set[str]:
    """Decide those of `ids` that stand in one of `statuses`; returns which. Within the caller's transaction.

    Without `has_seen` another person's decision stands.
    """
    LEDGER["decide"].execute(
        cur, proposal_ids=ids, decision=decision, from_statuses=statuses, has_seen=has_seen, decided_by=by,
        reason=reason, now=now,
    )  # fmt: skip
    return {row[0] for row in cur.fetchall()}


def _decide(
    settings: Settings, ids: Sequence[str], decision: str, *, by: str, now: datetime, reason: str | None, seen: Seen
) -> Decided:
    if not by.strip():
        raise EnrichError("a decision needs a name: say who decides with --by")
    wanted = list(dict.fromkeys(ids))
    groups: dict[str, list[str]] = {}
    for one in wanted:
        groups.setdefault((seen or {}).get(one, ""), []).append(one)
    changed: set[str] = set()
    with database_errors(settings, doing=f"{decision} proposals"), connect(settings) as con, con.cursor() as cur:
        try:
            for status, group in sorted(groups.items()):
                statuses = [one for one in _OPEN_FOR[decision] if status in ("", one)]
                changed |= decide(cur, group, decision, statuses, by=by, reason=reason, now=now, has_seen=bool(status))
        except psycopg.errors.InvalidTextRepresentation as error:
            raise EnrichError(f"not a proposal id: {str(error).splitlines()[0]}; see `enrich proposals`") from error
        unchanged = tuple(i for i in wanted if i.lower() not in changed)
        before = LEDGER["decided_before"].fetch(cur, _BEFORE, proposal_ids=list(unchanged)).to_dicts()
    return Decided(decision=decision, changed=len(changed), unchanged=unchanged, decided_before=tuple(before))
