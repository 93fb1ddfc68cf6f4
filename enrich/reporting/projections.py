"""What the specification projected, as ranges, and where a counted figure falls. Pure.

The projections were made for one database (2,213 tracks, 635 failed, 26 of these with a label); where the one at hand
did not begin like that, counts stand without a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from enrich.reporting.precision import Precision
from enrich.rules import PROJECTED_PERCENT

BASE_TRACKS, BASE_FAILED, BASE_WITH_LABEL = 2_213, 635, 26

#: Counts that are projected as a share as well.
_ALSO_AS_SHARE = ("labels_proposed", "labels_found", "queue_recovered")

INSIDE, BELOW, ABOVE, NOT_YET = "inside", "below", "above", "not yet"


@dataclass(frozen=True, slots=True)
class Projection:
    """One projected figure: a range in `unit` (`tracks`, `%`, `points`), both ends included."""

    key: str
    phase: str
    metric: str
    low: float
    high: float
    unit: str = "tracks"
    before: float | None = None
    """The specification's current state of the same figure."""
    better: str | None = "above"
    """The good side outside the range; None where neither is."""

    def verdict(self, actual: float | None) -> str | None:
        """Where the counted figure falls; None where there is none."""
        if actual is None:
            return None
        if actual < self.low:
            return BELOW
        return ABOVE if actual > self.high else INSIDE

    def is_better(self, verdict: str | None) -> bool:
        """Whether a figure outside the range is outside on the good side."""
        return verdict is not None and verdict == self.better


PHASE_1, PHASE_2, PHASE_3, FINAL = (
    "Phase 1: Label Hunter",
    "Phase 2: multi-tier and co-occurrence",
    "Phase 3: cool-down queue",
    "Final state",
)

PROJECTIONS: tuple[Projection, ...] = (
    Projection("labels_proposed", PHASE_1, "Labels found, those in review included", 400, 450),
    Projection("labels_proposed_pct", PHASE_1, "Share of the tracks without a label, in review included", 60, 75, "%"),
    Projection("labels_found", PHASE_1, "Labels written to failed tracks without one", 400, 450),
    Projection("labels_found_pct", PHASE_1, "Share of the tracks without a label", 60, 75, "%"),
    Projection("tier1_candidates", PHASE_1, "Failed tracks with a label (Tier 1 candidates)", 450, 500, before=26),
    Projection("tier1_recovered", PHASE_2, "Artists found by Tier 1", 150, 200),
    Projection("tier2_recovered", PHASE_2, "Artists found by Tier 2", 50, 80),
    Projection("tiers_recovered", PHASE_2, "Tracks recovered by the tiers", 200, 280),
    Projection("queued", PHASE_3, "Tracks moved to the cool-down queue", 190, 270, better=None),
    Projection("queue_recovered", PHASE_3, "Recovered after cool-down, 6–12 months", 30, 70),
    Projection("queue_recovered_pct", PHASE_3, "Share of the queued tracks, 6–12 months", *PROJECTED_PERCENT, "%"),
    Projection("success_rate", FINAL, "Success rate", 85, 90, "%", before=71.3),
    Projection("success_gain", FINAL, "Success rate, gain", 14, 19, "points"),
    Projection("unresolved", FINAL, "Failed tracks (failed or in the queue)", 120, 240, before=635, better="below"),
    Projection("permanently_failed", FINAL, "Permanently failed", 30, 50, before=635, better="below"),
)


def projected_and_counted(
    headline: Mapping[str, Any],
    counted: Mapping[str, tuple[int, int]],
    right: Mapping[str, Precision],
    *,
    has_run: bool,
) -> dict[str, Any]:
    """The projections beside the counts, once any tier `has_run`.

    Args:
        headline: The report's headline figures.
        counted: Each figure and out of how many, as `report_projected` of `sql/duckdb/report.sql` counts them.
        right: How often the values a figure counts were right.

    Returns:
        apply (whether the database began as the one projected for), why (the comparison in words), rows: one per
        projection with its range, the count with its denominator `of`, verdict, and precision where it is known.
    """
    begun = tuple(headline[name] for name in ("tracks", "failed_before", "failed_with_label_before"))
    apply = begun == (BASE_TRACKS, BASE_FAILED, BASE_WITH_LABEL)
    before, after = headline["success_rate_before_pct"], headline["success_rate_after_pct"]
    rates = {"success_rate": after, "success_gain": round(after - before, 1)}
    figures: dict[str, tuple[float, int]] = {**counted, **{key: (rate, begun[0]) for key, rate in rates.items()}}
    figures |= {f"{key}_pct": (percent(*counted[key]), counted[key][1]) for key in _ALSO_AS_SHARE}
    rows = []
    for projection in PROJECTIONS:
        value, of = figures[projection.key]
        verdict = projection.verdict(value) if apply else None
        waiting = projection.key.startswith("queue_") and not counted["retried"][0] and verdict != INSIDE
        if verdict is not None and (waiting or not has_run):
            verdict = NOT_YET
        known = right.get(projection.key.removesuffix("_pct"), Precision())
        projected = {name: getattr(projection, name) if apply else None for name in ("before", "low", "high")}
        rows.append(
            {
                **{name: getattr(projection, name) for name in ("key", "phase", "metric", "unit")},
                **projected,
                "actual": value,
                "of": of,
                "verdict": verdict,
                "is_better": projection.is_better(verdict),
                "precision": known.rounded,
                "precision_n": known.judged,
            }
        )
    return {"apply": apply, "why": _why(headline, comparable=apply), "rows": rows}


def percent(part: float, whole: float) -> float:
    """A share in percent, one digit; 0 of nothing is 0."""
    return round(100.0 * part / whole, 1) if whole else 0.0


def _why(headline: Mapping[str, Any], *, comparable: bool) -> str:
    if comparable:
        return (
            "The specification's phases add to 230–350 recoveries, which would leave 285–405 of 635 unresolved "
            "(81.7–87.1 %); its final table says 120–240 (85–90 %). Both are shown as printed."
        )
    return (
        f"The specification projected for {BASE_TRACKS:,} tracks of which {BASE_FAILED} had failed, {BASE_WITH_LABEL} "
        f"of them with a label. This database began with {headline['tracks']:,} tracks of which "
        f"{headline['failed_before']:,} had failed, {headline['failed_with_label_before']:,} with a label: counts only."
    )
