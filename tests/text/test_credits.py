from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.text.credits import CREDITS, credit_keys, learn_names, split_credits


def _split(credit: str | None, **options: object) -> list[tuple[str, str]]:
    return split_credits(pl.Series([credit], dtype=pl.String), **options).select("artist", "role").rows()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("credit", "artists"),
    [
        pytest.param("Tiësto vs. Armin van Buuren", ["Tiësto", "Armin van Buuren"], id="vs"),
        pytest.param("A x B", ["A", "B"], id="spaced-x"),
        pytest.param("Alex Xavier", ["Alex Xavier"], id="x-inside"),
        pytest.param("Malcolm X & Talib", ["Malcolm X", "Talib"], id="x-ends-a-name"),
        pytest.param("DJ A / DJ B", ["DJ A", "DJ B"], id="slash"),
        pytest.param("AC/DC", ["AC/DC"], id="unspaced-slash"),
        pytest.param("A b2b B b2b C", ["A", "B", "C"], id="b2b"),
        pytest.param("A with B", ["A", "B"], id="with"),
        pytest.param("A pres. B", ["A", "B"], id="presents"),
        pytest.param("A, B and C", ["A", "B", "C"], id="list"),
        pytest.param("Iggy and Bob", ["Iggy and Bob"], id="and-alone"),
        pytest.param("Above & Beyond", ["Above & Beyond"], id="known-duo"),
        pytest.param("Aly & Fila, Earth, Wind & Fire", ["Aly & Fila", "Earth, Wind & Fire"], id="two-known"),
        pytest.param("Simon & Garfunkel", ["Simon & Garfunkel"], id="simon"),
        pytest.param("Bob Marley & The Wailers", ["Bob Marley & The Wailers"], id="the-band"),
        pytest.param("Prince & The Revolution", ["Prince & The Revolution"], id="unknown-band"),
        pytest.param("Harry Connick, Jr.", ["Harry Connick, Jr."], id="junior"),
        pytest.param("10,000 Maniacs", ["10,000 Maniacs"], id="comma-in-number"),
        pytest.param("+/-", ["+/-"], id="marks"),
        pytest.param("!!!", ["!!!"], id="exclamation"),
        pytest.param("Kft. Band", ["Kft. Band"], id="kft-is-not-ft"),
        pytest.param("A & & B", ["A", "B"], id="doubled"),
        pytest.param("M & M Sound System & Cara", ["M & M Sound System", "Cara"], id="initials-of-a-name"),
        pytest.param("A & B feat. Cara", ["A", "B", "Cara"], id="initials-alone"),
        pytest.param("Alpha ✕ Beta · Cara • Dan", ["Alpha", "Beta", "Cara", "Dan"], id="other-marks"),
        pytest.param("فيروز، وديع", ["فيروز", "وديع"], id="arabic-comma"),
        pytest.param("ジョン・レノン", ["ジョン・レノン"], id="dot-within-a-name"),
        pytest.param("Alpha | Beta", ["Alpha", "Beta"], id="bar"),
        pytest.param("Prok | Fitch & Cara", ["Prok | Fitch", "Cara"], id="bar-of-a-name"),
        pytest.param("Alpha Feat: Beta", ["Alpha", "Beta"], id="guest-with-a-colon"),
        pytest.param("Alpha Feat.: Beta ｜ Cara", ["Alpha", "Beta", "Cara"], id="wide-bar"),
        pytest.param("Cara & Drum & Bass Arena", ["Cara", "Drum & Bass Arena"], id="ampersand-of-a-genre"),
        pytest.param("Rock + Roll Kings, Cara", ["Rock + Roll Kings", "Cara"], id="plus-of-a-genre"),
        pytest.param("Drum & Beta", ["Drum", "Beta"], id="half-a-genre"),
        pytest.param("  ", [], id="blank"),
        pytest.param(None, [], id="null"),
    ],
)  # fmt: skip
def test_who_is_named(credit: str | None, artists: list[str]) -> None:
    assert [artist for artist, _ in _split(credit)] == artists


@pytest.mark.parametrize(
    ("credit", "expected"),
    [
        pytest.param("A feat. B", [("A", "primary"), ("B", "featured")], id="feat"),
        pytest.param("A (ft B & C)", [("A", "primary"), ("B", "featured"), ("C", "featured")], id="in-brackets"),
        pytest.param(
            "A featuring B vs. C", [("A", "primary"), ("B", "featured"), ("C", "primary")], id="vs-after-feat"
        ),
        pytest.param("A (B Remix)", [("A", "primary"), ("B", "remixer")], id="remixer"),
    ],
)
def test_roles(credit: str, expected: list[tuple[str, str]]) -> None:
    assert _split(credit) == expected


def test_known_names_stay_whole_and_divide_at_and() -> None:
    assert _split("Foo & Bar vs Baz", known_artists=["FOO AND BAR"])[0][0] == "Foo & Bar"
    assert [a for a, _ in _split("Iggy and Bob", known_artists=["Iggy", "Bob"])] == ["Iggy", "Bob"]


def test_rows_and_positions() -> None:
    frame = split_credits(pl.Series(["A & B", None, "A & B", "C"]))
    assert frame.schema == CREDITS
    assert frame.select("row", "position").rows() == [(0, 1), (0, 2), (2, 1), (2, 2), (3, 1)]


def test_keys_are_of_the_parts_only() -> None:
    column = pl.Series(
        "artist", ["Tiësto vs. The Thrillseekers", "Above & Beyond", "ID & A", None, "A (B Remix)", "A & A"]
    )
    keys = credit_keys(column)
    assert keys.to_list() == [["tiesto", "thrillseekers"], ["above and beyond"], ["a"], [], ["a"], ["a"]]
    assert (keys.name, keys.dtype) == ("artist", pl.List(pl.String))


def test_a_duo_is_learned_and_a_guest_is_not() -> None:
    plays = ["Foo & Bar"] * 6 + ["Star & Newcomer"] * 6 + ["Star"] * 40 + ["Bar"] + ["One, Two, Three"] * 9
    assert learn_names(pl.Series(plays)) == {"Foo & Bar"}


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(st.none(), st.text(), st.sampled_from(["A & B", "A feat. B", ", &", "A x", "(feat. "])), max_size=6
    )
)
def test_any_text_is_split(texts: list[str | None]) -> None:
    column = pl.Series(texts, dtype=pl.String)
    frame = split_credits(column)
    assert frame.schema == CREDITS
    assert (frame["artist"] != "").all()
    assert frame["row"].is_sorted()
    assert len(credit_keys(column)) == len(texts)


@pytest.mark.shared
def test_real_duos_are_learned(shared_data: Path) -> None:
    artists = pl.read_parquet(shared_data / "tracklists.parquet", columns=["artist"])["artist"]
    learned = learn_names(artists)
    assert {"Gabriel & Dresden", "Agnelli & Nelson"} <= learned
    assert not any("Armin van Buuren" in name for name in learned)
