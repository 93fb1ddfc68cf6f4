"""Serving the API: on loopback by default, elsewhere only with a token; stops gracefully on Ctrl-C and SIGTERM.

A job that outlasts the grace ends at its next step without having written anything, and its caller gets 503.
"""

import asyncio
import logging
import re
import socket
import threading
from collections.abc import Callable
from types import FrameType
from urllib.parse import parse_qsl

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from enrich.api.app import create_app
from enrich.api.jobs import Jobs
from enrich.errors import EnrichError
from enrich.settings import Settings

#: Seconds a running job is given to finish once the server is told to stop.
GRACE_S = 30.0
#: Parameters of a query that may be logged, and what their values look like.
_LOGGED, _PLAIN = frozenset({"limit", "status", "skip_with_labels"}), re.compile(r"-?\w{1,40}", re.ASCII)
#: Seconds after that in which a stopped job may reach its next step and its caller get the answer.
_LAST_ANSWERS_S = 15
#: Seconds a client has to send a request to its end.
REQUEST_S = 10.0


def serve(
    settings: Settings, *, grace_s: float = GRACE_S, on_ready: Callable[[str], None] = lambda address: None
) -> None:
    """Serve until told to stop.

    Args:
        settings: `api_host`, `api_port` (0: any free one), `api_token`; where Postgres is.
        grace_s: Seconds a running job is given to finish once told to stop.
        on_ready: Told the address, once the port is ours.

    Raises:
        SettingsError: a host other than loopback without a token.
        EnrichError: the port is in use, or the host is not an address of this machine.
    """
    app = create_app(settings)
    listening = _listen(settings.api_host, settings.api_port)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for chatty in ("httpx", "httpx2"):
        # Requests to sources may carry a token in their address: never in a log.
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").addFilter(_without_secrets)
    ends_s = int(grace_s) + _LAST_ANSWERS_S
    config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=ends_s, server_header=False, http=_Patient)
    with listening:
        host, port = listening.getsockname()[:2]
        on_ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
        _Server(config, app.state.jobs, grace_s).run(sockets=[listening])


def _without_secrets(record: logging.LogRecord) -> bool:
    """uvicorn's line of a request without what the API does not know: a token put there by mistake is in no log."""
    if isinstance(record.args, tuple) and len(record.args) == 5:
        client, method, target, *others = record.args
        path, _, query = str(target).partition("?")
        pairs = parse_qsl(query, keep_blank_values=True)
        shown = "&".join(f"{key}={value}" for key, value in pairs if key in _LOGGED and _PLAIN.fullmatch(value))
        record.args = (client, method, f"{path}?{shown}" if shown else path, *others)
    return True


class _Patient(H11Protocol):
    """uvicorn's connection, but for clients that never come to the end of what they send: these are cut."""

    _cut: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._cut is not None:
            self._cut.cancel()

    def _watch(self) -> None:
        is_awaited = self.conn.their_state in (h11.IDLE, h11.SEND_BODY)
        if is_awaited and self._cut is None:
            self._cut = self.loop.call_later(REQUEST_S, self.transport.abort)
        elif not is_awaited and self._cut is not None:
            self._cut.cancel()
            self._cut = None


class _Server(uvicorn.Server):
    """uvicorn's server that ends jobs when their grace is over; a second signal ends it at once."""

    def __init__(self, config: uvicorn.Config, jobs: Jobs, grace_s: float) -> None:
        super().__init__(config)
        self._jobs = jobs
        self._grace_s = grace_s

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            self._jobs.stop()
        else:
            timer = threading.Timer(self._grace_s, self._jobs.stop)
            timer.daemon = True
            timer.start()
        super().handle_exit(sig, frame)


def _listen(host: str, port: int) -> socket.socket:
    listening, flags = None, socket.AI_PASSIVE
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        if listening is not None:
            listening.close()
        raise EnrichError(
            f"serve: cannot listen on {host}:{port} ({error.strerror or error}); "
            "end what uses the port, or set ENRICH_API_PORT and ENRICH_API_HOST"
        ) from None
    return listening
