"""Tracklists as scrapers of 1001Tracklists write them in JSON, whatever they call their fields.

A document is one set (`{name, artist, date, url, tracks: […]}`), a list of sets, a bare list of tracks, an object of
sets by id, or a feed in which sets and tracks are items beside one another; sets may also stand one a line. `line`
counts tracks through the file, from 1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from enrich.errors import InputFileError
from enrich.text.non_labels import names_no_label
from enrich.tracklists.lines import Line, split_artist_title, split_label, split_line
from enrich.tracklists.marks import clock, led
from enrich.tracklists.naming import GENERIC, SetInfo, date_in, dj_in, id_in_url, slug
from enrich.tracklists.slots import Draft, Written, draft
from enrich.tracklists.text_forms import SOURCE

_TRACKS = ("tracks", "tracklist", "track_list", "tracklists", "songs", "items", "setlist")
_TITLES = tuple(
    ["title", "track_name", "trackTitle", "track_title", "name", "full_title", "fullTitle", "track", "raw", "song"]
)
_ARTISTS = ("artist", "artists", "primary_artists", "full_artist", "fullArtist", "artist_name", "byArtist")
_LABELS = ("publisher", "record_label", "label", "labels", "recordLabel")
_CUES = ("cue_seconds", "cue", "timestamp", "time", "start_time", "timecode", "startTime")
_DURATIONS = ("duration_ms", "length_ms", "duration", "length")
_NUMBERS = ("position", "number", "track_number", "trackNumber", "track_num", "tracknumber")
#: What a feed calls an item's kind, and the kinds that are no track.
_KINDS = ("type", "@type", "_type", "kind", "itemType", "item_type", "recordType", "record_type", "entity", "model")
_SET_KINDS = re.compile(r"(?i)tracklist|set(?:list)?$|^mix|playlist|show|episode|dj_?set|event")
#: How a track of a feed names its set, how a set names itself, and what else a track may tell of its set.
_SET_REFERENCE = re.compile(
    r"(?i)(?:track_?list|set(?:list)?|tl|mix|playlist|show|episode|parent|source)(?:_?(?:id|url|name|title))?"
)
_OWN_ID = re.compile(r"(?i)(?:(?:track_?list|set|tl|mix)_?)?(?:id|url|link|name|title)")
_HEAD_OF_TRACK = ("date", "set_date", "tracklist_date", "dj", "djs", "dj_name")
#: Where a document keeps what it says of the set, beside its tracks; and how deep sets may lie in it.
_HEADS_BESIDE = ("set", "tracklist", "mix", "playlist", "show", "episode", "info", "meta", "metadata")
_MAX_DEPTH = 4
#: Types of a component (songnodes) that make the row a mashup; the others are played on top.
_MASHUP_TYPES = {"mashup_component", "versus", "bootleg"}


def is_tracklist_document(document: object) -> bool:
    """Whether parsed JSON is a set, or holds sets or tracks, in one of the shapes."""
    return any(True for _ in _sets(document, "x"))


def read_documents(documents: list[object], path: Path) -> Draft:
    """Read parsed JSON documents.

    Raises:
        InputFileError: no set with tracks is in them.
    """
    done = 0
    sets = [(head, tracks) for document in documents for head, tracks in _sets(document, path.stem)]
    if not sets:
        raise InputFileError(
            f"{path}: JSON without a tracklist in it; expected an object with a list `tracks`, or rows with set_id "
            "and position"
        )
    read: list[tuple[SetInfo, list[Written]]] = []
    for head, tracks in sets:
        slots: list[Written] = []
        given: list[tuple[dict[str, Any], Any]] = []
        for number, track in enumerate(tracks, start=done + 1):
            slot = _slot(
                track if isinstance(track, Mapping) else {"trackTitle": track if isinstance(track, str) else None}
            )
            is_part, placed = slot.pop("is_component"), slot.pop("number")
            if is_part and slots:
                slots[-1][2]["components"].append({name: slot[name] for name in ("artist", "title", "label")})
                slots[-1][2]["is_mashup"] = True
                continue
            slots.append((number, json.dumps(track, ensure_ascii=False, default=str), slot))
            if slot["artist"] or slot["title"]:
                given.append((slot, placed))
        if all(at is not None for _, at in given) and all(a < b for (_, a), (_, b) in pairwise(given)):
            # The numbers as given, where they rise without a blank: gaps are kept.
            for slot, at in given:
                slot["position"] = at
        done += len(tracks)
        read.append((head, slots))
    found = draft(read, source=SOURCE)
    if found.table.is_empty() and not found.bad:
        raise InputFileError(f"{path}: the tracklist has no tracks")
    return found


def _sets(document: object, stem: str, depth: int = 0) -> Iterator[tuple[SetInfo, list[Any]]]:
    """Each set of a document with its tracks."""
    if isinstance(document, list):
        nested = [part for part in document if isinstance(part, Mapping) and _tracks_of(part) is not None]
        if nested:
            for i, part in enumerate(nested, start=1):
                yield from _sets(part, f"{stem}-{i}" if len(nested) > 1 else stem)
        elif feed := _feed(document):
            for i, (head, tracks) in enumerate(feed, start=1):
                yield _head(head, f"{stem}-{i}" if len(feed) > 1 else stem), tracks
        elif document and any(_is_track(part) for part in document):
            tracks = [part for part in document if isinstance(part, Mapping)]
            same = {key: tracks[0].get(key) for key in _HEAD_OF_TRACK if len({str(t.get(key)) for t in tracks}) == 1}
            yield _head({"name": stem, **same}, stem), document
        elif document and 2 * sum(isinstance(part, str) and " - " in part for part in document) > len(document):
            yield _head({"name": stem}, stem), document
        return
    if not isinstance(document, Mapping):
        return
    found = _tracks_of(document)
    if found is not None and any(isinstance(track, Mapping) and _is_head(track) for track in found) and _feed(found):
        yield from _sets(found, stem)
        return
    if found is not None:
        said: Mapping[str, Any] = next(
            (document[key] for key in _HEADS_BESIDE if isinstance(document.get(key), Mapping)), {}
        )
        yield _head({**said, **document}, stem), found
        return
    for key, part in document.items():
        is_set = isinstance(part, Mapping) and _tracks_of(part) is not None
        if isinstance(part, Mapping) and not is_set and depth < _MAX_DEPTH:
            yield from _sets(part, stem, depth + 1)
        is_list_of_tracks = isinstance(part, list) and bool(part) and all(_is_track(track) for track in part)
        if is_set or is_list_of_tracks:
            yield from _sets(part, stem if GENERIC.match(str(key)) else str(key))


def _feed(items: list[Any]) -> list[tuple[Mapping[str, Any], list[Any]]]:
    """Heads and tracks of a feed: a track belongs to the set it names, else to the last one before it."""
    heads: list[tuple[Mapping[str, Any], list[Any]]] = []
    by_name: dict[str, int] = {}
    last: int | None = None
    for item in items:
        if isinstance(item, Mapping) and _is_head(item):
            names = _texts_at(item, _OWN_ID)
            last = next((by_name[name] for name in names if name in by_name), len(heads))
            if last == len(heads):
                heads.append((item, []))
            elif not _is_head(heads[last][0]):
                heads[last] = (item, heads[last][1])
            by_name |= dict.fromkeys(names, last)
            continue
        named = _texts_at(item, _SET_REFERENCE) if isinstance(item, Mapping) else []
        at = next((by_name[name] for name in named if name in by_name), None if named else last)
        if at is None and named:
            at = len(heads)
            said = {key: item[key] for key in item if key in _HEAD_OF_TRACK or _SET_REFERENCE.fullmatch(key)}
            heads.append((said, []))
            by_name[named[0]] = at
        if at is not None:
            heads[at][1].append(item)
    return [(head, tracks) for head, tracks in heads if any(_is_track(track) for track in tracks)]


def _texts_at(item: Mapping[str, Any], keys: re.Pattern[str]) -> list[str]:
    return [text for key, value in item.items() if keys.fullmatch(str(key)) and (text := _text(value))]


def _is_head(item: Mapping[str, Any]) -> bool:
    """Whether an item of a feed is a set: by its kind, else by its address or date and nothing of a track's."""
    kind = _first_text(item, _KINDS)
    if kind is not None:
        return _SET_KINDS.search(kind) is not None
    of_track = ("track_name", "trackTitle", "track_title", "track", "raw", "song", *_NUMBERS, *_CUES, *_LABELS[:2])
    if any(key in item for key in of_track):
        return False
    url = _first_text(item, ("url", "tracklist_url", "link", "href"))
    dated = any(item.get(key) for key in ("date", "set_date", "datePublished", "dj", "djs", "event", "venue"))
    dated = dated and not any(key in item for key in _ARTISTS)
    return bool(id_in_url(url) or (dated and _first_text(item, ("name", "title", "set_name", "tracklist_name"))))


