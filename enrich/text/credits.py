"""Take an artist credit apart into the artists it names, and tell duos from guests. Pure; whole columns at a time.

    "Tiësto vs. Armin van Buuren"          Tiësto · Armin van Buuren
    "Above & Beyond feat. Zoë Johnston"    Above & Beyond · Zoë Johnston (featured)
    "DJ A / DJ B", "A x B", "A b2b B"      A · B
    "Bob Marley & The Wailers"             stays whole

Unspaced marks never divide (`AC/DC`, `+/-`, `Aly&Fila`). The word `and` divides only at the end of a list (`A, B and
C`) or between known names. A run of parts that is a known name stays one artist: names written in `words.toml`, passed
as `known_artists`, and found by `learn_names`.
"""

from collections.abc import Callable, Collection
from functools import lru_cache, partial

import polars as pl
from rapidfuzz import fuzz
from rapidfuzz.process import cpdist

from enrich.text.normalise import artist_key
from enrich.text.recalled import recalled
from enrich.text.words import BARE_GENRES, GENRES, LISTS, is_unknown_artist

#: One row per artist named in a credit, in the order written. `row` is the index of the credit in its column.
CREDITS = pl.Schema({"row": pl.UInt32, "artist": pl.String, "role": pl.String, "position": pl.Int32})

_MARK = "\x1f"  # stands around each separator while a credit is in pieces
# What is of a name: a comma ("Harry Connick, Jr."), a semicolon, the space before a lone X ("Malcolm X & Y").
_HELD = {"\x1e": ",", "\x1c": ";", "\x1d": " "}
#: What makes a name with a separator one act: its credits, and how much commoner it is than any part elsewhere.
_LEAST_CREDITS, _COMMONER = 3, 2.0
#: From this share of equal letters on, two spellings are one name.
SAME_SPELLING = 0.85
_PAIRS = sorted(tuple(genre.split(" and ")) for genre in GENRES | BARE_GENRES if " and " in genre)
_LONGEST_NAME = 6  # parts a known name may hold ("Crosby, Stills, Nash & Young" has four)

_FEATURED = r"(?:featuring|feat|ft)(?:[.:]+|\s)|f/"
_VERSUS = LISTS["title_patterns"]["versus"]
_SOFT = r"(?:&|\+|and|with)\s|w/"
# Marks of other scripts divide without spaces: `周杰伦、林俊杰`.
_SEPARATOR = rf"(?i)(?:\s+(?:{_FEATURED}|{_VERSUS}|{_SOFT})|\s*,(?:\s+and)?\s|\s*;|\s*[、､，،；؛／＆]\s*)"
# Two letters or fewer on both sides: a name (`TH;EN`), no list.
_NAME_OF_MARKS = r"(^|[^\p{L}\p{N}])([\p{L}\p{N}]{1,2});([\p{L}\p{N}]{1,2})($|[^\p{L}\p{N}])"
#: What a credit that is one plain name has nothing of.
_NOT_PLAIN = rf"[()\[\]\x00-\x1f\x7f]|{_SEPARATOR}"
# `Drum & Bass Arena`: what is one genre is no two names.
_OF_A_GENRE = rf"(?i)\b({'|'.join(a for a, _ in _PAIRS)})\s+([&+])\s+({'|'.join(b for _, b in _PAIRS)})\b"
_BRACKETED_GUEST = r"(?i)[(\[]\s*((?:featuring|feat|ft|with|vs|pres)\b[^()\[\]]*)[)\]]"
_REMIX_WORD = r"(?:remix|rmx|rework|bootleg|re-?edit|edit|refix|flip)"
_REMIXER = rf"(?i)[(\[]\s*([^()\[\]]+?)(?:'s|s')?\s+(?:\S+\s+)?{_REMIX_WORD}\s*[)\]]\s*$"
_THE_BAND = r"(?i)^(?:the|tha|da|his|her|friends|sons)\b"
# `C & C Music Factory`: a letter alone is nobody, and neither is the one that begins the name behind it.
_INITIAL, _ON_INITIAL = r"^\p{Lu}$", r"^\p{Lu}\s+\p{L}{2}"


