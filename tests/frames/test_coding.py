"""Texts as numbers: the same numbers whether the column is in order or not."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.frames.coding import at, coded, once_a_run, packed, runs

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


@settings(deadline=None)
@given(TEXTS, st.integers(1, 4))
def test_a_rule_gives_the_same_whether_values_come_in_runs_or_not(texts: list[str | None], times: int) -> None:
    column = pl.Series("texts", [text for text in texts for _ in range(times)], dtype=pl.String)

    once = pl.select(length=once_a_run(column, lambda text: text.str.len_bytes()))["length"].to_list()

    assert once == [None if text is None else len(text.encode()) for text in column]


def test_runs_are_worth_it_where_they_are_two_rows_on_average() -> None:
    found = runs(pl.Series(["a", "a", "a", None, None, "a"]))

    assert found is not None
    assert found[0].to_list() == ["a", None, "a"]
    assert found[1].to_list() == [0, 0, 0, 1, 1, 2]
    assert runs(pl.Series(["a", "b", "a"])) is None
    assert runs(pl.Series([], dtype=pl.String)) is None


def test_packed_numbers_sort_as_set_and_position() -> None:
    slots = [(0, 7), (1, -3), (1, 0), (1, 2**31 - 1), (2, -(2**31))]
    numbers = packed(
        pl.Series([s for s, _ in slots], dtype=pl.UInt32), pl.Series([p for _, p in slots], dtype=pl.Int32)
    )

    assert numbers.is_sorted()
    assert numbers.n_unique() == len(slots)
