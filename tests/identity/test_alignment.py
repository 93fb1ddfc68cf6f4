"""Two listings of one set are aligned by what they play, never by the number of the row."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.errors import EnrichError
from enrich.identity.alignment import ALIGNED, align

Row = tuple[str | None, str | None]
A, B, C, D = (("Nova", "Night Signal"), ("Kestrel", "Long Way Down"), ("Mira", "Harbour"), ("Oslo 9", "Glass"))
ID: Row = ("ID", "ID")


def listing(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame(
        [("p", n, *row) for n, row in enumerate(rows, 1)],
        schema={"pair": pl.String, "position": pl.Int32, "artist": pl.String, "title": pl.String},
        orient="row",
    )


def aligned(old: pl.DataFrame, new: pl.DataFrame) -> list[tuple[object, ...]]:
    found = align(old, new)
    assert found.schema == ALIGNED
    return [row[1:] for row in found.rows()]


def test_an_id_between_rows_that_agree_is_named_for_certain() -> None:
    assert aligned(listing(A, ID, C), listing(A, B, C)) == [
        (0, 0, "same", True),
        (1, 1, "named", True),
        (2, 2, "same", True),
    ]


def test_a_row_that_came_in_between_moves_no_name() -> None:
    found = aligned(listing(A, ID, C, D), listing(A, ("Vale", "Ember"), ("Ruth", "Tide"), C, D))
    assert [row for row in found if row[2] == "same"] == [
        (0, 0, "same", True),
        (2, 3, "same", True),
        (3, 4, "same", True),
    ]
    assert not any(row[2] == "named" and row[3] for row in found)


def test_an_id_with_an_artist_takes_no_name_of_another() -> None:
    found = aligned(listing(A, ("Vale", "ID"), C), listing(A, B, C))
    assert {row[2] for row in found} == {"same", "removed", "inserted"}
    named = aligned(listing(A, ("Vale", "ID"), C), listing(A, ("Ruth", "Tide"), ("Vale", "Ember"), C))
    assert (1, 2, "named", False) in named


def test_case_punctuation_and_cut_names_are_no_news() -> None:
    found = aligned(
        listing(("PINK FLAME", "Boy's a Liar 2 (NEVER DULL REMIX)"), B, ("Da", "ID"), C),
        listing(("Pink Flame & Ice", "Boys A Liar Pt. 2 (Never Dull Remix)"), ("kestrel", "long way down!"),
                ("Da-P", "Danger Remix"), C),
    )  # fmt: skip
    assert [row[2] for row in found] == ["respelled", "same", "named", "same"]


def test_insertions_removals_and_moves() -> None:
    found = aligned(listing(A, B, C, D), listing(D, A, C, ("New", "One")))
    assert sorted(str(row[2]) for row in found) == ["inserted", "moved", "removed", "same", "same"]


def test_listings_that_agree_nowhere_are_sure_of_nothing() -> None:
    assert not any(row[3] for row in aligned(listing(ID, ID), listing(A, B)) if row[2] == "named")


rows = st.lists(st.sampled_from([A, B, C, D, ID, ("Vale", "ID"), (None, "Ember")]), max_size=9)


@settings(deadline=None, max_examples=40)
@given(rows, rows)
def test_every_row_stands_once(old: list[Row], new: list[Row]) -> None:
    if not old or not new:
        return
    found = align(listing(*old), listing(*new))
    assert found["old_row"].drop_nulls().sort().to_list() == list(range(len(old)))
    assert found["new_row"].drop_nulls().sort().to_list() == list(range(len(new)))


@settings(deadline=None, max_examples=40)
@given(rows.filter(bool))
def test_a_listing_beside_itself_is_the_same(rows: list[Row]) -> None:
    found = align(listing(*rows), listing(*rows))
    assert set(found["relation"]) <= {"same"}


def test_a_missing_column_is_named() -> None:
    with pytest.raises(EnrichError, match="column title is missing"):
        align(listing(A).drop("title"), listing(A))
