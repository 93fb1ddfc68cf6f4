"""The catalogue as a server on loopback, with a log of what it was asked.

    with Catalogue(releases, misbehave={"beatport": "challenge"}) as catalogue:
        settings = catalogue.settings(load_settings())

Binds 127.0.0.1 only. One thread a connection; ends with its context.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import polars as pl
from pydantic import SecretStr

from enrich.demo.catalogue import wire_beatport, wire_deezer, wire_discogs, wire_musicbrainz, wire_shops
from enrich.demo.catalogue.misbehaving import REFUSALS, Manner, Plan, plans
from enrich.demo.catalogue.shop import Shop, read_releases
from enrich.demo.catalogue.wire import Reply, Request, View, as_json
from enrich.errors import InputFileError
from enrich.settings import SOURCES, Settings

#: Path of each source's base below the server's address.
BASES = {source: f"/{source}" for source in SOURCES} | {"beatport": "/beatport/v4", "musicbrainz": "/musicbrainz/ws/2"}
#: The site of the one source that has two faces; its log entries are under `beatport`.
SITE_BASE = "/beatport-site"
_CLIENT_ID = "catalogue-client"
_FORMATS = {"juno": wire_shops.juno, "traxsource": wire_shops.traxsource, "musicbrainz": wire_musicbrainz.answer}
_FORMATS |= {"beatport": wire_beatport.answer, "deezer": wire_deezer.answer, "discogs": wire_discogs.answer}


@dataclass(frozen=True, slots=True)
class Logged:
    """One request, as the server saw it."""

    source: str
    method: str
    path: str
    params: Mapping[str, str]
    user_agent: str
    status: int
    at: float
    """Monotonic seconds."""


class Catalogue:
    """A served table of releases.

    Args:
        releases: Frame of schema RELEASES, or one that can be completed to it (`title` is enough).
        misbehave: What each source does wrong from the start; see `misbehaving`.
        port: 0 takes any free one.
    """

    def __init__(self, releases: pl.DataFrame, *, misbehave: Mapping[str, Manner] | None = None, port: int = 0) -> None:
        self.shop = Shop(releases)
        self._plans: dict[str, list[Plan]] = {}
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._log: list[Logged] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._tokens = _Tokens()
        for source, manner in (misbehave or {}).items():
            self.misbehave(source, manner)

    def __enter__(self) -> Catalogue:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; returns when requests are taken."""
        self._closing.clear()
        self._server = _Server(("127.0.0.1", self._port), _Handler)
        self._server.catalogue = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and answer nothing more."""
        self._closing.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        if self._thread is not None:
            self._thread.join(timeout=5)
            self._thread = None

    @property
    def address(self) -> str:
        """`http://127.0.0.1:<port>`."""
        if self._server is None:
            raise RuntimeError("the catalogue is not running")
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def _root(self) -> str:
        # The stock is part of the address: replies kept from another stock at the same port never answer for it.
        return f"{self.address}/{self.shop.fingerprint}"

    def urls(self) -> dict[str, str]:
        """Base address of each source."""
        return {source: self._root + base for source, base in BASES.items()}

    @property
    def site_url(self) -> str:
        """Base address of Beatport's site, to be read without a token."""
        return self._root + SITE_BASE

    def token_json(self) -> str:
        """A token for Beatport that can be renewed."""
        return self._tokens.as_json()

    def environment(self, sources: Iterable[str] = SOURCES, *, rate: float | None = None) -> dict[str, str]:
        """The ENRICH_* variables that point every client here."""
        named = list(sources)
        found = {f"ENRICH_{source.upper()}_URL": self.urls()[source] for source in named}
        if rate is not None:
            found |= {f"ENRICH_{source.upper()}_RATE": f"{rate:g}" for source in named}
        if "beatport" in named:
            found["ENRICH_BEATPORT_TOKEN"] = self.token_json()
        return {"ENRICH_SOURCES": ",".join(named), **found}

    def settings(self, base: Settings, *, sources: Iterable[str] | None = None, rate: float | None = None) -> Settings:
        """`base`, with the clients pointed here.

        Args:
            base: Everything else.
            sources: Which sources to ask, in order; None: those of `base`, or all.
            rate: Requests a second for each of them; None keeps the rates of `base`.
        """
        update: dict[str, Any] = {f"{source}_url": url for source, url in self.urls().items()}
        if rate is not None:
            update |= {f"{source}_rate": rate for source in SOURCES}
        update["sources"] = tuple(sources) if sources is not None else (base.sources or SOURCES)
        return base.model_copy(update={**update, "beatport_token": SecretStr(self.token_json())})

    def misbehave(self, source: str, manner: Manner | None) -> None:
        """Change what a source does wrong from now on; None: nothing."""
        with self._lock:
            self._plans[source] = plans(manner)

    @property
    def log(self) -> list[Logged]:
        """What was asked so far, in order of arrival."""
        with self._lock:
            return list(self._log)

    def count(self, source: str | None = None) -> int:
        """How many requests came, of one source if named."""
        return sum(source is None or one.source == source for one in self.log)

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """The reply to a request; logged."""
        at = time.monotonic()
        parts = urlsplit(target)
        source, path, is_site = _whose(parts.path.removeprefix(f"/{self.shop.fingerprint}"))
        if source is None:
            return as_json({"sources": self.urls()} if parts.path == "/" else {"detail": "Not found."}, status=404)
        base = self._root + (SITE_BASE if is_site else BASES[source])
        params = dict(parse_qsl(parts.query, keep_blank_values=True))
        request = Request(source=source, method=method, path=path, params=params, headers=headers, base=base)
        reply = self._reply(request, body, is_site=is_site, now=at)
        agent = headers.get("user-agent", "")
        with self._lock:
            self._log.append(Logged(source, method, path, params, agent, reply.status, at))
        return reply

    def _reply(self, request: Request, body: bytes, *, is_site: bool, now: float) -> Reply:
        with self._lock:
            manners = [plan.manner for plan in self._plans.get(request.source, []) if plan.applies(now)]
        for manner in manners:
            if manner.kind == "slow":
                self._closing.wait(manner.delay_s)
            elif manner.kind == "expired_token":
                self._tokens.expire()
            elif manner.kind in REFUSALS:
                return manner.refusal()
        if request.source == "beatport" and not is_site:
            refused = self._tokens.check(request, body)
            if refused is not None:
                return refused
        agent = request.headers.get("user-agent", "").lower() or "python-"
        if request.source in ("musicbrainz", "discogs") and agent.startswith(("python-", "curl/", "java/")):
            return REFUSALS["challenge"]
        size = request.number("per_page", request.number("limit", 50))
        kinds = frozenset(manner.kind for manner in manners)
        wire = wire_beatport.site if is_site else _FORMATS[request.source]
        reply = wire(View(self.shop, request.source, kinds, size), request)
        return replace(reply, body=reply.body[: len(reply.body) // 2]) if "truncated" in kinds else reply


def catalogue(
    files: Iterable[str | Path],
    *,
    port: int = 0,
    sources: Sequence[str] = SOURCES,
    rate: float | None = None,
    misbehave: Mapping[str, Manner] | None = None,
    on_ready: Callable[[Catalogue], None] | None = None,
    stop: threading.Event | None = None,
) -> dict[str, Any]:
    """Serve the releases in `files` on 127.0.0.1 in all six wire formats.

    Args:
        files: Tables (Parquet, CSV, JSONL) with `title`, and best also `artist, mix, label, catalog_number,
            release_date, duration_ms, isrc`; `../shared/data/labels.parquet` is one.
        port: 0 takes any free one.
        sources: Which sources the printed settings name.
        rate: Requests a second in the printed settings; None leaves the real services' pace.
        misbehave: What each source does wrong; see `misbehaving`.
        on_ready: Told once requests are taken, with the server.
        stop: Serving ends when it is set; None returns at once, with the server closed again.

    Returns:
        `tracks`, `releases`, `labels` served, `address`, `settings` (the ENRICH_* variables), `requests` answered.

    Raises:
        InputFileError: a file cannot be read, or the port is taken.
    """
    server = Catalogue(read_releases(files), misbehave=misbehave, port=port)
    try:
        server.start()
    except OSError as error:
        raise InputFileError(f"port {port}: {error.strerror}; leave --port out to take a free one") from None
    try:
        result = {
            "tracks": len(server.shop.listings),
            "releases": len({one.release for one in server.shop.listings}),
            "labels": len(server.shop.labels),
            "address": server.address,
            "settings": server.environment(sources, rate=rate),
        }
        if on_ready is not None:
            on_ready(server)
        while stop is not None and not stop.wait(0.2):
            pass
        return {**result, "requests": server.count()}
    finally:
        server.stop()


class _Tokens:
    """Beatport's login: which access token is good, and its renewal."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._serial = 1
        self._is_expired = False

    def as_json(self) -> str:
        with self._lock:
            return json.dumps(self._fields())

    def expire(self) -> None:
        with self._lock:
            self._is_expired = True

    def check(self, request: Request, body: bytes) -> Reply | None:
        """The reply to a renewal or to an unauthorised request; None lets the request through."""
        with self._lock:
            if request.path == "/auth/o/token/":
                return self._renew(request, dict(parse_qsl(body.decode("utf-8", "replace"))))
            login = request.headers.get("authorization", "")
            if not login:
                return as_json({"detail": "Authentication credentials were not provided."}, status=401)
            if self._is_expired or login != f"Bearer {self._fields()['access_token']}":
                return as_json({"detail": "Authentication credentials were not valid."}, status=401)
        return None

    def _renew(self, request: Request, form: Mapping[str, str]) -> Reply:
        own = self._fields()
        wanted = {"grant_type": "refresh_token", **{name: own[name] for name in ("refresh_token", "client_id")}}
        if request.method != "POST" or any(form.get(name) != value for name, value in wanted.items()):
            return as_json({"error": "invalid_grant"}, status=400)
        self._serial += 1
        self._is_expired = False
        return as_json({name: value for name, value in self._fields().items() if name != "client_id"})

    def _fields(self) -> dict[str, Any]:
        tokens = {f"{kind}_token": f"loopback-{kind}-{self._serial}" for kind in ("access", "refresh")}
        kind = {"expires_in": 36000, "token_type": "Bearer", "scope": "app:docs user:dj"}
        return {**tokens, **kind, "client_id": _CLIENT_ID}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    catalogue: Catalogue

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that hangs up, on a time-out say, is no error of ours; a bug of ours is.
        logging.getLogger(__name__).debug("a connection ended badly", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    raw_requestline: bytes
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def parse_request(self) -> bool:
        """Read first line and headers; read like mail, as the library does it, they take as long as an answer."""
        self.requestline = self.raw_requestline.decode("latin-1").strip()
        self.command, _, rest = self.requestline.partition(" ")
        self.path, _, self.request_version = rest.partition(" ")
        self._headers: dict[str, str] = {}
        while line := self.rfile.readline(65_536).decode("latin-1").strip():
            name, _, value = line.partition(":")
            self._headers[name.strip().lower()] = value.strip()
        keeps = self._headers.get("connection", "").lower() != "close"
        self.close_connection = not keeps or self.request_version != "HTTP/1.1"
        if not (is_http := self.request_version.startswith("HTTP/")):
            self.send_error(400)
        return is_http

    def do_GET(self) -> None:
        length = int(self._headers.get("content-length") or 0)
        body = self.rfile.read(length) if length else b""
        reply = self.server.catalogue.answer(self.command, self.path, self._headers, body)
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)
        self.wfile.flush()

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """The catalogue keeps its own log."""


def _whose(path: str) -> tuple[str | None, str, bool]:
    """Source, path below its base, and whether it is Beatport's site."""
    for source, base in (("beatport", SITE_BASE), *BASES.items()):
        if path.startswith(base + "/"):
            return source, path[len(base) :], base == SITE_BASE
    return None, path, False
