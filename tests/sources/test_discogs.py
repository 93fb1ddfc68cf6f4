from __future__ import annotations

from datetime import date

import pytest
from pydantic import SecretStr

from enrich.demo.catalogue.misbehaving import Misbehaviour
from enrich.matching.values import Availability, TrackQuery
from enrich.sources import discogs as module
from enrich.sources.base import open_sources
from enrich.sources.pace import LimitRegistry, RateLimiter
from enrich.sources.terms import search_terms

NIGHT = search_terms(TrackQuery(track_id="1", artist="Alpha Kid", title="Night Signal (Extended Mix)"))


@pytest.fixture
def discogs(open_one):
    return open_one("discogs")


def test_the_label_comes_from_the_release(discogs, night_signal, catalogue):
    hit = discogs.search(night_signal).hits[0]

    assert (hit.title, hit.mix, hit.artists, hit.label) == ("Night Signal", "Extended Mix", ("Alpha Kid",), "Deepwell")
    assert (hit.catalog_number, hit.duration_ms, hit.release_date) == ("DWR042", 326000, date(2024, 3, 15))
    assert [one.path for one in catalogue.log] == ["/database/search", "/releases/1", "/releases/2"], "one for rivals"
    assert catalogue.log[0].params["type"] == "release"
    assert "tests@example.org" in catalogue.log[0].user_agent


def test_the_wanted_version_is_looked_for_on_later_releases(discogs, catalogue):
    hits = discogs.search(TrackQuery(track_id="1", artist="Alpha Kid", title="Night Signal (Beta Remix)")).hits

    assert ("Northgate", "Beta Remix", ("Beta",)) in {(hit.label, hit.mix, hit.remixers) for hit in hits}


def test_no_label_is_none(discogs):
    (hit,) = discogs.search(TrackQuery(track_id="1", artist="Gamma & Delta", title="Day Break")).hits

    assert (hit.label, hit.catalog_number) == (None, None)


def test_truncated_json_is_asked_once_more(discogs, night_signal, catalogue):
    catalogue.misbehave("discogs", Misbehaviour(kind="truncated", requests=1))

    assert discogs.search(night_signal).hits[0].label == "Deepwell"


def test_truncated_json_that_stays_is_failed(discogs, night_signal, catalogue):
    catalogue.misbehave("discogs", "truncated")

    answer = discogs.search(night_signal)

    assert (answer.availability, catalogue.count()) == (Availability.FAILED, 2)


def test_two_pages(open_one, night_signal, big_catalogue):
    big_catalogue.misbehave("discogs", "two_pages")

    assert open_one("discogs", at=big_catalogue).search(night_signal).hits[0].label == "Deepwell"
    assert [one.params["page"] for one in big_catalogue.log if "search" in one.path] == ["1", "2"]


def test_the_rate_follows_the_token(settings):
    registry = LimitRegistry()
    for update, expected in [
        ({}, 25 / 60),
        ({"discogs_token": SecretStr("t")}, 1.0),
        ({"discogs_rate": 3.0}, 3.0),
    ]:
        (source,) = open_sources(
            settings.model_copy(update={"sources": ("discogs",), **update}), registry=registry, use_cache=False
        )
        assert source._http.endpoint.limits.limiter.rate == pytest.approx(expected)


def test_the_token_is_sent_and_nothing_is_without(open_one, night_signal, catalogue):
    seen = []
    answer = catalogue.answer
    catalogue.answer = lambda method, target, headers, body: (
        seen.append(headers.get("authorization")), answer(method, target, headers, body)
    )[1]  # fmt: skip
    open_one("discogs", use_cache=False).search(night_signal)
    open_one("discogs", use_cache=False, discogs_token=SecretStr("tok")).search(night_signal)

    assert seen == [None] * 3 + ["Discogs token=tok"] * 3


