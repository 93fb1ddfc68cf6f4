"""Discogs' interface, as a catalogue speaks it, with "(2)" behind names and pressing plants among the labels."""

from __future__ import annotations

from typing import Any

from enrich.demo.catalogue.shop import Listing
from enrich.demo.catalogue.wire import Reply, Request, View, as_json, clock

_NOT_ON_LABEL = 1818
_VARIOUS = {"id": 194, "name": "Various", "anv": "", "join": ""}


def answer(view: View, request: Request) -> Reply:
    """A reply of the interface, with its headers of allowance."""
    limit = 60 if "authorization" in request.headers else 25
    allowance = {
        "X-Discogs-Ratelimit": str(limit),
        "X-Discogs-Ratelimit-Used": "1",
        "X-Discogs-Ratelimit-Remaining": str(limit - 1),
    }
    match request.path.strip("/").split("/"):
        case ["database", "search"]:
            return as_json(_search(view, request), headers=allowance)
        case ["releases", number] if number.isdigit():
            listings = view.on_release(int(number))
            if listings:
                return as_json(_release(view, listings), headers=allowance)
            return as_json({"message": "Release not found."}, status=404, headers=allowance)
        case _:
            return as_json({"message": "The requested resource was not found."}, status=404, headers=allowance)


def _search(view: View, request: Request) -> dict[str, Any]:
    p = request.params
    found = view.find(
        text=p.get("q") or p.get("query"), title=p.get("track") or p.get("release_title"), artist=p.get("artist")
    )
    once = list({one.release: one for one in found}.values())
    size, page = max(1, min(100, request.number("per_page", 50))), request.number("page", 1)
    pages = max(1, -(-len(once) // size))
    urls = dict.fromkeys(("next", "last"), request.link(page=page + 1)) if page < pages else {}
    return {
        "pagination": {"page": page, "pages": pages, "per_page": size, "items": len(once), "urls": urls},
        "results": [_result(one, request) for one in once[(page - 1) * size : page * size]],
    }


def _result(one: Listing, request: Request) -> dict[str, Any]:
    credit = "Various" if one.is_compilation else one.artist
    return {
        "id": one.release,
        "type": "release",
        "title": f"{credit} - {one.release_title}",
        "year": str(one.release_date.year) if one.release_date else "",
        "country": "UK",
        "format": ["CD", "Compilation"] if one.is_compilation else ["Vinyl", '12"'],
        "label": [one.label or _self_released(one), "Some Pressing Plant", "Some Pressing Plant"],
        "catno": one.catalog_number or "none",
        "barcode": [],
        "genre": ["Electronic"],
        "style": ["House"],
        "uri": f"/release/{one.release}",
        "resource_url": f"{request.base}/releases/{one.release}",
        "master_id": 0,
    }


def _release(view: View, listings: list[Listing]) -> dict[str, Any]:
    one = listings[0]
    names = dict.fromkeys((each.label, each.catalog_number) for each in listings)
    return {
        "id": one.release,
        "title": one.release_title,
        "year": one.release_date.year if one.release_date else 0,
        "released": one.day or "",
        "artists": [_VARIOUS] if one.is_compilation else _people(view, one.artists),
        "labels": [_label(view, one, label, number) for label, number in names],
        "companies": [{"id": 9, "name": "Some Pressing Plant", "catno": "", "entity_type_name": "Pressed By"}],
        "formats": [
            {
                "name": "CD" if one.is_compilation else "Vinyl",
                "qty": "1",
                "descriptions": [
                    "Compilation" if one.is_compilation else '12"',
                    *([] if one.is_official else ["Unofficial Release"]),
                ],
            }
        ],
        "tracklist": [
            {"position": "", "type_": "heading", "title": one.release_title, "duration": ""},
            *(_item(view, each, place) for place, each in enumerate(listings)),
        ],
        "uri": f"https://www.discogs.com/release/{one.release}",
    }


def _item(view: View, one: Listing, place: int) -> dict[str, Any]:
    remix = [{"id": view.shop.person_number(name), "name": name, "role": "Remix"} for name in one.remixers]
    item: dict[str, Any] = {
        "position": f"{'AB'[place % 2]}{place // 2 + 1}",
        "type_": "track",
        "title": one.full_title,
        "duration": clock(one.duration_ms),
        "extraartists": remix,
    }
    return {**item, "artists": _people(view, one.artists)} if one.is_compilation else item


def _people(view: View, names: tuple[str, ...]) -> list[dict[str, Any]]:
    joins = ["&"] * (len(names) - 1) + [""]
    numbers = [view.shop.person_number(name) for name in names]
    return [
        {"name": _numbered(name, number), "anv": "", "join": join, "id": number}
        for name, number, join in zip(names, numbers, joins, strict=True)
    ]


def _label(view: View, one: Listing, label: str | None, number: str | None) -> dict[str, Any]:
    shared = {"catno": number or "none", "entity_type_name": "Label"}
    if label is None:
        return {"id": _NOT_ON_LABEL, "name": _self_released(one), **shared}
    label_id = view.shop.label_number(label)
    return {"id": label_id + 10_000, "name": _numbered(label, label_id), **shared}


def _self_released(one: Listing) -> str:
    return f"Not On Label ({one.artist} Self-released)"


def _numbered(name: str, number: int) -> str:
    """Every third name shares its spelling with others on Discogs."""
    return f"{name} ({number % 7 + 2})" if number % 3 == 0 else name
