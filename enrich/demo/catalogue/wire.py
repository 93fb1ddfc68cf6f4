"""What the wire formats of a catalogue share: requests in, replies out, and the stock as one source shows it."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from enrich.demo.catalogue.shop import Listing, Shop, wrong_first


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as a format sees it: the path below the source's base."""

    source: str
    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    base: str
    """Address of the source's base, for links in replies."""

    def number(self, name: str, usual: int) -> int:
        """A whole number among the parameters."""
        text = self.params.get(name, "")
        return int(text) if text.isdigit() else usual

    def link(self, **changed: object) -> str:
        """The address of this request with other parameters."""
        query = "&".join(f"{name}={value}" for name, value in {**self.params, **changed}.items())
        return f"{self.base}{self.path}?{query}"


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def as_json(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """`value` as JSON."""
    return Reply(status, json.dumps(value, ensure_ascii=False).encode(), "application/json", headers or {})


def as_page(body: str, *, title: str, status: int = 200) -> Reply:
    """A page around `body`."""
    text = f"<!DOCTYPE html><html><head><title>{esc(title)}</title></head><body>{body}</body></html>"
    return Reply(status, text.encode(), "text/html; charset=utf-8")


def esc(text: object) -> str:
    """Text for a page."""
    return html.escape(str(text if text is not None else ""))


def clock(duration_ms: int | None) -> str:
    """`5:26`; blank when unknown."""
    if not duration_ms:
        return ""
    seconds = round(duration_ms / 1000)
    return f"{seconds // 60}:{seconds % 60:02d}"


@lru_cache(maxsize=50_000)
def slug(text: str) -> str:
    """`night-signal`."""
    return "-".join("".join(c if c.isalnum() and c.isascii() else " " for c in text.lower()).split()) or "x"


@dataclass(frozen=True, slots=True)
class View:
    """The stock as one source shows it to one request, misbehaviours of content applied."""

    shop: Shop
    source: str
    manners: frozenset[str]
    page_size: int = 50

    def find(self, *, text: str | None = None, title: str | None = None, artist: str | None = None) -> list[Listing]:
        """A search, best first."""
        return self._shown(self.shop.find(self.source, text=text, title=title, artist=artist), is_search=True)

    def of(self, key: str) -> list[Listing]:
        """The releases of a recording, by the recording or its ISRC."""
        return self._shown(self.shop.of(self.source, key))

    def on_release(self, release: int) -> list[Listing]:
        """The tracks of a release."""
        return [self._labelled(one) for one in self.shop.on_release(release) if one.is_carried_by(self.source)]

    def listing(self, number: int) -> Listing | None:
        """A track by its number."""
        found = self.shop.listing(number)
        return self._labelled(found) if found is not None and found.is_carried_by(self.source) else None

    def does(self, kind: str) -> bool:
        """Whether a misbehaviour of content is on."""
        return kind in self.manners

    def _shown(self, found: list[Listing], *, is_search: bool = False) -> list[Listing]:
        if self.does("empty"):
            return []
        if self.does("wrong_first"):
            found = wrong_first(found)
        if self.does("rival_labels"):
            found = [each for one in found for each in (one, self.shop.rival(one))]
        if self.does("two_pages") and is_search and found:
            found = [*self.shop.others(self.source, found[0], self.page_size), *found]
        return [self._labelled(one) for one in found]

    def _labelled(self, listing: Listing) -> Listing:
        return replace(listing, label=None) if self.does("no_label") and listing.label else listing
