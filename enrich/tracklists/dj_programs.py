"""What players and DJ programs keep of a night: M3U, PLS, XSPF, ASX and CUE, tables, XML of rekordbox and Traktor.

A table is theirs where it has no `set_id` but a column for titles. In XML each playlist is a set; a collection without
a playlist is none.
"""

import re
from collections.abc import Iterator, Sequence
from html import unescape
from pathlib import Path, PureWindowsPath
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from enrich.errors import InputFileError
from enrich.text.words import LISTS, names_no_label
from enrich.tracklists.lines import Line, led, numbering, split_label, split_line
from enrich.tracklists.marks import LONGEST, MARKS, TABLES
from enrich.tracklists.naming import SetInfo, date_in, dj_in, named_set, slug, worded_date
from enrich.tracklists.slots import Draft, Written, draft
from enrich.tracklists.times import DAY, clock, moment, passed, plain_number, seconds, since_first

#: `setlists.source` of playlists and of DJ programs' own lists.
SOURCE = "dj-software"
_CUE_FIELDS = {"TITLE": "title", "PERFORMER": "artist", "ISRC": "isrc", "LABEL": "label", "PUBLISHER": "label"}
_QUOTES = "\"“”„«»'‘’`"
#: What the programs call the columns, the first that is there counts; words of such names, and of others (`Album
#: artist`); and what a night has that names no artists.
_NAMES: dict[str, list[str]] = LISTS["columns"]
_NOUNS = {field: set(words) for field, words in LISTS["column_nouns"].items()}
_NO_NOUNS = {"album", "unknown", "id", "ids", "url", "link", "count"}
_NIGHT = LISTS["night_columns"]["all"]


def read_m3u(text: str, path: Path) -> Draft:
    """Read an M3U playlist by its remarks, else its files' names. Raises InputFileError: no entry names an artist."""
    rows: list[Written] = []
    said: dict[str, Any] | None = None
    at, name, credit, played = 0, path.stem, None, None
    written = [found["name"] for line in text.split("\n") if (found := MARKS.extinf.match(line.strip()[:LONGEST]))]
    weak = numbering([led(one) for one in written])
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()[:LONGEST]
        key, _, value = line.partition(":")
        if said and key.upper() in ("#EXTINF", "#EXTVDJ"):
            rows.append((at, raw, said))
            said = None
        if found := MARKS.extinf.match(line):
            said, at = split_line(_bare_name(found["name"], weak=weak))._asdict(), number
            attribute = re.search(r'\bartist="([^"]+)"', line[: found.start("name")])
            credit = attribute[1] if attribute else credit
            said |= {"duration_ms": _milliseconds(found["seconds"]), "artist": said["artist"] or credit}
            credit = None
        elif key.upper() == "#EXTVDJ":
            parts = {key.lower(): unescape(value).strip() for key, value in MARKS.vdj.findall(line)}
            # A history says at what hour and minute of the day each was played.
            played = clock(f"{parts.get('time')}:00")
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
            in_name = _in_name(line, weak=weak)
            if said and not said["artist"] and in_name.artist:
                said |= {"artist": in_name.artist, "title": in_name.title}
            rows.append((at if said else number, raw, {**(said or in_name._asdict()), "cue_seconds": played}))
            said, played = None, None
    if said:
        rows.append((at, "", said))
    for (_, _, slot), at_night in zip(rows, passed([slot.get("cue_seconds") for _, _, slot in rows]), strict=True):
        slot["cue_seconds"] = at_night
    return _draft(rows, path, "an M3U playlist", name=name)


def read_pls(text: str, path: Path) -> Draft:
    """Read a PLS playlist: names from its titles, else its files. Raises InputFileError: no entry names an artist."""
    entries: dict[str, dict[str, tuple[int, str, dict[str, Any]]]] = {}
    for n, line in enumerate(text.split("\n"), start=1):
        if found := re.match(r"(?i)(title|file)(\d+)=(.*\S)", line):
            said = split_line(found[3]) if found[1].lower() == "title" else _in_name(found[3])
            entries.setdefault(found[2], {})[found[1].lower()] = (n, line, said._asdict())
    rows = [entry.get("title") or entry["file"] for entry in entries.values()]
    return _draft(rows, path, "a PLS playlist", name=path.stem)


