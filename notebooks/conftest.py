"""Notebooks under pytest work on a demo world of their own, unless ENRICH_DATA_DIR names one; no server remains."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

_TESTS = Path(__file__).resolve().parent.parent / "tests"
_FOLDER = pytest.StashKey[Path]()


# Notebook cells take no fixtures, so the session's beginning and end are where the world is made and left.
def pytest_sessionstart(session: pytest.Session) -> None:
    if "ENRICH_DATA_DIR" in os.environ or session.config.option.collectonly:
        return
    sys.path.insert(0, str(_TESTS))
    from demo_rooms import demo_copy

    folder = session.config.stash[_FOLDER] = Path(tempfile.mkdtemp(prefix="enrich-notebooks-"))
    demo_copy(folder / "data")
    os.environ["ENRICH_DATA_DIR"] = str(folder / "data")


def pytest_sessionfinish(session: pytest.Session) -> None:
    folder = session.config.stash.get(_FOLDER, None)
    if folder is None:
        return
    from enrich.analyst.opening import demo_settings
    from enrich.database import server

    server.stop(demo_settings())
    shutil.rmtree(folder, ignore_errors=True)