class TestAllowance:
    def headers(self, limit, remaining):
        return {"x-discogs-ratelimit": str(limit), "x-discogs-ratelimit-remaining": str(remaining)}

    def test_the_limit_becomes_the_rate(self, hands):
        limiter = RateLimiter(1.0, clock=hands.clock)
        module.heed_allowance(self.headers(25, 20), limiter, is_rate_set=False)
        assert limiter.rate == pytest.approx(25 / 60)

    def test_a_rate_set_by_hand_stays(self, hands):
        limiter = RateLimiter(5.0, clock=hands.clock)
        module.heed_allowance(self.headers(25, 20), limiter, is_rate_set=True)
        assert limiter.rate == 5.0

    def test_nothing_left_slows(self, hands):
        limiter = RateLimiter(1.0, clock=hands.clock)
        module.heed_allowance(self.headers(60, 0), limiter, is_rate_set=False)
        assert limiter.rate == pytest.approx(0.9)

    def test_no_headers_change_nothing(self, hands):
        limiter = RateLimiter(1.0, clock=hands.clock)
        module.heed_allowance({}, limiter, is_rate_set=False)
        assert limiter.rate == 1.0


def release(**fields):
    return {
        "id": 1,
        "title": "Night Signal",
        "released": "1999-03-00",
        "artists": [{"name": "Alpha Kid (2)", "anv": "", "id": 1}],
        "labels": [{"id": 77, "name": "Deepwell (3)", "catno": "DWR042", "entity_type_name": "Label"}],
        "tracklist": [
            {"position": "", "type_": "heading", "title": "Night Signal", "duration": ""},
            {"position": "A", "type_": "track", "title": "Night Signal (Extended Mix)", "duration": ""},
            {"position": "B", "type_": "track", "title": "Quite Another", "duration": "5:00"},
        ],
        **fields,
    }


def test_numbers_behind_names_are_cut_and_dates_read():
    (hit,) = module._hits(NIGHT, release())

    assert (hit.artists, hit.label, hit.release_date, hit.duration_ms) == (
        ("Alpha Kid",), "Deepwell", date(1999, 3, 1), None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        pytest.param([{"name": "Not On Label", "id": 1818, "catno": "none"}], [(None, None)], id="not-on-label"),
        pytest.param(
            [{"name": "Not On Label (Alpha Kid Self-released)", "id": 9, "catno": "none"}], [(None, None)], id="self"
        ),
        pytest.param(
            [{"name": "A", "catno": "A1"}, {"name": "B", "catno": "B1"}, {"name": "A", "catno": "A1"}],
            [("A", "A1"), ("B", "B1")],
            id="several-once-each",
        ),
        pytest.param([], [(None, None)], id="none-at-all"),
    ],
)
def test_labels_of_a_release(labels, expected):
    assert [(hit.label, hit.catalog_number) for hit in module._hits(NIGHT, release(labels=labels))] == expected


@pytest.mark.parametrize(
    ("fields", "is_compilation", "is_official"),
    [
        ({"formats": [{"name": "CD", "descriptions": ["Compilation"]}]}, True, True),
        ({"formats": [{"name": "CD", "descriptions": ["Album", "Mixed"]}]}, True, True),
        ({"artists": [{"name": "Various", "id": 194}]}, True, True),
        ({"formats": [{"name": "Vinyl", "descriptions": ["Unofficial Release"]}]}, False, False),
        ({"formats": [{"name": "Vinyl", "descriptions": ['12"']}]}, False, True),
    ],
)
def test_kinds_of_releases(fields, is_compilation, is_official):
    tracks = [{"type_": "track", "title": "Night Signal", "duration": "", "artists": [{"name": "Alpha Kid"}]}]
    (hit,) = module._hits(NIGHT, release(tracklist=tracks, **fields))

    assert (hit.is_compilation, hit.is_official) == (is_compilation, is_official)
    assert hit.artists == ("Alpha Kid",)


def test_a_master_is_followed_to_its_main_release(discogs, night_signal):
    asked = []

    class Requests:
        def get(self, path, *args, **more):
            asked.append(path)
            return {"main_release": 5} if path.startswith("/masters") else {"id": 5}

    assert discogs._release({"id": 3, "type": "master"}, Requests()) == {"id": 5}
    assert asked == ["/masters/3", "/releases/5"]