def split_credits(column: pl.Series, *, known_artists: Collection[str] | None = None) -> pl.DataFrame:
    """Every artist of every credit, one row each.

    Args:
        column: Credits as written; null and blank ones yield no row.
        known_artists: Names, in any spelling, that stay whole though they hold a separator, and between which
            the word `and` divides. Added to the built-in ones.

    Returns:
        Schema CREDITS, in the order of the column and of the credit:

        row       UInt32  index of the credit in `column`
        artist    String  as written, trimmed
        role      String  primary, featured, or remixer (of `Artist (Someone Remix)`)
        position  Int32   from 1 within the credit
    """
    credits = pl.DataFrame({"credit": column.cast(pl.String)}).with_row_index("row").drop_nulls("credit")
    parts = _apart(_keys(frozenset(known_artists or ())))(credits["credit"])
    found = credits.join(parts, on="credit", how="inner", maintain_order="left_right")
    return found.with_columns(pl.col.row.cast(pl.UInt32)).select(CREDITS.names()).match_to_schema(CREDITS)


def credit_keys(column: pl.Series) -> pl.Series:
    """The artist keys of each credit, parts only: `A & B` gives [a, b], and a known name gives its own key alone.

    The key of the whole credit is not added, so that a duo is counted once: as itself where it is known, as its
    members where not. Remixers are left out (they did not make the track), and so are unknown-words (`ID & A`: [a]).
    List(String) of distinct keys in the order written, empty where nobody is named.
    """
    named = split_credits(column).filter((pl.col.role != "remixer") & ~is_unknown_artist(pl.col.artist))
    keys = named.select("row", key=artist_key(pl.col.artist)).filter(pl.col.key != "")
    keys = keys.group_by("row", maintain_order=True).agg(pl.col.key.unique(maintain_order=True))
    rows = pl.DataFrame({"row": pl.int_range(len(column), dtype=pl.UInt32, eager=True)})
    joined = rows.join(keys, on="row", how="left", maintain_order="left")["key"]
    return joined.fill_null(pl.Series([[]], dtype=pl.List(pl.String))).rename(column.name)


def credits_alike(one: pl.Series, other: pl.Series) -> pl.Series:
    """True where an artist of one credit is among those of the other; null where either is missing.

    Real tracklists misspell: `Rank1` and `Rank 1`, `Ridgewalker` and `Ridgewalkers` count as one. Two names are taken
    for one where their letters and digits agree to `SAME_SPELLING`.
    """
    keys = pl.DataFrame({"one": _spellings(one), "other": _spellings(other)}).with_row_index("row")
    pairs = keys.explode("one").explode("other").drop_nulls()
    # Every artist of the one beside every artist of the other.
    alike = cpdist(pairs["one"].to_list(), pairs["other"].to_list(), scorer=fuzz.ratio, workers=1)
    agreed = pairs.filter(pl.Series(alike, dtype=pl.Float64) >= 100 * SAME_SPELLING)["row"].unique()
    both = pl.Series(one.is_not_null() & other.is_not_null())
    return keys.select(alike=pl.when(pl.lit(both)).then(pl.col.row.is_in(agreed.implode())))["alike"]


def _spellings(names: pl.Series) -> pl.Series:
    """Each credit's artists and the credit as a whole, letters and digits only."""
    spelled = pl.concat_list("parts", pl.concat_list(artist_key(pl.col.whole)))
    spelled = spelled.list.eval(pl.element().str.replace_all(" ", "")).list.unique(maintain_order=True)
    return pl.DataFrame({"parts": credit_keys(names), "whole": names}).select(spelled).to_series()


def learn_names(column: pl.Series) -> frozenset[str]:
    """Names with a separator that are one act, judged by how often their parts appear without each other.

    `Gabriel & Dresden` is learned where it is credited three times or more, and more than twice as often as its most
    frequent part is in other credits: a guest of a busy artist is never glued to them. `column` are credits as written,
    repeats included; given are names in their commonest spelling, to be passed as `known_artists`.
    """
    counts = column.cast(pl.String).drop_nulls().alias("credit").value_counts(name="n").with_row_index("c")
    plain, cut = _plain_and_cut(counts["credit"])
    # A guest or an opponent is a name of its own: only what soft separators join can be one act.
    hard = pl.col.kind.is_in(["featured", "versus"]).fill_null(False).cast(pl.UInt32)
    chunks = (
        cut.with_columns(chunk=hard.cum_sum().over("c"), key=artist_key(pl.col.text))
        .with_columns(_joined(pl.int_range(pl.len()).over("c", "chunk") > 0))
        .group_by("c", "chunk", maintain_order=True)
        .agg(pl.col.name.str.join(""), keys=pl.col.key)
        .join(counts, on="c")
        .with_columns(whole=artist_key(pl.col.name))
    )
    # Of a plain name there is nothing to learn, but it counts elsewhere.
    lone = plain.join(counts, on="c").select("n", keys=artist_key(pl.col.text))
    elsewhere = pl.concat([lone, chunks.explode("keys").select("n", "keys")]).group_by("keys").agg(total=pl.col.n.sum())
    learned = (
        chunks.filter(pl.col.keys.list.len() > 1)
        .group_by("whole")
        .agg(pl.col.n.sum(), pl.col.keys.first(), pl.col.name.sort_by("n", "name", descending=True).first())
        # "A, B, C" is a list however often it is written; "A, B & C" may be a band.
        .filter(pl.col.n >= _LEAST_CREDITS, ~pl.col.name.str.contains(",") | pl.col.name.str.contains("&| and "))
        .explode("keys")
        .join(elsewhere, on="keys")
        .group_by("whole")
        .agg(pl.col("n", "name").first(), elsewhere=(pl.col.total - pl.col.n).max())
        .filter(pl.col.n > _COMMONER * pl.col.elsewhere)
    )
    return frozenset(learned["name"])


