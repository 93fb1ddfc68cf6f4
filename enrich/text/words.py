"""Words that stand where a name should be and name nobody: unknown artists and titles, and what is no label.

The whole of a name has to be such a word (`ID`, `I.D.`, `Unknown Artist 3`, `???`); names that only begin with one are
names (`Identity`, `The Unknown Cases`, `Unknown T`), and so are names of other marks (`!!!`, `+/-`). So with labels, in
titles, tracklists, label fields and the import alike: phrases are folded (`normalise.fold`) and count as wholes, for
Mixmash, White Noise and Free Range are labels. Who reads a phrase decides how much it says:

    NO_NAME    there is no label (`Not On Label`, `Unknown`, `Various Artists`)
    STATUS     a status, a carrier or a platform in its place (`White`, `CDR`, `Out Now`, `Soundcloud`)
    GENRES, PLACES  no label as a rule; a database that has one of that name knows better
    REMARKS, BARE_GENRES  no label in a title's bracket; in a field for labels a name like others (`Classic`, `Test`)
"""

import re
from typing import Any

import polars as pl

from enrich.resources import resource
from enrich.text.normalise import fold

#: Lists of words and names that other modules make their rules of.
LISTS: dict[str, Any] = resource("text/words.toml")

# Between the words of a phrase, and around it, any marks may stand.
_GAP = r"[^\p{L}\p{N}]*"
_NUMBER = rf"(?:{_GAP}(?:no\.?|nr\.?|#)?{_GAP}\d{{1,3}})?"
_REMARK = r"(?:\s*[(\[](?:working title|w/?t|unreleased|promo|cdr|white|white label|dub ?plate|\d{1,3}|\?+)[)\]])*"
_UNKNOWN = r"(?:un?kn?o?w?n|unknow|uknown|unkown|unknwon|unknonw|unidentified|not known)"
_EMPTY = r"(?:n/a|n\.a\.|na|none|null|nan|tb[acd]|t\.b\.[acd]\.?|unreleased|untitled|white[ -]?label)"
_ID = r"(?:i\.?d\.?'?s?)"

_ARTIST = (
    rf"(?:{_ID}|{_ID}{_GAP}{_ID}|{_UNKNOWN}|{_UNKNOWN}{_GAP}(?:artists?|artis|dj|producers?|performer|{_ID})|"
    rf"(?:artists?|producer|{_ID}){_GAP}{_UNKNOWN}|no artist|artist|{_EMPTY})"
)
_TITLE = (
    rf"(?:{_ID}|{_ID}{_GAP}{_ID}|{_UNKNOWN}|{_UNKNOWN}{_GAP}(?:tracks?|titles?|tune|song|name|remix|artists?|{_ID})|"
    rf"(?:tracks?|titles?|{_ID}){_GAP}{_UNKNOWN}|{_ID}{_GAP}(?:re)?mix)"
)
# Titles of their own as soon as anything is added: `Untitled 02`, `Untitled (A1)`, `Track 04`.
_BLANK_TITLE = (
    rf"(?i)^{_GAP}(?:(?:untitled|unreleased|new|unnamed){_GAP}(?:track|title|tune|song)|no title|title|track|{_EMPTY})"
    rf"{_REMARK}{_GAP}$"
)
# A question mark, then what little is known: `? "Born's Freestyle"`.
_ASKS = r"^\?+(?:\s|$)"
_MARKS = r"^[\s?\-–—_.…*]*$"
# A working name: upper-case ID as the last word, as in `Privilege 2013 ID 02`.
_WORKING_NAME = r"\s(?:ID|I\.D\.)(?:\s?#?\d{1,2})?\s*(?:\((?i:working title)\))?$|(?i)\(working title\)$"


def is_unknown_artist(expr: pl.Expr) -> pl.Expr:
    """True where an artist is null, blank, or an unknown-word (`ID`, `???`, `Unknown Artist 3`)."""
    return _is_only(expr, _ARTIST)


def is_unknown_title(expr: pl.Expr) -> pl.Expr:
    """True where a title is null, blank, an unknown-word (`ID`, `ID 2`, `Unknown Track`) or a working name.

    Versions in brackets do not make it known: `ID (Someone Remix)` is unknown.
    """
    text = expr.str.replace_all(r"(\S)\s*[(\[][^()\[\]]*[)\]]", "${1}")
    return (
        _is_only(text, _TITLE)
        | expr.str.contains(_BLANK_TITLE)
        | expr.str.contains(_ASKS)
        | expr.str.contains(_WORKING_NAME).fill_null(True)
    )


def _is_only(expr: pl.Expr, words: str) -> pl.Expr:
    # One pattern on the text as it is: folding a million titles first costs more than the rest of the rule.
    return expr.str.contains(rf"{_MARKS}|(?i)^{_GAP}{words}{_NUMBER}{_REMARK}{_GAP}$").fill_null(True)


NO_NAME, STATUS, GENRES, BARE_GENRES, PLACES, REMARKS = (
    frozenset(LISTS["no_label"][name]) for name in ("no_name", "status", "genres", "bare_genres", "places", "remarks")
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
    r"live|demo|a ?c+[ae]p+el+a|vip(?: mix)?|edit|mash ?up|bootleg)$"
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
