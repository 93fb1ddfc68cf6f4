"""`enrich catalogue`: serve a table of releases on loopback as if it were all six sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from enrich.cli.output import JsonOption, emit, say

if TYPE_CHECKING:
    from enrich.sources.catalogue.server import Catalogue


def register(app: typer.Typer) -> None:
    """Add `catalogue`."""
    app.command("catalogue")(catalogue_command)


def catalogue_command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Tables with artist, title, mix, label, ….")],
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = 0,
    rate: Annotated[float, typer.Option(help="Requests a second in the settings printed.", min=0.01)] = 50.0,
    misbehave: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE=KIND", help="What a source does wrong: beatport=challenge, traxsource=ban_502, …."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Serve a table of releases in the wire formats of all six sources, on loopback, until Ctrl-C.

    Prints the settings that point the clients there; for tests, demonstrations and benchmarks.

    Example:

        enrich catalogue releases.parquet > catalogue.env &

        set -a; . ./catalogue.env; enrich hunt-labels tracks.csv --out labelled.csv
    """
    import json
    import shlex
    import sys

    from enrich.errors import InputFileError
    from enrich.sources.asking import stop_on_signals
    from enrich.sources.catalogue.misbehaving import KINDS
    from enrich.sources.catalogue.serving import catalogue

    manners: dict[str, list[str]] = {}
    for text in misbehave or []:
        source, _, kind = text.partition("=")
        if kind not in KINDS:
            raise InputFileError(f"--misbehave {text}: expected SOURCE=KIND, KIND one of {', '.join(sorted(KINDS))}")
        manners.setdefault(source, []).append(kind)

    def tell(server: Catalogue) -> None:
        settings = server.environment(rate=rate)
        say(f"{len(server.shop.listings)} tracks at {server.address}; Ctrl-C ends it")
        text = "\n".join(f"{name}={shlex.quote(value)}" for name, value in settings.items())
        if not as_json:
            emit({}, as_json=False, text=text)
        else:
            sys.stdout.write(json.dumps({"address": server.address, "settings": settings}) + "\n")
        sys.stdout.flush()

    with stop_on_signals() as stop:
        result = catalogue(files, port=port, rate=rate, misbehave=manners, on_ready=tell, stop=stop)
    say(f"{result['requests']} requests answered")
