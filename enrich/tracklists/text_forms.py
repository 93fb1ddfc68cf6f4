"""Tracklists as plain text: what people type under a mix, what tools export, a copy of a 1001Tracklists page.

What one line leaves open the list decides: whether a bare number counts tracks, which mark parts artist and title,
whether a third part is the label. A heading, a greeting or a link is no track; a line that can be read in two ways is
set aside. In a browser's copy the number, the cue and the track stand on lines of their own, the label in capitals.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from string import ascii_uppercase
from typing import Any, NamedTuple

import polars as pl

from enrich.errors import InputFileError
from enrich.text.titles import parse_titles
from enrich.text.words import LISTS, names_no_label
from enrich.tracklists.lines import Line, Marks, led, numbering, split_artist_title, split_label, split_line, trailed
from enrich.tracklists.marks import IN_NAMES, LONGEST, MARKS, ROMAN, SEPARATORS, TABLES, expanded
from enrich.tracklists.naming import SetInfo, date_in, dj_in, id_in_url, is_heading, is_title_line, named_set
from enrich.tracklists.slots import Draft, draft
from enrich.tracklists.times import clock, since_first
from enrich.tracklists.wrapping import has_link, may_be_name, plain, unwrapped

#: `setlists.source` of everything that comes from 1001Tracklists, and of texts, which tell no other.
SOURCE = "1001tracklists"

#: No set is as long.
MAX_LINES = 20_000
_TALK = re.compile(rf"(?i)^(?:{'|'.join(LISTS['in_texts']['talk'])})\b")
#: Seconds; no single track is as long.
_LONG_TRACK = 900
_SIGNS = [sign for kind, sign in SEPARATORS if kind in ("dash", "slash", "bar", "tab", "tilde", "dot", "arrow")]
#: Of the lines of a list so many must have a form of label: one is sure anywhere, one also parts words of titles.
_HALF, _MOST, _MANY = 0.5, 0.75, 3


def _form(mark: str) -> re.Pattern[str]:
    one = rf"(?:(?!{mark}).)*"
    number = r"(?=[^\W_]*\d|[^\W_]+[ ._-]?\d)[A-Z0-9][\w ./-]*"
    return re.compile(rf"(?i)^(?P<title>{one}\S)(?:{mark})(?P<label>{one}?\S(?:\s+[-–—|/]\s+{number})?)\s*[>»]?$")


#: How labels stand behind titles, and the share of lines that must have the form.
_LABEL_FORMS = [(MARKS.behind_version, _HALF)]
_LABEL_FORMS += [(_form(expanded(mark)), share) for mark, share in TABLES["label_marks"].items()]


class _Line(NamedTuple):
    """One line that may be a track; `alone`: blank lines around it."""

    number: int
    text: str
    marks: Marks
    alone: bool
    after_blank: bool


def read_text(text: str, path: Path) -> Draft:
    """Read an export, a typed list or a browser's copy. Raises InputFileError: no line reads as `Artist - Title`."""
    lines = [plain(line) for line in MARKS.line_end.split(text)]
    if len(lines) > MAX_LINES:
        raise InputFileError(f"{path}: a text of {len(lines):,} lines, no tracklist; a table has set_id, position")
    origin = list(range(1, len(lines) + 1))
    section: dict[int, str | None] = {}
    bad: list[tuple[int, str, str]] = []
    if _is_paste(lines):
        found = _pasted(lines)
    else:
        origin, lines = map(list, zip(*unwrapped(lines), strict=True))
        long = [(i, f"a line of {len(x):,} characters", x) for i, x in enumerate(lines, 1) if len(x) > LONGEST]
        found, section, bad = _listed(["" if len(line) > LONGEST else line for line in lines])
        bad = [(origin[number - 1], why, line) for number, why, line in bad + long]
    if not found:
        why = f" ({bad[0][1]})" if bad else ""
        raise InputFileError(f"{path}: {TABLES['refused']['text']}{why}")
    head = _head(lines, first=min(number for number, _ in found), path=path)
    rows = [(origin[n - 1], lines[n - 1], {**slot, "section": section.get(n)}) for n, slot in found]
    return draft([(head, rows)], source=SOURCE, bad=bad)


