"""Words that stand where a name should be: unknown artists and titles, and labels that are no labels."""

from __future__ import annotations

import polars as pl

from enrich.text.normalise import fold

#: Folded spellings of "nobody knows who made this".
UNKNOWN_ARTISTS = frozenset(
    {
        "", "id", "ids", "unknown", "unknown artist", "unknown artists", "artist unknown", "unknow", "uknown",
        "unkown", "unknown id", "id unknown", "n a", "na", "tba", "tbc", "tbd", "untitled", "white label",
        "unreleased", "none", "null", "nan", "no artist", "artist", "not known", "unidentified", "id id",
    }
)  # fmt: skip

#: Folded spellings of "nobody knows what this is called".
UNKNOWN_TITLES = frozenset(
    {
        "", "id", "ids", "unknown", "unknown track", "unknown title", "track unknown", "title unknown", "untitled",
        "untitled track", "tba", "tbc", "tbd", "n a", "none", "null", "nan", "track", "unidentified", "id id",
        "unknown id", "id unknown", "id remix", "white label", "unreleased", "unreleased track", "new track",
    }
)  # fmt: skip


def is_unknown_artist(expr: pl.Expr) -> pl.Expr:
    """True where an artist is null, blank, or an unknown-word (`ID`, `???`, `Unknown Artist 3`)."""
    return _is_unknown(expr, UNKNOWN_ARTISTS)


def is_unknown_title(expr: pl.Expr) -> pl.Expr:
    """True where a title is null, blank, or an unknown-word (`ID`, `ID 2`, `Unknown Track`)."""
    return _is_unknown(expr, UNKNOWN_TITLES)


def _is_unknown(expr: pl.Expr, words: frozenset[str]) -> pl.Expr:
    key = fold(expr.str.strip_chars())
    numbered = key.str.replace(r"^(id|unknown(?: artist| track| title)?)\s*#?\d{1,2}$", "${1}")
    return expr.is_null() | numbered.is_in(sorted(words)) | expr.str.contains(r"^[\s?\-_.…]*$")
