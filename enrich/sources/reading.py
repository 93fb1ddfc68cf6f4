"""A reply is hostile until read: the one place where what a source sent becomes texts, numbers, days and hits.

`parsed` reads JSON, its texts clean and its size bounded; `as_hits` makes hits of what a client picked out of a reply.
Whatever is of another kind than it has to be raises one of `UNREADABLE`, with the reason; what is merely out of range
(a day of the year 3, a track of a week) is nothing. Pure.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Any

from selectolax.lexbor import LexborHTMLParser as HTMLParser
from selectolax.lexbor import LexborNode as Node

from enrich.matching.values import Hit
from enrich.text.words import LISTS
from enrich.tracklists.naming import date_in, worded_date

#: What reading a reply of another shape raises.
UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
#: Letters of a text, entries of a list or an object, levels of a reply and hits of an answer that are read.
MOST_LETTERS, MOST_ITEMS, MOST_LEVELS, MOST_HITS = 500, 1_000, 30, 1_000
#: A recording lasts a day at most, and came out since there are any.
LONGEST_MS = 24 * 60 * 60 * 1000
_FIRST_YEAR, _LAST_YEAR = 1857, 2100

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
# Controls, marks that turn the direction of writing, halves of a character, code points that are none.
_NO_TEXT = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]+"
)
_NOTHING, _VARIOUS, _PRICE = (
    re.compile("|".join(LISTS["in_sources"][name]), re.IGNORECASE) for name in ("nothing_found", "various", "price")
)


def parsed(text: str | bytes) -> Any:
    """The JSON in `text`, texts cleaned as `clean_text` does it, nothing longer or deeper than is read.

    Raises ValueError: it is no JSON, or nested too deeply.
    """
    return _read_lately(text) if len(text) <= 1 << 16 else _read(text)


def _read(text: str | bytes) -> Any:
    try:
        return _bounded(json.loads(text), MOST_LEVELS)
    except RecursionError:
        raise ValueError("nested too deeply") from None


#: Guesses at one track look through the same list in turn: short replies are kept as read, and nobody changes them.
_read_lately = lru_cache(maxsize=64)(_read)


def _bounded(value: Any, levels: int) -> Any:
    # In place and by exact kind, for there are a hundred values in a reply, and JSON knows no kinds of kinds.
    kind = type(value)
    if kind is str:
        return clean(value)
    if kind is not dict and kind is not list:
        return value
    if levels == 0:
        raise ValueError("nested too deeply")
    if len(value) > MOST_ITEMS:
        value = value[:MOST_ITEMS] if kind is list else dict(islice(value.items(), MOST_ITEMS))
    for place, one in enumerate(value) if kind is list else value.items():
        inner = type(one)
        if inner is dict or inner is list or (inner is str and (len(one) > MOST_LETTERS or not one.isprintable())):
            value[place] = _bounded(one, levels - 1)
    return value


def clean(text: str) -> str:
    """`text` without what a terminal, a database or a page would take for something else; white space single."""
    return " ".join(_NO_TEXT.sub(" ", _ESCAPE.sub(" ", text[: 4 * MOST_LETTERS])).split())[:MOST_LETTERS].rstrip()


def clean_text(value: object) -> str | None:
    """A text field as a source sends it: clean, blank as None. Raises TypeError: it is no text."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError(f"expected a text, got {type(value).__name__}")
    return clean(str(value)) or None


def unless(value: object, *none: str) -> str | None:
    """`clean_text`, None also where it is one of the words, in lower case, for "there is none"."""
    text = clean_text(value)
    return None if text is None or text.casefold() in none else text


def texts(node: Node, css: str) -> list[str]:
    """What stands in the nodes below one that a selector finds; blank ones are left out."""
    return [text for one in node.css(css) if (text := clean_text(one.text()))]


def label_in(node: Node, css: str) -> str | None:
    """The first label a selector finds, without the price beside it; a price or a dash alone is none."""
    return next((name for text in texts(node, css) if (name := _PRICE.sub("", text).strip(" -–—"))), None)


def various(names: Iterable[str]) -> bool:
    """Whether a release is by `Various Artists`, also as `VA`, `V/A` or with who compiled it in brackets."""
    return any(map(_VARIOUS.fullmatch, names))