def _is_paste(lines: list[str]) -> bool:
    """Numbers on lines of their own, a track close behind each."""
    full = [line for line in lines if line]
    at = [i for i, line in enumerate(full) if MARKS.number_text.match(line)]
    return any(" - " in near and not MARKS.noise.match(near) for i in at for near in full[i + 1 : i + 4])


def _pasted(lines: list[str]) -> list[tuple[int, dict[str, Any]]]:
    found: list[tuple[int, dict[str, Any]]] = []
    waiting: str | None = None
    cue: int | None = None
    for number, line in enumerate(lines, start=1):
        if MARKS.number_text.match(line):
            # A play count also stands alone, but after the track, before the next number: the last number wins.
            waiting, cue = line.lower(), None
        elif waiting and (time := MARKS.time.match(line)):
            cue = clock(time[1])
        elif waiting and not MARKS.noise.match(line) and (" - " in line or re.fullmatch(r"(?i)\?+|ID", line)):
            artist, rest = split_artist_title(line)
            title, label, note = _capital_label(rest or "")
            said = {"artist": artist, "title": title or None, "label": label, "label_note": note}
            found.append((number, {**said, "layered": waiting == "w/", "cue_seconds": cue}))
            waiting = None
    return found


#: Slots with their lines, the heading each stands under, and lines set aside.
_Read = tuple[list[tuple[int, dict[str, Any]]], dict[int, str | None], list[tuple[int, str, str]]]


def _listed(lines: list[str]) -> _Read:
    chosen, separator, kind = _chosen(lines)
    tracks, section = _tracks(chosen, separator, kind)
    times = [line.marks.time_behind for line in tracks if line.marks.time_behind is not None]
    # What people write behind a track is its length, or, rising from the beginning, its place in the mix.
    are_cues = times == sorted(times) and bool(times) and (times[0] < 60 or times[-1] >= _LONG_TRACK)
    are_cues = are_cues and not any(line.marks.has_cue for line in tracks)
    numbered = 2 * sum(line.marks.number is not None for line in tracks) > len(tracks)
    found: list[tuple[int, Line, dict[str, Any]]] = []
    bad: list[tuple[int, str, str]] = []
    for line, rest in zip(tracks, _without_common([line.marks.rest for line in tracks]), strict=True):
        rest = trailed(Marks(rest=rest)).rest if rest != line.marks.rest else rest
        several = kind in IN_NAMES and not MARKS.free_dash.search(rest) and len(separator.findall(rest)) > 1
        unmarked = not line.marks.strong and line.marks.number is None
        why = f"more than one {kind.split()[-1]} may part artist and title" if several else ""
        why = why or ("a part is called so" if MARKS.part.match(rest) and not line.marks.strong else "")
        why = why or ("a sentence without a number" if numbered and unmarked and MARKS.prose.match(rest) else "")
        if why:
            bad.append((line.number, why, line.text))
            continue
        at = line.marks.time_behind
        length = at * 1000 if at and not are_cues else None
        more = {"layered": line.marks.layered, "cue_seconds": at if are_cues else line.marks.cue, "duration_ms": length}
        found.append((line.number, _named(rest, separator, kind), more))
    named = _with_labels([entry for _, entry, _ in found])
    years = _without_common([entry.title or "" for entry in named], ((MARKS.year_behind, 0.51, 2),))
    labels = _without_common([x.label for x in named if x.label], ((MARKS.bare_year, 0.9, 3),))
    named = [x._replace(title=t or None, label=x.label and labels.pop(0)) for x, t in zip(named, years, strict=True)]
    for cue, (_, _, more) in zip(since_first([more["cue_seconds"] for _, _, more in found]), found, strict=True):
        more["cue_seconds"] = cue
    slots = [(number, {**_bare(entry), **more}) for (number, _, more), entry in zip(found, named, strict=True)]
    return slots, section, bad


