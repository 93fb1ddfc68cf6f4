"""`/metrics`: how tracks, queue, proposals, writes and runs stand, as Prometheus text.

Every value is read from Postgres when asked for; nothing is counted in memory. `enrich_up` is 0 without Postgres.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from enrich import __version__
from enrich.cooldown import queue
from enrich.errors import DatabaseError
from enrich.reporting.dashboards import read_all
from enrich.resources import resource
from enrich.settings import Settings

#: Gauge, what it says, dashboard, its columns that are labels, and the one that is the value.
_COLUMNS: dict[str, Any] = resource("api/metrics.toml")


def metrics(settings: Settings, *, now: datetime) -> bytes:
    """All metrics as Prometheus text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Database(settings, now))
    return generate_latest(registry)


@dataclass(frozen=True)
class _Database(Collector):
    settings: Settings
    now: datetime

    def collect(self) -> Iterable[Metric]:
        yield _gauge("enrich_info", "Version that serves.", {(__version__,): 1.0}, "version")
        try:
            boards = read_all(self.settings)
            state = queue.stats(self.settings, now=self.now)
        except DatabaseError as error:
            logging.getLogger("enrich.api").warning("metrics: %s", error)
            yield _gauge("enrich_up", "1 where Postgres can be used.", {(): 0.0})
            return
        missing, coverage, due = boards["missing"].row(0, named=True), boards["label_coverage"], state.next_retry_time
        for name, documentation, value in (
            ("enrich_up", "1 where Postgres can be used.", 1.0),
            ("enrich_tracks_all", "Tracks.", missing["tracks"]),
            ("enrich_label_coverage_ratio", "Share of tracks with a label, 0 to 1.",
             coverage["percentage"][0] / 100 if coverage.height else 0.0),
            ("enrich_cooldown_retry_attempts_mean", "Mean retries so far of the tracks in the queue.",
             state.avg_retry_attempts),
            ("enrich_cooldown_next_retry_timestamp_seconds", "When the next waiting track falls due.",
             due and due.timestamp()),
            ("enrich_permanently_failed_tracks", "Failed tracks without retries left.", state.permanently_failed),
            ("enrich_retriable_tracks", "Failures that pass.", state.retriable),
        ):  # fmt: skip
            yield _gauge(name, documentation, {} if value is None else {(): value})
        lacks = {(what,): missing[f"without_{what}"] for what in ("status", "primary_artist")}
        yield _gauge("enrich_tracks_missing", "Tracks by what they lack.", lacks, "what")
        queued = {("ready",): state.ready_for_retry, ("waiting",): state.waiting}
        yield _gauge("enrich_cooldown_tracks", "Tracks in the cool-down queue.", queued, "state")
        ended = boards["last_runs"].drop_nulls("last_finished")
        boards["ended"] = ended.with_columns(pl.col("last_finished").dt.epoch("ms") / 1000)
        for name, (documentation, board, labels, value) in _COLUMNS.items():
            rows = boards[board].select(*labels, value).iter_rows() if boards[board].width else ()
            yield _gauge(name, documentation, {tuple(map(str, row[:-1])): row[-1] for row in rows}, *labels)


def _gauge(name: str, documentation: str, values: Mapping[Any, Any], *labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, documentation, labels=labels)
    for of, value in values.items():
        family.add_metric(of, float(value))
    return family
