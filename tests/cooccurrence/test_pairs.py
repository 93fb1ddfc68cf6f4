from __future__ import annotations

from collections import Counter
from itertools import combinations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_ranking import worlds

from enrich.cooccurrence.contexts import number_plays
from enrich.cooccurrence.pairs import PAIRS, pair_counts
from enrich.sql import DUCKDB

plays = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 15), st.integers(0, 5)), max_size=40, unique_by=lambda p: p[:2]
).map(
    lambda rows: pl.DataFrame(rows, schema={"set_no": pl.UInt32, "position": pl.Int32, "item": pl.UInt32}, orient="row")
)


@settings(deadline=None)
@given(plays=plays, window=st.integers(1, 4))
def test_pair_counts_equal_counting_by_hand(plays, window):
    wanted = Counter(
        (min(a[2], b[2]), max(a[2], b[2]))
        for a, b in combinations(plays.rows(), 2)
        if a[0] == b[0] and abs(a[1] - b[1]) <= window
    )

    got = pair_counts(plays, window=window)

    assert got.schema == PAIRS
    assert got.rows() == [(*pair, n) for pair, n in sorted(wanted.items())]


@settings(max_examples=20, deadline=None)
@given(world=worlds)
def test_the_query_counts_the_same_for_single_artists(world):
    one_each = world.with_columns(pl.col("artist").str.replace(r" (&|feat\.|vs\.) .*", ""))
    numbered = number_plays(one_each)
    items = numbered.slots.join(numbered.credits, on="credit_no").select("set_no", "position", item="artist_no")
    with numbered.connect() as con:
        asked = DUCKDB["cooccurrence_pairs"].frame(con, window=2).sort("first_no", "second_no")

    assert asked.rows() == pair_counts(items, window=2).rows()


def test_window_must_be_positive():
    with pytest.raises(ValueError, match="window"):
        pair_counts(pl.DataFrame(schema={"set_no": pl.UInt32, "position": pl.Int32, "item": pl.UInt32}), window=0)
