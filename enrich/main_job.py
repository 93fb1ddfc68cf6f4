"""The whole main job, as `make run` does it, on the demo world, a tracklist file or one's own database.

The demo world asks a loopback catalogue, a tracklist file no source that `ENRICH_SOURCES` does not name; one's own
database is written to only where told. Run again, it goes on from what is there.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from enrich.cooldown import queue
from enrich.database.connection import connect
from enrich.database.layout import NONE, Layout
from enrich.database.migrations import database_status, migrate
from enrich.demo.catalogue.server import Catalogue
from enrich.demo.loading import demo
from enrich.errors import DatabaseError, InputFileError
from enrich.frames.files import read_table
from enrich.importing.running import import_
from enrich.ledger.proposals import proposals
from enrich.ledger.writing import writeback
from enrich.pipeline import cycle
from enrich.pipeline.rounds import Progress
from enrich.reporting.recovery import JSON_NAME, ReportResult, report
from enrich.settings import Settings
from enrich.snapshots.opening import open_snapshot
from enrich.snapshots.taking import snapshot
from enrich.text.words import is_unknown_artist, is_unknown_title

#: Told of each step.
Say = Callable[[str], None]
#: More tracks than a run of this kind has: all of them.
_ALL = 1_000_000
#: Requests a second to the loopback catalogue, which nobody needs to be spared.
_LOOPBACK_RATE = 200.0
#: One catalogue stands behind all six formats: three of them find what there is to be found.
_DEMO_SOURCES = ("beatport", "musicbrainz", "discogs")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What the job came to."""

    data_dir: Path
    slots: dict[str, int]
    proposals: pl.DataFrame
    report: ReportResult
    written: dict[str, int]  # labels, artists, conflicts and tracks parked; where not `applied`, what they would be
    applied: bool

    def asdict(self) -> dict[str, Any]:
        """As JSON prints it."""
        return {
            "data_dir": str(self.data_dir),
            "slots": self.slots,
            "proposals": self.proposals.to_dicts(),
            "applied": self.applied,
            "written" if self.applied else "would_write": self.written,
            "report": self.report.asdict(),
        }

    def text(self) -> str:
        """For people: what was found, the recovery table, and where the report is."""
        lines = ["", "Slots of all sets"]
        lines += [f"  {name.replace('_', ' '):<44}{count:>9,}" for name, count in self.slots.items()]
        lines += ["", f"  {'kind':<8}{'tier':>4}  {'source':<18}{'confidence':<12}{'proposed':>10}{'written':>10}"]
        lines += [
            f"  {row['kind']:<8}{row['tier']:>4}  {row['source']:<18}{row['confidence']:<12}{row['proposed']:>10,}"
            f"{row['written']:>10,}"
            for row in self.proposals.iter_rows(named=True)
        ]
        counts = ", ".join(f"{count:,} {what}" for what, count in self.written.items())
        lines += ["", f"{'Written' if self.applied else 'Would be written (APPLY=1 does it)'}: {counts}"]
        lines += ["", self.report.table(), "", f"Report: {self.report.path_html}"]
        here = self.data_dir.resolve()
        lines += [f"Notebooks on it: ENRICH_DATA_DIR={here} ENRICH_SNAPSHOT={here}/snapshots/latest make lab"]
        return "\n".join(lines)


