"""How sure a found label is: what the rule says, and what it has measured.

`probability` = the source's reliability × the match score. `confidence` is calibrated: the share of held-out label
facts that were right at the same probability, by source, and by rule where a person should look. Both 0–1. The
figures are in `calibration.json` beside this module, written by `python -m bench.labels --calibrate`; it holds
figures only. The label facts behind them measure how well a track is recognised, not how well a service keeps its
labels: that stays the reliability's prior.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl

from enrich.matching.scores import Choice
from enrich.matching.values import Outcome
from enrich.rules import RELIABILITY, UNRATED

#: What an auto-accept threshold must keep.
ACCEPTED_PRECISION = 0.98

#: One row per source and band of confidence, what `calibration_table` returns.
CALIBRATION = pl.Schema(
    {
        "source": pl.String,
        "reliability": pl.Float64,
        "confidence_from": pl.Float64,
        "n": pl.Int64,
        "right": pl.Int64,
        "precision": pl.Float64,
        "precision_from_here": pl.Float64,
        "auto_accept": pl.Float64,
    }
)


def probability(source: str, score: float) -> float:
    """What the rule says: reliability × match score."""
    return RELIABILITY.get(source, UNRATED) * score


def confidence(source: str, choice: Choice) -> float:
    """What was right as often, on held-out facts, as this choice looks; 0 where no label is chosen.

    An unmeasured source or rule gets the rule's own probability, a review's at most one half.
    """
    if choice.label is None:
        return 0.0
    raw = probability(source, choice.score)
    measured = _calibration()
    share = measured["rules"].get(choice.rule)
    if choice.outcome is Outcome.REVIEW:
        return min(raw, 0.5 if share is None else float(share))
    if share is not None:
        return float(share)
    curve = measured["sources"].get(source, {}).get("curve")
    return interpolate(curve, raw) if curve else raw


def interpolate(curve: list[list[float]], at: float) -> float:
    """Value of a piecewise-linear curve of [x, y] knots, x ascending; flat beyond its ends."""
    xs = [x for x, _ in curve]
    place = bisect_right(xs, at)
    if place == 0:
        return curve[0][1]
    if place == len(curve):
        return curve[-1][1]
    (x0, y0), (x1, y1) = curve[place - 1], curve[place]
    return y0 + (y1 - y0) * (at - x0) / (x1 - x0)


def auto_accept_thresholds() -> dict[tuple[str, str], float]:
    """(`label`, source) → lowest confidence that kept a precision of 0.98 on held-out facts; the policy's learned part.

    A source that reached it at no confidence is left out: its labels go to review.
    """
    return {
        ("label", source): float(figures["auto_accept"])
        for source, figures in _calibration()["sources"].items()
        if figures["auto_accept"] is not None
    }


def calibration_table() -> pl.DataFrame:
    """The table the thresholds came from. Schema CALIBRATION; best band first within a source."""
    rows = [
        {
            "source": source,
            "reliability": RELIABILITY.get(source, UNRATED),
            "auto_accept": figures["auto_accept"],
            **band,
        }
        for source, figures in _calibration()["sources"].items()
        for band in figures["bands"]
    ]
    return pl.DataFrame(rows, schema=CALIBRATION)


def calibration_markdown() -> str:
    """The same table as the README shows it: by source, right of found in each band of confidence, best band first."""
    table = calibration_table()
    floors = sorted(set(table["confidence_from"]), reverse=True)
    heads = ["source", "reliability", *[f"from {floor:g}" for floor in floors], "all finds", "auto-accept from"]
    lines = [" | ".join(heads), "|".join("---" for _ in heads)]
    for (source,), bands in table.group_by("source", maintain_order=True):
        by_floor = {low: f"{right:,} / {n:,}" for low, right, n in bands["confidence_from", "right", "n"].iter_rows()}
        reliability, threshold = bands["reliability"][0], bands["auto_accept"][0]
        whole = f"{int(bands['right'].sum()) / int(bands['n'].sum()):.4f}"
        cells = [str(source), f"{reliability:.2f}", *(by_floor.get(floor, "–") for floor in floors), whole]
        lines.append(" | ".join([*cells, "never" if threshold is None else f"{threshold:.4f}"]))
    return "\n".join(f"| {line} |" if "---" not in line else f"|{line}|" for line in lines)


@cache
def _calibration() -> dict[str, Any]:
    text = files("enrich.matching").joinpath("calibration.json").read_text(encoding="utf-8")
    stored: dict[str, Any] = json.loads(text)
    return stored
