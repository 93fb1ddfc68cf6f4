"""What players and DJ programs keep of a night: M3U, PLS and CUE, tables of theirs, XML of rekordbox and Traktor.

A table is theirs where it has no `set_id` but a column for titles. In XML each playlist is a set; a collection without
a playlist is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import unescape
from pathlib import Path, PureWindowsPath
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from enrich.errors import InputFileError
from enrich.tracklists.lines import LONGEST, Line, clock, led, split_label, split_line
from enrich.tracklists.naming import SetInfo, date_in, dj_in, named_set, slug
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
#: What the programs call the columns, as `files.column_key` has them; the first that is there counts.
_NAMES = {
    field: names.split()
    for field, names in {
        "title": "title track_title track_name song song_title artist_title name track titel titre título titulo titolo"
        " トラックタイトル",
        "artist": "artist artist_name artists performer track_artist artist_s artist_name_s interpret künstler artiste"
        " artista artiest アーティスト",
        "label": "label record_label publisher",
        "catalog_number": "catalog_number catalogue_number catalog_no",
        "remix": "remixer_mix mix mix_name remix version",
        "genre": "genre",
        "isrc": "isrc",
        "duration": "duration length time playtime total_time",
        "cue": "cue start_time timestamp start timecode",
    }.items()
}
#: Tables without a column for artists hold a night all the same.
_NIGHT = ("start_time", "playtime", "deck", "cue", "timestamp", "timecode", "artist_title", "time")
#: What a mere list of artists and titles has not, and a program's table has.
_TELLING = re.compile(
    r"#|pos(?:ition)?|n[orº]?|number|nummer|index|traccia|faixa|track_(?:no|number|title|uri)|bpm|key|time|length"
    r"|duration|rating"
)


def read_m3u(text: str, path: Path) -> Draft:
    """Read an M3U playlist: names from its remarks, else from file names that hold artist and title.

    Raises InputFileError: no entry names an artist.
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
            said |= {"duration_ms": _milliseconds(found["seconds"]), "artist": said["artist"] or credit}
            credit = None
        elif key.upper() == "#EXTVDJ":
            parts = {key.lower(): unescape(value).strip() for key, value in _VDJ.findall(line)}
            if title := _with_mix(parts.get("title"), parts.get("remix")):
                said = {"artist": parts.get("artist"), "title": title, "label": parts.get("label")}
                said["duration_ms"], at = _milliseconds(parts.get("songlength")), number
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
    """Read a PLS playlist: names from its titles. Raises InputFileError: no entry names an artist."""
    lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if re.match(r"(?i)title\d+=", line)]
    rows = [(n, line, split_line(line.partition("=")[2])._asdict()) for n, line in lines]
    if not any(slot["artist"] for _, _, slot in rows):
        raise InputFileError(f"{path}: a PLS playlist without artist names; export it as extended M3U")
    return _draft(rows, path, name=path.stem)


def read_cue(text: str, path: Path) -> Draft:
    """Read a CUE sheet: names from its titles, or, where each track has a file, from the names of those.

    Raises InputFileError: no track of it has a title.
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


def _with_mix(title: str | None, mix: str | None) -> str | None:
    return f"{title} ({mix})" if title and mix and mix.casefold() not in title.casefold() else title or None


def _milliseconds(seconds: str | None) -> int | None:
    length = float(seconds) if seconds and re.fullmatch(r"\d{1,6}(?:\.\d+)?", seconds) else 0
    return round(length * 1000) or None


def _unquoted(text: str) -> str:
    """A value of a CUE sheet: what stands between its first and its last quotation mark."""
    inner = re.match(r'^"(.*)"[^"]*$', text.strip())
    return (inner[1] if inner else text).strip()


def is_theirs(header: Sequence[str]) -> bool:
    """Whether column keys are those of a DJ program's table."""
    titled = any(name in header for name in _NAMES["title"])
    credited = any(name in header for name in (*_NAMES["artist"], *_NIGHT))
    return titled and credited and any(name in _NIGHT or _TELLING.fullmatch(name) for name in header)


def draft_of_table(header: Sequence[str], rows: Sequence[tuple[int, str, list[str]]], path: Path) -> Draft:
    """Slots of a program's table (line, text, fields): one set, in the order of its rows."""
    at = {field: header.index(name) for field, names in _NAMES.items() for name in names[::-1] if name in header}
    night: str | None = None
    found: list[Written] = []
    begin: int | None = None
    for line, raw, record in rows:
        said: dict[str, str | None] = dict.fromkeys(_NAMES)
        said |= {field: " ".join(record[i].split()) or None for field, i in at.items()}
        title, artist, cue = said["title"], said["artist"], said["cue"]
        # A row may stand for the whole session: its name is a date, its time has one.
        is_night = title and not artist and re.fullmatch(r"(?i)[\d./, :-]{6,}(?:[ap]m)?", title)
        if title and is_night and re.search(r"\d[./-]\d", cue or title):
            night = night or title
            continue
        slot: dict[str, Any] = {"artist": artist, "title": _with_mix(title, said["remix"])}
        if title and not artist and "artist" not in at:
            slot = split_line(title)._asdict()
        if said["label"]:
            slot["label"], slot["catalog_number"], slot["label_note"] = split_label(said["label"])
        played = clock(re.sub(r"^.*\s(?=\d{1,2}:\d\d)", "", cue or ""))
        if played is not None:
            begin = played if begin is None else begin
            slot["cue_seconds"] = (played - begin) % 86_400
        slot |= {"duration_ms": (clock(said["duration"]) or 0) * 1000 or None, "genre": said["genre"]}
        slot |= {"isrc": said["isrc"], "catalog_number": slot.get("catalog_number") or said["catalog_number"]}
        found.append((line, raw, slot))
    if not any(slot["artist"] or slot["title"] for _, _, slot in found):
        raise InputFileError(f"{path}: a DJ program's table without a track in it")
    name = path.stem if night is None or date_in(path.stem) else f"{path.stem} {night}"
    head = named_set(name, path=path, dj=dj_in(path.stem), date=date_in(name))
    return draft([(head, found)], source=SOURCE)


