"""`enrich serve`: the HTTP API."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from enrich.cli.output import JsonOption, say
from enrich.errors import EnrichError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(
    host: Annotated[str | None, typer.Option(help="Default: ENRICH_API_HOST, 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Default: ENRICH_API_PORT, 8022.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Serve the HTTP API until Ctrl-C; the OpenAPI page is at /docs.

    Example: enrich serve & curl -X POST "http://localhost:8022/enrich/hunt-labels?limit=100"
    """
    from enrich.contracts.settings import load_settings

    try:
        from enrich.api.serving import serve as run
    except ModuleNotFoundError as error:
        raise EnrichError(
            f"serve: {error.name} is not installed; install the extra with `pip install enrich[api]`"
        ) from error

    given: dict[str, Any] = {"api_host": host, "api_port": port}
    settings = load_settings(**{k: v for k, v in given.items() if v is not None})
    if not as_json:
        say(f"enrich: serving on http://{settings.api_host}:{settings.api_port}, documentation at /docs")
    run(settings)