def run(
    settings: Settings,
    *,
    now: datetime,
    tracklists: Path | None = None,
    apply: bool | None = None,
    with_migrations: bool | None = None,
    say: Say = lambda text: None,
    on_progress: Progress | None = None,
) -> RunResult:
    """Do the whole job.

    Args:
        settings: As for every command. With `tracklists` and the embedded server, a data folder of their own is used,
            `<data_dir>/runs/<file name>`, so that the demo world stays as it is.
        now: Time of everything that is recorded.
        tracklists: A tracklist file; None: one's own database where one is set, else the demo world.
        apply: Write what the policy accepts and park the rest; None: not on one's own database.
        with_migrations: Add our tables where they are missing; None: not on one's own database.
        say: Told of each step.
        on_progress: Told how far the tiers are.

    Raises:
        EnrichError: what any of the steps raises.
    """
    settings = settings_of(settings, tracklists)
    apply = settings.database_url is None if apply is None else apply
    with ExitStack() as stack:
        _look(settings, tracklists, apply=apply, with_migrations=with_migrations, say=say)
        if tracklists is not None:
            settings = _imported(settings, tracklists, now=now, say=say)
        elif settings.database_url is None:
            settings = _demo_world(settings, stack, now=now, say=say)
        say("snapshot …")
        first = snapshot(settings, now=now)
        slots = _slots(first)
        written = _work(settings, first, now=now, apply=apply, say=say, on_progress=on_progress)
        say("report …")
        page = report(settings, now=now)
        slots["unknown_slots_after"] = _slots(snapshot(settings, now=now) if apply else first)["unknown_slots"]
    found = _by_source(settings)
    return RunResult(
        data_dir=settings.data_dir, slots=slots, proposals=found, report=page, written=written, applied=apply
    )


def _work(
    settings: Settings, first: Path, *, now: datetime, apply: bool, say: Say, on_progress: Progress | None
) -> dict[str, int]:
    """Tiers, write-back, cool-down; what was written and parked, or would be."""
    say("tiers 0–3 …")
    resolved = cycle.resolve(settings, now=now, limit=_ALL, snapshot=first, on_progress=on_progress)
    pending = cycle.trigger(settings, now=now, limit=_ALL, snapshot=first, apply=apply, on_progress=on_progress)
    say(
        f"  {resolved.processed + pending.processed:,} tracks: "
        f"{resolved.labels_found + pending.labels_found:,} labels and "
        f"{resolved.artists_found + pending.artists_found:,} artists proposed"
    )
    done = _write(settings, now=now, apply=apply, say=say)
    say("labels of the other tracks (Tier 0) …")
    at = None if apply else first
    hunt = cycle.hunt_labels(settings, now=now, limit=_ALL, statuses=("partial",), snapshot=at, on_progress=on_progress)
    say(f"  {hunt.labels_found:,} for {hunt.processed:,} tracks without a label")
    last = _write(settings, now=now, apply=apply, say=say)
    say("cool-down …")
    parked = queue.migrate(settings, now=now, limit=_ALL, apply=apply)
    say(
        f"  {parked.migrated:,} failed tracks {'wait' if apply else 'would wait'} for their release, "
        f"{parked.skipped:,} have no retries left"
    )
    # A dry run judges all that is accepted each time.
    return {kind: n + (done[kind] if apply else 0) for kind, n in last.items()} | {"queued": parked.migrated}


def _look(settings: Settings, tracklists: Path | None, *, apply: bool, with_migrations: bool | None, say: Say) -> None:
    """Say what is there and what will be touched; on one's own database add our tables only where that is asked for."""
    if settings.database_url is None:
        migrate(settings)
        return
    found = database_status(settings)
    layout = found.layout or Layout(name=NONE)
    if layout.found:
        raise DatabaseError(f"{found.url}: {layout.said()}")
    rows = [f"{count:,} {table}" for table, count in (found.rows or {}).items() if not table.startswith("enrich_")]
    say(f"{found.url}, schema {found.schema}, layout: {layout.name}: {', '.join(rows) or 'no tables'}")
    if tracklists is not None and not apply:
        raise InputFileError(f"{tracklists}: would be imported into {found.url}; say so with --apply (APPLY=1)")
    if found.pending and not with_migrations:
        raise DatabaseError(
            f"{found.url}: our tables and the queue's columns are missing ({', '.join(found.pending)}); nothing was "
            "changed; add them by `enrich run --migrate` (`make run MIGRATE=1`), or have the owner of the tables run "
            "`enrich db migrate --grants ROLE`"
        )
    for label in migrate(settings).applied if found.pending else ():
        say(f"  added {label}; `enrich db migrate --down` takes it back")
    touched = "blank labels, artists and statuses of tracks" if apply else "nothing in the music tables (APPLY=1 would)"
    say(f"  will write proposals, decisions and runs into enrich_*; {touched}")


