from __future__ import annotations

from datetime import date

import pytest

from enrich.matching.values import Availability, TrackQuery
from enrich.sources.base import ClosedSource, open_sources
from enrich.sources.replies import Failed, Reply
from enrich.sources.traxsource import read_page


def page(body):
    return Reply(
        "traxsource: http://x", 200, {"content-type": "text/html"}, f"<html><body>{body}</body></html>".encode()
    )


def row(title_cell, *, label='<a href="/label/77/deepwell">Deepwell</a>', date_cell="2024-03-15"):
    return f"""<div class="trk-row play-trk ptk-9000001" data-trid="9000001">
     <div class="trk-cell title">{title_cell}</div>
     <div class="trk-cell artists"><a class="com-artists" href="/artist/1/alpha-kid">Alpha Kid</a></div>
     <div class="trk-cell label">{label}</div>
     <div class="trk-cell key-bpm">Gmin<br>126</div><div class="trk-cell r-date">{date_cell}</div></div>"""


LINK = '<a href="/track/9000001/night-signal-extended-mix">Night Signal</a>'


@pytest.mark.parametrize(
    ("cell", "mix", "duration_ms"),
    [
        pytest.param(
            f'{LINK}<span class="version">Extended Mix <span class="duration">(5:26)</span></span>',
            "Extended Mix", 326000, id="nodes",
        ),
        pytest.param(f"{LINK} Extended Mix (5:26)", "Extended Mix", 326000, id="one-text"),
        pytest.param(f"{LINK}<span>Extended Mix</span><span>(1:05:26)</span>", "Extended Mix", 3926000, id="an-hour"),
        pytest.param(f"{LINK} <span>Beta's Night Mix</span>", "Beta's Night Mix", None, id="no-duration"),
        pytest.param(f"{LINK} (5:26)", None, 326000, id="no-version"),
        pytest.param(f"{LINK} feat. Cara (5:26)", None, 326000, id="guest"),
        pytest.param(f"{LINK} feat. Cara - Beta Remix (5:26)", "Beta Remix", 326000, id="guest-and-version"),
        pytest.param(f"{LINK} (feat. Cara) Beta Remix", "Beta Remix", None, id="guest-in-brackets"),
        pytest.param(f"{LINK} feat. Cara (Beta Remix)", "Beta Remix", None, id="version-in-brackets"),
        pytest.param(f"{LINK} Beta Dub (Part 2) (5:26)", "Beta Dub (Part 2)", 326000, id="brackets-of-its-own"),
        pytest.param(LINK, None, None, id="neither"),
    ],
)  # fmt: skip
def test_every_layout_of_a_title(cell, mix, duration_ms):
    (hit,) = read_page(page(row(cell)))

    assert (hit.title, hit.mix, hit.duration_ms) == ("Night Signal", mix, duration_ms)
    assert (hit.artists, hit.label, hit.release_date) == (("Alpha Kid",), "Deepwell", date(2024, 3, 15))
    assert hit.url == "https://www.traxsource.com/track/9000001/night-signal-extended-mix"


@pytest.mark.parametrize(
    ("cell", "label"),
    [
        pytest.param("<a>Deepwell</a><b>$1.99</b>", "Deepwell", id="beside"),
        pytest.param("<a>Deepwell <b>$1.99</b></a>", "Deepwell", id="within"),
        pytest.param("Deepwell €1,49", "Deepwell", id="text"),
        pytest.param("Deepwell USD 1.49", "Deepwell", id="currency"),
        pytest.param("1,49 €", None, id="alone"),
        pytest.param("–", None, id="dash"),
        pytest.param("<a>$ign Records</a>", "$ign Records", id="dollar"),
        pytest.param("<a>99 Cents</a>", "99 Cents", id="figures"),
        pytest.param("<a>Studio 54</a>", "Studio 54", id="number"),
    ],
)
def test_a_price_is_no_label(cell, label):
    (hit,) = read_page(page(row(LINK, label=cell)))

    assert hit.label == label


