"""`enrich run`, `resolve`, `trigger`, `replay`, `cooldown`: the tiers on the database or on history, and the queue."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import enrich
from enrich.cli.output import Apply, Limit, Shown, SnapshotPath, Tracklists, command, progress, say, shown, watched
from enrich.errors import EnrichError

if TYPE_CHECKING:
    from enrich.pipeline.cycle import CycleResult
    from enrich.replaying.unknowns import ReplayResult, Step

app = typer.Typer()
queue_app = typer.Typer(no_args_is_help=True, help="The cool-down queue: park failed tracks, take due ones out.")
app.add_typer(queue_app, name="cooldown")

_DAY = ["%Y-%m-%d"]


@command(app)
def resolve(limit: Limit = 100, apply: Apply = False, snapshot: SnapshotPath = None) -> Shown:
    """Run tiers 0–3 on failed tracks; proposals go on record, accepted ones are written with --apply.

    Example: enrich resolve --limit 500 --apply
    """
    return _cycle("resolve", limit=limit, apply=apply, snapshot=snapshot)


@command(app)
def trigger(limit: Limit = 200, apply: Apply = False, snapshot: SnapshotPath = None) -> Shown:
    """Run the standard cycle on pending tracks; with --apply the unresolved are failed or go back into cool-down.

    Example: enrich cooldown process --limit 100 && enrich trigger --limit 200 --apply
    """
    return _cycle("trigger", limit=limit, apply=apply, snapshot=snapshot)


def _in_small() -> None:
    """Have Polars, not loaded yet, work in one thread: thirty thousand small questions would wake others in vain."""
    os.environ.setdefault("POLARS_MAX_THREADS", "1")


def _cycle(title: str, **options: object) -> Shown:
    _in_small()
    settings, now = enrich.load_settings(), datetime.now(UTC)
    work: Callable[..., CycleResult] = getattr(enrich, title)
    with watched(title) as (show, stop):
        done = work(settings, now=now, on_progress=show, stop=stop, **options)
    lines = [f"{done.processed:,} tracks, {done.rounds} rounds, run {done.run_id}"]
    if done.by_source:
        lines.append(f"  {'kind':<8}{'tier':>5}  {'source':<18}{'proposals':>10}{'accepted':>10}{'confidence':>12}")
    lines += [
        f"  {row['kind']:<8}{row['tier']:>5}  {row['source']:<18}{row['proposals']:>10,}{row['accepted']:>10,}"
        f"{shown(row['mean_confidence']):>12}"
        for row in done.by_source
    ]
    lines += [f"{name} is unavailable: {reason}" for name, reason in done.unavailable.items()]
    if done.applied:
        lines.append(
            f"written: {done.labels_updated:,} labels, {done.artists_updated:,} artists, "
            f"{done.identities_updated:,} identities; {done.conflicts} conflicts; "
            f"{done.failed:,} failed, {done.back_in_cooldown:,} back in cool-down"
        )
    else:
        lines.append(
            f"dry run: {done.accepted:,} accepted, {done.to_review:,} for review; `enrich writeback --apply` writes"
        )
    return done.asdict(), "\n".join(lines)


@command(app)
def run(
    tracklists: Annotated[
        Path | None,
        typer.Option(
            help="A tracklist file, worked on in a data folder of its own; else your database or the demo world."
        ),
    ] = None,
    apply: Annotated[
        bool | None,
        typer.Option("--apply/--dry-run", help="Write to the music tables; on your own database only then."),
    ] = None,
    migrate: Annotated[
        bool | None, typer.Option("--migrate", help="Add our tables to your own database where they are missing.")
    ] = None,
) -> Shown:
    """Do the whole job: database, snapshot, tiers, write-back, cool-down, report.

    With ENRICH_DATABASE_URL set it works there, says first what it will touch, and writes only with --apply.

    Example: enrich run --tracklists tracklists.parquet
    """
    _in_small()
    settings, now = enrich.load_settings(), datetime.now(UTC)
    options: dict[str, Any] = {"tracklists": tracklists, "apply": apply, "with_migrations": migrate}
    with progress("run") as show:
        done = enrich.run(settings, now=now, **options, say=say, on_progress=show)
    return done.asdict(), done.text()


@command(app)
def replay(
    tracklists: Tracklists,
    out: Annotated[Path, typer.Option(help="Where the result goes, as JSON.")],
    step: Annotated[str, typer.Option(help="How long a step is: 30d, 4w, or a number of days.")] = "30d",
    truth: Annotated[
        Path | None, typer.Option(help="What real unknowns are: a table of set_id, position, true_artist.")
    ] = None,
    dj: Annotated[str | None, typer.Option(help="Only this DJ's sets.")] = None,
    sets: Annotated[str | None, typer.Option(help="Only sets whose id or name holds this text.")] = None,
    start: Annotated[datetime | None, typer.Option("--from", formats=_DAY, help="First day.")] = None,
    end: Annotated[datetime | None, typer.Option("--to", formats=_DAY, help="Last day.")] = None,
    promo_share: Annotated[float, typer.Option(help="Share of recordings that begin as promos, 0–1.")] = 0.25,
    promo_weeks: Annotated[int, typer.Option(help="Weeks they stay promos.")] = 6,
    strategy: Annotated[str, typer.Option(help="Cool-down strategy.")] = "adaptive",
    policy: Annotated[
        str | None, typer.Option(help="Auto-accept policy to try out, written as ENRICH_AUTO_ACCEPT is.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides which recordings are promos.")] = 1,
) -> Shown:
    """Walk real history month by month through tiers and cool-down, on a scratch database that is removed afterwards.

    Real recordings begin as promos without an artist, one half without a title too; their later plays carry the name.
    Shows how many unknowns got a name, after how long, by which tier, and how many were right.

    Example: enrich replay tracklists.parquet --sets "A State of Trance" --step 30d --out replay.json
    """
    from enrich.replaying.running import History
    from enrich.replaying.unknowns import Promos

    with progress("steps") as show:
        so_far = itertools.count(1)

        def on_step(done: Step, count: int) -> None:
            show(f"{done.ends:%Y-%m}", next(so_far), count)

        result = enrich.replay(
            tracklists,
            settings=enrich.load_settings(),
            step_days=_days(step),
            out=out,
            truth=truth,
            history=History(dj=dj, sets=sets, start=start.date() if start else None, end=end.date() if end else None),
            promos=Promos(share=promo_share, weeks=promo_weeks, seed=seed),
            strategy=strategy,
            policy=policy,
            on_step=on_step,
        )
    return result.asdict(), _replay_text(result, out)


def _days(step: str) -> int:
    spoken = step.strip().lower()
    number, factor = (spoken[:-1], {"d": 1, "w": 7}[spoken[-1]]) if spoken[-1:] in ("d", "w") else (spoken, 1)
    if not number.isdecimal() or int(number) < 1:
        raise EnrichError(f"--step {step}: write it as 30d, 4w or a number of days")
    return int(number) * factor


def _replay_text(result: ReplayResult, out: Path) -> str:
    figures = result.asdict()
    history, recovery = figures["history"], figures["recovery"]
    lines = [
        f"{history['sets']:,} sets, {history['slots']:,} slots, {history['start']} to {history['end']} in "
        f"{history['steps']} steps; {history['look_ups']:,} look-ups, {history['retries']:,} of them retries",
        "",
        f"{'unknowns':<14}{'slots':>8}{'named later':>13}{'recovered':>11}{'right':>7}{'wrong':>7}{'median days':>13}",
    ]
    for row in figures["by_kind"]:
        median = "–" if row["median_days"] is None else f"{row['median_days']:.0f}"
        lines.append(
            f"{row['kind']:<14}{row['unknowns']:>8,}{row['named_later']:>13,}{row['recovered']:>11,}"
            f"{row['right']:>7,}{row['wrong']:>7,}{median:>13}"
        )
    lines += ["", f"{'tier, source':<24}{'proposed':>9}{'right':>8}{'written':>9}{'right':>8}"]
    for row in figures["by_source"]:
        lines.append(
            f"{row['tier']}, {row['source']:<21}{row['proposed']:>9,}{_percent(row['proposed_precision']):>8}"
            f"{row['written']:>9,}{_percent(row['written_precision']):>8}"
        )
    low, high = recovery["projected_percent"]
    lines += ["", f"projected: {low:.0f}–{high:.0f} % recovered in {recovery['projected_over']}"]
    for when in ("after_6_months", "after_12_months"):
        for kind, row in recovery[when].items():
            lines.append(
                f"{when.replace('_', ' '):<17}{kind:<14}{row['recovered_percent']:>5.1f} % recovered, "
                f"{row['right_percent']:.1f} % rightly; {row['known_percent']:.1f} % had their name in a later set"
            )
    lines += ["", f"{result.resolved().height:,} resolved unknowns by name in {out}"]
    return "\n".join(lines)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


@command(queue_app)
def migrate(
    limit: Limit = 100,
    strategy: Annotated[
        str | None,
        typer.Option(help="fixed, exponential, adaptive or learned; else the one it waited under before, or adaptive."),
    ] = None,
    base_days: Annotated[
        int | None,
        typer.Option(min=1, help="Base period in days, of this wait and those after it; else the one before, or 90."),
    ] = None,
    jitter: Annotated[float, typer.Option(min=0, max=0.5, help="Spread a batch by this share of its period.")] = 0.0,
    with_retriable: Annotated[
        bool, typer.Option("--all", help="Also failures that pass (time-outs and the like), which trigger retries.")
    ] = False,
) -> Shown:
    """Put failed tracks into the queue; exhausted ones stay failed and are counted.

    Example: enrich cooldown migrate --limit 500 --strategy adaptive
    """
    options: dict[str, Any] = {"strategy": strategy, "base_days": base_days, "jitter": jitter}
    settings, now = enrich.load_settings(), datetime.now(UTC)
    done = enrich.cooldown.migrate(settings, now=now, limit=limit, with_retriable=with_retriable, **options)
    text = f"{done.migrated} of {done.candidates} failed tracks put into cool-down; {done.skipped} have no retries left"
    return done.asdict(), text


@command(queue_app)
def process(limit: Limit = 50) -> Shown:
    """Set tracks whose cool-down has ended back to pending, oldest first.

    Example: enrich cooldown process --limit 100 && enrich trigger --limit 200 --apply
    """
    done = enrich.cooldown.process(enrich.load_settings(), now=datetime.now(UTC), limit=limit)
    return done.asdict(), f"{done.reset_to_pending} due tracks set to pending; `enrich trigger` tries them again"


@command(queue_app)
def stats() -> Shown:
    """How the queue stands: how many wait, are due, and when the next one falls due.

    Example: enrich cooldown stats --json
    """
    now = enrich.cooldown.stats(enrich.load_settings(), now=datetime.now(UTC))
    following = f"{now.next_retry_time:%Y-%m-%d %H:%M} UTC" if now.next_retry_time else "none"
    return now.asdict(), (
        f"in queue            {now.total_in_queue:>7,}\n"
        f"due now             {now.ready_for_retry:>7,}\n"
        f"waiting             {now.waiting:>7,}\n"
        f"next retry          {following}\n"
        f"mean retries        {now.avg_retry_attempts:>7.2f}\n"
        f"permanently failed  {now.permanently_failed:>7,}\n"
        f"retried next        {now.retriable:>7,}"
    )
