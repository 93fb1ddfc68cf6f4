"""`enrich hunt-labels`: labels for the tracks of the database, or for the rows of a table file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from enrich.cli.output import JsonOption, emit, progress, say, watched
from enrich.errors import InputFileError
from enrich.rules import MAX_LIMIT, MIN_LIMIT


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("hunt-labels")(hunt_labels)


def hunt_labels(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", help="Table `title, artist?, duration_ms?, isrc?`; without it the database is worked on."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Where the rows go with their labels; needs FILE.")] = None,
    limit: Annotated[int, typer.Option(min=MIN_LIMIT, max=MAX_LIMIT, help="Database: at most this many tracks.")] = 100,
    apply: Annotated[
        bool, typer.Option("--apply/--dry-run", help="Database: write what the policy accepts, or only record it.")
    ] = False,
    snapshot: Annotated[
        Path | None, typer.Option("--snapshot", help="Database: work on this snapshot instead of a fresh one.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Find the labels of tracks: in the title, then at the sources that are switched on.

    Example: enrich hunt-labels tracks.csv --out labelled.csv

    Example: enrich hunt-labels --limit 500 --apply
    """
    if file is not None:
        if out is None:
            raise InputFileError(f"{file}: say where its rows go with their labels, e.g. --out labelled.csv")
        _hunt_file(file, out, as_json=as_json)
        return
    if out is not None:
        raise InputFileError(f"--out {out}: goes with a FILE to read; labels of the database are written with --apply")
    from enrich.pipeline import cycle
    from enrich.settings import load_settings

    settings, now = load_settings(), datetime.now(UTC)
    with watched("labels") as (show, stop):
        done = cycle.hunt_labels(
            settings, now=now, limit=limit, apply=apply, snapshot=snapshot, on_progress=show, stop=stop
        )
    for name, reason in done.unavailable.items():
        say(f"{name} is unavailable: {reason}; {done.skipped:,} tracks stay eligible")
    result = done.asdict()
    written = f", {done.labels_updated:,} written" if done.applied else "; nothing written without --apply"
    text = f"{result['message']} ({result['success_rate']}){written}; run {done.run_id}"
    if done.without:
        text += "\nwithout: " + " · ".join(f"{n:,} {reason}" for reason, n in done.without.items())
    emit(result, as_json=as_json, text=text)


def _hunt_file(file: Path, out: Path, *, as_json: bool) -> None:
    from enrich.settings import load_settings
    from enrich.sources.searching import stop_on_signals
    from enrich.tiers.label_hunter import by_source_text, hunt_label_file

    with progress("labels") as bar, stop_on_signals() as stop:
        task = bar.task_ids[0]

        def show(done: int, total: int, counts: Mapping[str, Counter[str]]) -> None:
            bar.update(task, completed=done, total=total, description=by_source_text(counts) or "labels")

        found = hunt_label_file(file, out, settings=load_settings(), on_progress=show, stop=stop)
    summary = {**found.summary(), "out": str(out)}
    for name, reason in found.unavailable.items():
        say(f"{name} is unavailable: {reason}")
    if found.unfinished:
        say(f"stopped: {len(found.unfinished):,} tracks were not asked to the end; run again to resume from the cache")
    emit(summary, as_json=as_json, text=_text(summary))
    if found.unfinished:
        raise typer.Exit(130)


def _text(summary: Mapping[str, Any]) -> str:
    lines = [
        f"{summary['processed']:,} tracks: {summary['labels_found']:,} labels found ({summary['success_rate']}), "
        f"{summary['review']:,} for review, {summary['none']:,} without, {summary['unavailable']:,} unavailable"
    ]
    for name, kinds in summary["by_source"].items():
        lines.append(f"  {name}: " + (", ".join(f"{kind} {n:,}" for kind, n in kinds.items()) or "not asked"))
    return "\n".join([*lines, f"written to {summary['out']}"])
