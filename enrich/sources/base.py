"""What a source is, and which are open under given settings (`open_sources`). It returns candidates; judging them is
`matching`'s. What cannot be answered is said in `SourceAnswer.availability`: nothing the outside did is raised.
"""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from importlib import import_module
from math import ceil
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self, cast
from urllib.parse import urlsplit

from pydantic import SecretStr

from enrich.errors import SettingsError
from enrich.matching.values import Availability, Hit, SourceAnswer, TrackQuery
from enrich.settings import SOURCES, Settings
from enrich.sources.cache import Cache
from enrich.sources.http import Endpoint, Http, Requests, Timeouts
from enrich.sources.pace import PROCESS_LIMITS, Clock, LimitRegistry
from enrich.sources.reading import UNREADABLE, as_hits, clean
from enrich.sources.replies import Unusable, redact
from enrich.sources.terms import Terms, is_searchable, search_terms

#: Where replies are kept, below the data folder.
CACHE_FILE = ("cache", "sources.sqlite")
#: Requests a source may have under way at once, at most: enough for its rate when replies take a second or two.
_MOST_WORKERS = 16


class Source(Protocol):
    """An outside service that can be asked for a track."""

    @property
    def name(self) -> str:
        """As in ENRICH_SOURCES."""

    @property
    def workers(self) -> int:
        """How many tracks it may be asked for at once; its rate is kept all the same."""

    @property
    def lists_new(self) -> bool:
        """Whether it can be asked what an artist released within some days (`TrackQuery.released`)."""

    def search(self, query: TrackQuery) -> SourceAnswer:
        """Every plausible candidate for a track, or why there is no answer. Never raises for the outside's faults."""


class WebSource(ABC):
    """A source behind HTTP. A service says how to ask (`_find`), this says what an answer is."""

    name: ClassVar[str]
    #: Sources that ban quick callers are asked one track at a time.
    one_at_a_time: ClassVar[bool] = False
    #: See `Source.lists_new`; who says so has a `_new`.
    lists_new: ClassVar[bool] = False

    def __init__(self, http: Http, *, rate: float) -> None:
        self._http = http
        self.workers = 1 if self.one_at_a_time else min(_MOST_WORKERS, 2 + ceil(2 * rate))

    @classmethod
    def open(cls, options: SourceOptions, *, rate: float, base: str | None = None, **more: Any) -> Self:
        """The service at its address, or at `base`; `rate`: requests a second; `more`: further fields of `Endpoint`."""
        address = base or options.url
        endpoint = Endpoint(
            source=options.name,
            base=address,
            limits=options.registry.of(options.name, address, rate=rate),
            cache=options.cache,
            contact=options.settings.contact,
            timeouts=options.timeouts,
            clock=options.registry.clock,
            **more,
        )
        return cls(Http(endpoint), rate=rate)

    def search(self, query: TrackQuery) -> SourceAnswer:
        """See `Source.search`. A track without a title or ISRC is asked of nobody: nothing can be found by `ID`."""
        if not (self.lists_new if query.released else is_searchable(query)):
            return SourceAnswer(source=self.name, availability=Availability.OK, reason="title unknown: not asked")
        requests = self._http.requests()
        try:
            hits = as_hits(self._found(query, requests))
        except Unusable as error:
            if error.availability is Availability.FAILED:
                requests.forget()
            return SourceAnswer(source=self.name, availability=error.availability, reason=clean(str(error)))
        except UNREADABLE as error:
            # What no hits can be made of must not be read again tomorrow.
            requests.forget()
            reason = clean(f"{self.name}: unreadable reply, {type(error).__name__}: {error}")
            return SourceAnswer(source=self.name, availability=Availability.FAILED, reason=reason)
        is_cached = requests.sent == 0 and requests.answered > 0
        return SourceAnswer(source=self.name, availability=Availability.OK, hits=hits, from_cache=is_cached)

    def _found(self, query: TrackQuery, requests: Requests) -> Iterator[Hit]:
        """What was found; of new releases those within the days, on releases of their own."""
        days = query.released
        for hit in self._new(search_terms(query), days, requests) if days else self._find(query, requests):
            if not days or (hit.release_date and days[0] <= hit.release_date <= days[1] and not hit.is_compilation):
                yield hit

    def _new(self, terms: Terms, days: tuple[date, date], requests: Requests) -> Iterable[Hit]:
        """What the artist released about these days; raises `Unusable` when the source cannot be read."""
        raise NotImplementedError

    @abstractmethod
    def _find(self, query: TrackQuery, requests: Requests) -> Iterable[Hit]:
        """Candidates for `query`; raises `Unusable` when the source cannot be read."""


