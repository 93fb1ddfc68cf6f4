"""Juno's and Traxsource's search pages, as a catalogue draws them."""

from __future__ import annotations

from collections import defaultdict

from enrich.demo.catalogue.shop import Listing
from enrich.demo.catalogue.wire import Reply, Request, View, as_page, clock, esc, slug

_NBSP = "\xa0"


def juno(view: View, request: Request) -> Reply:
    """A page of release cards; a card holds the release's tracks that were found."""
    if request.path.rstrip("/") != "/search":
        return as_page("<h1>404</h1>", title="Page not found", status=404)
    size = request.number("items_per_page", 50)
    found = view.find(text=request.params.get("q[all][]", ""))
    cards: dict[int, list[Listing]] = defaultdict(list)
    for one in found:
        cards[one.release].append(one)
    if not cards:
        return as_page('<div class="jd-listing"><p>No results found.</p></div>', title="Juno Download")
    body = "".join(_card(tracks) for tracks in list(cards.values())[:size])
    return as_page(f'<div class="jd-listing">{body}</div>', title="Juno Download")


def traxsource(view: View, request: Request) -> Reply:
    """A page of track rows, in one of the layouts seen."""
    if request.path not in ("/search/tracks", "/search"):
        return as_page("<h1>404</h1>", title="Page not found", status=404)
    found = view.find(text=request.params.get("term", ""))[:30]
    header = '<div class="trk-row hdr"><div class="trk-cell title">Title</div></div>'
    rows = "".join(_row(view, one) for one in found)
    return as_page(f'<div id="searchTrackList">{header}{rows}</div>', title="Search | Traxsource")


def _card(tracks: list[Listing]) -> str:
    one = tracks[0]
    credit = "Various Artists" if one.is_compilation else "".join(f"<a>{esc(name)}</a>" for name in one.artists)
    day = f"{one.release_date.day} {one.release_date:%b %y}" if one.release_date else ""
    info = "<br>".join(esc(line) for line in (one.catalog_number, day, "Deep House") if line)
    label = f'<a class="juno-label">{esc(one.label)}</a>' if one.label else ""
    lines = "".join(_line(track) for track in tracks)
    href = f"/products/{slug(one.release_title)}/{one.release}-02/"
    return (
        '<div class="row gutters-sm jd-listing-item" data-ua_location="release">'
        f'<div class="juno-artist">{credit}</div>'
        f'<a class="juno-title" href="{href}">{esc(one.release_title)}</a>'
        f"{label}{label}"
        f'<div class="col text-right"><div class="text-sm">{info}</div></div>'
        f'<div class="jd-listing-tracklist">{lines}</div></div>'
    )


def _line(one: Listing) -> str:
    name = f'{one.artist} - "{one.full_title}"' if one.is_compilation or one.remixer else one.full_title
    time = f" - ({clock(one.duration_ms)})" if one.duration_ms else ""
    return f'<div class="col">{esc(name)}{time}{_NBSP}126{_NBSP}BPM</div>'


def _row(view: View, one: Listing) -> str:
    href = f"/track/{one.number}/{slug(one.full_title)}"
    return (
        f'<div class="trk-row play-trk ptk-{one.number}" data-trid="{one.number}">'
        f'<div class="trk-cell title"><a href="{href}">{esc(one.title)}</a>{_version(one)}</div>'
        f'<div class="trk-cell artists">{_credit(view, one)}</div>'
        f'<div class="trk-cell label">{_label(view, one)}</div>'
        '<div class="trk-cell key-bpm">Gmin<br>126</div>'
        '<div class="trk-cell genre"><a href="/genre/4/house">House</a></div>'
        f'<div class="trk-cell r-date">{_day(one)}</div></div>'
    )


def _version(one: Listing) -> str:
    """Version and duration: as nodes, as one text, or missing, by turns."""
    mix, time = esc(one.mix or "Original Mix"), f"({clock(one.duration_ms)})" if one.duration_ms else ""
    match one.number % 3:
        case 0:
            inner = f'<span class="duration">{time}</span>' if time else ""
            return f' <span class="version">{mix} {inner}</span>'
        case 1:
            return f" {mix} {time}"
        case _:
            return f' <span class="version">{esc(one.mix)} {time}</span>' if one.mix else ""


def _credit(view: View, one: Listing) -> str:
    return ", ".join(
        f'<a class="com-artists" href="/artist/{view.shop.person_number(n)}/{slug(n)}">{esc(n)}</a>'
        for n in one.artists
    )


def _label(view: View, one: Listing) -> str:
    if not one.label:
        return ""
    return f'<a href="/label/{view.shop.label_number(one.label)}/{slug(one.label)}">{esc(one.label)}</a>'


def _day(one: Listing) -> str:
    return f"Pre-order for {one.day}" if one.day and one.number % 11 == 0 else one.day or ""
