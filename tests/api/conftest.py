"""Databases for a module of tests, and a server on them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from api_server import Server, module_database, running, three_tracks

from enrich.demo.loading import demo
from enrich.settings import Settings


@pytest.fixture(scope="module")
def demo_database(embedded_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The demo world, once for a module."""
    yield from module_database(
        embedded_server, tmp_path_factory.mktemp("demo"), lambda s: demo(s, now=datetime.now(UTC)) and None
    )


@pytest.fixture(scope="module")
def small_database(embedded_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Three tracks, failed, pending and queued: every endpoint has something to do and is quick about it."""
    yield from module_database(embedded_server, tmp_path_factory.mktemp("small"), three_tracks)


@pytest.fixture(scope="module")
def server(demo_database: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`enrich serve` on the demo world, without a token."""
    with running(demo_database, tmp_path_factory.mktemp("serve")) as found:
        yield found


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    """Calls that server."""
    with httpx.Client(base_url=server.url, timeout=300) as found:
        yield found
