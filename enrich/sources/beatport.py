"""Beatport's v4 interface, with the user's own token (a bare one, the token JSON, or the path of a file with it).

By ISRC when one is known, else by search. On a 401 the token is renewed once, and written back to its file. Without a
token, or with an address at www.beatport.com, the site is read (the search page's `__NEXT_DATA__`), where it is named:
slowly, one track at a time, one pair of brackets a query. A challenge (since about May 2026) is "blocked" and a page
without its block "changed page"; neither is a miss, and nothing is done to get round them.
"""

import contextlib
import json
import os
import threading
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser as HTMLParser

from enrich.errors import InputFileError, SettingsError
from enrich.frames.files import replacing
from enrich.frames.inputs import parse_json, read_input
from enrich.matching.values import Hit, TrackQuery
from enrich.sources.base import ClosedSource, Source, SourceOptions, WebSource
from enrich.sources.http import PostForm, Requests
from enrich.sources.reading import as_hits, clean_text, listed, number_in, parsed, part, read_clock, read_date, various
from enrich.sources.replies import Down, Failed, Reply, listing, read_object
from enrich.sources.terms import Terms, plausible_hits, search_terms, worth_a_look
from enrich.text.normalise import normalise_isrc

SITE = "https://www.beatport.com"
#: Tracks on a page of the interface, and of the site.
_PAGE, _SITE_PAGE = 25, 50
_TOKEN_BYTES = 1 << 20
_MOST_PAGES = 2
#: Releases asked for a label that a search hit lacks.
_MOST_RELEASES = 3
#: Requests a second to the site unless set by hand: half the interface's pace.
_SITE_RATE = 0.5
#: Where a track has its day, the release's own first; published is when the shop put it up.
_DAYS = ("new_release_date", "release_date", "publish_date")


class Beatport(WebSource):
    """Beatport's catalogue through its interface."""

    name = "beatport"

    def _find(self, query: TrackQuery, requests: Requests) -> Iterator[Hit]:
        isrc = normalise_isrc(query.isrc)
        found = self._by_isrc(isrc, requests) if isrc else []
        yield from self._labelled(found or self._search(search_terms(query), requests), requests)

    def _by_isrc(self, isrc: str, requests: Requests) -> list[dict[str, Any]]:
        """One recording, often on several releases."""
        tracks: list[dict[str, Any]] = []
        for page in range(1, _MOST_PAGES + 1):
            asked: dict[str, str | int] = {"isrc": isrc, "page": page, "per_page": 100}
            body = requests.get("/catalog/tracks/", asked, read=listing("results"))
            tracks += listed(body["results"]) if body else []
            if not body or not body.get("next"):
                break
        return tracks

    def _search(self, terms: Terms, requests: Requests) -> list[dict[str, Any]]:
        """Plausible tracks; the second page only when the first has none."""
        for page in range(1, _MOST_PAGES + 1):
            asked: dict[str, str | int] = {"q": terms.text, "type": "tracks", "page": page, "per_page": _PAGE}
            body = requests.get("/catalog/search/", asked, read=listing("tracks"), absent=(404,) if page > 1 else ())
            if not body:
                return []
            good = worth_a_look(terms, listed(body["tracks"]), lambda track: (str(track["name"]), _credit(track)))
            if good or not _has_more(body, page):
                return good
        return []

    def _labelled(self, tracks: list[dict[str, Any]], requests: Requests) -> Iterator[Hit]:
        asked: dict[Any, dict[str, Any] | None] = {}
        for track in tracks:
            release = part(track.get("release"))
            number = number_in(release.get("id"), 1, 10**15)
            if not part(release.get("label")).get("name") and number is not None:
                if number not in asked and len(asked) < _MOST_RELEASES:
                    # 403: withdrawn.
                    asked[number] = requests.get(f"/catalog/releases/{number}/", read=read_object, absent=(403, 404))
                release = asked.get(number) or release
            yield _track_hit(track, release)


