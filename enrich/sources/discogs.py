"""Discogs: a search, then the releases themselves, because a search hit mixes labels with pressing plants.

With a token 60 requests a minute, without 25; the reply's own X-Discogs-Ratelimit headers slow us further. Only
tracklist items that could be the track become hits, one for each label of the release. "(2)" behind names is cut,
"Not On Label" is no label. Content is kept for six hours at most, as the terms ask. Data provided by Discogs.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import chain
from typing import Any

from rapidfuzz import fuzz

from enrich.matching.values import Hit, TrackQuery
from enrich.sources.base import Source, SourceOptions, WebSource
from enrich.sources.cache import HOUR_S, Lifetime
from enrich.sources.http import Requests
from enrich.sources.pace import RateLimiter
from enrich.sources.reading import clean_text, listed, number_in, part, read_clock, read_date, unless
from enrich.sources.replies import listing, read_object
from enrich.sources.terms import Terms, as_asked, search_terms, worth_a_look
from enrich.text.versions import is_version, split_version

#: Requests a second, with and without a token.
RATE, RATE_WITHOUT_TOKEN = 60 / 60, 25 / 60
#: The terms: content shown may be six hours old at most.
LIFETIME = Lifetime(hit_s=6 * HOUR_S, miss_s=3 * HOUR_S)
_PAGE = 50
_MOST_PAGES = 2
_MOST_RELEASES = 3
#: Spellings of the artist searched for: the whole credit, and its first name.
_MOST_NAMES = 2
_NUMBERED = re.compile(r"\s+\(\d{1,3}\)$")
_NOT_ON_LABEL = 1818
_VARIOUS = 194
_COMPILED = {"compilation", "mixed"}


class Discogs(WebSource):
    """Discogs' database."""

    name = "discogs"
    lists_new = True

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

    def _new(self, terms: Terms, days: tuple[date, date], requests: Requests) -> Iterator[Hit]:
        """The tracks of the artist's own releases of these years."""
        found: list[dict[str, Any]] = []
        for year in range(days[0].year, days[1].year + 1):
            asked: dict[str, str | int] = {"type": "release", "artist": terms.names[0], "year": year, "per_page": _PAGE}
            body = requests.get("/database/search", asked, read=listing("results"))
            found += [one for one in listed(body["results"] if body else []) if not _is_compiled(one)]
        for one in worth_a_look(terms, found, lambda one: ("", str(one["title"])))[:_MOST_RELEASES]:
            release = self._release(one, requests) or {}
            yield from _hits(terms, release) if read_date(release.get("released"), by_year=False) else ()

    def _search(self, terms: Terms, requests: Requests) -> list[dict[str, Any]]:
        """Releases worth opening: own releases before compilations, early before late."""
        if terms.is_guess and self._pages(terms, None, requests) == []:
            return []
        for name in terms.names[:_MOST_NAMES] or (None,):
            if good := self._pages(terms, name, requests):
                return good
        return []

    def _pages(self, terms: Terms, name: str | None, requests: Requests) -> list[dict[str, Any]] | None:
        """The first page that has releases worth opening; None where none has, and there are more than are read."""
        wanted: dict[str, str | int] = {"type": "release", "track": terms.base, "per_page": _PAGE}
        wanted |= {"artist": name} if name else {}
        # Of the list that a guess is looked for in, one page that is as fresh as a miss.
        is_list = terms.is_guess and name is None
        for page in range(1, 2 if is_list else _MOST_PAGES + 1):
            # A page past the end is told by 404.
            past, asked = (404,) if page > 1 else (), {**wanted, "page": page}
            body = requests.get("/database/search", asked, read=listing("results"), absent=past, fresh=is_list)
            if not body:
                return []
            results = listed(body["results"])
            # A release's title is "Artist - Release", so only the artist can be compared; a compilation is another's.
            near = worth_a_look(terms, results, lambda one: (terms.base, str(one["title"])))
            good = [one for one in results if one in near or _is_compiled(one)]
            if good:
                good.sort(key=lambda one: (_is_compiled(one), str(one.get("year") or "9999")))
                return good[:_MOST_RELEASES]
            if not part(part(body.get("pagination")).get("urls")).get("next"):
                return []
        return None

    def _release(self, found: dict[str, Any], requests: Requests) -> dict[str, Any] | None:
        number = number_in(found["id"], 1, 10**12)
        if found.get("type") == "master":
            # Masters have no labels.
            master = requests.get(f"/masters/{number}", read=read_object, absent=(404,))
            number = number_in((master or {}).get("main_release"), 1, 10**12)
        if number is None:
            return None
        return requests.get(f"/releases/{number}", read=read_object, absent=(404,))


def open_source(options: SourceOptions) -> Source:
    """Discogs, with the token if there is one."""
    return Discogs.open(
        options,
        rate=options.rate or (RATE if options.token else RATE_WITHOUT_TOKEN),
        authorise=(lambda: f"Discogs token={options.token}") if options.token else None,
        lifetime=LIFETIME,
        on_headers=partial(heed_allowance, is_rate_set=options.rate is not None),
    )


def heed_allowance(headers: Mapping[str, str], limiter: RateLimiter, *, is_rate_set: bool) -> None:
    """Slow down by what Discogs says is left of its moving minute.

    Its limit becomes the rate, unless one was set by hand; with nothing left, the limiter slows down a tenth at a time.
    """
    limit, left = (number_in(headers.get(f"x-discogs-ratelimit{end}"), 0, 10**6) for end in ("", "-remaining"))
    if limit and not is_rate_set:
        limiter.set_rate(min(limit / 60, RATE))
    if left is not None and left < 1:
        limiter.slow_down()


