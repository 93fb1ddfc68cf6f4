"""Notebooks under pytest work on the checkout's data folder, wherever it was started, and leave no server behind."""

import os
from pathlib import Path

import pytest

_PROJECT = Path(__file__).resolve().parent.parent
_WAS_RUNNING = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("ENRICH_DATA_DIR", str(_PROJECT / "data"))
    config.stash[_WAS_RUNNING] = _server().status(_home()).running


# Notebook cells take no fixtures, so the session's end is where the server is stopped.
def pytest_sessionfinish(session: pytest.Session) -> None:
    if not session.config.stash.get(_WAS_RUNNING, True):
        _server().stop(_home())


def _server():
    from enrich.database import server

    return server


def _home():
    from enrich.analyst.demo_room import demo_settings

    return demo_settings()
