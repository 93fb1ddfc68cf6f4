"""What DJ programs keep of a night: tables of theirs (rekordbox, Serato, Engine, Traktor) and XML (rekordbox, Traktor).

A table is theirs where it has no `set_id` but a column for titles. In XML each playlist is a set; a collection without
a playlist is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from enrich.errors import InputFileError
from enrich.tracklists.lines import split_label, split_line
from enrich.tracklists.marks import clock
from enrich.tracklists.naming import SetInfo, date_in, dj_in, named_set, slug
from enrich.tracklists.playlists import SOURCE
from enrich.tracklists.slots import Draft, Written, draft

#: What the programs call the columns, as `files.column_key` has them; the first that is there counts.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "title": ("title", "track_title", "track_name", "song", "song_title", "artist_title", "name", "track", "titel"),
    "artist": ("artist", "artist_name", "artists", "performer", "track_artist", "artist_s", "interpret", "kunstler"),
    "label": ("label", "record_label", "publisher"),
    "catalog_number": ("catalog_number", "catalogue_number", "catalog_no"),
    "remix": ("remixer_mix", "mix", "mix_name", "remix", "version"),
    "genre": ("genre",),
    "isrc": ("isrc",),
    "duration": ("duration", "length", "time", "playtime", "total_time"),
    "cue": ("cue", "start_time", "timestamp", "start", "timecode"),
}
#: Tables without a column for artists hold a night all the same.
_NIGHT = ("start_time", "playtime", "deck", "cue", "timestamp", "timecode", "artist_title")
#: What a mere list of artists and titles has not, and a program's table has.
_TELLING = re.compile(r"#|pos(?:ition)?|n[or]|number|track_(?:no|number|title)|bpm|key|time|length|duration|rating")


def is_theirs(header: Sequence[str]) -> bool:
    """Whether column keys are those of a DJ program's table."""
    titled = any(name in header for name in _NAMES["title"])
    credited = any(name in header for name in (*_NAMES["artist"], *_NIGHT))
    return titled and credited and any(name in _NIGHT or _TELLING.fullmatch(name) for name in header)


def draft_of_table(
    header: Sequence[str], records: Sequence[Sequence[str]], lines: Sequence[int], raws: Sequence[str], path: Path
) -> Draft:
    """Slots of a program's table: one set, in the order of its rows."""
    at = {field: header.index(name) for field, names in _NAMES.items() for name in names[::-1] if name in header}
    night: str | None = None
    found: list[Written] = []
    begin: int | None = None
    for record, line, raw in zip(records, lines, raws, strict=True):
        said = {field: " ".join(record[i].split()) or None for field, i in at.items()}
        title, artist = said.get("title"), said.get("artist")
        if title and not artist and _is_night(title, said.get("cue")):
            night = night or title
            continue
        slot: dict[str, Any] = {"artist": artist, "title": title}
        if title and not artist and "artist" not in at:
            slot = split_line(title)._asdict()
        elif title and (remix := said.get("remix")) and remix.casefold() not in title.casefold():
            slot["title"] = f"{title} ({remix})"
        if label := said.get("label"):
            slot["label"], slot["catalog_number"], slot["label_note"] = split_label(label)
        played = clock(re.sub(r"^.*\s(?=\d{1,2}:\d\d)", "", said.get("cue") or ""))
        if played is not None:
            begin = played if begin is None else begin
            slot["cue_seconds"] = (played - begin) % 86_400
        length = clock(said.get("duration"))
        slot |= {"duration_ms": length * 1000 if length else None, "genre": said.get("genre"), "isrc": said.get("isrc")}
        slot["catalog_number"] = slot.get("catalog_number") or said.get("catalog_number")
        found.append((line, raw, slot))
    if not any(slot["artist"] or slot["title"] for _, _, slot in found):
        raise InputFileError(f"{path}: a DJ program's table without a track in it")
    name = path.stem if night is None or date_in(path.stem) else f"{path.stem} {night}"
    head = named_set(name, path=path, dj=dj_in(path.stem), date=date_in(name))
    return draft([(head, found)], source=SOURCE)


def _is_night(title: str, cue: str | None) -> bool:
    """A row that stands for the whole session: its name is a date, its time has one."""
    return (
        re.fullmatch(r"[\d./, :-]{6,}(?:[ap]m)?", title, re.IGNORECASE) is not None
        and re.search(r"\d[./-]\d", cue or title) is not None
    )


def looks_like_xml(text: str) -> bool:
    """Whether a text is XML of rekordbox or Traktor."""
    return re.search(r"<(?:DJ_PLAYLISTS|NML)\b", text[:2000]) is not None


