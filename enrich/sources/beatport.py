"""Beatport's v4 interface, with the user's own token (a bare one, the token JSON, or the path of a file with it).

By ISRC when one is known, else by search. On a 401 the token is renewed once, and written back to its file. Without a
token, or with an address at www.beatport.com, the site is read: see `beatport_site`.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from enrich.errors import InputFileError, SettingsError
from enrich.frames.inputs import parse_json, read_input
from enrich.matching.values import Hit, TrackQuery
from enrich.sources import beatport_site
from enrich.sources.base import ClosedSource, Source, SourceOptions, WebSource
from enrich.sources.beatport_site import credit, track_hit
from enrich.sources.http import PostForm, Requests
from enrich.sources.reading import listed, number_in, part
from enrich.sources.replies import Down, listing, read_object
from enrich.sources.terms import Terms, search_terms, worth_a_look
from enrich.text.normalise import normalise_isrc

_PAGE = 25
_TOKEN_BYTES = 1 << 20
_MOST_PAGES = 2
#: Releases asked for a label that a search hit lacks.
_MOST_RELEASES = 3


class Beatport(WebSource):
    """Beatport's catalogue through its interface."""

    name = "beatport"

    def _find(self, query: TrackQuery, requests: Requests) -> Iterator[Hit]:
        tracks: list[dict[str, Any]] = []
        terms = search_terms(query)
        isrc = normalise_isrc(query.isrc)
        if isrc:
            tracks = self._by_isrc(isrc, requests)
        if not tracks:
            tracks = self._search(terms, requests)
        yield from self._labelled(tracks, requests)

    def _by_isrc(self, isrc: str, requests: Requests) -> list[dict[str, Any]]:
        """One recording, often on several releases."""
        tracks: list[dict[str, Any]] = []
        for page in range(1, _MOST_PAGES + 1):
            body = requests.get(
                "/catalog/tracks/", {"isrc": isrc, "page": page, "per_page": 100}, read=listing("results")
            )
            tracks += listed(body["results"]) if body else []
            if not body or not body.get("next"):
                break
        return tracks

    def _search(self, terms: Terms, requests: Requests) -> list[dict[str, Any]]:
        """Plausible tracks; the second page only when the first has none."""
        for page in range(1, _MOST_PAGES + 1):
            body = requests.get(
                "/catalog/search/",
                {"q": terms.text, "type": "tracks", "page": page, "per_page": _PAGE},
                read=listing("tracks"),
            )
            if not body:
                break
            good = worth_a_look(terms, listed(body["tracks"]), lambda track: (str(track["name"]), credit(track)))
            if good:
                return good
            if not _has_more(body, page):
                break
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
            yield track_hit(track, release)


class Token:
    """An access token (ENRICH_BEATPORT_TOKEN) that can be renewed once it is refused; shared by all threads.

    Raises:
        SettingsError: the file cannot be read or holds no token.
    """

    def __init__(self, value: str) -> None:
        self._lock = threading.Lock()
        self._file: Path | None = None
        self._fields: dict[str, Any]
        if value.startswith("{"):
            self._fields = _token_fields(value, where="ENRICH_BEATPORT_TOKEN")
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
            reply = post(
                "/auth/o/token/",
                {
                    "grant_type": "refresh_token",
                    "refresh_token": str(self._fields["refresh_token"]),
                    "client_id": str(self._fields["client_id"]),
                },
            )
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
        target = self._file.resolve()
        # Readable by its owner only. Where it cannot be kept, the run goes on with the token in memory.
        with contextlib.suppress(OSError), contextlib.ExitStack() as undo:
            file = undo.enter_context(
                tempfile.NamedTemporaryFile("w", dir=target.parent, prefix=f".{target.name}.", delete=False)
            )
            undo.callback(Path(file.name).unlink, missing_ok=True)
            json.dump(self._fields, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, target)


def open_source(options: SourceOptions) -> Source:
    """The interface with a token, the site when it was chosen, else closed."""
    host = urlsplit(options.url).hostname or ""
    is_site = host.removeprefix("www.") == "beatport.com"
    if options.token and not is_site:
        token = Token(options.token)
        return Beatport.open(options, rate=options.rate or 1.0, authorise=lambda: token.header, refresh=token.refresh)
    if not options.is_named:
        return ClosedSource(options.name, "source off: set ENRICH_BEATPORT_TOKEN, or name beatport in ENRICH_SOURCES")
    if is_site:
        return beatport_site.open_site(options, options.url)
    if options.is_default_url:
        return beatport_site.open_site(options, beatport_site.SITE)
    if urlsplit(options.url).path.rstrip("/").endswith("/v4"):
        return ClosedSource(options.name, "source off: the v4 interface needs ENRICH_BEATPORT_TOKEN")
    return beatport_site.open_site(options, options.url)


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