def test_rows_are_read_with_or_without_their_list_and_headers_skipped():
    rows = '<div class="trk-row hdr"><div class="trk-cell title">Title</div></div>' + row(LINK)

    assert len(read_page(page(rows))) == len(read_page(page(f'<div id="searchTrackList">{rows}</div>'))) == 1


def test_names_need_no_links():
    cell = row(LINK, label="Deepwell").replace(
        '<a class="com-artists" href="/artist/1/alpha-kid">Alpha Kid</a>', "Alpha Kid"
    )

    (hit,) = read_page(page(cell))

    assert (hit.artists, hit.label) == (("Alpha Kid",), "Deepwell")


def test_cells_may_be_empty():
    (hit,) = read_page(page(row(LINK, label="", date_cell="")))
    assert (hit.label, hit.release_date) == (None, None)

    (hit,) = read_page(page(row(LINK, date_cell="Pre-order for 2026-12-01")))
    assert hit.release_date == date(2026, 12, 1)


@pytest.mark.parametrize(
    "written",
    ["15 Mar 2024", "Mar 15, 2024", "15-Mar-24", "2024/03/15", "15.03.2024", "2024-03-15 Pre-order", "03/15/2024"],
)
def test_days_in_other_forms(written):
    (hit,) = read_page(page(row(LINK, date_cell=written)))

    assert hit.release_date == date(2024, 3, 15)


@pytest.mark.parametrize(
    "change",
    [("div", "section"), ("/track/9000001", "https://www.traxsource.com/track/9000001"), ("/track/", "/title/")],
)
def test_rows_of_other_elements_and_links(change):
    (hit,) = read_page(page(row(f"{LINK} Extended Mix (5:26)").replace(*change)))

    assert (hit.title, hit.mix, hit.artists, hit.label) == ("Night Signal", "Extended Mix", ("Alpha Kid",), "Deepwell")


@pytest.mark.parametrize(
    "body",
    ['<div id="searchTrackList"></div>', "No results found", "0 tracks found", "Your search returned 0 items",
     "Nothing matched your search", "We couldn’t find any tracks", "Your search did not return any results",
     "No match found", "Sorry, nothing was found", "zero results"],
)  # fmt: skip
def test_an_empty_list_is_a_miss(body):
    assert read_page(page(f"<p>{body}</p>")) == []


@pytest.mark.parametrize(
    "body", ["Welcome", "0 items in your basket", "Not found", "We couldn't find the page", "100 results"]
)
def test_another_page_is_no_miss(body):
    with pytest.raises(Failed, match="changed page"):
        read_page(page(f"<h1>{body}</h1>"))


def test_against_the_catalogue(open_one, night_signal, catalogue):
    hits = open_one("traxsource").search(night_signal).hits

    assert {(hit.mix, hit.label) for hit in hits} >= {("Extended Mix", "Deepwell"), ("Beta Remix", "Northgate")}
    assert (catalogue.log[0].path, catalogue.log[0].params) == ("/search/tracks", {"term": "Alpha Kid Night Signal"})


def test_502_is_a_ban_and_left_alone(open_one, night_signal, nothing, catalogue):
    catalogue.misbehave("traxsource", "ban_502")
    traxsource = open_one("traxsource")

    first, second = traxsource.search(night_signal), traxsource.search(nothing)

    assert (first.availability, second.availability) == (Availability.BLOCKED, Availability.BLOCKED)
    assert catalogue.count() == 1


def test_it_is_asked_one_at_a_time_and_only_when_named(open_one, settings):
    assert open_one("traxsource").workers == 1

    off = next(source for source in open_sources(settings) if source.name == "traxsource")
    assert isinstance(off, ClosedSource)
    answer = off.search(TrackQuery(track_id="1", title="x"))
    assert (answer.availability, "ENRICH_SOURCES" in answer.reason) == (Availability.CLOSED, True)
