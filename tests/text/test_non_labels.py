"""One list of words that name no label, whoever reads it."""

from __future__ import annotations

import polars as pl
import pytest

from enrich.labels.book import refusal
from enrich.text.normalise import fold
from enrich.text.titles import parse_titles
from enrich.text.words import is_label, is_non_label, names_no_label
from enrich.tracklists.lines import split_label

NONE = ["White", "CD-R", "Not On Label", "Unknown", "Self-Released", "Free Download", "Unreleased", "Tune Of The Week"]
LABELS = [
    "Mixmash",
    "White Noise",
    "Dub Police",
    "Club Cheval",
    "Original Sin",
    "Free Range",
    "ID Label",
]


@pytest.mark.parametrize("text", NONE)
def test_every_reader_refuses_what_names_no_label(text):
    assert names_no_label(text)
    assert pl.select(refusal(pl.lit(text))).item() is not None
    assert split_label(text)[0] is None
    assert not pl.select(is_label(pl.lit(text))).item()
    assert parse_titles(pl.Series([f"Night Signal [{text}]"]))["label"].item() is None


@pytest.mark.parametrize("text", LABELS)
def test_every_reader_takes_a_label_with_such_a_word_in_it(text):
    assert not names_no_label(text)
    assert pl.select(refusal(pl.lit(text))).item() is None
    assert split_label(text)[0] == text
    assert pl.select(is_label(pl.lit(text))).item()
    assert parse_titles(pl.Series([f"Night Signal [{text}]"]))["label"].item() == text


def test_the_scalar_agrees_with_the_column():
    texts = [*NONE, *LABELS, "Radio Edit", "Taken from Essence", "", "R&S", "N/A", "VIP"]
    column = pl.DataFrame({"t": texts}).select(is_non_label(fold(pl.col("t")))).to_series().to_list()

    assert column == [names_no_label(text) for text in texts]


def test_a_number_behind_no_label_is_kept():
    assert split_label("Not On Label - 12-DEL-001") == (None, "12-DEL-001", "Not On Label")
