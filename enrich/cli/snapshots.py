"""`enrich snapshot`: Postgres into one DuckDB file."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from enrich.cli.output import JsonOption, emit, progress


def register(app: typer.Typer) -> None:
    """Add `snapshot`."""
    app.command("snapshot")(snapshot)


def snapshot(as_json: JsonOption = False) -> None:
    """Copy the music database into a new DuckDB file, which `latest` then points at.

    Whole or not at all: when something goes wrong, the former snapshot stands.

    Example: enrich snapshot
    """
    from enrich.settings import load_settings
    from enrich.snapshots.opening import open_snapshot
    from enrich.snapshots.tables import STAGED
    from enrich.snapshots.taking import snapshot as take

    with progress("reading Postgres", total=len(STAGED)) as bar:

        def advance(table: str, rows: int) -> None:
            bar.update(bar.task_ids[0], advance=1, description=f"{table}: {rows:,} rows")

        path = take(load_settings(), now=datetime.now(UTC), progress=advance)
    with open_snapshot(path) as taken:
        manifest = taken.manifest
    marts = "\n".join(f"{count:>12,}  {name}" for name, count in manifest.rows.items() if "." not in name)
    emit({"path": path, **manifest.as_dict()}, as_json=as_json, text=f"{path}\n{marts}")
