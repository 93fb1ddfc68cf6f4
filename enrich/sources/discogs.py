"""Discogs: a search, then the releases themselves, because a search hit mixes labels with pressing plants.

With a token 60 requests a minute, without 25; the reply's own X-Discogs-Ratelimit headers slow us further. Only
tracklist items that could be the track become hits, one for each label of the release. "(2)" behind names is cut,
"Not On Label" is no label. Content is kept for six hours at most, as the terms ask. Data provided by Discogs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from enrich.matching.values import Hit, TrackQuery
from enrich.sources.base import Opening, Source, WebSource, read_clock, read_date, said
from enrich.sources.cache import HOUR_S, Lifetime
from enrich.sources.http import Requests
from enrich.sources.pace import Pace
from enrich.sources.replies import listing, read_object
from enrich.sources.terms import Terms, search_terms, worth_a_look
from enrich.text.versions import split_version

#: Requests a second, with and without a token.
RATE, RATE_WITHOUT_TOKEN = 60 / 60, 25 / 60
#: The terms: content shown may be six hours old at most.
LIFETIME = Lifetime(hit_s=6 * HOUR_S, miss_s=3 * HOUR_S)
_PAGE = 50
_MOST_PAGES = 2
_MOST_RELEASES = 3
_NUMBERED = re.compile(r"\s+\(\d{1,3}\)$")
_NOT_ON_LABEL = 1818
_VARIOUS = 194
_COMPILED = {"compilation", "mixed"}


class Discogs(WebSource):
    """Discogs' database."""

    name = "discogs"

    def _find(self, query: TrackQuery, requests: Requests) -> Iterator[Hit]:
        terms = search_terms(query)
        settled: set[str] = set()
        for found in self._search(terms, requests):
            if settled and (_is_compiled(found) or settled & _searched_labels(found)):
                continue
            is_rival = bool(settled)
            release = self._release(found, requests)
            if release is None:
                continue
            hits = list(_hits(terms, release))
            yield from hits
            # Once a release of its own holds the wanted version, one more is opened, under another label: it may be a
            # rival. By title alone, others may be other artists'.
            own = [hit for hit in hits if hit.is_official and not hit.is_compilation and _is_wanted(terms, hit)]
            if terms.artists:
                settled |= {hit.label.casefold() for hit in own if hit.label}
            if is_rival:
                return

    def _search(self, terms: Terms, requests: Requests) -> list[dict[str, Any]]:
        """Releases worth opening: own releases before compilations, early before late."""
        wanted: dict[str, str | int] = {"type": "release", "track": terms.base, "per_page": _PAGE}
        if terms.artists:
            wanted["artist"] = terms.artists[0]
        for page in range(1, _MOST_PAGES + 1):
            body = requests.get("/database/search", {**wanted, "page": page}, read=listing("results"))
            if not body:
                return []
            results = body["results"]
            # A release's title is "Artist - Release", so only the artist can be compared; Various is a compilation.
            near = worth_a_look(terms, results, lambda one: (terms.base, str(one["title"])))
            good = [one for one in results if one in near or _is_various_title(one["title"])]
            if good:
                good.sort(key=lambda one: (_is_compiled(one), str(one.get("year") or "9999")))
                return good[:_MOST_RELEASES]
            if not ((body.get("pagination") or {}).get("urls") or {}).get("next"):
                return []
        return []

    def _release(self, found: dict[str, Any], requests: Requests) -> dict[str, Any] | None:
        number = found["id"]
        if found.get("type") == "master":
            # Masters have no labels.
            master = requests.get(f"/masters/{number}", read=read_object, absent=(404,))
            if not master or not master.get("main_release"):
                return None
            number = master["main_release"]
        return requests.get(f"/releases/{number}", read=read_object, absent=(404,))


def open_source(opening: Opening) -> Source:
    """Discogs, with the token if there is one."""
    return Discogs.open(
        opening,
        rate=opening.rate or (RATE if opening.token else RATE_WITHOUT_TOKEN),
        authorise=(lambda: f"Discogs token={opening.token}") if opening.token else None,
        lifetime=LIFETIME,
        on_headers=partial(heed_allowance, is_rate_set=opening.rate is not None),
    )