def _tracks_of(document: Mapping[str, Any]) -> list[Any] | None:
    for name in _TRACKS:
        tracks = document.get(name)
        if isinstance(tracks, str) and tracks.strip().count("\n"):
            tracks = [led(line.strip()).rest for line in tracks.splitlines() if line.strip()]
        if isinstance(tracks, list) and not any(
            isinstance(part, Mapping) and _tracks_of(part) is not None for part in tracks
        ):
            return _with_columns(document, tracks)
    return None


def _with_columns(document: Mapping[str, Any], tracks: list[Any]) -> list[Any]:
    """Tracks with the cue and number that stand in lists beside them."""
    beside = {
        field: document[name]
        for name, field in (("cues", "cue"), ("track_nums", "track_number"))
        if isinstance(document.get(name), list) and len(document[name]) == len(tracks)
    }
    if not beside:
        return tracks
    return [
        {**{field: values[i] for field, values in beside.items()}, **track} if isinstance(track, Mapping) else track
        for i, track in enumerate(tracks)
    ]


def _is_track(value: object) -> bool:
    if not isinstance(value, Mapping):
        return False
    return any(value.get(name) for name in (*_TITLES, "primary_track", "track")) and _tracks_of(value) is None


def _head(document: Mapping[str, Any], stem: str) -> SetInfo:
    url = _first_text(document, ("url", "tracklist_url", "source_url", "link", "href"))
    name = _first_text(
        document,
        ("name", "title", "set_name", "setName", "tracklist_name", "tracklistName", "tracklist_title", "event"),
    )
    name = None if name and GENERIC.match(name) else name
    given = _first_text(
        document, ("set_id", "setId", "id", "tracklist_id", "tracklistId", "tl_id", "setlist_id", "playlist_id")
    )
    given = given or id_in_url(url)
    set_id = (
        given
        or slug(" ".join(part for part in (name, _first_text(document, ("date", "set_date"))) if part))
        or slug(stem)
        or stem
    )
    dj = _names(
        next((document[key] for key in ("dj", "artist", "artists", "djs", "dj_name") if document.get(key)), None)
    )
    written = _first_text(
        document, ("date", "set_date", "tracklist_date", "datePublished", "date_published", "recorded_at")
    )
    return SetInfo(
        set_id=set_id, dj=dj or dj_in(name), name=name or stem, date=written or date_in(name) or date_in(url), url=url,
        id_from_name=given is None,
    )  # fmt: skip


