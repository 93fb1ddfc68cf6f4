"""Tracklists as scrapers of 1001Tracklists write them in JSON, whatever they call their fields.

A document is one set (`{name, artist, date, url, tracks: […]}`), a list of sets, a bare list of tracks, an object of
sets by id, or a feed in which sets and tracks are items beside one another; sets may also stand one a line. `line`
counts tracks through the file, from 1.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from itertools import chain, pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl

from enrich.errors import InputFileError
from enrich.text.words import LISTS, names_no_label
from enrich.tracklists.lines import Line, led, split_artist_title, split_label, split_line
from enrich.tracklists.marks import MARKS, TABLES
from enrich.tracklists.naming import SetInfo, date_in, dj_in, id_in_url, slug
from enrich.tracklists.slots import Draft, Written, draft
from enrich.tracklists.text_forms import SOURCE, read_text
from enrich.tracklists.times import clock, plain_number, seconds

#: Names of fields, in lower case without what parts their words, by what they hold; the first that is there counts.
_F = SimpleNamespace(**LISTS["json_fields"])
_KNOWN = frozenset(chain.from_iterable(vars(_F).values()))
#: How deep sets may lie in a document.
_MAX_DEPTH = 4
#: Types of a component (songnodes) that make the row a mashup; the others are played on top.
_MASHUP_TYPES = {"mashup_component", "versus", "bootleg", None}


def is_tracklist_document(document: object) -> bool:
    """Whether parsed JSON is a set, or holds sets or tracks, in one of the shapes."""
    return any(True for _ in _sets(_with_known_keys(document), "x"))


def read_documents(documents: list[object], path: Path) -> Draft:
    """Read parsed JSON documents. Raises InputFileError: no set with tracks is in them."""
    sets = [(head, tracks) for document in documents for head, tracks in _sets(_with_known_keys(document), path.stem)]
    if not sets and (listed := next(filter(None, (_in_text(document, path) for document in documents)), None)):
        return listed
    if not sets:
        raise InputFileError(f"{path}: {TABLES['refused']['json']}")
    done = 0
    read: list[tuple[SetInfo, list[Written]]] = []
    for head, tracks in sets:
        slots: list[Written] = []
        given: list[tuple[dict[str, Any], Any]] = []
        for number, track in enumerate(tracks, start=done + 1):
            slot = _slot(_as_track(track))
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


def _in_text(document: object, path: Path) -> Draft | None:
    """The list in a text of a document, as descriptions hold it, under the document's head."""
    for text in document.values() if isinstance(document, Mapping) else ():
        if isinstance(text, str) and text.count("\n") > 1:
            with suppress(InputFileError):
                found = read_text(text, path)
                head = _head(_with_known_keys(document), path.stem).columns()
                return replace(found, table=found.table.with_columns(pl.lit(v).alias(k) for k, v in head.items()))
    return None


def is_set_item(item: object) -> bool:
    """Whether an item of a feed says that it is a set, by its kind."""
    known = _with_known_keys(item, depth=1)
    kind = _first_text(known, _F.kinds) if isinstance(known, Mapping) else None
    return kind is not None and MARKS.set_kinds.search(kind) is not None


def _with_known_keys(value: Any, depth: int = 12) -> Any:
    """A document whose fields of known names are called as in the lists above (`trackTitle`, `Track_Title`)."""
    if isinstance(value, list) and depth:
        return [_with_known_keys(part, depth - 1) for part in value]
    if not isinstance(value, dict) or not depth:
        return value
    return {_field(key): _with_known_keys(part, depth - 1) for key, part in value.items()}


@lru_cache(maxsize=10_000)
def _field(key: str) -> str:
    name = re.sub(r"[\W_]+", "", key).lower()
    return name if name in _KNOWN or MARKS.set_reference.fullmatch(name) or MARKS.own_id.fullmatch(name) else key


def _as_track(track: Any) -> Mapping[str, Any]:
    if isinstance(track, list) and all(isinstance(part, str) for part in track):
        names = ["cue"] * (clock(track[0]) is not None) if track else []
        return dict(zip((*names, "artist", "title", "label"), track, strict=False))
    if isinstance(track, str):
        return {"title": led(track.strip(), weak=False).rest}
    return track if isinstance(track, Mapping) else {}