def settings_of(settings: Settings, tracklists: Path | None) -> Settings:
    """The settings a run on a tracklist file works with: with the embedded server, a data folder of its own.

    Raises:
        InputFileError: there is no such file.
    """
    if tracklists is not None and not tracklists.exists():
        raise InputFileError(f"{tracklists}: no such file; give TRACKLISTS=file, see `enrich import --help`")
    if tracklists is None or settings.database_url is not None:
        return settings
    return settings.model_copy(update={"data_dir": settings.data_dir / "runs" / tracklists.stem})


def report_of(
    settings: Settings,
    *,
    tracklists: Path,
    now: datetime,
    out: Path | None = None,
    former: Path | None = None,
    say: Say = lambda text: None,
) -> ReportResult:
    """The report on a tracklist file: on what `run` made of it, which it does first where it was not done.

    Raises:
        EnrichError: what `run` and `report` raise.
    """
    own = settings_of(settings, tracklists)
    # On a server of one's own nobody knows what else it holds: there a run is asked for by name.
    if settings.database_url is None and not (own.data_dir / "reports" / JSON_NAME).is_file():
        run(settings, now=now, tracklists=tracklists, say=say)
    return report(own, out=out, now=now, former=former)


def _demo_world(settings: Settings, stack: ExitStack, *, now: datetime, say: Say) -> Settings:
    with connect(settings) as con:
        truth = con.execute("select to_regclass('enrich_demo_truth')").fetchone()
    if truth and truth[0]:
        say("demo world: there already, going on from it")
    else:
        say("demo world …")
        demo(settings, now=now)
    releases = read_table(settings.data_dir / "demo" / "catalogue.parquet")
    # What is not released yet cannot be found yet.
    out_now = releases.filter(pl.col("release_date").is_null() | (pl.col("release_date") <= now.date()))
    catalogue = stack.enter_context(Catalogue(out_now))
    say(
        f"  sources: a loopback catalogue of {out_now.height:,} releases answers as {', '.join(_DEMO_SOURCES)}; "
        "no request leaves this machine"
    )
    return catalogue.settings(settings, sources=settings.sources or _DEMO_SOURCES, rate=_LOOPBACK_RATE)


def _imported(settings: Settings, tracklists: Path, *, now: datetime, say: Say) -> Settings:
    say(f"import of {tracklists.name} …")
    done = import_(tracklists, settings=settings, now=now)
    say(f"  {done.plays:,} plays in {done.sets:,} sets")
    if "sources" in settings.model_fields_set:
        return settings
    say("  sources: none asked; name some in ENRICH_SOURCES")
    return settings.model_copy(update={"sources": ()})


def _write(settings: Settings, *, now: datetime, apply: bool, say: Say) -> dict[str, int]:
    done = writeback(settings, now=now, apply=apply)
    counts = {what: getattr(done, f"{what}_written") for what in ("labels", "artists", "identities")}
    counts["conflicts"] = done.conflicts
    say(f"  {'written' if apply else 'would be written'}: " + ", ".join(f"{n:,} {what}" for what, n in counts.items()))
    return counts


def _slots(path: Path) -> dict[str, int]:
    """Slots of all sets in a snapshot, and how many of them nobody has named, by what is known of them."""
    with open_snapshot(path) as snap:
        slots = snap.frame("tracklists")
    unknown = slots.filter(is_unknown_artist(pl.col("artist")))
    return {
        "slots": slots.height,
        "unknown_slots": unknown.height,
        "of_them_with_a_title": unknown.filter(~is_unknown_title(pl.col("title"))).height,
        "unknown_recordings": unknown["track_key"].n_unique(),
    }


def _by_source(settings: Settings) -> pl.DataFrame:
    """Proposals by kind, tier, source and band of confidence, with how many are written."""
    low = (pl.col("confidence") * 10).floor().clip(0, 9) / 10
    return (
        proposals(settings)
        .with_columns(confidence=pl.format("{}–{}", low.round(1), (low + 0.1).round(1)).fill_null("rule"))
        .group_by("kind", "tier", "source", "confidence")
        .agg(proposed=pl.len(), written=(pl.col("status") == "written").sum())
        .sort("kind", "tier", "source", "confidence")
    )
