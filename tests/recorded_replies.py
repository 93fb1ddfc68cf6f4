"""Recorded replies of the real services, served on loopback as `index.json` says, and what a client read from them.

A case has what is asked, the replies in the order of use, and the right reading. A reply fits a request by its path (a
pattern), its parameters (each a part of the value, or a pattern), its method and login; one with `times` is used up.
"""

from __future__ import annotations

import gzip
import json
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from enrich.labels.book import LabelBook
from enrich.matching.choice import Choice, choose_all
from enrich.matching.values import Hit, SourceAnswer, TrackQuery
from enrich.settings import Settings, load_settings
from enrich.sources.base import open_sources
from enrich.sources.cache import Cache
from enrich.sources.pace import LimitRegistry

CORPUS = Path(__file__).parents[2].joinpath("shared", "data", "responses")


def recorded_cases() -> list[dict[str, Any]]:
    """The cases of the corpus; skips the module, loudly, where it is absent."""
    if not CORPUS.joinpath("index.json").is_file():
        pytest.skip(f"{CORPUS}: no recorded replies here", allow_module_level=True)
    cases: list[dict[str, Any]] = json.loads(CORPUS.joinpath("index.json").read_text("utf-8"))["cases"]
    return cases


def choose(query: TrackQuery, hits: Sequence[Hit], *, book: LabelBook | None = None) -> Choice:
    """What the hits of one source say about one track."""
    return choose_all([query], [hits], book=book)[0]


def body_of(reply: Mapping[str, Any]) -> bytes:
    """What is sent for a reply, as it was recorded."""
    if "file" in reply:
        return CORPUS.joinpath(reply["file"]).read_bytes()
    return str(reply.get("body", "")).encode()


@dataclass
class Replayed:
    """A service on loopback that gives recorded replies."""

    replies: list[dict[str, Any]]
    log: list[str] = field(default_factory=list)
    base: str = ""

    def __post_init__(self) -> None:
        self._left = {place: reply.get("times") for place, reply in enumerate(self.replies)}

    def __enter__(self) -> Replayed:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def _answer(self) -> None:
                self.rfile.read(int(self.headers.get("content-length") or 0))
                status, headers, body = owner.reply(self.command, self.path, self.headers.get("authorization"))
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = _answer

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reply(self, method: str, target: str, login: str | None) -> tuple[int, dict[str, str], bytes]:
        place = self.place(method, target, login)
        if place is None:
            return 404, {"content-type": "application/json"}, b'{"error": "Not Found"}'
        one = self.replies[place]
        body, headers = body_of(one), dict(one.get("headers") or {})
        headers = {name: value.replace("{base}", self.base) for name, value in headers.items()}
        if one.get("gzip"):
            body, headers["content-encoding"] = gzip.compress(body), "gzip"
        return one["status"], headers, body

    def place(self, method: str, target: str, login: str | None) -> int | None:
        """Which reply a request gets; noted, and counted where it may be given a few times only."""
        parts = urlsplit(target)
        params = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.log.append(f"{parts.path}?" + "&".join(f"{name}={value}" for name, value in params.items()))
        for place, one in enumerate(self.replies):
            if self._left[place] != 0 and _fits(one, method, parts.path, params, login):
                if self._left[place] is not None:
                    self._left[place] -= 1
                return place
        return None


def _fits(one: Mapping[str, Any], method: str, path: str, params: Mapping[str, str], login: str | None) -> bool:
    return (
        one.get("method", "GET") == method
        and re.fullmatch(one["path"], path) is not None
        and all(part in params.get(name, "") for name, part in (one.get("params") or {}).items())
        and all(re.fullmatch(rule, params.get(name, "")) for name, rule in (one.get("params_re") or {}).items())
        and one.get("authorization") in (None, login)
    )


def settings_of(case: Mapping[str, Any], base: str, data_dir: Path) -> Settings:
    """Settings that point the case's service at `base`, fast unless the case says how fast."""
    service = case["service"]
    given = {name.removeprefix("ENRICH_").lower(): value for name, value in (case.get("settings") or {}).items()}
    fields: dict[str, Any] = {f"{service}_rate": 500.0, **given, f"{service}_url": base, "sources": [service]}
    if fields[f"{service}_rate"] is None:
        del fields[f"{service}_rate"]
    return load_settings(_env_file=None, data_dir=data_dir, contact="tests@example.org", **fields)


def asked(case: Mapping[str, Any]) -> TrackQuery:
    """The track of a case."""
    return TrackQuery(track_id="1", **case["ask"])


def replay(case: Mapping[str, Any], data_dir: Path) -> tuple[SourceAnswer, list[str], float]:
    """What the case's client reads, what it asked for, and its pace afterwards in requests a second."""
    registry = LimitRegistry(pause_s=0.01)
    with Replayed(case["replies"]) as served:
        (source,) = open_sources(settings_of(case, served.base, data_dir), registry=registry)
        answer = source.search(asked(case))
    (limits,) = registry._limits.values()
    return answer, served.log, limits.limiter.rate


def kept(cache: Cache, source: str | None = None) -> int:
    """Replies held, stale ones included; of one source if named."""
    asked = "select count(*) from replies where ?1 is null or source = ?1"
    found: int = cache._connection().execute(asked, (source,)).fetchone()[0]
    return found


def has_hit(hits: tuple[Hit, ...], wanted: Mapping[str, Any]) -> bool:
    """Whether one hit has all fields of `wanted`; case and dashes of titles do not count."""
    return any(all(_plain(getattr(hit, name)) == _plain(value) for name, value in wanted.items()) for hit in hits)


def _plain(value: Any) -> Any:
    if isinstance(value, str | int | bool) or value is None:
        return value.casefold() if isinstance(value, str) else value
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value.isoformat()
