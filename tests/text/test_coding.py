"""Texts as numbers: the same numbers whether the column is in order or not."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.text.coding import at, coded, packed

TEXTS = st.lists(st.sampled_from(["", "a", "b", "B", "ä", "a b", None]), max_size=12)


@settings(deadline=None)
@given(st.one_of(TEXTS, TEXTS.map(lambda texts: sorted(t for t in texts if t is not None))))
def test_numbers_are_places_among_the_distinct_texts(texts: list[str | None]) -> None:
    column = pl.Series("texts", texts, dtype=pl.String)
    distinct = sorted({t for t in texts if t is not None}, key=str.encode)

    codes, names = coded(column)

    assert names.to_list() == distinct
    assert codes.to_list() == [None if t is None else distinct.index(t) for t in texts]
    assert at(names, codes).to_list() == texts


def test_packed_numbers_sort_as_set_and_position() -> None:
    slots = [(0, 7), (1, -3), (1, 0), (1, 2**31 - 1), (2, -(2**31))]
    numbers = packed(
        pl.Series([s for s, _ in slots], dtype=pl.UInt32), pl.Series([p for _, p in slots], dtype=pl.Int32)
    )

    assert numbers.is_sorted()
    assert numbers.n_unique() == len(slots)
