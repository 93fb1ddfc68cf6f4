"""Deezer: open, no token. A track search (or the ISRC), then the album for its label.

Errors come with HTTP 200 in a body `{"error": {"code": …}}`: 4 (quota) and 700 (busy) mean later, 800 means there is
no such thing, any other is a failure. `label` is one string as the distributor sent it; no catalogue numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from enrich.matching.values import Hit, TrackQuery
from enrich.sources.base import Opening, Source, WebSource, read_date, said
from enrich.sources.http import Requests
from enrich.sources.replies import Busy, Failed, Reply, read_object
from enrich.sources.terms import Terms, search_terms, worth_a_look
from enrich.text.normalise import normalise_isrc
from enrich.text.versions import is_guest

_QUOTA, _BUSY, _NO_DATA = 4, 700, 800
#: Albums looked up for one track.
_MOST_ALBUMS = 3
_PAGE = 25
_MOST_PAGES = 2


class Deezer(WebSource):
    """Deezer's public catalogue."""

    name = "deezer"

    def _find(self, query: TrackQuery, requests: Requests) -> Iterator[Hit]:
        terms = search_terms(query)
        isrc = normalise_isrc(query.isrc)
        if isrc:
            track = requests.get(f"/track/isrc:{isrc}", read=_body)
            if track:
                yield from self._labelled([track], requests)
                return
        found = self._search(terms, requests)
        # Singles and EPs before compilations is Deezer's own order only by chance: keep the search's order, an album
        # once, and let its record type speak when it is there.
        yield from self._labelled(found, requests)

    def _search(self, terms: Terms, requests: Requests) -> list[dict[str, Any]]:
        """Plausible tracks on different albums, at most a few."""
        parts = [f'artist:"{_quoted(terms.artists[0])}"'] if terms.artists else []
        queries = [" ".join([*parts, f'track:"{_quoted(terms.base)}"']), terms.text]
        for text in queries:
            for page in range(_MOST_PAGES):
                body = requests.get("/search", {"q": text, "limit": _PAGE, "index": page * _PAGE}, read=_page)
                tracks = body["data"] if body else []
                good = worth_a_look(terms, tracks, lambda one: (str(one["title"]), str(one["artist"]["name"])))
                if good:
                    return _one_an_album(good)
                if not body or not body.get("next"):
                    break
        return []

    def _labelled(self, tracks: list[dict[str, Any]], requests: Requests) -> Iterator[Hit]:
        for track in tracks:
            album = requests.get(f"/album/{track['album']['id']}", read=_body)
            if album:
                yield _hit(track, album)


def open_source(opening: Opening) -> Source:
    """Deezer needs nothing but its address."""
    return Deezer.open(opening, rate=opening.rate or 10.0)


def _hit(track: dict[str, Any], album: dict[str, Any]) -> Hit:
    version = said((track.get("title_version") or "").strip().strip("()[]"))
    if version and is_guest(version):
        # Deezer keeps guests where the version belongs.
        version = None
    title = (track.get("title_short") if version else None) or track["title"]
    people = track.get("contributors") or [track["artist"]]
    duration_s = track.get("duration")
    return Hit(
        source=Deezer.name,
        title=str(title),
        mix=version,
        artists=tuple(dict.fromkeys(str(person["name"]) for person in people)),
        label=said(album.get("label")),
        release_date=read_date(album.get("release_date")) or read_date(track.get("release_date")),
        duration_ms=int(duration_s) * 1000 if duration_s else None,
        isrc=said(track.get("isrc")),
        release_title=said(album.get("title")),
        is_compilation=album.get("record_type") == "compile" or _is_various(album),
        url=said(track.get("link")),
    )


def _is_various(album: dict[str, Any]) -> bool:
    return str((album.get("artist") or {}).get("name", "")).casefold() == "various artists"


def _one_an_album(tracks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """At most `_MOST_ALBUMS` albums; every plausible version on them."""
    albums = list(dict.fromkeys(track["album"]["id"] for track in tracks))[:_MOST_ALBUMS]
    return [track for track in tracks if track["album"]["id"] in albums]


def _quoted(text: str) -> str:
    return text.replace('"', " ").strip()


def _body(reply: Reply) -> dict[str, Any] | None:
    """The object in a reply; None when Deezer says there is no such thing."""
    body = read_object(reply)
    error = body.get("error")
    if error is None or error == []:
        return body
    code = error.get("code") if isinstance(error, dict) else None
    if code == _NO_DATA:
        return None
    text = f"{reply.address}: error {code}, {error.get('message') if isinstance(error, dict) else error}"
    if code in (_QUOTA, _BUSY):
        raise Busy(text)
    raise Failed(text)


def _page(reply: Reply) -> dict[str, Any] | None:
    body = _body(reply)
    if body is None or not body["data"]:
        return None
    return body
