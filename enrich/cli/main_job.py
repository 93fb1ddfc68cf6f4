"""`enrich run`: the whole main job."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from enrich.cli.output import JsonOption, emit, say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(run)


def run(
    tracklists: Annotated[
        Path | None, typer.Option(help="A tracklist file, worked on in a data folder of its own; else the demo world.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Do the whole job: database, snapshot, tiers, write-back, cool-down, report.

    Example: enrich run --tracklists tracklists.parquet
    """
    from enrich.main_job import run as run_job
    from enrich.settings import load_settings

    done = run_job(load_settings(), now=datetime.now(UTC), tracklists=tracklists, say=say)
    emit(done.asdict(), as_json=as_json, text=done.text())
