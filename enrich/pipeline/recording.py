"""What a run leaves in Postgres, in one transaction: proposals, decisions, written values, and the pending settled."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Required, TypedDict

import polars as pl
import psycopg
from psycopg.rows import dict_row

from enrich.cooldown import queue
from enrich.database.connection import connect
from enrich.database.errors import database_errors
from enrich.database.layout import writable
from enrich.ledger.policy import Policy
from enrich.ledger.proposals import close_run, open_run, save
from enrich.ledger.review import accept_by_policy
from enrich.ledger.writing import WriteResult, write_accepted
from enrich.pipeline.rounds import COMMITTING, Found, Progress, tell
from enrich.rules import MAX_ATTEMPTS
from enrich.settings import Settings
from enrich.sql import LEDGER
from enrich.text.words import is_unknown_artist
from enrich.tiers.workspace import Workspace


class RunOptions(TypedDict, total=False):
    """How a command of the cycle runs; what it looks at is the command's own."""

    now: Required[datetime]
    """Time of record."""
    limit: int
    """At most this many tracks."""
    apply: bool
    """Write what the policy accepts; else it is only recorded."""
    snapshot: Path | None
    """Work on this one; None takes a fresh one."""
    on_progress: Progress | None
    """Told of each step."""
    stop: threading.Event | None
    """Set, it ends the asking of sources; what was found is recorded all the same."""


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
    now, apply, on_progress = options["now"], options["apply"], options["on_progress"]
    failed, back = 0, 0
    tell(on_progress, "recording")
    with database_errors(settings, doing=command), connect(settings) as con, con.cursor() as cur:
        run_id = open_run(
            cur,
            command,
            now=now,
            snapshot_id=ws.snapshot_id,
            parameters={"limit": options["limit"], "policy": policy.name, "apply": apply},
        )
        new, refreshed = save(cur, found.proposals, run_id=run_id, seen=ws.seen(), now=now)
        accepted = accept_by_policy(cur, list(found.accepted_ids), policy=policy.name, now=now)
        at: dict[str, Any] = {"run_id": run_id, "now": now}
        if apply and command == "trigger":
            # Tracks that wait although nothing is missing, by the snapshot.
            waits = (pl.col("status") == "pending") | (pl.col("is_retriable") & ~pl.col("is_permanently_failed"))
            whole = pl.col("is_known_artist") & pl.col("label").is_not_null()
            ready = ws.tracks.filter(waits & whole)["track_id"].to_list()
            LEDGER["add_statuses"].execute(cur, **at, track_ids=[*ids, *ready])
            LEDGER["settle_complete"].execute(cur, **at, track_ids=ready)
            LEDGER["mark_attempted"].execute(cur, track_ids=ids.to_list(), now=now)
        written = write_accepted(cur, now=now, run_ids=[run_id]) if apply else None
        if apply:
            LEDGER["remember_attempts"].execute(cur, **at, track_ids=ids.to_list(), command=command)
        if apply and command == "trigger":
            failed, back = _settle_unresolved(con, found, ids, now=now)
        counts = {"tracks": len(ids), "proposals_new": new, "proposals_refreshed": refreshed, "accepted": accepted}
        kinds = ("labels_written", "artists_written", "identities_written", "conflicts")
        counts |= {kind: getattr(written, kind) if written else 0 for kind in kinds}
        close_run(cur, run_id, now=now, summary=counts)
        tell(on_progress, COMMITTING)
    return Record(run_id=run_id, written=written, failed=failed, back_in_cooldown=back)


def _settle_unresolved(con: psycopg.Connection[Any], found: Found, ids: pl.Series, *, now: datetime) -> tuple[int, int]:
    """Tracks of the cycle that were not completed: failed, back in cool-down, or partial. Counts the first two."""
    reviewed = set(found.proposals.filter(pl.col("kind") != "label")["track_id"])
    with con.cursor(row_factory=dict_row) as cur:
        LEDGER["lock_unresolved"].execute(cur, track_ids=ids.to_list())
        rows = cur.fetchall()
        names = pl.DataFrame({"name": [row["artists"] for row in rows]}, schema={"name": pl.List(pl.String)})
        known = names.select(pl.col("name").list.eval(~is_unknown_artist(pl.element())).list.any())["name"].to_list()
        nameless = [row for row, is_named in zip(rows, known, strict=True) if not is_named]
        only_label = [row["track_id"] for row, is_named in zip(rows, known, strict=True) if is_named]
        LEDGER["mark_partial"].execute(cur, track_ids=only_label, now=now)
        lost = [row["track_id"] for row in nameless]
        reasons = ("no artist found in any tier", "an artist is proposed and waits for review")
        LEDGER["mark_failed"].execute(
            cur,
            track_ids=lost,
            reasons=[reasons[str(track) in reviewed] for track in lost],
            # The retry of a failure that passes begins here; that of a parked track began when it fell due.
            retries=[row["retry_count"] + (row["status"] == "failed") for row in nameless],
            now=now,
        )
        if "is_retriable" in writable(cur, "enrichment_status"):
            LEDGER["mark_definite"].execute(cur, track_ids=lost)
        back = [
            row["track_id"] for row in nameless if row["status"] != "failed" and 0 < row["retry_count"] < MAX_ATTEMPTS
        ]
        queue.enqueue(cur, back, now=now)
    return len(nameless) - len(back), len(back)