def read_cue(text: str, path: Path) -> Draft:
    """Read a CUE sheet by its titles, else the names of its files. Raises InputFileError: no track has a title."""
    head: dict[str, str] = {}
    tracks: list[Written] = []
    named, file, files = list[Line](), Line(), 0
    is_rekordbox = re.search(r'(?i)RECORDED_BY\s+"?rekordbox', text) is not None
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
        elif tracks and (field := _CUE_FIELDS.get(key if key != "REM" else rest.upper().partition(" ")[0])):
            tracks[-1][2][field] = _unquoted(rest if key != "REM" else rest.partition(" ")[2]) or None
        elif key == "INDEX" and tracks and (index := MARKS.cue_index.match(rest)):
            # rekordbox counts hours, minutes and seconds where the standard has minutes, seconds and frames.
            begins = clock(index[0].split()[1] if is_rekordbox else ":".join(filter(None, index.groups()[1:])))
            # Each file counts from its own beginning.
            begins = begins if files <= 1 else None
            if index[1] == "1" or "cue_seconds" not in tracks[-1][2]:
                tracks[-1][2]["cue_seconds"] = begins
    for place, ((_, _, slot), in_name) in enumerate(zip(tracks, named, strict=True), start=1):
        if not slot["title"] and in_name.artist and files == len(tracks):
            slot |= {"artist": in_name.artist, "title": in_name.title}
        artist, marks = slot["artist"], led(slot["title"] or "", weak=False)
        title = marks.rest if marks.number == place else slot["title"] or ""
        is_nobody = artist is None or names_no_label(artist)
        said = split_line(title, separator=MARKS.slash if is_nobody else None)
        is_whole = is_nobody or artist == head.get("PERFORMER") or artist.casefold() == (said.artist or "").casefold()
        if said.title and (is_whole if said.artist else said.label or title != slot["title"]):
            slot |= {name: value for name, value in said._asdict().items() if value}
    name = head.get("TITLE") or re.sub(r"\.\w{2,4}$", "", head.get("COMMENT", "")) or path.stem
    return _draft(tracks, path, "a CUE sheet", name=name, dj=head.get("PERFORMER"), date=date_in(head.get("DATE")))


_XML_PLAYLISTS = TABLES["xml_playlists"]
IS_XML_PLAYLIST = re.compile(rf"{MARKS.prolog.pattern}<(?:{'|'.join(_XML_PLAYLISTS)})(?=[\s/>])")


def read_xml_playlist(text: str, path: Path) -> Draft:
    """Read XSPF, ASX or WPL by its tracks, else its files' names. Raises InputFileError: broken, or no artist."""
    root = parsed_xml(text, path)
    entry, kind = _XML_PLAYLISTS[_tag(root)]
    rows: list[Written] = []
    for at, track in enumerate((node for node in root.iter() if _tag(node) == entry), start=1):
        said = {**track.attrib, **{_tag(node): node.text or node.get("href") or "" for node in track}}
        title = said.get("title", "").strip()
        credit = said.get("creator") or said.get("author") or said.get("artist") or ""
        named = Line(credit.strip(), title) if title and credit.strip() else split_line(title)
        if not named.artist:
            in_name = _in_name(said.get("location") or said.get("ref") or said.get("src") or said.get("path") or "")
            named = in_name if in_name.artist else named
        length = plain_number(said.get("duration", "").strip(), most=999_999_999)
        rows.append((at, title, {**named._asdict(), "duration_ms": int(length) if length else None}))
    head = {_tag(node): (node.text or "").strip() for node in root}
    dj, date = head.get("creator"), date_in(head.get("date"))
    return _draft(rows, path, f"{kind} playlist", name=head.get("title") or path.stem, dj=dj, date=date)


def _tag(node: ET.Element) -> str:
    return node.tag.rpartition("}")[2].lower()


def _draft(
    rows: list[Written], path: Path, kind: str, *, name: str, dj: str | None = None, date: str | None = None
) -> Draft:
    needed = ("artist", "title") if kind == "a CUE sheet" else ("artist",)
    if not any(slot[field] for _, _, slot in rows for field in needed):
        raise InputFileError(f"{path}: {kind} without {' and '.join(needed)} names; export it with them (extended M3U)")
    head = named_set(name, path=path, dj=dj or dj_in(name), date=date or date_in(name) or date_in(path.stem))
    return draft([(head, rows)], source=SOURCE)


def _in_name(path: str, *, weak: bool = True) -> Line:
    """What a file is called: `01 - Artist - Title.mp3`, `01-artist-title_(mix).mp3`."""
    stem = PureWindowsPath((unquote(path) if "://" in path else path).rpartition("/")[2]).name
    name = _bare_name(stem.replace("_", " "), weak=weak)
    is_tight = "_" in stem and not MARKS.free_dash.search(name) and name.count("-") == 1
    return split_line(name.replace("-", " - ") if is_tight else name)