def _slot(track: Mapping[str, Any]) -> dict[str, Any]:
    main = track.get("primary_track") or track.get("track")
    inner: Mapping[str, Any] = {**track, **main} if isinstance(main, Mapping) else track
    components, is_mashup = _components(track)
    return {
        **_named(inner)._asdict(),
        "is_id": bool(inner.get("is_id") or inner.get("isIDed") is False) or None,
        "layered": _is_layered(inner),
        "cue_seconds": next((at for name in _CUES if (at := _seconds(inner.get(name))) is not None), None),
        "duration_ms": _duration_ms(inner),
        "genre": _names(inner.get("genre")),
        "is_mashup": is_mashup or bool(inner.get("is_mashup")),
        "components": components,
        "track_key": _first_text(inner, ("track_key",)),
        "number": _number(inner),
        "is_component": inner.get("is_mashup_element") is True,
    }


def _named(track: Mapping[str, Any]) -> Line:
    """Artist, title, label, catalogue number and label note, from whichever fields are there."""
    artist = _names(next((track[name] for name in _ARTISTS if track.get(name)), None))
    title = _first_text(track, _TITLES)
    label, catalog_number, note = _label(track)
    if artist is None and title:
        line = split_line(title)
        artist, title = line.artist, line.title
        if label is None:
            label, catalog_number, note = line.label, line.catalog_number, line.label_note or note
    elif artist and title:
        before, after = split_artist_title(title)
        if before and after and before.casefold() == artist.casefold():
            title = after
    guests = _names(track.get("featured_artists"))
    if artist and guests and guests.casefold() not in artist.casefold():
        artist = f"{artist} feat. {guests}"
    remixers = _names(track.get("remixer_artists"))
    if title and remixers and remixers.casefold() not in title.casefold():
        title = f"{title} ({remixers} Remix)"
    return Line(artist, title, label, catalog_number, note)


