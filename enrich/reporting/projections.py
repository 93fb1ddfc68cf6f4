"""What the specification projected, as ranges, and where a counted figure falls.

Pure. The projections were made for one database (2,213 tracks, 635 failed, 26 of these with a label); `applies` says
whether the one at hand began like that. The specification's own phases do not add up to its final table:
200–280 + 30–70 recoveries leave 285–405 of 635 unresolved, a success rate of 81.7–87.1 %, where the final table says
120–240 and 85–90 %. Both are shown.
"""

from __future__ import annotations

from dataclasses import dataclass

BASE_TRACKS = 2_213
BASE_FAILED = 635
BASE_WITH_LABEL = 26

INSIDE, BELOW, ABOVE, NOT_YET = "inside", "below", "above", "not yet"


@dataclass(frozen=True, slots=True, kw_only=True)
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
    Projection(
        key="labels_proposed", phase=PHASE_1, metric="Labels found, those in review included", low=400, high=450
    ),
    Projection(
        key="labels_proposed_pct",
        phase=PHASE_1,
        metric="Share of the tracks without a label, in review included",
        low=60,
        high=75,
        unit="%",
    ),
    Projection(
        key="labels_found", phase=PHASE_1, metric="Labels written to failed tracks without one", low=400, high=450
    ),
    Projection(
        key="labels_found_pct",
        phase=PHASE_1,
        metric="Share of the tracks without a label",
        low=60,
        high=75,
        unit="%",
    ),
    Projection(
        key="tier1_candidates",
        phase=PHASE_1,
        metric="Failed tracks with a label (Tier 1 candidates)",
        low=450,
        high=500,
        before=26,
    ),
    Projection(key="tier1_recovered", phase=PHASE_2, metric="Artists found by Tier 1", low=150, high=200),
    Projection(key="tier2_recovered", phase=PHASE_2, metric="Artists found by Tier 2", low=50, high=80),
    Projection(key="tiers_recovered", phase=PHASE_2, metric="Tracks recovered by the tiers", low=200, high=280),
    Projection(
        key="queued",
        phase=PHASE_3,
        metric="Tracks moved to the cool-down queue",
        low=190,
        high=270,
        better=None,
    ),
    Projection(key="queue_recovered", phase=PHASE_3, metric="Recovered after cool-down, 6–12 months", low=30, high=70),
    Projection(
        key="queue_recovered_pct",
        phase=PHASE_3,
        metric="Share of the queued tracks, 6–12 months",
        low=15,
        high=25,
        unit="%",
    ),
    Projection(key="success_rate", phase=FINAL, metric="Success rate", low=85, high=90, unit="%", before=71.3),
    Projection(key="success_gain", phase=FINAL, metric="Success rate, gain", low=14, high=19, unit="points"),
    Projection(
        key="unresolved",
        phase=FINAL,
        metric="Failed tracks (failed or in the queue)",
        low=120,
        high=240,
        before=635,
        better="below",
    ),
    Projection(
        key="permanently_failed",
        phase=FINAL,
        metric="Permanently failed",
        low=30,
        high=50,
        before=635,
        better="below",
    ),
)


def applies(*, tracks: int, failed: int, failed_with_label: int) -> bool:
    """Whether a database that began with these counts is the one the projections were made for."""
    return (tracks, failed, failed_with_label) == (BASE_TRACKS, BASE_FAILED, BASE_WITH_LABEL)
