"""Traxsource's search page. Opt-in, one request at a time: quick callers are banned by 502 for a while ("blocked").
Rows are read whatever surrounds them, for layouts differ.
"""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser as HTMLParser
from selectolax.lexbor import LexborNode as Node

from enrich.matching.values import Hit, TrackQuery
from enrich.sources.base import ClosedSource, Source, SourceOptions, WebSource
from enrich.sources.http import Requests
from enrich.sources.reading import absolute, clean_text, label_in, nothing_found, read_clock, read_day, texts
from enrich.sources.replies import Failed, Reply
from enrich.sources.terms import plausible_hits, search_terms
from enrich.text.versions import GUEST

_DURATION = re.compile(r"\(?\b(\d{1,2}:\d{2}(?::\d{2})?)\)?\s*$")
_REMIXED_BY = re.compile(r"^(.+?)\s+(?:re-?mix|rmx)$", re.IGNORECASE)
# A guest before the version, or without one: `feat. Cara (Beta Remix)`.
_BY_GUEST = re.compile(rf"^\(?{GUEST}\s[^()]*?(?:\s[-–]\s|(?=\()|\)|$)", re.IGNORECASE)
_LISTING = "#searchTrackList, .trk-row.hdr, div.search-list-cont"


class Traxsource(WebSource):
    """Traxsource's track search."""

    name = "traxsource"
    one_at_a_time = True

    def _find(self, query: TrackQuery, requests: Requests) -> Iterator[Hit]:
        terms = search_terms(query)
        hits = requests.get("/search/tracks", {"term": terms.text}, read=read_page, accept="text/html") or []
        yield from plausible_hits(terms, hits)


def open_source(options: SourceOptions) -> Source:
    """Traxsource, where it was switched on."""
    if not options.is_named:
        return ClosedSource(options.name, "source off: name traxsource in ENRICH_SOURCES to read its pages")
    return Traxsource.open(options, rate=options.rate or 0.5, bans=(502,))


def read_page(reply: Reply) -> list[Hit]:
    """The tracks on a search page, in its order; raises `Failed` where it is none."""
    page = HTMLParser(reply.text)
    rows = [row for row in page.css(".trk-row") if "hdr" not in (row.attributes.get("class") or "").split()]
    hits = list(filter(None, map(_hit, rows)))
    if not hits and (rows or (page.css_first(_LISTING) is None and not nothing_found(page))):
        raise Failed(f"{reply.address}: changed page, no track list (HTTP 200, {len(reply.body)} bytes)")
    return hits


def _hit(row: Node) -> Hit | None:
    cell = row.css_first(".trk-cell.title")
    link = cell and (cell.css_first('a[href*="/track/"]') or cell.css_first("a"))
    if cell is None or link is None or (title := clean_text(link.text())) is None:
        return None
    mix, duration_ms = _version(cell, link)
    artists = next(filter(None, (texts(row, f".trk-cell.artists{who}") for who in (" a.com-artists", " a", ""))), [])
    remixers = texts(row, ".trk-cell.artists a.com-remixers")
    remixer = _REMIXED_BY.match(mix or "")
    return Hit(
        source=Traxsource.name,
        title=title,
        mix=mix,
        artists=tuple(name for name in artists if name not in remixers) or tuple(artists),
        remixers=tuple(remixers) or ((remixer[1],) if remixer else ()),
        label=label_in(row, ".trk-cell.label a") or label_in(row, ".trk-cell.label"),
        release_date=read_day(" ".join(texts(row, ".trk-cell.r-date"))),
        duration_ms=duration_ms,
        url=absolute(link.attributes.get("href"), "https://www.traxsource.com"),
    )


def _version(cell: Node, link: Node) -> tuple[str | None, int | None]:
    """What stands beside the linked title: version, and a duration at its end."""
    whole, linked = (" ".join(node.text(separator=" ").split()) for node in (cell, link))
    beside = whole.replace(linked, "", 1).strip()
    match = _DURATION.search(beside)
    duration_ms = read_clock(match[1]) if match else None
    version = _BY_GUEST.sub("", (beside[: match.start()] if match else beside).strip(" -–")).strip(" -–")
    return clean_text(re.sub(r"^\(([^()]*)\)$", r"\1", version)), duration_ms