def heed_allowance(headers: Mapping[str, str], pace: Pace, *, is_rate_set: bool) -> None:
    """Slow down by what Discogs says is left of its moving minute.

    Its limit becomes the rate, unless one was set by hand; with nothing left, the pace eases a tenth at a time.
    """
    limit, remaining = (_number(headers.get(f"x-discogs-ratelimit{part}")) for part in ("", "-remaining"))
    if limit and not is_rate_set:
        pace.set_rate(limit / 60)
    if remaining is not None and remaining < 1:
        pace.ease()


def _hits(terms: Terms, release: dict[str, Any]) -> Iterator[Hit]:
    people = _names(release.get("artists"))
    formats = {str(word).casefold() for one in release.get("formats") or [] for word in one.get("descriptions") or []}
    is_compilation = bool(formats & _COMPILED) or any(map(_is_various, release.get("artists") or []))

    def credit(item: dict[str, Any]) -> list[str]:
        return _names(item.get("artists")) or people

    items = worth_a_look(
        terms,
        [one for one in release.get("tracklist") or [] if one.get("type_", "track") == "track"],
        lambda item: (str(item["title"]), " ".join([*credit(item), *_remixers(item)])),
    )
    labels = dict.fromkeys((_label(one), _catalog_number(one)) for one in release.get("labels") or [{}])
    for item in items:
        title, mix = split_version(str(item["title"]))
        for label, catalog_number in labels:
            yield Hit(
                source=Discogs.name,
                title=title,
                mix=mix,
                artists=tuple(credit(item)),
                remixers=tuple(_remixers(item)),
                label=label,
                catalog_number=catalog_number,
                release_date=read_date(release.get("released")) or read_date(str(release.get("year") or "")),
                duration_ms=read_clock(item.get("duration")),
                release_title=said(release.get("title")),
                is_compilation=is_compilation,
                is_official="unofficial release" not in formats,
                url=f"https://www.discogs.com/release/{release['id']}",
            )


def _is_wanted(terms: Terms, hit: Hit) -> bool:
    """Whether the version words of track and hit agree, roughly."""
    wanted, given = (set(re.findall(r"\w+", (text or "").casefold())) for text in (terms.mix, hit.mix))
    return wanted <= given if wanted else "remix" not in given


def _searched_labels(found: dict[str, Any]) -> set[str]:
    """Labels and companies as the search mixes them; a text in old replies."""
    labels = found.get("label") or []
    several = [labels] if isinstance(labels, str) else labels
    return {_NUMBERED.sub("", str(name)).casefold() for name in several}


def _label(one: dict[str, Any]) -> str | None:
    name = said(one.get("name"))
    if name is None or one.get("id") == _NOT_ON_LABEL or name.casefold().startswith("not on label"):
        return None
    return _NUMBERED.sub("", name)


def _catalog_number(one: dict[str, Any]) -> str | None:
    number = said(one.get("catno"))
    return None if number is None or number.casefold() == "none" else number


def _names(people: list[dict[str, Any]] | None) -> list[str]:
    return [_NUMBERED.sub("", str(one.get("anv") or one["name"])) for one in people or []]


def _remixers(item: dict[str, Any]) -> list[str]:
    return _names([one for one in item.get("extraartists") or [] if "remix" in str(one.get("role", "")).casefold()])


def _is_compiled(found: dict[str, Any]) -> bool:
    formats = {str(word).casefold() for word in found.get("format") or []}
    return bool(formats & _COMPILED) or _is_various_title(found["title"])


def _is_various_title(title: object) -> bool:
    return str(title).casefold().startswith("various - ")


def _is_various(artist: dict[str, Any]) -> bool:
    return artist.get("id") == _VARIOUS or str(artist.get("name")).casefold() == "various"


def _number(text: str | None) -> int | None:
    return int(text) if text and text.strip().isdigit() else None
