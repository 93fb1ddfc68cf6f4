"""One written line of a tracklist taken apart: `01. [02:34] Artist - Title (Mix) [Label - CAT 001] 8A 128`. Pure.

`led` takes marks off the front of a line, `trailed` those behind the title. A mark that may as well be part of a name
(`2 Bad Mice - Bombscare`) is only weak: `numbering` says whether the list as a whole counts its tracks that way. Of
what is left, the first ` - ` divides artist from title (a dash of any width); a closing `[…]` is the label, unless it
holds a word that is none (White, Promo): that is kept as `label_note`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from enrich.text.words import names_no_label
from enrich.tracklists.marks import LONGEST, MARKS, ROMAN
from enrich.tracklists.times import clock, moment

#: Characters that the marks behind a title take at most, and numbers that a list leaves out at once.
_TAIL, _GAP = 80, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """A line without its marks, and what they said.

    The number may be the beginning of a name (`weak`); minutes stand in square brackets, as numbers may (`bracketed`);
    the cue is written `12.34`, as a name may begin (`dotted`).
    """

    rest: str
    number: int | None = None
    weak: bool = False
    bracketed: bool = False
    dotted: bool = False
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
    """Take the marks off the front of a line, white space single; each kind once.

    `weak`: a bare number is one (`2 Alpha Kid`); `minutes`: `[12]` are minutes, else a number; `dotted`: `12.34` is a
    cue; `keyed`: key and tempo go also where no number or cue stands before them.
    """
    found, before = Marks(rest=line), None
    while found is not before:
        before, found = found, _one_mark(found, weak=weak, minutes=minutes, dotted=dotted, keyed=keyed)
    return found


def _one_mark(found: Marks, *, weak: bool, minutes: bool, dotted: bool, keyed: bool) -> Marks:
    rest = found.rest
    if not found.layered and (mark := MARKS.layered.match(rest)):
        return _without(found, mark, layered=True)
    if not found.has_cue and (mark := MARKS.cue.match(rest)):
        return _without(
            found, mark, has_cue=True, cue=moment(mark["day"]) if mark["day"] else clock(mark["in"] or mark["out"])
        )
    if dotted and not found.has_cue and (mark := MARKS.dotted.match(rest)):
        return _without(found, mark, has_cue=True, dotted=True, cue=clock(mark["cue"].replace(".", ":")))
    number = MARKS.bracketed.match(rest) if found.number is None else None
    if number and (found.has_cue or not minutes or MARKS.cue.match(rest[number.end() :])):
        return _without(found, number, number=int(number["n"]))
    mark = None if found.has_cue else MARKS.minutes.match(rest)
    if mark and (minutes or found.number is not None or not mark["in"]):
        value = next(filter(None, mark.groups()))
        at = None if "?" in value else int(value) * 60
        return _without(found, mark, has_cue=True, cue=at, bracketed=bool(mark["in"]))
    if found.number is None and (mark := MARKS.number.match(rest)) and (weak or not (mark["weak"] or mark["side"])):
        given = next(filter(None, mark.groups())).upper()
        if given.isdigit() or given in ROMAN:
            at = int(given) if given.isdigit() else 1 + ROMAN.index(given)
            return _without(found, mark, number=at, weak=bool(mark["weak"] or mark["side"]))
    if mark := MARKS.bullet.match(rest):
        return _without(found, mark, bullet=True)
    if (keyed or found.number is not None or found.has_cue) and (mark := MARKS.key_before.match(rest)):
        return _without(found, mark)
    return found


def _without(found: Marks, mark: re.Match[str], **said: object) -> Marks:
    rest = found.rest[mark.end() :].strip()
    return replace(found, rest=rest, **said) if rest else found  # type: ignore[arg-type]


def trailed(found: Marks) -> Marks:
    """Take links, years, keys, tempo and times off the end."""
    rest, at = found.rest, found.time_behind
    linked = MARKS.link.search(rest) if "." in rest or "//" in rest else None
    if linked:
        rest = MARKS.separated.sub("", rest[: linked.start()])
    while True:
        # Only the end is looked at: a pattern that may begin anywhere is tried everywhere.
        begin = max(len(rest) - _TAIL, 0)
        end = rest[begin:]
        time = MARKS.time_behind.search(end) if ":" in end or "'" in end or "′" in end else None
        if time:
            at = clock(time["in"] or time["out"])
        mark = time or MARKS.behind.search(end)
        if not mark or not rest[: begin + mark.start()].strip(" -–—|"):
            return replace(found, rest=rest, time_behind=at)
        rest = rest[: begin + mark.start()].rstrip()


def numbering(found: Sequence[Marks]) -> bool:
    """Whether bare numbers before names count the tracks: they rise from 0 or 1 (again where a part begins)."""
    numbers = [marks.number for marks in found if marks.number is not None]
    rise = all(0 < b - a <= _GAP or b <= 1 for a, b in pairwise(numbers))
    return len(numbers) > 1 and numbers[0] <= 1 and 2 * len(numbers) >= len(found) and rise


class Line(NamedTuple):
    """What one written line names; None where it is silent."""

    artist: str | None = None
    title: str | None = None
    label: str | None = None
    catalog_number: str | None = None
    label_note: str | None = None


def split_line(text: str, *, separator: re.Pattern[str] | None = None) -> Line:
    """Take `Artist - Title [Label]` apart, at a dash or at what a list has in its place."""
    rest, label, catalog_number, note = text.strip(), None, None, None
    if len(rest) > LONGEST:
        return Line(title=rest)
    bracket = MARKS.label.match(rest)
    if bracket:
        label, catalog_number, note = split_label(next(filter(None, bracket.groups()[1:]), ""))
        if label or catalog_number or note:
            rest = re.sub(rf"(\s{MARKS.d.pattern}\s.*)\s+{MARKS.d.pattern}$", r"\1", bracket["rest"])
    parts = separator.split(rest, maxsplit=1) if separator else []
    artist, title = (_or_none(parts[0]), _or_none(parts[1])) if len(parts) == 2 else split_artist_title(rest)
    return Line(artist, title, label, catalog_number, note)


def split_artist_title(text: str) -> tuple[str | None, str | None]:
    """Artist and title; a line without a dash is all title, and `?` for an artist is none."""
    if len(text) > LONGEST:
        return None, text
    parts = MARKS.free_dash.split(text.strip(), maxsplit=1)
    parts = parts if len(parts) > 1 else MARKS.tight_dash.split(text.strip(), maxsplit=1)
    artist, title = parts if len(parts) > 1 else ("", text)
    return _or_none(artist), _or_none(title)


def split_label(text: str) -> tuple[str | None, str | None, str | None]:
    """Label, catalogue number and note of what stands in a label's place; all None: it is something else."""
    text = re.sub(r"^(?:(?i:label)\s*:|(?:(?i:out(?: now)?) )?on(?=\s+[A-Z]))\s*", "", _unwrapped(text.strip()))
    text = MARKS.leading_year.sub("", MARKS.trailing_year.sub("", text)).strip("℗®© ") or text
    text = re.sub(r"^([*_`]+)(.+)\1$", r"\2", text)
    if not text or text.strip("?. ") == "":
        return None, None, text or None
    head, dash, tail = MARKS.last_dash.match(text).groups("")
    number = tail.strip()
    is_numbered = bool(dash and MARKS.catalog.match(number))
    if is_numbered and names_no_label(head):
        return None, number, head.strip()
    if names_no_label(text):
        return None, None, text
    if MARKS.only_catalog.match(text):
        return None, text, None
    if MARKS.not_for_label.search(text):
        return None, None, None
    if dash and names_no_label(tail):
        label, catalog_number, _ = split_label(head)
        return label, catalog_number, tail.strip()
    if is_numbered:
        return head.strip(), number, None
    if noted := MARKS.trailing_note.match(text):
        return noted["label"], None, noted["note"]
    if not dash and (numbered := MARKS.number_behind.match(text)):
        return numbered["label"], numbered["apart"] or numbered["number"], None
    return text, None, None


def _unwrapped(text: str) -> str:
    """Without round brackets around the whole, or a single one left over at an end."""
    if text.startswith("(") and text.endswith(")"):
        return text[1:-1].strip()
    if text.count("(") != text.count(")"):
        return text.strip("()").strip()
    return text


def _or_none(text: str) -> str | None:
    return text.strip() or None