def _sets(document: object, stem: str, depth: int = 0) -> Iterator[tuple[SetInfo, list[Any]]]:
    """Each set of a document with its tracks."""
    if isinstance(document, list):
        nested = [part for part in document if isinstance(part, Mapping) and _tracks_of(part) is not None]
        parts: list[Any] = nested or _feed(document)
        for i, part in enumerate(parts, start=1):
            own = f"{stem}-{i}" if len(parts) > 1 else stem
            yield from _sets(part, own) if nested else [(_head(part[0], own), part[1])]
        others = (_as_track(part) for part in document if not isinstance(part, Mapping))
        texts = sum(_named(track).artist is not None for track in others)
        if not parts and any(map(_is_track, document)):
            tracks = [part for part in document if isinstance(part, Mapping)]
            same = {key: tracks[0].get(key) for key in _F.head_of_track if len({str(t.get(key)) for t in tracks}) == 1}
            yield _head({"name": stem, **same}, stem), document
        elif not parts and 2 * texts > len(document):
            yield _head({"name": stem}, stem), document
    if not isinstance(document, Mapping):
        return
    found = _tracks_of(document)
    if found is not None and any(isinstance(track, Mapping) and _is_head(track) for track in found) and _feed(found):
        yield from _sets(found, stem)
    elif found is not None:
        said = next((x for key in _F.heads_beside if isinstance(x := document.get(key), Mapping)), {})
        yield _head({**said, **document}, stem), found
    elif len(document) > 1 and all(map(_is_track, document.values())):
        yield _head({"name": stem}, stem), list(document.values())
    elif columns := _columns(document):
        yield _head({"name": stem}, stem), columns
    else:
        for key, part in document.items():
            is_set = isinstance(part, Mapping) and _tracks_of(part) is not None
            within = part if isinstance(part, list) else []
            holds_sets = any(isinstance(one, Mapping) and _tracks_of(one) is not None for one in within)
            if (isinstance(part, Mapping) or holds_sets) and not is_set and depth < _MAX_DEPTH:
                yield from _sets(part, stem, depth + 1)
            elif is_set or (isinstance(part, list) and part and all(map(_is_track, part))):
                yield from _sets(part, stem if MARKS.generic.match(str(key)) else str(key))


def _columns(document: Mapping[str, Any]) -> list[Any] | None:
    """Tracks of an object that holds a list, or an object by row, for each column."""
    lists = {key: [*x.values()] if isinstance(x, Mapping) else x for key, x in document.items()}
    lists = {key: x for key, x in lists.items() if isinstance(x, list)}
    wanted = [next((lists[name] for name in names if name in lists), []) for names in (_F.artists, _F.titles)]
    if not wanted[0] or len({*map(len, lists.values())}) > 1 or len(wanted[0]) != len(wanted[1]):
        return None
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def _feed(items: list[Any]) -> list[tuple[Mapping[str, Any], list[Any]]]:
    """Heads and tracks of a feed: a track belongs to the set it names, else to the last one before it."""
    heads: list[tuple[Mapping[str, Any], list[Any]]] = []
    by_name: dict[str, int] = {}
    last: int | None = None
    for item in items:
        if isinstance(item, Mapping) and _is_head(item):
            names = _texts_at(item, MARKS.own_id)
            last = next((by_name[name] for name in names if name in by_name), len(heads))
            if last == len(heads):
                heads.append((item, []))
            elif not _is_head(heads[last][0]):
                heads[last] = (item, heads[last][1])
            by_name |= dict.fromkeys(names, last)
            continue
        named = _texts_at(item, MARKS.set_reference) if isinstance(item, Mapping) else []
        at = next((by_name[name] for name in named if name in by_name), None if named else last)
        if at is None and named:
            at = by_name[named[0]] = len(heads)
            said = {key: item[key] for key in item if key in _F.head_of_track or MARKS.set_reference.fullmatch(key)}
            heads.append((said, []))
        if at is not None:
            heads[at][1].append(item)
    return [(head, tracks) for head, tracks in heads if any(map(_is_track, tracks))]


def _texts_at(item: Mapping[str, Any], keys: re.Pattern[str]) -> list[str]:
    return [text for key, value in item.items() if keys.fullmatch(str(key)) and (text := _text(value))]


def _is_head(item: Mapping[str, Any]) -> bool:
    """Whether an item of a feed is a set: by its kind, else by its address or date and nothing of a track's."""
    kind = _first_text(item, _F.kinds)
    if kind is not None or any(key in item for key in _F.of_track):
        return kind is not None and MARKS.set_kinds.search(kind) is not None
    dated = any(item.get(key) for key in ("date", "setdate", "datepublished", "dj", "djs", "event", "venue"))
    dated = dated and not any(key in item for key in _F.artists)
    named = _first_text(item, ("name", "title", "setname", "tracklistname"))
    return bool(id_in_url(_first_text(item, _F.urls)) or (dated and named))


def _tracks_of(document: Mapping[str, Any]) -> list[Any] | None:
    """The tracks of a set, with the cue and number that stand in lists beside them; None: it is no set."""
    for name in _F.tracks:
        tracks = document.get(name)
        if isinstance(tracks, Mapping):
            tracks = next((tracks[key] for key in _F.lists if isinstance(tracks.get(key), list)), None)
        if isinstance(tracks, str) and "\n" in (tracks := re.sub(r"(?i)<br\s*/?>", "\n", tracks.strip())):
            tracks = [led(line.strip()).rest for line in tracks.splitlines() if line.strip()]
        if not isinstance(tracks, list) or any(isinstance(x, Mapping) and _tracks_of(x) is not None for x in tracks):
            continue
        for beside, field in (("cues", "cue"), ("tracknums", "tracknumber")):
            values = document.get(beside)
            if isinstance(values, list) and len(values) == len(tracks):
                tracks = [{field: v, **x} if isinstance(x, Mapping) else x for v, x in zip(values, tracks, strict=True)]
        return tracks
    return None