def _bare_name(name: str, *, weak: bool) -> str:
    """Without the number of a track, and a file's ending."""
    return led(re.sub(r"(?i)\.(?:mp3|wav|flac|aiff?|m4a|ogg|aac|opus|wma)$", "", name), weak=weak).rest


def _with_mix(title: str | None, mix: str | None) -> str | None:
    return f"{title} ({mix})" if title and mix and mix.casefold() not in title.casefold() else title or None


def _milliseconds(seconds: str | None) -> int | None:
    return round((plain_number(seconds) or 0) * 1000) or None


def _unquoted(text: str) -> str:
    """A value of a CUE sheet: what stands between its first and its last quotation mark, or behind one left open."""
    text = text.strip()
    if text[:1] not in tuple(_QUOTES) or (text[:1] in "'‘’`" and text[-1:] not in tuple("'‘’`")):
        return text
    end = max(text.rfind(mark, 1) for mark in ('"' if text[0] == '"' else _QUOTES))
    return (text[1:end] if end > 0 else text[1:]).strip()


def is_theirs(header: Sequence[str]) -> bool:
    """Whether column keys are those of a DJ program's table: titles, and artists or times."""
    at = columns_of(header)
    return "title" in at and at["title"] != at.get("artist") and ("artist" in at or any(x in _NIGHT for x in header))


def columns_of(header: Sequence[str]) -> dict[str, int]:
    """Where each field of `LISTS["columns"]` stands among column keys."""
    at = {field: header.index(name) for field, names in _NAMES.items() for name in names[::-1] if name in header}
    words = [(i, {*name.split("_")}) for i, name in enumerate(header) if i not in at.values()]
    nouns = {field: i for field, own in _NOUNS.items() for i, x in words if own & x and not x & _NO_NOUNS}
    return nouns | at


def draft_of_table(header: Sequence[str], rows: Sequence[tuple[int, str, list[str]]], path: Path) -> Draft:
    """Slots of a program's table (line, text, fields): one set, in the order of its rows."""
    at = columns_of(header)
    times = [moment(row[at["duration"]]) or 0 for _, _, row in rows] if "duration" in at and "cue" not in at else []
    # Times that begin with none and grow, or are those of a day, are no lengths.
    begins = len(times) > 1 and times[0] == 0 < times[1] and times == sorted(times)
    if begins or since_first(times) != times:
        at["cue"] = at.pop("duration")
    cues = since_first([moment(row[at["cue"]]) if "cue" in at else None for _, _, row in rows])
    found: list[Written] = []
    night, begin = None, None
    for (line, raw, record), played in zip(rows, cues, strict=True):
        said: dict[str, str | None] = dict.fromkeys(_NAMES)
        said |= {field: " ".join(record[i].split()) or None for field, i in at.items()}
        title, artist, cue = said["title"], said["artist"], said["cue"]
        # A row may stand for the whole session: its name is a date, its time has one.
        is_night = title and not artist and (worded_date(title) or re.fullmatch(r"(?i)[\d./, :-]{6,}(?:[ap]m)?", title))
        if title and is_night and re.search(r"(?i)\d[./-]\d|[a-z]{3}", cue or title):
            night = night or title
            continue
        by = said["remixer"]
        remix = said["remix"] or (f"{by} Remix" if by and by.casefold() not in f"{title} {artist}".casefold() else None)
        slot: dict[str, Any] = {"artist": artist, "title": _with_mix(title, remix)}
        if title and not artist and "artist" not in at:
            slot = split_line(title)._asdict()
        if said["label"]:
            slot["label"], slot["catalog_number"], slot["label_note"] = split_label(said["label"])
        if played is not None:
            # A time of day, but where it is called a cue.
            begin = (played if header[at["cue"]].startswith("start") else 0) if begin is None else begin
            slot["cue_seconds"] = (played - begin) % DAY
        slot |= {"duration_ms": (seconds(said["duration"]) or 0) * 1000 or None, "genre": said["genre"]}
        slot |= {"isrc": said["isrc"], "catalog_number": slot.get("catalog_number") or said["catalog_number"]}
        found.append((line, raw, slot))
    if not any(slot["artist"] or slot["title"] for _, _, slot in found):
        raise InputFileError(f"{path}: a DJ program's table without a track in it")
    name = path.stem if night is None or date_in(path.stem) else f"{path.stem} {night}"
    return draft([(named_set(name, path=path, dj=dj_in(path.stem), date=date_in(name)), found)], source=SOURCE)


