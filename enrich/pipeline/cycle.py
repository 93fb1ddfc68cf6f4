"""The enrichment cycle: choose tracks, run the tiers until nothing new is found, put it on record, write where asked.

    hunt_labels  Tier 0 on tracks without a label
    resolve      tiers 0–3 on failed tracks
    trigger      the standard cycle on pending tracks; what stays unresolved is failed or goes back into cool-down

Everything is computed on a snapshot; Postgres is touched twice, once to read it and once, in one transaction, to record
proposals, decisions and (with `apply`) the values written.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Required, TypedDict, Unpack

import polars as pl
import psycopg
from psycopg.rows import dict_row

from enrich.cooldown import queue
from enrich.database.connection import connect
from enrich.database.errors import database_errors
from enrich.database.layout import writable
from enrich.ledger.policy import Policy, read_policy
from enrich.ledger.proposals import close_run, open_run, save
from enrich.ledger.proposals import proposals as list_proposals
from enrich.ledger.review import accept_by_policy, refused
from enrich.ledger.writing import WriteResult, write_accepted
from enrich.measuring.replay import MEASURED, measure
from enrich.measuring.scale import Scale, decided
from enrich.pipeline.rounds import COMMITTING, Found, OutsideTiers, Progress, run_tiers, select_tracks, tell
from enrich.rules import LABEL_FLOOR, MAX_ATTEMPTS
from enrich.settings import Settings
from enrich.snapshots.opening import open_snapshot
from enrich.snapshots.taking import snapshot as take_snapshot
from enrich.sql import LEDGER
from enrich.text.words import is_unknown_artist
from enrich.tiers.label_hunter import enabled_sources
from enrich.tiers.workspace import Workspace

#: Seconds of silence after which a step is said again, and how often is looked.
SILENCE_S, LOOK_S = 5.0, 2.0


class RunOptions(TypedDict, total=False):
    """How a command of the cycle runs; what it looks at is the command's own."""

    now: Required[datetime]  # time of record
    limit: int  # at most so many tracks
    apply: bool  # write what the policy accepts; else it is only recorded
    snapshot: Path | None  # to work on; None takes a fresh one
    on_progress: Progress | None  # told of each step
    stop: threading.Event | None  # set, it ends the asking of sources; what was found is recorded all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a run left: its id, what was written (None: nothing was to be), and how its pending tracks ended."""

    run_id: str
    written: WriteResult | None
    failed: int
    back_in_cooldown: int


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
    without: dict[str, int] = field(default_factory=dict)  # why `failed` tracks have no label, most frequent first

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


