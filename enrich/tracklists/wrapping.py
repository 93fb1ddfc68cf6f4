"""Lines of a typed list as it means them: a whole list on one line parted, a track over several lines put together.

A comment field loses its line breaks, a page puts cue, artist and title on lines of their own. Pure.
"""

import re
import unicodedata
from html import unescape
from itertools import pairwise

from enrich.text.words import LISTS
from enrich.tracklists.lines import led, split_artist_title, split_label
from enrich.tracklists.marks import MARKS, SEPARATORS, TABLES
from enrich.tracklists.naming import is_heading, is_title_line
from enrich.tracklists.times import clock

#: Tracks that a line must hold to be a list, and lines with a dash beside which it may stand.
_LEAST, _BESIDE = 3, 2
_LONGEST_NAME = 80
#: What a field of its own is called, in any language.
_FIELDS = {name.replace("_", " "): field for field in ("label", "title", "artist") for name in LISTS["columns"][field]}
_FIELD = re.compile(rf"(?i)(?:^|[,;|]\s*|\s-\s)(?:[-*•]\s+|\d{{1,3}}[.)]\s+)?({'|'.join(_FIELDS)})\s*[:=]\s*(?=\S)")
#: Brackets of full width.
_WIDE = str.maketrans("【】［］（）｜", "[][]()|")


def plain(line: str) -> str:
    """A line without markup and marks of full width; white space single, a tab where columns are set apart."""
    if not line.isascii() or MARKS.decorated.search(line):
        line = unescape(line).translate(_WIDE)
        for mark, left in TABLES["markup"].items():
            line = re.sub(mark, left, line)
    if not line.isascii():
        line = MARKS.wide_mark.sub(lambda m: unicodedata.normalize("NFKC", m[0]).replace("、", "."), line)
    if not MARKS.free_dash.search(line):
        line = re.sub(r" {3,}", "\t", line)
    words = re.split(r"[^\S\t]+", line.strip())
    is_file = "_-_" in words[-1] and all(map(MARKS.extra.match, words[:-1]))
    return " ".join(words).replace("_", " ") if is_file else " ".join(words)


def unwrapped(lines: list[str]) -> list[tuple[int, str]]:
    """Line number, from 1, and text of each line as meant; blank lines stay."""
    numbered = list(enumerate(lines, start=1))
    if sum(MARKS.free_dash.search(line) is not None for line in lines) <= _BESIDE:
        numbered = [(number, part) for number, line in numbered for part in _parted(line)]
    continued = _continued(numbered)
    return _by_fields(continued) or _by_turns(continued)


def _parted(line: str) -> list[str]:
    if len(MARKS.free_dash.findall(line)) < _LEAST:
        return [line]
    for mark, value in ((MARKS.timed, clock), (MARKS.numbered, int)):
        found = list(mark.finditer(line))
        values = [value(one[1]) or 0 for one in found]
        rising = mark is MARKS.timed or not values or values == list(range(values[0], values[0] + len(values)))
        if len(found) >= _LEAST and rising and all(b > a for a, b in pairwise(values)):
            ends = [*(one.start() for one in found), len(line)]
            parts = [line[a:b].strip(" ,;|/") for a, b in pairwise(ends)]
            if 2 * sum(MARKS.free_dash.search(part) is not None for part in parts) > len(parts):
                return [head for head in (line[: ends[0]].strip(),) if head] + parts
    parts = MARKS.between.split(line)
    return parts if len(parts) >= _LEAST and all(MARKS.free_dash.search(part) for part in parts) else [line]


