"""`enrich resolve` and `enrich trigger`: the tiers over failed and over pending tracks."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from enrich.cli.output import JsonOption, emit, watched
from enrich.rules import MAX_LIMIT, MIN_LIMIT

if TYPE_CHECKING:
    from enrich.pipeline.cycle import CycleResult

Limit = Annotated[int, typer.Option(min=MIN_LIMIT, max=MAX_LIMIT, help="At most this many tracks.")]
Apply = Annotated[
    bool, typer.Option("--apply/--dry-run", help="Write what the policy accepts, or only put it on record.")
]
SnapshotPath = Annotated[Path | None, typer.Option("--snapshot", help="Work on this snapshot instead of a fresh one.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(resolve)
    app.command()(trigger)


def resolve(
    limit: Limit = 100, apply: Apply = False, snapshot: SnapshotPath = None, as_json: JsonOption = False
) -> None:
    """Run tiers 0–3 on failed tracks; proposals go on record, accepted ones are written with --apply.

    Example: enrich resolve --limit 500 --apply
    """
    from enrich.pipeline import cycle
    from enrich.settings import load_settings

    settings, now = load_settings(), datetime.now(UTC)
    with watched("resolve") as (show, stop):
        done = cycle.resolve(
            settings, now=now, limit=limit, apply=apply, snapshot=snapshot, on_progress=show, stop=stop
        )
    emit(done.asdict(), as_json=as_json, text=cycle_text(done))


def trigger(
    limit: Limit = 200, apply: Apply = False, snapshot: SnapshotPath = None, as_json: JsonOption = False
) -> None:
    """Run the standard cycle on pending tracks; with --apply the unresolved are failed or go back into cool-down.

    Example: enrich cooldown process --limit 100 && enrich trigger --limit 200 --apply
    """
    from enrich.pipeline import cycle
    from enrich.settings import load_settings

    settings, now = load_settings(), datetime.now(UTC)
    with watched("trigger") as (show, stop):
        done = cycle.trigger(
            settings, now=now, limit=limit, apply=apply, snapshot=snapshot, on_progress=show, stop=stop
        )
    emit(done.asdict(), as_json=as_json, text=cycle_text(done))


def cycle_text(done: CycleResult) -> str:
    """A run as a table for people."""
    lines = [f"{done.processed:,} tracks, {done.rounds} rounds, run {done.run_id}"]
    if done.by_source:
        lines.append(f"  {'kind':<7}{'tier':>5}  {'source':<18}{'proposals':>10}{'accepted':>10}{'confidence':>12}")
    lines += [
        f"  {row['kind']:<7}{row['tier']:>5}  {row['source']:<18}{row['proposals']:>10,}{row['accepted']:>10,}"
        f"{row['mean_confidence']:>12.2f}"
        for row in done.by_source
    ]
    lines += [f"{name} is unavailable: {reason}" for name, reason in done.unavailable.items()]
    if done.applied:
        lines.append(
            f"written: {done.labels_updated:,} labels, {done.artists_updated:,} artists; {done.conflicts} conflicts; "
            f"{done.failed:,} failed, {done.back_in_cooldown:,} back in cool-down"
        )
    else:
        lines.append(
            f"dry run: {done.accepted:,} accepted, {done.to_review:,} for review; `enrich writeback --apply` writes"
        )
    return "\n".join(lines)
