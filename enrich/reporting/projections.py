"""What the specification projected, as ranges, and where a counted figure falls. Pure.

The projections were made for one database (2,213 tracks, 635 failed, 26 of these with a label); where the one at hand
did not begin like that, counts stand without a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from enrich.reporting.precision import Precision, precision
from enrich.rules import LABEL_FLOOR, PROJECTED_PERCENT

BASE_TRACKS, BASE_FAILED, BASE_WITH_LABEL = 2_213, 635, 26

_QUEUED = "pending_re_enrichment"

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
    tracks: pl.DataFrame, headline: Mapping[str, Any], judged: Mapping[str, pl.DataFrame], *, has_run: bool
) -> dict[str, Any]:
    """The projections beside the counts, once any tier `has_run`.

    Args:
        tracks: As `figures.with_outcomes` returns them.
        headline: The report's headline figures.
        judged: `proposals` and `written`, each with `is_right`.

    Returns:
        apply (whether the database began as the one projected for), why (the comparison in words), rows: one per
        projection with its range, the count with its denominator `of`, verdict, and precision where it is known.
    """
    begun = tuple(headline[name] for name in ("tracks", "failed_before", "failed_with_label_before"))
    apply = begun == (BASE_TRACKS, BASE_FAILED, BASE_WITH_LABEL)
    counted = _counted(tracks, headline, judged)
    retried = bool((tracks["was_unresolved"] & tracks["was_queued"] & (tracks["status"] != _QUEUED)).any())
    rows = []
    for projection in PROJECTIONS:
        value, of = counted[projection.key]
        verdict = projection.verdict(value) if apply else None
        waiting = projection.key.startswith("queue_") and not retried and verdict != INSIDE
        if verdict is not None and (waiting or not has_run):
            verdict = NOT_YET
        known = _precision_of(projection.key, judged)
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


def _counted(
    tracks: pl.DataFrame, headline: Mapping[str, Any], judged: Mapping[str, pl.DataFrame]
) -> dict[str, tuple[float, int]]:
    """Each projection's figure as it is counted, and out of how many."""
    failed = tracks.filter("was_unresolved")
    blank = failed.filter(~pl.col("label_before"))
    found = int(blank["label_written"].sum())
    proposed = blank.join(judged["proposals"].filter(_is_label_found()), on="track_id", how="semi").height
    recovered = failed.filter("is_recovered")
    from_queue = int(recovered["came_from_queue"].sum())
    queued = failed.filter((pl.col("status") == _QUEUED) | pl.col("was_queued")).height
    by_tier = {n: int((recovered["artist_tier"] == n).fill_null(value=False).sum()) for n in (1, 2)}
    before, after = headline["success_rate_before_pct"], headline["success_rate_after_pct"]
    counted = {
        "labels_proposed": (proposed, blank.height),
        "labels_found": (found, blank.height),
        "tier1_candidates": (int(failed["label"].is_not_null().sum()), failed.height),
        "tier1_recovered": (by_tier[1], failed.height),
        "tier2_recovered": (by_tier[2], failed.height),
        "tiers_recovered": (recovered.height - from_queue, failed.height),
        "queued": (queued, failed.height),
        "queue_recovered": (from_queue, queued),
        "unresolved": (int(failed["is_unresolved"].sum()), failed.height),
        "permanently_failed": (headline["permanently_failed_after"], failed.height),
    }
    shares = {f"{key}_pct": (percent(*counted[key]), counted[key][1]) for key in _ALSO_AS_SHARE}
    rates = {
        "success_rate": (after, headline["tracks"]),
        "success_gain": (round(after - before, 1), headline["tracks"]),
    }
    return {**counted, **shares, **rates}


def _precision_of(key: str, judged: Mapping[str, pl.DataFrame]) -> Precision:
    """Precision beside a recovery figure: of just the values that figure counts."""
    failed = pl.col("was_unresolved") & ~pl.col("label_before")
    if key.startswith("labels_proposed"):
        best = (
            judged["proposals"]
            .filter(_is_label_found() & failed)
            .sort("confidence", descending=True, nulls_last=True)
            .unique("track_id", keep="first", maintain_order=True)
        )
        return precision(best)
    artist = (pl.col("kind") == "artist") & pl.col("is_recovered")
    counted: dict[str, pl.Expr] = {
        "labels_found": (pl.col("kind") == "label") & failed,
        "tier1_candidates": (pl.col("kind") == "label") & failed,
        "tier1_recovered": artist & (pl.col("tier") == 1),
        "tier2_recovered": artist & (pl.col("tier") == 2),
        "tiers_recovered": artist & ~pl.col("came_from_queue"),
        "queue_recovered": artist & pl.col("came_from_queue"),
        "success_rate": artist,
        "success_gain": artist,
    }
    which = counted.get(key.removesuffix("_pct"))
    return Precision(right=0, judged=0) if which is None else precision(judged["written"].filter(which))


def _is_label_found() -> pl.Expr:
    """Whether a proposal is a label that is found: at or above the floor, and not rejected."""
    found = (pl.col("kind") == "label") & (pl.col("confidence") >= LABEL_FLOOR)
    return found & (pl.col("status") != "rejected")


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
