"""`import`: tracklist files into the music database, in one transaction, repeatable without doubling.

Reads the files and Postgres; writes Postgres, and the rows it could not use to `<data_dir>/rejected/`.
What an import did to sets is taken back by `undo_import`; what something else holds by now stays, and so do labels it
filled in: they are facts of the files, not of the set. Entry points: `import_`, `undo_import`.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from os import PathLike
from pathlib import Path
from typing import Any

import polars as pl
import psycopg

from enrich.database.connection import connect
from enrich.database.errors import database_errors
from enrich.database.layout import writable
from enrich.errors import DatabaseError, EnrichError
from enrich.frames.files import write_table
from enrich.importing.known import read_known
from enrich.importing.planning import Plan, plan_import
from enrich.importing.writing import write_plan
from enrich.ledger.policy import Policy, read_policy
from enrich.ledger.proposals import mark_undone
from enrich.ledger.writing import undo_written
from enrich.settings import Settings
from enrich.sql import IMPORTING, LEDGER
from enrich.tracklists.reading import read_tracklists
from enrich.tracklists.slots import TracklistRead

_FRAMES = ("warnings", "bad", "rejected", "changes")
#: What an import writes, and cannot do without.
_WRITTEN = {
    "setlists": "source source_id set_date metadata created_at",
    "setlist_tracks": "position is_id notes",
    "tracks": "title metadata created_at",
    "artists": "name created_at",
    "performers": "name created_at",
    "track_artists": "role",
    "enrichment_status": "status",
}
#: Advisory lock of importers: "import" in ASCII.
_LOCK = 0x696D706F7274


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What one import did. `plays + already_there` is the number of slots read."""

    files: int
    slots: int  # slots read from the files, without the rows set aside
    sets: int
    sets_linked: int  # pairs of sets found to be one set, listed twice: counted once from now on
    plays: int
    tracks: int
    artists: int
    performers: int
    unknown_slots: int  # of the new plays, those whose artist nobody knows
    id_slots: int  # of the new plays, those marked as an ID: artist, title or remixer missing
    already_there: int
    labels_filled: int  # tracks that were there without a label and have one now
    bad_rows: int
    repeated_rows: int  # rows another of the files holds word for word
    identities_accepted: int  # names for unknowns of sets that were there, accepted by the policy and written
    identities_waiting: int  # names that wait for review, those against another name among them
    run_id: str | None  # the run in the ledger, by which it can be undone; None where nothing changed
    changes: pl.DataFrame  # `set_id, position, old_position, relation, was, now`: where sets that were there differ
    warnings: pl.DataFrame  # schema NOTES: rows that landed with a change
    bad: pl.DataFrame  # schema NOTES: rows set aside
    rejected: tuple[Path, ...]  # files the bad rows were put in

    def asdict(self) -> dict[str, Any]:
        """Figures and lists, ready for JSON."""
        plain = {name: getattr(self, name) for name in type(self).__slots__ if name not in _FRAMES}
        return {
            **plain,
            "changed": {name: n for name, n in self.changes.group_by("relation").len().sort("relation").iter_rows()},
            "changes": self.changes.to_dicts(),
            "rejected": [str(path) for path in self.rejected],
            "bad": self.bad.select("file", "line", "reason").to_dicts(),
            "warnings": self.warnings.select("file", "line", "reason").to_dicts(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoneImport:
    """What was taken back."""

    run_id: str
    sets_restored: int
    sets_removed: int
    tracks_removed: int
    kept: int  # sets that were changed again since: they stay as they are

    def asdict(self) -> dict[str, Any]:
        """As JSON prints it."""
        return asdict(self)


def import_(
    paths: str | PathLike[str] | Iterable[str | PathLike[str]], *, settings: Settings, now: datetime
) -> ImportResult:
    """Import tracklist files: flat tables, 1001Tracklists pages, JSON and texts, MixesDB pages.

    Existing rows are matched by name (aliases count), sets by source and id, slots by the sequence of recordings. A
    set that is there is corrected where rows were inserted, removed or moved; its former version is kept. A name for an
    unknown is a proposal, written at once where its place is certain and the policy (`ENRICH_AUTO_ACCEPT`) accepts it;
    a name against a name is a conflict. An interrupted import leaves nothing behind. `now`: UTC, of new rows.

    Raises InputFileError: no file could be used. DatabaseError: Postgres is away, refuses, or lacks a table.
    """
    read, policy = read_tracklists(paths), read_policy(settings)
    with database_errors(settings, doing="import"):
        con = connect(settings)
        try:
            with con.transaction(), con.cursor() as cur:
                written, plan = _transact(cur, read, policy, now=now)
        finally:
            con.close()
    return ImportResult(
        files=read.slots["file"].n_unique(),
        slots=read.slots.height,
        **written,
        unknown_slots=plan.unknown_slots,
        id_slots=plan.id_slots,
        already_there=plan.already_there,
        bad_rows=read.bad.height,
        repeated_rows=read.repeated,
        changes=plan.changes,
        warnings=pl.concat([read.warnings, plan.apart]),
        bad=read.bad,
        rejected=_set_aside(read.bad, settings.data_dir / "rejected"),
    )


def undo_import(run_id: str, *, settings: Settings, now: datetime) -> UndoneImport:
    """Take back what one import (`run_id`, as `import_` returned it) did to sets, exactly. `now`: UTC, of the record.

    Raises EnrichError: no such import, or it is undone already. DatabaseError: Postgres is down or the ledger missing.
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


def _transact(
    cur: psycopg.Cursor[Any], read: TracklistRead, policy: Policy, *, now: datetime
) -> tuple[dict[str, Any], Plan]:
    if not writable(cur, "setlists") and not writable(cur, "tracks"):
        raise DatabaseError("import: the music tables are not there; `enrich db migrate` makes them")
    theirs = "bring sets in by the program that fills these tables: enrich reads and names them there"
    for table, columns in _WRITTEN.items():
        there = writable(cur, table)
        if lacking := [column for column in columns.split() if column not in there]:
            if not writable(cur, "enrich_kept"):
                theirs = "`enrich db migrate` makes a place for what they lack"
            raise DatabaseError(
                f"import: this installation has no place for {', '.join(lacking)} of {table} "
                f"(`enrich db status` shows where tables are); {theirs}"
            )
    IMPORTING["lock_importing"].execute(cur, key=_LOCK)
    plan = plan_import(read.slots, read_known(cur, slots=read.slots))
    try:
        written = write_plan(cur, plan, policy=policy, now=now)
    except psycopg.errors.NotNullViolation as error:
        raise DatabaseError(
            f"import: {error.diag.table_name}.{error.diag.column_name} of this installation wants a value that only "
            f"its own programs know; {theirs}"
        ) from error
    return written, plan


def _set_aside(bad: pl.DataFrame, folder: Path) -> tuple[Path, ...]:
    """One file per input with bad rows, named by its stem and what the rows hold: the same again is the same file."""
    written = []
    for (file,), rows in bad.filter(pl.col.line.is_not_null()).group_by("file", maintain_order=True):
        digest = sha256(rows.write_csv().encode()).hexdigest()[:12]
        folder.mkdir(parents=True, exist_ok=True)
        written.append(write_table(rows, folder / f"{Path(str(file)).stem[:80]}-{digest}.csv"))
    return tuple(written)