def read_xml(text: str, path: Path) -> Draft:
    """Read the playlists (histories too) of a rekordbox or Traktor collection.

    Raises InputFileError: the XML is broken, or there is no playlist in it.
    """
    root = parsed_xml(text, path)
    sets = list(_rekordbox(root) if root.tag == "DJ_PLAYLISTS" else _traktor(root))
    heads: list[tuple[SetInfo, list[Written]]] = []
    bad: list[tuple[int, str, str]] = []
    for name, slots in sets:
        tracks = [(i, slot["title"] or "", slot) for i, slot in slots if slot is not None]
        bad += [(i, "a track that is not in the collection", name) for i, slot in slots if slot is None]
        set_id = slug(f"{path.stem} {name}") or path.stem
        if tracks:
            head = SetInfo(set_id=set_id, name=name, dj=dj_in(name), date=date_in(name), id_from_name=True)
            heads.append((head, tracks))
    if not heads:
        raise InputFileError(
            f"{path}: a collection without a playlist; export the playlist or the history of the night"
        )
    return draft(heads, source=SOURCE, bad=bad)


def parsed_xml(text: str, path: Path) -> ET.Element:
    """The root of an XML document that declares no entities. Raises InputFileError: it is broken, or has a DOCTYPE."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise InputFileError(f"{path}: XML with a DOCTYPE; refused, as an export has none")
    try:
        # The text is no longer in the encoding the declaration names.
        return ET.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))  # noqa: S314 - there are no entities to expand
    except (ET.ParseError, RecursionError) as error:
        raise InputFileError(f"{path}: broken XML ({error})") from None


#: Name of a playlist; place and slot of each track, None for one the collection lacks.
_Sets = Iterator[tuple[str, list[tuple[int, dict[str, Any] | None]]]]


def _rekordbox(root: ET.Element) -> _Sets:
    known: dict[Any, dict[str, Any]] = {}
    for track in root.iterfind("COLLECTION/TRACK"):
        slot = _slot(track, "Artist", "Name", track, "Mix", "Label", "Genre", "CatalogNo", "TotalTime")
        known |= {track.get("TrackID"): slot, ("at", track.get("Location")): slot}
    for node in root.iterfind(".//NODE[@Type='1']"):
        keys = [entry.get("Key") for entry in node.iterfind("TRACK")]
        found = [known.get(key, known.get(("at", key))) for key in keys]
        yield node.get("Name") or "playlist", list(enumerate(found, start=1))


def _traktor(root: ET.Element) -> _Sets:
    known: dict[str, dict[str, Any]] = {}
    for track in root.iterfind("COLLECTION/ENTRY"):
        place, info = track.find("LOCATION"), track.find("INFO")
        if place is not None:
            key = "".join(place.get(part, "") for part in ("VOLUME", "DIR", "FILE"))
            known[key] = _slot(track, "ARTIST", "TITLE", info, "MIX", "LABEL", "GENRE", "CATALOG_NO", "PLAYTIME")
    for node in root.iterfind(".//NODE[@TYPE='PLAYLIST']"):
        found: list[tuple[int, dict[str, Any] | None]] = []
        begin: int | None = None
        for i, entry in enumerate(node.iterfind("PLAYLIST/ENTRY"), start=1):
            place, extended = entry.find("PRIMARYKEY"), entry.find("EXTENDEDDATA")
            slot: dict[str, Any] | None = known.get(place.get("KEY", "") if place is not None else "")
            if slot and extended is not None and extended.get("PLAYEDPUBLIC") != "0":
                start = int(extended.get("STARTTIME") or 0)
                begin = start if begin is None else begin
                slot = {**slot, "cue_seconds": (start - begin) % 86_400}
            if slot is None or extended is None or extended.get("PLAYEDPUBLIC") != "0":
                found.append((i, slot))
        yield node.get("NAME") or "playlist", found


def _slot(track: ET.Element, artist: str, title: str, more: ET.Element | None, *names: str) -> dict[str, Any]:
    """A track of a collection; `names` of mix, label, genre, catalogue number and length, which `more` has."""
    mix, label, genre, number, length = ((more.get(name) or None if more is not None else None) for name in names)
    named = {"artist": track.get(artist) or None, "title": _with_mix(track.get(title), mix), "label": label}
    return {**named, "genre": genre, "catalog_number": number, "duration_ms": _milliseconds(length)}
