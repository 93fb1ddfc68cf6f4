"""What a run leaves in Postgres, in one transaction: proposals, decisions, written values, and the pending settled."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
from psycopg.rows import dict_row

from enrich.cooldown import queue
from enrich.database.connection import connect
from enrich.database.faults import database_errors
from enrich.ledger.proposals import save
from enrich.ledger.review import accept_by_policy
from enrich.ledger.runs import close_run, open_run
from enrich.ledger.writing import WriteResult, write_accepted
from enrich.pipeline.policy import Policy
from enrich.pipeline.rounds import COMMITTING, Found, Progress, tell
from enrich.rules import MAX_ATTEMPTS
from enrich.settings import Settings
from enrich.sql import LEDGER
from enrich.tiers.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How a command of the cycle runs; what it looks at is the command's own."""

    now: datetime
    limit: int
    apply: bool
    snapshot: Path | None
    on_progress: Progress | None
    stop: threading.Event | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a run left: its id, what was written (None: nothing was to be), and how its pending tracks ended."""

    run_id: str
    written: WriteResult | None
    failed: int
    back_in_cooldown: int


def record(
    settings: Settings,
    command: str,
    ws: Workspace,
    found: Found,
    ids: pl.Series,
    *,
    policy: Policy,
    options: RunOptions,
) -> Record:
    """Everything a run leaves in Postgres, in one transaction."""
    now, apply = options.now, options.apply
    failed, back = 0, 0
    tell(options.on_progress, "recording")
    with database_errors(settings, doing=command), connect(settings) as con, con.cursor() as cur:
        run_id = open_run(
            cur,
            command,
            now=now,
            snapshot_id=ws.snapshot_id,
            parameters={"limit": options.limit, "policy": policy.name, "apply": apply},
        )
        new, refreshed = save(cur, found.proposals, run_id=run_id, seen=ws.seen(), now=now)
        accepted = accept_by_policy(cur, list(found.accepted_ids), policy=policy.name, now=now)
        written = write_accepted(cur, now=now, run_ids=[run_id]) if apply else None
        if apply:
            LEDGER["mark_attempted"].execute(cur, track_ids=ids.to_list(), now=now)
        if apply and command == "trigger":
            failed, back = _settle_unresolved(con, found, ids, now=now)
        close_run(
            cur,
            run_id,
            now=now,
            summary={
                "tracks": len(ids),
                "proposals_new": new,
                "proposals_refreshed": refreshed,
                "accepted": accepted,
                "labels_written": written.labels_written if written else 0,
                "artists_written": written.artists_written if written else 0,
                "conflicts": written.conflicts if written else 0,
            },
        )
        tell(options.on_progress, COMMITTING)
    return Record(run_id=run_id, written=written, failed=failed, back_in_cooldown=back)


def _settle_unresolved(con: psycopg.Connection[Any], found: Found, ids: pl.Series, *, now: datetime) -> tuple[int, int]:
    """Pending tracks that were not completed: failed, back in cool-down, or partial. Returns the first two counts."""
    reviewed = set(found.proposals.filter(pl.col("kind") != "label")["track_id"])
    named = set(found.workspace.tracks.filter("is_known_artist")["track_id"])
    with con.cursor(row_factory=dict_row) as cur:
        LEDGER["lock_unresolved"].execute(cur, track_ids=ids.to_list())
        rows = [{**row, "error_message": _reason(str(row["track_id"]), reviewed)} for row in cur.fetchall()]
        nameless = [row for row in rows if str(row["track_id"]) not in named]
        only_label = [row["track_id"] for row in rows if str(row["track_id"]) in named]
        LEDGER["mark_partial"].execute(cur, track_ids=only_label, now=now)
        LEDGER["mark_failed"].execute(
            cur,
            track_ids=[row["track_id"] for row in nameless],
            reasons=[row["error_message"] for row in nameless],
            now=now,
        )
        back = [row["track_id"] for row in nameless if 0 < row["retry_count"] < MAX_ATTEMPTS]
        queue.enqueue(cur, back, now=now)
    return len(nameless) - len(back), len(back)


def _reason(track_id: str, reviewed: set[str]) -> str:
    return "an artist is proposed and waits for review" if track_id in reviewed else "no artist found in any tier"