def read_xml(text: str, path: Path) -> Draft:
    """Read playlists and histories of rekordbox or Traktor. Raises InputFileError: broken, or no playlist."""
    root = parsed_xml(text, path)
    heads: list[tuple[SetInfo, list[Written]]] = []
    bad: list[tuple[int, str, str]] = []
    for name, date, slots in _rekordbox(root) if root.tag == "DJ_PLAYLISTS" else _traktor(root):
        tracks = [(i, slot["title"] or "", slot) for i, slot in slots if slot is not None]
        bad += [(i, "a track that is not in the collection", name) for i, slot in slots if slot is None]
        set_id = slug(f"{path.stem} {name}") or path.stem
        head = SetInfo(set_id=set_id, name=name, dj=dj_in(name), date=date_in(name) or date, id_from_name=True)
        if tracks:
            heads.append((head, tracks))
    if not heads:
        raise InputFileError(f"{path}: a collection without a playlist; export the night's playlist or history")
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


#: Name of a playlist and day of its first track; place and slot of each track, None for one the collection lacks.
_Sets = Iterator[tuple[str, str | None, list[tuple[int, dict[str, Any] | None]]]]


def _rekordbox(root: ET.Element) -> _Sets:
    known: dict[Any, dict[str, Any]] = {}
    for track in root.iterfind("COLLECTION/TRACK"):
        slot = _slot(track, "Artist", "Name", track, "Mix", "Label", "Genre", "CatalogNo", "TotalTime")
        known |= {track.get("TrackID"): slot, ("at", track.get("Location")): slot}
    for node in root.iterfind(".//NODE[@Type='1']"):
        keys = [entry.get("Key") for entry in node.iterfind("TRACK")]
        found = [known.get(key, known.get(("at", key))) for key in keys]
        yield node.get("Name") or "playlist", None, list(enumerate(found, start=1))


def _traktor(root: ET.Element) -> _Sets:
    known: dict[str, dict[str, Any]] = {}
    for track in root.iterfind("COLLECTION/ENTRY"):
        place, info = track.find("LOCATION"), track.find("INFO")
        if place is not None:
            key = "".join(place.get(part, "") for part in ("VOLUME", "DIR", "FILE"))
            known[key] = _slot(track, "ARTIST", "TITLE", info, "MIX", "LABEL", "GENRE", "CATALOG_NO", "PLAYTIME")
    for node in root.iterfind(".//NODE[@TYPE='PLAYLIST']"):
        found: list[tuple[int, dict[str, Any] | None]] = []
        begin: float | None = None
        date: str | None = None
        for i, entry in enumerate(node.iterfind("PLAYLIST/ENTRY"), start=1):
            place, extended = entry.find("PRIMARYKEY"), entry.find("EXTENDEDDATA")
            slot: dict[str, Any] | None = known.get(place.get("KEY", "") if place is not None else "")
            more = extended.attrib if extended is not None else {}
            date, start = date or _day(more.get("STARTDATE")), plain_number(more.get("STARTTIME"))
            if slot and more.get("PLAYEDPUBLIC") == "0":
                continue
            if slot and start is not None:
                begin = start if begin is None else begin
                slot = {**slot, "cue_seconds": int(start - begin) % DAY}
            found.append((i, slot))
        yield node.get("NAME") or "playlist", date, found


def _day(packed: str | None) -> str | None:
    """Year, month and day in one number, a byte each for the last two, as ISO has them."""
    day = int(plain_number(packed, most=10_000 << 16) or 0)
    return date_in(f"{day >> 16:04}-{day >> 8 & 255:02}-{day & 255:02}")


def _slot(track: ET.Element, artist: str, title: str, more: ET.Element | None, *names: str) -> dict[str, Any]:
    """A track of a collection; `names` of mix, label, genre, catalogue number and length, which `more` has."""
    mix, label, genre, number, length = ((more.get(name) or None if more is not None else None) for name in names)
    named = {"artist": track.get(artist) or None, "title": _with_mix(track.get(title), mix)}
    if not named["artist"] and named["title"]:
        named = {"artist": (line := split_line(named["title"])).artist, "title": line.title}
    return {**named, "label": label, "genre": genre, "catalog_number": number, "duration_ms": _milliseconds(length)}