def nothing_found(page: HTMLParser) -> bool:
    """Whether a shop's page says that its search found nothing; what a script would say is not said."""
    page.strip_tags(["script", "style", "noscript"])
    return page.body is not None and _NOTHING.search(page.body.text(separator=" ")) is not None


def absolute(href: str | None, site: str) -> str | None:
    """A link as a whole address."""
    return f"{site}{href}" if href and href.startswith("/") else href or None


def listed(value: object) -> list[dict[str, Any]]:
    """A list of objects; a missing one is empty. Raises TypeError: it is something else."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise TypeError(f"expected a list of objects, got {type(value).__name__}")
    return value


def part(value: object) -> dict[str, Any]:
    """An object within another; a missing one is empty. Raises TypeError: it is something else."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError(f"expected an object, got {type(value).__name__}")
    return value


def number_in(value: object, low: int, high: int) -> int | None:
    """A whole number from `low` to `high`, also written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{1,18}", value.strip()):
        return None
    # A comparison is false for what is no number.
    return int(value) if low <= float(value) <= high else None


def read_date(value: object, *, by_year: bool = True) -> date | None:
    """The day in `2024-03-15`, `2024-03-15T00:00:00`, `2024-03`, `1999-03-00` or `2024`; None if there is none.

    A missing month or day is taken as the first: good enough to tell which release came earlier. `by_year` says whether
    a year alone is good enough.
    """
    match = re.match(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?(?![0-9])", str(value)[:40])
    if match is None:
        return None
    year, month, day = (int(found) if found else 0 for found in match.groups())
    try:
        told = _FIRST_YEAR <= year <= _LAST_YEAR and (by_year or month > 0)
        return date(year, month or 1, day or 1) if told else None
    except ValueError:
        return None


def read_day(text: str) -> date | None:
    """The day a shop shows: `15 Mar 24`, `June 5, 2024`, `15.03.24`; the month first in `03/15/2024` if it can be."""
    figures = re.fullmatch(r"([0-9]{1,2})([/.])([0-9]{1,2})\2((?:20)?[0-9]{2}|19[0-9]{2})", text.strip())
    if figures is None:
        return worded_date(text) or read_date(date_in(text))
    first, second, year = f"{figures[1]:0>2}", f"{figures[3]:0>2}", f"20{figures[4]}"[-4:]
    return read_date(f"{year}-{first}-{second}" if figures[2] == "/" and first <= "12" else f"{year}-{second}-{first}")


def read_clock(text: object) -> int | None:
    """Milliseconds in `5:26` or `1:02:24`; None if there is no such time."""
    match = re.fullmatch(r"\s*(?:([0-9]{1,2}):)?([0-9]{1,3}):([0-9]{2})\s*", str(text)[:40])
    if match is None:
        return None
    hours, minutes, seconds = (int(found) if found else 0 for found in match.groups())
    return number_in(((hours * 60 + minutes) * 60 + seconds) * 1000, 1, LONGEST_MS)


def as_hits(found: Iterable[Hit]) -> tuple[Hit, ...]:
    """Hits made of raw fields, as hits: texts clean and bounded, numbers and days in range, at most `MOST_HITS`.

    Raises UNREADABLE: a field is of another kind, or a hit has no title.
    """
    return tuple(_hit(raw) for raw in islice(found, MOST_HITS))


def _hit(raw: Hit) -> Hit:
    title = clean_text(raw.title)
    if title is None:
        raise ValueError("a track without a title")
    if not isinstance(raw.is_compilation, bool) or not isinstance(raw.is_official, bool):
        raise TypeError("expected yes or no")
    day = raw.release_date
    return replace(
        raw,
        title=title,
        artists=_names(raw.artists),
        label=clean_text(raw.label),
        mix=clean_text(raw.mix),
        remixers=_names(raw.remixers),
        catalog_number=clean_text(raw.catalog_number),
        release_date=day if day is not None and _FIRST_YEAR <= day.year <= _LAST_YEAR else None,
        duration_ms=number_in(raw.duration_ms, 1, LONGEST_MS),
        isrc=clean_text(raw.isrc),
        more_isrcs=_names(raw.more_isrcs),
        release_title=clean_text(raw.release_title),
        url=clean_text(raw.url),
    )


def _names(names: Iterable[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for one in islice(names, 100) if (name := clean_text(one)) is not None))
