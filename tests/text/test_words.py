from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.text.words import is_unknown_artist, is_unknown_title


def _artist(text: str | None) -> bool:
    return pl.DataFrame({"t": [text]}, schema={"t": pl.String}).select(is_unknown_artist(pl.col("t"))).item()


def _title(text: str | None) -> bool:
    return pl.DataFrame({"t": [text]}, schema={"t": pl.String}).select(is_unknown_title(pl.col("t"))).item()


BOTH = [None, "", " ", "ID", "id", "I.D.", "ID 2", "ID #3", "IDs", "?", "???", "-", "Unknown", "UNKNOWN", "Unknown (2)",
        "Unkown", "unknow", "ID - ID", "[ID]", "TBA", "T.B.A.", "N/A", "White Label", "Unreleased"]  # fmt: skip


@pytest.mark.parametrize("text", [*BOTH, "Unknown Artist", "Artist Unknown", "Unknown Artist 3", "Unknown DJ"])
def test_unknown_artists(text: str | None) -> None:
    assert _artist(text) is True


@pytest.mark.parametrize(
    "text",
    ["Identity", "The Unknown Cases", "Unknown T", "Unknown Mortal Orchestra", "!!!", "+/-", "T78", "I:Cube", "Idris",
     "ID & Armin van Buuren", "Nan Kolè", "Artist Of The Year", "Tracker", "😀"],
)  # fmt: skip
def test_known_artists(text: str) -> None:
    assert _artist(text) is False


@pytest.mark.parametrize(
    "text",
    [*BOTH, "Unknown Track", "Unknown Title", "Track Unknown", "Untitled", "ID (Working Title)", "ID (Balagan Remix)",
     "Privilege 2013 ID", "Echostage 2019 ID 02 (Working Title)", "ID Remix", '? "Born\'s Freestyle"'],
)  # fmt: skip
def test_unknown_titles(text: str | None) -> None:
    assert _title(text) is True


@pytest.mark.parametrize(
    "text", ["Identity", "Who Am I?", "Untitled 02", "Untitled (A1)", "Track 04", "Kid", "Cupid", "I Did"]
)
def test_known_titles(text: str) -> None:
    assert _title(text) is False


@settings(deadline=None)
@given(st.lists(st.text(), max_size=8))
def test_any_text_gets_an_answer(texts: list[str]) -> None:
    frame = pl.DataFrame({"t": texts}, schema={"t": pl.String})
    for rule in (is_unknown_artist, is_unknown_title):
        answer = frame.select(rule(pl.col("t"))).to_series()
        assert answer.dtype == pl.Boolean
        assert answer.null_count() == 0


@pytest.mark.shared
def test_on_real_tracklists(shared_data: Path) -> None:
    """Against the marks of the data: titles marked unknown are found, few others are taken for unknown."""
    frame = pl.read_parquet(shared_data / "tracklists.parquet", columns=["artist", "title", "id_kind"])
    marked = frame["id_kind"].is_in(["title", "both"]).fill_null(False)
    # The data counts `Untitled` as a title; the database's own list counts it as unknown.
    judged = frame["title"].str.to_lowercase().ne_missing("untitled")
    said = frame.select(is_unknown_title(pl.col("title"))).to_series()
    right = (said & marked & judged).sum()
    assert right / (marked & judged).sum() >= 0.99
    assert right / (said & judged).sum() >= 0.97
    artist = frame.filter(pl.col("id_kind").is_null()).drop_nulls("artist").select(is_unknown_artist(pl.col("artist")))
    assert artist.to_series().mean() < 0.001
