"""Recorded replies spoilt at random: values replaced, removed, retyped, enlarged; pages cut, doubled, made dirty."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from recorded_replies import Replayed, body_of, settings_of

from enrich.sources import base, http
from enrich.sources.base import Source
from enrich.sources.cache import Cache
from enrich.sources.pace import Clock, LimitRegistry

_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 3, 2.5, 1e308, float("nan"), float("inf"), 10**30,
    "", " ", "x", "0", "²", "٣", "\ud800", "\udfff\ud800", "\x00", "\x1b[31mred\x1b[0m", "a\x07b\r\nc", "\u202eevil",
    "(" * 300, "[" * 300, "remix" + " part" * 80 + " z", "A" * 100_000, "(feat. " * 200, "9" * 5000,
    "<script>alert(1)</script>", "../../etc", "0000-00-00", "9999-99-99", "2024-13-45",
    [], {}, [[]], [None], [{}], {"a": 1}, ["x"] * 2000, {"name": None}, {"id": []}, [1, "a", None],
)  # fmt: skip
_DIRT = (b"\x00", b"\xff\xfe", b"\x1b[2J", b"<div class='trk-row'>", b"</div>" * 50, b"&#xD800;", b"A" * 50_000, b"<")
_TAGS = (b"", b">\x1b[31m<", b'class="x"', b">(9:99:99)<")
_HEADERS = ("retry-after", "x-discogs-ratelimit", "x-discogs-ratelimit-remaining")
_IN_HEADERS = ("9" * 400, "\xb2", "-1", "Wed, 01 Jan 9999 00:00:00 GMT", "nan", "Mon, 99 Foo 2024", "1e9")


def spoilt(body: bytes, dice: random.Random) -> bytes:
    """The body of a recorded reply, spoilt."""
    page = re.search(rb'(<script id="__NEXT_DATA__"[^>]*>)(.*)(</script>)', body, re.S)
    if page and dice.random() < 0.8:
        return body[: page.start(2)] + _json(page[2], dice) + body[page.end(2) :]
    if body[:1] in b"{[" and dice.random() < 0.95:
        return _json(body, dice)
    return _bytes(body, dice)


def _json(body: bytes, dice: random.Random) -> bytes:
    value = json.loads(body)
    for _ in range(dice.choice((1, 1, 1, 2, 3, 8))):
        value = _changed(value, dice)
    text = json.dumps(value)
    return text.encode() if dice.random() < 0.9 else text.encode()[: dice.randrange(len(text) + 1)]


def _changed(value: Any, dice: random.Random) -> Any:
    """The value with one place in it changed; deep places as likely as near ones."""
    places = [()] if dice.random() < 0.02 else list(_places(value))
    place = dice.choice(places or [()])
    if not place:
        return copy.deepcopy(dice.choice(_VALUES))
    holder = value
    for step in place[:-1]:
        holder = holder[step]
    last, kind = place[-1], dice.random()
    if kind < 0.2:
        del holder[last]
    elif kind < 0.3 and isinstance(holder, list):
        holder[last:last] = [holder[last]] * dice.choice((1, 50))
    elif kind < 0.4:
        holder[last] = {"value": holder[last]} if dice.random() < 0.5 else [holder[last]]
    elif kind < 0.5 and isinstance(holder[last], str):
        holder[last] = holder[last] + dice.choice(("\x1b[31m", "\ud83d", "\x00", " (live)", " [X Records]", "x" * 5000))
    else:
        holder[last] = copy.deepcopy(dice.choice(_VALUES))
    return value


def _places(value: Any, above: tuple[Any, ...] = ()) -> Any:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, one in steps:
        yield (*above, step)
        yield from _places(one, (*above, step))


def _bytes(body: bytes, dice: random.Random) -> bytes:
    for _ in range(dice.choice((1, 1, 2, 5))):
        start, end = sorted(dice.randrange(len(body) + 1) for _ in range(2))
        kind = dice.randrange(4)
        if kind == 0:
            body = body[:start] + body[min(end, start + 2000) :]
        elif kind == 1:
            body = body[:start] + dice.choice(_DIRT) + body[start:]
        elif kind == 2:
            body = body[:end] + body[start : min(end, start + 2000)] + body[end:]
        else:
            tags = list(re.finditer(rb'(?:href|class)="[^"]*"|>[^<]+<', body))
            if tags:
                tag = dice.choice(tags)
                body = body[: tag.start()] + dice.choice(_TAGS) + body[tag.end() :]
    return body


class Spoiling:
    """Clients whose replies are spoilt, without a network or waiting; one cache for all of them."""

    def __init__(self, data_dir: Path, monkeypatch: Any) -> None:
        self._data_dir = data_dir
        self.cache = Cache(data_dir / "replies.sqlite")
        monkeypatch.setattr(base, "_open_cache", lambda path, clock: self.cache)
        client = httpx.Client
        monkeypatch.setattr(
            http.transport, "Client", lambda **more: client(**more, transport=httpx.MockTransport(self._handle))
        )

    def source(self, case: Mapping[str, Any], *, dice: random.Random) -> Source:
        """The client of a case, its replies spoilt by `dice`."""
        self._served, self._dice = Replayed(case["replies"], base="http://127.0.0.1:1"), dice
        now = [0.0]
        clock = Clock(
            monotonic=lambda: now[0], sleep=lambda s: now.__setitem__(0, now[0] + s), wall=lambda: 1.7e9 + now[0]
        )
        wanted = settings_of(case, self._served.base, self._data_dir)
        (source,) = base.open_sources(wanted, registry=LimitRegistry(clock=clock, pause_s=0.01))
        return source

    def _handle(self, request: httpx.Request) -> httpx.Response:
        target, dice, served = urlsplit(str(request.url)), self._dice, self._served
        place = served.place(request.method, f"{target.path}?{target.query}", request.headers.get("authorization"))
        if place is None:
            return httpx.Response(404, json={"error": "Not Found"})
        reply = served.replies[place]
        headers = {n: v.replace("{base}", served.base) for n, v in (reply.get("headers") or {}).items()}
        body = body_of(reply)
        if dice.random() < 0.7 and body:
            body = spoilt(body, dice)
        if dice.random() < 0.05:
            headers[dice.choice(_HEADERS)] = dice.choice(_IN_HEADERS)
        return httpx.Response(reply["status"], headers=headers, content=body)
