"""A bad day on a real Postgres: three sources refuse, the others' finds are written, and nobody is given up."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import polars as pl
import pytest
from recorded_replies import kept

from enrich.database.connection import connect
from enrich.demo.catalogue.misbehaving import OUTAGE
from enrich.demo.catalogue.server import Catalogue
from enrich.pipeline.cycle import hunt_labels
from enrich.sources.base import CACHE_FILE
from enrich.sources.cache import Cache
from enrich.sources.pace import PROCESS_LIMITS

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOURCES = ("beatport", "traxsource", "musicbrainz", "deezer")
RELEASES = pl.DataFrame(
    [
        ("Alpha Kid", "Night Signal", "Deepwell", "deezer"),
        ("Gamma", "Rain On The Roof", "Mixmash", "musicbrainz"),
        ("Epsilon", "Two Homes", "Northgate", "beatport,traxsource"),
        ("Somebody Else", "Another Thing Altogether", "Elsewhere", None),
    ],
    schema=["artist", "title", "label", "sources"],
    orient="row",
)
NOWHERE = ("Omega", "Never Pressed")


@pytest.fixture
def tracks(database) -> dict[str, str]:
    """title → track, failed, of a known artist, without a label."""
    found = {}
    with connect(database) as con:
        for artist, title in [*RELEASES.select("artist", "title").rows()[:3], NOWHERE]:
            row = con.execute(
                "with t as (insert into tracks (title, normalized_title, created_at) values (%s, lower(%s),"
                " '2020-01-01') returning id), a as (insert into artists (name, normalized_name) values (%s,"
                " lower(%s)) returning id), l as (insert into track_artists (track_id, artist_id, role)"
                " select t.id, a.id, 'primary' from t, a), s as (insert into enrichment_status"
                " (track_id, status, retry_count) select id, 'failed', 0 from t) select id::text from t",
                [title, title, artist, artist],
            ).fetchone()
            found[title] = row[0]
    return found


@pytest.fixture
def quick_lanes(monkeypatch):
    # Only how long is waited changes; what is asked again, and how often, does not.
    monkeypatch.setattr(PROCESS_LIMITS, "pause_s", 0.01)
    monkeypatch.setattr(PROCESS_LIMITS, "cool_off_s", 0.05)


def labels(settings):
    with connect(settings) as con:
        rows = con.execute(
            "select t.title, t.metadata->'original_data'->>'label', s.status, s.retry_count from tracks t"
            " join enrichment_status s on s.track_id = t.id"
        ).fetchall()
    return {title: tuple(rest) for title, *rest in rows}


@pytest.mark.usefixtures("tracks", "quick_lanes")
def test_what_the_others_find_is_written_and_a_later_run_finds_the_rest(database):
    with Catalogue(RELEASES, misbehave=OUTAGE) as catalogue:
        settings = catalogue.settings(database, sources=SOURCES, rate=500)
        settings = settings.model_copy(update={"auto_accept": ",".join(f"label:{name}=0.6" for name in SOURCES)})

        done = hunt_labels(settings, now=NOW, apply=True)

        assert (done.processed, done.labels_found, done.labels_updated, done.failed, done.skipped) == (4, 1, 1, 0, 3)
        assert set(done.unavailable) == {"beatport", "traxsource", "musicbrainz"}
        assert "challenge" in done.unavailable["beatport"]
        assert "502" in done.unavailable["traxsource"]
        assert "503" in done.unavailable["musicbrainz"]
        after = labels(database)
        assert after["Night Signal"][0] == "Deepwell"
        assert all(after[title] == (None, "failed", 0) for title in ("Rain On The Roof", "Two Homes", NOWHERE[1]))
        cache = Cache(settings.data_dir.joinpath(*CACHE_FILE))
        assert [kept(cache, name) for name in ("beatport", "traxsource", "musicbrainz")] == [0, 0, 0]
        assert kept(cache, "deezer") > 0

        for name in OUTAGE:
            catalogue.misbehave(name, None)
        # A block doubles the cool-off each time it is met: long enough for all of them.
        time.sleep(1.0)
        later = hunt_labels(settings, now=NOW, apply=True)

        assert (later.processed, later.labels_updated, later.failed, later.skipped) == (3, 2, 1, 0)
        assert later.unavailable == {}
        assert later.without == {"not listed anywhere": 1}
        after = labels(database)
        assert {title: row[0] for title, row in after.items()} == {
            "Night Signal": "Deepwell", "Rain On The Roof": "Mixmash", "Two Homes": "Northgate", NOWHERE[1]: None,
        }  # fmt: skip