class Heartbeat:
    """A `Progress` that passes on what it is told, and says it again at a `beat` after `SILENCE_S`.

    Nothing is said again after `COMMITTING`, nor to a listener that has raised: that ends the run at its next word.
    """

    def __init__(self, on_progress: Progress, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._on_progress, self._clock, self._lock = on_progress, clock, threading.Lock()
        self._said: tuple[str, int, int | None] = (COMMITTING, 0, None)
        self._since = self._spoken = clock()

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Say how far the run is; raises what the listener does."""
        with self._lock:
            self._spoken = self._clock()
            self._since = self._since if step == self._said[0] else self._spoken
            self._said = step, done, total
            self._on_progress(step, done, total)

    def beat(self) -> None:
        """Say the step again where it has been silent."""
        with self._lock:
            now, (step, done, total) = self._clock(), self._said
            if step != COMMITTING and now - self._spoken >= SILENCE_S:
                self._spoken = now
                self._on_progress(f"{step} ({now - self._since:.0f} s)", done, total)


@contextmanager
def beating(on_progress: Progress | None) -> Iterator[Progress | None]:
    """`on_progress` with a heartbeat for as long as the block runs, where somebody listens.

    One thread for all steps of a run; a step of one long query needs to know nothing of it.
    """
    if on_progress is None:
        yield None
        return
    told, over = Heartbeat(on_progress), threading.Event()

    def beat() -> None:
        with suppress(BaseException):
            while not over.wait(LOOK_S):
                told.beat()

    threading.Thread(target=beat, name="heartbeat", daemon=True).start()
    try:
        yield told
    finally:
        over.set()


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
    about: dict[str, Any] = {"statuses": statuses, "blank": "label", "names_artists": False}
    ids, found, left, outside = _run("hunt-labels", settings, options, **about)
    labels = _best(found.proposals.filter((pl.col("kind") == "label") & (pl.col("confidence") >= LABEL_FLOOR)))
    silent = outside.labels.unavailable_tracks - set(labels["track_id"])
    return HuntResult(
        run_id=left.run_id,
        processed=len(ids),
        labels_found=labels.height,
        labels_updated=left.written.labels_written if left.written else 0,
        failed=len(ids) - labels.height - len(silent),
        skipped=len(silent),
        applied=left.written is not None,
        by_source=dict(labels.group_by("source").len().sort("source").iter_rows()),
        unavailable=outside.unavailable,
        without=outside.labels.why_without(set(ids) - set(labels["track_id"]) - silent),
    )


def resolve(settings: Settings, **options: Unpack[RunOptions]) -> CycleResult:
    """Tiers 0–3 on failed tracks, at most 100; arguments as for `hunt_labels`."""
    return _counted(*_run("resolve", settings, options, statuses=("failed",), blank="any"))


def trigger(settings: Settings, *, learned: bool = True, **options: Unpack[RunOptions]) -> CycleResult:
    """The standard cycle on pending tracks, at most 200, after those that failed for a reason that passes.

    With `apply`, a track with artist and label, by whatever hand, is `completed`; one that stays without an artist is
    `failed`; one that came out of cool-down goes back for its next period, until its retries are spent. One that only
    lacks a label is `partial`. Without `learned` the learned ranker is not asked: it has seen the public tracklists, so
    it may not judge them again (`enrich replay`). Arguments as for `hunt_labels`.
    """
    options = {"limit": 200, **options}
    about: dict[str, Any] = {"statuses": ("retriable", "pending"), "blank": "any", "learned": learned}
    return _counted(*_run("trigger", settings, options, **about))


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


def _run(
    command: str,
    settings: Settings,
    options: RunOptions,
    *,
    statuses: Sequence[str],
    blank: str,
    names_artists: bool = True,
    learned: bool = True,
) -> tuple[pl.Series, Found, Record, OutsideTiers]:
    """The one way every command goes: snapshot, tiers, record."""
    options = {"limit": 100, "apply": False, "on_progress": None, "stop": None, **options}
    with beating(options["on_progress"]) as on_progress:
        options["on_progress"] = on_progress
        if command == "trigger" and options["apply"]:
            queue.settle_strays(settings, now=options["now"])
        tell(on_progress, "snapshot")
        path = options.get("snapshot") or take_snapshot(
            settings, now=options["now"], progress=lambda table, rows: tell(on_progress, f"snapshot: {table}")
        )
        with open_snapshot(path, settings=settings) as opened:
            ws = Workspace.of(opened)
        ids = select_tracks(ws, statuses=statuses, limit=options["limit"], blank=blank)
        policy = replace(read_policy(settings), refused=refused(settings))
        tell(on_progress, "what each rule is worth here")
        ledger = list_proposals(settings)
        measured = MEASURED.to_frame()
        if len(ids):
            measured = _measured(ws, path, artists=names_artists, on_progress=on_progress)
        outside = OutsideTiers(enabled_sources(settings), on_progress, options["stop"], names_artists=names_artists)
        found = run_tiers(
            ws,
            ids,
            policy=policy,
            scale=Scale(measured=measured, decided=decided(ledger)),
            pool=ledger,
            on_progress=on_progress,
            **outside.tiers(ledger, learned=learned),
        )
        return ids, found, _record(settings, command, ws, found, ids, policy=policy, options=options), outside


def _record(
    settings: Settings,
    command: str,
    ws: Workspace,
    found: Found,
    ids: pl.Series,
    *,
    policy: Policy,
    options: RunOptions,
) -> Record:
    """Everything a run leaves in Postgres, in one transaction."""
    now, apply, on_progress, failed, back = options["now"], options["apply"], options["on_progress"], 0, 0
    tell(on_progress, "recording")
    with database_errors(settings, doing=command), connect(settings) as con, con.cursor() as cur:
        asked = {"limit": options["limit"], "policy": policy.name, "apply": apply}
        run_id = open_run(cur, command, now=now, snapshot_id=ws.snapshot_id, parameters=asked)
        new, refreshed = save(cur, found.proposals, run_id=run_id, seen=ws.seen(), now=now)
        accepted = accept_by_policy(cur, list(found.accepted_ids), policy=policy.name, now=now)
        at: dict[str, Any] = {"run_id": run_id, "now": now}
        if apply and command == "trigger":
            # Tracks that wait although nothing is missing, by the snapshot.
            waits = (pl.col("status") == "pending") | (pl.col("is_retriable") & ~pl.col("is_permanently_failed"))
            whole = pl.col("is_known_artist") & pl.col("label").is_not_null()
            ready = ws.tracks.filter(waits & whole)["track_id"].to_list()
            LEDGER["add_statuses"].execute(cur, **at, track_ids=[*ids, *ready])
            LEDGER["settle_complete"].execute(cur, **at, track_ids=ready)
            LEDGER["mark_attempted"].execute(cur, track_ids=ids.to_list(), now=now)
        written = write_accepted(cur, now=now, run_ids=[run_id]) if apply else None
        if apply:
            LEDGER["remember_attempts"].execute(cur, **at, track_ids=ids.to_list(), command=command)
            if command == "trigger":
                failed, back = _settle_unresolved(con, found, ids, now=now)
        counts = {"tracks": len(ids), "proposals_new": new, "proposals_refreshed": refreshed, "accepted": accepted}
        kinds = ("labels_written", "artists_written", "identities_written", "conflicts")
        counts |= {kind: getattr(written, kind) if written else 0 for kind in kinds}
        close_run(cur, run_id, now=now, summary=counts)
        tell(on_progress, COMMITTING)
    return Record(run_id=run_id, written=written, failed=failed, back_in_cooldown=back)


def _settle_unresolved(con: psycopg.Connection[Any], found: Found, ids: pl.Series, *, now: datetime) -> tuple[int, int]:
    """Tracks of the cycle that were not completed: failed, back in cool-down, or partial. Counts the first two."""
    reviewed = set(found.proposals.filter(pl.col("kind") != "label")["track_id"])
    with con.cursor(row_factory=dict_row) as cur:
        LEDGER["lock_unresolved"].execute(cur, track_ids=ids.to_list())
        rows = cur.fetchall()
        names = pl.DataFrame({"name": [row["artists"] for row in rows]}, schema={"name": pl.List(pl.String)})
        known = names.select(pl.col("name").list.eval(~is_unknown_artist(pl.element())).list.any())["name"].to_list()
        nameless = [row for row, is_named in zip(rows, known, strict=True) if not is_named]
        only_label = [row["track_id"] for row, is_named in zip(rows, known, strict=True) if is_named]
        LEDGER["mark_partial"].execute(cur, track_ids=only_label, now=now)
        lost = [row["track_id"] for row in nameless]
        reasons = ("no artist found in any tier", "an artist is proposed and waits for review")
        LEDGER["mark_failed"].execute(
            cur,
            track_ids=lost,
            reasons=[reasons[str(track) in reviewed] for track in lost],
            # The retry of a failure that passes begins here; that of a parked track began when it fell due.
            retries=[row["retry_count"] + (row["status"] == "failed") for row in nameless],
            now=now,
        )
        if "is_retriable" in writable(cur, "enrichment_status"):
            LEDGER["mark_definite"].execute(cur, track_ids=lost)
        tried = (row for row in nameless if row["status"] != "failed")
        back = [row["track_id"] for row in tried if 0 < row["retry_count"] < MAX_ATTEMPTS]
        queue.enqueue(cur, back, now=now)
    return len(nameless) - len(back), len(back)


def _counted(ids: pl.Series, found: Found, left: Record, outside: OutsideTiers) -> CycleResult:
    written = left.written
    counts = dict(_best(found.proposals).group_by("kind").len().iter_rows())
    accepted = pl.col("proposal_id").is_in(list(found.accepted_ids))
    return CycleResult(
        run_id=left.run_id,
        processed=len(ids),
        labels_found=counts.get("label", 0),
        artists_found=counts.get("artist", 0),
        accepted=len(found.accepted_ids),
        to_review=found.proposals.height - len(found.accepted_ids),
        labels_updated=written.labels_written if written else 0,
        artists_updated=written.artists_written if written else 0,
        identities_found=counts.get("identity", 0),
        identities_updated=written.identities_written if written else 0,
        conflicts=written.conflicts if written else 0,
        failed=left.failed,
        back_in_cooldown=left.back_in_cooldown,
        rounds=found.rounds,
        applied=written is not None,
        by_source=found.proposals.with_columns(accepted=accepted)
        .group_by("kind", "tier", "source")
        .agg(
            proposals=pl.len(), accepted=pl.col("accepted").sum(), mean_confidence=pl.col("confidence").mean().round(3)
        )
        .sort("kind", "tier", "source")
        .to_dicts(),
        unavailable=outside.unavailable,
    )


def _best(proposals: pl.DataFrame) -> pl.DataFrame:
    surest = proposals.sort(["confidence", "tier", "proposal_id"], descending=[True, False, False], nulls_last=True)
    return surest.unique(["track_id", "kind"], keep="first", maintain_order=True)
