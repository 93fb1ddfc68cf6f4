"""Where snapshots lie: `<data_dir>/snapshots/<utc>.duckdb`, its manifest beside it, `latest` pointing at the newest;
`.taking-…` is one under way, or what a crash left of one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import filelock

from enrich.errors import SnapshotError
from enrich.settings import Settings

LATEST = "latest"
_TAKING = ".taking-"
_WAIT_S = 600


def snapshots_folder(settings: Settings) -> Path:
    """The folder, which need not exist yet."""
    return settings.data_dir.expanduser() / "snapshots"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder alone, and find it without leftovers."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder / ".lock", timeout=_WAIT_S):
            for left in folder.glob(f"{_TAKING}*"):
                left.unlink(missing_ok=True)
            yield
    except filelock.Timeout:
        raise SnapshotError(f"{folder}: another snapshot has been under way for {_WAIT_S} s; end it first") from None


def free_id(folder: Path, now: datetime) -> str:
    """`20261122T030000Z`, with `-2`, `-3`, … where that second has a snapshot already."""
    stem = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    number, name = 1, stem
    while (folder / f"{name}.duckdb").exists():
        number += 1
        name = f"{stem}-{number}"
    return name


def unfinished(folder: Path, snapshot_id: str) -> Path:
    """The file a snapshot is written to until it is whole."""
    return folder / f"{_TAKING}{snapshot_id}.duckdb"


def publish(working: Path, folder: Path, snapshot_id: str, manifest: str) -> Path:
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


def latest(folder: Path) -> Path | None:
    """The newest snapshot; None where there is none."""
    pointer = folder / LATEST
    if pointer.is_symlink():
        target = folder / pointer.readlink()
    elif pointer.is_file():
        target = folder / pointer.read_text(encoding="utf-8").strip()
    else:
        return None
    return target if target.exists() else None


def remove_old(folder: Path, keep: int) -> None:
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
