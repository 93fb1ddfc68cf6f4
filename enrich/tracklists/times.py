"""Cues and lengths in whole seconds, however they are written, and lists of them that are times of a day. Pure."""

import re
from collections.abc import Sequence
from itertools import pairwise

from enrich.tracklists.marks import MARKS

#: Seconds of a day; of a night's list so many times at least, and so far apart at most where they count minutes.
DAY, _NIGHT, _CLOSE = 86_400, 3, 20


def clock(text: str | None) -> int | None:
    """`2:34`, `1:02:34`, `2'34"`, `1h02m34s` in seconds; parts of a second are dropped; None for a placeholder."""
    parts = re.findall(r"\d+", re.sub(r"[.,]\d{1,3}$", "", text or ""))
    if not 2 <= len(parts) <= 3 or MARKS.no_time.search(text or ""):
        return None
    parts += ["0"] * (len(parts) == 2 and "h" in (text or "").lower())
    hours, minutes, seconds = [0, *map(int, parts)][-3:]
    return hours * 3600 + minutes * 60 + seconds


def seconds(text: str | None) -> int | None:
    """Whole seconds of a field that holds a cue or a length: `310`, `310,5`, `5 min`, `PT1H2M`, a time of `clock`."""
    bare = (text or "").strip(" [](){}")
    found = MARKS.units.fullmatch(bare)
    if not found:
        return clock(bare)
    hours, minutes, rest, alone = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + rest + alone


def since_first(times: Sequence[int | None]) -> list[int | None]:
    """Cues of a list; where they are times of a day, what has passed since the first of them.

    Those begin at noon or later, and pass midnight or are as close as minutes where cues have seconds: `22:14`, `22:19`
    """
    known = [at for at in times if at is not None]
    hour = 3600 if max(known, default=0) >= DAY // 60 else 60
    falls = [(a, b) for a, b in pairwise(known) if b < a]
    if falls:
        is_day = len(falls) == 1 and falls[0][0] >= 18 * hour and max(falls[0][1], known[-1]) < 12 * hour
    else:
        is_day = len(known) >= _NIGHT and (hour == 3600 or known[-1] - known[0] <= _CLOSE * (len(known) - 1))
    if not (is_day and 12 * hour <= known[0] and max(known) < 24 * hour):
        return list(times)
    return passed([None if at is None else at * (3600 // hour) for at in times])


def passed(times: Sequence[int | None]) -> list[int | None]:
    """What has passed at times of a day since the first of them."""
    begin = next((at for at in times if at is not None), 0)
    return [None if at is None else (at - begin) % DAY for at in times]


def moment(text: str) -> int | None:
    """Seconds of a cue, or of a time of day: a date before it or not, its half behind it or not."""
    found = MARKS.day_time.search(text)
    if not found or not found["half"]:
        return seconds(found["time"] if found else text)
    at = clock(found["time"] if found["time"].count(":") > 1 else f"{found['time']}:00") or 0
    return at % (DAY // 2) + DAY // 2 * (found["half"] in "pP")


def plain_number(text: str | None, most: int = 999_999) -> float | None:
    """A number written plainly, `200` or `200.5`; None for any other text, and for one above `most`."""
    found = float(text) if text and re.fullmatch(r"\d{1,12}(?:\.\d+)?", text) else None
    return found if found is not None and found <= most else None
