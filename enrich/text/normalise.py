"""Keys under which spellings of one name meet: artists, titles, labels; and the tidy form of ISRCs.

Each rule exists once, as a Polars expression over a whole column; the function of a single string runs the very
same expression on a column of one. Keys are for joining and comparing, never for showing.

    normalise_artist("The Thrillseekers (2)") == "thrillseekers"
    normalise_artist("Above & Beyond") == normalise_artist("Above and Beyond") == "above and beyond"
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import polars as pl

# Letters NFKD leaves whole, because they are no letter plus accent.
_FOLD = {"ß": "ss", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i"}

# "(2)" of Discogs, "(UK)" of Beatport; not the whole of a name.
_NAMESAKE = r"(\S)\s*\((?:\d{1,3}|UK|US|USA|DE|NL|FR|IT|ES|SE|BE|BR|AU|CA|IE|PL|RU|UA|JP|ZA|AR|MX|CH|AT|DK|NO|FI)\)\s*$"
_LABEL_SUFFIX = (
    r"^(.*?\S{2}|.*?\S and \S)(?:\s(?:recordings?|records?|recs?|rec|music|label|digital|productions?|inc|ltd|limited|"
    r"llc|gmbh|bv|b v))+$"
)


def fold(expr: pl.Expr) -> pl.Expr:
    """Lower-case without accents or width variants, punctuation as single spaces, `&` and `+` as `and`."""
    return expr.map_batches(_folded, return_dtype=pl.String, is_elementwise=True)


def _folded(texts: pl.Series) -> pl.Series:
    if len(texts) > _FEW:
        return _folded_column(texts)
    # Twenty steps over a column cost more than a handful of names does one by one.
    known = iter(fold_texts([text for text in texts.cast(pl.String) if text is not None]))
    return pl.Series(texts.name, [None if text is None else next(known) for text in texts], dtype=pl.String)


def _folded_column(texts: pl.Series) -> pl.Series:
    """Most names are plain letters: the dear steps see only the texts they can change."""
    text = pl.col("")
    name, texts = texts.name, texts.cast(pl.String).alias("")
    plain = _where(
        texts, texts.str.len_bytes() != texts.str.len_chars(), text.str.normalize("NFKD").str.replace_all(r"\p{M}+", "")
    ).str.to_lowercase()
    plain = _where(
        plain, plain.str.len_bytes() != plain.str.len_chars(), text.str.replace_many(list(_FOLD), list(_FOLD.values()))
    )
    # An apostrophe joins (don't → dont); every other mark separates.
    plain = plain.str.replace_all(r"['’‘`´]", "")
    joined = _where(plain, plain.str.contains("[&+]"), text.str.replace_all(r"\s*[&+]\s*", " and "))
    # A single space between words stays as it is; most marks are that.
    marked = joined.str.contains(r"[^\p{L}\p{N} ]|  ")
    spaced = _where(joined, marked, text.str.replace_all(r"[^\p{L}\p{N}]{2,}|[^\p{L}\p{N} ]", " ")).str.strip_chars()
    # A name of marks alone ("!!!", "+/-") keeps them: an empty key would merge all such names.
    marks = (~plain.str.contains(r"[\p{L}\p{N}]")).fill_null(value=False)
    if marks.any():
        spaced = spaced.scatter(marks.arg_true(), plain.filter(marks).str.replace_all(r"\s+", " ").str.strip_chars())
    return spaced.alias(name)


def _where(texts: pl.Series, where: pl.Series, rule: pl.Expr) -> pl.Series:
    """`texts` with `rule` (of the column "") applied where it says so."""
    if not where.any():
        return texts
    # scatter writes in place.
    return texts.clone().scatter(where.arg_true(), texts.filter(where).to_frame().select(rule).to_series())


def fold_texts(texts: Sequence[str]) -> list[str]:
    """`fold` of a few texts, each read once a process."""
    new = [text for text in dict.fromkeys(texts) if text not in _FOLDED]
    known = {text: quick for text in new if (quick := _fold_ascii(text))}
    if rest := [text for text in new if text not in known]:
        known.update(zip(rest, _folded_column(pl.Series(rest, dtype=pl.String)), strict=True))
    found = [known[text] if text in known else _FOLDED[text] for text in texts]
    if len(_FOLDED) > _MOST_FOLDED:
        _FOLDED.clear()
    _FOLDED.update(known)
    return found


_FOLDED: dict[str, str] = {}
#: Texts remembered; and up to how many a column is few.
_MOST_FOLDED, _FEW = 200_000, 500


def _fold_ascii(text: str) -> str:
    """`fold` of plain letters and marks, without a column (a test holds the two together); "" for any other text."""
    if not (text.isascii() and text.isprintable()):
        return ""
    joined = re.sub(r" *[&+] *", " and ", text.lower().replace("'", "").replace("`", ""))
    return re.sub(r"[^a-z0-9]+", " ", joined).strip() if re.search(r"[a-z0-9]", text.lower()) else ""


def artist_key(expr: pl.Expr) -> pl.Expr:
    """Key of an artist or DJ name: folded, without a leading The and what shops add to tell namesakes apart.

    Discogs writes `Signum (2)`, Beatport `Cristoph (UK)`.
    """
    return fold(expr.str.replace(_NAMESAKE, "${1}")).str.replace(r"^(?:the )+(\S)", "${1}")


def title_key(expr: pl.Expr) -> pl.Expr:
    """Key of a title as written, brackets' words included; use the base title for version-free keys."""
    return fold(expr)


def label_key(expr: pl.Expr) -> pl.Expr:
    """Key of a label: folded, without Discogs' `(2)`, leading The and words such as Recordings or Music.

    `Black Hole`, `Blackhole` and `Black Hole Recordings` share the key `blackhole`: spaces are dropped. A label whose
    name is such a word keeps it (`Music`, `The Label`), and so does one of a single letter (`R Records` is not `R`).
    """
    return artist_key(expr).str.replace(_LABEL_SUFFIX, "${1}").str.replace_all(" ", "")


def isrc_code(expr: pl.Expr) -> pl.Expr:
    """`GBXXX2400001` from any way of writing an ISRC, marks between its parts included; null where it is none."""
    bare = expr.str.to_uppercase().str.replace_all(r"[^A-Z0-9]", "")
    return pl.when(bare.str.contains(r"^[A-Z]{2}[A-Z0-9]{3}\d{7}$")).then(bare)


def normalise_artist(text: str | None) -> str | None:
    """`artist_key` of one name."""
    key: str | None = pl.select(artist_key(pl.lit(text, pl.String))).item()
    return key


def normalise_title(text: str | None) -> str | None:
    """`title_key` of one title."""
    return fold_texts([text])[0] if text is not None else None


@lru_cache(maxsize=50_000)
def normalise_isrc(text: str | None) -> str | None:
    """`isrc_code` of one text."""
    code: str | None = pl.select(isrc_code(pl.lit(text, pl.String))).item()
    return code
