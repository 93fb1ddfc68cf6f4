"""Serving the API: on loopback by default, elsewhere only with a token; stops gracefully on Ctrl-C and SIGTERM."""

from __future__ import annotations

import uvicorn

from enrich.api.app import LOOPBACK, create_app
from enrich.contracts.settings import Settings
from enrich.errors import SettingsError


def serve(settings: Settings) -> None:
    """Serve until told to stop; a running job is let finish.

    Args:
        settings: `api_host`, `api_port`, `api_token`; where Postgres is.

    Raises:
        SettingsError: a host other than loopback without a token.
    """
    if settings.api_host not in LOOPBACK and settings.api_token is None:
        raise SettingsError(
            f"ENRICH_API_HOST={settings.api_host} is open to others: set ENRICH_API_TOKEN, or serve on 127.0.0.1"
        )
    # The access log names method, path and status; headers, and with them the token, are never logged.
    uvicorn.run(
        create_app(settings),
        host=settings.api_host,
        port=settings.api_port,
        timeout_graceful_shutdown=60,
        server_header=False,
    )
