"""Words that stand where a label should be and name none: one list for titles, tracklists, label fields and the import.

Phrases are folded (`normalise.fold`) and count as wholes, never inside a name: Mixmash, White Noise and Free Range are
labels. Who reads a phrase decides how much it says:

    NO_NAME    there is no label (`Not On Label`, `Unknown`, `Various Artists`)
    STATUS     a status, a carrier or a platform in its place (`White`, `CDR`, `Out Now`, `Soundcloud`)
    GENRES, PLACES  no label as a rule; a database that has one of that name knows better
    REMARKS, BARE_GENRES  no label in a title's bracket; in a field for labels a name like others (`Classic`, `Test`)
"""

from __future__ import annotations

import re

import polars as pl

from enrich.text.normalise import fold
from enrich.text.words import LISTS

NO_NAME, STATUS, GENRES, BARE_GENRES, PLACES, REMARKS, VERSIONS = (
    frozenset(LISTS["no_label"][name])
    for name in ("no_name", "status", "genres", "bare_genres", "places", "remarks", "versions")
)

#: Written of a whole release or of a radio show's choice; begins the text.
PHRASE = (
    r"^(?:(?:taken|tkaen|take|taking) (?:from|of)|from the album|not on label|no label"
    r"|(?:asot )?(?:tune|track) of the|future favou?rite|asot radio)\b|\bself released?$"
)

#: Whatever field they stand in.
NON_LABELS = NO_NAME | STATUS

#: The plainest versions: no list of labels overrules them.
PLAIN_VERSION = (
    r"^(?:(?:original|extended|radio|club|dub|vocal|instrumental|main)(?: (?:mix|edit|version|dub|cut|remix))?|remix|"
    r"live|a ?c+[ae]p+el+a|vip(?: mix)?|edit|mash ?up|bootleg)$"
)

#: Said of a track, not of a label, where a tracklist has the label.
_OF_THE_TRACK = frozenset(["intro", "outro", "album", "bonus track", "bonus tracks"])


def pattern(*groups: frozenset[str]) -> str:
    """A pattern that fits a folded text that is one of the phrases as a whole."""
    return "^(?:" + "|".join(sorted(frozenset[str]().union(*groups))) + ")$"


_STANDS_FOR_NONE = rf"{pattern(NON_LABELS, _OF_THE_TRACK)}|{PHRASE}|{PLAIN_VERSION}|^live (?:at|from)\b"


def is_non_label(folded: pl.Expr) -> pl.Expr:
    """True where a folded text in a label's place names no label."""
    return folded.str.contains(_STANDS_FOR_NONE)


def is_label(name: pl.Expr) -> pl.Expr:
    """False for what people write where there is no label: `CDR`, `Promo`, `Original Mix`, `Live @ …`."""
    return ~(is_non_label(fold(name)) | name.str.contains(r"(?i)^\s*live\s*@") | ~name.str.contains(r"[\p{L}\p{N}]"))


def names_no_label(text: str) -> bool:
    """`is_non_label` of one text as written."""
    return re.search(_STANDS_FOR_NONE, " ".join(re.findall(r"\w+", text.casefold()))) is not None
