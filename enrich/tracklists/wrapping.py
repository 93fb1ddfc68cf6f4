"""Lines of a typed list as it means them: a whole list on one line parted, a track over several lines put together.

A comment field loses its line breaks, a page puts cue, artist and title on lines of their own. Pure.
"""

from __future__ import annotations

import re
from itertools import pairwise

from enrich.tracklists.lines import FREE_DASH
from enrich.tracklists.marks import clock, led

_NUMBERED = re.compile(r"(?:(?<=^)|(?<=[\s,;:|/]))[(\[#]?(\d{1,3})(?:[.)\]]+(?!\d)|(?=\s+-\s))\s*")
_TIMED = re.compile(r"(?:(?<=^)|(?<=[\s,;|/]))(?:\d{1,3}[.)]\s*)?[(\[]?((?:\d{1,2}:)?\d{1,2}:\d\d)[)\]]?(?=\s)")
_BETWEEN = re.compile(r"\s+(?://?|\||[•·●])\s+|;\s+")
#: A track goes on behind such an end, and before such a beginning.
_OPEN_END = re.compile(r"(?:\s(?:[-–—−&+x]|feat\.?|ft\.?|vs\.?)|,)$", re.IGNORECASE)
_GOES_ON = re.compile(r"^(?:[(\[](?!\s*(?:\d|\?))|[-–—−&]\s|(?:feat|ft|vs)\.?\s)", re.IGNORECASE)
#: Tracks that a line must hold to be a list, and lines with a dash beside which it may stand.
_LEAST, _BESIDE = 3, 2


def unwrapped(lines: list[str]) -> list[tuple[int, str]]:
    """Line number, from 1, and text of each line as meant; blank lines stay."""
    numbered = list(enumerate(lines, start=1))
    if sum(FREE_DASH.search(line) is not None for line in lines) <= _BESIDE:
        numbered = [(number, part) for number, line in numbered for part in _parted(line)]
    return _by_pairs(_continued(numbered))


def _parted(line: str) -> list[str]:
    if len(FREE_DASH.findall(line)) < _LEAST:
        return [line]
    for mark, value in ((_TIMED, clock), (_NUMBERED, int)):
        found = list(mark.finditer(line))
        values = [value(one[1]) or 0 for one in found]
        rising = values == list(range(values[0], values[0] + len(values))) if mark is _NUMBERED and values else True
        if len(found) >= _LEAST and rising and all(b > a for a, b in pairwise(values)):
            ends = [*(one.start() for one in found), len(line)]
            parts = [line[a:b].strip(" ,;|/") for a, b in pairwise(ends)]
            if 2 * sum(FREE_DASH.search(part) is not None for part in parts) > len(parts):
                return [head for head in (line[: ends[0]].strip(),) if head] + parts
    parts = _BETWEEN.split(line)
    return parts if len(parts) >= _LEAST and all(FREE_DASH.search(part) for part in parts) else [line]


def _continued(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """With a line that only goes on put behind the one before it, and one that is a mere cue before the next."""
    found: list[tuple[int, str]] = []
    # Where the last line is a time, times stand behind their tracks.
    cues_first = not _is_cue(next((line for _, line in reversed(lines) if line), ""))
    for number, line in lines:
        before = found[-1][1] if found else ""
        is_track = FREE_DASH.search(before) is not None
        is_open = _OPEN_END.search(before) is not None and (is_track or led(before).strong)
        goes_on = is_track and _GOES_ON.match(line) is not None and not FREE_DASH.search(line.lstrip("-–—− "))
        if line and before and (is_open or goes_on or (cues_first and _is_cue(before))):
            found[-1] = (found[-1][0], f"{before} {line}")
        else:
            found.append((number, line))
    return found


def _is_cue(line: str) -> bool:
    return re.fullmatch(r"[\[(]?(?:\d{1,2}:)?\d{1,2}:\d\d[\])]?", line) is not None


def _by_pairs(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Where no line has a dash, but each marked one a bare one behind it: the artist, and below it the title."""
    full = [(number, line) for number, line in lines if line]
    marked = [led(line).strong for _, line in full]
    if any(FREE_DASH.search(line) for _, line in full) or sum(marked) < 2 or not marked[0]:
        return lines
    if marked != [True, False] * (len(full) // 2):
        return lines
    return [(number, f"{line} - {full[2 * i + 1][1]}") for i, (number, line) in enumerate(full[::2])]
