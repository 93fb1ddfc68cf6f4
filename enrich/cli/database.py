"""`enrich db`: the embedded server, the migrations, and how the database is."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from enrich.cli.output import JsonOption, emit


def register(app: typer.Typer) -> None:
    """Add `db start`, `db stop`, `db migrate` and `db status`."""
    commands = typer.Typer(help="The database: embedded server, migrations, status.", no_args_is_help=True)
    commands.command("start")(start)
    commands.command("stop")(stop)
    commands.command("migrate")(migrate)
    commands.command("status")(status)
    app.add_typer(commands, name="db")


def start(as_json: JsonOption = False) -> None:
    """Start the embedded Postgres; it runs on until `enrich db stop`.

    Other commands start it by themselves. With ENRICH_DATABASE_URL set there is nothing to start.

    Example: enrich db start
    """
    from enrich.database import server
    from enrich.database.connection import url_without_password
    from enrich.settings import load_settings

    settings = load_settings()
    if settings.database_url is not None:
        url = url_without_password(settings)
        emit({"embedded": False, "url": url}, as_json=as_json, text=f"ENRICH_DATABASE_URL is set: {url}")
        return
    started = server.start(settings)
    emit(
        {"embedded": True, "running": started.running, "pid": started.pid, "url": started.url,
         "data_path": started.data_path},
        as_json=as_json,
        text=f"running, data in {started.data_path}\npsql '{started.url}'",
    )  # fmt: skip


def stop(as_json: JsonOption = False) -> None:
    """Stop the embedded Postgres, its data safely written.

    Example: enrich db stop
    """
    from enrich.database import server
    from enrich.settings import load_settings

    stopped = server.stop(load_settings())
    emit({"stopped": stopped}, as_json=as_json, text="stopped" if stopped else "was not running")


def migrate(
    down: Annotated[bool, typer.Option("--down", help="Take the latest migration back.")] = False,
    to: Annotated[int | None, typer.Option("--to", help="Stop at this version, up or down.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Bring the database to this version's tables, or take the latest step back.

    Each step is one transaction; tables that exist stay as they are. Applying again changes nothing.

    Example: enrich db migrate
    """
    from enrich.database import migrations
    from enrich.settings import load_settings

    done = migrations.migrate(load_settings(), down=down, to=to)
    steps = [f"applied {name}" for name in done.applied] + [f"took back {name}" for name in done.taken_back]
    text = "\n".join([*steps, *done.notices] or ["nothing to do"])
    emit(asdict(done), as_json=as_json, text=text)


def status(as_json: JsonOption = False) -> None:
    """Show server, connection string, migrations and row counts.

    Example: enrich db status --json
    """
    from enrich.database.overview import database_status
    from enrich.settings import load_settings

    found = database_status(load_settings())
    if not found.is_running:
        text = f"embedded server: not running (data in {found.data_path}); start it with `enrich db start`"
    else:
        kind = "embedded server" if found.is_embedded else "server"
        changed = ["  changed on disk since" if step.is_changed else "" for step in found.applied]
        text = "\n".join(
            [
                f"{kind}: Postgres {found.server_version}, schema {found.schema}",
                f"psql '{found.url}'",
                *(
                    f"{step.version:03d}_{step.name}  {step.applied_at:%Y-%m-%d %H:%M}{note}"
                    for step, note in zip(found.applied, changed, strict=True)
                ),
                *(f"{name}  not applied; run `enrich db migrate`" for name in found.pending),
                *(f"{count:>12,}  {table}" for table, count in (found.rows or {}).items()),
            ]
        )
    emit(asdict(found), as_json=as_json, text=text)
