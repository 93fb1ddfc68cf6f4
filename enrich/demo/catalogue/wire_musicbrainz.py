"""MusicBrainz' web service 2, as a catalogue speaks it."""

from __future__ import annotations

import re
import uuid
from typing import Any

from enrich.demo.catalogue.shop import Listing, uuid_of
from enrich.demo.catalogue.wire import Reply, Request, View, as_json

_SPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
_FIELD = re.compile(r'(\w+):(?:"((?:\\.|[^"\\])*)"|\(([^)]*)\)|(\S+))')
VARIOUS_ARTISTS = "89ad4ac3-39f7-470e-963a-56509c546377"
_NO_LABEL = {"id": "157afde4-4bf5-4039-8ad2-5a15acc85176", "name": "[no label]", "sort-name": "[no label]"}
_RECORDING_INC = frozenset({"artists", "artist-credits", "releases", "isrcs", "release-groups", "media"})


def answer(view: View, request: Request) -> Reply:
    """A reply of the web service."""
    parts = request.path.strip("/").split("/")
    inc = request.params.get("inc", "").replace("+", " ").split()
    if parts[0] == "recording":
        bad = next((one for one in inc if one not in _RECORDING_INC), None)
        if bad is not None:
            return error(400, f"{bad} is not a valid inc parameter for the recording resource.")
    match parts:
        case ["recording"]:
            return _search(view, request)
        case ["recording", mbid]:
            found = view.of(mbid)
            return as_json(_recording(found, 100)) if found else _not_found()
        case ["isrc", isrc]:
            found = view.of(isrc)
            if not found:
                return _not_found()
            return as_json({"isrc": isrc, "recordings": [_recording(same, None) for same in _grouped(found)]})
        case ["release"] if "recording" in request.params:
            return _browse(view, request, inc)
        case ["release"]:
            return _search_releases(view, request)
        case ["release", mbid]:
            one = next((o for o in view.shop.listings if _release_id(o) == mbid), None)
            return as_json(_release(one, inc)) if one else _not_found()
        case _:
            return _not_found()


def error(status: int, message: str) -> Reply:
    """An error, as the web service sends them."""
    return as_json(
        {"error": message, "help": "For usage, please see: https://musicbrainz.org/development/mmd"}, status=status
    )


def _window(request: Request) -> tuple[int, int]:
    """How many, and from which on."""
    return min(100, request.number("limit", 25)), request.number("offset", 0)


def _search(view: View, request: Request) -> Reply:
    fields = _fields(request.params.get("query", ""))
    found = _find(view, fields, title=("recording",), artist=("artist", "artistname", "creditname"))
    limit, offset = _window(request)
    several = _grouped(found)
    recordings = [_recording(same, max(1, 100 - place)) for place, same in enumerate(several)]
    return as_json(
        {
            "created": "2026-01-01T00:00:00.000Z",
            "count": len(several),
            "offset": offset,
            "recordings": recordings[offset : offset + limit],
        }
    )


