"""`enrich report`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from enrich.cli.output import JsonOption, emit, say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(report)


def report(
    out: Annotated[
        Path | None, typer.Option(help="Folder of the two files; default: reports in the data folder.")
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(help="JSON of another report to compare with; default: the last one there with other figures."),
    ] = None,
    tracklists: Annotated[
        Path | None, typer.Option(help="The report on this tracklist file; does `enrich run` on it first where needed.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the recovery report, an HTML page and its figures as JSON, and print the recovery table.

    Example: enrich report --out reports --compare before/recovery-report.json
    """
    from enrich.main_job import report_of
    from enrich.reporting.recovery import report as write_report
    from enrich.settings import load_settings

    settings, now = load_settings(), datetime.now(UTC)
    if tracklists is None:
        made = write_report(settings, out=out, now=now, former=compare)
    else:
        made = report_of(settings, tracklists=tracklists, out=out, now=now, former=compare, say=say)
    head = made.figures["headline"]
    lines = [
        f"{head['tracks']:,} tracks: success rate {head['success_rate_before_pct']:.1f} % → "
        f"{head['success_rate_after_pct']:.1f} %, unresolved {head['failed_before']:,} → {head['unresolved_after']:,}, "
        f"recovered {head['recovered']:,}",
        "",
        made.table(),
        "",
        f"Report: {made.path_html}",
        f"Figures: {made.path_json}",
    ]
    emit(made.asdict(), as_json=as_json, text="\n".join(lines))
