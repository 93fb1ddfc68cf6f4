"""The enrichment cycle: choose tracks, run the tiers until nothing new is found, put it on record, write where asked.

    hunt_labels  Tier 0 on tracks without a label
    resolve      tiers 0–3 on failed tracks
    trigger      the standard cycle on pending tracks; what stays unresolved is failed or goes back into cool-down

Everything is computed on a snapshot; Postgres is touched twice, once to read it and once, in one transaction, to record
proposals, decisions and (with `apply`) the values written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Unpack

import polars as pl

from enrich.cooldown.queue import settle_strays
from enrich.ledger.policy import read_policy
from enrich.ledger.proposals import proposals as list_proposals
from enrich.ledger.review import refused
from enrich.measuring.replay import measure
from enrich.measuring.scale import Scale, decided
from enrich.pipeline.heartbeat import beating
from enrich.pipeline.outside import OutsideTiers
from enrich.pipeline.recording import Record, RunOptions, record
from enrich.pipeline.rounds import ARTIST_TIERS, LABEL_TIERS, Found, Progress, run_tiers, select_tracks, tell
from enrich.rules import LABEL_FLOOR
from enrich.settings import Settings
from enrich.snapshots.opening import open_snapshot
from enrich.snapshots.taking import snapshot as take_snapshot
from enrich.tiers.identities import imported
from enrich.tiers.label_hunter import enabled_sources
from enrich.tiers.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class HuntResult:
    """What the Label Hunter did: tracks looked at, labels found and written, not found, and not looked for."""

    run_id: str
    processed: int
    labels_found: int
    labels_updated: int
    failed: int
    skipped: int
    applied: bool
    by_source: dict[str, int] = field(default_factory=dict)
    unavailable: dict[str, str] = field(default_factory=dict)
    without: dict[str, int] = field(default_factory=dict)
    """Why `failed` tracks have no label, most frequent first."""

    def asdict(self) -> dict[str, Any]:
        """The response body of the specification, and what it leaves out beside it."""
        stats = {k: getattr(self, k) for k in ("processed", "labels_found", "labels_updated", "failed", "skipped")}
        message = f"Processed {self.processed} tracks, found {self.labels_found} labels"
        return {**_body(self, message, stats, self.labels_found), "without": self.without}


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleResult:
    """What a run over all tiers did, by tier and source."""

    run_id: str
    processed: int
    labels_found: int
    artists_found: int
    accepted: int
    to_review: int
    labels_updated: int
    artists_updated: int
    identities_found: int
    identities_updated: int
    conflicts: int
    failed: int
    back_in_cooldown: int
    rounds: int
    applied: bool
    by_source: list[dict[str, Any]] = field(default_factory=list)
    unavailable: dict[str, str] = field(default_factory=dict)

    def asdict(self) -> dict[str, Any]:
        """As JSON prints it, in the manner of the specification."""
        stats = {k: v for k, v in asdict(self).items() if isinstance(v, int) and not isinstance(v, bool)}
        found = f"found {self.artists_found} artists and {self.labels_found} labels"
        message = f"Processed {self.processed} tracks, {found}, {self.identities_found} as known recordings"
        return _body(self, message, stats, self.artists_found)


def _body(done: HuntResult | CycleResult, message: str, stats: dict[str, Any], found: int) -> dict[str, Any]:
    return {
        "status": "completed",
        "message": message,
        "stats": stats,
        "success_rate": f"{100 * found / done.processed if done.processed else 0.0:.1f}%",
        "run_id": done.run_id,
        "applied": done.applied,
        "by_source": done.by_source,
        "unavailable": done.unavailable,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finished:
    """What a run came to, before it is counted."""

    ids: pl.Series
    found: Found
    record: Record
    outside: OutsideTiers
    applied: bool


def hunt_labels(
    settings: Settings,
    *,
    statuses: Sequence[str] = ("failed", "pending_re_enrichment", "pending", "partial"),
    **options: Unpack[RunOptions],
) -> HuntResult:
    """Tier 0: find labels for tracks without one, at most 100, failed tracks first.

    Args:
        settings: Where Postgres is, which sources are on, the policy.
        statuses: Which tracks, in order of preference.
        options: `now`, and what else RunOptions has.
    """
    run = _run("hunt-labels", settings, options, statuses=statuses, blank="label", names_artists=False)
    proposals, written = run.found.proposals, run.record.written
    labels = _best(proposals.filter((pl.col("kind") == "label") & (pl.col("confidence") >= LABEL_FLOOR)))
    silent = run.outside.labels.unavailable_tracks - set(labels["track_id"])
    return HuntResult(
        run_id=run.record.run_id,
        processed=len(run.ids),
        labels_found=labels.height,
        labels_updated=written.labels_written if written else 0,
        failed=len(run.ids) - labels.height - len(silent),
        skipped=len(silent),
        applied=run.applied,
        by_source=dict(labels.group_by("source").len().sort("source").iter_rows()),
        unavailable=run.outside.unavailable,
        without=run.outside.labels.why_without(set(run.ids) - set(labels["track_id"]) - silent),
    )


def resolve(settings: Settings, **options: Unpack[RunOptions]) -> CycleResult:
    """Tiers 0–3 on failed tracks, at most 100; arguments as for `hunt_labels`."""
    return _counted(_run("resolve", settings, options, statuses=("failed",), blank="any"))


def trigger(settings: Settings, *, learned: bool = True, **options: Unpack[RunOptions]) -> CycleResult:
    """The standard cycle on pending tracks, at most 200, after those that failed for a reason that passes.

    With `apply`, a track with artist and label, by whatever hand, is `completed`; one that stays without an artist is
    `failed`; one that came out of cool-down goes back for its next period, until its retries are spent. One that only
    lacks a label is `partial`. Without `learned` the learned ranker is not asked: it has seen the public tracklists, so
    it may not judge them again (`enrich replay`). Arguments as for `hunt_labels`.
    """
    options = {"limit": 200, **options}
    return _counted(_run("trigger", settings, options, statuses=("retriable", "pending"), blank="any", learned=learned))


#: What was measured of the last snapshot: one job asks several times about the same.
_MEASURED: dict[tuple[object, ...], pl.DataFrame] = {}


def _measured(ws: Workspace, snapshot: Path, *, artists: bool, on_progress: Progress | None) -> pl.DataFrame:
    file = snapshot.stat()
    key = (snapshot, file.st_ino, file.st_size, file.st_mtime_ns, artists)
    found = _MEASURED.get(key)
    if found is None:
        found = measure(ws, artists=artists, told=lambda what: tell(on_progress, f"what each rule is worth: {what}"))
        _MEASURED.clear()
        _MEASURED[key] = found
    return found


def _run(command: str, settings: Settings, options: RunOptions, **about: Any) -> _Finished:
    """The one way every command goes, heard of all the while where somebody listens."""
    options = {"limit": 100, "apply": False, "on_progress": None, "stop": None, **options}
    if options["on_progress"] is None:
        return _steps(command, settings, options, **about)
    with beating(options["on_progress"]) as told:
        return _steps(command, settings, options | {"on_progress": told}, **about)


def _steps(
    command: str,
    settings: Settings,
    options: RunOptions,
    *,
    statuses: Sequence[str],
    blank: str,
    names_artists: bool = True,
    learned: bool = True,
) -> _Finished:
    """Snapshot, tiers, record."""
    on_progress = options["on_progress"]

    def read(table: str, rows: int) -> None:
        tell(on_progress, f"snapshot: {table}")

    if command == "trigger" and options["apply"]:
        settle_strays(settings, now=options["now"])
    tell(on_progress, "snapshot")
    path = options.get("snapshot") or take_snapshot(settings, now=options["now"], progress=read)
    with open_snapshot(path, settings=settings) as opened:
        ws = Workspace.of(opened)
    ids = select_tracks(ws, statuses=statuses, limit=options["limit"], blank=blank)
    policy = replace(read_policy(settings), refused=refused(settings))
    tell(on_progress, "what each rule is worth here")
    ledger = list_proposals(settings)
    scale = Scale(measured=_measured(ws, path, artists=names_artists, on_progress=on_progress), decided=decided(ledger))
    outside = OutsideTiers(enabled_sources(settings), on_progress, options["stop"], names_artists=names_artists)
    found = run_tiers(
        ws,
        ids,
        policy=policy,
        scale=scale,
        pool=ledger,
        label_tiers=(*LABEL_TIERS, outside.outside_labels),
        artist_tiers=(imported(ledger), *ARTIST_TIERS, outside.artists, outside.new_releases) if names_artists else (),
        context_tiers=outside.context_tiers(learned=learned) if names_artists else (),
        on_progress=on_progress,
    )
    left = record(settings, command, ws, found, ids, policy=policy, options=options)
    return _Finished(ids=ids, found=found, record=left, outside=outside, applied=options["apply"])


def _counted(run: _Finished) -> CycleResult:
    found, written = run.found, run.record.written
    counts = dict(_best(found.proposals).group_by("kind").len().iter_rows())
    accepted = pl.col("proposal_id").is_in(list(found.accepted_ids))
    return CycleResult(
        run_id=run.record.run_id,
        processed=len(run.ids),
        labels_found=counts.get("label", 0),
        artists_found=counts.get("artist", 0),
        accepted=len(found.accepted_ids),
        to_review=found.proposals.height - len(found.accepted_ids),
        labels_updated=written.labels_written if written else 0,
        artists_updated=written.artists_written if written else 0,
        identities_found=counts.get("identity", 0),
        identities_updated=written.identities_written if written else 0,
        conflicts=written.conflicts if written else 0,
        failed=run.record.failed,
        back_in_cooldown=run.record.back_in_cooldown,
        rounds=found.rounds,
        applied=run.applied,
        by_source=found.proposals.with_columns(accepted=accepted)
        .group_by("kind", "tier", "source")
        .agg(
            proposals=pl.len(), accepted=pl.col("accepted").sum(), mean_confidence=pl.col("confidence").mean().round(3)
        )
        .sort("kind", "tier", "source")
        .to_dicts(),
        unavailable=run.outside.unavailable,
    )


def _best(proposals: pl.DataFrame) -> pl.DataFrame:
    surest = proposals.sort(["confidence", "tier", "proposal_id"], descending=[True, False, False], nulls_last=True)
    return surest.unique(["track_id", "kind"], keep="first", maintain_order=True)
