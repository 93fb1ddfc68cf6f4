"""One log line per request: method, path, harmless parameters, status, duration, caller. Never a header or a secret.

Of the query only the parameters the API knows are shown, and of those only plain values: whatever else a caller puts
there, a token by mistake among it, stays out of the log.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Sequence
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("enrich.api")

_PLAIN = re.compile(r"-?\w{1,40}", re.ASCII)


class RequestLog:
    """ASGI middleware that logs each HTTP request when it is answered.

    Args:
        app: What answers.
        parameters: Query parameters that may be shown.
    """

    def __init__(self, app: ASGIApp, *, parameters: Sequence[str]) -> None:
        self._app = app
        self._parameters = frozenset(parameters)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and log how it ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, begun = 500, time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            client = scope.get("client")
            log.info(
                "%s %s%s %d %.0f ms from %s",
                scope["method"],
                # As sent, still percent-encoded: a line break in it stays one line.
                (scope.get("raw_path") or scope["path"].encode("ascii", "replace")).decode("ascii", "replace"),
                self._shown(scope["query_string"]),
                status,
                1000 * (time.perf_counter() - begun),
                client[0] if client else "-",
            )

    def _shown(self, query: bytes) -> str:
        pairs = parse_qsl(query.decode("ascii", "replace"), keep_blank_values=True)
        shown = [f"{key}={value}" for key, value in pairs if key in self._parameters and _PLAIN.fullmatch(value)]
        return "?" + "&".join(shown) if shown else ""