#: Marks of lines, the share of lines and the number of them that must have one.
_COMMON = [(getattr(MARKS, name), *least) for name, least in TABLES["common"].items()]


def _without_common(rests: list[str], marks: Sequence[tuple[Any, ...]] = _COMMON) -> list[str]:
    """Without what is a mark only where every line has it: tempo, key, year; a label before the artist goes behind."""
    for pattern, share, least in marks:
        cut = [pattern.sub(r"\2 [\1]" if pattern is MARKS.label_before else "", rest) or rest for rest in rests]
        # What stands behind the only dash is no mark.
        both = zip(cut, rests, strict=True)
        cut = [rest if MARKS.free_dash.search(rest) and not MARKS.free_dash.search(one) else one for one, rest in both]
        if sum(one != rest for one, rest in zip(cut, rests, strict=True)) >= max(least, share * len(rests)):
            rests = cut
    return rests


def _named(rest: str, separator: re.Pattern[str], kind: str) -> Line:
    by_dash = kind == "dash" or (kind == "tight dash" and MARKS.free_dash.search(rest))
    entry = split_line(rest) if by_dash else split_line(rest, separator=separator)
    if kind == "slash" and entry.title and MARKS.free_dash.search(entry.title):
        return entry._replace(title=None)
    return entry._replace(artist=entry.title, title=entry.artist) if kind == "by" else entry


def _with_labels(entries: list[Line]) -> list[Line]:
    """With the labels that stand behind the titles in one form throughout the list."""
    best: dict[int, Line] = {}
    for form, share in _LABEL_FORMS:
        labelled = {}
        for i, entry in enumerate(entries):
            found = form.match(entry.title) if entry.title and entry.label is None else None
            found = found if found and found["title"].count("(") == found["title"].count(")") else None
            label, number, note = split_label(found["label"].strip(" ()")) if found else (None, None, None)
            if found and (label or number or note):
                labelled[i] = entry._replace(title=found["title"], label=label, catalog_number=number, label_note=note)
        n, of = len(labelled), len(entries)
        if n > len(best) and n >= share * of and (n > 1 or share < _HALF) and (n > 2 or n == of or share < _MOST):
            best = labelled
    best = best or _in_round_brackets(entries)
    return [best.get(i, entry) for i, entry in enumerate(entries)]


def _in_round_brackets(entries: list[Line]) -> dict[int, Line]:
    """Entries with the label that stands in a round bracket, where most titles end in one that may be such."""
    found = {i: mark for i, entry in enumerate(entries) if (mark := MARKS.round_behind.match(entry.title or ""))}
    if len(found) < max(_MANY, _MOST * len(entries)):
        return {}
    said = {i: split_label(mark["label"]) for i, mark in found.items()}
    titles = pl.Series([f"{mark['title']} ({said[i][0] or mark['label']})" for i, mark in found.items()])
    artists = pl.Series([entries[i].artist for i in found], dtype=pl.String)
    guessed = parse_titles(titles, artists=artists, guess=True).select("label", "mix").rows()
    labelled = {}
    for (i, mark), (guess, mix) in zip(found.items(), guessed, strict=True):
        label, number, note = said[i]
        if (label and guess and label.endswith(guess)) or (note and note not in (mix or "")):
            labelled[i] = entries[i]._replace(title=mark["title"], label=label, catalog_number=number, label_note=note)
    return labelled if len(labelled) >= max(_MANY, _MOST * len(entries)) else {}


def _bare(entry: Line) -> dict[str, Any]:
    """Without marks behind the title, quotes around names, a remark before the artist, and the `@` of an account."""
    title = trailed(Marks(rest=entry.title)).rest if entry.title else None
    title = MARKS.quoted.sub(r"\1", title) if title else None
    artist = MARKS.remark.sub("", MARKS.quoted.sub(r"\1", entry.artist)) if entry.artist else None
    artist, title = (re.sub(r"(?<![^\s(\[])@(?=\w)", "", name) if name else None for name in (artist, title))
    return entry._replace(artist=artist, title=title)._asdict()


