"""Tracklists as plain text: what people type under a mix, what tools export, a copy of a 1001Tracklists page.

What one line leaves open the list decides: whether a bare number counts tracks, which mark parts artist and title,
whether a third part is the label. A heading, a greeting or a link is no track; a line that can be read in two ways is
set aside. In a browser's copy the number, the cue and the track stand on lines of their own, the label in capitals.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from enrich.errors import InputFileError
from enrich.text.non_labels import names_no_label
from enrich.tracklists.lines import FREE_DASH, LONGEST, VERSION, split_artist_title, split_label, split_line
from enrich.tracklists.marks import KEY_BEFORE, YEAR_BEHIND, Marks, clock, has_link, led, numbering, trailed
from enrich.tracklists.naming import GENERIC, SetInfo, date_in, dj_in, id_in_url, named_set
from enrich.tracklists.slots import Draft, draft
from enrich.tracklists.wrapping import unwrapped

#: `setlists.source` of everything that comes from 1001Tracklists, and of texts, which tell no other.
SOURCE = "1001tracklists"

#: No set is as long.
MAX_LINES = 20_000
_NUMBER = re.compile(r"^(?:\d{1,3}|w/)$", re.IGNORECASE)
_TIME = re.compile(r"^\[?((?:\d{1,2}:)?\d{1,3}:\d\d)\]?$")
_UNKNOWN_LINE = re.compile(r"^(?:\?+|ID\b.*)$", re.IGNORECASE)
_URL = re.compile(r"https?://\S+|1001\.tl/\S+")
_CAPITAL_LABEL = re.compile(r"^(?P<title>.*?\S)\s+(?P<label>[^\Wa-z]*[A-Z0-9][^a-z\s]*(?:\s+[^a-z\s]+)*)$")
_NOISE = re.compile(r"(?i)^(?:pre-?save|save|play|artwork placeholder|shazam|top|buy|share)\b")
_TALK = re.compile(
    r"(?i)^(?:hi|hello|hey|dear|thanks?|thank you|enjoy|welcome|please|follow|subscribe|listen|download|support"
    r"|check out|recorded (?:at|live|in)|(?:sound|mix)cloud|facebook|instagram|insta|twitter|tiktok|spotify|youtube"
    r"|beatport|bandcamp|website|web|booking|contact|e-?mail|genres?|duration|length|bitrate|date|artwork|landing|cheers)\b"
)
_RULED = re.compile(r"^[\W_]+|[\W_]+$")
#: What may stand between artist and title where no free dash does; the commonest in the list holds for all of it.
_SEPARATORS = (
    ("dash", FREE_DASH),
    ("slash", re.compile(r"\s+//?\s+")),
    ("bar", re.compile(r"\s+[|¦]\s+")),
    ("tab", re.compile(r"\t")),
    ("tilde", re.compile(r"\s+~+\s+")),
    ("quote", re.compile(r"\s+(?=[\"“„«][^\"“”„«»]+[\"”“»]\s*(?:[(\[]|$))")),
    ("dot", re.compile(r"\s+[•·●]\s+")),
    ("colon", re.compile(r"(?<=\S)\s*:\s+")),
    ("by", re.compile(r"\s+by\s+", re.IGNORECASE)),
    ("tight dash", re.compile(r"(?<=[^\s–—－-])[-–—－](?=[^\s–—－-])")),
)
#: What may stand before a third part, the label.
_THIRD = re.compile(rf"{FREE_DASH.pattern}|\s+(?:\||//?)\s+")
_YEAR = re.compile(r"\s+(?:19[5-9]\d|20\d\d)$")
#: Seconds; no single track is as long.
_LONG_TRACK = 900
_LABEL_BEHIND = re.compile(
    rf"^(?P<title>.*\((?:[^()]*\b)?{VERSION}\b[^()]*\))\s+(?P<label>[^()\[\]]*[\w)])$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One line that may be a track."""

    number: int
    text: str
    marks: Marks
    alone: bool
    """Blank lines around it."""
    after_blank: bool


