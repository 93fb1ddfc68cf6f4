"""Beatport's website: the search page's `__NEXT_DATA__`. Opt-in, slow, one at a time.

The site stands behind a challenge since about May 2026. A challenge is "blocked" and a page without its block is
"changed page"; neither is a miss, and nothing is done to get round them. Queries hold at most one pair of brackets,
because the site refuses more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser as HTMLParser

from enrich.matching.values import Hit, TrackQuery
from enrich.sources.base import Opening, Source, WebSource, read_date, said
from enrich.sources.http import Requests
from enrich.sources.replies import Failed, Reply
from enrich.sources.terms import plausible_hits, search_terms

SITE = "https://www.beatport.com"
_PAGE = 50
_MOST_PAGES = 2
#: Requests a second unless set by hand: half the interface's pace.
_DEFAULT_RATE = 0.5


class BeatportSite(WebSource):
    """Beatport's catalogue through its search page."""

    name = "beatport"
    one_at_a_time = True

    def _find(self, query: TrackQuery, requests: Requests) -> Iterator[Hit]:
        terms = search_terms(query)
        for page in range(1, _MOST_PAGES + 1):
            tracks = requests.get(
                "/search/tracks", {"q": terms.titled, "page": page, "per_page": _PAGE}, read=_tracks, accept="text/html"
            )
            hits = [_hit(track) for track in tracks or []]
            good = plausible_hits(terms, hits)
            yield from good
            if good or len(hits) < _PAGE:
                return


def open_site(opening: Opening, base: str) -> Source:
    """The site at `base`."""
    return BeatportSite.open(opening, rate=opening.rate_by_hand or _DEFAULT_RATE, base=base)


def _tracks(reply: Reply) -> list[dict[str, Any]]:
    """The tracks in a search page.

    Raises:
        Failed: the page has no such block.
    """
    node = HTMLParser(reply.text).css_first("script#__NEXT_DATA__")
    if node is None:
        raise Failed(f"{reply.address}: changed page, no __NEXT_DATA__ (HTTP 200, {len(reply.body)} bytes)")
    queries = json.loads(node.text())["props"]["pageProps"]["dehydratedState"]["queries"]
    for one in queries:
        key = one.get("queryKey") or [""]
        if "search-tracks" in str(key[0]):
            return list(one["state"]["data"]["data"])
    for one in queries:
        data = one.get("state", {}).get("data")
        if isinstance(data, dict) and isinstance(data.get("tracks"), dict):
            return list(data["tracks"]["data"])
    raise Failed(f"{reply.address}: changed page, no search-tracks in __NEXT_DATA__")


def _hit(track: dict[str, Any]) -> Hit:
    people = track.get("artists") or []
    mix = said(track.get("mix_name"))
    title = str(track["track_name"])
    # The name may already end in the mix.
    if mix and title.casefold().endswith(f"({mix})".casefold()):
        title = title[: -len(mix) - 2].strip()
    length_ms = track.get("length")
    return Hit(
        source=BeatportSite.name,
        title=title,
        mix=mix,
        artists=tuple(str(one["artist_name"]) for one in people if one.get("artist_type_name") != "Remixer"),
        remixers=tuple(str(one["artist_name"]) for one in people if one.get("artist_type_name") == "Remixer"),
        label=said((track.get("label") or {}).get("label_name")),
        catalog_number=said(track.get("catalog_number")),
        release_date=read_date(track.get("publish_date")) or read_date(track.get("release_date")),
        duration_ms=int(length_ms) if length_ms else None,
        isrc=said(track.get("isrc")),
        release_title=said((track.get("release") or {}).get("release_name")),
        url=f"https://www.beatport.com/track/-/{track['track_id']}" if track.get("track_id") else None,
    )
