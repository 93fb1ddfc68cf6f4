"""The report's figures, computed from what was read; every one is a count of rows in Postgres.

Pure. `figures` returns plain values, ready for JSON.

Words: the *start* is the database with every write that stands undone. *Unresolved* is failed or in the cool-down
queue. *Recovered* was unresolved at the start and is now completed with a primary artist who has a name.
*Permanently failed* is failed with no retries left.

What the specification projected stands beside, as ranges. That was for one database (2,213 tracks, 635 failed, 26 of
these with a label); where the one at hand did not begin like that, counts stand without a verdict.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import duckdb
import polars as pl

from enrich.frames.schemas import KINDS
from enrich.measuring.judging import TRUTH, judge
from enrich.reporting.dashboards import Counts, Precision
from enrich.rules import LABEL_FLOOR, MAX_ATTEMPTS, PROJECTED_PERCENT
from enrich.sql import DUCKDB, in_memory
from enrich.text.words import is_unknown_artist

REVIEW_ROWS = 10
_REVIEW, _PARK = "proposals --status proposed --csv review.csv", "cooldown migrate --limit 500"
_CYCLE = "trigger --limit 1000"
BANDS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 1.0)

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
        return BELOW if actual < self.low else ABOVE if actual > self.high else INSIDE

    def is_better(self, verdict: str | None) -> bool:
        """Whether a figure outside the range is outside on the good side."""
        return verdict is not None and verdict == self.better


PHASE_1, PHASE_2 = "Phase 1: Label Hunter", "Phase 2: multi-tier and co-occurrence"
PHASE_3, FINAL = "Phase 3: cool-down queue", "Final state"

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


def figures(counts: Counts, *, now: datetime) -> dict[str, Any]:
    """Everything the page shows, as plain values."""
    with _tables(counts) as con:

        def rows(name: str, **values: object) -> list[dict[str, Any]]:
            found = DUCKDB[f"report_{name}"].frame(con, **values)
            return found.with_columns(pl.col("^(.*_)?precision$").round(4), pl.col("^mean_.*$").round(3)).to_dicts()

        headline = rows("headline", max_attempts=MAX_ATTEMPTS)[0]
        before, after = headline["completed_before"], headline["completed_after"]
        for when, completed in (("before", before), ("after", after)):
            headline[f"success_rate_{when}_pct"] = percent(completed, headline["tracks"])
        headline["completed_by_writing"] = after - before
        right = {row.pop("figure"): Precision(**row) for row in rows("right", label_floor=LABEL_FLOOR)}
        counted = {
            row.pop("figure"): (row["actual"], row["whole"]) for row in rows("projected", label_floor=LABEL_FLOOR)
        }
        waiting = rows("waiting", max_attempts=MAX_ATTEMPTS)[0]
        return {
            "generated_at": now.isoformat(timespec="seconds"),
            "database": counts.database,
            "is_demo_world": counts.truth is not None,
            "headline": headline
            | {f"{of}_precision": right.get(of, Precision()).asdict() for of in ("recovered", "labels", "artists")},
            "label_coverage": {
                "specification_query": counts.coverage,
                **{
                    row.pop("group"): row | {f"{at}_pct": percent(row[at], row["tracks"]) for at in ("before", "after")}
                    for row in rows("coverage")
                },
            },
            "projections": projected_and_counted(headline, counted, right, has_run=not counts.runs.is_empty()),
            "by_source": rows("by_source"),
            "confidence_bands": rows("bands"),
            "proposal_status": rows("proposal_status"),
            "tiers": rows("tiers"),
            "funnel": [row | {"pct": percent(row["tracks"], row["of"])} for row in rows("funnel")],
            "success_trend": counts.trend.with_columns(pl.col("success_rate").round(2)).to_dicts(),
            "queue": {**counts.queue, "by_week": counts.queue_weeks.to_dicts()},
            "unknown_slots": counts.slots | rows("unknowns")[0],
            "statuses": rows("statuses"),
            "runs": counts.runs.drop("summary").to_dicts(),
            "unavailable_sources": _unavailable(counts.runs),
            "next_steps": _next_steps(counts, waiting, headline),
            "review_first": rows("review_first", limit_rows=REVIEW_ROWS),
        }


@contextmanager
def _tables(counts: Counts) -> Iterator[duckdb.DuckDBPyConnection]:
    """What `sql/duckdb/report.sql` counts: the frames read, and proposals and written values with `is_right`.

    Without a planted truth that is null everywhere.
    """
    named = ~is_unknown_artist(pl.element())
    states = counts.states.with_columns(
        has_artist=pl.col("primary_artists").list.eval(named).list.any().fill_null(value=False)
    )
    edges = [(f"{low:.2f}–{high:.2f}", low, high) for low, high in pairwise(BANDS)]
    tables = {
        "states": states,
        "proposals": counts.proposals,
        "kinds": pl.DataFrame({"kind": KINDS}).with_row_index("place"),
        "bands": pl.DataFrame(edges, schema=["band", "low", "high"], orient="row"),
    }
    truth = TRUTH.to_frame() if counts.truth is None else counts.truth
    with in_memory(**tables) as con:
        DUCKDB["report_tracks"].run(con, max_attempts=MAX_ATTEMPTS)
        for name in ("written", "offered"):
            con.register(name, judge(DUCKDB[f"report_{name}"].frame(con), truth, aliases=counts.aliases).to_arrow())
        yield con


def _unavailable(runs: pl.DataFrame) -> dict[str, str]:
    """Source → why it could not answer, from the latest run that asked."""
    reasons: dict[str, str] = {}
    for summary in runs["summary"]:
        reasons |= json.loads(summary or "{}").get("unavailable") or {}
    return reasons


def _next_steps(counts: Counts, waiting: Mapping[str, int], headline: Mapping[str, Any]) -> list[dict[str, str]]:
    """What an analyst would do now, most useful first: a sentence and its command."""
    some: list[tuple[Any, str, str]] = [
        (waiting["accepted"], "{:,} accepted proposals are not written yet.", "writeback --apply"),
        (waiting["proposed"], "{:,} proposals wait for a person, the surest first.", _REVIEW),
        (waiting["conflict"], "{:,} proposals met values changed since the snapshot.", "proposals --status conflict"),
        (waiting["retriable"], "{:,} tracks failed for a reason that passes; the cycle retries them first.", _CYCLE),
        (headline["pending_after"], "{:,} tracks are pending.", _CYCLE),
        (counts.queue["ready_for_retry"], "{:,} tracks have ended their cool-down.", "cooldown process --limit 500"),
        (waiting["unparked"], "{:,} failed tracks have retries left and no date for one.", _PARK),
    ]
    steps = [(words.format(int(n)), f"enrich {command}") for n, words, command in some if n]
    if counts.states.is_empty():
        text = "The database holds no tracks with an enrichment status."
        steps.insert(0, (text, "enrich import FILE… or enrich demo"))
    elif counts.runs.is_empty():
        steps.insert(0, ("No tier has run yet: nothing is proposed.", "enrich resolve --limit 1000"))
    for source, why in sorted(_unavailable(counts.runs).items()):
        steps.append((f"{source} could not answer: {why}.", "enrich hunt-labels --limit 500"))
    return [{"text": text, "command": command} for text, command in steps]


def projected_and_counted(
    headline: Mapping[str, Any],
    counted: Mapping[str, tuple[int, int]],
    right: Mapping[str, Precision],
    *,
    has_run: bool,
) -> dict[str, Any]:
    """The projections beside the counts (each figure and out of how many), once any tier `has_run`.

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
        row: dict[str, Any] = {name: getattr(projection, name) for name in ("key", "phase", "metric", "unit")}
        row |= {name: getattr(projection, name) if apply else None for name in ("before", "low", "high")}
        row |= {"actual": value, "of": of, "verdict": verdict, "is_better": projection.is_better(verdict)}
        rows.append(row | {"precision": known.rounded, "precision_n": known.judged})
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
