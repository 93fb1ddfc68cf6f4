"""Take a snapshot: the Postgres music database as one DuckDB file, whole or not at all; whatever goes wrong, the former
one stays the latest.
"""

import json
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from enrich import __version__
from enrich.errors import DatabaseError, SnapshotError, undoing
from enrich.frames.files import unlink_all
from enrich.settings import Settings
from enrich.snapshots.building import build_marts, count_marts, mend_marts, name_tracks
from enrich.snapshots.opening import (
    FORMAT,
    Manifest,
    free_id,
    latest,
    locked,
    publish,
    remove_old,
    snapshots_folder,
    unfinished,
)
from enrich.snapshots.reading import NAMING, Catalog, Progress, literal, mend_tables, read_catalog, read_tables

#: One checkpoint, when all is there: what a crash leaves of a snapshot is removed anyway.
_AT_THE_END: dict[str, str | bool | int | float | list[str]] = {"checkpoint_threshold": "1TB"}


def snapshot(settings: Settings, *, now: datetime, full: bool = False, progress: Progress | None = None) -> Path:
    """Copy the music database into a new file, named by `now`, and make it the latest; its manifest is beside it.

    What did not change comes from the former one, unless it is to be `full`.

    Raises:
        DatabaseError: Postgres is down, ended half-way, or lacks a table.
        SnapshotError: the file cannot be written.
    """
    folder = snapshots_folder(settings)
    catalog = read_catalog(settings)
    try:
        with locked(folder):
            snapshot_id = free_id(folder, now)
            working = unfinished(folder, snapshot_id)
            parts = (working, working.with_name(working.name + ".wal"), working.with_suffix(".json"))
            with undoing(lambda: unlink_all(parts)):
                mended = None if full else _mended(settings, catalog, latest(folder), working, progress)
                with duckdb.connect(str(working), config=_AT_THE_END) as con:
                    raw = mended or _read(settings, catalog, con, progress)
                    marts = count_marts(con) if mended else build_marts(con, catalog)
                    manifest = Manifest(
                        snapshot_id=snapshot_id,
                        taken_at=now.astimezone(UTC),
                        server_version=catalog.server_version,
                        database=catalog.database,
                        schema_version=catalog.schema_version,
                        rows={f"raw.{table}": count for table, count in raw.items()} | marts,
                        duckdb_version=duckdb.__version__,
                        enrich_version=__version__,
                    )
                    manifest.store(con)
                    con.execute("checkpoint")
                said = json.dumps(manifest.as_dict(), indent=2, ensure_ascii=False)
                published = publish(working, folder, snapshot_id, said)
                remove_old(folder, settings.keep_snapshots)
                return published
    except DatabaseError as error:
        raise DatabaseError(f"{error}; no snapshot was taken, the former one stands") from error
    except (OSError, duckdb.IOException, duckdb.TransactionException, duckdb.FatalException) as error:
        # A full disk shows as any of these, by the moment at which it is full.
        reason = str(error).splitlines()[0]
        raise SnapshotError(
            f"{folder}: cannot write a snapshot ({reason}); free some space or set ENRICH_DATA_DIR; "
            "the former one stands"
        ) from error


def _mended(
    settings: Settings, catalog: Catalog, former: Path | None, working: Path, progress: Progress | None
) -> dict[str, int] | None:
    """Make a copy of the former snapshot what one is now; returns rows by table, None (and no file) where in doubt."""
    if former is None:
        return None
    try:
        shutil.copyfile(former, working)
        with duckdb.connect(config=_AT_THE_END) as con:
            con.execute(f"attach {literal(str(working))} as snap")
            if con.execute("select format from snap.manifest").fetchall() == [(FORMAT,)]:
                counts = mend_tables(settings, catalog, con, progress=progress)
                if counts is not None and mend_marts(con, catalog):
                    return counts
    except (duckdb.Error, OSError):
        # Whatever is wrong with the last one, a new one can be read whole.
        pass
    unlink_all((working, working.with_name(working.name + ".wal")))
    return None


def _read(
    settings: Settings, catalog: Catalog, con: duckdb.DuckDBPyConnection, progress: Progress | None
) -> dict[str, int]:
    """Read all tables, and name the tracks meanwhile; returns rows by table.

    Reading waits for Postgres and for one connection, naming takes one core: together they take hardly longer than
    the slower of them.
    """
    naming: list[Future[None]] = []
    needed = {table for table in NAMING if table in catalog.columns}

    def read(table: str, rows: int) -> None:
        needed.discard(table)
        if not needed and not naming:
            naming.append(beside.submit(name_tracks, con, catalog))
        if progress is not None:
            progress(table, rows)

    with ThreadPoolExecutor(max_workers=1) as beside, con.cursor() as reading:
        counts = read_tables(settings, catalog, reading, progress=read)
        naming[0].result()
    return counts