@dataclass
class ClosedSource:
    """A source that is not asked, and says why."""

    name: str
    reason: str
    workers: int = 1
    lists_new: bool = False

    def search(self, query: TrackQuery) -> SourceAnswer:
        """Always `closed`."""
        return SourceAnswer(source=self.name, availability=Availability.CLOSED, reason=self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions:
    """What a service opens itself with: settings, limits, cache."""

    settings: Settings
    name: str
    registry: LimitRegistry
    cache: Cache | None
    timeouts: Timeouts

    @property
    def is_named(self) -> bool:
        """Whether it was named in ENRICH_SOURCES."""
        return self.settings.sources is not None and self.name in self.settings.sources

    @property
    def url(self) -> str:
        """The base address set for this source. Raises SettingsError: it is no web address."""
        url = str(getattr(self.settings, f"{self.name}_url")).strip().rstrip("/")
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(
                f"ENRICH_{self.name.upper()}_URL: {redact(url)} is no web address; it starts with http:// or https://"
            )
        return url

    @property
    def token(self) -> str | None:
        """The token set for this source; blank counts as none."""
        token: SecretStr | None = getattr(self.settings, f"{self.name}_token")
        return (token.get_secret_value().strip() or None) if token is not None else None

    @property
    def rate(self) -> float | None:
        """Requests a second as set; None when unset."""
        return cast(float | None, getattr(self.settings, f"{self.name}_rate"))

    @property
    def is_default_url(self) -> bool:
        """Whether the address is the service's own."""
        default = str(type(self.settings).model_fields[f"{self.name}_url"].default)
        return urlsplit(self.url).hostname == urlsplit(default).hostname


def open_sources(
    settings: Settings,
    *,
    registry: LimitRegistry = PROCESS_LIMITS,
    use_cache: bool = True,
    timeouts: Timeouts | None = None,
) -> list[Source]:
    """The sources to ask, in order: those named in ENRICH_SOURCES, else all of them with the closed ones saying so.

    Replies are kept in `<data_dir>/cache/sources.sqlite` and answered from there, unless `use_cache` says no.
    Raises SettingsError: an address is none, a token file cannot be read, or replies cannot be kept.
    """
    cache = _open_cache(settings.data_dir.joinpath(*CACHE_FILE), registry.clock) if use_cache else None
    names = SOURCES if settings.sources is None else settings.sources
    how = SourceOptions(settings=settings, name="", registry=registry, cache=cache, timeouts=timeouts or Timeouts())
    return [
        import_module(f"enrich.sources.{name}").open_source(replace(how, name=name)) for name in dict.fromkeys(names)
    ]


def _open_cache(path: Path, clock: Clock) -> Cache:
    cache = Cache(path)
    try:
        # Also what the terms ask: content that may be kept for hours is gone after them.
        cache.prune(now=clock.wall())
    except (OSError, sqlite3.Error) as error:
        raise SettingsError(
            f"{path}: cannot keep replies here ({error}); set ENRICH_DATA_DIR to a folder that can be written, "
            "or delete the file if it is broken"
        ) from None
    return cache
