"""Take a snapshot: the Postgres music database as one DuckDB file, whole or not at all; whatever goes wrong, the former
one stays the latest.
"""

import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import filelock

from enrich import __version__
from enrich.errors import DatabaseError, SnapshotError, undoing
from enrich.frames.files import unlink_all
from enrich.settings import Settings
from enrich.snapshots.building import build_marts, count_marts, mend_marts, name_tracks
from enrich.snapshots.opening import FORMAT, LATEST, Manifest, latest, snapshots_folder
from enrich.snapshots.reading import NAMING, Catalog, Progress, literal, mend_tables, read_catalog, read_tables

#: Begins the name of what is not whole yet, and how long somebody else may hold the folder.
_TAKING, _WAIT_S = ".taking-", 600
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
        with _locked(folder):
            snapshot_id = _free_id(folder, now)
            # What it is written to until it is whole.
            working = folder / f"{_TAKING}{snapshot_id}.duckdb"
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
                published = _publish(working, folder, snapshot_id, said)
                _remove_old(folder, settings.keep_snapshots)
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

    Reading waits for Postgres, naming takes one core: together they take hardly longer than the slower of them.
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


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder alone, and find it without leftovers."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder / ".lock", timeout=_WAIT_S):
            for left in folder.glob(f"{_TAKING}*"):
                left.unlink(missing_ok=True)
            yield
    except filelock.Timeout:
        raise SnapshotError(f"{folder}: another snapshot has been under way for {_WAIT_S} s; end it first") from None


def _free_id(folder: Path, now: datetime) -> str:
    """`20261122T030000Z`, with `-2`, `-3`, … where that second has a snapshot already."""
    stem = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    number, name = 1, stem
    while (folder / f"{name}.duckdb").exists():
        number += 1
        name = f"{stem}-{number}"
    return name


def _publish(working: Path, folder: Path, snapshot_id: str, manifest: str) -> Path:
    """Make a whole file the newest snapshot: each step is atomic, and the one before it stands when the next fails."""
    final = folder / f"{snapshot_id}.duckdb"
    beside = working.with_suffix(".json")
    beside.write_text(manifest, encoding="utf-8")
    for path in (working, beside):
        path.chmod(path.stat().st_mode & 0o640)
        _sync(path)
    beside.replace(final.with_suffix(".json"))
    working.replace(final)
    pointer, fresh = folder / LATEST, folder / f"{_TAKING}{LATEST}"
    fresh.unlink(missing_ok=True)
    try:
        fresh.symlink_to(final.name)
    except (OSError, NotImplementedError):
        # A file system without symbolic links: the name as text.
        fresh.write_text(final.name + "\n", encoding="utf-8")
    fresh.replace(pointer)
    _sync(folder)
    return final


def _remove_old(folder: Path, keep: int) -> None:
    """Remove all but the newest `keep` snapshots, never the one that `latest` names."""
    taken = sorted(folder.glob("[0-9]*Z*.duckdb"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    for path in taken[: max(len(taken) - keep, 0)]:
        if path != latest(folder):
            for left in (path, path.with_suffix(".json")):
                left.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        # Some file systems cannot sync a folder; the files in it are synced one by one.
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
