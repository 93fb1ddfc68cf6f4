"""A track as Beatport's interface writes it, and its website: the search page's `__NEXT_DATA__`.

The site is opt-in, slow, asked one at a time, one pair of brackets a query.

A challenge (since about May 2026) is "blocked" and a page without its block "changed page"; neither is a miss, and
nothing is done to get round them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser as HTMLParser

from enrich.matching.values import Hit, TrackQuery
from enrich.sources.base import Source, SourceOptions, WebSource
from enrich.sources.http import Requests
from enrich.sources.reading import as_hits, clean_text, listed, parsed, part, read_clock, read_date
from enrich.sources.replies import Failed, Reply
from enrich.sources.terms import plausible_hits, search_terms

SITE = "https://www.beatport.com"
_PAGE = 50
_MOST_PAGES = 2
#: Requests a second unless set by hand: half the interface's pace.
_DEFAULT_RATE = 0.5
#: Where a track has its day, the release's own first; published is when the shop put it up.
_DAYS = ("new_release_date", "release_date", "publish_date")


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
            hits = as_hits(tracks or [])
            good = plausible_hits(terms, hits)
            yield from good
            if good or len(hits) < _PAGE:
                return


def open_site(options: SourceOptions, base: str) -> Source:
    """The site at `base`."""
    by_hand = options.rate if f"{options.name}_rate" in options.settings.model_fields_set else None
    return BeatportSite.open(options, rate=by_hand or _DEFAULT_RATE, base=base)


def _tracks(reply: Reply) -> list[Hit]:
    """The tracks in a search page; a catalogue's page has them as the interface writes them.

    Raises:
        Failed: the page has no such block.
    """
    node = HTMLParser(reply.text).css_first("script#__NEXT_DATA__")
    if node is None:
        raise Failed(f"{reply.address}: changed page, no __NEXT_DATA__ (HTTP 200, {len(reply.body)} bytes)")
    queries = listed(parsed(node.text())["props"]["pageProps"]["dehydratedState"]["queries"])
    for one in queries:
        if "search-tracks" in str((one.get("queryKey") or [""])[0]):
            return list(map(_hit, listed(one["state"]["data"]["data"])))
    for one in queries:
        data = part(one.get("state")).get("data")
        if isinstance(data, dict) and isinstance(data.get("tracks"), dict):
            return list(map(_hit, listed(data["tracks"]["data"])))
        results = listed(data.get("results")) if isinstance(data, dict) else []
        if results and all("artists" in track for track in results):
            return [track_hit(track, part(track.get("release"))) for track in results]
    raise Failed(f"{reply.address}: changed page, no search-tracks in __NEXT_DATA__")


def _hit(track: dict[str, Any]) -> Hit:
    people = listed(track.get("artists"))
    mix = clean_text(track.get("mix_name"))
    title = str(track["track_name"])
    # The name may already end in the mix.
    if mix and title.casefold().endswith(f"({mix})".casefold()):
        title = title[: -len(mix) - 2].strip()
    return Hit(
        source=BeatportSite.name,
        title=title,
        mix=mix,
        artists=tuple(str(one["artist_name"]) for one in people if one.get("artist_type_name") != "Remixer"),
        remixers=tuple(str(one["artist_name"]) for one in people if one.get("artist_type_name") == "Remixer"),
        label=part(track.get("label")).get("label_name"),
        catalog_number=track.get("catalog_number"),
        release_date=next(filter(None, map(read_date, map(track.get, _DAYS))), None),
        duration_ms=track.get("length"),
        isrc=track.get("isrc"),
        release_title=part(track.get("release")).get("release_name"),
        url=f"https://www.beatport.com/track/-/{track['track_id']}" if track.get("track_id") else None,
    )


def track_hit(track: dict[str, Any], release: dict[str, Any]) -> Hit:
    """A track as the interface and the site's catalogue pages write it, on a release."""
    number, slug = track.get("id"), track.get("slug")
    return Hit(
        source="beatport",
        title=track["name"],
        mix=track.get("mix_name"),
        artists=_names(track.get("artists")),
        remixers=_names(track.get("remixers")),
        label=part(release.get("label")).get("name"),
        catalog_number=track.get("catalog_number") or release.get("catalog_number"),
        # Published is when the shop put it up, which may be years after the release.
        release_date=read_date(track.get("new_release_date")) or read_date(track.get("publish_date")),
        duration_ms=track.get("length_ms") or read_clock(track.get("length")),
        isrc=track.get("isrc"),
        release_title=release.get("name"),
        is_compilation=_is_compilation(release),
        url=f"https://www.beatport.com/track/{slug}/{number}" if slug and number else None,
    )


def _is_compilation(release: dict[str, Any]) -> bool:
    kind = release.get("type")
    name = kind.get("name") if isinstance(kind, dict) else kind
    various = any(name.casefold() == "various artists" for name in _names(release.get("artists")))
    return various or str(name or "").casefold() in {"compilation", "mix", "dj mix"}


def _names(people: object) -> tuple[str, ...]:
    return tuple(str(person["name"]) for person in listed(people))


def credit(track: dict[str, Any]) -> str:
    """Everybody and everything that may name the artist asked for."""
    return " ".join([*_names(track.get("artists")), *_names(track.get("remixers")), str(track.get("mix_name") or "")])
