from __future__ import annotations

from datetime import date

import pytest

from enrich.demo.catalogue.misbehaving import Misbehaviour
from enrich.matching.values import Availability, TrackQuery
from enrich.sources import musicbrainz as module
from enrich.sources.terms import search_terms


@pytest.fixture
def musicbrainz(open_one):
    return open_one("musicbrainz")


def test_two_steps(musicbrainz, night_signal, catalogue):
    answer = musicbrainz.search(night_signal)

    best = answer.hits[0]
    assert (best.title, best.mix, best.artists, best.label) == (
        "Night Signal",
        "extended mix",
        ("Alpha Kid",),
        "Deepwell",
    )
    assert (best.catalog_number, best.duration_ms, best.is_official) == ("DWR042", 326000, True)
    first, second = catalogue.log[0], catalogue.log[1]
    assert first.path == "/recording"
    assert first.params["query"].startswith('recording:"Night Signal" AND (artist:"Alpha Kid"')
    assert second.path == "/release"
    assert second.params["inc"] == "labels release-groups media artist-credits"
    assert "tests@example.org" in first.user_agent


def test_compilations_are_flagged(musicbrainz, night_signal):
    flags = {hit.label: hit.is_compilation for hit in musicbrainz.search(night_signal).hits}

    assert flags == {"Deepwell": False, "Summer Hits": True}


def test_no_label_is_none(musicbrainz):
    (hit,) = musicbrainz.search(TrackQuery(track_id="1", artist="Gamma & Delta", title="Day Break")).hits

    assert hit.label is None
    assert hit.catalog_number is None


def test_the_query_is_escaped(musicbrainz, catalogue):
    answer = musicbrainz.search(TrackQuery(track_id="1", artist="T78", title="Acid: Lollipop!"))

    assert catalogue.log[0].params["query"].startswith(r'recording:"Acid\: Lollipop\!"')
    assert answer.hits[0].label == "Autektone"


def test_by_isrc(musicbrainz, catalogue):
    answer = musicbrainz.search(TrackQuery(track_id="1", title="x", isrc="GBXXX2400002"))

    assert [hit.label for hit in answer.hits] == ["Northgate"]
    assert catalogue.log[0].path == "/isrc/GBXXX2400002"
    assert catalogue.log[0].params["inc"] == "artist-credits isrcs"


def test_an_unknown_isrc_is_searched_by_name(musicbrainz, catalogue):
    query = TrackQuery(track_id="1", artist="Alpha Kid", title="Night Signal", isrc="USABC9900001")

    assert musicbrainz.search(query).hits
    assert (catalogue.log[0].status, catalogue.log[1].path) == (404, "/recording")


def test_all_releases_are_read_however_short_the_pages(musicbrainz, night_signal, catalogue):
    catalogue.misbehave("musicbrainz", "two_pages")

    labels = {hit.label for hit in musicbrainz.search(night_signal).hits}

    assert {"Deepwell", "Summer Hits"} <= labels
    assert {"0", "1"} <= {one.params["offset"] for one in catalogue.log if one.path == "/release"}


def test_the_wanted_version_is_asked_first(musicbrainz, catalogue):
    hits = musicbrainz.search(TrackQuery(track_id="1", artist="Alpha Kid", title="Night Signal (Beta Remix)")).hits

    assert hits[0].label == "Northgate"


@pytest.mark.parametrize("kind", ["busy_503", "busy_503_all"])
def test_both_kinds_of_503_are_waited_out(musicbrainz, night_signal, catalogue, kind):
    catalogue.misbehave("musicbrainz", Misbehaviour(kind=kind, requests=2))

    assert musicbrainz.search(night_signal).hits[0].label == "Deepwell"


@pytest.mark.parametrize("kind", ["busy_503", "busy_503_all"])
def test_both_kinds_of_503_are_down_when_they_last(musicbrainz, night_signal, catalogue, kind):
    catalogue.misbehave("musicbrainz", kind)

    answer = musicbrainz.search(night_signal)

    assert answer.availability is Availability.DOWN
    assert "HTTP 503" in answer.reason


TERMS = search_terms(TrackQuery(track_id="1", title="Night Signal", artist="Alpha Kid"))
RECORDING = {"id": "r", "title": "Night Signal (feat. C)", "length": None, "artist-credit": [{"name": "Alpha Kid"}]}


def release(**fields):
    return {"id": "rel", "title": "Night Signal", "status": "Official", "date": "2024", "label-info": [], **fields}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({}, [(None, None, False, True)], id="no-label-info"),
        pytest.param(
            {"label-info": [{"catalog-number": None, "label": None}]}, [(None, None, False, True)], id="null-label"
        ),
        pytest.param(
            {"label-info": [{"catalog-number": "[none]", "label": {"id": "x", "name": "[no label]"}}]},
            [(None, None, False, True)],
            id="no-label-by-name",
        ),
        pytest.param(
            {
                "label-info": [
                    {"catalog-number": "A1", "label": {"name": "A"}},
                    {"catalog-number": "", "label": {"name": "B"}},
                ]
            },
            [("A", "A1", False, True), ("B", None, False, True)],
            id="all-label-infos",
        ),
        pytest.param({"release-group": {"secondary-types": ["DJ-mix"]}}, [(None, None, True, True)], id="dj-mix"),
        pytest.param(
            {"artist-credit": [{"artist": {"id": "89ad4ac3-39f7-470e-963a-56509c546377"}}]},
            [(None, None, True, True)],
            id="various-artists",
        ),
        pytest.param({"status": "Promotion"}, [(None, None, False, False)], id="promo"),
        pytest.param({"status": None}, [(None, None, False, True)], id="status-unknown"),
    ],
)
def test_what_a_release_says(fields, expected):
    hits = list(module._hits(module._take(TERMS, RECORDING, []), release(**fields)))

    assert [(hit.label, hit.catalog_number, hit.is_compilation, hit.is_official) for hit in hits] == expected
    assert {(hit.title, hit.mix) for hit in hits} == {("Night Signal (feat. C)", None)}


def test_various_artists_known_from_the_search_alone():
    recording = {
        **RECORDING,
        "releases": [{"id": "rel", "artist-credit": [{"artist": {"id": "89ad4ac3-39f7-470e-963a-56509c546377"}}]}],
    }

    assert [hit.is_compilation for hit in module._hits(module._take(TERMS, recording, []), release())] == [True]


def test_what_an_artist_released_within_some_days(musicbrainz, catalogue):
    def asked(*days):
        query = TrackQuery(track_id="1", artist="Alpha Kid", title="", released=days)
        answer = musicbrainz.search(query)
        assert answer.availability is Availability.OK
        return {(hit.title, hit.release_date) for hit in answer.hits}

    every = asked(date(1990, 1, 1), date(2030, 1, 1))
    assert "Night Signal" in {title for title, _ in every}
    first = min(day for _, day in every)
    assert asked(first, first) == {one for one in every if one[1] == first}
    assert asked(date(1990, 1, 1), date(1990, 2, 1)) == set()
    query = catalogue.log[0].params["query"]
    assert query.startswith('(artist:"Alpha Kid"')
    assert query.endswith("AND firstreleasedate:[1990-01-01 TO 2030-01-01]")


def test_a_source_that_cannot_list_new_releases_is_not_asked_for_them(open_one, catalogue):
    query = TrackQuery(track_id="1", artist="Alpha Kid", title="", released=(date(1990, 1, 1), date(2030, 1, 1)))
    assert open_one("beatport").search(query).hits == ()
    assert catalogue.log == []
