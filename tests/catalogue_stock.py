"""A small stock of releases, the catalogue that serves it, sources pointed at it: for tests/sources and tests/demo."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import polars as pl
import pytest

from enrich.demo.catalogue.server import Catalogue
from enrich.matching.values import TrackQuery
from enrich.settings import Settings, load_settings
from enrich.sources.base import Source, open_sources
from enrich.sources.pace import Clock, LimitRegistry

#: The fixtures, for the conftest of whoever uses them.
__all__ = [
    "_no_sources_set",
    "big_catalogue",
    "catalogue",
    "hands",
    "night_signal",
    "nothing",
    "open_one",
    "registry",
    "settings",
    "stocked",
]  # fmt: skip

# artist, title, mix, label, catalog_number, release_date, duration_ms, isrc, release_id, release_title
STOCK = [
    ("Alpha Kid", "Night Signal", "Extended Mix", "Deepwell", "DWR042", "2024-03-15", 326000, "GBXXX2400001", "a", ""),
    ("Alpha Kid", "Night Signal", "Beta Remix", "Northgate", "NG007", "2024-06-01", 386000, "GBXXX2400002", "b", ""),
    ("Alpha Kid", "Night Signal", "Extended Mix", "Summer Hits", "SH1", "2025-01-01", 326000, None, "c", "Summer 25"),
    ("Gamma & Delta", "Day Break", None, None, None, "2020-02-02", None, None, "d", ""),
    ("Gamma & Delta", "Rain (Part 2)", "Original Mix", "Mixmash", "MM1", "2019-01-05", 300000, None, "e", ""),
    ("Gamma", "Solo", "Original Mix", "Mixmash", "MM2", "2018-01-05", 301000, None, "f", ""),
    ("T78", "Acid: Lollipop!", "Original Mix", "Autektone", "ATK5", "2017-11-05", 400000, None, "g", ""),
    ("Émile Øst", "Çà & Là", "VIP", "Éditions", "ED9", "1999-03-01", 200000, None, "h", ""),
]


def stock() -> pl.DataFrame:
    names = (
        "artist", "title", "mix", "label", "catalog_number", "release_date", "duration_ms", "isrc", "release_id",
        "release_title",
    )  # fmt: skip
    frame = pl.DataFrame(STOCK, schema=list(names), orient="row")
    return frame.with_columns(pl.col("release_title").replace("", None), is_compilation=pl.col("release_id") == "c")


@pytest.fixture
def stocked() -> pl.DataFrame:
    return stock()


@dataclass
class Hands:
    """A clock that only moves when somebody sleeps."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def sleep(self, seconds: float) -> None:
        with self.lock:
            self.slept.append(seconds)
            self.now += seconds

    def pass_by(self, seconds: float) -> None:
        with self.lock:
            self.now += seconds

    @property
    def clock(self) -> Clock:
        # The wall stands 1.6e9 seconds further: 2020.
        return Clock(monotonic=lambda: self.now, sleep=self.sleep, wall=lambda: 1.6e9 + self.now)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def catalogue() -> Iterator[Catalogue]:
    with Catalogue(stock()) as served:
        yield served


@pytest.fixture
def big_catalogue() -> Iterator[Catalogue]:
    """The stock, and two pages of other things."""
    others = pl.DataFrame(
        [
            {"artist": f"Other {n}", "title": f"Thing {n}", "label": f"Label {n}", "release_id": f"o{n}"}
            for n in range(60)
        ]
    )
    with Catalogue(pl.concat([stock(), others], how="diagonal_relaxed")) as served:
        yield served


@pytest.fixture
def settings(tmp_path) -> Settings:
    return load_settings(_env_file=None, data_dir=tmp_path, contact="tests@example.org")


@pytest.fixture
def registry() -> LimitRegistry:
    """Fast registry: real time, pauses of a hundredth of a second."""
    return LimitRegistry(pause_s=0.01)


@pytest.fixture
def open_one(catalogue, settings, registry) -> Callable[..., Source]:
    """Open one source at the catalogue."""

    def open_it(name: str, *, at: Catalogue | None = None, use_cache: bool = True, **more) -> Source:
        served = at or catalogue
        pointed = served.settings(settings, sources=[name], rate=500).model_copy(update=more)
        (source,) = open_sources(pointed, registry=registry, use_cache=use_cache)
        return source

    return open_it


@pytest.fixture
def night_signal() -> TrackQuery:
    return TrackQuery(track_id="1", artist="Alpha Kid", title="Night Signal (Extended Mix) [Deepwell]")


@pytest.fixture
def nothing() -> TrackQuery:
    return TrackQuery(track_id="0", artist="Nobody Atall", title="Never Pressed")


@pytest.fixture(autouse=True)
def _no_sources_set(monkeypatch):
    # What is on by default is tested here: no setting stands in the way. Only catalogues are asked.
    monkeypatch.delenv("ENRICH_SOURCES", raising=False)