def _chosen(lines: list[str]) -> tuple[list[_Line], re.Pattern[str], str]:
    """The lines that may be tracks, below the heading of the list where there is one, and what parts their names."""
    begin = next((i + 1 for i, line in enumerate(lines) if is_heading(line) and any(lines[i + 1 :])), 0)
    lines = _counted(_without_words(lines))
    read = [led(line) for line in lines[begin:]]
    tracks_like = [m for m in read if m.rest and (m.strong or any(sign.search(m.rest) for sign in _SIGNS))]
    numbers = [marks for marks in tracks_like if marks.number is not None]
    weak = numbering(numbers) if 2 * len(numbers) >= len(tracks_like) else False
    counted = [m.cue for m in tracks_like if m.bracketed and m.cue is not None and m.number is None]
    minutes = not (len(counted) > 1 and [c // 60 for c in counted] == list(range(1, len(counted) + 1)))
    dotted = 2 * sum(m.dotted for m in tracks_like) > len(tracks_like) > 1
    keyed = 2 * sum(MARKS.key_before.match(m.rest) is not None for m in tracks_like) > len(tracks_like) > 1
    found = []
    for i, line in enumerate(lines[begin:], start=begin):
        marks = trailed(led(line, weak=weak, minutes=minutes, dotted=dotted, keyed=keyed))
        marks = replace(marks, rest=MARKS.whole_quoted.sub(r"\2", marks.rest))
        blank = i == 0 or not lines[i - 1], i + 1 >= len(lines) or not lines[i + 1]
        is_talk = _TALK.match(line) or is_heading(line) or line.endswith(":")
        is_talk = is_talk or (has_link(line) and not MARKS.free_dash.search(marks.rest))
        is_link = MARKS.url.match(line) or has_link(marks.rest)
        if re.search(r"\w|\?", marks.rest) and not (is_talk and not marks.strong) and not is_link:
            found.append(_Line(i + 1, line, marks, alone=all(blank), after_blank=blank[0]))
    rests = [line.marks.rest for line in found]
    bare = [rest for rest in rests if not MARKS.free_dash.search(rest)]
    counts = [sum(pattern.search(rest) is not None for rest in bare) for _, pattern in SEPARATORS]
    counts[0] = sum(split_artist_title(rest)[0] is not None for rest in rests)
    counts[1] += sum(re.search(r"\s/\s.*\s-\s", rest) is not None for rest in rests)
    # Commas part only what nothing else does, and names only.
    named = all(map(may_be_name, (part for rest in bare for part in SEPARATORS[-1][1].split(rest))))
    if max(counts[:-1]) > 1 or counts[-1] < max(_MANY, _MOST * len(rests)) or not named:
        counts[-1] = 0
    most = max(range(len(counts)), key=lambda n: (counts[n], -n))
    kind, pattern = SEPARATORS[most if counts[most] > 1 else 0]
    return found, pattern, kind


def _without_words(lines: list[str]) -> list[str]:
    """Without the word that stands before the number or the time of nearly every track: `Song 1: …`, `at 02:13 …`."""
    dashed = [line for line in lines if MARKS.free_dash.search(line)]
    marks = [mark for line in dashed if (mark := MARKS.word_before.match(line))]
    word, count = Counter(mark[0] for mark in marks).most_common(1)[0] if marks else ("", 0)
    same = {mark.string: mark for mark in marks if mark[0] == word}
    numbers = [int(mark[2][:9]) for mark in marks if mark[0] == word]
    rising = len({*numbers}) > 1 and numbers == sorted(numbers)
    if not rising or count < max(_MANY, 0.9 * len(dashed)):
        return lines
    return [same[line][1] + line.removeprefix(word) if line in same else line for line in lines]


def _counted(lines: list[str]) -> list[str]:
    """With figures for the letters or Roman numbers that count all tracks of a list."""
    for pattern, values in ((MARKS.roman_number, ROMAN), (MARKS.letter_number, [*ascii_uppercase])):
        found = {i: mark for i, line in enumerate(lines) if (mark := pattern.match(line))}
        found = {i: mark for i, mark in found.items() if MARKS.free_dash.search(lines[i][mark.end() :])}
        dashed = sum(MARKS.free_dash.search(line) is not None for line in lines)
        at = [values.index(x) if (x := mark[1].upper()) in values else -2 for mark in found.values()]
        # From the first on, and again where a part begins.
        counts = all(b in (a + 1, 0) for a, b in pairwise([-1, *at])) and 2 * at.count(0) <= len(at)
        if counts and len(found) >= max(_MANY, 0.9 * dashed):
            numbers = {i: f"{n + 1}. {lines[i][mark.end() :]}" for n, (i, mark) in zip(at, found.items(), strict=True)}
            return [numbers.get(i, line) for i, line in enumerate(lines)]
    return lines


def _tracks(found: list[_Line], separator: re.Pattern[str], kind: str) -> tuple[list[_Line], dict[int, str | None]]:
    """Without headings and prose; and the heading each track stands under."""
    parted = [
        line
        for line in found
        if line.marks.strong or line.marks.bullet or separator.search(line.marks.rest) or line.marks.number is not None
        or MARKS.unknown_line.match(line.marks.rest) or (kind == "dash" and split_artist_title(line.marks.rest)[0])
    ]  # fmt: skip
    marked = [line.number for line in parted if line.marks.strong or line.marks.number is not None]
    if 2 * len(marked) <= len(parted):
        blocks = [line.number for line in parted if not line.alone]
        kept = [x for x in parted if len(blocks) < 2 or blocks[0] <= x.number <= blocks[-1]]
        # A sentence at an end of a list whose names have capitals.
        is_small = 2 * sum(line.marks.rest.islower() for line in kept) > len(kept)
        tracks = [line.number for line in kept if is_small or not MARKS.prose.match(line.marks.rest)]
        return [line for line in kept if tracks and tracks[0] <= line.number <= tracks[-1]], {}
    heading: str | None = None
    within_parts: list[tuple[_Line, str | None]] = []
    ours, others = set(marked), {line.number for line in parted}
    for line in found:
        within = marked[0] < line.number < marked[-1]
        if within and line.after_blank and line.number not in ours:
            heading = line.text.strip("*=-:; ") or heading
        elif line.number in ours or (within and line.number in others):
            within_parts.append((line, heading))
    return [line for line, _ in within_parts], {line.number: heading for line, heading in within_parts}


def _head(lines: list[str], *, first: int, path: Path) -> SetInfo:
    headed = next((i for i, line in enumerate(lines) if is_heading(line)), len(lines))
    above = [
        line for line in lines[: min(first - 1, headed)]
        if re.search(r"\w", line) and not (MARKS.number_text.match(line) or MARKS.time.match(line) or is_heading(line))
        and not (_TALK.match(line) or MARKS.noise.match(line) or has_link(line) or line.endswith((":", "!", ",")))
        and len(line) <= 120 and not (line.endswith((".", "…")) and line.count(" ") > 4)
    ]  # fmt: skip
    name = next((line for line in above if is_title_line(line)), None) or next(iter(above), None)
    if name and not date_in(name) and date_in(path.stem):
        name = None
    url = next((found[0] for line in lines if (found := MARKS.url.search(line)) and id_in_url(found[0])), None)
    name = name or path.stem
    return named_set(name, path=path, url=url, dj=dj_in(name), date=date_in(name) or date_in(url))


def _capital_label(text: str) -> tuple[str, str | None, str | None]:
    """Title, label and note of `Title (Mix) LABEL`; a title all in capitals keeps what may be its own words."""
    found = MARKS.capital_label.match(text)
    shouted = text == text.upper() and not text.startswith("ID ")
    if not found or (shouted and not found["title"].endswith(")")):
        return text, None, None
    label = found["label"].strip()
    if len(label) < 2 or re.fullmatch(r"[IVX]+|[\d.]+|VIP|LIVE|DUB|EDIT|ID|REMIX", label):
        return text, None, None
    name, _, note = (None, None, label) if names_no_label(label) else split_label(label)
    return (found["title"], name, note) if name or names_no_label(label) else (text, None, None)
