"""The count of what was tried, and the planted world for each test.

`make test` tries a short form; ENRICH_FAULTS=long (`make faults`) every step of every operation.
"""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import invariants
import pytest
from fault_world import LONG, Crew, create_database, drop_database, plant, settings_of

from enrich.settings import Settings

_TALLY: pytest.StashKey[Counter[str]] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_TALLY] = Counter()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    tally = config.stash[_TALLY]
    if tally["tried"]:
        form = "long" if LONG else "short"
        terminalreporter.write_line(
            f"faults ({form} form): {tally['tried']} tried, {tally['survived']} survived, {tally['lost']} rows lost"
        )


@pytest.fixture
def fault(request: pytest.FixtureRequest) -> Callable[..., object]:
    """`with fault(settings):` tries one fault and then asks every invariant."""
    tally = request.config.stash[_TALLY]

    @contextmanager
    def tried(settings: Settings) -> Iterator[None]:
        tally["tried"] += 1
        yield
        found = invariants.broken(settings)
        tally["lost"] += sum(len(b.rows) for b in found if b.name in invariants.LOST)
        assert not found, "; ".join(map(str, found))
        tally["survived"] += 1

    return tried


@pytest.fixture
def counted(request: pytest.FixtureRequest) -> Callable[[], object]:
    """`with counted():` tries one fault that touches no database."""
    tally = request.config.stash[_TALLY]

    @contextmanager
    def tried() -> Iterator[None]:
        tally["tried"] += 1
        yield
        tally["survived"] += 1

    return tried


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB; needs the right to mount."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "enrich-faults", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small disk cannot be mounted here; the limit on a file's size is tried instead")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.fixture(scope="session")
def crew() -> Iterator[Crew]:
    found = Crew()
    yield found
    assert found.process.stdin is not None
    found.process.stdin.close()
    found.process.wait(timeout=30)
    found.process.stdout.close()


@pytest.fixture(scope="session")
def planted(embedded_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Name of a template database with the planted world in it."""
    name = f"f_{uuid4().hex[:12]}"
    create_database(embedded_server, name, "migrated")
    plant(settings_of(embedded_server, name, tmp_path_factory.mktemp("planted")))
    yield name
    drop_database(embedded_server, name)


@pytest.fixture
def copies(embedded_server: str, planted: str, tmp_path: Path) -> Iterator[Callable[[], Settings]]:
    """Call for a fresh copy of the planted world."""
    made: list[str] = []

    def copy() -> Settings:
        name = f"f_{uuid4().hex[:12]}"
        create_database(embedded_server, name, planted)
        made.append(name)
        return settings_of(embedded_server, name, tmp_path / name)

    yield copy
    for name in made:
        drop_database(embedded_server, name)


@pytest.fixture
def world(copies: Callable[[], Settings]) -> Settings:
    """One copy of the planted world."""
    return copies()
