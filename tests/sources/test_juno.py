from __future__ import annotations

from datetime import date

import pytest

from enrich.matching.values import Availability, TrackQuery
from enrich.sources.base import open_sources
from enrich.sources.juno import read_page
from enrich.sources.replies import Failed, Reply


def page(body):
    return Reply("juno: http://x", 200, {"content-type": "text/html"}, f"<html><body>{body}</body></html>".encode())


def card(
    *, artist="<a>Alpha Kid</a>", info="DWR042<br>15 Mar 24<br>Deep House", tracks=("Night Signal - (5:26) 126 BPM",)
):
    lines = "".join(f'<div class="col">{line}</div>' for line in tracks)
    return f"""<div class="row gutters-sm jd-listing-item" data-ua_location="release">
     <div class="juno-artist">{artist}</div>
     <a class="juno-title" href="/products/night-signal/1234567-02/">Night Signal</a>
     <a class="juno-label">Deepwell</a><a class="juno-label">Deepwell</a>
     <div class="col text-right"><div class="text-sm">{info}</div></div>
     <div class="jd-listing-tracklist">{lines}</div></div>"""


def test_a_card():
    (hit,) = read_page(page(card()))

    assert (hit.title, hit.artists, hit.label, hit.catalog_number) == (
        "Night Signal",
        ("Alpha Kid",),
        "Deepwell",
        "DWR042",
    )
    assert (hit.release_date, hit.duration_ms, hit.is_compilation) == (date(2024, 3, 15), 326000, False)


def test_a_number_without_a_day():
    (hit,) = read_page(page(card(info="DWR042<br>Deep House")))

    assert (hit.catalog_number, hit.release_date) == ("DWR042", None)


def test_two_lines_when_the_number_is_missing():
    (hit,) = read_page(page(card(info="15 Mar 24<br>Deep House")))

    assert (hit.catalog_number, hit.release_date) == (None, date(2024, 3, 15))


@pytest.mark.parametrize(
    ("line", "artists", "title", "mix"),
    [
        pytest.param(
            "Night Signal (Beta remix) - (5:26) 126 BPM", ("Alpha Kid",), "Night Signal", "Beta remix", id="mix"
        ),
        pytest.param('Beta - "Day (Edit)" - (5:26)\xa0126\xa0BPM', ("Beta",), "Day", "Edit", id="own-artist-and-nbsp"),
        pytest.param("Night Signal", ("Alpha Kid",), "Night Signal", None, id="no-time"),
        pytest.param("1. Night Signal (Edit) – (5:26)", ("Alpha Kid",), "Night Signal", "Edit", id="number-and-dash"),
        pytest.param("Night Signal (Edit) - 5:26 126 BPM", ("Alpha Kid",), "Night Signal", "Edit", id="bare-time"),
        pytest.param('Beta - "Day" (Edit) - (5:26)', ("Beta",), "Day", "Edit", id="mix-behind-quotes"),
    ],
)
def test_track_lines(line, artists, title, mix):
    (hit,) = read_page(page(card(tracks=(line,))))

    assert (hit.artists, hit.title, hit.mix) == (artists, title, mix)


@pytest.mark.parametrize(
    "written",
    ["15 March 24", "15 Mar 2024", "15 Mar, 24", "2024-03-15", "3/15/2024", "15&nbsp;Mar&nbsp;24", "Mar 15, 2024",
     "15/03/2024", "15th March 2024", "Fri 15 Mar 2024", "15.03.24", "15-Mar-2024", "Released: 15 Mar 24"],
)  # fmt: skip
def test_days_in_other_forms(written):
    (hit,) = read_page(page(card(info=f"DWR042<br>{written}<br>Deep House")))

    assert (hit.catalog_number, hit.release_date) == ("DWR042", date(2024, 3, 15))


@pytest.mark.parametrize("artist", ["Various Artists", "VARIOUS", "VA", "V/A", "Various artists (DJ Gamma)"])
def test_various_artists_in_plain_text_are_a_compilation(artist):
    (hit,) = read_page(page(card(artist=artist, tracks=('Beta - "Day" - (5:26)',))))

    assert (hit.is_compilation, hit.artists) == (True, ("Beta",))


def test_nothing_found_and_another_page_are_told_apart():
    assert read_page(page('<div class="jd-listing"></div>')) == []
    assert read_page(page("<p>Your search did not match any products</p>")) == []
    with pytest.raises(Failed, match="changed page"):
        read_page(page("<h1>We have closed</h1>"))


@pytest.mark.parametrize("sources", [None, ("juno",)])
def test_it_is_closed(settings, sources):
    juno = next(s for s in open_sources(settings.model_copy(update={"sources": sources})) if s.name == "juno")

    answer = juno.search(TrackQuery(track_id="1", artist="a", title="b"))

    assert (answer.availability, answer.reason) == (
        Availability.CLOSED,
        "source closed: Juno Download shut on 1 June 2026",
    )


def test_an_archive_can_be_read(open_one, night_signal, catalogue):
    hits = open_one("juno").search(night_signal).hits

    assert ("Extended Mix", "Deepwell", "DWR042") in {(hit.mix, hit.label, hit.catalog_number) for hit in hits}
    assert {hit.label: hit.is_compilation for hit in hits}["Summer Hits"]
    assert catalogue.log[0].params == {
        "q[all][]": "Alpha Kid Night Signal", "solrorder": "relevancy", "items_per_page": "50",
    }  # fmt: skip


@pytest.mark.parametrize("written", ["03/14/2019", "2019-03-14", "Mar 14, 2019", "14 Mar 19"])
@pytest.mark.parametrize("between", [" / ", "<br>"])
def test_days_in_the_layout_of_tracks(written, between):
    beside = between.join([written, "5:38", "124 BPM"])
    card = '<div class="jd-listing-item-track"><a class="juno-title">Set It Off</a>'

    (hit,) = read_page(
        page(f"{card}<b class=juno-label>Deepwell £1.29</b><div class=lit-date-length-tempo>{beside}</div></div>")
    )

    assert (hit.label, hit.release_date, hit.duration_ms) == ("Deepwell", date(2019, 3, 14), 338_000)


@pytest.mark.parametrize(
    ("artist", "title", "expected"),
    [
        pytest.param("Selda", "Set It Off (Beta remix)", ("Set It Off", "Beta remix", ("Selda",), False), id="a-track"),
        pytest.param("Selda", "“Set It Off”", ("Set It Off", None, ("Selda",), False), id="in-quotes"),
        pytest.param("Various", "Set It Off", ("Set It Off", None, (), True), id="various"),
    ],
)
def test_the_layout_of_tracks(artist, title, expected):
    card = (
        f'<div class="jd-listing-item-track"><div class="juno-artist">{artist}</div>'
        f'<a class="juno-title" href="/products/x/">{title}</a><a class="juno-label">Deepwell</a>'
        '<div class="lit-date-length-tempo">15 Sept 25 / 5:38 / 124 BPM</div></div>'
    )

    (hit,) = read_page(page(card))

    assert (hit.title, hit.mix, hit.artists, hit.is_compilation) == expected
    assert (hit.label, str(hit.release_date), hit.duration_ms) == ("Deepwell", "2025-09-15", 338_000)