def read_text(text: str, path: Path) -> Draft:
    """Read an export, a typed list or a browser's copy.

    Raises:
        InputFileError: no line reads as `Artist - Title`.
    """
    lines = [" ".join(re.split(r"[^\S\t]+", line.replace("\0", "").strip())) for line in re.split(r"\r\n?|\n", text)]
    if len(lines) > MAX_LINES:
        raise InputFileError(
            f"{path}: a text of {len(lines):,} lines, which is no tracklist; a table has set_id, position"
        )
    origin = list(range(1, len(lines) + 1))
    section: dict[int, str | None] = {}
    bad: list[tuple[int, str, str]] = []
    if _is_paste(lines):
        found = _pasted(lines)
    else:
        origin, lines = map(list, zip(*unwrapped(lines), strict=True))
        long = [
            (i, f"a line of {len(line):,} characters", line) for i, line in enumerate(lines, 1) if len(line) > LONGEST
        ]
        found, section, bad = _listed(["" if len(line) > LONGEST else line for line in lines])
        bad = [(origin[number - 1], why, line) for number, why, line in bad + long]
    if not found:
        why = f" ({bad[0][1]})" if bad else ""
        raise InputFileError(
            f"{path}: neither a tracklist table (columns set_id, position) nor lines like "
            f"`[02:34] Artist - Title [Label]`{why}"
        )
    head = _head(lines, first=min(number for number, _ in found), path=path)
    rows = [(origin[n - 1], lines[n - 1], {**slot, "section": section.get(n)}) for n, slot in found]
    return draft([(head, rows)], source=SOURCE, bad=bad)


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
            cue = clock(time[1])
        elif waiting and not _NOISE.match(line) and (" - " in line or re.fullmatch(r"(?i)\?+|ID", line)):
            artist, rest = split_artist_title(line)
            title, label, note = _capital_label(rest or "")
            said = {"artist": artist, "title": title or None, "label": label, "label_note": note}
            found.append((number, {**said, "layered": waiting == "w/", "cue_seconds": cue}))
            waiting = None
    return found


_Read = tuple[list[tuple[int, dict[str, Any]]], dict[int, str | None], list[tuple[int, str, str]]]


def _listed(lines: list[str]) -> _Read:
    """Slots with their lines, the heading each stands under, and lines set aside."""
    chosen, separator, kind = _chosen(lines)
    tracks, section = _tracks(chosen, separator, kind)
    times = [line.marks.time_behind for line in tracks if line.marks.time_behind is not None]
    # What people write behind a track is its length, or, rising from the beginning, its place in the mix.
    are_cues = times == sorted(times) and bool(times) and (times[0] < 60 or times[-1] >= _LONG_TRACK)
    are_cues = are_cues and not any(line.marks.has_cue for line in tracks)
    third = len(tracks) >= 3 and 4 * sum(len(_THIRD.split(line.marks.rest)) == 3 for line in tracks) >= 3 * len(tracks)
    years = sum(YEAR_BEHIND.search(line.marks.rest) is not None for line in tracks)
    bare_years = len(tracks) >= 3 and all(_YEAR.search(line.marks.rest) for line in tracks)
    behind = sum(_LABEL_BEHIND.match(line.marks.rest) is not None for line in tracks)
    found: list[tuple[int, dict[str, Any]]] = []
    bad: list[tuple[int, str, str]] = []
    for line in tracks:
        marks = line.marks
        if kind == "tight dash" and not FREE_DASH.search(marks.rest) and len(separator.findall(marks.rest)) > 1:
            bad.append((line.number, "more than one dash may part artist and title", line.text))
            continue
        if years > 1 and 2 * years > len(tracks):
            marks = replace(marks, rest=YEAR_BEHIND.sub("", marks.rest) or marks.rest)
        if bare_years:
            marks = replace(marks, rest=_YEAR.sub("", marks.rest))
        slot = _slot(marks.rest, separator, kind, third=third, behind=behind > 1 and 2 * behind >= len(tracks))
        at = marks.time_behind
        slot |= {
            "layered": marks.layered,
            "cue_seconds": at if are_cues else marks.cue,
            "duration_ms": at * 1000 if at and not are_cues else None,
        }
        found.append((line.number, slot))
    return found, section, bad


