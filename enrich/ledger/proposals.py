"""Runs and their proposals on record: one row for each command that proposes or writes, and what it proposed.

A proposal's id is derived from its track, kind, value, tier and source, so a run repeated finds its own rows: what is
decided stays decided, what is open takes the newest figures. SQL: sql/ledger/runs.sql and proposals.sql.
"""

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl
import psycopg

from enrich.database.connection import connect, temporary_table
from enrich.database.errors import database_errors
from enrich.errors import EnrichError
from enrich.frames.schemas import PROPOSALS
from enrich.settings import Settings
from enrich.sql import LEDGER

STATUSES = ("proposed", "accepted", "rejected", "written", "conflict", "superseded")

_UTC: Any = pl.Datetime("us", "UTC")

#: What `proposals` returns: the proposal, its track's title, and the last decision.
_OF_TRACK = ("proposal_id", "track_id")
LISTED = pl.Schema(
    {**{name: PROPOSALS[name] for name in _OF_TRACK}, "title": pl.String()}
    | {name: dtype for name, dtype in PROPOSALS.items() if name not in (*_OF_TRACK, "artist_id")}
    | {"decided_by": pl.String(), "decided_at": _UTC, "created_at": _UTC}
)

_NAMESPACE = uuid.UUID("5a3c4f0e-7d1b-5e0a-9c55-0b8f2f3a6d41")

_COLUMNS = dict.fromkeys(("proposal_id", "track_id", "artist_id"), "uuid") | {"tier": "smallint", "evidence": "jsonb"}
_COLUMNS |= dict.fromkeys(("kind", "value", "source", "seen_value", "seen_title"), "text")
_COLUMNS |= dict.fromkeys(("probability", "confidence"), "double precision")


def proposal_id(track_id: str, kind: str, value: str, tier: int, source: str) -> str:
    """The id of a proposal: the same five facts, the same id."""
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join((track_id, kind, value, str(tier), source))))


def with_ids(proposals: pl.DataFrame) -> pl.DataFrame:
    """Fill `proposal_id` and `status` of a PROPOSALS frame and drop repeats of one id."""
    ids = [proposal_id(*row) for row in proposals.select("track_id", "kind", "value", "tier", "source").iter_rows()]
    return (
        proposals.with_columns(pl.Series("proposal_id", ids, dtype=pl.String), status=pl.lit("proposed"))
        .sort("confidence", descending=True, nulls_last=True, maintain_order=True)
        .unique("proposal_id", keep="first", maintain_order=True)
        .select(PROPOSALS.names())
    )


def open_run(
    cur: psycopg.Cursor[Any],
    command: str,
    *,
    now: datetime,
    snapshot_id: str | None = None,
    parameters: Mapping[str, object] | None = None,
) -> str:
    """Record in the caller's transaction that a command that proposes or writes begins; returns the id of the run."""
    run_id = str(uuid.uuid4())
    told = json.dumps(dict(parameters or {}), default=str)
    LEDGER["open_run"].execute(cur, run_id=run_id, command=command, now=now, snapshot_id=snapshot_id, parameters=told)
    return run_id


def close_run(cur: psycopg.Cursor[Any], run_id: str, *, now: datetime, summary: Mapping[str, object]) -> None:
    """Record what a run came to."""
    LEDGER["close_run"].execute(cur, run_id=run_id, now=now, summary=json.dumps(dict(summary), default=str))


def mark_undone(cur: psycopg.Cursor[Any], run_id: str, *, now: datetime) -> None:
    """Record that a run was taken back."""
    LEDGER["mark_run_undone"].execute(cur, run_id=run_id, now=now)


def save(
    cur: psycopg.Cursor[Any], proposals: pl.DataFrame, *, run_id: str, seen: pl.DataFrame, now: datetime
) -> tuple[int, int]:
    """Put PROPOSALS with ids on record, in the caller's transaction: how many are new, how many open ones refreshed.

    `seen` (track_id, seen_title, seen_label, seen_artist) is what the snapshot held when they were made.
    """
    if proposals.is_empty():
        return 0, 0
    frame = (
        proposals.join(seen, on="track_id", how="left")
        .with_columns(seen_value=pl.when(pl.col("kind") == "label").then("seen_label").otherwise("seen_artist"))
        .with_columns(pl.col("value", "evidence", "seen_title").str.replace_all("\x00", "", literal=True))
    )
    temporary_table(cur, "new_proposals", _COLUMNS, frame)
    LEDGER["save_proposals"].execute(cur, run_id=run_id, now=now)
    new, refreshed = cur.fetchone() or (0, 0)
    identified = frame.filter(pl.col("kind") == "identity")["track_id"].unique().to_list()
    if identified:
        LEDGER["due_now"].execute(cur, track_ids=identified, run_id=run_id, now=now)
    return new, refreshed


def proposals(settings: Settings, *, status: str | None = None, limit: int | None = None) -> pl.DataFrame:
    """All proposals, surest first, or those of one of STATUSES, at most `limit`; LISTED.

    Raises:
        EnrichError: no such status.
    """
    if status is not None and status not in STATUSES:
        raise EnrichError(f"no proposal status {status!r}; known are {', '.join(STATUSES)}")
    with database_errors(settings, doing="proposals"), connect(settings) as con, con.cursor() as cur:
        return LEDGER["list_proposals"].fetch(cur, LISTED, status=status, at_most=limit)


def count_proposals(settings: Settings, *, status: str | None = None) -> int:
    """How many proposals there are, of one status or of all."""
    with database_errors(settings, doing="proposals"), connect(settings) as con, con.cursor() as cur:
        return int(LEDGER["count_proposals"].fetch(cur, pl.Schema({"n": pl.Int64}), status=status).item())
