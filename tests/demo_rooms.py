"""The demo world of the analyst, made once per version of the code and copied for whoever wants one to spoil.

Making it takes the whole main job. The pristine one lies in pytest's cache, its server stopped; `make clean` takes it.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import filelock

from enrich.analyst.opening import demo_settings, demo_snapshot
from enrich.database import server
from enrich.settings import Settings

_PROJECT = Path(__file__).resolve().parent.parent
_CACHE = _PROJECT / ".pytest_cache" / "demo-worlds"
_WAIT_S = 1800


def demo_copy(folder: Path) -> Settings:
    """Settings whose `data_dir`, a new folder, holds a demo world of its own; the caller stops its server."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    _CACHE.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(_CACHE / ".lock", timeout=_WAIT_S):
        # Its server's files belong to the server's user, so they are copied as they are.
        subprocess.run(["cp", "-a", str(_pristine()), str(folder)], check=True)
    return _settings(folder)


def _pristine() -> Path:
    made = _CACHE / _version()
    if not made.is_dir():
        for stale in _CACHE.iterdir():
            if stale.is_dir():
                shutil.rmtree(stale)
        begun = _CACHE / "begun"
        demo_snapshot(settings=_settings(begun))
        server.stop(demo_settings(_settings(begun)))
        begun.rename(made)
    return made


def _version() -> str:
    """Of everything a demo world is made by."""
    digest = hashlib.sha256((_PROJECT / "requirements.txt").read_bytes())
    for folder, pattern in (("enrich", "*"), ("sql", "*.sql"), ("data/seed", "*")):
        for path in sorted((_PROJECT / folder).rglob(pattern)):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(str(path.relative_to(_PROJECT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _settings(folder: Path) -> Settings:
    return Settings(_env_file=None, data_dir=folder)  # type: ignore[call-arg]
