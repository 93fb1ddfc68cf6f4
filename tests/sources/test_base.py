from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from pydantic import SecretStr
from recorded_replies import kept

from enrich.demo.catalogue.misbehaving import Misbehaviour
from enrich.matching.values import Availability, TrackQuery
from enrich.settings import SOURCES, SettingsError
from enrich.sources.base import CACHE_FILE, ClosedSource, open_sources
from enrich.sources.cache import Cache, Lifetime
from enrich.sources.reading import read_clock, read_date
from enrich.sources.replies import Reply

QUERY = TrackQuery(track_id="1", artist="a", title="b")


def open_names(settings, **update):
    opened = open_sources(settings.model_copy(update=update), use_cache=False)
    return [source.name for source in opened], [s.name for s in opened if not isinstance(s, ClosedSource)]


@pytest.mark.parametrize(
    ("update", "listed", "is_open"),
    [
        pytest.param({}, SOURCES, ("musicbrainz", "deezer", "discogs"), id="unset"),
        pytest.param(
            {"beatport_token": SecretStr("t")}, SOURCES, ("beatport", "musicbrainz", "deezer", "discogs"), id="token"
        ),
        pytest.param(
            {"beatport_token": SecretStr(" ")}, SOURCES, ("musicbrainz", "deezer", "discogs"), id="blank-token"
        ),
        pytest.param({"sources": ()}, (), (), id="none"),
        pytest.param(
            {"sources": ("discogs", "traxsource")}, ("discogs", "traxsource"), ("discogs", "traxsource"), id="named"
        ),
        pytest.param({"sources": ("juno",)}, ("juno",), (), id="juno-is-closed"),
        pytest.param(
            {"sources": ("juno",), "juno_url": "https://archive.example.org/juno"}, ("juno",), ("juno",), id="archive"
        ),
    ],
)
def test_which_sources_are_open(settings, update, listed, is_open):
    assert open_names(settings, **update) == (list(listed), list(is_open))


def test_closed_sources_say_why(settings):
    for source in open_sources(settings, use_cache=False):
        if isinstance(source, ClosedSource):
            answer = source.search(QUERY)
            assert (answer.availability, answer.hits) == (Availability.CLOSED, ())
            assert answer.reason.startswith("source ")


@pytest.mark.parametrize("url", ["api.deezer.com", "ftp://x.org", "https://"])
def test_an_address_that_is_none_is_a_settings_error(settings, url):
    with pytest.raises(SettingsError, match="ENRICH_DEEZER_URL"):
        open_sources(settings.model_copy(update={"sources": ("deezer",), "deezer_url": url}))


def test_a_cache_that_cannot_be_is_a_settings_error(settings, tmp_path):
    path = tmp_path.joinpath(*CACHE_FILE)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is no database, however long it may be made to look" * 20)

    with pytest.raises(SettingsError, match="cannot keep replies here"):
        open_sources(settings)


def test_what_has_expired_is_dropped_when_sources_are_opened(settings, tmp_path):
    cache = Cache(tmp_path.joinpath(*CACHE_FILE))
    reply = Reply("discogs: x", 200, {"content-type": "application/json"}, b"{}")
    cache.put("old", reply, source="discogs", is_miss=False, lifetime=Lifetime(hit_s=1, miss_s=1), now=0)

    open_sources(settings)

    assert kept(cache) == 0


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-03-15", date(2024, 3, 15)),
        ("2024-03-15T00:00:00", date(2024, 3, 15)),
        ("1999-03-00", date(1999, 3, 1)),
        ("1999", date(1999, 1, 1)),
        ("0000-00-00", None),
        ("2024-13-40", None),
        ("", None),
        (None, None),
        ("soon", None),
    ],
)
def test_days(text, day):
    assert read_date(text) == day


@pytest.mark.parametrize(
    ("text", "ms"), [("5:26", 326000), ("1:02:24", 3744000), ("", None), (None, None), ("x", None)]
)
def test_clock_times(text, ms):
    assert read_clock(text) == ms


def test_tracks_that_come_while_a_stopped_source_is_tried_again_are_not_lost(catalogue, open_one, registry, nothing):
    registry.cool_off_s = 0.05
    source = open_one("musicbrainz")
    catalogue.misbehave("musicbrainz", Misbehaviour(kind="challenge", requests=1))
    assert source.search(nothing).availability is Availability.BLOCKED
    time.sleep(0.1)
    # The one that tries takes long enough for the others to come.
    catalogue.misbehave("musicbrainz", Misbehaviour(kind="slow", requests=1, delay_s=0.3))
    others = [TrackQuery(track_id=str(n), artist="Nobody", title=f"Never Pressed {n}") for n in range(4)]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(source.search, others))

    assert [answer.availability for answer in answers] == [Availability.OK] * 4
