"""Juno Download, which closed on 1 June 2026: off, unless ENRICH_JUNO_URL names an archive of its search pages.
A page holds releases, each with its tracks, or tracks alone; a track becomes a hit.
"""

import re
from collections.abc import Iterator
from datetime import date

from selectolax.lexbor import LexborHTMLParser as HTMLParser
from selectolax.lexbor import LexborNode as Node

from enrich.matching.values import Hit, TrackQuery
from enrich.sources.base import ClosedSource, Source, SourceOptions, WebSource
from enrich.sources.http import Requests
from enrich.sources.reading import absolute, clean_text, nothing_found, read_clock, read_day, texts
from enrich.sources.replies import Failed, Reply
from enrich.sources.terms import plausible_hits, search_terms
from enrich.text.versions import split_version

_DATE = re.compile(r"^(?:\d{1,2} [A-Z][a-z]{2,8},? \d{2}(?:\d\d)?|\d{4}-\d\d-\d\d|\d{1,2}/\d{1,2}/\d{4})$")
_TIMED = re.compile(r"^(?P<name>.*?)\s*[-–]\s*\(?(?P<time>\d{1,2}:\d{2}(?::\d{2})?)(?:\)|\s|$)")
_QUOTED = re.compile(r'^(?P<artist>.+?)\s+-\s+["“](?P<title>.+)["”](?P<mix>\s*\([^()]*\))?$')
_SITE = "https://www.junodownload.com"


class Juno(WebSource):
    """Juno Download's search pages, as an archive serves them."""

    name = "juno"
    one_at_a_time = True

    def _find(self, query: TrackQuery, requests: Requests) -> Iterator[Hit]:
        terms = search_terms(query)
        asked: dict[str, str | int] = {"q[all][]": terms.text, "solrorder": "relevancy", "items_per_page": 50}
        yield from plausible_hits(terms, requests.get("/search/", asked, read=read_page, accept="text/html") or [])


def open_source(options: SourceOptions) -> Source:
    """An archive where one was named, else closed."""
    if options.is_default_url or not options.is_named:
        return ClosedSource(options.name, "source closed: Juno Download shut on 1 June 2026")
    return Juno.open(options, rate=options.rate or 1.0)


def read_page(reply: Reply) -> list[Hit]:
    """The tracks on a search page, release by release, in its order; raises `Failed` where it is none."""
    page = HTMLParser(reply.text)
    cards = page.css("div.jd-listing-item")
    tracks = page.css("div.jd-listing-item-track")
    is_listing = cards or tracks or page.css_first("div.jd-listing, .jd-listing-container") is not None
    if not is_listing and not nothing_found(page):
        raise Failed(f"{reply.address}: changed page, no listing (HTTP 200, {len(reply.body)} bytes)")
    return [hit for card in cards for hit in _hits(card)] + list(filter(None, map(_track, tracks)))


def _track(card: Node) -> Hit | None:
    """A card of the other layout, one track each: `5:38 / 124 BPM` beside it, no number, seldom a day."""
    heading = card.css_first("a.juno-title")
    text = clean_text(heading.text()) if heading is not None else None
    if heading is None or text is None:
        return None
    title, mix = split_version(text)
    artists = _artists(card)
    beside = card.css_first("div.lit-date-length-tempo")
    said = [one.strip() for one in re.split(r"[/\n]", beside.text(separator="\n"))] if beside is not None else []
    return Hit(
        source=Juno.name,
        title=title.strip('"“”'),
        mix=mix,
        artists=() if _are_various(artists) else tuple(artists),
        label=next(iter(texts(card, "a.juno-label")), None),
        release_date=next((read_day(one) for one in said if _DATE.match(one)), None),
        duration_ms=next(filter(None, map(read_clock, said)), None),
        is_compilation=_are_various(artists),
        url=absolute(heading.attributes.get("href"), _SITE),
    )


def _hits(card: Node) -> Iterator[Hit]:
    heading = card.css_first("a.juno-title")
    release = clean_text(heading.text()) if heading is not None else None
    artists = _artists(card)
    is_compilation = _are_various(artists)
    catalog_number, day = _info(card)
    # Responsive copies repeat the label; the first is enough.
    label = next(iter(texts(card, "a.juno-label")), None)
    for node in card.css("div.jd-listing-tracklist div.col"):
        text = re.sub(r"^\d{1,2}\.\s+", "", " ".join(node.text(separator=" ").replace("\xa0", " ").split()))
        match = _TIMED.match(text)
        name = match["name"].strip() if match else re.sub(r"\s*\d+\s*BPM$", "", text).strip(" -")
        quoted = _QUOTED.match(name)
        title = quoted["title"] + (quoted["mix"] or "") if quoted else name.strip('"“”')
        if not title:
            continue
        title, mix = split_version(title)
        yield Hit(
            source=Juno.name,
            title=title,
            mix=mix,
            artists=(quoted["artist"],) if quoted else (() if is_compilation else tuple(artists)),
            label=label,
            catalog_number=catalog_number,
            release_date=day,
            duration_ms=read_clock(match["time"]) if match else None,
            release_title=release,
            is_compilation=is_compilation,
            url=absolute(heading.attributes.get("href"), _SITE) if heading is not None else None,
        )


def _artists(card: Node) -> list[str]:
    cell = card.css_first("div.juno-artist")
    if cell is None:
        return []
    plain = clean_text(cell.text())
    return list(dict.fromkeys(texts(cell, "a"))) or ([plain] if plain else [])


def _are_various(artists: list[str]) -> bool:
    return any(name.casefold() in {"various", "various artists"} for name in artists)


def _info(card: Node) -> tuple[str | None, date | None]:
    """Catalogue number and day: the lines before and at the date; the number may be missing."""
    cell = card.css_first("div.col.text-right div.text-sm") or card.css_first("div.text-right div.text-sm")
    if cell is None:
        return None, None
    lines = [line for part in cell.text(separator="\n").split("\n") if (line := clean_text(part.replace("\xa0", " ")))]
    place = next((place for place, line in enumerate(lines) if _DATE.match(line)), None)
    if place is None:
        return None, None
    return (lines[place - 1] if place else None), read_day(lines[place])