@lru_cache(maxsize=8)
def _keys(names: frozenset[str]) -> frozenset[str]:
    """The keys of these names and of the built-in ones."""
    every = pl.DataFrame({"name": [*LISTS["artists"]["compound"], *names]}, schema={"name": pl.String})
    return frozenset(every.select(artist_key(pl.col.name))["name"].drop_nulls()) - {""}


@lru_cache(maxsize=8)
def _apart(known: frozenset[str]) -> Callable[[pl.Series], pl.DataFrame]:
    return recalled(partial(_parts, known=known), on="credit")


def _parts(credits: pl.Series, known: frozenset[str]) -> pl.DataFrame:
    """The artists of each distinct credit: credit, artist, role, position."""
    apart = pl.DataFrame({"credit": credits}).select(
        main=pl.col.credit.str.replace(_REMIXER, ""), remixer=pl.col.credit.str.extract(_REMIXER, 1)
    )
    artists = _artists(apart["main"], known)
    if apart["remixer"].count():
        remixers = _artists(apart["remixer"].fill_null(""), known).with_columns(role=pl.lit("remixer"))
        artists = pl.concat([artists, remixers])
    artists = artists.sort("c", maintain_order=True)
    position = pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("c")
    return artists.select(credits.gather(artists["c"]).alias("credit"), "artist", "role", position=position)


def _artists(credits: pl.Series, known: frozenset[str]) -> pl.DataFrame:
    """Cut each credit and join again what is one name: c, artist, role."""
    plain, cut = _plain_and_cut(credits)
    lone = pl.col.separator.is_null() & ~pl.col.c.is_duplicated()
    alone, pieces = cut.filter(lone), cut.filter(~lone)
    artists = pl.concat([plain, alone.select("c", "text")]).select("c", artist="text", role=pl.lit("primary"))
    if pieces.is_empty():
        return artists
    names = pl.Series(sorted(known), dtype=pl.String).implode()
    pieces = pieces.with_columns(is_name=artist_key(pl.col.text).is_in(names), taken=pl.lit(False), joins=pl.lit(False))
    for length in range(min(_LONGEST_NAME, int(pieces["c"].unique_counts().max())), 1, -1):  # type: ignore[arg-type]
        pieces = _join_known_runs(pieces, names, length)
    between_names = pl.col.is_name & pl.col.is_name.shift(1).over("c").fill_null(False)
    ends_list = pl.col.separator.shift(1).over("c").str.contains(",").fill_null(False)
    loose_and = (pl.col.kind == "and") & ~between_names & ~ends_list
    the_band = pl.col.separator.str.contains(r"(?i)&|\+|and") & pl.col.text.str.contains(_THE_BAND)
    initials = pl.col.separator.str.contains("[&+]") & pl.col.text.str.contains(_ON_INITIAL)
    initials &= pl.col.text.shift(1).over("c").str.contains(_INITIAL)
    one_act = loose_and | ((the_band | initials) & ~pl.col.is_name)
    joins = pl.col.joins | (~pl.col.taken & one_act.fill_null(False))
    role = pl.col.kind.replace_strict(
        {"featured": "featured", "versus": "primary"}, default=None, return_dtype=pl.String
    )
    role = role.forward_fill().over("c").fill_null("primary")
    named = pieces.with_columns(_joined(joins), artist=(~joins).cast(pl.UInt32).cum_sum().over("c"), role=role)
    named = named.group_by("c", "artist", maintain_order=True).agg(pl.col.name.str.join(""), pl.col.role.first())
    return pl.concat([artists, named.select("c", artist="name", role="role")])


