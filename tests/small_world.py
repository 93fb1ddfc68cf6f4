"""A small seeded world of DJ sets with habits a ranker can learn."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from enrich.frames.schemas import TRACKLISTS


def small_world(*, sets: int = 70, seed: int = 3) -> pl.DataFrame:
    """TRACKLISTS: five DJs with favourites of their own; most recordings come back, some slots are unknown."""
    rng = np.random.default_rng(seed)
    rows = []
    for s in range(sets):
        dj = s % 5
        artists = rng.choice(np.arange(dj * 6, dj * 6 + 12) % 30, size=14)
        for position, artist in enumerate(artists, start=1):
            unknown = rng.random() < 0.05
            title = (
                None
                if unknown
                else f"Tune {artist}-{rng.integers(4)} ({'Extended' if rng.random() < 0.3 else 'Original'} Mix)"
            )
            rows.append(
                {
                    "set_id": f"series{dj}-{s:03d}",
                    "dj": f"Dj Number {dj}",
                    "set_name": f"Night {s}",
                    "set_date": date(2015, 1, 1) + timedelta(days=9 * s),
                    "position": position,
                    "artist": None if unknown else f"Player {artist}",
                    "title": title,
                    "label": None if unknown or rng.random() < 0.4 else f"Label {artist % 7}",
                    "is_id": unknown,
                    "track_key": None,
                }
            )
    return pl.DataFrame(rows, schema=TRACKLISTS)


@pytest.fixture(scope="session")
def world() -> pl.DataFrame:
    return small_world()
