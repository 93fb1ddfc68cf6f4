"""Questions about labels: what the snapshot alone finds, which tracks have one, how often a proposal is right.

snap.labels.hunt(limit=100)
snap.labels.coverage()
snap.labels.precision()
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from enrich.analyst import questions
from enrich.ledger.proposals import with_ids
from enrich.reporting.precision import precision_by_band
from enrich.tiers.local_labels import database_labels, title_labels


class Labels:
    """Questions about labels: `hunt`, `coverage`, `coverage_since`, `misleading`, `precision`."""

    def __init__(self, snapshot: questions.Source) -> None:
        self._snapshot = snapshot

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
            answers = with_ids(tier(ws, wanted["track_id"]))
            found.append(answers)
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
        return (
            self._snapshot.workspace.tracks.group_by(status=pl.col("status").fill_null("no status"))
            .agg(tracks=pl.len(), with_label=pl.col("label").is_not_null().sum())
            .with_columns(share_pct=(100 * pl.col("with_label") / pl.col("tracks")).round(1))
            .sort("status")
        )

    def misleading(self) -> pl.DataFrame:
        """Titles with brackets that name no label, so that nobody takes them for one: title, in_brackets, tracks."""
        return (
            self._snapshot.workspace.tracks.filter(pl.col("title_label").is_null())
            .with_columns(in_brackets=pl.col("title").str.extract(r"[(\[]([^)\]]+)[)\]]\s*$"))
            .drop_nulls("in_brackets")
            .group_by("in_brackets")
            .agg(tracks=pl.len(), title=pl.col("title").sort().first())
            .sort(["tracks", "in_brackets"], descending=[True, False])
            .select("in_brackets", "tracks", "title")
        )

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

    def precision(self, *, by_band: bool = True) -> pl.DataFrame:
        """Label proposals of the ledger by source and band of confidence, and how many were right. Reads Postgres.

        Columns: `enrich.reporting.precision.precision_by_band`; with `by_band=False` one row a source.
        """
        labels = self._snapshot.judged_proposals().filter(pl.col("kind") == "label")
        return precision_by_band(labels, width=0.1 if by_band else 1.0)

    def _wanted(self, tracks: str | Iterable[str] | None) -> pl.DataFrame:
        mart = self._snapshot.workspace.tracks
        if tracks is None:
            return mart.filter(pl.col("is_failed") & pl.col("label").is_null()).sort(
                ["plays", "track_id"], descending=[True, False]
            )
        names = [tracks] if isinstance(tracks, str) else list(tracks)
        return pl.concat([questions.find(mart, name).head(1) for name in names]).unique("track_id", maintain_order=True)
