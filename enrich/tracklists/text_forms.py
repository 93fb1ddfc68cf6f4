"""1001Tracklists as plain text: its export (`[mm:ss] Artist - Title [LABEL]`) and a copy of the page from a browser.

The export may carry `01.`, `w/`, `+` and `vs.` before a line. In a browser's copy the number, the cue and the
track stand on lines of their own, the label in capitals without brackets, and everything else is the page's noise.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polars as pl

from enrich.errors import InputFileError
from enrich.text.non_labels import names_no_label
from enrich.tracklists.lines import seconds, split_artist_title, split_label, split_line
from enrich.tracklists.naming import SetInfo, date_in, dj_in, id_in_url, slug
from enrich.tracklists.slots import DRAFT_ROW, Draft

#: `setlists.source` of everything that comes from 1001Tracklists.
SOURCE = "1001tracklists"

_NUMBER = re.compile(r"^(?:\d{1,3}|w/)$", re.IGNORECASE)
_TIME = re.compile(r"^\[?((?:\d{1,2}:)?\d{1,3}:\d\d)\]?$")
_LEAD = re.compile(
    r"^(?:\[(?P<cue>(?:\d{1,2}:)?\d{1,3}:\d\d|[?:]+)\]|(?P<bare>(?:\d{1,2}:)?\d{1,3}:\d\d)(?=\s)"
    r"|(?P<number>\d{1,3})[.)](?=\s)|(?P<with>w/|\+|vs\.(?=\s)))\s*",
    re.IGNORECASE,
)
_UNKNOWN_LINE = re.compile(r"^(?:\?+|ID)$", re.IGNORECASE)
_URL = re.compile(r"https?://\S+|1001\.tl/\S+")
_CAPITAL_LABEL = re.compile(r"^(?P<title>.*?\S)\s+(?P<label>[^\Wa-z]*[A-Z0-9][^a-z\s]*(?:\s+[^a-z\s]+)*)$")
_NOISE = re.compile(r"(?i)^(?:pre-?save|save|play|artwork placeholder|shazam|top|buy|share)\b")


def read_text(text: str, path: Path) -> Draft:
    """Read an export or a browser's copy.

    Raises:
        InputFileError: no line reads as `Artist - Title`.
    """
    lines = [" ".join(line.replace("\0", "").split()) for line in text.splitlines()]
    pasted = _is_paste(lines)
    found = _pasted(lines) if pasted else _exported(lines)
    if not found:
        raise InputFileError(
            f"{path}: neither a tracklist table (columns set_id, position) nor lines like "
            "`[02:34] Artist - Title [Label]`"
        )
    head = _head(lines, first=min(number for number, _ in found), path=path)
    rows = [{**head.columns(), **slot, "position": i} for i, (_, slot) in enumerate(found, start=1)]
    numbers = [number for number, _ in found]
    return Draft(
        table=pl.DataFrame(rows, schema=DRAFT_ROW),
        lines=numbers,
        raws=[lines[number - 1] for number in numbers],
        source=SOURCE,
    )


def _is_paste(lines: list[str]) -> bool:
    """Numbers on lines of their own, a track close behind each."""
    full = [line for line in lines if line]
    return any(
        _NUMBER.match(line) and any(" - " in near and not _NOISE.match(near) for near in full[i + 1 : i + 4])
        for i, line in enumerate(full)
    )


def _pasted(lines: list[str]) -> list[tuple[int, dict[str, Any]]]:
    found: list[tuple[int, dict[str, Any]]] = []
    waiting: str | None = None
    cue: int | None = None
    for number, line in enumerate(lines, start=1):
        if _NUMBER.match(line):
            # A play count also stands alone, but after the track, before the next number: the last number wins.
            waiting, cue = line.lower(), None
        elif waiting and (time := _TIME.match(line)):
            cue = seconds(time[1])
        elif waiting and not _NOISE.match(line) and (" - " in line or _UNKNOWN_LINE.match(line)):
            artist, rest = split_artist_title(line)
            title, label, note = _capital_label(rest or "")
            found.append(
                (
                    number,
                    {
                        "artist": artist,
                        "title": title or None,
                        "label": label,
                        "label_note": note,
                        "layered": waiting == "w/",
                        "cue_seconds": cue,
                    },
                )
            )
            waiting = None
    return found


def _exported(lines: list[str]) -> list[tuple[int, dict[str, Any]]]:
    found: list[tuple[int, dict[str, Any]]] = []
    for number, line in enumerate(lines, start=1):
        rest, cue, layered, led = line, None, False, False
        while lead := _LEAD.match(rest):
            led = True
            layered = layered or bool(lead["with"])
            cue = cue if cue is not None else seconds(lead["cue"] or lead["bare"] or "")
            rest = rest[lead.end() :]
        if not rest or _URL.search(rest):
            continue
        entry = split_line(rest)
        is_track = entry.artist is not None and entry.title is not None
        if not is_track and not (led and entry.title):
            continue
        if not led and not found and _is_title_line(rest):
            continue
        found.append(
            (
                number,
                {
                    "artist": entry.artist,
                    "title": entry.title,
                    "label": entry.label,
                    "catalog_number": entry.catalog_number,
                    "label_note": entry.label_note,
                    "layered": layered,
                    "cue_seconds": cue,
                },
            )
        )
    return _without_prose(found, {number for number, line in enumerate(lines, start=1) if _LEAD.match(line)})


def _without_prose(found: list[tuple[int, dict[str, Any]]], led: set[int]) -> list[tuple[int, dict[str, Any]]]:
    """Where most tracks have a cue or number, a line without one above the first or below the last is prose."""
    marked = [number for number, _ in found if number in led]
    if 2 * len(marked) <= len(found):
        return found
    return [(number, slot) for number, slot in found if marked[0] <= number <= marked[-1]]


def _is_title_line(line: str) -> bool:
    """The set's own name above its tracks: it has an event's `@` or a date."""
    return bool(date_in(line)) or " @ " in line


def _head(lines: list[str], *, first: int, path: Path) -> SetInfo:
    above = [line for line in lines[: first - 1] if line and not _NUMBER.match(line) and not _TIME.match(line)]
    name = next((line for line in above if _is_title_line(line) and not _URL.search(line)), None)
    if name is None:
        name = next((line for line in above if not _URL.search(line) and not _NOISE.match(line)), None)
    url = next((found[0] for line in lines if (found := _URL.search(line)) and id_in_url(found[0])), None)
    set_id = id_in_url(url) or slug(name or path.stem) or slug(path.stem) or path.stem
    return SetInfo(set_id=set_id, dj=dj_in(name), name=name or path.stem, date=date_in(name) or date_in(url), url=url)


def _capital_label(text: str) -> tuple[str, str | None, str | None]:
    """Title, label and note of `Title (Mix) LABEL`; a title all in capitals keeps what may be its own words."""
    found = _CAPITAL_LABEL.match(text)
    shouted = text == text.upper() and not text.startswith("ID ")
    if not found or (shouted and not found["title"].endswith(")")):
        return text, None, None
    label = found["label"].strip()
    if len(label) < 2 or re.fullmatch(r"[IVX]+|[\d.]+", label):
        return text, None, None
    if names_no_label(label):
        return (
            (text, None, None)
            if label in ("VIP", "LIVE", "DUB", "EDIT", "ID", "REMIX")
            else (found["title"], None, label)
        )
    name, _, note = split_label(label)
    return (found["title"], name, note) if name else (text, None, None)
