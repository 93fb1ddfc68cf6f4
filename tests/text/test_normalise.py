import re
import unicodedata

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.text import normalise
from enrich.text.normalise import (
    artist_key,
    fold,
    label_key,
    normalise_artist,
    normalise_isrc,
    normalise_title,
    title_key,
)


def normalise_label(text: str | None) -> str | None:
    return pl.select(label_key(pl.lit(text, pl.String))).item()


SAME_ARTIST = [
    pytest.param("Above & Beyond", "Above and Beyond", id="ampersand"),
    pytest.param("Florence + The Machine", "Florence & the Machine", id="plus"),
    pytest.param("Tiësto", "TIESTO", id="accent-and-case"),
    pytest.param("The Thrillseekers (2)", "Thrillseekers", id="the-and-discogs"),
    pytest.param("Cristoph (UK)", "Cristoph", id="beatport-country"),
    pytest.param("Röyksopp", "Royksopp", id="umlaut"),
    pytest.param("Mø", "Mo", id="letter-that-is-no-accent"),
    pytest.param("４ Ｓｔｒｉｎｇｓ", "4 Strings", id="full-width"),
    pytest.param("Alex M.O.R.P.H.", "Alex M O R P H", id="dots"),
    pytest.param("John O'Callaghan", "John O’Callaghan", id="apostrophes"),
]


@pytest.mark.parametrize(("one", "other"), SAME_ARTIST)
def test_spellings_of_one_artist_meet(one: str, other: str) -> None:
    assert normalise_artist(one) == normalise_artist(other) != ""


@pytest.mark.parametrize("name", ["!!!", "T78", "+/-", "???", "The The", "Ø [Phase]", "(2)", "x", "999"])
def test_odd_names_keep_a_key(name: str) -> None:
    assert normalise_artist(name)


def test_odd_names_do_not_merge() -> None:
    keys = [normalise_artist(name) for name in ("!!!", "+/-", "???", "T78", "&", "And")]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("spellings", "key"),
    [
        pytest.param(
            ("Black Hole", "Blackhole", "Black Hole Recordings", "BLACK HOLE (2)"), "blackhole", id="black-hole"
        ),
        pytest.param(("Armada", "Armada Music", "Armada Digital Music Ltd."), "armada", id="several-suffixes"),
        pytest.param(("R & S Records", "R&S", "R and S"), "rands", id="r-and-s"),
        pytest.param(("Defected", "Defected Records Limited"), "defected", id="limited"),
        pytest.param(("Music", "The Music"), "music", id="suffix-alone-is-a-name"),
        pytest.param(("Music Man Records", "Music Man"), "musicman", id="suffix-word-in-front"),
        pytest.param(("R Records",), "rrecords", id="one-letter-keeps-its-suffix"),
    ],
)
def test_spellings_of_one_label_meet(spellings: tuple[str, ...], key: str) -> None:
    assert {normalise_label(s) for s in spellings} == {key}


def test_titles_keep_their_versions() -> None:
    assert normalise_title("Xpander (Edit) [Bedrock]") == "xpander edit bedrock"


def test_null_stays_null() -> None:
    assert (normalise_artist(None), normalise_title(None), normalise_label(None)) == (None, None, None)


@settings(deadline=None)
@given(st.lists(st.text(), max_size=8))
def test_keys_of_keys_are_themselves(texts: list[str]) -> None:
    frame = pl.DataFrame({"t": texts}, schema={"t": pl.String})
    for rule in (artist_key, title_key, label_key):
        once = frame.select(rule(pl.col("t")))
        assert once.height == len(texts)
        assert once.select(rule(pl.col("t"))).equals(once)


def _fold_one(text: str) -> str:
    """The rule of `fold`, slow and obvious, for one text."""
    bare = [c for c in unicodedata.normalize("NFKD", text) if not unicodedata.category(c).startswith("M")]
    text = "".join(bare).lower().replace("ß", "ss").replace("ø", "o")
    text = re.sub(r"['’‘`´]", "", text)
    if not any(unicodedata.category(c)[0] in "LN" for c in text):
        return re.sub(r"\s+", " ", text).strip()
    joined = re.sub(r"\s*[&+]\s*", " and ", text)
    return " ".join("".join(c if unicodedata.category(c)[0] in "LN" else " " for c in joined).split())


@settings(deadline=None)
@given(st.lists(st.text("aB &+'’-!.é ßØ４ﬁ\u0301", max_size=8), max_size=20))
def test_a_column_folds_as_each_of_its_texts(texts: list[str]) -> None:
    folded = pl.DataFrame({"text": texts}, schema={"text": pl.String}).select(title_key(pl.col("text")))["text"]

    assert folded.to_list() == [_fold_one(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "code"),
    [("gb-xxx-24-00001", "GBXXX2400001"), ("GBXXX2400001", "GBXXX2400001"), ("x", None), (None, None), ("", None)],
)
def test_isrc(text, code):
    assert normalise_isrc(text) == code


@given(
    st.lists(st.text(st.characters(codec="utf-8"), max_size=30) | st.text("aB 9&+'`-.,()[]/", max_size=30), max_size=30)
)
def test_a_few_texts_fold_as_a_column_does(texts):
    column = normalise._folded_column(pl.Series("t", texts, dtype=pl.String))

    assert normalise.fold_texts(texts) == column.to_list()
    assert pl.DataFrame({"t": [*texts, None]}, schema={"t": pl.String}).select(fold(pl.col("t")))["t"].to_list() == [
        *column,
        None,
    ]
