"""Beatport's v4 interface and its search pages, as a catalogue speaks them."""

from __future__ import annotations

import json
import re
from typing import Any

from enrich.demo.catalogue.shop import Listing
from enrich.demo.catalogue.wire import Reply, Request, View, as_json, as_page, clock, slug

_ITEM = re.compile(r"^/catalog/(tracks|releases|labels)/(\d+)/(tracks/)?$")


def answer(view: View, request: Request) -> Reply:
    """A reply of the v4 interface to an authorised request."""
    if request.path == "/catalog/search/":
        return _search(view, request)
    if request.path == "/catalog/tracks/":
        return _tracks(view, request)
    match = _ITEM.match(request.path)
    if match is None:
        return as_json({"detail": "Not found."}, status=404)
    kind, number = match[1], int(match[2])
    if kind == "tracks":
        listing = view.listing(number)
        return _found(_track(view, listing, request) if listing else None)
    if kind == "labels":
        name = next((name for name in view.shop.labels if view.shop.label_number(name) == number), None)
        return _found(_named(number, name) if name else None)
    listings = view.on_release(number)
    if match[3]:
        items = [_track(view, one, request) for one in listings]
        return as_json(_envelope(items, request, "results"))
    return _found(_release(view, listings) if listings else None)


def site(view: View, request: Request) -> Reply:
    """A search page with its `__NEXT_DATA__`."""
    if request.path not in ("/search/tracks", "/search"):
        return as_page("<h1>404</h1>", title="Page not found", status=404)
    text = request.params.get("q", "")
    if text.count("(") > 1:
        return as_page("<h1>Forbidden</h1>", title="403 Forbidden", status=403)
    page = request.number("page", 1)
    size = request.number("per_page", request.number("per-page", 25))
    found = view.find(text=text)[(page - 1) * size : page * size]
    data: dict[str, Any] = {"data": [_flat(view, one) for one in found]}
    key = "search-tracks"
    if request.path == "/search":
        data, key = {"tracks": data, "releases": {"data": []}}, "search"
    state = {
        "queries": [
            {"queryKey": ["genres"], "state": {"data": {"results": []}}},
            {"queryKey": [key, {"q": text}], "state": {"data": data}},
        ]
    }
    block = json.dumps({"props": {"pageProps": {"dehydratedState": state}}}, ensure_ascii=False).replace("</", "<\\/")
    return as_page(
        f'<div id="__next"></div><script id="__NEXT_DATA__" type="application/json">{block}</script>',
        title="Search :: Beatport",
    )


def _search(view: View, request: Request) -> Reply:
    kind = request.params.get("type", "tracks")
    found = view.find(text=request.params.get("q", ""))
    if kind == "releases":
        items = [_release(view, view.on_release(number)) for number in dict.fromkeys(one.release for one in found)]
    elif kind == "labels":
        names = dict.fromkeys(one.label for one in found if one.label)
        items = [_named(view.shop.label_number(name), name) for name in names]
    else:
        kind = "tracks"
        items = [_track(view, one, request, is_bare=view.does("bare_hits")) for one in found]
    body = _envelope(items, request, kind)
    # The search has no links to its neighbours.
    return as_json({name: body[name] for name in (kind, "count", "page", "per_page")})


def _tracks(view: View, request: Request) -> Reply:
    if request.params.get("isrc"):
        found = view.of(request.params["isrc"])
    else:
        title = " ".join(request.params[name] for name in ("name", "mix_name") if request.params.get(name))
        found = view.find(title=title, artist=request.params.get("artist_name"))
    return as_json(_envelope([_track(view, one, request) for one in found], request, "results"))


def _envelope(items: list[dict[str, Any]], request: Request, name: str) -> dict[str, Any]:
    page, size = request.number("page", 1), min(100, request.number("per_page", 10))
    pages = max(1, -(-len(items) // size))
    return {
        name: items[(page - 1) * size : page * size],
        "next": request.link(page=page + 1) if page < pages else None,
        "previous": request.link(page=page - 1) if page > 1 else None,
        "count": len(items),
        "page": f"{page}/{pages}",
        "per_page": size,
    }


def _found(item: dict[str, Any] | None) -> Reply:
    return as_json({"detail": "Not found."}, status=404) if item is None else as_json(item)


def _track(view: View, one: Listing, request: Request, *, is_bare: bool = False) -> dict[str, Any]:
    release = _named(one.release, one.release_title)
    if not is_bare:
        release["label"] = _label(view, one)
    return {
        "id": one.number,
        "name": one.title,
        "mix_name": one.mix or "Original Mix",
        "slug": slug(one.title),
        "artists": [_person(view, name) for name in one.artists],
        "remixers": [_person(view, name) for name in one.remixers],
        "bpm": 126,
        "key": None,
        "genre": _named(5, "House"),
        "sub_genre": None,
        "isrc": one.isrc,
        "length": clock(one.duration_ms) or None,
        "length_ms": one.duration_ms,
        "catalog_number": one.catalog_number,
        "publish_date": one.day,
        "new_release_date": one.day,
        "is_dj_edit": False,
        "is_ugc_remix": False,
        "exclusive": False,
        "release": release,
        "url": f"{request.base}/catalog/tracks/{one.number}/",
    }


def _release(view: View, listings: list[Listing]) -> dict[str, Any]:
    one = listings[0]
    return {
        **_named(one.release, one.release_title),
        "label": _label(view, one),
        "artists": [_named(1, "Various Artists")] if one.is_compilation else [_person(view, n) for n in one.artists],
        "catalog_number": one.catalog_number,
        "upc": None,
        "type": {"id": 3, "name": "Compilation"} if one.is_compilation else {"id": 1, "name": "Release"},
        "track_count": len(listings),
    }


def _flat(view: View, one: Listing) -> dict[str, Any]:
    people = [
        {"artist_id": view.shop.person_number(name), "artist_name": name, "artist_type_name": kind}
        for kind, names in (("Artist", one.artists), ("Remixer", one.remixers))
        for name in names
    ]
    day = f"{one.day}T00:00:00" if one.day else None
    return {
        "track_id": one.number,
        # Now and then the name already ends in the mix, as on the site.
        "track_name": one.full_title if one.mix and one.number % 3 == 0 else one.title,
        "mix_name": one.mix or "Original Mix",
        "artists": people,
        "label": {"label_id": view.shop.label_number(one.label), "label_name": one.label} if one.label else None,
        "release": {"release_id": one.release, "release_name": one.release_title},
        "genre": [{"genre_id": 5, "genre_name": "House"}],
        "sub_genre": None,
        "bpm": 126,
        "key_name": "G Minor",
        "length": one.duration_ms,
        "isrc": one.isrc,
        "catalog_number": one.catalog_number,
        "publish_date": day,
        "release_date": day,
    }


def _label(view: View, one: Listing) -> dict[str, Any] | None:
    return None if one.label is None else _named(view.shop.label_number(one.label), one.label)


def _person(view: View, name: str) -> dict[str, Any]:
    return _named(view.shop.person_number(name), name)


def _named(number: int, name: str) -> dict[str, Any]:
    return {"id": number, "name": name, "slug": slug(name)}
