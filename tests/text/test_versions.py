from __future__ import annotations

import polars as pl
import pytest

from enrich.text.versions import base_key, is_version, split_version, without_guests


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("Night Signal (Beta Remix)", ("Night Signal", "Beta Remix"), id="version"),
        pytest.param("Night Signal (feat. Cara)", ("Night Signal (feat. Cara)", None), id="guest"),
        pytest.param("Night Signal", ("Night Signal", None), id="plain"),
        pytest.param("(Untold)", ("(Untold)", None), id="all-bracket"),
    ],
)
def test_split_version(title, expected):
    assert split_version(title) == expected


@pytest.mark.parametrize(
    ("title", "rest", "key"),
    [
        pytest.param("Night feat. Cara (Beta Remix)", "Night (Beta Remix)", "night", id="loose"),
        pytest.param("Night (feat. Cara - Beta Remix)", "Night (Beta Remix)", "night", id="version-in-its-bracket"),
        pytest.param("Night [ft Cara] - Club Mix", "Night - Club Mix", "night", id="version-behind-a-dash"),
        pytest.param("Feather", "Feather", "feather", id="only-the-letters"),
    ],
)
def test_guests_go_and_versions_stay(title, rest, key):
    frame = pl.DataFrame({"title": [title]})

    assert " ".join(frame.select(without_guests(pl.col("title"))).item().split()) == rest
    assert frame.select(base_key(pl.col("title"))).item() == key


@pytest.mark.parametrize(
    ("text", "in_bracket", "behind_dash"),
    [("Beta Remix", True, True), ("Beta Touch", True, False), ("Long Live Delta", False, False), ("Live", True, True)],
)
def test_a_version_is_told_by_how_it_ends(text, in_bracket, behind_dash):
    assert (is_version(text), is_version(text, in_bracket=False)) == (in_bracket, behind_dash)
