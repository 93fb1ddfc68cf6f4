"""Deezer: open, no token. A track search (or the ISRC), then the album for its label, as the distributor sent it.

Errors come with HTTP 200 in a body `{"error": {"code": …}}`: 4 (quota) and 700 (busy) mean later, 800 that there is no
such thing, none that something went wrong this once, any other is a failure. Fifty requests in five seconds are
allowed: eight a second leave headroom for whoever else asks from here.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from enrich.matching.values import Hit, TrackQuery
from enrich.sources.base import Source, SourceOptions, WebSource
from enrich.sources.http import Requests
from enrich.sources.reading import LONGEST_MS, clean_text, listed, number_in, part, read_date, various
from enrich.sources.replies import Busy, Failed, Malformed, Reply, read_object
from enrich.sources.terms import Terms, search_terms, worth_a_look
from enrich.text.normalise import fold_texts, normalise_isrc
from enrich.text.versions import is_guest

_QUOTA, _BUSY, _NO_DATA = 4, 700, 800
#: Various Artists, whatever the language of the reply calls them.
_VARIOUS = 5080
#: Albums looked up for one track, and those of an artist that are looked through for new ones.
_MOST_ALBUMS, _MOST_LISTED = 3, 100
_PAGE = 25
_MOST_PAGES = 2
#: Spellings of the artist tried: the whole credit, and its first name.
_MOST_NAMES = 2
#: What a distributor writes for who has no label.
_NUMBERED = re.compile(r"\d{5,} Records DK$")


class Deezer(WebSource):
    """Deezer's public catalogue."""

    name = "deezer"
    lists_new = True

    def _find(self, query: TrackQuery, requests: Requests) -> Iterator[Hit]:
        if isrc := normalise_isrc(query.isrc):
            track = requests.get(f"/track/isrc:{isrc}", read=_body, absent=(404,))
            identified = list(self._labelled([track] if track else [], requests))
            yield from identified
            if not all(hit.is_compilation for hit in identified):
                return
        # The album that the ISRC leads to may be gone, or a compilation, while the track is on another. That singles
        # come before compilations is chance: keep the search's order, and let an album's record type speak.
        yield from self._labelled(self._search(search_terms(query), requests), requests)

    def _new(self, terms: Terms, days: tuple[date, date], requests: Requests) -> Iterator[Hit]:
        """The tracks of the artist's albums of these days."""
        name = terms.names[0]
        found = requests.get("/search/artist", {"q": name, "limit": _PAGE}, read=_page, absent=(404,))
        people = listed(found["data"]) if found else []
        wanted, *called = fold_texts([name, *(str(one["name"]) for one in people)])
        numbers = [number_in(one["id"], 1, 10**15) for one, its in zip(people, called, strict=True) if its == wanted]
        if not numbers or numbers[0] is None:
            return
        albums = requests.get(f"/artist/{numbers[0]}/albums", {"limit": _MOST_LISTED}, read=_page, absent=(404,))
        dated = [(read_date(one.get("release_date")), one) for one in (listed(albums["data"]) if albums else [])]
        for one in [one for day, one in dated if day and days[0] <= day <= days[1]][:_MOST_ALBUMS]:
            album = requests.get(f"/album/{_album({'album': one})}", read=_body, absent=(404,))
            for track in listed(part((album or {}).get("tracks")).get("data")):
                yield _hit(track, album or {})

    def _search(self, terms: Terms, requests: Requests) -> list[dict[str, Any]]:
        """Plausible tracks on different albums, at most a few."""
        titled = f'track:"{_quoted(terms.base)}"'
        fielded = [f'artist:"{_quoted(name)}" {titled}' for name in terms.names[:_MOST_NAMES]]
        for text in dict.fromkeys([*(fielded or [titled]), terms.text]):
            for page in range(_MOST_PAGES):
                body = requests.get("/search", {"q": text, "limit": _PAGE, "index": page * _PAGE}, read=_page)
                tracks = listed(body["data"]) if body else []
                good = worth_a_look(terms, tracks, lambda one: (str(one["title"]), str(part(one["artist"])["name"])))
                if good:
                    # A few albums; every plausible version on them.
                    albums = list(dict.fromkeys(map(_album, good)))[:_MOST_ALBUMS]
                    return [track for track in good if _album(track) in albums]
                if not body or not body.get("next"):
                    break
        return []

    def _labelled(self, tracks: list[dict[str, Any]], requests: Requests) -> Iterator[Hit]:
        for track in tracks:
            album = requests.get(f"/album/{_album(track)}", read=_body, absent=(404,))
            if album:
                yield _hit(track, album)


def open_source(options: SourceOptions) -> Source:
    """Deezer needs nothing but its address."""
    return Deezer.open(options, rate=options.rate or 8.0)


def _hit(track: dict[str, Any], album: dict[str, Any]) -> Hit:
    version = clean_text((clean_text(track.get("title_version")) or "").strip("()[] "))
    if version and is_guest(version):
        # Deezer keeps guests where the version belongs.
        version = None
    title = (track.get("title_short") if version else None) or track["title"]
    people = listed(track.get("contributors")) or [part(track["artist"])]
    owner = part(album.get("artist"))
    is_various = owner.get("id") == _VARIOUS or various([str(owner.get("name"))])
    duration_s = number_in(track.get("duration"), 1, LONGEST_MS // 1000)
    return Hit(
        source=Deezer.name,
        title=title,
        mix=version,
        artists=tuple(person["name"] for person in people),
        label=None if _NUMBERED.match(str(album.get("label"))) else album.get("label"),
        release_date=read_date(album.get("release_date")) or read_date(track.get("release_date")),
        duration_ms=duration_s * 1000 if duration_s else None,
        isrc=track.get("isrc"),
        release_title=album.get("title"),
        is_compilation=album.get("record_type") == "compile" or is_various,
        url=track.get("link"),
    )


def _album(track: dict[str, Any]) -> int:
    number = number_in(part(track["album"])["id"], 1, 10**15)
    if number is None:
        raise ValueError("an album without a number")
    return number


def _quoted(text: str) -> str:
    return text.replace('"', " ").strip()


def _body(reply: Reply) -> dict[str, Any] | None:
    """The object in a reply; None when Deezer says there is no such thing."""
    body = read_object(reply)
    error = body.get("error")
    if error is None or error == []:
        return body
    code = number_in(error.get("code"), 0, 10**4) if isinstance(error, dict) else None
    if code == _NO_DATA:
        return None
    words = error.get("message") if isinstance(error, dict) else error
    text = f"{reply.address}: error {code or 'without a code'}, {str(words)[:120]}"
    if code in (_QUOTA, _BUSY):
        raise Busy(text)
    if code is None:
        # "An error has occured": the same question is answered a moment later.
        raise Malformed(text)
    raise Failed(text)


def _page(reply: Reply) -> dict[str, Any] | None:
    body = _body(reply)
    return body if body is not None and listed(body["data"]) else None
