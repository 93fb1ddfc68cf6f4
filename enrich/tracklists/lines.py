"""One written line of a tracklist: `Artist - Title (Mix) [Label - CAT 001]` taken apart. Pure.

The first ` - ` divides artist from title (hyphen, en or em dash); a closing `[…]` is the label, unless it holds a
word that is none (White, Promo): that is kept as `label_note`. A line that is only `?` or `ID` is an unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from enrich.text.non_labels import names_no_label

#: `Artist- Title` and `Artist -Title`, looked for only where no dash stands free.
_TIGHT_DASH = re.compile(r"(?<=\w)[-–—]\s+|\s+[-–—](?=\w)")
_DASH = re.compile(r"\s+[-–—‒]\s+|\s+[-–—‒]$|^[-–—‒]\s+")
_LABEL = re.compile(r"^(?P<rest>.*\S)\s*\[(?P<label>[^\[\]]*)\]\s*[*']*$")
_CATALOG = re.compile(r"(?=.*\d)[A-Za-z0-9][A-Za-z0-9 ./_-]{0,29}$")
_TRAILING_YEAR = re.compile(r",\s*(?:19|20)\d\d$")
_TRAILING_NOTE = re.compile(r"(?i)^(?P<label>.*\S)\s+(?P<note>test pressing|dub ?plate|white label|cdr|promo)$")
_NOT_FOR_LABEL = re.compile(
    r"(?i)\b(?:remix|mix|rmx|edit|version|rework|bootleg|vip|dub|acapp?ella|live)$|^\d+:\d\d$|^from\b|^taken from\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one written line names; None where it is silent."""

    artist: str | None
    title: str | None
    label: str | None = None
    catalog_number: str | None = None
    label_note: str | None = None


def split_line(text: str) -> Line:
    """Take `Artist - Title [Label]` apart."""
    rest, label, catalog_number, note = text.strip(), None, None, None
    bracket = _LABEL.match(rest)
    if bracket:
        label, catalog_number, note = split_label(bracket["label"])
        if label or catalog_number or note:
            rest = bracket["rest"]
    artist, title = split_artist_title(rest)
    return Line(artist=artist, title=title, label=label, catalog_number=catalog_number, label_note=note)


def split_artist_title(text: str) -> tuple[str | None, str | None]:
    """Artist and title; a line without a dash is all title, and `?` for an artist is none."""
    parts = _DASH.split(text.strip(), maxsplit=1)
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
    if _NOT_FOR_LABEL.search(text):
        return None, None, None
    if dash and names_no_label(tail):
        label, catalog_number, _ = split_label(head)
        return label, catalog_number, tail.strip()
    if is_numbered:
        return head.strip(), number, None
    if noted := _TRAILING_NOTE.match(text):
        return noted["label"], None, noted["note"]
    return text, None, None


def _unwrapped(text: str) -> str:
    """Without round brackets around the whole, or a single one left over at an end."""
    if text.startswith("(") and text.endswith(")"):
        return text[1:-1].strip()
    if text.count("(") != text.count(")"):
        return text.strip("()").strip()
    return text


def seconds(cue: str) -> int | None:
    """`2:34` and `1:02:34` in seconds; None for a placeholder."""
    parts = cue.strip().split(":")
    if not 2 <= len(parts) <= 3 or not all(part.isdigit() and len(part) <= 4 for part in parts):
        return None
    total = 0
    for part in parts:
        total = total * 60 + int(part)
    return total


def _or_none(text: str) -> str | None:
    return text.strip() or None
