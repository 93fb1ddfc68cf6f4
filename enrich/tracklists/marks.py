"""What people write around a track in a list: numbers, cues, bullets, keys, tempo, years, durations, links. Pure.

`led` takes the marks off the front of a line, `trailed` those behind the title. A mark that may as well be part of a
name (`2 Bad Mice - Bombscare`) is only weak: `numbering` says whether the list as a whole counts its tracks that way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

_CLOCK = r"(?:\d{1,2}\s?[:h]\s?)?\d{1,3}\s?[:'′m]\s?\d\d(?:[.,]\d{1,3}|\"|″|s)?(?![\d:])"
_NONE = r"[?\-–xX]{1,2}:[?\-–xX]{2}(?::[?\-–xX]{2})?"
#: Arrows, shapes, signs and pictures: no name begins with one.
_PICTURE = r"[\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff\ufe0f\u200d\U0001f000-\U0001faff]"
_BULLET = re.compile(rf"^(?:(?:[•·◦‣*>»›~]|{_PICTURE})+|[-–—](?=\s))\s*(?=\S)")
_WITH = re.compile(r"^(?:w/|\+(?=\s)|vs\.(?=\s)|w\s)\s*", re.IGNORECASE)
_RANGE = rf"(?:\s*(?:[-–—~→]|to)\s*{_CLOCK})?"
_CUE = re.compile(
    rf"^[@~]?\s*(?:[\[({{<|]\s*(?:(?P<in>{_CLOCK}){_RANGE}|{_NONE})\s*[\])}}>|]|(?:(?P<out>{_CLOCK}){_RANGE}|{_NONE})(?=$|\W))"
    r"\s*(?:[-–—|:=.~>→•]+\s+)?\s*"
)
_MINUTES = re.compile(r"^\[(?P<minutes>\d{1,3}|[\d?]{1,3})['′]?(?::\?\?)?\]\s*")
_DOTTED = re.compile(r"^(?P<cue>\d{1,3}\.\d\d)(?:\s*[-–—|]\s+|\s+)(?=\S)")
_NUMBER = re.compile(
    r"^(?:(?:track|no\.?|nr\.?|№|#)\s*)?(?:\((?P<a>\d{1,3})\)|(?P<cap>\d)\ufe0f?\u20e3|[#№]\s*(?P<b>\d{1,3})\b[.):]?|(?P<c>\d{1,3})\s?(?:[.)\]:]+(?![\d:])|/+(?=\s))"
    r"|(?P<e>0\d)\.(?=\d)|(?P<side>[A-H]\d{1,2})[.):]+(?=\s)|(?P<d>0\d{1,2})(?=\s|-\D|_)|(?P<weak>\d{1,3})(?=\s+\S))[_\s]*(?:[-–—|:]+\s+)?\s*",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"^\[(?P<n>\d{1,3})\][.:]?\s*(?:[-–—|]\s+)?")

_KEY = r"(?:(?:1[0-2]|0?[1-9])[ABdm]\b|[A-G](?:#|b|♯|♭)?\s?(?:m|maj|min|major|minor)\b)"
_TEMPO = r"\d{2,3}(?:[.,]\d{1,2})?\s?bpm"
_MORE = rf"(?:\s*[-–—/|,]?\s*(?:{_KEY}|{_TEMPO}|\d{{2,3}}(?:\.\d{{1,2}})?))*"
_SOUND = rf"(?:{_KEY}|{_TEMPO}){_MORE}|\d{{2,3}}(?:\.\d{{1,2}})?\s*[-–—/|,]\s*{_KEY}"
KEY_BEFORE = re.compile(rf"^(?:[\[(]\s*(?:{_SOUND})\s*[\])]|(?:{_SOUND})(?=\s+[-–—|]))\s*(?:[-–—|]\s+)?", re.IGNORECASE)
_BEHIND = re.compile(
    rf"(?:\s*[\[(]\s*(?:{_SOUND})\s*[\])]|\s+(?:1[0-2]|0?[1-9])[AB]\s+\d{{2,3}}(?:[.,]\d+)?|\s+\d{{2,3}}(?:[.,]\d+)?\s+(?:1[0-2]|0?[1-9])[AB]|\s+[-–—|/,]\s+(?:{_SOUND})|\s+{_TEMPO}"
    rf"|\s*\[\s*(?:(?:19|20)\d\d|{_NONE})\s*\]|\s+{_NONE})\s*$",
    re.IGNORECASE,
)
_TIME_BEHIND = re.compile(
    rf"\s*(?:[-–—|@,~]\s*)?(?:[\[({{<]\s*(?P<in>{_CLOCK})\s*[\])}}>]|(?<=\s)(?P<out>{_CLOCK}))(?:\s*-\s*(?P<note>[^a-z]+))?\s*$"
)
_TOP = r"(?:com|net|org|fm|de|to|tl|io|me|co|uk|nl|gg|ly|tv|eu|fr|it|es|be|ch|at|se|info|link|page|la|bio)"
_LINK = re.compile(
    rf"[(\[<]?(?:https?://|www\.)\S+|[(\[<]?\b[\w-]+(?:\.[\w-]+)*\.{_TOP}/\S*|^\S+\.{_TOP}$", re.IGNORECASE
)
YEAR_BEHIND = re.compile(r"\s*(?:\(\s*(?:19|20)\d\d\s*\)|[-–—,]\s+(?:19|20)\d\d)$")
#: Characters that the marks behind a title take at most.
_TAIL = 80
_SEPARATED = re.compile(r"[\s\-–—|:,(\[<]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """A line without its marks, and what they said."""

    rest: str
    number: int | None = None
    weak: bool = False
    """The number may be the beginning of a name."""
    bracketed: bool = False
    """The number stands in square brackets, where others have whole minutes."""
    dotted: bool = False
    """The cue is written `12.34`, as a name may begin."""
    cue: int | None = None
    has_cue: bool = False
    layered: bool = False
    bullet: bool = False
    time_behind: int | None = None

    @property
    def strong(self) -> bool:
        """Whether a mark says that the line is a track."""
        return self.layered or (self.has_cue and not self.dotted) or (self.number is not None and not self.weak)


def led(line: str, *, weak: bool = True, minutes: bool = True, dotted: bool = True, keyed: bool = False) -> Marks:
    """Take the marks off the front, each kind once.

    Args:
        line: A line, white space single.
        weak: Take a bare number for one (`2 Alpha Kid`).
        minutes: Take `[12]` for minutes; else for a number.
        dotted: Take `12.34` for a cue.
        keyed: Take a key or tempo off that no number or cue stands before.
    """
    found = Marks(rest=line)
    while True:
        before = found
        found = _one_mark(found, weak=weak, minutes=minutes, dotted=dotted, keyed=keyed)
        if found is before:
            return found


def _one_mark(found: Marks, *, weak: bool, minutes: bool, dotted: bool, keyed: bool) -> Marks:
    rest = found.rest
    if not found.layered and (mark := _WITH.match(rest)):
        return _without(found, mark, layered=True)
    if not found.has_cue and (mark := _CUE.match(rest)):
        return _without(found, mark, has_cue=True, cue=clock(mark["in"] or mark["out"]))
    if dotted and not found.has_cue and (mark := _DOTTED.match(rest)):
        return _without(found, mark, has_cue=True, dotted=True, cue=clock(mark["cue"].replace(".", ":")))
    if found.number is None and (mark := _BRACKETED.match(rest)) and _CUE.match(rest[mark.end() :]):
        return _without(found, mark, number=int(mark["n"]))
    if not found.has_cue and (minutes or found.number is not None) and (mark := _MINUTES.match(rest)):
        value = mark["minutes"]
        at = None if "?" in value else int(value)
        return _without(found, mark, has_cue=True, cue=None if at is None else at * 60, bracketed=True)
    if found.number is None and not minutes and (mark := _BRACKETED.match(rest)):
        return _without(found, mark, number=int(mark["n"]))
    if found.number is None and (mark := _NUMBER.match(rest)) and (weak or not mark["weak"]):
        given = mark["a"] or mark["cap"] or mark["b"] or mark["c"] or mark["d"] or mark["e"] or mark["weak"]
        value = int(given) if given else int(mark["side"][1:])
        return _without(found, mark, number=value, weak=bool(mark["weak"]))
    if not found.bullet and (mark := _BULLET.match(rest)):
        return _without(found, mark, bullet=True)
    if (keyed or found.number is not None or found.has_cue) and (mark := KEY_BEFORE.match(rest)):
        return _without(found, mark)
    return found


def _without(found: Marks, mark: re.Match[str], **said: object) -> Marks:
    rest = found.rest[mark.end() :].strip()
    return replace(found, rest=rest, **said) if rest else found  # type: ignore[arg-type]


def trailed(found: Marks) -> Marks:
    """Take links, years, keys, tempo and times off the end."""
    rest, at = found.rest, found.time_behind
    linked = _LINK.search(rest) if "." in rest or "//" in rest else None
    if linked:
        rest = _SEPARATED.sub("", rest[: linked.start()])
    while True:
        # Only the end is looked at: a pattern that may begin anywhere is tried everywhere.
        begin = max(len(rest) - _TAIL, 0)
        end = rest[begin:]
        time = _TIME_BEHIND.search(end) if ":" in end or "'" in end or "′" in end else None
        if time:
            at = clock(time["in"] or time["out"])
        mark = time or _BEHIND.search(end)
        if not mark or not rest[: begin + mark.start()].strip(" -–—|"):
            return replace(found, rest=rest, time_behind=at)
        rest = rest[: begin + mark.start()].rstrip()


def numbering(found: Sequence[Marks]) -> bool:
    """Whether bare numbers before names count the tracks: they rise from 0 or 1 (again where a part begins)."""
    numbers = [marks.number for marks in found if marks.number is not None]
    if not numbers or numbers[0] > 1 or 2 * len(numbers) < len(found):
        return False
    return all(b > a or b <= 1 for a, b in pairwise(numbers)) and len(numbers) > 1


def has_link(line: str) -> bool:
    """Whether a web address is in a line."""
    return ("." in line or "//" in line) and _LINK.search(line) is not None


def clock(text: str | None) -> int | None:
    """`2:34`, `1:02:34`, `2'34"`, `1h02m34s` in seconds; parts of a second are dropped; None for a placeholder."""
    parts = re.findall(r"\d+", re.sub(r"[.,]\d{1,3}$", "", text or ""))
    if not 2 <= len(parts) <= 3 or any(len(part) > 4 for part in parts):
        return None
    total = 0
    for part in parts:
        total = total * 60 + int(part)
    return total
