"""Deezer's interface, as a catalogue speaks it: errors come with HTTP 200."""

from __future__ import annotations

import re
from typing import Any

from enrich.demo.catalogue.shop import Listing
from enrich.demo.catalogue.wire import Reply, Request, View, as_json

_FIELD = re.compile(r'(artist|track|album):"([^"]*)"')


def answer(view: View, request: Request) -> Reply:
    """A reply of the interface."""
    match request.path.strip("/").split("/"):
        case ["search"] | ["search", "track"]:
            return _search(view, request)
        case ["track", number] if number.lower().startswith("isrc:"):
            found = view.of(number[5:])
            return as_json(_full_track(view, found[0])) if found else _no_data()
        case ["track", number] if number.isdigit():
            listing = view.listing(int(number))
            return as_json(_full_track(view, listing)) if listing else _no_data()
        case ["album", number] if number.isdigit():
            listings = view.on_release(int(number))
            return as_json(_album(view, listings)) if listings else _no_data()
        case _:
            return error(600, "Unknown path components", "InvalidQueryException")


def error(code: int, message: str, kind: str = "Exception") -> Reply:
    """An error, as Deezer sends them: with HTTP 200."""
    return as_json({"error": {"type": kind, "message": message, "code": code}})


def _no_data() -> Reply:
    return error(800, "no data", "DataException")


def _search(view: View, request: Request) -> Reply:
    text = request.params.get("q", "")
    fields = dict(_FIELD.findall(text))
    found = view.find(title=fields.get("track"), artist=fields.get("artist")) if fields else view.find(text=text)
    limit, index = min(100, request.number("limit", 25)), request.number("index", 0)
    page = found[index : index + limit]
    body: dict[str, Any] = {"data": [_track(view, one) for one in page], "total": len(found)}
    if index + limit < len(found):
        body["next"] = f"{request.base}/search?q={text}&limit={limit}&index={index + limit}"
    return as_json(body)


def _track(view: View, one: Listing) -> dict[str, Any]:
    name = one.artists[0]
    return {
        "id": one.number,
        "readable": True,
        "title": one.full_title,
        "title_short": one.title,
        "title_version": f"({one.mix})" if one.mix else "",
        "link": f"https://www.deezer.com/track/{one.number}",
        "duration": round((one.duration_ms or 0) / 1000),
        "rank": 100000,
        "artist": {"id": view.shop.person_number(name), "name": one.artist if len(one.artists) == 1 else name},
        "album": {"id": one.release, "title": one.release_title},
        "type": "track",
    }


def _full_track(view: View, one: Listing) -> dict[str, Any]:
    return {
        **_track(view, one),
        "isrc": one.isrc or "",
        "release_date": one.day or "0000-00-00",
        "bpm": 126,
        "contributors": _contributors(view, one),
    }


def _contributors(view: View, one: Listing) -> list[dict[str, Any]]:
    return [{"id": view.shop.person_number(name), "name": name, "role": "Main"} for name in one.artists]


def _album(view: View, listings: list[Listing]) -> dict[str, Any]:
    one = listings[0]
    name = "Various Artists" if one.is_compilation else one.artists[0]
    return {
        "id": one.release,
        "title": one.release_title,
        "upc": f"506{one.release:010d}",
        "label": one.label or "",
        "release_date": one.day or "0000-00-00",
        "record_type": "compile" if one.is_compilation else "single",
        "nb_tracks": len(listings),
        "artist": {"id": view.shop.person_number(name), "name": name},
        "contributors": _contributors(view, one),
        "genres": {"data": [{"id": 113, "name": "Dance"}]},
        "type": "album",
    }
