"""Replies already paid for: a persistent cache in one SQLite file, safe between threads and processes.

Holds what a source said, never blocks and errors; misses expire sooner than hits. Keys are hashes over source, method,
address and parameters; secrets travel in headers and never reach it. Every write is committed at once.
"""

import hashlib
import json
import sqlite3
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from enrich.sources.replies import Reply

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S

_SCHEMA = """
create table if not exists replies (
    key text primary key,
    source text not null,
    address text not null,
    status integer not null,
    content_type text not null,
    body blob not null,
    is_miss integer not null,
    stored_at real not null,
    expires_at real not null
) without rowid
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """How long a source's replies may be kept, in seconds."""

    hit_s: float = 30 * DAY_S
    miss_s: float = 3 * DAY_S

    def __post_init__(self) -> None:
        if self.miss_s > self.hit_s:
            raise ValueError(f"misses ({self.miss_s} s) must not outlive hits ({self.hit_s} s)")


class Cache:
    """The cache file; made with its folder when first written or read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._con: sqlite3.Connection | None = None

    @staticmethod
    def key(source: str, method: str, address: str, params: Mapping[str, str]) -> str:
        """The name of one question: the same whatever the order of its parameters."""
        question = json.dumps([source, method, address, sorted(params.items())], ensure_ascii=False)
        return hashlib.sha256(question.encode()).hexdigest()

    def get(self, key: str, *, now: float, since: float = 0.0) -> Reply | None:
        """The reply under `key`, stored since then and fresh at `now`, seconds since 1970; of its headers its type."""
        asked = "select address, status, content_type, body from replies where key = ? and expires_at > ?"
        with self._lock:
            row = self._connection().execute(f"{asked} and stored_at >= ?", (key, now, since)).fetchone()
        if row is None:
            return None
        address, status, content_type, body = row
        try:
            return Reply(address, status, {"content-type": content_type}, zlib.decompress(body))
        except zlib.error:
            return None

    def forget(self, key: str) -> None:
        """Drop the reply under `key`."""
        with self._lock, self._connection() as con:
            con.execute("delete from replies where key = ?", (key,))

    def put(self, key: str, reply: Reply, *, source: str, is_miss: bool, lifetime: Lifetime, now: float) -> None:
        """Store a reply for as long as `lifetime` says; its address is for people who look into the file."""
        expires_at = now + (lifetime.miss_s if is_miss else lifetime.hit_s)
        kind, body = reply.headers.get("content-type", ""), zlib.compress(reply.body)
        row = (key, source, reply.address, reply.status, kind, body, is_miss, now, expires_at)
        with self._lock, self._connection() as con:
            con.execute("insert or replace into replies values (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def prune(self, *, now: float) -> int:
        """Drop what has expired; returns how many replies that were."""
        with self._lock, self._connection() as con:
            return con.execute("delete from replies where expires_at <= ?", (now,)).rowcount

    def _connection(self) -> sqlite3.Connection:
        if self._con is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(0o640)
            con = sqlite3.connect(self._path, timeout=30.0, check_same_thread=False)
            con.execute("pragma journal_mode = wal")
            con.execute("pragma synchronous = normal")
            con.execute(_SCHEMA)
            con.commit()
            self._con = con
        return self._con