class BeatportSite(WebSource):
    """Beatport's catalogue through its search page."""

    name = "beatport"
    one_at_a_time = True

    def _find(self, query: TrackQuery, requests: Requests) -> Iterator[Hit]:
        terms = search_terms(query)
        for page in range(1, _MOST_PAGES + 1):
            asked: dict[str, str | int] = {"q": terms.titled, "page": page, "per_page": _SITE_PAGE}
            hits = as_hits(requests.get("/search/tracks", asked, read=_tracks, accept="text/html") or [])
            good = plausible_hits(terms, hits)
            yield from good
            if good or len(hits) < _SITE_PAGE:
                return


class Token:
    """An access token (ENRICH_BEATPORT_TOKEN) that can be renewed once it is refused; shared by all threads.

    Raises SettingsError: the file cannot be read or holds no token.
    """

    def __init__(self, value: str) -> None:
        self._lock = threading.Lock()
        self._file: Path | None = None
        if value.startswith("{"):
            self._fields: dict[str, Any] = _token_fields(value, where="ENRICH_BEATPORT_TOKEN")
        elif value.endswith(".json") or (len(value) < 4096 and "/" in value and Path(value).is_file()):
            self._file = Path(value).expanduser()
            try:
                text = read_input(self._file, at_most=_TOKEN_BYTES).decode("utf-8", "replace")
            except InputFileError as error:
                raise SettingsError(
                    f"ENRICH_BEATPORT_TOKEN: cannot read {error}; "
                    "set it to a token, the token JSON, or the path of a file with that JSON"
                ) from None
            self._fields = _token_fields(text, where=f"ENRICH_BEATPORT_TOKEN: {self._file}")
        else:
            self._fields = {"access_token": value}

    @property
    def header(self) -> str:
        """Value of the Authorization header."""
        with self._lock:
            return f"Bearer {self._fields['access_token']}"

    def refresh(self, refused: str, post: PostForm) -> bool:
        """Renew after `refused` was refused; True when there is a token worth trying.

        Threads that were refused with the same token renew it once together.
        """
        with self._lock:
            if refused != f"Bearer {self._fields['access_token']}":
                return True
            if not self._fields.get("refresh_token") or not self._fields.get("client_id"):
                return False
            form = {name: str(self._fields[name]) for name in ("refresh_token", "client_id")}
            reply = post("/auth/o/token/", {"grant_type": "refresh_token", **form})
            if reply.status >= 500 or reply.status == 429:
                raise Down(f"beatport: the token could not be renewed (HTTP {reply.status})")
            try:
                fresh = json.loads(reply.body)
            except ValueError:
                return False
            if reply.status != 200 or not isinstance(fresh, dict) or not fresh.get("access_token"):
                return False
            self._fields = {**self._fields, **fresh}
            self._keep()
            return True

    def _keep(self) -> None:
        """Write the renewed token to the file it came from: whole or not at all."""
        if self._file is None:
            return
        # Readable by its owner only. Where it cannot be kept, the run goes on with the token in memory.
        with contextlib.suppress(InputFileError), replacing(self._file.resolve()) as (part,):
            part.touch(0o600)
            with part.open("w", encoding="utf-8") as file:
                json.dump(self._fields, file, indent=2)
                file.flush()
                os.fsync(file.fileno())


def open_source(options: SourceOptions) -> Source:
    """The interface with a token, the site when it was chosen, else closed."""
    is_site = (urlsplit(options.url).hostname or "").removeprefix("www.") == "beatport.com"
    if options.token and not is_site:
        token = Token(options.token)
        return Beatport.open(options, rate=options.rate or 1.0, authorise=lambda: token.header, refresh=token.refresh)
    if not options.is_named:
        return ClosedSource(options.name, "source off: set ENRICH_BEATPORT_TOKEN, or name beatport in ENRICH_SOURCES")
    if not is_site and not options.is_default_url and urlsplit(options.url).path.rstrip("/").endswith("/v4"):
        return ClosedSource(options.name, "source off: the v4 interface needs ENRICH_BEATPORT_TOKEN")
    base = SITE if options.is_default_url and not is_site else options.url
    by_hand = options.rate if f"{options.name}_rate" in options.settings.model_fields_set else None
    return BeatportSite.open(options, rate=by_hand or _SITE_RATE, base=base)


