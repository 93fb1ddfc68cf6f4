"""What the brackets of a title are: its label, a version, a guest, a note, or a part of the title. Pure.

Names ending in a version word are versions; a word inside a name decides nothing. Known labels settle what the words
cannot; in a column of many titles, brackets that recur at the end of several titles by several artists are labels.
"""

from collections.abc import Collection
from functools import partial

import polars as pl

from enrich.text import versions
from enrich.text.normalise import fold, label_key
from enrich.text.recalled import recalled
from enrich.text.words import LISTS, PLAIN_VERSION

#: Stands between the pieces of a title.
MARK = "\x1f"
#: What brackets of these meanings have in common: they say which version it is.
VERSION_MEANINGS = ["plain", "version", "weak"]

_BRACKET = LISTS["title_patterns"]["bracket"]
#: Columns with this many open brackets speak for themselves: in them what is no label is seldom like one.
_SPEAKS = 200
_DASH = r"(?:^|\s)[-–—](?:\s|$)"
_LIKE_A_NAME = r"^[\p{Lu}\p{N}][^\s,!?]*(?:\s+(?:[\p{Lu}\p{N}&+][^\s,!?]*|of|the|and)){0,3}$"


def _brackets(rows: pl.DataFrame) -> pl.DataFrame:
    """The pieces of titles that hold brackets: row, i, piece, is_square, is_round, inner. Text pieces have no inner."""
    piece = pl.col.piece
    pieces = (
        rows.lazy()
        .filter(pl.col.text.str.contains(r"[\[({]"))
        .select("row", piece=pl.col.text.str.replace_all(f"({_BRACKET})", f"{MARK}${{1}}{MARK}").str.split(MARK))
        .with_columns(i=pl.int_ranges(0, piece.list.len(), dtype=pl.UInt16))
        .explode("piece", "i")
        .filter(piece != "")
        .with_columns(piece.str.strip_chars(), spaced=piece.shift(1).str.ends_with(" ").fill_null(True))
        .filter(piece != "")
    )
    bracket = pl.col.i % 2 == 1
    inner = piece.str.replace(r"^[\[({]", "").str.replace(r"[\])}]$", "").str.strip_chars(" \"“”'")
    is_square, is_round = bracket & piece.str.starts_with("["), bracket & piece.str.starts_with("(")
    return pieces.with_columns(is_square=is_square, is_round=is_round, inner=pl.when(bracket).then(inner)).collect()


@partial(recalled, on="inner")
def _meanings(inners: pl.Series) -> pl.DataFrame:
    """What each distinct bracket says: inner, meaning, name (label without catalogue number), key, catalog_number."""
    inner = pl.col.inner
    dashed = r"^(.*?\S)(?:\s+[-–|]|[-–|:])\s+(\S.*\d.*|\d.*)$"
    glued = rf"^(.*?[^\d\s])\s*[-–|:,/]\s*({versions.CATALOG})$"
    spaced = r"^(.*\S)\s+([A-Z]{2,8}-?\d{2,6}[A-Z]{0,3})$"
    bare = inner.str.replace(r"^\(([^()]*)\)$", "${1}").str.replace(r",\s*(?:19|20)\d\d$", "")
    album = pl.col.bare.str.extract(r"^.+,\s*([^,]+),\s*\d{1,2}$", 1)  # [Album, Label, 3]
    name = pl.coalesce(album, *(pl.col.bare.str.extract(p, 1) for p in (dashed, glued, spaced)), "bare")
    pressed = pl.col.name.str.replace(versions.PRESSING, "").str.strip_chars()
    number = pl.coalesce(pl.col.bare.str.extract(p, 2) for p in (dashed, glued, spaced))
    is_catalog = pl.col.bare.str.contains(rf"^(?:{versions.CATALOG})$")
    named = (
        inners.to_frame()
        .with_columns(bare=bare)
        .with_columns(name=name, catalog_number=pl.when(album.is_null()).then(number), is_catalog=is_catalog)
        .with_columns(name=pl.when(pressed != "").then(pressed).otherwise("name"))
        .with_columns(folded=fold(pl.col.name), key=label_key(pl.col.name), lower=pl.col.name.str.to_lowercase())
    )
    lower, folded = pl.col.lower, pl.col.folded
    meanings = {
        "marks": ~inner.str.contains(r"[\p{L}\p{N}]"),
        "feature": lower.str.contains(versions.FEATURE)
        | (lower.str.contains(versions.FEATURE_NOUN) & ~folded.str.contains(versions.COMPANY)),
        "plain": folded.str.contains(PLAIN_VERSION),
        "none": folded.str.contains(versions.NO_LABEL),
        # Said of the track; else by the words at its end.
        "note": folded.str.contains(versions.NOTE) | lower.str.contains(f"^(?:{versions.FROM})"),
        "company": folded.str.contains(versions.COMPANY),
        "version": folded.str.contains(versions.VERSION),
        "weak": folded.str.contains(versions.VERSION_WEAK),
        "credit": lower.str.contains(versions.CREDIT) | inner.str.contains(r"\S\s+[-–]\s+[^\d]*$"),
    }
    first = (pl.when(holds).then(pl.lit(meaning)) for meaning, holds in meanings.items())
    meaning = pl.coalesce(*first, pl.lit("open"))
    return named.select("inner", "name", "key", "catalog_number", "is_catalog", meaning=meaning)


