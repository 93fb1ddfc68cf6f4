"""Versions and guests within a title, and what the words in its brackets mean, for whoever needs no whole reading of it
(that is `titles`). Pure.

"Night Signal feat. Cara (Beta Remix)"   base key `night signal`; title and version apart at the last bracket
"Night Signal (feat. Cara)"              a guest is no version

Patterns are over folded text. Version words count at the end of a bracket or as the whole of it, never anywhere inside:
Mixmash, Dub Police, Club Cheval, Original Sin and Catch & Release are labels.
"""

import re
from functools import lru_cache

import polars as pl

from enrich.text.normalise import fold, fold_texts
from enrich.text.words import BARE_GENRES, GENRES, LISTS, NON_LABELS, PHRASE, PLACES, PLAIN_VERSION, REMARKS, pattern


def _any(words: list[str]) -> str:
    return "(?:" + "|".join(words) + ")"


_VERSION_ENDS, _WEAK_ENDS, _VERSION_WHOLE, ADJECTIVES, _SAID_VERSIONS, _NOTES, _CREDITS = (
    _any(LISTS["in_brackets"][name])
    for name in ("version_ends", "weak_ends", "version_whole", "adjectives", "said_versions", "notes", "credits")
)

_TAIL, COMPANY, PRESSING, CATALOG, FROM, DASHED = (
    LISTS["title_patterns"][name]
    for name in ("tail", "company", "pressing", "catalog_number", "from_where", "dashed_version")
)
#: A word that names nobody: an adjective, or long ones written together (`Clubmix`; `Sin` is no `s` and `in`).
PLAIN_WORD = rf"(?:{_any([word for word in LISTS['in_brackets']['adjectives'] if len(word) > 2])}+|{ADJECTIVES})"
#: Words of genres, and others that say which mix it is, end names as well (Pete Rock); alone they are none.
_GENRES = sorted(GENRES | BARE_GENRES)
NAMELESS = rf"(?:{PLAIN_WORD}|{_any([*(x.replace(' ', '[ -]') for x in _GENRES), *LISTS['in_brackets']['nameless']])})"
#: What else stands between a remixer's name and `Remix`: genres of several words, a year.
MANNER = rf"(?i)\s+(?:{_any([genre for genre in _GENRES if ' ' in genre])}|200[1-9]|20[12]\d)$"

VERSION = rf"^(?:.* )?{_VERSION_ENDS}{_TAIL}$|^{_VERSION_WHOLE}$|{_SAID_VERSIONS}"
VERSION_WEAK = rf"^(?:.* )?{_WEAK_ENDS}{_TAIL}$"

#: `(Feature X)`: a guest as well, unless it is a company.
FEATURE_NOUN = r"^features? "
#: Guests and makers: `feat. X`, `with X`, `prod. by X`. Tested on lower-cased text as written.
FEATURE, CREDIT = r"^(?:feat\b|ft\b|featuring\b|with |w/|duet with )", _CREDITS

#: What people write where there is no label: no list of labels overrules it.
NO_LABEL = f"{pattern(NON_LABELS)}|{PHRASE}"

_TWO_GENRES = rf"^{_any(_GENRES)} and {_any(_GENRES)}$"
NOTE = f"{pattern(NON_LABELS, REMARKS, GENRES, BARE_GENRES, PLACES)}|{PHRASE}|{_TWO_GENRES}|{_NOTES}"

#: Of the adjectives, what ends a remixer's name where `Remix` says already what it is: Adventure Club, Horse Meat
#: Disco, Para One, Flava D. Before `Mix` they say which mix: Sunlounger Club Mix.
IN_NAMES = r"(?:club|disco|house|trance|techno|breaks|jungle|garage|lounge|bass|room|one|two|three|[abdns])"

#: What ends the name of a version that somebody made.
REMIX_WORD = _any(LISTS["in_brackets"]["remix_words"])

#: Version classes in the order they are tried on the folded mix text; the first pattern found names the class.
CLASSES: tuple[tuple[str, str], ...] = tuple(LISTS["version_classes"].items())

#: What software and recordings write behind a title: key and tempo, the time into the set.
_KEY, _TEMPO = r"(?:\d{1,2}[AB]|[A-G][#b♯♭]?m?(?:in|aj)?)", r"\d{2,3}(?:\.\d+)?(?i:\s*bpm)?"
BEHIND = (
    rf"(?:\s+[-–|]\s+(?:{_KEY}\s+[-–|]\s+{_TEMPO}|{_TEMPO}\s+[-–|]\s+{_KEY}|\d{{2,3}}(?i:\s*bpm))"
    r"|\s+\[?\d{1,2}:\d\d:\d\d\]?)$"
)

#: Words that bring in a guest, as a pattern for Polars and for `re` alike; to be read without regard to case.
GUEST = r"(?:feat|ft|featuring)\b[.:]*"
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
    """Title and version of `Night Signal (Beta Remix)`, a guest stays; None where no bracket ends it."""
    match = _LAST_BRACKET.match(title)
    if match is None:
        return title, None
    base, before = split_version(match[1])
    if is_guest(match[2]):
        return (f"{base} ({match[2]})", before) if before else (title, None)
    # `(Beta Remix) (Radio Edit)` is one version.
    return (base, f"{before} {match[2]}") if before and is_version(before) else (match[1], match[2])


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
    """The class of a version as written, see `CLASSES`; `plain` for none, `other` for one of no class."""
    if not text:
        return "plain"
    (words,) = fold_texts([text])
    return next((name for name, pattern in _CLASSES if pattern.search(words)), "other")