def _is_track(value: object) -> bool:
    return isinstance(value, Mapping) and any(map(value.get, (*_F.titles, *_F.wrappers))) and _tracks_of(value) is None


def _head(document: Mapping[str, Any], stem: str) -> SetInfo:
    url, name = _first_text(document, _F.urls), _first_text(document, _F.names)
    name = None if name and MARKS.generic.match(name) else name
    given = _first_text(document, _F.ids) or id_in_url(url)
    made = " ".join(part for part in (name, _first_text(document, ("date", "setdate"))) if part)
    dj = _names(next((document[key] for key in _F.djs if document.get(key)), None))
    return SetInfo(
        set_id=given or slug(made) or slug(stem) or stem, dj=dj or dj_in(name), name=name or stem, url=url,
        date=_first_text(document, _F.dates) or date_in(name) or date_in(url), id_from_name=given is None,
    )  # fmt: skip


def _slot(track: Mapping[str, Any]) -> dict[str, Any]:
    main: Mapping[str, Any] = next((track[key] for key in _F.wrappers if isinstance(track.get(key), Mapping)), {})
    inner = {**track, **main}
    if isinstance(both := inner.get("titles"), Mapping):
        inner |= {"artist": both.get("primary"), "title": both.get("secondary")}
    components: list[dict[str, str | None]] = []
    kinds = []
    for part in (part for name in _F.components for part in track.get(name) or []):
        said = part.get("track", part) if isinstance(part, Mapping) else part
        named = _named(said if isinstance(said, Mapping) else {"title": said})
        if named.artist or named.title:
            components.append({"artist": named.artist, "title": named.title, "label": named.label})
            kinds.append(part.get("type") if isinstance(part, Mapping) else None)
    numbers = [str(inner.get(name, "")).strip() for name in _F.numbers]
    counted = (int(found[1]) for text in numbers if (found := re.fullmatch(r"0*(\d{1,5})\.?", text)))
    return {
        **_named(inner)._asdict(),
        "is_id": bool(inner.get("isid") or inner.get("isided") is False) or None,
        "layered": bool(inner.get("playedtogether") or inner.get("layered"))
        or any(text.lower().startswith("w/") for text in numbers),
        "cue_seconds": next((n // 1000 for name in _F.cues if (n := _milliseconds(inner, name)) is not None), None),
        "duration_ms": next((n for name in _F.durations if (n := _milliseconds(inner, name))), None),
        "genre": _names(inner.get("genre")),
        "is_mashup": bool(_MASHUP_TYPES.intersection(kinds) or inner.get("ismashup")),
        "components": components,
        "track_key": _first_text(inner, ("trackkey",)),
        "number": next((n for n in counted if n > 0), None),
        "is_component": inner.get("ismashupelement") is True,
    }  # fmt: skip


def _named(track: Mapping[str, Any]) -> Line:
    """Artist, title, label, catalogue number and label note, from whichever fields are there."""
    artist = _names(next((track[name] for name in _F.artists if track.get(name)), None))
    title = _first_text(track, _F.titles)
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
    guests, remixers = _names(track.get("featuredartists")), _names(track.get("remixerartists"))
    if artist and guests and guests.casefold() not in artist.casefold():
        artist = f"{artist} feat. {guests}"
    if title and remixers and remixers.casefold() not in title.casefold():
        title = f"{title} ({remixers} Remix)"
    return Line(artist, title, label, catalog_number, note)


def _label(track: Mapping[str, Any]) -> tuple[str | None, str | None, str | None]:
    note = None
    for value in map(track.get, _F.labels):
        for text in value if isinstance(value, list) else [value]:
            written = _text(text.get("name") if isinstance(text, Mapping) else text)
            if written and names_no_label(written):
                note = note or written
            elif written:
                label, catalog_number, other = split_label(written)
                if label:
                    return label, catalog_number, note or other
    return None, None, note


def _milliseconds(track: Mapping[str, Any], name: str) -> int | None:
    """Thousandths of a second in a field for a cue or a length, which counts them itself where its name says so."""
    value = str(track.get(name))
    if name.endswith("ms"):
        return int(at) if (at := plain_number(value, most=999_999_999)) is not None else None
    return at * 1000 if (at := seconds(value)) is not None else None


def _names(value: object) -> str | None:
    """One credit of a name, a list of names, or objects with a name."""
    if isinstance(value, list):
        return " & ".join(dict.fromkeys(part for item in value if (part := _names(item)))) or None
    return _first_text(value, ("name", "artistname", "title", "#text")) if isinstance(value, Mapping) else _text(value)


def _first_text(source: Mapping[str, Any], names: Sequence[str]) -> str | None:
    return next((text for name in names if (text := _text(source.get(name)))), None)


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return " ".join(value.encode("utf-8", "replace").decode("utf-8").split()) or None
    return str(value) if type(value) is int else None
