"""Runs: one row for each execution of a command that proposes or writes.

Writes `enrich_runs` in the caller's transaction. SQL: sql/ledger/runs.sql.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg

from enrich.sql import LEDGER


def open_run(
    cur: psycopg.Cursor[Any],
    command: str,
    *,
    now: datetime,
    snapshot_id: str | None = None,
    parameters: Mapping[str, object] | None = None,
) -> str:
    """Record that a command begins; returns the id of the run."""
    run_id = str(uuid.uuid4())
    LEDGER["open_run"].execute(
        cur,
        run_id=run_id,
        command=command,
        now=now,
        snapshot_id=snapshot_id,
        parameters=json.dumps(dict(parameters or {}), default=str),
    )
    return run_id


def close_run(cur: psycopg.Cursor[Any], run_id: str, *, now: datetime, summary: Mapping[str, object]) -> None:
    """Record what a run came to."""
    LEDGER["close_run"].execute(cur, run_id=run_id, now=now, summary=json.dumps(dict(summary), default=str))


def mark_undone(cur: psycopg.Cursor[Any], run_id: str, *, now: datetime) -> None:
    """Record that a run was taken back."""
    LEDGER["mark_run_undone"].execute(cur, run_id=run_id, now=now)
