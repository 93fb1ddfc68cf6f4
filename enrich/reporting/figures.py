"""The report's figures, computed from what was read; every one is a count of rows in Postgres.

Pure. `figures` returns plain values, ready for JSON.

Words: the *start* is the database with every write that stands undone. *Unresolved* is failed or in the cool-down
queue. *Recovered* was unresolved at the start and is now completed with a primary artist who has a name.
*Permanently failed* is failed with no retries left.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

import polars as pl

from enrich.frames.schemas import KINDS
from enrich.measuring.judging import judge
from enrich.reporting.counts import Counts
from enrich.reporting.precision import precision, precision_by
from enrich.reporting.projections import percent, projected_and_counted
from enrich.rules import MAX_ATTEMPTS
from enrich.text.words import is_unknown_artist

REVIEW_ROWS = 10
BANDS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 1.0)
_QUEUED = "pending_re_enrichment"


def figures(counts: Counts, *, now: datetime) -> dict[str, Any]:
    """Everything the page shows, as plain values.

    Args:
        counts: What was read.
        now: Time of the report.
    """
    tracks = with_outcomes(counts.states)
    headline = _headline(tracks)
    judged = _judge_all(counts, tracks)
    return {
        "generated_at": now.isoformat(timespec="seconds"),
        "database": counts.database,
        "is_demo_world": counts.truth is not None,
        "headline": {**headline, **_headline_precision(judged)},
        "label_coverage": _label_coverage(counts, tracks),
        "projections": projected_and_counted(tracks, headline, judged, has_run=not counts.runs.is_empty()),
        "by_source": _by_source(counts, judged),
        "confidence_bands": _bands(judged["proposals"]),
        "proposal_status": _counts_by(counts.proposals, ["kind", "status"]),
        "tiers": _tiers(tracks),
        "funnel": _funnel(counts, tracks),
        "success_trend": counts.trend.with_columns(pl.col("success_rate").round(2)).to_dicts(),
        "queue": {**counts.queue, "by_week": counts.queue_weeks.to_dicts()},
        "unknown_slots": _unknown_slots(counts, tracks),
        "statuses": _counts_by(tracks, ["status"]),
        "runs": counts.runs.drop("summary").to_dicts(),
        "unavailable_sources": _unavailable(counts.runs),
        "next_steps": _next_steps(counts, tracks, headline),
        "review_first": _review_first(counts, tracks),
    }


def with_outcomes(states: pl.DataFrame) -> pl.DataFrame:
    """Add to STATES what the words of this module mean, one Boolean each.

    Returns:
        `states` and `has_artist, was_unresolved, is_unresolved, is_recovered, is_permanent, label_before`.
    """
    named = ~is_unknown_artist(pl.element())
    return (
        states.with_columns(has_artist=pl.col("primary_artists").list.eval(named).list.any().fill_null(value=False))
        .with_columns(
            was_unresolved=pl.col("status_before") == "failed",
            is_unresolved=pl.col("status").is_in(["failed", _QUEUED]),
            label_before=pl.col("label").is_not_null() & ~pl.col("label_written"),
            is_permanent=(pl.col("status") == "failed") & (pl.col("retry_count") >= MAX_ATTEMPTS),
        )
        .with_columns(is_recovered=pl.col("was_unresolved") & (pl.col("status") == "completed") & pl.col("has_artist"))
    )


def _headline(tracks: pl.DataFrame) -> dict[str, Any]:
    total = tracks.height
    failed = tracks.filter("was_unresolved")
    before = int((tracks["status_before"] == "completed").sum())
    after = int((tracks["status"] == "completed").sum())
    return {
        "tracks": total,
        "completed_before": before,
        "completed_after": after,
        "success_rate_before_pct": percent(before, total),
        "success_rate_after_pct": percent(after, total),
        "failed_before": failed.height,
        "failed_with_label_before": int(failed["label_before"].sum()),
        "failed_after": int((tracks["status"] == "failed").sum()),
        "in_cooldown_after": int((tracks["status"] == _QUEUED).sum()),
        "unresolved_after": int(tracks["is_unresolved"].sum()),
        "pending_after": int(tracks["status"].is_in(["pending", "in_progress"]).sum()),
        "permanently_failed_before": int((failed["retry_count"] >= MAX_ATTEMPTS).sum()),
        "permanently_failed_after": int(tracks["is_permanent"].sum()),
        "recovered": int(failed["is_recovered"].sum()),
        "completed_by_writing": after - before,
        "labels_written": int(tracks["label_written"].sum()),
        "artists_written": int(tracks["artist_written"].sum()),
    }


def _judge_all(counts: Counts, tracks: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Proposals and written values, each with `is_right` (all null without a planted truth)."""
    written = pl.concat(
        [
            tracks.filter("label_written").select(
                "track_id", "was_unresolved", "came_from_queue", kind=pl.lit("label"), value="label", tier="label_tier"
            ),
            tracks.filter("artist_written")
            .explode("primary_artists")
            .select(
                "track_id",
                "was_unresolved",
                "came_from_queue",
                kind=pl.lit("artist"),
                value="primary_artists",
                tier="artist_tier",
            )
            # The track is right when its credit names one of its artists.
            .group_by("track_id", "was_unresolved", "came_from_queue", "kind", "tier", maintain_order=True)
            .agg(value=pl.col("value").str.join(", "))
            .select("track_id", "was_unresolved", "came_from_queue", "kind", "value", "tier"),
        ]
    )
    written = written.join(tracks.select("track_id", "is_recovered", "label_before"), on="track_id", how="left")
    offered = counts.proposals.join(
        tracks.select("track_id", "was_unresolved", "label_before"), on="track_id", how="left", maintain_order="left"
    )
    if counts.truth is None:
        none = pl.lit(None, dtype=pl.Boolean).alias("is_right")
        return {"proposals": offered.with_columns(none), "written": written.with_columns(none)}
    return {
        "proposals": judge(offered, counts.truth, aliases=counts.aliases),
        "written": judge(written, counts.truth, aliases=counts.aliases),
    }


