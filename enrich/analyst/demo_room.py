"""A room for notebooks: a real snapshot where one is named, else the demo world, made once and kept.

The demo world lives in `<data_dir>/analyst` with an embedded Postgres of its own, so that whatever a notebook decides
there touches no other database. It is made for a fixed day: its figures are the same everywhere.
Writes below that folder only; opens sockets on loopback only.
"""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import filelock

from enrich.analyst.opening import open_snapshot
from enrich.analyst.room import Room
from enrich.database import server
from enrich.errors import EnrichError
from enrich.main_job import run
from enrich.settings import Settings, load_settings
from enrich.snapshots.manifest import FORMAT
from enrich.snapshots.places import snapshots_folder

#: The day of the demo world.
DEMO_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
#: The demo world as it began, and after the main job.
STATES = ("before", "after")
_WAIT_S = 900


def demo_snapshot(state: str = "before", *, settings: Settings | None = None) -> Path:
    """The snapshot file of the demo world, which is made first where it is missing.

    Args:
        state: `before`: 635 failed tracks, nothing proposed yet. `after`: labels hunted, artists resolved, written
            back, the rest in cool-down.
        settings: Whose `data_dir` it lives in; None reads the environment.

    Raises:
        EnrichError: no such state, or the world could not be made.
    """
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


def room(path: str | Path | None = None, *, demo: str = "before", settings: Settings | None = None) -> Room:
    """Open a snapshot, or the demo world where none is named.

    Args:
        path: A snapshot file, as ENRICH_SNAPSHOT names it; None or empty: the demo world.
        demo: Which state of the demo world, see `demo_snapshot`.
        settings: None reads the environment.
    """
    if path:
        return open_snapshot(path, settings=settings)
    return open_snapshot(demo_snapshot(demo, settings=settings), settings=demo_settings(settings))


def demo_settings(settings: Settings | None = None) -> Settings:
    """The settings of the demo world: its own folder and server, no outside source, the default policy."""
    base = settings if settings is not None else load_settings()
    if base.data_dir.name == "analyst":
        return base
    return base.model_copy(
        update={
            "data_dir": base.data_dir.expanduser().absolute() / "analyst",
            "database_url": None,
            "search_path": "musicdb, public",
            "sources": (),
            "auto_accept": "default",
        }
    )


def _made(record: Path) -> dict[str, str] | None:
    """File names by state; None where they are missing or of another format."""
    if not record.is_file():
        return None
    found = json.loads(record.read_text(encoding="utf-8"))
    files = {state: found.get(state, "") for state in STATES}
    there = all(name and (record.parent / "snapshots" / name).is_file() for name in files.values())
    return files if found.get("format") == FORMAT and there else None


def _make(home: Settings) -> dict[str, str]:
    # Begun once and broken off, or of another format: the beginning is lost, so it is made anew.
    server.stop(home)
    for folder in ("postgres", "snapshots", "demo", "reports"):
        shutil.rmtree(home.data_dir / folder, ignore_errors=True)
    run(home, now=DEMO_NOW)
    taken = sorted(snapshots_folder(home).glob("*.duckdb"), key=lambda path: (len(path.stem), path.stem))
    return {"before": taken[0].name, "after": taken[-1].name}
