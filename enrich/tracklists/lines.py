"""One written line of a tracklist: `Artist - Title (Mix) [Label - CAT 001]` taken apart. Pure.

The first ` - ` divides artist from title (a dash of any width); a closing `[…]` is the label, unless it holds a
word that is none (White, Promo): that is kept as `label_note`. A line that is only `?` or `ID` is an unknown.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from enrich.text.non_labels import names_no_label

#: A line of more characters is none that somebody wrote.
LONGEST = 4_000
_D = "[-‐‑‒–—―−－﹣]"
#: Every dash there is, with blanks around it.
FREE_DASH = re.compile(rf"\s+(?:{_D}|--)\s+|\s+{_D}$|^{_D}\s+")
#: `Artist- Title`, `Artist -Title` and `Artist—Title`, looked for only where no dash stands free.
_TIGHT_DASH = re.compile(rf"(?<=\w){_D}\s+|\s+{_D}(?=\w)|\s*[–—―－]\s*")
_LABEL = re.compile(
    r"^(?P<rest>.*\S)\s*(?:\[(?P<label>[^\[\]]*)\]|\{(?P<curly>[^{}]*)\}|\((?P<round>[^()]*[^\s()]),\s*(?:19|20)\d\d\))\s*[*']*$"
)
_CATALOG = re.compile(r"(?=.*\d)[A-Za-z0-9][A-Za-z0-9 ./_-]{0,29}$")
_TRAILING_YEAR = re.compile(r",\s*(?:19|20)\d\d$")
_TRAILING_NOTE = re.compile(r"(?i)^(?P<label>.*\S)\s+(?P<note>test pressing|dub ?plate|white label|cdr|promo)$")
#: Words that say which version of a recording it is.
VERSION = r"(?:remix|mix|rmx|edit|version|rework|bootleg|vip|dub|acapp?ella|live|extended|original)"
_NOT_FOR_LABEL = re.compile(
    r"(?i)\b(?:remix|mix|rmx|edit|version|rework|bootleg|vip|dub|acapp?ella|live)$|^\d+:\d\d$|^from\b|^taken from\b"
)
#: A number alone in the label's place: letters in capitals and at least two figures, in one word.
_ONLY_CATALOG = re.compile(r"^[A-Z]{2,}[A-Z&]*[-_.]?\d{2,5}(?:\.\d+)?[A-Z]{0,3}$")
_NUMBER_BEHIND = re.compile(r"^(?P<label>.*[^\W\d].*?)\s+(?P<number>0\d{1,3}|[A-Z]{2,}\d{2,4})$")


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
        label, catalog_number, note = split_label(bracket["label"] or bracket["curly"] or bracket["round"] or "")
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
    text = _unwrapped(text.strip())
    if not text or text.strip("?. ") == "":
        return None, None, text or None
    head, dash, tail = text.rpartition(" - ")
    number = _TRAILING_YEAR.sub("", tail.strip())
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
        return numbered["label"], numbered["number"], None
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