def _headline_precision(judged: Mapping[str, pl.DataFrame]) -> dict[str, Any]:
    written = judged["written"]
    recovered = precision(written.filter((pl.col("kind") == "artist") & pl.col("is_recovered")))
    labels = precision(written.filter(pl.col("kind") == "label"))
    artists = precision(written.filter(pl.col("kind") == "artist"))
    return {
        "recovered_precision": recovered.asdict(),
        "labels_precision": labels.asdict(),
        "artists_precision": artists.asdict(),
    }


def _label_coverage(counts: Counts, tracks: pl.DataFrame) -> dict[str, Any]:
    failed = tracks.filter("was_unresolved")
    return {
        "specification_query": counts.coverage,
        "all_tracks": _before_after(tracks),
        "failed_at_start": _before_after(failed),
    }


def _before_after(frame: pl.DataFrame) -> dict[str, Any]:
    before, after = int(frame["label_before"].sum()), int(frame["label"].is_not_null().sum())
    return {
        "tracks": frame.height,
        "before": before,
        "after": after,
        "before_pct": percent(before, frame.height),
        "after_pct": percent(after, frame.height),
    }


def _by_source(counts: Counts, judged: Mapping[str, pl.DataFrame]) -> list[dict[str, Any]]:
    """One row per kind, tier and source: proposals, what became of them, precision of all and of the written."""
    by = ["kind", "tier", "source"]
    proposals = judged["proposals"]
    if proposals.is_empty():
        return []
    table = proposals.group_by(by).agg(
        proposals=pl.len(),
        tracks=pl.col("track_id").n_unique(),
        accepted=(pl.col("status") == "accepted").sum(),
        written=(pl.col("status") == "written").sum(),
        in_review=(pl.col("status") == "proposed").sum(),
        rejected=(pl.col("status") == "rejected").sum(),
        conflicts=(pl.col("status") == "conflict").sum(),
        mean_confidence=pl.col("confidence").mean().round(3),
    )
    written = precision_by(proposals.filter(pl.col("status") == "written"), by)
    return (
        table.join(precision_by(proposals, by), on=by, how="left")
        .join(
            written.select(*by, written_right="right", written_judged="judged", written_precision="precision"),
            on=by,
            how="left",
        )
        .with_columns(pl.col("written_right", "written_judged").fill_null(0))
        .with_columns(pl.col("precision", "written_precision").round(4))
        .sort("kind", "tier", "source", descending=[True, False, False])
        .to_dicts()
    )