def judged_brackets(
    rows: pl.DataFrame,
    known_labels: Collection[str] | None,
    *,
    one_by_one: bool = False,
    guess: bool = False,
    others: pl.DataFrame | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The pieces of cleaned titles, in order, with what each bracket means and which one is its title's label.

    `rows` are row, given (artist), text; `others` are the words of the column's other titles; for the rest see
    `titles.parse_titles`. Returns one row per piece, a bracket or the text between two: among others inner (null for
    text), meaning, is_known, is_label, is_guess; and the words of the column, see `_words`.
    """
    brackets = _brackets(rows)
    known = pl.DataFrame({"n": list(known_labels or ())}, schema={"n": pl.String}).select(label_key(pl.col.n))["n"]
    bracket, meaning = pl.col.inner.is_not_null(), pl.col.meaning
    meanings = _meanings(brackets["inner"])
    behind = bracket.shift(1).fill_null(False)
    # The pieces of a title stand together: the row of the piece in question that comes next, or came last, says
    # whether it is in this title. A window over each title would take many times as long.
    version_row = pl.when(meaning.is_in(VERSION_MEANINGS)).then("row").forward_fill().shift(1)
    judged = brackets.join(meanings, on="inner", how="left", maintain_order="left").with_columns(
        is_known=pl.col.key.is_in(known.filter(known != "").unique().implode()).fill_null(False),
        leads=pl.col.row.ne_missing(pl.col.row.shift(1)),  # it opens the title
        dash=~bracket & pl.col.piece.str.contains(_DASH),
        nameless=rows["given"].is_null().gather(brackets["row"]),
        trails=pl.when(~bracket).then("row").backward_fill().ne_missing(pl.col.row),
        glued=~pl.col.spaced & ~behind,
        after_version=behind & version_row.eq_missing(pl.col.row),
    )
    judged = judged.with_columns(in_name=_in_name())
    words = _words(judged, rows)
    own = words.drop("row")
    likely = own.clear() if one_by_one else own
    speaks = column_speaks(likely if others is None else pl.concat([own, others]))
    if others is not None:
        likely = pl.concat([own, others.join(own.select("key").unique(), on="key", how="semi")])
    recurring = recurring_keys(likely)
    judged = judged.with_columns(recurs=pl.col.key.hash().is_in(recurring.implode()) & pl.col.key.is_not_null())
    sure, maybe = _may_be_label(speaks=speaks)
    candidate = (sure | (maybe & pl.lit(guess))) & ~pl.col.leads & ~pl.col.in_name
    judged = judged.with_columns(candidate=candidate, is_guess=~sure)
    # The last square bracket, else the last round one.
    rank = pl.when("candidate").then(pl.col.is_square.cast(pl.Int32) * 100_000 + pl.col.i)
    return judged.with_columns(is_label=(rank == rank.max().over("row")).fill_null(False)), words


def _may_be_label(*, speaks: bool) -> tuple[pl.Expr, pl.Expr]:
    """Whether a bracket is a label by what it says and where it stands, and whether it may be one, to be asked for.

    A round one is a label only where the database or the column knows it, or where it is called like a company.
    """
    meaning, weak = pl.col.meaning, pl.col.meaning == "weak"
    named, is_known = meaning.is_in(["open", "company"]), pl.col.is_known | pl.col.recurs
    is_name = pl.lit(not speaks) | pl.col.inner.str.contains(r"\p{Lu}")
    square_alone = (named | weak) & ~pl.col.glued & ~pl.col.is_catalog & is_name
    from_square = pl.when(is_known).then(~meaning.is_in(["none", "plain", "feature"])).otherwise(square_alone)
    trailing = named & pl.col.trails
    from_round = pl.when(is_known).then(named | weak).otherwise(trailing & (meaning == "company"))
    sure = (pl.col.is_square & from_square) | (pl.col.is_round & from_round)
    maybe = pl.col.after_version | (pl.col.inner.str.contains(_LIKE_A_NAME) & pl.lit(not speaks))
    return sure.fill_null(value=False), (pl.col.is_round & trailing & maybe).fill_null(value=False)


def _in_name() -> pl.Expr:
    """`Ø [Phase] - Title`: a bracket between an artist's name and the dash behind it is of the name."""
    is_other = ~pl.col.meaning.is_in(["feature", *VERSION_MEANINGS]) & ~pl.col.leads & pl.col.nameless
    dashed = pl.when("dash").then("row")
    ahead, before = dashed.backward_fill().eq_missing(pl.col.row), dashed.forward_fill().eq_missing(pl.col.row)
    # `[KRTM] - Title`: or it is the whole name.
    alone = pl.col.leads & (pl.col.meaning == "open") & pl.col.nameless & pl.col.is_square
    alone &= pl.col.piece.shift(-1).str.contains(r"^[-–—]\s+\S") & ~pl.col.trails
    return pl.col.inner.is_not_null() & ((is_other & ahead & ~before) | alone.fill_null(value=False))


def _words(judged: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """What each bracket that can be a label says of its column: row, key, is_named, is_open, artist, base.

    Texts are their hashes, good for one version of Polars: grouping a million texts would cost more than the rest.
    """
    is_named = pl.col.meaning.is_in(["open", "company"])
    is_open = is_named & ~pl.col.leads & ~pl.col.glued & pl.col.key.is_not_null()
    named = judged.filter(~pl.col.meaning.is_in(["none", "plain", "feature"]))
    about = rows.select("given", "text").select(pl.all().gather(named["row"]))
    return named.select("row", pl.col.key.hash(), is_named=is_named, is_open=is_open).hstack(
        about.select(
            artist=pl.when(pl.col.given.is_not_null()).then(pl.col.given.str.to_lowercase().hash()),
            base=pl.col.text.str.extract(r"^([^\[(]*)").str.strip_chars().str.to_lowercase().hash(),
        )
    )


def column_speaks(words: pl.DataFrame) -> bool:
    """Whether a column has brackets enough to speak for itself, from its words."""
    return words.filter("is_named").height >= _SPEAKS


def recurring_keys(words: pl.DataFrame) -> pl.Series:
    """Keys of brackets that the column itself shows to be labels: at the end of several titles by several artists.

    A part of a title recurs too, but with the same artist. Where no artists are given, more titles are asked for.
    """
    titles, artists = pl.col.base.n_unique(), pl.col.artist.drop_nulls().n_unique()
    enough = (titles >= 3) & ((artists >= 3) | ((pl.col.artist.count() == 0) & (titles >= 5)))
    often = words.lazy().filter("is_open").filter(pl.len().over("key") >= 3)
    return often.group_by("key").agg(enough=enough).filter("enough").select("key").collect()["key"]