def read_xml(text: str, path: Path) -> Draft:
    """Read the playlists (histories too) of a rekordbox or Traktor collection.

    Raises:
        InputFileError: the XML is broken, or there is no playlist in it.
    """
    root = parsed_xml(text, path)
    sets = list(_rekordbox(root) if root.tag == "DJ_PLAYLISTS" else _traktor(root))
    bad = [(i, "a track that is not in the collection", name) for name, _, lost in sets for i in lost]
    heads = [
        (SetInfo(set_id=slug(f"{path.stem} {name}") or path.stem, name=name, dj=dj_in(name), date=date_in(name),
                 id_from_name=True), tracks)
        for name, tracks, _ in sets if tracks
    ]  # fmt: skip
    if not heads:
        raise InputFileError(
            f"{path}: a collection without a playlist; export the playlist or the history of the night"
        )
    return draft(heads, source=SOURCE, bad=bad)


def parsed_xml(text: str, path: Path) -> ET.Element:
    """The root of an XML document that declares no entities.

    Raises:
        InputFileError: it is broken, or has a DOCTYPE.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise InputFileError(f"{path}: XML with a DOCTYPE; refused, as an export has none")
    try:
        # The text is no longer in the encoding the declaration names.
        return ET.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))  # noqa: S314 - there are no entities to expand
    except (ET.ParseError, RecursionError) as error:
        raise InputFileError(f"{path}: broken XML ({error})") from None


#: Name of a playlist, its tracks, and the places of those the collection lacks.
_Sets = Iterator[tuple[str, list[Written], list[int]]]


def _rekordbox(root: ET.Element) -> _Sets:
    known = {track.get("TrackID"): track for track in root.iterfind("COLLECTION/TRACK")}
    by_place = {track.get("Location"): track for track in known.values()}
    for node in root.iterfind(".//NODE[@Type='1']"):
        keys = [entry.get("Key") for entry in node.iterfind("TRACK")]
        tracks = [known.get(key, by_place.get(key)) for key in keys]
        yield node.get("Name") or "playlist", [
            (i, track.get("Name") or "", {
                "artist": track.get("Artist") or None, "title": _with_mix(track.get("Name"), track.get("Mix")),
                "label": track.get("Label") or None, "genre": track.get("Genre") or None,
                "duration_ms": _milliseconds(track.get("TotalTime")),
            })
            for i, track in enumerate(tracks, start=1) if track is not None
        ], [i for i, track in enumerate(tracks, start=1) if track is None]  # fmt: skip


def _traktor(root: ET.Element) -> _Sets:
    known: dict[str, dict[str, Any]] = {}
    for entry in root.iterfind("COLLECTION/ENTRY"):
        place, info = entry.find("LOCATION"), entry.find("INFO")
        said = info.attrib if info is not None else {}
        if place is not None:
            known[place.get("VOLUME", "") + place.get("DIR", "") + place.get("FILE", "")] = {
                "artist": entry.get("ARTIST") or None, "title": _with_mix(entry.get("TITLE"), said.get("MIX")),
                "label": said.get("LABEL") or None, "genre": said.get("GENRE") or None,
                "catalog_number": said.get("CATALOG_NO") or None, "duration_ms": _milliseconds(said.get("PLAYTIME")),
            }  # fmt: skip
    for node in root.iterfind(".//NODE[@TYPE='PLAYLIST']"):
        tracks: list[Written] = []
        starts, lost = [], []
        for i, entry in enumerate(node.iterfind("PLAYLIST/ENTRY"), start=1):
            key, extended = entry.find("PRIMARYKEY"), entry.find("EXTENDEDDATA")
            slot = known.get(key.get("KEY", "") if key is not None else "")
            if slot is None:
                lost.append(i)
            if slot and extended is not None and extended.get("PLAYEDPUBLIC") != "0":
                starts.append(int(extended.get("STARTTIME") or 0))
                slot = {**slot, "cue_seconds": (starts[-1] - starts[0]) % 86_400}
            if slot and (extended is None or extended.get("PLAYEDPUBLIC") != "0"):
                tracks.append((i, slot["title"] or "", slot))
        yield node.get("NAME") or "playlist", tracks, lost


def _with_mix(title: str | None, mix: str | None) -> str | None:
    return f"{title} ({mix})" if title and mix and mix.casefold() not in title.casefold() else title or None


def _milliseconds(seconds: str | None) -> int | None:
    return int(seconds) * 1000 if seconds and seconds.isdecimal() and len(seconds) < 7 else None
