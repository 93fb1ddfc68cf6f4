"""Notebooks under pytest work on the checkout's data folder, wherever it was started, and leave no server behind."""

import os
from pathlib import Path

import pytest

_PROJECT = Path(__file__).resolve().parent.parent


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("ENRICH_DATA_DIR", str(_PROJECT / "data"))


@pytest.fixture(scope="session", autouse=True)
def _no_server_left():
    from enrich.analyst.demo_room import demo_settings
    from enrich.database import server

    home = demo_settings()
    was_running = server.status(home).running
    yield
    if not was_running:
        server.stop(home)
