from __future__ import annotations

from datetime import date

import pytest

from enrich.demo.catalogue.misbehaving import Misbehaviour
from enrich.matching.values import Availability, TrackQuery
from enrich.sources.deezer import _hit
from enrich.sources.reading import as_hits


@pytest.fixture
def deezer(open_one):
    return open_one("deezer")


def test_the_label_comes_from_the_album(deezer, night_signal, catalogue):
    answer = deezer.search(night_signal)

    assert answer.availability is Availability.OK
    best = answer.hits[0]
    assert (best.title, best.mix, best.artists, best.label) == (
        "Night Signal",
        "Extended Mix",
        ("Alpha Kid",),
        "Deepwell",
    )
    assert (best.duration_ms, best.release_date, best.is_compilation) == (326000, date(2024, 3, 15), False)
    assert sorted(one.path for one in catalogue.log) == ["/album/1", "/album/2", "/album/3", "/search"]
    assert catalogue.log[0].params["q"] == 'artist:"Alpha Kid" track:"Night Signal"'


def test_compilations_say_so(deezer, night_signal):
    flags = {hit.release_title: hit.is_compilation for hit in deezer.search(night_signal).hits}

    assert flags == {"Night Signal": False, "Summer 25": True}


def test_by_isrc(deezer, catalogue):
    query = TrackQuery(track_id="1", artist="Alpha Kid", title="misspelt altogether", isrc="GB-XXX-24-00002")

    (hit,) = deezer.search(query).hits

    assert (hit.label, hit.mix, hit.isrc) == ("Northgate", "Beta Remix", "GBXXX2400002")
    assert [one.path for one in catalogue.log] == ["/track/isrc:GBXXX2400002", "/album/2"]


def test_an_unknown_isrc_falls_back_to_the_search(deezer, night_signal, catalogue):
    query = TrackQuery(track_id="1", artist="Alpha Kid", title="Night Signal", isrc="USABC9900001")

    assert deezer.search(query).hits
    assert catalogue.log[0].path == "/track/isrc:USABC9900001"


def test_a_miss_is_ok_without_hits(deezer, nothing):
    answer = deezer.search(nothing)

    assert (answer.availability, answer.hits, answer.reason) == (Availability.OK, (), None)


@pytest.mark.parametrize("kind", ["quota", "busy"])
def test_errors_that_say_200_are_waited_out(deezer, night_signal, catalogue, kind):
    catalogue.misbehave("deezer", Misbehaviour(kind=kind, requests=2))

    assert deezer.search(night_signal).hits[0].label == "Deepwell"


@pytest.mark.parametrize("kind", ["quota", "busy"])
def test_errors_that_last_are_down_and_not_kept(deezer, night_signal, catalogue, kind):
    catalogue.misbehave("deezer", kind)
    answer = deezer.search(night_signal)
    assert (answer.availability, answer.hits) == (Availability.DOWN, ())

    catalogue.misbehave("deezer", None)
    assert not deezer.search(night_signal).from_cache


def test_no_label_is_none(deezer, night_signal, catalogue):
    catalogue.misbehave("deezer", "no_label")

    assert {hit.label for hit in deezer.search(night_signal).hits} == {None}


def test_the_second_page_is_read_when_the_first_has_nothing(open_one, night_signal, big_catalogue):
    big_catalogue.misbehave("deezer", "two_pages")

    answer = open_one("deezer", at=big_catalogue).search(night_signal)

    assert answer.hits[0].label == "Deepwell"
    assert [one.params["index"] for one in big_catalogue.log if one.path == "/search"] == ["0", "25"]


@pytest.mark.parametrize(
    ("fields", "title", "mix"),
    [
        pytest.param({"title_version": "(Beta Remix)"}, "Night", "Beta Remix", id="version"),
        pytest.param({"title_version": ""}, "Night (Beta Remix)", None, id="none"),
        pytest.param({}, "Night (Beta Remix)", None, id="missing"),
        pytest.param({"title_version": "(feat. C)"}, "Night (Beta Remix)", None, id="guest"),
    ],
)
def test_titles_and_versions(fields, title, mix):
    track = {
        "id": 1,
        "title": "Night (Beta Remix)",
        "title_short": "Night",
        "duration": 0,
        "artist": {"name": "A"},
        **fields,
    }
    album = {"label": " Deep  well ", "release_date": "0000-00-00", "record_type": "ep", "title": "Night"}

    (hit,) = as_hits([_hit(track, album)])

    assert (hit.title, hit.mix, hit.label, hit.release_date, hit.duration_ms) == (title, mix, "Deep well", None, None)
