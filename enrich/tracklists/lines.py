"""One written line of a tracklist taken apart: `01. [02:34] Artist - Title (Mix) [Label - CAT 001] 8A 128`. Pure.

`led` takes marks off the front of a line, `trailed` those behind the title. A mark that may as well be part of a name
(`2 Bad Mice - Bombscare`) is only weak: `numbering` says whether the list as a whole counts its tracks that way. Of
what is left, the first ` - ` divides artist from title (a dash of any width); a closing `[…]` is the label, unless it
holds a word that is none (White, Promo): that is kept as `label_note`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from enrich.text.words import names_no_label

#: A line of more characters is none that somebody wrote.
LONGEST = 4_000
_D = "[-‐‑‒–—―⸺⸻−－﹣]"
#: Every dash there is, with blanks around it.
FREE_DASH = re.compile(rf"\s+{_D}{{1,3}}\s+|\s+{_D}$|^{_D}\s+")
#: `Artist- Title`, `Artist -Title` and `Artist—Title`, looked for only where no dash stands free.
_TIGHT_DASH = re.compile(rf"(?<=\w){_D}\s+|\s+{_D}(?=\w)|\s*[–—―⸺－]\s*")
_LABEL = re.compile(
    r"^(?P<rest>.*\S)\s*(?:\[(?P<label>[^\[\]]*)\]|\{(?P<curly>[^{}]*)\}|\(\s*[Ll]abel\s*:\s*(?P<said>[^()]+)\)|\((?P<round>[^()]*[^\s()]),\s*(?:19|20)\d\d\))\s*[*']*$"
)
_CATALOG = re.compile(r"(?=.*\d)[A-Za-z0-9][A-Za-z0-9 ./_-]{0,29}$")
_TRAILING_YEAR = re.compile(r"\s*(?:[,/|]\s*|\()(?:19|20)\d\d\)?$")
_TRAILING_NOTE = re.compile(r"(?i)^(?P<label>.*\S)\s+(?P<note>test pressing|dub ?plate|white label|cdr|promo)$")
#: Words that say which version of a recording it is.
VERSION = r"(?:remix|mix|rmx|edit|version|rework|bootleg|vip|dub|acapp?ella|live|extended|original)"
_NOT_FOR_LABEL = re.compile(
    r"(?i)\b(?:remix|mix|rmx|edit|version|rework|bootleg|vip|dub|acapp?ella|live)$|^\d+:\d\d$|^from\b|^taken from\b"
)
#: A number alone in the label's place: letters in capitals and at least two figures, in one word.
_ONLY_CATALOG = re.compile(r"^[A-Z]{2,}[A-Z&]*[-_.]?\d{2,5}(?:\.\d+)?[A-Z]{0,3}$")
_NUMBER_BEHIND = re.compile(
    r"^(?P<label>.*?[^\W\d].*?)"
    r"(?:\s*[,:;/|(]\s*(?=(?:[^,:;/|(\d]*\d){2})(?P<apart>[A-Z][A-Z0-9&]*[ ._-]?[A-Z0-9.-]*\d[A-Z0-9.-]*)\)?"
    r"|\s+(?P<number>0\d{1,3}|[A-Z]{2,}[A-Z\d&]*-?\d{2,5}[A-Z]{0,3}|(?<=[a-z] )[A-Z]{2,5} 0\d{1,3}))$"
)

_CLOCK = (
    r"(?:(?:\d{1,2}\s?[:h]\s?)?\d{1,3}\s?[:'′m]\s?\d\d(?:[.,]\d{1,3}|\"|″|s)?"
    r"|\d{1,2}\s?h\s?\d{1,2}\s?m|\d{1,3}\s?m\s?\ds)(?!\d|:\d)"
)
_NONE = r"[?\-–xX]{1,2}:[?\-–xX]{2}(?::[?\-–xX]{2})?"
#: Arrows, shapes, signs and pictures: no name begins with one.
_PICTURE = r"[\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff\ufe0f\u200d\U0001f000-\U0001faff]"
_BULLET = re.compile(rf"^(?:(?:[•·◦‣*>»›~]|{_PICTURE})+|[-–—o](?=\s))\s*(?=\S)")
_WITH = re.compile(r"^(?:[(\[]?w/[)\]]?|\+(?=\s)|vs\.(?=\s)|w\s)\s*", re.IGNORECASE)
_RANGE = rf"(?:\s*(?:[-–—~→]|to)\s*{_CLOCK})?"
_CUE = re.compile(
    rf"^(?:\d{{4}}-\d\d-\d\d[ T])?[@~]?\s*(?:[\[({{<|]\s*(?:(?P<in>{_CLOCK}){_RANGE}|{_NONE})\s*[\])}}>|]"
    rf"|(?:(?P<out>{_CLOCK}){_RANGE}|{_NONE})(?=$|\W))(?:\s?(?i:[ap]\.?m\b\.?))?"
    r"\s*(?:[-–—|:=.~>→•]+\s+|;|[,:](?!\d))?\s*"
)
_MINUTES = re.compile(r"^(?:\[(?P<in>[\d?]{1,3})['′]?(?::\?\?)?\]|(?P<out>\d{1,3})(?:['′]|\s?min\b\.?)(?=\s))\s*")
_DOTTED = re.compile(r"^(?P<cue>\d{1,3}\.\d\d)(?:\s*[-–—|]\s+|\s+)(?=\S)")
_NUMBER = re.compile(
    r"^(?:(?:track|no\.?|nr\.?|№|#)\s*)?(?:[({](\d{1,3})[)}]|(\d)\ufe0f?\u20e3|[#№]\s*(\d{1,3})\b[.):]?"
    r"|(\d{1,3})\s?(?:[.)\]:]+(?![\d:])|/+(?=\s)|[º°ª](?=\W)|(?:st|nd|rd|th)[.):])"
    r"|(0\d(?=\.\d)|\d{1,3}(?=\.\d{1,2}:\d\d))\.|[A-H](\d{1,2})[.):]+(?=\s)"
    r"|(0\d{1,2})(?=\s|-\D|_)|[A-H](?P<side>\d{1,2})(?=\s+\S)"
    r"|(?P<weak>\d{1,3}(?=(?:/\d{1,3})?\s+\S)|[IVX]{1,5}(?=[.)]\s))(?:/\d+|[.)])?)"
    r"[_\s]*(?:[-–—|:]+\s+)?\s*",
    re.IGNORECASE,
)
#: Of numbers; more is no list.
_ROMAN = re.findall(
    r"\w+", "I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX XX XXI XXII XXIII XXIV XXV"
)
_BRACKETED = re.compile(r"^\[(?P<n>\d{1,3})\][.:]?\s*(?:[-–—|]\s+)?")

_KEY = r"(?:(?:1[0-2]|0?[1-9])[ABdm]\b|[A-G](?:#|b|♯|♭)?\s?(?:m|maj|min|major|minor)\b)"
_TEMPO = r"\d{2,3}(?:[.,]\d{1,2})?\s?bpm"
_MORE = rf"(?:\s*[-–—/|,]?\s*(?:{_KEY}|{_TEMPO}|\d{{2,3}}(?:\.\d{{1,2}})?))*"
_SOUND = rf"(?:{_KEY}|{_TEMPO}){_MORE}|\d{{2,3}}(?:\.\d{{1,2}})?\s*[-–—/|,]\s*{_KEY}"
KEY_BEFORE = re.compile(rf"^(?:[\[(]\s*(?:{_SOUND})\s*[\])]|(?:{_SOUND})(?=\s+[-–—|]))\s*(?:[-–—|]\s+)?", re.IGNORECASE)
#: What is a mark only where every line of a list has it: key or bare tempo, and the year, before or behind the names.
BARE_TEMPO = r"(?:[6-9]\d|1\d\d)(?:[.,]\d{1,2})?"
_BARE_SOUND = rf"(?:{BARE_TEMPO}(?:\s?bpm)?\b|{_KEY})"
COMMON_BEFORE = re.compile(
    rf"^(?:{_BARE_SOUND}(?:\s*[-/|,]?\s*{_BARE_SOUND})?[.):]?\s+(?:[-–—|]\s+)?(?=\S)|[(\[](?:19|20)\d\d[)\]]\s*|(?:19|20)\d\d-\d\d-\d\d\s+)",
    re.IGNORECASE,
)
COMMON_BEHIND = re.compile(
    rf"\s*(?:(?:\s|[-–—,|/]\s*)(?:{BARE_TEMPO}|(?:19[5-9]|20\d)\d|{_KEY})|[(\[]\s*(?:{BARE_TEMPO}|(?:19[5-9]|20\d)\d)[)\]])$|\s*\*+$"
)
_BEHIND = re.compile(
    rf"(?:\s*[\[(]\s*(?:{_SOUND})\s*[\])]|\s+(?:1[0-2]|0?[1-9])[AB]\s+\d{{2,3}}(?:[.,]\d+)?|\s+\d{{2,3}}(?:[.,]\d+)?\s+(?:1[0-2]|0?[1-9])[AB]|\s+[-–—|/,]\s+(?:{_SOUND})|\s+{_TEMPO}"
    rf"|\s*\[\s*(?:(?:19|20)\d\d|{_NONE})\s*\]|\s+{_NONE})\s*$",
    re.IGNORECASE,
)
_TIME_BEHIND = re.compile(
    rf"\s*(?:[-–—|@,~]\s*)?(?:[\[({{<]\s*(?P<in>{_CLOCK})\s*[\])}}>]|(?<=[\s@])(?P<out>{_CLOCK}))(?:\s*-\s*(?P<note>[^a-z]+))?\s*$"
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
    if not found.layered and (mark := _WITH.match(rest)):
        return _without(found, mark, layered=True)
    if not found.has_cue and (mark := _CUE.match(rest)):
        return _without(found, mark, has_cue=True, cue=clock(mark["in"] or mark["out"]))
    if dotted and not found.has_cue and (mark := _DOTTED.match(rest)):
        return _without(found, mark, has_cue=True, dotted=True, cue=clock(mark["cue"].replace(".", ":")))
    if found.number is None and (mark := _BRACKETED.match(rest)) and (found.has_cue or _CUE.match(rest[mark.end() :])):
        return _without(found, mark, number=int(mark["n"]))
    mark = None if found.has_cue else _MINUTES.match(rest)
    if mark and (minutes or found.number is not None or mark["out"]):
        value = mark["in"] or mark["out"]
        at = None if "?" in value else int(value) * 60
        return _without(found, mark, has_cue=True, cue=at, bracketed=bool(mark["in"]))
    if found.number is None and not minutes and (mark := _BRACKETED.match(rest)):
        return _without(found, mark, number=int(mark["n"]))
    if found.number is None and (mark := _NUMBER.match(rest)) and (weak or not (mark["weak"] or mark["side"])):
        given = next(filter(None, mark.groups())).upper()
        if given.isdigit() or given in _ROMAN:
            at = int(given) if given.isdigit() else 1 + _ROMAN.index(given)
            return _without(found, mark, number=at, weak=bool(mark["weak"] or mark["side"]))
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
    rise = all(b > a or b <= 1 for a, b in pairwise(numbers))
    return len(numbers) > 1 and numbers[0] <= 1 and 2 * len(numbers) >= len(found) and rise


def has_link(line: str) -> bool:
    """Whether a web address is in a line."""
    return ("." in line or "//" in line) and _LINK.search(line) is not None


#: A letter behind a digit stands for hours, minutes, seconds or a half of the day: `9e9` is no time.
_NO_TIME = re.compile(r"(?i)\d(?![hmsap])[^\W\d_]|\d{5}")


def clock(text: str | None) -> int | None:
    """`2:34`, `1:02:34`, `2'34"`, `1h02m34s` in seconds; parts of a second are dropped; None for a placeholder."""
    parts = re.findall(r"\d+", re.sub(r"[.,]\d{1,3}$", "", text or ""))
    if not 2 <= len(parts) <= 3 or _NO_TIME.search(text or ""):
        return None
    parts += ["0"] * (len(parts) == 2 and "h" in (text or ""))
    hours, minutes, seconds = [0, *map(int, parts)][-3:]
    return hours * 3600 + minutes * 60 + seconds


def plain_number(text: str | None, most: int = 999_999) -> float | None:
    """A number written plainly, `200` or `200.5`; None for any other text, and for one above `most`."""
    found = float(text) if text and re.fullmatch(r"\d{1,12}(?:\.\d+)?", text) else None
    return found if found is not None and found <= most else None


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
    bracket = _LABEL.match(rest)
    if bracket:
        label, catalog_number, note = split_label(
            bracket["label"] or bracket["curly"] or bracket["said"] or bracket["round"] or ""
        )
        if label or catalog_number or note:
            rest = bracket["rest"]
    parts = separator.split(rest, maxsplit=1) if separator else []
    artist, title = (_or_none(parts[0]), _or_none(parts[1])) if len(parts) == 2 else split_artist_title(rest)
    return Line(artist, title, label, catalog_number, note)


def split_artist_title(text: str) -> tuple[str | None, str | None]:
    """Artist and title; a line without a dash is all title, and `?` for an artist is none."""
    if len(text) > LONGEST:
        return None, text
    parts = FREE_DASH.split(text.strip(), maxsplit=1)
    if len(parts) == 1:
        parts = _TIGHT_DASH.split(text.strip(), maxsplit=1)
    if len(parts) == 1:
        return None, _or_none(text)
    return _or_none(parts[0]), _or_none(parts[1])


def split_label(text: str) -> tuple[str | None, str | None, str | None]:
    """Label, catalogue number and note of what stands in a label's place; all None: it is something else."""
    text = re.sub(r"^(?:(?i:label)\s*:|(?:(?i:out(?: now)?) )?on(?=\s+[A-Z]))\s*", "", _unwrapped(text.strip()))
    text = _TRAILING_YEAR.sub("", text)
    if not text or text.strip("?. ") == "":
        return None, None, text or None
    head, dash, tail = text.rpartition(" - ")
    number = tail.strip()
    is_numbered = bool(dash and _CATALOG.match(number))
    if is_numbered and names_no_label(head):
        return None, number, head.strip()
    if names_no_label(text):
        return None, None, text
    if _ONLY_CATALOG.match(text):
        return None, text, None
    if _NOT_FOR_LABEL.search(text):
        return None, None, None
    if dash and names_no_label(tail):
        label, catalog_number, _ = split_label(head)
        return label, catalog_number, tail.strip()
    if is_numbered:
        return head.strip(), number, None
    if noted := _TRAILING_NOTE.match(text):
        return noted["label"], None, noted["note"]
    if not dash and (numbered := _NUMBER_BEHIND.match(text)):
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
