"""`enrich catalogue`: serve a table of releases on loopback as if it were all six sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from enrich.cli.output import JsonOption, emit, say

if TYPE_CHECKING:
    from enrich.demo.catalogue.server import Catalogue


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
            metavar="SOURCE=KIND[:SECONDS]",
            help="What a source does wrong, for ever or for so long: beatport=challenge, musicbrainz=busy_503:60, ….",
        ),
    ] = None,
    outage: Annotated[
        bool,
        typer.Option(
            "--outage", help="A bad day: Beatport challenges, Traxsource bans, MusicBrainz is too busy for a minute."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Serve a table of releases in the wire formats of all six sources, on loopback, until Ctrl-C.

    Prints the settings that point the clients there; for tests, demonstrations and benchmarks.

    Example:

        enrich catalogue releases.parquet > catalogue.env &

        set -a; . ./catalogue.env; enrich hunt-labels tracks.csv --out labelled.csv

        enrich catalogue data/demo/catalogue.parquet --outage > outage.env &
    """
    import json
    import shlex
    import sys

    from enrich.demo.catalogue.misbehaving import OUTAGE, Misbehaviour, read_manner
    from enrich.demo.catalogue.serving import catalogue
    from enrich.errors import InputFileError
    from enrich.sources.searching import stop_on_signals

    manners: dict[str, list[Misbehaviour]] = {source: [manner] for source, manner in OUTAGE.items() if outage}
    for text in misbehave or []:
        try:
            source, manner = read_manner(text)
        except ValueError as error:
            raise InputFileError(f"--misbehave {error}") from None
        manners.setdefault(source, []).append(manner)

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
