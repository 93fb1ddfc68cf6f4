"""How sure a found label is: what the rule says, and what it has measured.

`probability` = the source's reliability × the match score. `confidence` is calibrated: the share of held-out label
facts that were right at the same probability, by source, and by rule where a person should look. Both 0–1. The
figures are in `calibration.json` beside this module, written by `python -m bench.labels --calibrate`; it holds
figures only. The label facts behind them measure how well a track is recognised, not how well a service keeps its
labels: that stays the reliability's prior.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from enrich.matching.choice import Choice
from enrich.matching.values import Outcome
from enrich.rules import RELIABILITY, UNRATED

#: Rules whose choices are measured apart from the curve of their source.
MEASURED_RULES = ("common_title", "compilation_only", "rival_labels", "title_alone", "weak_part")

#: What an auto-accept threshold must keep.
ACCEPTED_PRECISION = 0.98


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
    if curve is None:
        return raw
    knots, shares = zip(*curve, strict=True)
    return float(np.interp(raw, knots, shares))


@cache
def _calibration() -> dict[str, Any]:
    text = files("enrich.matching").joinpath("calibration.json").read_text(encoding="utf-8")
    stored: dict[str, Any] = json.loads(text)
    return stored
