"""Versions and guests within a title: the rules for whoever needs no whole reading of it (that is `titles`). Pure.

"Night Signal feat. Cara (Beta Remix)"   base key `night signal`; title and version apart at the last bracket
"Night Signal (feat. Cara)"              a guest is no version
"""

from __future__ import annotations

import re
from functools import lru_cache

import polars as pl

from enrich.text.non_labels import PLAIN_VERSION
from enrich.text.normalise import fold, normalise_title
from enrich.text.title_words import COMPANY, NO_LABEL, NOTE, VERSION, VERSION_WEAK

#: Words that bring in a guest, as a pattern for Polars and for `re` alike; to be read without regard to case.
GUEST = r"(?:feat|ft|featuring)\b\.?"
_LOOSE_GUEST = rf"(?i)\s{GUEST}.*$"
_DASHED_MIX = r"(?i)\s-\s[^-]*\b(?:mix|remix|edit|dub|version|rework|bootleg)\s*$"
_LAST_BRACKET = re.compile(r"^(.*\S)\s*\(([^()]*)\)\s*$")
# In the order in which `titles` asks what a bracket means.
_PLAIN, _OTHER = re.compile(PLAIN_VERSION), re.compile(f"{NO_LABEL}|{NOTE}|{COMPANY}")
_VERSION, _VERSION_WEAK = re.compile(VERSION), re.compile(VERSION_WEAK)
_IS_GUEST = re.compile(rf"\s*{GUEST}", re.IGNORECASE)


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

    Args:
        text: What stands in a bracket, or behind a dash.
        in_bracket: Words that end titles as often as versions (`Anthem`, `Touch`) count, too.
    """
    words = normalise_title(text) or ""
    if _PLAIN.search(words) or _OTHER.search(words):
        return _PLAIN.search(words) is not None
    return bool(_VERSION.search(words) or (in_bracket and _VERSION_WEAK.search(words)))
