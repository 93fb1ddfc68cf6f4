"""Whether two credits name an artist in common, misspelt as real tracklists have it. Pure."""

from __future__ import annotations

import polars as pl
from rapidfuzz import fuzz
from rapidfuzz.process import cpdist

from enrich.text.credits import credit_keys
from enrich.text.normalise import artist_key

#: From this share of equal letters on, two spellings are one name.
SAME_SPELLING = 0.85


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
    return keys.select(alike=pl.when(pl.lit(both)).then(pl.col("row").is_in(agreed.implode())))["alike"]


def _spellings(names: pl.Series) -> pl.Series:
    """Each credit's artists and the credit as a whole, letters and digits only."""
    whole = pl.DataFrame({"name": names}).select(artist_key(pl.col("name")))["name"]
    parts = pl.DataFrame({"parts": credit_keys(names), "whole": whole})
    return parts.select(
        spelled=pl.concat_list("parts", pl.concat_list("whole"))
        .list.eval(pl.element().str.replace_all(" ", ""))
        .list.unique(maintain_order=True)
    )["spelled"]
