"""`enrich cooldown migrate / process / stats`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

import enrich
from enrich.cli.output import Limit, Shown, command

app = typer.Typer()
queue_app = typer.Typer(no_args_is_help=True, help="The cool-down queue: park failed tracks, take due ones out.")
app.add_typer(queue_app, name="cooldown")


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
    done = enrich.cooldown.migrate(
        enrich.load_settings(),
        now=datetime.now(UTC),
        limit=limit,
        strategy=strategy,
        base_days=base_days,
        jitter=jitter,
        with_retriable=with_retriable,
    )
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
