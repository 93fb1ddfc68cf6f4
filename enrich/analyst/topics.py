"""Questions by topic, as `snap.labels`, `snap.artists` and `snap.cooldown` take them: frames that notebooks show."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import cached_property
from typing import Any

import polars as pl

from enrich.analyst import questions
from enrich.cooccurrence.ranking import rank, ranking_figures
from enrich.cooldown.periods import STRATEGIES, period_days
from enrich.cooldown.simulation import (
    MIN_RELEASES,
    Simulation,
    database_lags,
    default_curves,
    fit_curve,
    simulated_year,
)
from enrich.ledger.proposals import with_ids
from enrich.reporting.precision import precision_by_band
from enrich.rules import MAX_ATTEMPTS
from enrich.tiers.labels import database_labels, title_labels

#: Tracks of which the strategies that look at the track say different things: name, has a label, age in days.
_EXAMPLES = (("no label, old", False, 200.0), ("with a label", True, 200.0), ("younger than 30 days", False, 10.0))


class _Topic:
    def __init__(self, snapshot: questions.Source) -> None:
        self._snapshot = snapshot


class _Proposed(_Topic):
    _kind: str

    def precision(self, *, by_band: bool = True, source: str = "") -> pl.DataFrame:
        """Proposals of the ledger by source and band of confidence, and how many were right. Reads Postgres.

        Columns: `enrich.reporting.precision.precision_by_band`; with `by_band=False` one row a source; only
        sources whose names begin with `source`.
        """
        found = self._snapshot.judged_proposals()
        of_kind = found.filter(pl.col("kind") == self._kind, pl.col("source").str.starts_with(source))
        return precision_by_band(of_kind, width=0.1 if by_band else 1.0)


class Labels(_Proposed):
    """Questions about labels: `hunt`, `coverage`, `coverage_since`, `misleading`, `precision`."""

    _kind = "label"

    def hunt(self, tracks: str | Iterable[str] | None = None, *, limit: int | None = None) -> pl.DataFrame:
        """Labels found on the snapshot alone: in titles, and on other versions of the same track. Asks no source.

        Args:
            tracks: A title or id, or several; None: all failed tracks without a label.
            limit: At most this many tracks, most played first.

        Returns:
            track_id, title, label, source, confidence, rule (how it was found), evidence (JSON); surest first. Tracks
            without a find are left out.
        """
        wanted = self._wanted(tracks)
        if limit is not None:
            wanted = wanted.head(limit)
        ws, found, said = self._snapshot.workspace, [], pl.col("evidence").str.json_path_match
        for tier in (title_labels, database_labels):
            answers = tier(ws, wanted["track_id"])
            found.append(answers if answers.is_empty() else with_ids(self._snapshot.scale(answers)))
            # What is named needs no second answer.
            wanted = wanted.filter(~pl.col("track_id").is_in(answers["track_id"].to_list()))
        return (
            pl.concat(found)
            .join(ws.tracks.select("track_id", "title"), on="track_id")
            .sort(["confidence", "track_id"], descending=[True, False])
            .with_columns(rule=pl.coalesce(said("$.rule"), said("$.bucket"), pl.lit("brackets of the title")))
            .select("track_id", "title", pl.col("value").alias("label"), "source", "confidence", "rule", "evidence")
        )

    def rules(self) -> pl.DataFrame:
        """What `hunt` finds by how it finds it: source, rule, labels, confidence (its mean)."""
        found = self.hunt().group_by("source", "rule").agg(labels=pl.len(), confidence=pl.col("confidence").mean())
        return found.sort(["labels", "rule"], descending=[True, False])

    def coverage(self) -> pl.DataFrame:
        """Tracks with a label by status: status, tracks, with_label, share_pct."""
        return self._snapshot.sql("analyst_label_coverage")

    def misleading(self) -> pl.DataFrame:
        """Titles with brackets that name no label, so that nobody takes them for one: title, in_brackets, tracks."""
        return self._snapshot.sql("analyst_misleading")

    def coverage_since(self, before: Labels) -> pl.DataFrame:
        """Tracks with a label here and in an earlier snapshot of the same database: group, tracks, before, after.

        The second group are the tracks that had failed in the earlier snapshot; a group of no tracks is left out.
        """
        both = before._snapshot.workspace.tracks.select("track_id", "is_failed", "label").join(
            self._snapshot.workspace.tracks.select("track_id", label_after="label"), on="track_id"
        )
        groups = (("All tracks", both), ("Failed at the start", both.filter("is_failed")))
        counts = [(name, rows.height, rows["label"].count(), rows["label_after"].count()) for name, rows in groups]
        columns = {"group": pl.String, "tracks": pl.Int64, "before": pl.Int64, "after": pl.Int64}
        return pl.DataFrame(counts, schema=columns, orient="row").filter(pl.col("tracks") > 0)

    def _wanted(self, tracks: str | Iterable[str] | None) -> pl.DataFrame:
        mart = self._snapshot.workspace.tracks
        if tracks is None:
            return mart.filter(pl.col("is_failed") & pl.col("label").is_null()).sort(
                ["plays", "track_id"], descending=[True, False]
            )
        names = [tracks] if isinstance(tracks, str) else list(tracks)
        return pl.concat([questions.find(mart, name).head(1) for name in names]).unique("track_id", maintain_order=True)


class Artists(_Proposed):
    """Questions about the artists of unknown tracks: `rank`, `ranking_figures`, `precision`."""

    _kind = "artist"

    @cached_property
    def all_ranked(self) -> pl.DataFrame:
        """The formula's candidates for every unknown of the snapshot; schema RANKING."""
        return self._ranked()

    def _ranked(self, **how: Any) -> pl.DataFrame:
        ws = self._snapshot.workspace
        return rank(ws.tracklists, aliases=ws.aliases, **how).with_columns(ws.in_words(pl.col.evidence))

    def rank(self, track: str | None = None, *, scorer: str = "formula", window: int = 2) -> pl.DataFrame:
        """Who an unknown (title or id; None: all) may be by; schema RANKING, best first.

        Args:
            track: A title or id; None: all unknowns.
            scorer: `formula` (the specification's) or `learned`.
            window: Slots to either side that count as near.
        """
        is_default = scorer == "formula" and window == 2
        ranked = self.all_ranked if is_default else self._ranked(scorer=scorer, window=window)
        if track is None:
            return ranked
        return ranked.filter(pl.col.track_key == questions.find(self._snapshot.workspace.tracks, track)["track_id"][0])

    def ranking_figures(self) -> pl.DataFrame:
        """The ranking in numbers (figure, n): slots, unknowns, those with candidates, those at the gate."""
        figures = ranking_figures(self._snapshot.workspace.tracklists, self.all_ranked)
        return pl.DataFrame(list(figures.items()), schema={"figure": pl.String, "n": pl.Int64}, orient="row")