def _bands(proposals: pl.DataFrame) -> list[dict[str, Any]]:
    """One row per kind and band of confidence: proposals by what became of them, and precision."""
    rows = []
    for kind in KINDS:
        for low, high in pairwise(BANDS):
            top = pl.col("confidence") <= high if high == BANDS[-1] else pl.col("confidence") < high
            inside = proposals.filter((pl.col("kind") == kind) & (pl.col("confidence") >= low) & top)
            known = precision(inside)
            written = int((inside["status"] == "written").sum())
            rows.append(
                {
                    "kind": kind,
                    "band": f"{low:.2f}–{high:.2f}",
                    "proposals": inside.height,
                    "tracks": inside["track_id"].n_unique(),
                    "written": written,
                    "in_review": int((inside["status"] == "proposed").sum()),
                    "other": inside.height - written - int((inside["status"] == "proposed").sum()),
                    "right": known.right,
                    "judged": known.judged,
                    "precision": known.rounded,
                }
            )
    return rows


def _tiers(tracks: pl.DataFrame) -> list[dict[str, Any]]:
    """What each tier took off the unresolved tracks, in order; named counts tracks recovered, labels those it labelled.

    A track recovered after cool-down counts there, whichever tier named it then.
    """
    start = tracks.filter("was_unresolved")
    recovered = start.filter("is_recovered")
    straight = recovered.filter(~pl.col("came_from_queue"))
    tier = pl.col("artist_tier")
    labels = start.filter("label_written")
    steps: list[tuple[str, pl.DataFrame, pl.DataFrame]] = [
        ("Tier 0: labels", straight.filter(tier == 0), labels.filter(pl.col("label_tier") == 0)),
        ("Tier 1: the database itself", straight.filter(tier == 1), labels.filter(pl.col("label_tier") == 1)),
        ("Tier 2: sources and context", straight.filter(tier == 2), labels.filter(pl.col("label_tier") == 2)),
        ("After cool-down", recovered.filter("came_from_queue"), labels.clear()),
        (
            "Otherwise, by hand or import",
            straight.filter(tier.is_null()),
            labels.filter(pl.col("label_tier").is_null()),
        ),
    ]
    rows, left = [{"step": "Unresolved at the start", "named": 0, "labels": 0, "left": start.height}], start.height
    for step, named, labelled in steps:
        left -= named.height
        rows.append({"step": step, "named": named.height, "labels": labelled.height, "left": left})
    return [row for n, row in enumerate(rows) if n < 5 or row["named"] or row["labels"]]


def _funnel(counts: Counts, tracks: pl.DataFrame) -> list[dict[str, Any]]:
    """From what lacked an artist at the start to what has one now; each step a subset of the one before."""
    start = tracks.filter(pl.col("was_unresolved") | pl.col("artist_written") | ~pl.col("has_artist"))
    proposed = counts.proposals.filter(pl.col("kind") != "label")["track_id"].unique().to_list()
    seen = start.filter(pl.col("track_id").is_in(proposed) | pl.col("artist_written"))
    written = seen.filter("artist_written")
    done = written.filter(pl.col("status") == "completed")
    steps = (
        ("Without an artist at the start", start),
        ("An artist proposed", seen),
        ("Artist written", written),
        ("Completed", done),
    )
    return [{"step": name, "tracks": frame.height, "pct": percent(frame.height, start.height)} for name, frame in steps]