def _chosen(lines: list[str]) -> tuple[list[_Line], re.Pattern[str], str]:
    """The lines that may be tracks, below the heading of the list where there is one, and what parts their names."""
    begin = next((i + 1 for i, line in enumerate(lines) if _is_heading(line) and any(lines[i + 1 :])), 0)
    read = [led(line) for line in lines[begin:]]
    tracks_like = [marks for marks in read if marks.rest and (marks.strong or FREE_DASH.search(marks.rest))]
    numbers = [marks for marks in tracks_like if marks.number is not None]
    weak = numbering(numbers) if 2 * len(numbers) >= len(tracks_like) else False
    counted = [m.cue for m in tracks_like if m.bracketed and m.cue is not None and m.number is None]
    minutes = not (len(counted) > 1 and [c // 60 for c in counted] == list(range(1, len(counted) + 1)))
    dotted = 2 * sum(m.dotted for m in tracks_like) > len(tracks_like) > 1
    keyed = 2 * sum(KEY_BEFORE.match(m.rest) is not None for m in tracks_like) > len(tracks_like) > 1
    found = []
    for i, line in enumerate(lines[begin:], start=begin):
        marks = trailed(led(line, weak=weak, minutes=minutes, dotted=dotted, keyed=keyed))
        blank = i == 0 or not lines[i - 1], i + 1 >= len(lines) or not lines[i + 1]
        is_talk = not marks.strong and (
            _TALK.match(line)
            or _is_heading(line)
            or line.endswith(":")
            or (has_link(line) and not FREE_DASH.search(marks.rest))
        )
        if (
            marks.rest
            and re.search(r"\w|\?", marks.rest)
            and not is_talk
            and not (_URL.match(line) or has_link(marks.rest))
        ):
            found.append(_Line(number=i + 1, text=line, marks=marks, alone=all(blank), after_blank=blank[0]))
    dashed = sum(1 for line in found if split_artist_title(line.marks.rest)[0])
    bare = [line.marks.rest for line in found if not FREE_DASH.search(line.marks.rest)]
    counts = [sum(1 for rest in bare if pattern.search(rest)) for _, pattern in _SEPARATORS]
    counts[0] = dashed
    counts[1] += sum(1 for line in found if re.search(r"\s/\s.*\s-\s", line.marks.rest))
    most = max(range(len(counts)), key=lambda n: (counts[n], -n))
    kind, pattern = _SEPARATORS[most if counts[most] > 1 else 0]
    return found, pattern, kind


def _tracks(found: list[_Line], separator: re.Pattern[str], kind: str) -> tuple[list[_Line], dict[int, str | None]]:
    """Without headings and prose; and the heading each track stands under."""
    parted = [
        line
        for line in found
        if line.marks.strong or line.marks.bullet or separator.search(line.marks.rest) or line.marks.number is not None
        or _UNKNOWN_LINE.match(line.marks.rest) or (kind == "dash" and split_artist_title(line.marks.rest)[0])
    ]  # fmt: skip
    marked = [line for line in parted if line.marks.strong or line.marks.number is not None]
    section: dict[int, str | None] = {}
    if 2 * len(marked) > len(parted):
        first, last = marked[0].number, marked[-1].number
        heading: str | None = None
        kept = []
        ours = {line.number for line in marked}
        for line in found:
            if line.number in ours:
                kept.append(line)
                section[line.number] = heading
            elif first < line.number < last and line.after_blank:
                heading = line.text.strip("*=-:; ") or heading
            elif first < line.number < last and line in parted:
                kept.append(line)
                section[line.number] = heading
        return kept, section
    blocks = [line for line in parted if not line.alone]
    if len(blocks) >= 2:
        first, last = blocks[0].number, blocks[-1].number
        parted = [line for line in parted if first <= line.number <= last]
    return parted, section


def _slot(rest: str, separator: re.Pattern[str], kind: str, *, third: bool, behind: bool) -> dict[str, Any]:
    by_dash = kind == "dash" or (kind == "tight dash" and FREE_DASH.search(rest))
    entry = split_line(rest) if by_dash else split_line(rest, separator=separator)
    title, label = entry.title, entry.label
    if kind == "slash" and title and FREE_DASH.search(title):
        title = None
    if kind == "by":
        entry, title = entry._replace(artist=title), entry.artist
    if third and title and label is None and len(parts := _THIRD.split(title)) == 2 and parts[1]:
        name, number, note = split_label(parts[1])
        if name or number or note:
            entry = entry._replace(catalog_number=number, label_note=note)
            title, label = parts[0].strip(), name
    if behind and title and label is None and (found := _LABEL_BEHIND.match(title)):
        name, number, note = split_label(found["label"].strip(" ()"))
        entry = entry._replace(catalog_number=number, label_note=note)
        title, label = found["title"], name
    if title:
        title = trailed(Marks(rest=title)).rest
        title = re.sub(r"^[\"“„«]([^\"“”„«»]+)[\"”“»](?=\s*[(\[]|$)", r"\1", title)
    artist, title = ((re.sub(r"(?<![^\s(\[])@(?=\w)", "", name) if name else None) for name in (entry.artist, title))
    return entry._replace(artist=artist, title=title, label=label)._asdict()


def _is_heading(line: str) -> bool:
    return bool(GENERIC.match(_RULED.sub("", line)))


def _is_title_line(line: str) -> bool:
    """The set's own name above its tracks: it has an event's `@` or a date."""
    return bool(date_in(line)) or " @ " in line


def _head(lines: list[str], *, first: int, path: Path) -> SetInfo:
    headed = next((i for i, line in enumerate(lines) if _is_heading(line)), len(lines))
    above = [
        line for line in lines[: min(first - 1, headed)]
        if re.search(r"\w", line) and not (_NUMBER.match(line) or _TIME.match(line) or _is_heading(line))
        and not (_TALK.match(line) or _NOISE.match(line) or has_link(line) or line.endswith((":", "!", ",")))
        and len(line) <= 120 and not (line.endswith((".", "…")) and line.count(" ") > 4)
    ]  # fmt: skip
    name = next((line for line in above if _is_title_line(line)), None) or next(iter(above), None)
    if name and not date_in(name) and date_in(path.stem):
        name = None
    url = next((found[0] for line in lines if (found := _URL.search(line)) and id_in_url(found[0])), None)
    name = name or path.stem
    return named_set(name, path=path, url=url, dj=dj_in(name), date=date_in(name) or date_in(url))


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