def _join_known_runs(pieces: pl.DataFrame, names: pl.Series, length: int) -> pl.DataFrame:
    """Mark the runs of `length` pieces that are a known name; what a longer run has taken is left alone."""

    def ahead(column: str, steps: int) -> pl.Expr:
        return pl.col(column).shift(-steps).over("c")

    written = [pl.col.text]
    for step in range(1, length):
        written += [ahead("separator", step), ahead("text", step)]
    free = ~pl.any_horizontal(ahead("taken", step).fill_null(True) for step in range(length))
    is_run = artist_key(pl.concat_str(written)).is_in(names).fill_null(False) & free
    # Most credits are shorter than most names; windows over all of them, once a length, would cost most of the time.
    if not pieces.filter(pl.len().over("c") >= length).select(is_run.any()).item():
        return pieces
    marked = pieces.with_columns(run=is_run)

    def behind(column: str, first: int) -> pl.Expr:
        return pl.any_horizontal(pl.col(column).shift(step).over("c").fill_null(False) for step in range(first, length))

    # Of two runs that overlap, the one on the left.
    marked = marked.with_columns(run=pl.col.run & ~behind("run", 1))
    return marked.with_columns(taken=pl.col.taken | behind("run", 0), joins=pl.col.joins | behind("run", 1)).drop("run")


def _plain_and_cut(credits: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Credits that are one plain name, c and text, and the pieces of the others as `_cut` has them."""
    apart = credits.str.contains(_NOT_PLAIN)
    # Most are plain: to cut them, and windows over the pieces, would cost most of the time.
    plain = _tidied(pl.DataFrame({"c": (~apart).arg_true(), "text": credits.filter(~apart)}))
    return plain, _cut(credits.filter(apart)).with_columns(c=pl.lit(apart.arg_true()).gather("c"))


def _cut(credits: pl.Series) -> pl.DataFrame:
    """Pieces between separators: `c` (index of the credit), `text`, the `separator` before it and its `kind`."""
    alternating = (
        pl.col.credit.str.replace_all(r"[\x00-\x1f\x7f]", " ")
        .str.replace_all(r"(?i),(\s+(?:jr|sr|inc|ltd|llc|i{2,3})\b)", "\x1e${1}")
        .str.replace_all(_NAME_OF_MARKS, "${1}${2}\x1c${3}${4}")
        .str.replace_all(r"(?i)\s(x\s*(?:[&,+/;]|feat|ft\b|vs\b))", "\x1d${1}")
        .str.replace_all(_OF_A_GENRE, "${1}\x1d${2}\x1d${3}")
        .str.replace_all(_BRACKETED_GUEST, " ${1} ")
        # Doubled spaces: the one behind a separator must not be missing in front of the next.
        .str.replace_all(r"\s+", "  ")
        .str.replace_all(rf"({_SEPARATOR})", f"{_MARK}${{1}}{_MARK}")
        .str.split(_MARK)
    )
    flat = (
        pl.DataFrame({"credit": credits}, schema={"credit": pl.String})
        .select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("c"), text=alternating)
        .explode("text")
        .with_columns(
            pl.int_range(pl.len(), dtype=pl.UInt32).over("c").alias("i"),
            pl.col.text.str.replace_many(_HELD).str.replace_all(r"\s+", " "),
        )
        .with_columns(separator=pl.col.text.shift(1).over("c"))
        .filter(pl.col.i % 2 == 0)
    )
    word = pl.col.separator.str.to_lowercase().str.strip_chars()
    kinds = {"featured": r"^(?:feat|ft|f/)", "and": "^and$", "soft": r"^(?:[&+,;、､，،；؛＆]|with|w/)", "versus": ""}
    kind = pl.coalesce(pl.when(word.str.contains(pattern)).then(pl.lit(name)) for name, pattern in kinds.items())
    return _tidied(flat.select("c", "separator", "text", kind=kind))


def _tidied(pieces: pl.DataFrame) -> pl.DataFrame:
    """White space single, no comma at an end; pieces of which nothing is left are gone."""
    tidy = pl.col.text.str.replace_all(r"\s+", " ").str.strip_chars(" ,;")
    return pieces.with_columns(tidy).filter(pl.col.text != "")


def _joined(joins: pl.Expr) -> pl.Expr:
    """Aggregate a run of pieces into one name, the separators as written where `joins` says so."""
    return pl.concat_str(pl.when(joins).then(pl.col.separator).otherwise(pl.lit("")), pl.col.text).alias("name")
