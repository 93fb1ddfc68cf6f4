"""Which names are one artist: of the database, of those well known, and of credits that say so.

A person under several names is one candidate everywhere. Pure functions of frames.
"""

from __future__ import annotations

import polars as pl

from enrich.text.credits import split_credits
from enrich.text.persons import persons, with_known
from enrich.text.words import is_unknown_artist

_AKA = r"(?i)^\s*(.+?)\s*[(\[]?\s*\b(?:a\.?k\.?a\.?|also known as)\s+([^()\[\]]+?)\s*[)\]]?\s*$"
_PRES = r"(?i)^\s*(.+?)\s+(?:pres\.?|presents|introducing|introduces)\s+([^()\[\]]+?)\s*$"
#: Plays from which `X pres. Y` is taken to say that Y is X; `X aka Y` says so at once.
_AKA_PLAYS, _PRES_PLAYS = 1, 3


def person_numbers(names: pl.DataFrame, aliases: pl.DataFrame | None, texts: pl.DataFrame) -> pl.Series:
    """The person of every name: the lowest number among the names of one artist.

    Args:
        names: artist_no, artist_key.
        aliases: Columns `artist`, `alias` of the database; None: none.
        texts: text, plays: credits as written, of which those count that spell an alias out.

    Raises:
        EnrichError: `aliases` lacks a column.
    """
    pairs = pl.concat([with_known(aliases), credited_pairs(texts)])
    person = persons(pairs).rename({"key": "artist_key"})
    joined = names.join(person, on="artist_key", how="left", maintain_order="left")
    return joined.select(
        person_no=pl.col("artist_no").min().over(pl.coalesce("person", pl.lit("\0") + pl.col("artist_key")))
    ).to_series()


def credited_pairs(texts: pl.DataFrame) -> pl.DataFrame:
    """artist, alias that credits (text, plays) spell out surely enough: `aka` once, `pres.` in a few plays."""
    pairs = pl.concat(
        texts.select("plays", artist=pl.col("text").str.extract(rule, 1), alias=pl.col("text").str.extract(rule, 2))
        .drop_nulls()
        .filter(pl.col("plays").sum().over("artist", "alias") >= least)
        for rule, least in ((_AKA, _AKA_PLAYS), (_PRES, _PRES_PLAYS))
    )
    return (
        pairs.filter(_is_one_name(pairs["artist"]), _is_one_name(pairs["alias"]))
        .filter(~is_unknown_artist(pl.col("artist")), ~is_unknown_artist(pl.col("alias")))
        .select("artist", "alias")
        .unique()
        .sort(pl.all())
    )


def _is_one_name(column: pl.Series) -> pl.Series:
    """True where a credit names one artist: of `A & B pres. C` nobody can say who C is."""
    parts = split_credits(column).group_by("row").len()
    rows = pl.DataFrame({"row": pl.int_range(len(column), dtype=pl.UInt32, eager=True)})
    return (rows.join(parts, on="row", how="left", maintain_order="left")["len"] == 1).fill_null(value=False)
