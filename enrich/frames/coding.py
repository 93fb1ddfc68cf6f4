"""Texts as numbers: what is sorted, compared and grouped a million times is cheaper as an integer. Pure."""

from collections.abc import Callable

import polars as pl

#: Rows that show whether it is worth looking at all of them.
_A_LOOK = 1000


def coded(column: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Number the distinct texts of a column in their order: a smaller number is an earlier text.

    Returns:
        The number of each row's text (UInt32, null for null), and the distinct texts (String, sorted).
    """
    if column.null_count() == 0 and column.is_sorted():
        # Tables written in order of their sets: each text begins where it differs from the one before.
        codes = column.rle_id()
        return codes.alias("place"), column.filter(codes.is_first_distinct()).alias("text")
    if (found := runs(column)) is not None:
        heads, run = found
        codes, texts = coded(heads)
        return at(codes, run), texts
    # A pool of its own: the one all categoricals share would keep every text alive. It numbers from 0 without gaps.
    encoded = column.cast(pl.Categorical(pl.Categories.random()))
    distinct = encoded.drop_nulls().unique()
    places = (
        pl.DataFrame({"text": distinct.cast(pl.String), "code": distinct.to_physical()})
        .sort("text")
        .with_row_index("place")
    )
    return at(places.sort("code")["place"], encoded.to_physical()), places["text"]


def runs(column: pl.Series) -> tuple[pl.Series, pl.Series] | None:
    """What stands in a column once for each run of equal values, and the number of each row's run (UInt32).

    The slots of a set come one after the other: to look at its name once is a thirtieth of the work. None where runs
    are shorter than two rows on average, so that nothing would be saved.
    """
    if not _repeats(column.head(_A_LOOK).rle_id()) or not _repeats(run := column.rle_id()):
        return None
    return column.filter((run != run.shift(1)).fill_null(value=True)), run


def _repeats(run: pl.Series) -> bool:
    return len(run) > 0 and 2 * (run[-1] + 1) <= len(run)


def once_a_run(column: pl.Series, rule: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """A rule for single values on every row of a column, computed once for each run where that is less work."""
    found = runs(column)
    return rule(pl.lit(column)) if found is None else rule(pl.lit(found[0])).gather(pl.lit(found[1]))


def at(values: pl.Series, codes: pl.Series) -> pl.Series:
    """The value at each code; null at null."""
    return pl.select(pl.lit(values).gather(codes)).to_series() if len(values) else values.clear(len(codes))


def packed(set_codes: pl.Series, position: pl.Series) -> pl.Series:
    """Set and position in one Int64 whose order is theirs; positions fit 32 bits."""
    return set_codes.cast(pl.Int64) * 2**32 + position.cast(pl.Int64)
