"""One demo world for the tests of the analyst's room, before and after the main job."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from enrich.analyst.demo_room import demo_settings, room
from enrich.analyst.room import Room
from enrich.contracts.settings import Settings
from enrich.database import server


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings whose data folder holds the demo world; its server is stopped at the end."""
    base = Settings(_env_file=None, data_dir=tmp_path_factory.mktemp("analyst") / "data")  # type: ignore[call-arg]
    yield base
    server.stop(demo_settings(base))


@pytest.fixture(scope="session")
def before(demo_home: Settings) -> Iterator[Room]:
    """The demo world as it began."""
    with room(settings=demo_home) as opened:
        yield opened


@pytest.fixture(scope="session")
def after(demo_home: Settings, before: Room) -> Iterator[Room]:
    """The demo world after the main job."""
    with room(demo="after", settings=demo_home) as opened:
        yield opened
