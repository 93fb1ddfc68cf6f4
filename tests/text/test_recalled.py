"""No text is read twice, and what is recalled is what reading says."""

from __future__ import annotations

import polars as pl

from enrich.text.credits import split_credits
from enrich.text.recalled import recalled


def _reader():
    asked = []

    def letters(texts):
        asked.extend(texts)
        return pl.DataFrame({"text": texts, "letter": texts.str.split("")}).explode("letter").filter(
            pl.col("letter") != "-"
        )  # fmt: skip

    return recalled(letters, on="text"), asked


def test_rows_are_those_of_the_distinct_texts_in_their_order():
    read, asked = _reader()

    assert read(pl.Series(["ab", None, "c", "ab", "-"])).rows() == [("ab", "a"), ("ab", "b"), ("c", "c")]
    assert read(pl.Series(["d", "c"])).rows() == [("d", "d"), ("c", "c")]
    assert read(pl.Series([], dtype=pl.String)).columns == ["text", "letter"]
    assert asked == ["ab", "c", "-", "d"]  # a text without rows is not asked again either


def test_of_too_many_texts_none_is_kept_and_all_are_answered():
    read, asked = _reader()
    many = pl.Series(f"{n}" for n in range(20_001))

    assert read(many)["text"].n_unique() == len(many)
    assert read(many.head(3))["text"].n_unique() == 3
    assert len(asked) == len(many) + 3


def test_a_credit_is_taken_apart_as_the_names_known_then_say():
    credit = pl.Series(["Alder & Birch, Cedar"])

    assert split_credits(credit)["artist"].to_list() == ["Alder", "Birch", "Cedar"]
    assert split_credits(credit, known_artists=["Alder & Birch"])["artist"].to_list() == ["Alder & Birch", "Cedar"]
    assert split_credits(credit)["artist"].to_list() == ["Alder", "Birch", "Cedar"]
