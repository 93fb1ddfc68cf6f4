"""Playlists of players and DJ programs: M3U and M3U8 (rekordbox, Traktor, VirtualDJ), PLS, and CUE sheets."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path, PureWindowsPath
from typing import Any
from urllib.parse import unquote

from enrich.errors import InputFileError
from enrich.tracklists.lines import LONGEST, Line, led, split_line
from enrich.tracklists.naming import date_in, dj_in, named_set
from enrich.tracklists.slots import Draft, Written, draft

#: `setlists.source` of playlists and of DJ programs' own lists.
SOURCE = "dj-software"

_EXTINF = re.compile(
    r"^#EXTINF:\s*(?P<seconds>-?\d+(?:\.\d+)?)(?:\s+[\w-]+=(?:\"[^\"]*\"|[^\s,]*))*\s*,\s*(?P<name>.+)$", re.IGNORECASE
)
_VDJ = re.compile(r"<(artist|title|remix|label|songlength)>(.*?)</\1>", re.IGNORECASE)
#: Remarks that do not begin a track.
_ASIDE = re.compile(r"(?i)#EXT(?:GRP|ALB|IMG|ART)")
_INDEX = re.compile(r"^0?1\s+(\d+):(\d\d):(\d\d)")


def read_m3u(text: str, path: Path) -> Draft:
    """Read an M3U playlist: names from its remarks, else from file names that hold artist and title.

    Raises:
        InputFileError: no entry names an artist.
    """
    rows: list[Written] = []
    said: dict[str, Any] | None = None
    at, name, credit = 0, path.stem, None
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()[:LONGEST]
        key, _, value = line.partition(":")
        if said and key.upper().startswith("#EXT") and not _ASIDE.match(key):
            rows.append((at, raw, said))
            said = None
        if found := _EXTINF.match(line):
            said, at = split_line(found["name"])._asdict(), number
            said |= {"duration_ms": milliseconds(found["seconds"]), "artist": said["artist"] or credit}
            credit = None
        elif key.upper() == "#EXTVDJ":
            parts = {key.lower(): unescape(value).strip() for key, value in _VDJ.findall(line)}
            if title := with_mix(parts.get("title"), parts.get("remix")):
                said = {"artist": parts.get("artist"), "title": title, "label": parts.get("label")}
                said["duration_ms"], at = milliseconds(parts.get("songlength")), number
        elif key.upper() == "#EXTART":
            credit = value.strip() or None
            if said and not said["artist"]:
                said["artist"], credit = credit, None
        elif key.upper() == "#PLAYLIST":
            name = value.strip() or name
        elif line and not line.startswith("#"):
            in_name = _in_name(line)
            if said and not said["artist"] and in_name.artist:
                said |= {"artist": in_name.artist, "title": in_name.title}
            rows.append((at if said else number, raw, said or in_name._asdict()))
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
    lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if re.match(r"(?i)title\d+=", line)]
    rows = [(n, line, split_line(line.partition("=")[2])._asdict()) for n, line in lines]
    if not any(slot["artist"] for _, _, slot in rows):
        raise InputFileError(f"{path}: a PLS playlist without artist names; export it as extended M3U")
    return _draft(rows, path, name=path.stem)


def read_cue(text: str, path: Path) -> Draft:
    """Read a CUE sheet: names from its titles, or, where each track has a file, from the names of those.

    Raises:
        InputFileError: no track of it has a title.
    """
    head: dict[str, str] = {}
    tracks: list[Written] = []
    named, file, files = list[Line](), Line(), 0
    for number, raw in enumerate(text.split("\n"), start=1):
        key, _, rest = raw.strip().partition(" ")
        key, rest = key.upper(), rest.strip()
        if key == "FILE":
            file, files = _in_name(_unquoted(rest)), files + 1
        elif key == "TRACK" and rest:
            tracks.append((number, raw.strip(), {"artist": None, "title": None}))
            named.append(file)
        elif not tracks and key in ("TITLE", "PERFORMER", "REM"):
            key, rest = (key, rest) if key != "REM" else (rest.partition(" ")[0].upper(), rest.partition(" ")[2])
            head.setdefault(key, _unquoted(rest))
        elif tracks and key in ("TITLE", "PERFORMER", "ISRC"):
            field = {"TITLE": "title", "PERFORMER": "artist"}.get(key, "isrc")
            tracks[-1][2][field] = _unquoted(rest) or None
        elif key == "INDEX" and tracks and (index := _INDEX.match(rest)):
            tracks[-1][2]["cue_seconds"] = int(index[1]) * 60 + int(index[2])
    for (_, _, slot), in_name in zip(tracks, named, strict=True):
        if not slot["title"] and in_name.artist and files == len(tracks):
            slot |= {"artist": in_name.artist, "title": in_name.title}
        if slot["title"] and slot["artist"] in (None, head.get("PERFORMER")) and " - " in slot["title"]:
            slot |= split_line(slot["title"])._asdict()
    if not any(slot["artist"] or slot["title"] for _, _, slot in tracks):
        raise InputFileError(f"{path}: a CUE sheet whose tracks have no titles")
    name = head.get("TITLE") or re.sub(r"\.\w{2,4}$", "", head.get("COMMENT", "")) or path.stem
    return _draft(tracks, path, name=name, dj=head.get("PERFORMER"), date=date_in(head.get("DATE")))


def _draft(rows: list[Written], path: Path, *, name: str, dj: str | None = None, date: str | None = None) -> Draft:
    head = named_set(name, path=path, dj=dj or dj_in(name), date=date or date_in(name) or date_in(path.stem))
    return draft([(head, rows)], source=SOURCE)


def _in_name(path: str) -> Line:
    path = unquote(path) if "://" in path else path
    return split_line(led(PureWindowsPath(path.rpartition("/")[2]).stem.replace("_", " ")).rest)


def with_mix(title: str | None, mix: str | None) -> str | None:
    """A title with its mix in brackets, where it does not hold it already."""
    return f"{title} ({mix})" if title and mix and mix.casefold() not in title.casefold() else title or None


def milliseconds(seconds: str | None) -> int | None:
    """Of seconds as programs write them; None for none, or no plausible length."""
    length = float(seconds) if seconds and re.fullmatch(r"\d{1,6}(?:\.\d+)?", seconds) else 0
    return round(length * 1000) or None


def _unquoted(text: str) -> str:
    """A value of a CUE sheet: what stands between its first and its last quotation mark."""
    inner = re.match(r'^"(.*)"[^"]*$', text.strip())
    return (inner[1] if inner else text).strip()
