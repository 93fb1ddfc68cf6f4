"""Versions and guests within a title: the rules for whoever needs no whole reading of it (that is `titles`). Pure.

"Night Signal feat. Cara (Beta Remix)"   base key `night signal`; title and version apart at the last bracket
"Night Signal (feat. Cara)"              a guest is no version
"""

from __future__ import annotations

import re
from functools import lru_cache

import polars as pl

from enrich.text.normalise import fold, fold_texts
from enrich.text.title_words import CLASSES, COMPANY, FROM, NO_LABEL, NOTE, VERSION, VERSION_WEAK
from enrich.text.words import PLAIN_VERSION

#: Words that bring in a guest, as a pattern for Polars and for `re` alike; to be read without regard to case.
GUEST = r"(?:feat|ft|featuring)\b\.?"
_LOOSE_GUEST = rf"(?i)\s{GUEST}.*$"
_DASHED_MIX = r"(?i)\s-\s[^-]*\b(?:mix|remix|edit|dub|version|rework|bootleg)\s*$"
_LAST_BRACKET = re.compile(r"^(.*\S)\s*\(([^()]*)\)\s*$")
# In the order in which `titles` asks what a bracket means.
_PLAIN, _OTHER = re.compile(PLAIN_VERSION), re.compile(f"{NO_LABEL}|{NOTE}|{COMPANY}")
_VERSION, _VERSION_WEAK = re.compile(VERSION), re.compile(VERSION_WEAK)
_IS_GUEST = re.compile(rf"\s*{GUEST}", re.IGNORECASE)
_FROM = re.compile(FROM, re.IGNORECASE)
#: No version is longer; and a text made to keep the patterns busy is not let in.
_LONGEST_VERSION = 100
_CLASSES = [(name, re.compile(pattern)) for name, pattern in CLASSES]


def base_key(title: pl.Expr) -> pl.Expr:
    """Key of a title without brackets, guests and mix names; the whole title's where nothing else is left."""
    bare = fold(
        title.str.replace_all(r"\[[^\]]*\]|\([^)]*\)", " ").str.replace(_LOOSE_GUEST, "").str.replace(_DASHED_MIX, "")
    )
    return pl.when(bare.fill_null("") == "").then(fold(title)).otherwise(bare)


def without_guests(title: pl.Expr) -> pl.Expr:
    """A title without those featured; a version in the same bracket, behind it or behind a dash stays."""
    text = title.str.replace_all(rf"(?i)([(\[])\s*{GUEST}\s[^()\[\]]*?\s[-–]\s", "${1}")
    text = text.str.replace_all(rf"(?i)[(\[]\s*{GUEST}\s[^()\[\]]*[)\]]", " ")
    return text.str.replace(rf"(?i)\s{GUEST}\s[^()\[\]]*?(\s*[-–]\s|[(\[]|$)", " ${1}")


def split_version(title: str) -> tuple[str, str | None]:
    """Title and version of `Night Signal (Beta Remix)`; None where no bracket ends it, or one that names a guest."""
    match = _LAST_BRACKET.match(title)
    if match is None or is_guest(match[2]):
        return title, None
    return match[1], match[2]


def is_guest(text: str) -> bool:
    """True if a text in brackets names a guest: `feat. Cara`."""
    return _IS_GUEST.match(text) is not None


@lru_cache(maxsize=50_000)
def is_version(text: str, *, in_bracket: bool = True) -> bool:
    """True if a text is a version by its words: `Beta Remix`, `Live`. A label or a title only holds such words.

    In a bracket words that end titles as often as versions (`Anthem`, `Touch`) count, too.
    """
    (words,) = fold_texts([text])
    if len(words) > _LONGEST_VERSION:
        return False
    if _PLAIN.search(words) or _OTHER.search(words):
        return _PLAIN.search(words) is not None
    return bool(_VERSION.search(words) or (in_bracket and _VERSION_WEAK.search(words)))


def stands_behind_dash(text: str) -> bool:
    """True if a text behind a dash is no title: a version, or where the track is from (`From "8 Mile" Soundtrack`)."""
    return is_version(text, in_bracket=False) or _FROM.match(text.strip()) is not None


@lru_cache(maxsize=50_000)
def version_class(text: str | None) -> str:
    """The class of a version as written, see `title_words.CLASSES`; `plain` for none, `other` for one of no class."""
    if not text:
        return "plain"
    (words,) = fold_texts([text])
    return next((name for name, pattern in _CLASSES if pattern.search(words)), "other")