def _browse(view: View, request: Request, inc: list[str]) -> Reply:
    found = view.of(request.params["recording"])
    limit, offset = _window(request)
    if view.does("two_pages"):
        limit = min(limit, max(1, -(-len(found) // 2)))
    return as_json(
        {
            "release-count": len(found),
            "release-offset": offset,
            "releases": [_release(one, inc) for one in found[offset : offset + limit]],
        }
    )


def _search_releases(view: View, request: Request) -> Reply:
    found = _find(view, _fields(request.params.get("query", "")), title=("release",), artist=("artist",))
    once = list({one.release: one for one in found}.values())[: request.number("limit", 25)]
    releases = [{"score": 100, **_release(one, ["labels"])} for one in once]
    return as_json({"created": "2026-01-01T00:00:00.000Z", "count": len(once), "offset": 0, "releases": releases})


def _find(
    view: View, fields: dict[str, list[str]], *, title: tuple[str, ...], artist: tuple[str, ...]
) -> list[Listing]:
    titles = [text for name in title for text in fields.get(name, [])]
    credits = list(dict.fromkeys(text for name in artist for text in fields.get(name, [])))
    isrcs = fields.get("isrc", [])
    if isrcs:
        return [one for isrc in isrcs for one in view.of(isrc)]
    wanted = " ".join(titles) or None
    if not credits:
        return view.find(title=wanted, text=" ".join(fields.get("", [])) or None)
    found: dict[int, Listing] = {}
    for credit in credits:
        found.update({one.number: one for one in view.find(title=wanted, artist=credit) if one.number not in found})
    return list(found.values())


def _fields(query: str) -> dict[str, list[str]]:
    """Values by field of a Lucene query, unescaped; free text under ""."""
    fields: dict[str, list[str]] = {}
    for match in _FIELD.finditer(query):
        text = next(part for part in match.groups()[1:] if part is not None)
        fields.setdefault(match[1], []).append(re.sub(r"\\(.)", r"\1", text))
    if not fields:
        fields[""] = [re.sub(r"\\(.)", r"\1", query)]
    return fields


def _grouped(found: list[Listing]) -> list[list[Listing]]:
    groups: dict[str, list[Listing]] = {}
    for one in found:
        groups.setdefault(one.recording, []).append(one)
    return list(groups.values())


def _recording(same: list[Listing], score: int | None) -> dict[str, Any]:
    one = same[0]
    days = sorted(each.day for each in same if each.day)
    found: dict[str, Any] = {
        "id": one.recording,
        "title": f"{one.title} ({one.mix.lower()})" if one.mix else one.title,
        "length": one.duration_ms,
        "artist-credit": _credit(one),
        "releases": [_short_release(each) for each in same],
    }
    if score is not None:
        found["score"] = score
    if days:
        found["first-release-date"] = days[0]
    isrcs = sorted({each.isrc for each in same if each.isrc})
    return {**found, "isrcs": isrcs} if isrcs else found


def _credit(one: Listing) -> list[dict[str, Any]]:
    credit: list[dict[str, Any]] = []
    for place, name in enumerate(one.artists):
        who = {"id": uuid_of(_SPACE, name), "name": name, "sort-name": name}
        joined = {"joinphrase": " & "} if place < len(one.artists) - 1 else {}
        credit.append({"name": name, **joined, "artist": who})
    return credit


def _short_release(one: Listing) -> dict[str, Any]:
    release: dict[str, Any] = {
        "id": _release_id(one),
        "title": one.release_title,
        "status": "Official" if one.is_official else "Bootleg",
        "release-group": _group(one),
    }
    if one.day:
        release |= {"date": one.day, "country": "XW"}
    if one.is_compilation:
        who = {"id": VARIOUS_ARTISTS, "name": "Various Artists", "sort-name": "Various Artists"}
        release["artist-credit"] = [{"name": "Various Artists", "artist": who}]
    return release


def _release(one: Listing, inc: list[str]) -> dict[str, Any]:
    release = {**_short_release(one), "barcode": "", "media": [{"format": "Digital Media", "track-count": 1}]}
    if "artist-credits" not in inc:
        release.pop("artist-credit", None)
    if "labels" in inc:
        label = {"id": uuid_of(_SPACE, one.label), "name": one.label} if one.label else _NO_LABEL
        release["label-info"] = [{"catalog-number": one.catalog_number or "[none]", "label": label}]
    return release


def _group(one: Listing) -> dict[str, Any]:
    return {
        "id": uuid_of(_SPACE, f"group {one.release}"),
        "primary-type": "Album" if one.is_compilation else "Single",
        "secondary-types": ["Compilation"] if one.is_compilation else [],
    }


def _release_id(one: Listing) -> str:
    return uuid_of(_SPACE, f"release {one.release}")


def _not_found() -> Reply:
    return error(404, "Not Found")
