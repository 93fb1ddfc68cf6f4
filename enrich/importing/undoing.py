"""An import taken back: the sets it changed and the unknowns it named stand as before, what it brought is gone.

What something else holds by now stays. Writes Postgres in one transaction. Labels it filled in stay: they are facts of
the files, not of the set.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import psycopg

from enrich.database.connection import connect
from enrich.database.errors import database_errors
from enrich.database.layout import writable
from enrich.errors import EnrichError
from enrich.ledger.proposals import mark_undone
from enrich.ledger.writing import undo_written
from enrich.settings import Settings
from enrich.sql import IMPORTING, LEDGER


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoneImport:
    """What was taken back."""

    run_id: str
    sets_restored: int
    sets_removed: int
    tracks_removed: int
    kept: int
    """Sets that were changed again since: they stay as they are."""

    def asdict(self) -> dict[str, Any]:
        """As JSON prints it."""
        return asdict(self)


def undo_import(run_id: str, *, settings: Settings, now: datetime) -> UndoneImport:
    """Take back what one import did to sets, exactly.

    Args:
        run_id: As `import_` returned it.
        settings: Where Postgres is.
        now: Time of record.

    Raises:
        EnrichError: no such import, or it is undone already.
        DatabaseError: Postgres is down or the ledger is missing.
    """
    with database_errors(settings, doing="undo of an import"), connect(settings) as con, con.cursor() as cur:
        try:
            IMPORTING["lock_import"].execute(cur, run_id=run_id)
        except psycopg.errors.InvalidTextRepresentation as error:
            raise EnrichError(f"not a run id: {run_id!r}") from error
        run = cur.fetchone()
        if run is None or run[2] is not None:
            raise EnrichError(f"no import {run_id} that could be undone; the table enrich_runs lists them")
        IMPORTING["restore_versions"].execute(cur, run_id=run_id, now=now)
        restored = cur.fetchall()
        for setlist_id, slots in restored:
            IMPORTING["put_back_slots"].execute(cur, setlist_id=setlist_id, slots=slots)
        if run[3] is not None:
            sets = [setlist_id for setlist_id, _ in restored]
            IMPORTING["settle_restored"].execute(cur, run_id=run[3], setlist_ids=sets, now=now)
            # No word of a person on the names: the files may say them again.
            undo_written(cur, run[3], now=now, by="policy:undo of the import")
        LEDGER["undo_due_now"].execute(cur, run_id=run_id, now=now)
        IMPORTING["versions_standing"].execute(cur, run_id=run_id)
        (kept,) = cur.fetchone() or (0,)
        began = {"started_at": run[1]}
        IMPORTING["new_sets"].execute(cur, **began)
        new = {"setlist_ids": [setlist_id for (setlist_id,) in cur.fetchall()]}
        IMPORTING["remove_slots"].execute(cur, **new)
        removed = IMPORTING["remove_sets"].execute(cur, **new)
        IMPORTING["remove_new_performers"].execute(cur, **began)
        tracks = IMPORTING["remove_new_tracks"].execute(cur, **began)
        if "artist_id" in writable(cur, "performers"):
            IMPORTING["unlink_performers"].execute(cur, **began)
        IMPORTING["remove_new_artists"].execute(cur, **began)
        IMPORTING["unlink_sets"].execute(cur, run_id=run_id)
        IMPORTING["withdraw_proposals"].execute(cur, run_id=run_id, now=now)
        mark_undone(cur, run_id, now=now)
    return UndoneImport(
        run_id=run_id, sets_restored=len(restored), sets_removed=removed, tracks_removed=tracks, kept=kept
    )