def _unknown_slots(counts: Counts, tracks: pl.DataFrame) -> dict[str, Any]:
    unknown = tracks.filter(~pl.col("has_artist") | pl.col("artist_written"))
    artists = counts.proposals.filter(pl.col("kind") != "label")
    return {
        **counts.slots,
        "unknown_tracks": unknown.height,
        "plays_of_unknown_tracks": int(unknown["plays"].sum()),
        "unknown_tracks_with_proposal": unknown.filter(
            pl.col("track_id").is_in(artists["track_id"].unique().to_list())
        ).height,
        "unknown_tracks_named": int(unknown["artist_written"].sum()),
    }


def _unavailable(runs: pl.DataFrame) -> dict[str, str]:
    """Source → why it could not answer, from the latest run that asked."""
    reasons: dict[str, str] = {}
    for summary in runs["summary"]:
        parsed = json.loads(summary or "{}")
        found = parsed.get("unavailable") if isinstance(parsed, dict) else None
        if isinstance(found, dict):
            reasons.update({str(k): str(v) for k, v in found.items()})
    return reasons


def _next_steps(counts: Counts, tracks: pl.DataFrame, headline: Mapping[str, Any]) -> list[dict[str, str]]:
    """What an analyst would do now, most useful first: a sentence and its command."""
    status = dict(counts.proposals.group_by("status").len().iter_rows())
    ready = int(counts.queue.get("ready_for_retry") or 0)
    left = tracks.filter((pl.col("status") == "failed") & (pl.col("retry_count") < MAX_ATTEMPTS))
    parkable, retriable = left.filter(~pl.col("is_retriable")).height, int(left["is_retriable"].sum())
    steps: list[tuple[bool, str, str]] = [
        (
            counts.states.is_empty(),
            "The database holds no tracks with an enrichment status.",
            "enrich import FILE… or enrich demo",
        ),
        (
            counts.runs.is_empty() and not counts.states.is_empty(),
            "No tier has run yet: nothing is proposed.",
            "enrich resolve --limit 1000",
        ),
        (
            status.get("accepted", 0) > 0,
            f"{status.get('accepted', 0):,} accepted proposals are not written yet.",
            "enrich writeback --apply",
        ),
        (
            status.get("proposed", 0) > 0,
            f"{status.get('proposed', 0):,} proposals wait for a person, the surest first.",
            "enrich proposals --status proposed --csv review.csv",
        ),
        (
            status.get("conflict", 0) > 0,
            f"{status.get('conflict', 0):,} proposals met values changed since the snapshot.",
            "enrich proposals --status conflict",
        ),
        (
            retriable > 0,
            f"{retriable:,} tracks failed for a reason that passes; the cycle retries them first.",
            "enrich trigger --limit 1000",
        ),
        (
            headline["pending_after"] > 0,
            f"{headline['pending_after']:,} tracks are pending.",
            "enrich trigger --limit 1000",
        ),
        (ready > 0, f"{ready:,} tracks have ended their cool-down.", "enrich cooldown process --limit 500"),
        (
            parkable > 0,
            f"{parkable:,} failed tracks have retries left and no date for one.",
            "enrich cooldown migrate --limit 500",
        ),
    ]
    unavailable = _unavailable(counts.runs)
    steps += [
        (True, f"{source} could not answer: {why}.", "enrich hunt-labels --limit 500")
        for source, why in sorted(unavailable.items())
    ]
    return [{"text": text, "command": command} for is_due, text, command in steps if is_due]


def _review_first(counts: Counts, tracks: pl.DataFrame) -> list[dict[str, Any]]:
    """The surest proposals a person has not seen, at most `REVIEW_ROWS`."""
    return (
        counts.proposals.filter(pl.col("status") == "proposed")
        .join(tracks.select("track_id", "title"), on="track_id")
        .sort(["confidence", "proposal_id"], descending=[True, False], nulls_last=True)
        .head(REVIEW_ROWS)
        .select("proposal_id", "track_id", "title", "kind", "value", "tier", "source", "confidence")
        .to_dicts()
    )


def _counts_by(frame: pl.DataFrame, by: list[str]) -> list[dict[str, Any]]:
    return frame.group_by(by).agg(count=pl.len()).sort(by).to_dicts()
