"""A ranking of some unknowns is that part of the ranking of all."""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from enrich.cooccurrence.ranking import rank


def _sets():
    names = [f"Artist {n}" for n in range(12)]
    rows = []
    for s in range(14):
        for position in range(1, 9):
            is_id = (s + position) % 5 == 0
            artist = None if is_id else names[(s * 3 + position * position) % 12]
            rows.append((f"s{s}", f"DJ {s % 3}", position, artist, None if is_id else f"Title {s % 4} {position}", "L"))
    return pl.DataFrame(rows, schema=["set_id", "dj", "position", "artist", "title", "label"], orient="row")


@pytest.mark.parametrize("scorer", ["formula", "learned"])
def test_only_some_unknowns_and_fewer_candidates_change_nothing_else(scorer):
    sets = _sets()
    whole = rank(sets, scorer=scorer)
    wanted = whole["track_key"].unique().sort().gather_every(3)

    part = rank(sets, scorer=scorer, max_rank=2, only=wanted)

    assert part["track_key"].unique().sort().to_list() == wanted.to_list()
    expected = whole.filter(pl.col("track_key").is_in(wanted.implode()) & (pl.col("rank") <= 2))
    order = ["track_key", "rank"]
    # The confidence of the second depends on the first, that of the first on the second: two are enough for both.
    assert_frame_equal(part.sort(order), expected.sort(order), check_exact=False, abs_tol=1e-9)


def test_none_wanted_none_ranked():
    assert rank(_sets(), only=pl.Series([], dtype=pl.String)).is_empty()
