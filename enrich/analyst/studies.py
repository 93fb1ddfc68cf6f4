"""Studies a notebook shows: rankers under masked replay, and a year of the queue. Frames out, ready for the charts.

Computes only; `evaluation` may take minutes on large tracklists, the demo world's small plan takes seconds.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from os import PathLike
from typing import Any

import polars as pl
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from enrich.analyst.room import Room
from enrich.cooccurrence.evaluation import Plan, evaluate, evaluate_frame
from enrich.cooccurrence.learned import load_ranker
from enrich.cooldown.lag import database_lags
from enrich.cooldown.periods import STRATEGIES, period_days
from enrich.cooldown.simulation import Simulation, simulated_year
from enrich.cooldown.survival import MIN_RELEASES, ReleaseCurve, default_curves, fit_curve
from enrich.rules import MAX_ATTEMPTS

#: Rankers of our own; the others are what they are to beat.
OURS = ("formula", "learned")

#: A plan for a notebook: the demo world in seconds. Its figures have wide errors; `make bench` measures properly.
#: Random folds only: more folds by date than there are recordings means none.
QUICK = Plan(folds=2, size=60, max_training=80, time_folds=1_000_000, versions_together=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Masked replay as frames; `result` is the whole of it, as `enrich evaluate` writes it."""

    result: dict[str, Any]

    @property
    def scorers(self) -> pl.DataFrame:
        """One row per scorer, ours last: scorer, n, hit_at_1, hit_at_5, hit_at_20, mrr, is_ours."""
        rows = self.result["random"]["scorers"]
        return pl.DataFrame(
            [
                {
                    "scorer": name,
                    "n": self.result["random"]["n"],
                    **{k: row[k] for k in ("hit_at_1", "hit_at_5", "hit_at_20", "mrr")},
                    "is_ours": name in OURS,
                }
                for name, row in rows.items()
            ]
        )

    @property
    def reliability(self) -> pl.DataFrame:
        """Confidence and precision by band, calibrated scorers: scorer, low, high, n, confidence, precision."""
        rows = self.result["random"]["scorers"]
        return pl.DataFrame(
            [{"scorer": name, **band} for name in OURS if name in rows for band in rows[name]["reliability"]]
        )

    @property
    def thresholds(self) -> pl.DataFrame:
        """What acceptance would have written: scorer, rule (gate or policy), accepted, correct, precision, coverage."""
        rows = self.result["random"]["scorers"]
        return pl.DataFrame(
            [
                {
                    "scorer": name,
                    "rule": rule,
                    **{k: rows[name][rule].get(k) for k in ("accepted", "correct", "precision", "coverage")},
                }
                for name in OURS
                for rule in ("gate", "policy")
                if name in rows and rows[name].get(rule)
            ],
            schema={
                "scorer": pl.String, "rule": pl.String, "accepted": pl.Int64, "correct": pl.Int64,
                "precision": pl.Float64, "coverage": pl.Float64,
            },
        )  # fmt: skip

    @property
    def by_sets(self) -> pl.DataFrame:
        """hit@1 by the number of sets the recording is played in: sets, n, formula, learned."""
        return pl.DataFrame(
            [
                {"sets": row["band"], "n": row["n"], **{s: row[s]["hit_at_1"] for s in OURS if s in row}}
                for row in self.result["random"]["by_sets"]
            ]
        )


def evaluation(
    room: Room,
    *,
    tracklists: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
    sample: int = 800,
    seed: int = 0,
) -> Evaluation:
    """Masked replay over a snapshot's tracklists, or over files.

    Args:
        room: The snapshot; not read where files are given.
        tracklists: Tracklist files; None: the snapshot's, by the plan `QUICK`.
        sample: Recordings asked for, of files.
        seed: Of every random choice.

    Raises:
        EnrichError: too few known recordings come back in a second set.
    """
    # On problems this small threads stand in each other's way; the baselines' package warns of it at length.
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.filterwarnings("ignore", module=r"implicit\b")
        if tracklists:
            return Evaluation(result=evaluate(tracklists, sample=sample, seed=seed))
        ws = room.workspace
        plan = replace(QUICK, seed=seed)
        return Evaluation(result=evaluate_frame(ws.tracklists, aliases=ws.aliases, plan=plan))


