"""The enrichment cycle: choose tracks, run the tiers until nothing new is found, put it on record, write where asked.

    hunt_labels  Tier 0 on tracks without a label
    resolve      tiers 0–3 on failed tracks
    trigger      the standard cycle on pending tracks; what stays unresolved is failed or goes back into cool-down

Everything is computed on a snapshot; Postgres is touched twice, once to read it and once, in one transaction, to record
proposals, decisions and (with `apply`) the values written.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
from psycopg.rows import dict_row

from enrich.contracts.schemas import PROPOSALS
from enrich.contracts.settings import Settings
from enrich.cooldown import queue
from enrich.database.connection import connect
from enrich.database.faults import database_errors
from enrich.errors import EnrichError
from enrich.ledger.proposals import save, with_ids
from enrich.ledger.review import accept_by_policy
from enrich.ledger.runs import close_run, execute, open_run
from enrich.ledger.writing import WriteResult, write_accepted
from enrich.pipeline.policy import Policy, read_policy
from enrich.snapshots.opening import open_snapshot
from enrich.snapshots.taking import snapshot as take_snapshot
from enrich.sources.base import Source
from enrich.sources.confidence import auto_accept_thresholds
from enrich.tiers.announced import announced
from enrich.tiers.confirming import ConfirmedCandidates
from enrich.tiers.context import Context, ContextRankings, context_formula, has_ranker
from enrich.tiers.external import OutsideArtists
from enrich.tiers.internal import association, mashups, same_title
from enrich.tiers.label_hunter import OutsideLabels, by_source_text, enabled_sources
from enrich.tiers.local_labels import LABEL_FLOOR, database_labels, no_proposals, title_labels
from enrich.tiers.workspace import Workspace

#: Called with the step, and how many of how many tracks are done where that can be said.
Progress = Callable[[str, int, int | None], None]

#: A tier over a workspace: the tracks asked for in, PROPOSALS without ids out.
Tier = Callable[[Workspace, pl.Series], pl.DataFrame]

LABEL_TIERS: tuple[Tier, ...] = (title_labels, database_labels)
ARTIST_TIERS: tuple[Tier, ...] = (mashups, announced, same_title, association)
CONTEXT_TIERS: tuple[Tier, ...] = (context_formula,)

#: The loop ends by itself, for each round fills a blank; this only bounds a mistake.
MAX_ROUNDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the tiers came to: the workspace with accepted results, all proposals with ids, and which were accepted."""

    workspace: Workspace
    proposals: pl.DataFrame
    accepted_ids: tuple[str, ...]
    rounds: int


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

    def asdict(self) -> dict[str, Any]:
        """The response body of the specification, and what it leaves out beside it."""
        rate = 100 * self.labels_found / self.processed if self.processed else 0.0
        return {
            "status": "completed",
            "message": f"Processed {self.processed} tracks, found {self.labels_found} labels",
            "stats": {
                k: getattr(self, k) for k in ("processed", "labels_found", "labels_updated", "failed", "skipped")
            },
            "success_rate": f"{rate:.1f}%",
            "run_id": self.run_id,
            "applied": self.applied,
            "by_source": self.by_source,
            "unavailable": self.unavailable,
        }


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
        return {
            "status": "completed",
            "message": f"Processed {self.processed} tracks, found {self.artists_found} artists "
            f"and {self.labels_found} labels",
            "stats": stats,
            "run_id": self.run_id,
            "applied": self.applied,
            "by_source": self.by_source,
            "unavailable": self.unavailable,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    run_id: str
    written: WriteResult | None
    failed: int
    back_in_cooldown: int


def run_tiers(
    ws: Workspace,
    track_ids: pl.Series,
    *,
    policy: Policy,
    label_tiers: Sequence[Tier] = LABEL_TIERS,
    artist_tiers: Sequence[Tier] = ARTIST_TIERS,
    context_tiers: Sequence[Tier] = CONTEXT_TIERS,
    on_progress: Progress | None = None,
) -> Found:
    """Repeat the tiers, accepted results fed back at once, until a round finds nothing new.

    Args:
        ws: The workspace to begin with.
        track_ids: The tracks to answer for.
        policy: Accepts without a person.
        label_tiers: Tier 0, in order; a later one is asked only for what the earlier left blank.
        artist_tiers: Tier 1, in order, likewise.
        context_tiers: Tier 2; asked when tiers 0 and 1 find nothing more, for they change the context.
        on_progress: Told of each step.

    Returns:
        All proposals, those superseded within the run included once, and the ids accepted.
    """
    gathered = no_proposals()
    accepted: dict[str, None] = {}
    rounds = 0
    while rounds < MAX_ROUNDS:
        rounds += 1
        before = ws
        for tier in (*label_tiers, *artist_tiers):
            _tell(on_progress, f"round {rounds}: {_spoken(tier)}")
            ws, gathered = _one_tier(ws, tier, track_ids, policy, gathered, accepted)
        if _blanks(ws, track_ids) < _blanks(before, track_ids):
            continue
        for tier in context_tiers:
            _tell(on_progress, f"round {rounds}: {_spoken(tier)}")
            ws, gathered = _one_tier(ws, tier, track_ids, policy, gathered, accepted)
        if _blanks(ws, track_ids) == _blanks(before, track_ids):
            break
    return Found(workspace=ws, proposals=gathered, accepted_ids=tuple(accepted), rounds=rounds)


class _Outside:
    """The tiers that ask outside sources, for one run, with what they could not ask."""

    def __init__(self, sources: Sequence[Source], on_progress: Progress | None, stop: threading.Event | None) -> None:
        def show(done: int, total: int, counts: Mapping[str, Counter[str]]) -> None:
            if on_progress is not None:
                on_progress("labels: " + by_source_text(counts), done, total)

        def show_artists(done: int, total: int) -> None:
            if on_progress is not None:
                on_progress("artists at the sources", done, total)

        self.labels = OutsideLabels(sources, on_progress=show, stop=stop)
        self.artists = OutsideArtists(sources, on_progress=show_artists, stop=stop)
        self.rankings = ContextRankings()
        self.confirmed = ConfirmedCandidates(sources, stop=stop, rankings=self.rankings)

    def context_tiers(self, *, learned: bool) -> tuple[Tier, ...]:
        scorers = ("formula", "learned") if learned and has_ranker() else ("formula",)
        return (self.confirmed, *(Context(scorer, self.rankings) for scorer in scorers))

    @property
    def unavailable(self) -> dict[str, str]:
        return {**self.confirmed.unavailable, **self.artists.unavailable, **self.labels.unavailable}

    @property
    def unavailable_tracks(self) -> set[str]:
        return self.labels.unavailable_tracks


def _tell(on_progress: Progress | None, step: str) -> None:
    if on_progress is not None:
        on_progress(step, 0, None)


def _spoken(tier: Tier) -> str:
    return getattr(tier, "__name__", type(tier).__name__).replace("_", " ")


def _one_tier(
    ws: Workspace, tier: Tier, track_ids: pl.Series, policy: Policy, gathered: pl.DataFrame, accepted: dict[str, None]
) -> tuple[Workspace, pl.DataFrame]:
    proposals = with_ids(tier(ws, track_ids))
    if proposals.is_empty():
        return ws, gathered
    gathered = (
        pl.concat([proposals, gathered])
        .unique("proposal_id", keep="first", maintain_order=True)
        .select(PROPOSALS.names())
    )
    winners = proposals.filter(policy.accepts(proposals))
    accepted.update(dict.fromkeys(winners["proposal_id"]))
    return ws.with_accepted(winners), gathered


def _blanks(ws: Workspace, track_ids: pl.Series) -> int:
    chosen = ws.tracks.filter(pl.col("track_id").is_in(track_ids.to_list()))
    return int(chosen.select(pl.col("label").is_null().sum() + (~pl.col("is_known_artist")).sum()).item())


def select_tracks(ws: Workspace, *, statuses: Sequence[str], limit: int, blank: str) -> pl.Series:
    """Tracks of the given statuses with a blank, those never tried or longest untried first.

    Args:
        ws: The workspace.
        statuses: In this order of preference.
        limit: At most this many; >= 1.
        blank: `label`, `artist` or `any`.
    """
    if limit < 1:
        raise EnrichError(f"limit must be >= 1, got {limit}")
    no_label, no_artist = pl.col("label").is_null(), ~pl.col("is_known_artist")
    wanted = {"label": no_label, "artist": no_artist, "any": no_label | no_artist}[blank]
    order = pl.DataFrame({"status": list(statuses), "preference": range(len(statuses))})
    return (
        ws.tracks.filter(wanted)
        .join(order, on="status")
        .sort("preference", "last_attempt", "track_id", nulls_last=False)
        .head(limit)["track_id"]
    )


def hunt_labels(
    settings: Settings,
    *,
    now: datetime,
    limit: int = 100,
    apply: bool = False,
    snapshot: Path | None = None,
    statuses: Sequence[str] = ("failed", "pending_re_enrichment", "pending", "partial"),
    on_progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> HuntResult:
    """Tier 0: find labels for tracks without one, failed tracks first.

    Args:
        settings: Where Postgres is, which sources are on, the policy.
        now: Time of record.
        limit: At most this many tracks.
        apply: Write what the policy accepts; else it is only recorded.
        snapshot: Work on this one; None takes a fresh one.
        statuses: Which tracks, in order of preference.
        on_progress: Told of each step.
        stop: Set, it ends the asking of sources; what was found is recorded all the same.
    """
    ws = _workspace(settings, now=now, snapshot=snapshot)
    ids = select_tracks(ws, statuses=statuses, limit=limit, blank="label")
    policy = _policy(settings)
    outside = _Outside(enabled_sources(settings), on_progress, stop)
    found = run_tiers(
        ws,
        ids,
        policy=policy,
        label_tiers=(*LABEL_TIERS, outside.labels),
        artist_tiers=(),
        context_tiers=(),
        on_progress=on_progress,
    )
    record = _record(
        settings, "hunt-labels", ws, found, ids, policy=policy, now=now, apply=apply, parameters={"limit": limit}
    )
    labels = _best(found.proposals.filter((pl.col("kind") == "label") & (pl.col("confidence") >= LABEL_FLOOR)))
    silent = outside.unavailable_tracks - set(labels["track_id"])
    return HuntResult(
        run_id=record.run_id,
        processed=len(ids),
        labels_found=labels.height,
        labels_updated=record.written.labels_written if record.written else 0,
        failed=len(ids) - labels.height - len(silent),
        skipped=len(silent),
        applied=apply,
        by_source=dict(labels.group_by("source").len().sort("source").iter_rows()),
        unavailable=outside.unavailable,
    )


def resolve(
    settings: Settings,
    *,
    now: datetime,
    limit: int = 100,
    apply: bool = False,
    snapshot: Path | None = None,
    on_progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> CycleResult:
    """Tiers 0–3 on failed tracks.

    Args:
        settings: Where Postgres is, which sources are on, the policy.
        now: Time of record.
        limit: At most this many tracks.
        apply: Write what the policy accepts; else it is only recorded.
        snapshot: Work on this one; None takes a fresh one.
        on_progress: Told of each step.
        stop: Set, it ends the asking of sources; what was found is recorded all the same.
    """
    return _cycle(
        settings,
        "resolve",
        ("failed",),
        now=now,
        limit=limit,
        apply=apply,
        snapshot=snapshot,
        on_progress=on_progress,
        stop=stop,
    )


def trigger(
    settings: Settings,
    *,
    now: datetime,
    limit: int = 200,
    apply: bool = False,
    snapshot: Path | None = None,
    on_progress: Progress | None = None,
    stop: threading.Event | None = None,
    learned: bool = True,
) -> CycleResult:
    """The standard cycle on pending tracks; see `resolve`.

    With `apply`, a track that stays without an artist is `failed`; one that came out of cool-down goes back for its
    next period, until its retries are spent. One that only lacks a label is `partial`. Without `learned` the learned
    ranker is not asked: it has seen the public tracklists, so it may not judge them again (`enrich replay`).
    """
    return _cycle(
        settings,
        "trigger",
        ("pending",),
        now=now,
        limit=limit,
        apply=apply,
        snapshot=snapshot,
        on_progress=on_progress,
        stop=stop,
        learned=learned,
    )


def _cycle(
    settings: Settings,
    command: str,
    statuses: Sequence[str],
    *,
    now: datetime,
    limit: int,
    apply: bool,
    snapshot: Path | None,
    on_progress: Progress | None,
    stop: threading.Event | None,
    learned: bool = True,
) -> CycleResult:
    _tell(on_progress, "snapshot")
    ws = _workspace(settings, now=now, snapshot=snapshot)
    ids = select_tracks(ws, statuses=statuses, limit=limit, blank="any")
    policy = _policy(settings)
    outside = _Outside(enabled_sources(settings), on_progress, stop)
    found = run_tiers(
        ws,
        ids,
        policy=policy,
        label_tiers=(*LABEL_TIERS, outside.labels),
        artist_tiers=(*ARTIST_TIERS, outside.artists),
        context_tiers=outside.context_tiers(learned=learned),
        on_progress=on_progress,
    )
    record = _record(
        settings, command, ws, found, ids, policy=policy, now=now, apply=apply, parameters={"limit": limit}
    )
    written = record.written
    best = _best(found.proposals)
    counts = dict(best.group_by("kind").len().iter_rows())
    return CycleResult(
        run_id=record.run_id,
        processed=len(ids),
        labels_found=counts.get("label", 0),
        artists_found=counts.get("artist", 0),
        accepted=len(found.accepted_ids),
        to_review=found.proposals.height - len(found.accepted_ids),
        labels_updated=written.labels_written if written else 0,
        artists_updated=written.artists_written if written else 0,
        conflicts=written.conflicts if written else 0,
        failed=record.failed,
        back_in_cooldown=record.back_in_cooldown,
        rounds=found.rounds,
        applied=apply,
        by_source=found.proposals.with_columns(accepted=pl.col("proposal_id").is_in(list(found.accepted_ids)))
        .group_by("kind", "tier", "source")
        .agg(
            proposals=pl.len(), accepted=pl.col("accepted").sum(), mean_confidence=pl.col("confidence").mean().round(3)
        )
        .sort("kind", "tier", "source")
        .to_dicts(),
        unavailable=outside.unavailable,
    )


def _workspace(settings: Settings, *, now: datetime, snapshot: Path | None) -> Workspace:
    path = snapshot if snapshot is not None else take_snapshot(settings, now=now)
    with open_snapshot(path, settings=settings) as opened:
        return Workspace.of(opened)


def _policy(settings: Settings) -> Policy:
    return read_policy(settings.auto_accept, learned=auto_accept_thresholds())


def _best(proposals: pl.DataFrame) -> pl.DataFrame:
    return proposals.sort(["confidence", "tier", "proposal_id"], descending=[True, False, False]).unique(
        ["track_id", "kind"], keep="first", maintain_order=True
    )


def _record(
    settings: Settings,
    command: str,
    ws: Workspace,
    found: Found,
    ids: pl.Series,
    *,
    policy: Policy,
    now: datetime,
    apply: bool,
    parameters: dict[str, object],
) -> _Record:
    """Everything a run leaves in Postgres, in one transaction."""
    failed, back = 0, 0
    with database_errors(settings, doing=command), connect(settings) as con, con.cursor() as cur:
        run_id = open_run(
            cur,
            command,
            now=now,
            snapshot_id=ws.snapshot_id,
            parameters={**parameters, "policy": policy.name, "apply": apply},
        )
        new, refreshed = save(cur, found.proposals, run_id=run_id, seen=ws.seen(), now=now)
        accepted = accept_by_policy(cur, list(found.accepted_ids), policy=policy.name, now=now)
        written = write_accepted(cur, now=now, run_ids=[run_id]) if apply else None
        if apply:
            execute(cur, "mark_attempted", track_ids=ids.to_list(), now=now)
        if apply and command == "trigger":
            failed, back = _settle_unresolved(con, found, ids, now=now)
        close_run(
            cur,
            run_id,
            now=now,
            summary={
                "tracks": len(ids),
                "proposals_new": new,
                "proposals_refreshed": refreshed,
                "accepted": accepted,
                "labels_written": written.labels_written if written else 0,
                "artists_written": written.artists_written if written else 0,
                "conflicts": written.conflicts if written else 0,
            },
        )
    return _Record(run_id=run_id, written=written, failed=failed, back_in_cooldown=back)


def _settle_unresolved(con: psycopg.Connection[Any], found: Found, ids: pl.Series, *, now: datetime) -> tuple[int, int]:
    """Pending tracks that were not completed: failed, back in cool-down, or partial. Returns the first two counts."""
    reviewed = set(found.proposals.filter(pl.col("kind") == "artist")["track_id"])
    named = set(found.workspace.tracks.filter("is_known_artist")["track_id"])
    with con.cursor(row_factory=dict_row) as cur:
        execute(cur, "lock_unresolved", track_ids=ids.to_list())
        rows = [{**row, "error_message": _reason(str(row["track_id"]), reviewed)} for row in cur.fetchall()]
        nameless = [row for row in rows if str(row["track_id"]) not in named]
        only_label = [row["track_id"] for row in rows if str(row["track_id"]) in named]
        execute(cur, "mark_partial", track_ids=only_label, now=now)
        execute(
            cur,
            "mark_failed",
            track_ids=[row["track_id"] for row in nameless],
            reasons=[row["error_message"] for row in nameless],
            now=now,
        )
        back = [row["track_id"] for row in nameless if 0 < row["retry_count"] < queue.MAX_ATTEMPTS]
        queue.enqueue(cur, back, now=now)
    return len(nameless) - len(back), len(back)


def _reason(track_id: str, reviewed: set[str]) -> str:
    return "an artist is proposed and waits for review" if track_id in reviewed else "no artist found in any tier"
