"""`enrich serve`: the HTTP API."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from enrich.cli.output import JsonOption, emit, say
from enrich.errors import EnrichError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(
    host: Annotated[str | None, typer.Option(help="Default: ENRICH_API_HOST, 127.0.0.1.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="0: any free one. Default: ENRICH_API_PORT, 8022.")
    ] = None,
    grace: Annotated[
        float, typer.Option(min=0, max=3600, help="Seconds a running job may take to finish when told to stop.")
    ] = 30.0,
    as_json: JsonOption = False,
) -> None:
    """Serve the HTTP API until Ctrl-C; the OpenAPI page is at /docs.

    Example: enrich serve & curl -X POST "http://localhost:8022/enrich/hunt-labels?limit=100"
    """
    from enrich.settings import load_settings

    try:
        from enrich.api.serving import serve as run
    except ModuleNotFoundError as error:
        raise EnrichError(
            f"serve: {error.name} is not installed; install the extra with `pip install enrich[api]`"
        ) from error

    given: dict[str, Any] = {"api_host": host, "api_port": port}
    settings = load_settings(**{k: v for k, v in given.items() if v is not None})

    def ready(address: str) -> None:
        if as_json:
            emit({"url": address}, as_json=True, text="")
            sys.stdout.flush()
        else:
            say(f"enrich: serving on {address}, documentation at {address}/docs")

    run(settings, grace_s=grace, on_ready=ready)