def shipped_evaluation() -> pl.DataFrame:
    """What the ranker that is shipped showed on the real tracklists it was trained on, held out; ours last.

    Returns:
        scorer, n, hit_at_1, hit_at_5, hit_at_20, mrr, ece (null without a probability), policy_accepted,
        policy_correct; from the manifest beside the ranker, which `enrich train-ranker` writes.
    """
    figures: dict[str, Any] = load_ranker().manifest["figures"]
    rows = [
        {
            "scorer": name,
            **{k: row[k] for k in ("n", "hit_at_1", "hit_at_5", "hit_at_20", "mrr")},
            "ece": row.get("ece"),
            "policy_accepted": row.get("policy", {}).get("accepted"),
            "policy_correct": row.get("policy", {}).get("correct"),
        }
        for name, row in sorted(figures.items(), key=lambda item: (item[0] in OURS, item[1]["hit_at_1"]))
    ]
    return pl.DataFrame(
        rows, schema_overrides={"ece": pl.Float64, "policy_accepted": pl.Int64, "policy_correct": pl.Int64}
    )


def release_curves(room: Room) -> pl.DataFrame:
    """Release-lag curves for the chart: the shipped ones, and the database's own where it shows enough releases.

    Returns:
        curve, days, released, low, high.
    """
    curves: list[ReleaseCurve] = list(default_curves().values())
    lags = database_lags(room.workspace.tracks, today=room.manifest.taken_at.date())
    if lags["is_over"].sum() >= MIN_RELEASES:
        curves.append(fit_curve(lags, name="this database"))
    return pl.concat([curve.frame() for curve in curves])


def queue_year(*, seed: int = 0, tracks: int = 5_000) -> Simulation:
    """A simulated year of the queue under every strategy, releases drawn from the shipped curve."""
    return simulated_year(seed=seed, tracks=tracks)


def queue_weeks(room: Room) -> pl.DataFrame:
    """Tracks in cool-down by the week they fall due: week (its Monday), tracks."""
    return (
        room.queue()
        .group_by(week=pl.col("retry_after").dt.date().dt.truncate("1w"))
        .agg(tracks=pl.len().cast(pl.Int64))
        .sort("week")
    )


def retry_table(*, max_attempts: int = MAX_ATTEMPTS) -> pl.DataFrame:
    """Days to wait by strategy and attempt: strategy, track, attempt_0 … attempt_4."""
    kinds = (("no label, old", False, 200.0), ("with a label", True, 200.0), ("younger than 30 days", False, 10.0))
    return pl.DataFrame(
        [
            {
                "strategy": strategy,
                "track": kind,
                **{
                    f"attempt_{n}": period_days(strategy, attempt=n, has_label=has_label, age_days=age)
                    for n in range(max_attempts)
                },
            }
            for strategy in STRATEGIES
            for kind, has_label, age in (kinds if strategy in ("adaptive", "learned") else kinds[:1])
        ]
    )


def falls_due(room: Room, *, days: int) -> pl.DataFrame:
    """Tracks in cool-down that fall due within so many days of the snapshot; columns as `Room.queue`."""
    until = room.manifest.taken_at + timedelta(days=days)
    return room.queue().filter(pl.col("retry_after") <= until)


def label_coverage(before: Room, after: Room) -> pl.DataFrame:
    """Tracks with a label in two snapshots of one database, for the chart: group, tracks, before, after.

    The second group are the tracks that had failed in the first snapshot; a group of no tracks is left out.
    """
    labels = before.workspace.tracks.select("track_id", "is_failed", "label").join(
        after.workspace.tracks.select("track_id", label_after="label"), on="track_id"
    )
    groups = (("All tracks", labels), ("Failed at the start", labels.filter("is_failed")))
    return pl.DataFrame(
        [
            {
                "group": name,
                "tracks": rows.height,
                "before": int(rows["label"].is_not_null().sum()),
                "after": int(rows["label_after"].is_not_null().sum()),
            }
            for name, rows in groups
            if not rows.is_empty()
        ],
        schema={"group": pl.String, "tracks": pl.Int64, "before": pl.Int64, "after": pl.Int64},
    )


def funnel(counted: dict[str, Any]) -> pl.DataFrame:
    """The funnel of a report's figures, for the chart: step, tracks."""
    return pl.DataFrame(counted["funnel"]).select("step", "tracks")


def projections(counted: dict[str, Any]) -> pl.DataFrame:
    """The projections of a report's figures, for the chart, and with their precision where truth is planted."""
    return pl.DataFrame(
        counted["projections"]["rows"],
        schema_overrides={"low": pl.Float64, "high": pl.Float64, "actual": pl.Float64, "verdict": pl.String},
        infer_schema_length=None,
        strict=False,
    )
