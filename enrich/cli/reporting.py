"""`enrich report`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from enrich.cli.output import JsonOption, emit


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(report)


def report(
    out: Annotated[
        Path | None, typer.Option(help="Folder of the two files; default: reports in the data folder.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the recovery report, an HTML page and its figures as JSON, and print the recovery table.

    Example: enrich report --out reports
    """
    from enrich.contracts.settings import load_settings
    from enrich.reporting.recovery import report as write_report

    made = write_report(load_settings(), out=out, now=datetime.now(UTC))
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
