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
from enrich.measuring.judging import TRUTH, judge
from enrich.reporting.counts import Counts
from enrich.reporting.precision import precision
from enrich.reporting.projections import percent, projected_and_counted
from enrich.rules import MAX_ATTEMPTS
from enrich.text.words import is_unknown_artist

REVIEW_ROWS = 10
_REVIEW, _PARK = "proposals --status proposed --csv review.csv", "cooldown migrate --limit 500"
_CONFLICTS = "proposals --status conflict"
BANDS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 1.0)
_QUEUED = "pending_re_enrichment"


def figures(counts: Counts, *, now: datetime) -> dict[str, Any]:
    """Everything the page shows, as plain values."""
    tracks = with_outcomes(counts.states)
    headline = _headline(tracks)
    judged = _judge_all(counts, tracks)
    return {
        "generated_at": now.isoformat(timespec="seconds"),
        "database": counts.database,
        "is_demo_world": counts.truth is not None,
        "headline": {**headline, **_headline_precision(judged["written"])},
        "label_coverage": {
            "specification_query": counts.coverage,
            "all_tracks": _before_after(tracks),
            "failed_at_start": _before_after(tracks.filter("was_unresolved")),
        },
        "projections": projected_and_counted(tracks, headline, judged, has_run=not counts.runs.is_empty()),
        "by_source": _by_source(judged["proposals"]),
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
    """Add what the words of this module mean: was_unresolved, is_unresolved, is_recovered, is_permanent, …"""
    named = ~is_unknown_artist(pl.element())
    return states.with_columns(
        has_artist=pl.col("primary_artists").list.eval(named).list.any().fill_null(value=False),
        was_unresolved=pl.col("status_before") == "failed",
        is_unresolved=pl.col("status").is_in(["failed", _QUEUED]),
        label_before=pl.col("label").is_not_null() & ~pl.col("label_written"),
        is_permanent=(pl.col("status") == "failed") & (pl.col("retry_count") >= MAX_ATTEMPTS),
    ).with_columns(is_recovered=pl.col("was_unresolved") & (pl.col("status") == "completed") & pl.col("has_artist"))


def _headline(tracks: pl.DataFrame) -> dict[str, Any]:
    status, begun = pl.col("status"), pl.col("was_unresolved")
    counted = {
        "completed_before": pl.col("status_before") == "completed",
        "completed_after": status == "completed",
        "failed_before": begun,
        "failed_with_label_before": begun & pl.col("label_before"),
        "failed_after": status == "failed",
        "in_cooldown_after": status == _QUEUED,
        "unresolved_after": pl.col("is_unresolved"),
        "pending_after": status.is_in(["pending", "in_progress"]),
        "permanently_failed_before": begun & (pl.col("retry_count") >= MAX_ATTEMPTS),
        "permanently_failed_after": pl.col("is_permanent"),
        "recovered": pl.col("is_recovered"),
        "labels_written": pl.col("label_written"),
        "artists_written": pl.col("artist_written"),
    }
    head = tracks.select(tracks=pl.len(), **{name: which.sum() for name, which in counted.items()}).row(0, named=True)
    rates = {
        f"success_rate_{when}_pct": percent(head[f"completed_{when}"], head["tracks"]) for when in ("before", "after")
    }
    return {**head, **rates, "completed_by_writing": head["completed_after"] - head["completed_before"]}


def _judge_all(counts: Counts, tracks: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Proposals and written values, each with `is_right` (all null without a planted truth)."""
    known = ["track_id", "was_unresolved", "came_from_queue", "is_recovered", "label_before"]
    written = pl.concat(
        [
            tracks.filter("label_written").select(*known, kind=pl.lit("label"), value="label", tier="label_tier"),
            # The track is right when its credit names one of its artists.
            tracks.filter("artist_written", pl.col("primary_artists").list.len() > 0).select(
                *known, kind=pl.lit("artist"), value=pl.col("primary_artists").list.join(", "), tier="artist_tier"
            ),
        ]
    )
    offered = counts.proposals.join(
        tracks.select("track_id", "was_unresolved", "label_before"), on="track_id", how="left", maintain_order="left"
    )
    truth = TRUTH.to_frame() if counts.truth is None else counts.truth
    return {
        name: judge(frame, truth, aliases=counts.aliases)
        for name, frame in (("proposals", offered), ("written", written))
    }


def _headline_precision(written: pl.DataFrame) -> dict[str, Any]:
    labels, artists = (written.filter(pl.col("kind") == kind) for kind in ("label", "artist"))
    counted = {"recovered": artists.filter("is_recovered"), "labels": labels, "artists": artists}
    return {f"{name}_precision": precision(rows).asdict() for name, rows in counted.items()}


def _before_after(frame: pl.DataFrame) -> dict[str, Any]:
    counts = {"before": int(frame["label_before"].sum()), "after": int(frame["label"].count())}
    shares = {f"{name}_pct": percent(n, frame.height) for name, n in counts.items()}
    return {"tracks": frame.height, **counts, **shares}


def _by_source(proposals: pl.DataFrame) -> list[dict[str, Any]]:
    """One row per kind, tier and source: proposals, what became of them, precision of all and of the written."""
    by = ["kind", "tier", "source"]
    of_status = {"accepted": "accepted", "written": "written", "in_review": "proposed", "rejected": "rejected",
                 "conflicts": "conflict"}  # fmt: skip
    right, is_written = pl.col("is_right"), pl.col("status") == "written"
    return (
        proposals.group_by(by)
        .agg(
            proposals=pl.len(),
            tracks=pl.col("track_id").n_unique(),
            **{name: (pl.col("status") == status).sum() for name, status in of_status.items()},
            mean_confidence=pl.col("confidence").mean().round(3),
            right=right.sum(),
            judged=right.count(),
            precision=right.mean().round(4),
            written_right=right.filter(is_written).sum(),
            written_judged=right.filter(is_written).count(),
            written_precision=right.filter(is_written).mean().round(4),
        )
        .sort("kind", "tier", "source", descending=[True, False, False])
        .to_dicts()
    )


def _bands(proposals: pl.DataFrame) -> list[dict[str, Any]]:
    """One row per kind and band of confidence: proposals by what became of them, and precision."""
    names = [f"{low:.2f}–{high:.2f}" for low, high in pairwise(BANDS)]
    every = pl.DataFrame({"kind": KINDS}).join(pl.DataFrame({"band": names}), how="cross")
    # The last band holds 1.
    band = pl.col("confidence").bin_intervals(BANDS[1:-1], labels=names)
    status, right = pl.col("status"), pl.col("is_right")
    counted = (
        proposals.drop_nulls("confidence")
        .group_by("kind", band=band.cast(pl.String))
        .agg(
            proposals=pl.len(),
            tracks=pl.col("track_id").n_unique(),
            written=(status == "written").sum(),
            in_review=(status == "proposed").sum(),
            other=(~status.is_in(["written", "proposed"])).sum(),
            right=right.sum(),
            judged=right.count(),
            precision=right.mean().round(4),
        )
    )
    counts = pl.col("proposals", "tracks", "written", "in_review", "other", "right", "judged")
    rows = every.join(counted, on=["kind", "band"], how="left", maintain_order="left")
    return rows.with_columns(counts.fill_null(0)).to_dicts()


def _tiers(tracks: pl.DataFrame) -> list[dict[str, Any]]:
    """What each tier took off the unresolved tracks, in order; named counts tracks recovered, labels those it labelled.

    A track recovered after cool-down counts there, whichever tier named it then.
    """
    start = tracks.filter("was_unresolved")
    recovered = start.filter("is_recovered")
    straight = recovered.filter(~pl.col("came_from_queue"))
    labels = start.filter("label_written")
    steps = [
        (words, straight.filter(pl.col("artist_tier").eq_missing(tier)).height,
         labels.filter(pl.col("label_tier").eq_missing(tier)).height)
        for words, tier in (("Tier 0: labels", 0), ("Tier 1: the database itself", 1),
                            ("Tier 2: sources and context", 2), ("Otherwise, by hand or import", None))
    ]  # fmt: skip
    steps.insert(3, ("After cool-down", recovered.filter("came_from_queue").height, 0))
    rows, left = [{"step": "Unresolved at the start", "named": 0, "labels": 0, "left": start.height}], start.height
    for step, named, labelled in steps:
        left -= named
        rows.append({"step": step, "named": named, "labels": labelled, "left": left})
    return [row for n, row in enumerate(rows) if n < 5 or row["named"] or row["labels"]]


def _funnel(counts: Counts, tracks: pl.DataFrame) -> list[dict[str, Any]]:
    """From what lacked a label or an artist at the start to what has one now, labels, artists and known recordings.

    Steps of one kind are each a subset of the one before; `of` is the first of them. A known recording (an identity)
    names the artist of a track, so it is a share of the tracks without one.
    """
    kinds = counts.proposals.group_by("track_id").agg(
        *((pl.col("kind") == kind).any().alias(f"{kind}_proposed") for kind in KINDS),
        identity_written=((pl.col("kind") == "identity") & (pl.col("status") == "written")).any(),
    )
    offered = tracks.join(kinds, on="track_id", how="left").with_columns(
        pl.col(kinds.columns[1:]).fill_null(value=False)
    )
    blank = offered.filter(~pl.col("label_before"))
    start = offered.filter(pl.col("was_unresolved") | pl.col("artist_written") | ~pl.col("has_artist"))
    seen = start.filter(pl.any_horizontal("artist_proposed", "identity_proposed", "artist_written"))
    written = seen.filter("artist_written")
    steps = (
        ("label", "Without a label at the start", blank, blank),
        ("label", "A label proposed", blank.filter(pl.col("label_proposed") | pl.col("label_written")), blank),
        ("label", "Label written", blank.filter("label_written"), blank),
        ("artist", "Without an artist at the start", start, start),
        ("artist", "An artist proposed", seen, start),
        ("artist", "Artist written", written, start),
        ("artist", "Completed", written.filter(pl.col("status") == "completed"), start),
        ("identity", "A known recording proposed", start.filter("identity_proposed"), start),
        ("identity", "Known recording written", start.filter("identity_written"), start),
    )
    return [
        {"kind": kind, "step": step, "tracks": rows.height, "of": of.height, "pct": percent(rows.height, of.height)}
        for kind, step, rows, of in steps
    ]


def _unknown_slots(counts: Counts, tracks: pl.DataFrame) -> dict[str, Any]:
    unknown = tracks.filter(~pl.col("has_artist") | pl.col("artist_written"))
    artists = counts.proposals.filter(pl.col("kind") != "label")
    return {
        **counts.slots,
        "unknown_tracks": unknown.height,
        "plays_of_unknown_tracks": int(unknown["plays"].sum()),
        "unknown_tracks_with_proposal": unknown.join(artists, on="track_id", how="semi").height,
        "unknown_tracks_named": int(unknown["artist_written"].sum()),
    }


def _unavailable(runs: pl.DataFrame) -> dict[str, str]:
    """Source → why it could not answer, from the latest run that asked."""
    reasons: dict[str, str] = {}
    for summary in runs["summary"]:
        reasons |= json.loads(summary or "{}").get("unavailable") or {}
    return reasons


def _next_steps(counts: Counts, tracks: pl.DataFrame, headline: Mapping[str, Any]) -> list[dict[str, str]]:
    """What an analyst would do now, most useful first: a sentence and its command."""
    status = dict(counts.proposals.group_by("status").len().iter_rows())
    left = tracks.filter((pl.col("status") == "failed") & (pl.col("retry_count") < MAX_ATTEMPTS))
    again = left["is_retriable"].sum()
    some: list[tuple[Any, str, str]] = [
        (status.get("accepted"), "{:,} accepted proposals are not written yet.", "writeback --apply"),
        (status.get("proposed"), "{:,} proposals wait for a person, the surest first.", _REVIEW),
        (
            status.get("conflict"),
            "{:,} proposals met values changed since the snapshot.",
            "proposals --status conflict",
        ),
        (again, "{:,} tracks failed for a reason that passes; the cycle retries them first.", "trigger --limit 1000"),
        (headline["pending_after"], "{:,} tracks are pending.", "trigger --limit 1000"),
        (counts.queue["ready_for_retry"], "{:,} tracks have ended their cool-down.", "cooldown process --limit 500"),
        (left.height - again, "{:,} failed tracks have retries left and no date for one.", _PARK),
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