def _has_more(body: dict[str, Any], page: int) -> bool:
    """`next` where the reply has it, else `page` as "1/3", else the count."""
    if body.get("next"):
        return True
    pages = str(body.get("page") or "").partition("/")[2]
    if pages.isdigit():
        return page < int(pages)
    count, size = body.get("count"), body.get("per_page")
    return isinstance(count, int) and isinstance(size, int) and page * size < count


def _token_fields(text: str, *, where: str) -> dict[str, Any]:
    fields = parse_json(text, where=where, error=SettingsError)
    if not isinstance(fields, dict) or not fields.get("access_token"):
        raise SettingsError(f"{where}: has no access_token; get one by logging in and put the reply there")
    return fields


def _tracks(reply: Reply) -> list[Hit]:
    """The tracks in a search page; a catalogue's page has them as the interface writes them."""
    node = HTMLParser(reply.text).css_first("script#__NEXT_DATA__")
    if node is None:
        raise Failed(f"{reply.address}: changed page, no __NEXT_DATA__ (HTTP 200, {len(reply.body)} bytes)")
    queries = listed(parsed(node.text())["props"]["pageProps"]["dehydratedState"]["queries"])
    for one in queries:
        if "search-tracks" in str(one.get("queryKey")):
            return list(map(_site_hit, listed(one["state"]["data"]["data"])))
    for one in queries:
        data = part(one.get("state")).get("data")
        if isinstance(data, dict) and isinstance(data.get("tracks"), dict):
            return list(map(_site_hit, listed(data["tracks"]["data"])))
        results = listed(data.get("results")) if isinstance(data, dict) else []
        if results and all("artists" in track for track in results):
            return [_track_hit(track, part(track.get("release"))) for track in results]
    raise Failed(f"{reply.address}: changed page, no search-tracks in __NEXT_DATA__")


def _site_hit(track: dict[str, Any]) -> Hit:
    if "track_name" not in track:
        return _track_hit(track, part(track.get("release")))
    people = [(unescape(one["artist_name"]), one.get("artist_type_name")) for one in listed(track.get("artists"))]
    mix = clean_text(track.get("mix_name"))
    title = unescape(track["track_name"])
    # The name may already end in the mix.
    if mix and title.casefold().endswith(f"({mix})".casefold()):
        title = title[: -len(mix) - 2].strip()
    return Hit(
        source=BeatportSite.name,
        title=title,
        mix=mix,
        artists=tuple(name for name, role in people if role != "Remixer"),
        remixers=tuple(name for name, role in people if role == "Remixer"),
        label=unescape(part(track.get("label")).get("label_name") or ""),
        catalog_number=track.get("catalog_number"),
        release_date=next(filter(None, map(read_date, map(track.get, _DAYS))), None),
        duration_ms=read_clock(track.get("length")) or track.get("length") or track.get("length_ms"),
        isrc=track.get("isrc"),
        release_title=part(track.get("release")).get("release_name"),
        url=f"https://www.beatport.com/track/-/{track['track_id']}" if track.get("track_id") else None,
    )


def _track_hit(track: dict[str, Any], release: dict[str, Any]) -> Hit:
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
    return various(_names(release.get("artists"))) or str(name or "").casefold() in {"compilation", "mix", "dj mix"}


def _names(people: object) -> tuple[str, ...]:
    return tuple(str(person["name"]) for person in listed(people))


def _credit(track: dict[str, Any]) -> str:
    """Everybody and everything that may name the artist asked for."""
    return " ".join([*_names(track.get("artists")), *_names(track.get("remixers")), str(track.get("mix_name") or "")])
