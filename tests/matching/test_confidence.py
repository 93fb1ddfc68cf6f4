"""Confidence is measured; the table it came from can be shown."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest

from enrich.matching.choice import (
    ACCEPTED_PRECISION,
    Choice,
    confidence,
    probability,
)
from enrich.matching.values import Hit, Outcome
from enrich.rules import RELIABILITY

HIT = Hit(source="beatport", title="Night Signal", artists=("Alpha Kid",), label="Deepwell")


def chosen(score: float, *, outcome: Outcome = Outcome.FOUND, rule: str = "clear") -> Choice:
    return Choice(outcome=outcome, rule=rule, label="Deepwell", score=score, hit=HIT)


@pytest.mark.parametrize(("source", "expected"), [("beatport", 0.95), ("juno", 0.90), ("discogs", 0.85)])
def test_probability_is_reliability_times_match(source, expected):
    assert probability(source, 1.0) == expected
    assert probability(source, 0.5) == pytest.approx(expected / 2)


@pytest.mark.parametrize("source", sorted(RELIABILITY))
def test_confidence_rises_with_the_match_and_stays_a_share(source):
    values = [confidence(source, chosen(score / 100)) for score in range(60, 101)]

    assert values == sorted(values)
    assert all(0 <= value <= 1 for value in values)
    assert values[-1] >= ACCEPTED_PRECISION


def test_reviews_are_less_sure_than_finds_and_nothing_is_not_sure():
    found = confidence("beatport", chosen(1.0))

    for rule in ("rival_labels", "weak_part", "compilation_only", "common_title"):
        assert confidence("beatport", chosen(1.0, outcome=Outcome.REVIEW, rule=rule)) < found
    assert confidence("beatport", Choice(outcome=Outcome.NONE, rule="no_hit")) == 0.0


def test_an_unmeasured_source_gets_the_rules_own_word():
    assert confidence("somewhere", chosen(1.0)) == probability("somewhere", 1.0)


def calibration_table() -> pl.DataFrame:
    """What `bench.labels --calibrate` stored, a row per source and band of confidence, best band first."""
    stored = json.loads(files("enrich.matching").joinpath("calibration.json").read_text("utf-8"))
    return pl.DataFrame(
        [
            {"source": source, "auto_accept": figures["auto_accept"], **band}
            for source, figures in stored["sources"].items()
            for band in figures["bands"]
        ]
    )


def span(values, form: str) -> str:
    """One value, or from the least to the greatest."""
    return "–".join(dict.fromkeys(form.format(value) for value in (min(values), max(values))))


def as_markdown(table: pl.DataFrame) -> str:
    """Right of found in each band of confidence; sources that found the same, give or take three, are one row."""
    floors = sorted(set(table["confidence_from"]), reverse=True)
    heads = ["source", "reliability", *[f"from {floor:g}" for floor in floors], "all finds", "auto-accept from"]
    alike: dict[tuple[int, ...], list[pl.DataFrame]] = {}
    for _, bands in table.group_by("source", maintain_order=True):
        found = dict(bands["confidence_from", "n"].iter_rows())
        counts = tuple(found.get(floor, 0) for floor in floors)
        near = (key for key in alike if max(abs(a - b) for a, b in zip(key, counts, strict=True)) <= 3)
        alike.setdefault(next(near, counts), []).append(bands)
    lines = [" | ".join(heads), "|".join("---" for _ in heads)]
    for group in alike.values():
        sources = [bands["source"][0] for bands in group]
        cells = [", ".join(sources), span([RELIABILITY[source] for source in sources], "{:.2f}")]
        for floor in floors:
            rows = [row for bands in group for row in bands.filter(confidence_from=floor)["right", "n"].iter_rows()]
            right, n = zip(*rows, strict=True) if rows else ((), ())
            cells.append(f"{span(right, '{:,}')} / {span(n, '{:,}')}" if rows else "–")
        cells.append(span([bands["right"].sum() / bands["n"].sum() for bands in group], "{:.4f}"))
        lines.append(" | ".join([*cells, span([bands["auto_accept"][0] for bands in group], "{:.4f}")]))
    return "\n".join(f"| {line} |" if "---" not in line else f"|{line}|" for line in lines)


def test_thresholds_follow_from_the_table():
    table = calibration_table()

    assert set(table["source"]) == set(RELIABILITY)
    for source, threshold in table.drop_nulls("auto_accept").select("source", "auto_accept").unique().iter_rows():
        kept = table.filter((pl.col("source") == source) & (pl.col("confidence_from") >= threshold))
        assert (kept["precision_from_here"] >= ACCEPTED_PRECISION).all()
    assert (table["right"] <= table["n"]).all()


def test_the_documents_show_the_table_the_thresholds_came_from():
    page = Path(__file__).parents[2].joinpath("docs", "quality.md").read_text("utf-8")
    shown = as_markdown(calibration_table())

    assert shown in page
    # A header, its line, and one row for the five that are nearly equal.
    assert len(shown.splitlines()) == 4
