"""Titles and credits as people who do this job reported them; each stands for a kind, its neighbours are beside it."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from enrich.text.credits import split_credits
from enrich.text.titles import parse_titles

CASES = Path(__file__).parents[3].joinpath("shared", "data", "public_cases.json")
if not CASES.is_file():
    pytest.skip(f"{CASES}: no public cases here", allow_module_level=True)
PUBLIC = json.loads(CASES.read_text("utf-8"))
pytestmark = pytest.mark.shared


def of_kind(kind):
    return [pytest.param(case, id=case["id"]) for case in PUBLIC if case["kind"] == kind]


def fits(value, expected):
    if isinstance(expected, dict) and "any" in expected:
        return value in expected["any"]
    if isinstance(expected, dict) and "not" in expected:
        return value != expected["not"]
    return value == expected


@pytest.mark.parametrize("case", of_kind("titles"))
def test_a_reported_title(case):
    given = case["input"]
    artists = pl.Series([given["artist"]]) if "artist" in given else None
    (row,) = parse_titles(pl.Series([given["title"]]), artists=artists).to_dicts()

    for field, expected in case["expected"].items():
        assert fits(row[field], expected), f"{field}: {row}"


@pytest.mark.parametrize("case", of_kind("credits"))
def test_a_reported_credit(case):
    split = split_credits(pl.Series([case["input"]["credit"]]))

    assert fits(split["artist"].to_list(), case["expected"]["artists"]), split
    for artist, role in case["expected"].get("roles", {}).items():
        assert split.filter(pl.col("artist") == artist)["role"].to_list() == [role]