class Cooldown(_Topic):
    """Questions about the queue: `waiting`, `by_week`, `falls_due`, `periods`, `release_curves`, `simulated_year`."""

    def waiting(self) -> pl.DataFrame:
        """Tracks in cool-down, next due first: track_id, title, label, retry_count, retry_after, error_message."""
        return self._snapshot.sql("analyst_waiting")

    def by_week(self) -> pl.DataFrame:
        """Tracks in cool-down by the week they fall due: week (its Monday), tracks."""
        return (
            self.waiting()
            .group_by(week=pl.col("retry_after").dt.date().dt.truncate("1w"))
            .agg(tracks=pl.len().cast(pl.Int64))
            .sort("week")
        )

    def falls_due(self, *, days: int) -> pl.DataFrame:
        """Tracks that fall due within so many days of the snapshot; columns as `waiting`."""
        return self.waiting().filter(pl.col("retry_after") <= self._snapshot.manifest.taken_at + timedelta(days=days))

    def periods(self) -> pl.DataFrame:
        """Days to wait by strategy and attempt: strategy, track, attempt_0 … attempt_4."""
        attempts = range(MAX_ATTEMPTS)
        columns = ["strategy", "track", *(f"attempt_{n}" for n in attempts)]
        rows = [
            (strategy, example, *(period_days(strategy, attempt=n, has_label=label, age_days=age) for n in attempts))
            for strategy in STRATEGIES
            for example, label, age in (_EXAMPLES if strategy in ("adaptive", "learned") else _EXAMPLES[:1])
        ]
        return pl.DataFrame(rows, schema=columns, orient="row")

    def release_curves(self) -> pl.DataFrame:
        """How long releases take: the shipped curves, and the database's own where it shows enough releases.

        Returns:
            curve, days, released, low, high (shares 0–1).
        """
        curves = list(default_curves().values())
        lags = database_lags(self._snapshot.workspace.tracks, today=self._snapshot.manifest.taken_at.date())
        if lags["is_over"].sum() >= MIN_RELEASES:
            curves.append(fit_curve(lags, name="this database"))
        return pl.concat([curve.frame() for curve in curves])

    def simulated_year(self, *, seed: int = 0, tracks: int = 5_000) -> Simulation:
        """A simulated year of the queue under every strategy, releases drawn from the shipped curve."""
        return simulated_year(seed=seed, tracks=tracks)
