"""Discogs' interface, as a catalogue speaks it, with "(2)" behind names and pressing plants among the labels."""

from __future__ import annotations

from typing import Any

from enrich.demo.catalogue.shop import Listing
from enrich.demo.catalogue.wire import Asked, Said, View, as_json, clock

_NOT_ON_LABEL = 1818
_VARIOUS = {"id": 194, "name": "Various", "anv": "", "join": ""}


def answer(view: View, asked: Asked) -> Said:
    """A reply of the interface, with its headers of allowance."""
    limit = 60 if "authorization" in asked.headers else 25
    allowance = {
        "X-Discogs-Ratelimit": str(limit), "X-Discogs-Ratelimit-Used": "1",
        "X-Discogs-Ratelimit-Remaining": str(limit - 1),
    }  # fmt: skip
    match asked.path.strip("/").split("/"):
        case ["database", "search"]:
            return as_json(_search(view, asked), headers=allowance)
        case ["releases", number] if number.isdigit():
            listings = view.on_release(int(number))
            if listings:
                return as_json(_release(view, listings), headers=allowance)
            return as_json({"message": "Release not found."}, status=404, headers=allowance)
        case _:
            return as_json({"message": "The requested resource was not found."}, status=404, headers=allowance)


def _search(view: View, asked: Asked) -> dict[str, Any]:
    p = asked.params
    found = view.find(
        text=p.get("q") or p.get("query"), title=p.get("track") or p.get("release_title"), artist=p.get("artist")
    )
    once = list({one.release: one for one in found}.values())
    size, page = max(1, min(100, asked.number("per_page", 50))), asked.number("page", 1)
    pages = max(1, -(-len(once) // size))
    urls: dict[str, str] = {}
    if page < pages:
        query = "&".join(f"{name}={value}" for name, value in {**p, "page": str(page + 1)}.items())
        urls = {"next": f"{asked.base}/database/search?{query}", "last": f"{asked.base}/database/search?{query}"}
    return {
        "pagination": {"page": page, "pages": pages, "per_page": size, "items": len(once), "urls": urls},
        "results": [_result(one, asked) for one in once[(page - 1) * size : page * size]],
    }


def _result(one: Listing, asked: Asked) -> dict[str, Any]:
    credit = "Various" if one.is_compilation else one.artist
    return {
        "id": one.release,
        "type": "release",
        "title": f"{credit} - {one.release_title}",
        "year": str(one.release_date.year) if one.release_date else "",
        "country": "UK",
        "format": ["CD", "Compilation"] if one.is_compilation else ["Vinyl", '12"'],
        "label": [
            one.label or f"Not On Label ({one.artist} Self-released)",
            "Some Pressing Plant",
            "Some Pressing Plant",
        ],
        "catno": one.catalog_number or "none",
        "barcode": [],
        "genre": ["Electronic"],
        "style": ["House"],
        "uri": f"/release/{one.release}",
        "resource_url": f"{asked.base}/releases/{one.release}",
        "master_id": 0,
    }


def _release(view: View, listings: list[Listing]) -> dict[str, Any]:
    one = listings[0]
    names = dict.fromkeys((each.label, each.catalog_number) for each in listings)
    return {
        "id": one.release,
        "title": one.release_title,
        "year": one.release_date.year if one.release_date else 0,
        "released": one.release_date.isoformat() if one.release_date else "",
        "artists": [_VARIOUS] if one.is_compilation else _people(view, one.artists),
        "labels": [_label(view, one, label, number) for label, number in names],
        "companies": [{"id": 9, "name": "Some Pressing Plant", "catno": "", "entity_type_name": "Pressed By"}],
        "formats": [{
            "name": "CD" if one.is_compilation else "Vinyl", "qty": "1",
            "descriptions": [
                "Compilation" if one.is_compilation else '12"', *([] if one.is_official else ["Unofficial Release"]),
            ],
        }],
        "tracklist": [
            {"position": "", "type_": "heading", "title": one.release_title, "duration": ""},
            *(_item(view, each, place) for place, each in enumerate(listings)),
        ],
        "uri": f"https://www.discogs.com/release/{one.release}",
    }  # fmt: skip


def _item(view: View, one: Listing, place: int) -> dict[str, Any]:
    remix = [{"id": view.shop.person_number(one.remixer), "name": one.remixer, "role": "Remix"}] if one.remixer else []
    item: dict[str, Any] = {
        "position": f"{'AB'[place % 2]}{place // 2 + 1}", "type_": "track", "title": one.full_title,
        "duration": clock(one.duration_ms), "extraartists": remix,
    }  # fmt: skip
    return {**item, "artists": _people(view, one.artists)} if one.is_compilation else item


def _people(view: View, names: tuple[str, ...]) -> list[dict[str, Any]]:
    last = len(names) - 1
    return [
        {"name": _numbered(name, view.shop.person_number(name)), "anv": "", "join": "" if place == last else "&",
         "id": view.shop.person_number(name)}
        for place, name in enumerate(names)
    ]  # fmt: skip


def _label(view: View, one: Listing, label: str | None, number: str | None) -> dict[str, Any]:
    if label is None:
        name, label_id = f"Not On Label ({one.artist} Self-released)", _NOT_ON_LABEL
    else:
        label_id = view.shop.label_number(label)
        name = _numbered(label, label_id)
    return {"id": label_id + 10_000 if label else label_id, "name": name, "catno": number or "none",
            "entity_type_name": "Label"}  # fmt: skip


def _numbered(name: str, number: int) -> str:
    """Every third name shares its spelling with others on Discogs."""
    return f"{name} ({number % 7 + 2})" if number % 3 == 0 else name
