"""Open a snapshot as a room to ask questions in: the same file, the same `con`, `manifest` and `frame`, and more.

Entry point: `open_snapshot`, which is `enrich.open_snapshot`.
"""

from __future__ import annotations

from pathlib import Path

from enrich.analyst.room import Room
from enrich.settings import Settings
from enrich.snapshots import opening


def open_snapshot(path: str | Path | None = None, *, settings: Settings | None = None) -> Room:
    """Open a snapshot read-only, with the questions an analyst asks of it (see `Room`).

    Args:
        path: The file; None: the latest one.
        settings: Whose `data_dir` holds it, and where the ledger is; None reads the environment, as the command
            line does.

    Raises:
        SnapshotError: there is none, it is no snapshot, or another version of enrich made it.
    """
    opened = opening.open_snapshot(path, settings=settings)
    return Room(opened.path, opened.con, opened.manifest, settings=settings)
