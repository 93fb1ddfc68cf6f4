"""Playlists of players and DJ programs: M3U and M3U8 (rekordbox, Traktor, VirtualDJ), PLS, and CUE sheets."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path, PureWindowsPath
from typing import Any

from enrich.errors import InputFileError
from enrich.tracklists.lines import LONGEST, split_line
from enrich.tracklists.marks import led
from enrich.tracklists.naming import date_in, dj_in, named_set
from enrich.tracklists.slots import Draft, Written, draft

#: `setlists.source` of playlists and of DJ programs' own lists.
SOURCE = "dj-software"

_EXTINF = re.compile(
    r"^#EXTINF:\s*(?P<seconds>-?\d+(?:\.\d+)?)(?:\s+[\w-]+=(?:\"[^\"]*\"|[^\s,]*))*\s*,\s*(?P<name>.*)$", re.IGNORECASE
)
_VDJ = re.compile(r"<(artist|title|remix|label|songlength)>(.*?)</\1>", re.IGNORECASE)
_PLS = re.compile(r"(?i)^title\d+=")
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
    rows: list[Written] = []
    said: dict[str, Any] | None = None
    at = 0
    name: str | None = None
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()[:LONGEST]
        if said and line.upper().startswith("#EXT") and not line.upper().startswith(("#EXTGRP", "#EXTALB", "#EXTIMG")):
            rows.append((at, raw, said))
            said = None
        if (found := _EXTINF.match(line)) and found["name"]:
            said, at = split_line(found["name"])._asdict(), number
            said["duration_ms"] = _milliseconds(found["seconds"])
        elif line.upper().startswith("#EXTVDJ"):
            parts = {key.lower(): unescape(value).strip() for key, value in _VDJ.findall(line)}
            title, remix, length = (parts.get(key) for key in ("title", "remix", "songlength"))
            if title and remix and remix.casefold() not in title.casefold():
                title = f"{title} ({remix})"
            said, at = (
                ({"artist": parts.get("artist"), "title": title, "label": parts.get("label")} if title else None),
                number,
            )
            if said:
                said["duration_ms"] = _milliseconds(length)
        elif line.upper().startswith("#PLAYLIST:"):
            name = line[10:].strip() or None
        elif line and not line.startswith("#"):
            slot = said or split_line(_in_name(line))._asdict()
            rows.append((at if said else number, raw, slot))
            said = None
    if said:
        rows.append((at, "", said))
    if not any(slot["artist"] for _, _, slot in rows):
        raise InputFileError(f"{path}: an M3U playlist without artist names; export it with them (extended M3U)")
    return _draft(rows, path, name=name)


def read_pls(text: str, path: Path) -> Draft:
    """Read a PLS playlist: names from its titles.

    Raises:
        InputFileError: no entry names an artist.
    """
    rows = [
        (n, line, split_line(line.partition("=")[2])._asdict())
        for n, line in enumerate(text.split("\n"), 1)
        if _PLS.match(line)
    ]
    if not any(slot["artist"] for _, _, slot in rows):
        raise InputFileError(f"{path}: a PLS playlist without artist names; export it as extended M3U")
    return _draft(rows, path, name=None)


def read_cue(text: str, path: Path) -> Draft:
    """Read a CUE sheet.

    Raises:
        InputFileError: no track of it has a title.
    """
    head: dict[str, str] = {}
    tracks: list[Written] = []
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
            slot |= split_line(slot["title"])._asdict()
    if not any(slot["artist"] or slot["title"] for _, _, slot in tracks):
        raise InputFileError(f"{path}: a CUE sheet whose tracks have no titles")
    title = head.get("TITLE") or re.sub(r"\.\w{2,4}$", "", head.get("COMMENT", "")) or None
    return _draft(tracks, path, name=title, dj=head.get("PERFORMER"), date=date_in(head.get("DATE")))


def _draft(
    rows: list[Written], path: Path, *, name: str | None, dj: str | None = None, date: str | None = None
) -> Draft:
    name = name or path.stem
    head = named_set(name, path=path, dj=dj or dj_in(name), date=date or date_in(name) or date_in(path.stem))
    return draft([(head, rows)], source=SOURCE)


def _in_name(path: str) -> str:
    return led(PureWindowsPath(path.rpartition("/")[2]).stem.replace("_", " ")).rest


def _milliseconds(seconds: str | None) -> int | None:
    length = float(seconds) if seconds and re.fullmatch(r"\d{1,6}(?:\.\d+)?", seconds) else 0
    return round(length * 1000) or None


def _unquoted(text: str) -> str:
    """A value of a CUE sheet: what stands between its first and its last quotation mark."""
    inner = re.match(r'^"(.*)"[^"]*$', text.strip())
    return (inner[1] if inner else text).strip()
