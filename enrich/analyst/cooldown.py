"""Questions about the cool-down queue: who waits, when the next fall due, how long releases take.

snap.cooldown.waiting()
snap.cooldown.falls_due(days=60)
snap.cooldown.simulated_year()
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from enrich.analyst.questions import Source
from enrich.cooldown.periods import STRATEGIES, period_days
from enrich.cooldown.simulation import Simulation, simulated_year
from enrich.cooldown.survival import MIN_RELEASES, database_lags, default_curves, fit_curve
from enrich.rules import MAX_ATTEMPTS

#: Tracks of which the strategies that look at the track say different things: name, has a label, age in days.
_EXAMPLES = (("no label, old", False, 200.0), ("with a label", True, 200.0), ("younger than 30 days", False, 10.0))


class Cooldown:
    """Questions about the queue: `waiting`, `by_week`, `falls_due`, `periods`, `release_curves`, `simulated_year`."""

    def __init__(self, snapshot: Source) -> None:
        self._snapshot = snapshot

    def waiting(self) -> pl.DataFrame:
        """Tracks in cool-down, next due first: track_id, title, label, retry_count, retry_after, error_message."""
        return (
            self._snapshot.workspace.tracks.filter(pl.col("status") == "pending_re_enrichment")
            .select("track_id", "title", "label", "retry_count", "retry_after", "error_message")
            .sort("retry_after", "track_id")
        )

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
