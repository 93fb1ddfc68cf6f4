"""One demo world for the tests of the analyst's snapshot, before and after the main job."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo_rooms import demo_copy

from enrich.analyst.opening import demo_settings, open_snapshot
from enrich.analyst.snapshot import AnalystSnapshot
from enrich.database import server
from enrich.settings import Settings


@pytest.fixture(scope="session")
def demo_home() -> Iterator[Settings]:
    """Settings whose data folder holds the demo world; its server is stopped at the end."""
    # Not in pytest's own folder: each new pytest session closes that to other users, the server's among them.
    folder = Path(tempfile.mkdtemp(prefix="enrich-analyst-"))
    base = demo_copy(folder / "data")
    yield base
    server.stop(demo_settings(base))
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def before(demo_home: Settings) -> Iterator[AnalystSnapshot]:
    """The demo world as it began."""
    with open_snapshot(demo="before", settings=demo_home) as opened:
        yield opened


@pytest.fixture(scope="session")
def after(demo_home: Settings) -> Iterator[AnalystSnapshot]:
    """The demo world after the main job."""
    with open_snapshot(demo="after", settings=demo_home) as opened:
        yield opened
