"""MusicBrainz, in two steps: a recording search (or the ISRC) never carries labels, so each plausible recording's
releases are asked for theirs.

No key, but a User-Agent with a contact, and one request a second. All label-infos of all releases are returned, each
as a hit: `[no label]` as a hit without label, compilations, DJ mixes and Various Artists flagged, bootlegs and promos
as not official.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from enrich.matching.values import Hit, TrackQuery
from enrich.sources.base import Opening, Source, WebSource, read_date, said
from enrich.sources.http import Requests
from enrich.sources.replies import listing
from enrich.sources.terms import Terms, lucene, search_terms, worth_a_look
from enrich.text.normalise import normalise_isrc
from enrich.text.versions import split_version

_VARIOUS_ARTISTS = "89ad4ac3-39f7-470e-963a-56509c546377"
_NO_LABEL = "157afde4-4bf5-4039-8ad2-5a15acc85176"
_PAGE = 25
_RELEASE_PAGE = 100
_MOST_RECORDINGS = 3
_MOST_RELEASE_PAGES = 5


class MusicBrainz(WebSource):
    """MusicBrainz web service 2."""

    name = "musicbrainz"

    def _find(self, query: TrackQuery, requests: Requests) -> Iterator[Hit]:
        recordings: list[dict[str, Any]] = []
        isrc = normalise_isrc(query.isrc)
        if isrc:
            body = requests.get(
                f"/isrc/{isrc}", {"inc": "artists releases", "fmt": "json"}, read=listing("recordings"), absent=(404,)
            )
            recordings = body["recordings"][:_MOST_RECORDINGS] if body else []
        if not recordings:
            recordings = self._search(search_terms(query), requests)
        for recording in recordings:
            for release in self._releases(str(recording["id"]), requests):
                yield from _hits(recording, release)

    def _search(self, terms: Terms, requests: Requests) -> list[dict[str, Any]]:
        wanted: dict[str, str | int] = {"query": _lucene(terms), "limit": _PAGE, "offset": 0, "fmt": "json"}
        found = requests.get("/recording", wanted, read=listing("recordings"))
        recordings = found["recordings"] if found else []
        good = worth_a_look(terms, recordings, lambda one: (str(one["title"]), " ".join(_artists(one))))
        return _nearest(terms, good)[:_MOST_RECORDINGS]

    def _releases(self, recording: str, requests: Requests) -> Iterator[dict[str, Any]]:
        """All releases of a recording; pages may come shorter than asked for, so the offset counts what came."""
        offset = 0
        for _ in range(_MOST_RELEASE_PAGES):
            body = requests.get(
                "/release",
                {
                    "recording": recording,
                    # Written with +, which is how a space travels in a query string.
                    "inc": "labels release-groups media",
                    "limit": _RELEASE_PAGE,
                    "offset": offset,
                    "fmt": "json",
                },
                read=listing("releases"),
                absent=(404,),
            )
            if not body:
                return
            yield from body["releases"]
            offset = int(body.get("release-offset") or 0) + len(body["releases"])
            if offset >= int(body["release-count"]):
                return


def open_source(opening: Opening) -> Source:
    """MusicBrainz needs nothing but its address and a contact."""
    return MusicBrainz.open(opening, rate=opening.rate or 1.0)


def _lucene(terms: Terms) -> str:
    """`recording:"Night Signal" AND (artist:"Alpha Kid" OR creditname:"Alpha Kid")`."""
    wanted = [f'recording:"{lucene(terms.base)}"']
    if terms.artists:
        names = dict.fromkeys([terms.artists[0], *([terms.artist] if terms.artist else [])])
        anyone = " OR ".join(f'{field}:"{lucene(name)}"' for name in names for field in ("artist", "creditname"))
        wanted.append(f"({anyone})")
    return " AND ".join(wanted)


def _nearest(terms: Terms, recordings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Recordings whose title says the wanted version first; the search's order otherwise."""
    if terms.mix is None:
        return sorted(recordings, key=lambda one: "(" in str(one["title"]))
    words = set(re.findall(r"\w+", terms.mix.casefold()))
    return sorted(recordings, key=lambda one: -len(words & set(re.findall(r"\w+", str(one["title"]).casefold()))))


def _hits(recording: dict[str, Any], release: dict[str, Any]) -> Iterator[Hit]:
    title, mix = split_version(str(recording["title"]))
    group = release.get("release-group") or {}
    kinds = {str(kind).casefold() for kind in group.get("secondary-types") or []}
    known: dict[str, Any] = next(
        (one for one in recording.get("releases") or [] if one.get("id") == release.get("id")), {}
    )
    known_kinds = {str(k).casefold() for k in (known.get("release-group") or {}).get("secondary-types") or []}
    is_compilation = bool((kinds | known_kinds) & {"compilation", "dj-mix"}) or any(
        _is_various(one) for one in (release, known)
    )
    isrcs = recording.get("isrcs") or []
    infos = release.get("label-info") or [{}]
    for label, catalog_number in dict.fromkeys((_label(info), _catalog_number(info)) for info in infos):
        yield Hit(
            source=MusicBrainz.name,
            title=title,
            mix=mix,
            artists=_artists(recording),
            label=label,
            catalog_number=catalog_number,
            release_date=read_date(release.get("date")),
            duration_ms=recording.get("length") or None,
            isrc=said(isrcs[0]) if isrcs else None,
            release_title=said(release.get("title")),
            is_compilation=is_compilation,
            is_official=release.get("status") in (None, "", "Official"),
            url=f"https://musicbrainz.org/release/{release['id']}",
        )


def _label(info: dict[str, Any]) -> str | None:
    label = info.get("label") or {}
    name = said(label.get("name"))
    is_none = label.get("id") == _NO_LABEL or (name or "").casefold() in {"[no label]", "[none]"}
    return None if is_none else name


def _catalog_number(info: dict[str, Any]) -> str | None:
    number = said(info.get("catalog-number"))
    return None if number is None or number.casefold() == "[none]" else number


def _is_various(release: dict[str, Any]) -> bool:
    return any((one.get("artist") or {}).get("id") == _VARIOUS_ARTISTS for one in release.get("artist-credit") or [])


def _artists(recording: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(one.get("name") or one["artist"]["name"]) for one in recording.get("artist-credit") or [])
