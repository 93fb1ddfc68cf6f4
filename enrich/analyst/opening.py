"""Open a snapshot to ask: the latest, one by its path, or a state of the demo world, which is made once and kept.

The demo world lies in `<data_dir>/analyst` with an embedded Postgres of its own: what a notebook decides there touches
no other database. It is made for a fixed day, so that its figures are the same everywhere.
"""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import filelock

from enrich.analyst.snapshot import AnalystSnapshot
from enrich.database import server
from enrich.errors import EnrichError, InputFileError
from enrich.frames.inputs import parse_json, read_input
from enrich.settings import Settings, load_settings
from enrich.snapshots import opening
from enrich.snapshots.opening import FORMAT, snapshots_folder

#: The day of the demo world.
DEMO_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
#: The demo world as it began, and after the main job.
STATES = ("before", "after")
_WAIT_S = 900


def open_snapshot(
    path: str | Path | None = None, *, demo: str | None = None, settings: Settings | None = None
) -> AnalystSnapshot:
    """Open a snapshot read-only, with the questions an analyst asks of it.

    Args:
        path: The file; it goes before `demo`, so that a notebook takes the demo world where no file is named.
        demo: `before` (635 failed tracks, nothing proposed yet) or `after` (labels hunted, artists resolved, written
            back, the rest in cool-down): that state of the demo world, which is made first where it is missing.
            Without `path` and `demo`: the latest snapshot.
        settings: Whose `data_dir` holds it, and where the ledger is; None: as the environment says.

    Raises:
        SnapshotError: there is none, it is no snapshot, or another version of enrich made it.
        EnrichError: no such state, or the demo world could not be made.
    """
    if not path and demo is not None:
        path, settings = demo_snapshot(demo, settings=settings), demo_settings(settings)
    opened = opening.open_snapshot(path or None, settings=settings)
    return AnalystSnapshot(opened.path, opened.con, opened.manifest, settings=settings)


def demo_snapshot(state: str = "before", *, settings: Settings | None = None) -> Path:
    """The snapshot file of a state of the demo world, which is made first where it is missing; as `open_snapshot`."""
    if state not in STATES:
        raise EnrichError(f"the demo world has no state {state!r}; it has {' and '.join(STATES)}")
    home = demo_settings(settings)
    home.data_dir.mkdir(parents=True, exist_ok=True)
    record = home.data_dir / "states.json"
    with filelock.FileLock(home.data_dir / ".making.lock", timeout=_WAIT_S):
        made = _made(record)
        if made is None:
            made = _make(home)
            record.write_text(json.dumps({"format": FORMAT, **made}), encoding="utf-8")
    return snapshots_folder(home) / made[state]


def demo_settings(settings: Settings | None = None) -> Settings:
    """The settings of the demo world: its own folder and server, no outside source, the default policy."""
    base = settings if settings is not None else load_settings()
    if base.data_dir.name == "analyst":
        return base
    own = {"data_dir": base.data_dir.expanduser().absolute() / "analyst", "database_url": None, "sources": ()}
    return base.model_copy(update=own | {"search_path": "musicdb, public", "auto_accept": "default"})


def _made(record: Path) -> dict[str, str] | None:
    """File names by state; None where they are missing or of another format."""
    try:
        found = parse_json(read_input(record, at_most=1 << 20), where=record)
        files = {state: str(found.get(state) or "") for state in STATES}
    except (InputFileError, AttributeError):
        # Not there, or no record of ours: the states are made anew.
        return None
    there = all(name and (record.parent / "snapshots" / name).is_file() for name in files.values())
    return files if found.get("format") == FORMAT and there else None


def _make(home: Settings) -> dict[str, str]:
    # The whole pipeline, the demo world included: only who asks for a demo world that is missing loads it.
    from enrich.main_job import run

    # Begun once and broken off, or of another format: the beginning is lost, so it is made anew.
    server.stop(home)
    for folder in ("postgres", "snapshots", "demo", "reports"):
        shutil.rmtree(home.data_dir / folder, ignore_errors=True)
    run(home, now=DEMO_NOW)
    taken = sorted(snapshots_folder(home).glob("*.duckdb"), key=lambda path: (len(path.stem), path.stem))
    return {"before": taken[0].name, "after": taken[-1].name}
