"""Playlists of players and DJ programs: M3U and M3U8 (rekordbox, Traktor, VirtualDJ) and CUE sheets."""

from __future__ import annotations

import re
from pathlib import Path, PureWindowsPath
from typing import Any

from enrich.errors import InputFileError
from enrich.tracklists.lines import LONGEST, split_line
from enrich.tracklists.marks import led
from enrich.tracklists.naming import date_in, dj_in, named_set
from enrich.tracklists.slots import Draft, draft

#: `setlists.source` of playlists and of DJ programs' own lists.
SOURCE = "dj-software"

_EXTINF = re.compile(r"^#EXTINF:\s*(?P<seconds>-?\d+(?:\.\d+)?)(?:\s[^,]*?)?\s*,\s*(?P<name>.*)$", re.IGNORECASE)
_VDJ = re.compile(r"<(artist|title|remix)>(.*?)</\1>", re.IGNORECASE)
_CUE_LINE = re.compile(r"^\s*(?P<key>[A-Z]+)\s+(?P<rest>.*)$", re.IGNORECASE)
_INDEX = re.compile(r"^0?1\s+(\d+):(\d\d):(\d\d)")


def looks_like_m3u(text: str, ending: str) -> bool:
    """Whether a text is an M3U playlist."""
    return ending in (".m3u", ".m3u8") or text.lstrip()[:8].upper().startswith(("#EXTM3U", "#EXTINF", "#EXTVDJ"))


def looks_like_cue(text: str) -> bool:
    """Whether a text is a CUE sheet."""
    return re.search(r"(?im)^\s*TRACK\s+\d+\s+AUDIO\b", text[:20_000]) is not None


def read_m3u(text: str, path: Path) -> Draft:
    """Read an M3U playlist: names from its remarks, else from file names that hold artist and title.

    Raises:
        InputFileError: no entry names an artist.
    """
    rows: list[tuple[int, str, dict[str, Any]]] = []
    said: dict[str, Any] | None = None
    at = 0
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()[:LONGEST]
        if (found := _EXTINF.match(line)) and found["name"]:
            said, at = _named(found["name"]), number
            length = float(found["seconds"])
            said["duration_ms"] = round(length * 1000) if 0 < length < 1_000_000 else None
        elif line.upper().startswith("#EXTVDJ"):
            parts = {key.lower(): value.strip() for key, value in _VDJ.findall(line)}
            title, remix = parts.get("title"), parts.get("remix")
            if title and remix and remix.casefold() not in title.casefold():
                title = f"{title} ({remix})"
            said, at = ({"artist": parts.get("artist"), "title": title} if title else None), number
        elif line and not line.startswith("#"):
            slot = said or _named(led(PureWindowsPath(line.rpartition("/")[2]).stem.replace("_", " ")).rest)
            rows.append((at if said else number, raw, slot))
            said = None
    if not any(slot["artist"] for _, _, slot in rows):
        raise InputFileError(f"{path}: an M3U playlist without artist names; export it with them (extended M3U)")
    return _draft(rows, path, name=None)


def read_cue(text: str, path: Path) -> Draft:
    """Read a CUE sheet.

    Raises:
        InputFileError: no track of it has a title.
    """
    head: dict[str, str] = {}
    tracks: list[tuple[int, str, dict[str, Any]]] = []
    for number, raw in enumerate(text.split("\n"), start=1):
        found = _CUE_LINE.match(raw)
        if not found:
            continue
        key, rest = found["key"].upper(), found["rest"].strip()
        if key == "TRACK":
            tracks.append((number, raw.strip(), {"artist": None, "title": None}))
        elif key in ("TITLE", "PERFORMER", "REM"):
            value = _unquoted(rest)
            if not tracks:
                name, _, comment = rest.partition(" ") if key == "REM" else (key, "", value)
                head.setdefault(name.upper(), _unquoted(comment))
            elif key != "REM":
                tracks[-1][2]["title" if key == "TITLE" else "artist"] = value or None
        elif key == "ISRC" and tracks:
            tracks[-1][2]["isrc"] = _unquoted(rest)
        elif key == "INDEX" and tracks and (index := _INDEX.match(rest)):
            tracks[-1][2]["cue_seconds"] = int(index[1]) * 60 + int(index[2])
    for _, _, slot in tracks:
        if slot["title"] and slot["artist"] in (None, head.get("PERFORMER")) and " - " in slot["title"]:
            slot |= _named(slot["title"])
    named = [track for track in tracks if track[2]["artist"] or track[2]["title"]]
    if not named:
        raise InputFileError(f"{path}: a CUE sheet whose tracks have no titles")
    title = head.get("TITLE") or re.sub(r"\.\w{2,4}$", "", head.get("COMMENT", "")) or None
    return _draft(named, path, name=title, dj=head.get("PERFORMER"), date=date_in(head.get("DATE")))


def _draft(
    rows: list[tuple[int, str, dict[str, Any]]], path: Path, *, name: str | None, dj: str | None = None,
    date: str | None = None,
) -> Draft:  # fmt: skip
    name = name or path.stem
    head = named_set(name, path=path, dj=dj or dj_in(name), date=date or date_in(name) or date_in(path.stem))
    good = [row for row in rows if row[2]["artist"] or row[2]["title"]]
    numbered = [(line, raw, {**head.columns(), **slot, "position": i}) for i, (line, raw, slot) in enumerate(good, 1)]
    return draft(numbered, source=SOURCE)


def _named(written: str) -> dict[str, Any]:
    line = split_line(written)
    return {"artist": line.artist, "title": line.title, "label": line.label, "catalog_number": line.catalog_number}


def _unquoted(text: str) -> str:
    """A value of a CUE sheet: what stands between its first and its last quotation mark."""
    inner = re.match(r'^"(.*)"[^"]*$', text.strip())
    return (inner[1] if inner else text).strip()