def _hits(terms: Terms, release: dict[str, Any]) -> Iterator[Hit]:
    people = listed(release.get("artists"))
    formats = {str(word).casefold() for one in listed(release.get("formats")) for word in one.get("descriptions") or []}
    is_mixed = any("dj mix" in str(one.get("role", "")).casefold() for one in listed(release.get("extraartists")))
    is_various = any(one.get("id") == _VARIOUS or str(one.get("name")).casefold() == "various" for one in people)
    is_compilation = bool(formats & _COMPILED) or is_mixed or is_various

    def credits(item: dict[str, Any]) -> list[list[dict[str, Any]]]:
        """A track's own artists, and the release's: a band's track may be credited to its writer."""
        own = listed(item.get("artists"))
        return [credit for credit in (own, [] if is_compilation and own else people) if credit]

    items = worth_a_look(
        terms,
        _tracks(listed(release.get("tracklist")), _remixers(release)),
        lambda item: (
            str(item["title"]),
            " ".join(name for one in chain(*credits(item), item["remixers"]) for name in _names(one)),
        ),
    )
    on = listed(release.get("labels")) or [{}]
    labels = dict.fromkeys((_label(one), unless(one.get("catno"), "none")) for one in on)
    for item in items:
        title, mix = split_version(str(item["title"]))
        called = [names for one in item["remixers"] if (names := _names(one)[::-1])]
        remixers = as_asked(terms.mix, called)
        for (printed, *_), name in zip(called, remixers, strict=True):
            mix = mix and mix.replace(printed, name)
        for label, catalog_number in labels:
            yield Hit(
                source=Discogs.name,
                title=title,
                mix=mix,
                artists=_as_asked(terms, credits(item)),
                remixers=remixers,
                label=label,
                catalog_number=catalog_number,
                release_date=read_date(release.get("released")) or read_date(release.get("year")),
                duration_ms=read_clock(item.get("duration")),
                release_title=release.get("title"),
                is_compilation=is_compilation,
                is_official=not any("unofficial" in word for word in formats),
                url=f"https://www.discogs.com/release/{release['id']}",
            )


def _is_wanted(terms: Terms, hit: Hit) -> bool:
    """Whether the version words of track and hit agree, roughly."""
    wanted, given = (set(re.findall(r"\w+", (text or "").casefold())) for text in (terms.mix, hit.mix))
    return wanted <= given if wanted else "remix" not in given


def _searched_labels(found: dict[str, Any]) -> set[str]:
    """Labels and companies as the search mixes them; a text in old replies."""
    labels = found.get("label") or []
    return {_NUMBERED.sub("", str(name)).casefold() for name in (labels if isinstance(labels, list) else [labels])}


def _label(one: dict[str, Any]) -> str | None:
    name = clean_text(one.get("name"))
    if name is None or one.get("id") == _NOT_ON_LABEL or name.casefold().startswith("not on label"):
        return None
    return _NUMBERED.sub("", name)


def _tracks(
    entries: Sequence[dict[str, Any]], remixers: Sequence[dict[str, Any]], *, above: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """The tracks of a tracklist, no headings; what an index holds as well as the index, by its artists.

    Remixers may be named at the track or, with its position, at the release.
    """
    found, title = [], (above or {}).get("title")
    for entry in entries:
        if entry.get("type_", "track") in ("track", "index"):
            # `Night Signal` holds `Beta Remix` and `Original Mix`.
            named = {"title": f"{title} ({entry['title']})"} if title and is_version(str(entry["title"])) else {}
            its = [one for one in remixers if _is_among(str(entry.get("position") or ""), str(one.get("tracks") or ""))]
            people = {"artists": entry.get("artists") or (above or {}).get("artists")}
            found.append({**entry, **named, **people, "remixers": [*_remixers(entry), *its]})
            if above is None:
                found += _tracks(listed(entry.get("sub_tracks")), remixers, above=entry)
    return found


def _is_among(position: str, tracks: str) -> bool:
    """Whether `A1, B1 to B3` holds a position."""

    def place(text: str) -> tuple[str, int]:
        return re.sub(r"\d", "", text), int(re.sub(r"[^0-9]", "", text) or 0)

    ends = [part.strip().partition(" to ") for part in tracks.split(",")]
    return any(place(first) <= place(position) <= place(last or first) for first, _, last in ends if position and first)


def _as_asked(terms: Terms, credits: Sequence[Sequence[dict[str, Any]]]) -> tuple[str, ...]:
    """The credit, and the spelling of its names, that is nearest to what is asked for; as printed where all are."""
    wanted = (terms.artist or "").casefold()
    written = [as_asked(terms.artist, [_names(one)[::-1] for one in credit]) for credit in credits]
    return max(written, key=lambda names: fuzz.token_sort_ratio(wanted, " ".join(names).casefold()), default=())


def _names(one: dict[str, Any]) -> tuple[str, ...]:
    """What somebody is called, and how a release has it: `The Persuader` for `Persuader, The (2)`."""
    written = [clean_text(one["name"]), clean_text(one.get("anv"))]
    return tuple(re.sub(r"^(.+), (The)$", r"\2 \1", _NUMBERED.sub("", name)) for name in written if name)


def _remixers(item: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in listed(item.get("extraartists")) if "remix" in str(one.get("role", "")).casefold()]


def _is_compiled(found: dict[str, Any]) -> bool:
    formats = {str(word).casefold() for word in found.get("format") or []}
    return bool(formats & _COMPILED) or str(found["title"]).casefold().startswith("various - ")