def _label(track: Mapping[str, Any]) -> tuple[str | None, str | None, str | None]:
    note = None
    for name in _LABELS:
        value = track.get(name)
        for text in value if isinstance(value, list) else [value]:
            written = _text(text.get("name") if isinstance(text, Mapping) else text)
            if written and names_no_label(written):
                note = note or written
            elif written:
                label, catalog_number, other = split_label(written)
                if label:
                    return label, catalog_number, note or other
    return None, None, note


def _components(track: Mapping[str, Any]) -> tuple[list[dict[str, str | None]], bool]:
    found: list[dict[str, str | None]] = []
    is_mashup = False
    for name in ("components", "subsongs", "mashup_components"):
        for part in track.get(name) or []:
            inner = part.get("track", part) if isinstance(part, Mapping) else {"trackTitle": part}
            if not isinstance(inner, Mapping):
                inner = {"trackTitle": inner}
            named = _named(inner)
            if named.artist is None and named.title is None:
                continue
            found.append({"artist": named.artist, "title": named.title, "label": named.label})
            kind = part.get("type") if isinstance(part, Mapping) else None
            is_mashup = is_mashup or kind in _MASHUP_TYPES or kind is None
    return found, is_mashup


def _is_layered(track: Mapping[str, Any]) -> bool:
    if track.get("played_together") or track.get("layered"):
        return True
    return any(str(track.get(name, "")).strip().lower().startswith("w/") for name in _NUMBERS)


def _number(track: Mapping[str, Any]) -> int | None:
    for name in _NUMBERS:
        found = re.fullmatch(r"\s*0*(\d{1,5})\.?\s*", str(track.get(name, "")))
        if found and int(found[1]) > 0:
            return int(found[1])
    return None


def _seconds(value: object) -> int | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return int(value) if 0 <= value < 1_000_000 else None
    text = str(value).strip().strip("[]")
    return int(float(text)) if re.fullmatch(r"\d{1,6}(?:\.\d+)?", text) else clock(text)


def _duration_ms(track: Mapping[str, Any]) -> int | None:
    for name in _DURATIONS:
        found = _seconds(track.get(name)) if not name.endswith("_ms") else track.get(name)
        if isinstance(found, int) and not isinstance(found, bool) and found > 0:
            return found if name.endswith("_ms") else found * 1000
    return None


def _names(value: object) -> str | None:
    """One credit of a name, a list of names, or objects with a name."""
    if isinstance(value, list):
        parts = [part for item in value if (part := _names(item))]
        return " & ".join(dict.fromkeys(parts)) or None
    if isinstance(value, Mapping):
        return _first_text(value, ("name", "artist_name", "title"))
    return _text(value)


def _first_text(source: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    return next((text for name in names if (text := _text(source.get(name)))), None)


def _text(value: object) -> str | None:
    if isinstance(value, str):
        clean = value.encode("utf-8", "replace").decode("utf-8")
        return " ".join(clean.split()) or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None
