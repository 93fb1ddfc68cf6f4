"""Keys under which spellings of one name meet: artists, titles, labels.

Each rule exists once, as a Polars expression over a whole column; the function of a single string runs the very
same expression on a column of one. Keys are for joining and comparing, never for showing.

    normalise_artist("The Thrillseekers (2)") == "thrillseekers"
    normalise_artist("Above & Beyond") == normalise_artist("Above and Beyond") == "above and beyond"
"""

from __future__ import annotations

import polars as pl

# Letters NFKD leaves whole, because they are no letter plus accent.
_FOLD = {"ß": "ss", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i"}


def fold(expr: pl.Expr) -> pl.Expr:
    """Lower-case without accents or width variants, punctuation as single spaces, `&` and `+` as `and`."""
    folded = (
        expr.str.normalize("NFKD")
        .str.replace_all(r"\p{M}+", "")
        .str.to_lowercase()
        .str.replace_many(list(_FOLD), list(_FOLD.values()))
        # An apostrophe joins (don't → dont); every other mark separates.
        .str.replace_all(r"['’‘`´]", "")
        .str.replace_all(r"\s*[&+]\s*", " and ")
    )
    spaced = folded.str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()
    # A name of marks alone ("!!!", "???") keeps them: an empty key would merge all such names.
    return pl.when((spaced == "") & expr.is_not_null()).then(folded.str.strip_chars()).otherwise(spaced)


def artist_key(expr: pl.Expr) -> pl.Expr:
    """Key of an artist or DJ name: folded, without Discogs' `(2)` and a leading The."""
    return _without_the(fold(expr.str.replace(r"\s*\(\d{1,3}\)\s*$", "")))


def title_key(expr: pl.Expr) -> pl.Expr:
    """Key of a title as written, brackets' words included; use the base title for version-free keys."""
    return fold(expr)


def label_key(expr: pl.Expr) -> pl.Expr:
    """Key of a label: folded, without Discogs' `(2)`, leading The and words such as Recordings or Music.

    `Black Hole`, `Blackhole` and `Black Hole Recordings` share the key `blackhole`: spaces are dropped.
    """
    base = _without_the(fold(expr.str.replace(r"\s*\(\d{1,3}\)\s*$", "")))
    bare = base.str.replace(
        r"(?:\s(?:recordings?|records?|recs?|rec|music|label|digital|productions?|inc|ltd|llc|gmbh|bv|b v))+$", ""
    )
    return bare.str.replace_all(" ", "")


def _without_the(expr: pl.Expr) -> pl.Expr:
    return expr.str.replace(r"^the (\S)", "${1}")


def _one(rule: pl.Expr, text: str | None) -> str | None:
    value: str | None = pl.DataFrame({"text": [text]}, schema={"text": pl.String}).select(rule).item()
    return value


def normalise_artist(text: str | None) -> str | None:
    """`artist_key` of one name."""
    return _one(artist_key(pl.col("text")), text)


def normalise_title(text: str | None) -> str | None:
    """`title_key` of one title."""
    return _one(title_key(pl.col("text")), text)


def normalise_label(text: str | None) -> str | None:
    """`label_key` of one label."""
    return _one(label_key(pl.col("text")), text)
