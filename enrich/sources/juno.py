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
from enrich.sources.reading import absolute, clean_text, label_in, nothing_found, read_clock, read_day, texts, various
from enrich.sources.replies import Failed, Reply
from enrich.sources.terms import plausible_hits, search_terms
from enrich.text.versions import split_version

_NUMBER = re.compile(r"^(?=.*\d)[A-Z0-9][A-Z0-9 ./_-]*$")
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
    cards, tracks = page.css("div.jd-listing-item"), page.css("div.jd-listing-item-track")
    hits = [hit for card in cards for hit in _hits(card)] + list(filter(None, map(_track, tracks)))
    if not hits and (cards or tracks or not (page.css("div.jd-listing, .jd-listing-container") or nothing_found(page))):
        raise Failed(f"{reply.address}: changed page, no listing (HTTP 200, {len(reply.body)} bytes)")
    return hits


def _track(card: Node) -> Hit | None:
    """A card of the other layout, one track each: `5:38 / 124 BPM` beside it, no number, seldom a day."""
    heading = card.css_first("a.juno-title")
    if heading is None or (text := clean_text(heading.text())) is None:
        return None
    title, mix = split_version(text)
    artists = _artists(card)
    beside = card.css_first("div.lit-date-length-tempo")
    said = [one.strip() for one in re.split(r"\s/\s|\n", beside.text(separator="\n"))] if beside is not None else []
    return Hit(
        source=Juno.name,
        title=title.strip('"“”'),
        mix=mix,
        artists=() if various(artists) else tuple(artists),
        label=label_in(card, ".juno-label"),
        release_date=next(filter(None, map(read_day, said)), None),
        duration_ms=next(filter(None, map(read_clock, said)), None),
        is_compilation=various(artists),
        url=absolute(heading.attributes.get("href"), _SITE),
    )


def _hits(card: Node) -> Iterator[Hit]:
    heading = card.css_first("a.juno-title")
    release = clean_text(heading.text()) if heading is not None else None
    artists = _artists(card)
    # Responsive copies repeat the label; the first is enough.
    is_compilation, label = various(artists), label_in(card, ".juno-label")
    catalog_number, day = _info(card)
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
    return list(dict.fromkeys(texts(card, "div.juno-artist a") or texts(card, "div.juno-artist")))


def _info(card: Node) -> tuple[str | None, date | None]:
    """Catalogue number and day: the lines before and at the date; either may be missing."""
    cells = (cell.text(separator="\n") for cell in card.css("div.text-right div.text-sm")[:1])
    lines = [line for cell in cells for part in cell.split("\n") if (line := clean_text(part))]
    # The day is the last that reads as one: a number may look like a day, a genre never does.
    place = max((place for place, line in enumerate(lines) if read_day(line)), default=None)
    if place is None:
        return next(filter(_NUMBER.match, lines), None), None
    return (lines[place - 1] if place else None), read_day(lines[place])
