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


def listing(*rows: Row, at: list[int] | None = None, cues: list[int | None] | None = None) -> pl.DataFrame:
    return pl.DataFrame(
        [("p", n, *row) for n, row in zip(at or range(1, len(rows) + 1), rows, strict=True)],
        schema={"pair": pl.String, "position": pl.Int32, "artist": pl.String, "title": pl.String},
        orient="row",
    ).with_columns(cue=pl.Series(cues or [None] * len(rows), dtype=pl.Int64))


def aligned(old: pl.DataFrame, new: pl.DataFrame) -> list[tuple[object, ...]]:
    found = align(old, new)
    assert found.schema == ALIGNED
    assert (found["among"].is_not_null() == (found["relation"] == "perhaps")).all()
    return [row[1:5] for row in found.rows()]


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


def perhaps(old: pl.DataFrame, new: pl.DataFrame) -> list[tuple[object, ...]]:
    return align(old, new).filter(relation="perhaps").select("old_row", "new_row", "certain", "among").rows()


def named(old: pl.DataFrame, new: pl.DataFrame) -> list[tuple[object, ...]]:
    return [row for row in aligned(old, new) if row[2] == "named"]


NEW = ("Vale", "Ember")


def test_an_id_beside_a_row_that_was_missing_may_be_either() -> None:
    old, new = listing(A, ID, C, D), listing(A, NEW, B, C, D)
    assert perhaps(old, new) == [(1, 1, False, 2), (1, 2, False, 2)]
    assert {"removed", "inserted"} <= {row[2] for row in aligned(old, new)}
    # The other way round the new listing's unknown may be either of the old one's.
    assert perhaps(new, old) == [(1, 1, False, 2), (2, 1, False, 2)]
    many = listing(A, *(("Ruth", f"Tide {n}") for n in range(5)), C, D)
    assert perhaps(old, many) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(
            listing(A, ID, C, cues=[0, 500, 800]), listing(A, B, NEW, C, cues=[3, 250, 506, 801]), [(1, 2)], id="cue"
        ),
        pytest.param(
            listing(A, ID, C, cues=[100, 600, 900]), listing(A, B, NEW, C, cues=[0, 250, 500, 800]), [(1, 2)],
            id="cues-of-another-start",
        ),
        pytest.param(listing(A, ID, C, at=[1, 3, 4]), listing(A, B, NEW, C), [(1, 2)], id="gap-in-the-numbers"),
        pytest.param(listing(ID, C, at=[2, 3]), listing(B, NEW, C), [(0, 1)], id="gap-at-the-start"),
        pytest.param(listing(A, C, ID, at=[1, 2, 4]), listing(A, C, B, NEW), [(2, 3)], id="gap-at-the-end"),
        pytest.param(
            listing(A, ID, ID, C, at=[5, 6, 8, 9]), listing(A, B, ("Ruth", "Tide"), NEW, C, at=[7, 8, 9, 10, 11]),
            [(1, 1), (2, 3)], id="numbers-from-elsewhere",
        ),
    ],
)  # fmt: skip
def test_an_id_whose_place_cue_or_number_tells(
    old: pl.DataFrame, new: pl.DataFrame, expected: list[tuple[int, int]]
) -> None:
    assert named(old, new) == [(i, j, "named", True) for i, j in expected]
    assert perhaps(old, new) == []


def test_numbers_that_were_counted_anew_tell_nothing() -> None:
    assert named(listing(A, ID, C, at=[1, 2, 3]), listing(A, B, NEW, C)) == []
    assert named(listing(A, ID, C, cues=[0, 500, 800]), listing(A, B, NEW, C, cues=[0, 495, 505, 800])) == []


def test_a_title_tells_the_row_and_a_row_that_is_told_parts_the_rest() -> None:
    old = listing(A, ID, (None, "Ember"), C)
    assert named(old, listing(A, B, ("Ruth", "Tide"), NEW, C)) == [(2, 3, "named", False)]
    assert perhaps(old, listing(A, B, ("Ruth", "Tide"), NEW, C)) == [(1, 1, False, 2), (1, 2, False, 2)]
    assert named(listing(A, (None, "Harbour"), C), listing(A, ("Oslo 9", "Glass"), C)) == []


def test_an_id_with_an_artist_takes_no_name_of_another() -> None:
    found = aligned(listing(A, ("Vale", "ID"), C), listing(A, B, C))
    assert {row[2] for row in found} == {"same", "removed", "inserted"}
    assert named(listing(A, ("Vale", "ID"), C), listing(A, ("Ruth", "Tide"), NEW, C)) == [(1, 2, "named", False)]


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
    found = align(listing(*old), listing(*new)).filter(pl.col("relation") != "perhaps")
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