def _continued(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """With a line that only goes on put behind the one before it, and one that is a mere cue before the next."""
    found: list[tuple[int, str]] = []
    # Where the last line is a time, times stand behind their tracks.
    is_cue = re.compile(r"[\[(]?(?:\d{1,2}:)?\d{1,2}:\d\d[\])]?").fullmatch
    cues_first = not is_cue(next((line for _, line in reversed(lines) if line), ""))
    for number, line in lines:
        before = found[-1][1] if found else ""
        is_track = MARKS.free_dash.search(before) is not None
        field = _FIELD.split(line)
        is_label = len(field) == 3 and not field[0] and _FIELDS[field[1].lower()] == "label"
        line = f"[{field[2]}]" if is_label and is_track else line
        may_go_on = not MARKS.free_dash.search(line) if is_track else led(before).strong
        is_open = MARKS.open_end.search(before) and may_go_on
        is_whole = line[:1] == "[" and line[-1:] == "]" and line.count("[") == 1
        goes_on = MARKS.goes_on.match(line) and (is_whole or not MARKS.free_dash.search(line.lstrip("-–—− ")))
        goes_on = is_track and (goes_on or is_label or (not cues_first and is_cue(line)))
        if line and before and (is_open or goes_on or (cues_first and is_cue(before))):
            found[-1] = (found[-1][0], f"{before} {line}")
        else:
            found.append((number, line))
    return found


def _by_fields(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """`Artist: …` and `Title: …` on lines of their own as one line a track; empty where there are none."""
    found: list[tuple[int, dict[str, str]]] = []
    for number, line in lines:
        parts = _FIELD.split(line)
        for name, value in zip(parts[1::2], parts[2::2], strict=True) if not parts[0].strip() else ():
            field = _FIELDS[name.lower()]
            if not found or field in found[-1][1]:
                found.append((number, {}))
            found[-1][1][field] = value.strip()
    if sum("artist" in track and "title" in track for _, track in found) < _BESIDE:
        return []
    return [(number, _written(**{"artist": "?", "title": "?", **track})) for number, track in found]


def _by_turns(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Where no line has a dash, but artist, title and what else there is take turns, each on a line of its own."""
    begin = next((i + 1 for i, (_, line) in enumerate(lines) if is_heading(line)), 0)
    named = begin > 0 or is_title_line(next((line for _, line in lines if line), ""))
    if named and not begin:
        begin = next(i + 1 for i, (_, line) in enumerate(lines) if line)
    body = [(number, line) for number, line in lines[begin:] if line]
    marks = [led(line) for _, line in body]
    names = [mark.rest for mark in marks]
    # Below each numbered track a name alone: its label.
    parted = [MARKS.free_dash.search(name) is not None for name in names]
    by_two = len(body) >= 2 * _LEAST and parted == [True, False] * (len(body) // 2)
    by_two = by_two and all(may_be_name(name) and any(split_label(name)) for name in names[1::2])
    if by_two and parted == [mark.strong for mark in marks]:
        below = [name.strip("<>{}()[] ") for name in names[1::2]]
        return [*lines[:begin], *((n, f"{track} [{x}]") for (n, track), x in zip(body[::2], below, strict=True))]
    signs = (sum(sign.search(name) is not None for name in names) for kind, sign in SEPARATORS if kind != "comma")
    if any(split_artist_title(name)[0] for name in names) or 4 * max(signs) >= 3 * len(body):
        return lines
    whole = "\n".join(line for _, line in lines[begin:]).strip("\n")
    blocks = {block.count("\n") + 1 for block in re.split(r"\n{2,}", whole)}
    for size in (2, 3, 4):
        columns = [[line for _, line in body[i::size]] for i in range(size)]
        texts = [column for column in columns if not all(map(MARKS.extra.match, column))]
        extra = [column for column in columns if column not in texts]
        wanted = [2, 3] if blocks == {size} else [2]
        is_filled = len(body) % size == 0 and len(body) >= 2 * size and len(texts) in wanted
        lines_of_names = (line for column in texts[:2] for line in column)
        if not is_filled or not all(may_be_name(line) and not MARKS.extra.match(line) for line in lines_of_names):
            continue
        artists, titles, *labels = texts
        if all(line[:3].lower() == "by " for line in titles):
            artists, titles = [line[3:] for line in titles], [led(line).rest for line in artists]
        strong = all(led(line).strong for line in artists)
        marked = [any(MARKS.marked.search(line) or led(line).strong for line in column) for column in (artists, titles)]
        if marked == [True, False] and not strong:
            artists, titles = titles, artists
        if named or blocks == {size} or any(marked) or extra or len(artists) >= _LEAST:
            tracks = [_written(*track) for track in zip(artists, titles, *labels, strict=True)]
            cues = [" ".join(cue) for cue in zip(*extra, strict=True)] or [""] * len(tracks)
            found = zip(body[::size], cues, tracks, strict=True)
            return [*lines[:begin], *((number, f"{cue} {track}".strip()) for (number, _), cue, track in found)]
    return lines


def _written(artist: str, title: str, label: str = "") -> str:
    return f"{artist} - {title} [{label}]" if label else f"{artist} - {title}"


def may_be_name(line: str) -> bool:
    """Short, no sentence, and written as names are: in capitals but for small words."""
    words = [word for word in re.findall(r"[^\W\d_]+", line) if word.lower() != word.upper() and len(word) > 3]
    small = sum(word[0].islower() for word in words)
    return len(line) <= _LONGEST_NAME and not re.search(r"[^.][.!:;,]$", line) and 3 * small <= len(words)


def has_link(line: str) -> bool:
    """Whether a web address is in a line."""
    return ("." in line or "//" in line) and MARKS.link.search(line) is not None
