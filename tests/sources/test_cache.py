from __future__ import annotations

import sqlite3
import threading

import pytest
from recorded_replies import kept

from enrich.sources.cache import Cache, Lifetime
from enrich.sources.replies import Reply

HIT = Reply("deezer: x", 200, {"content-type": "application/json"}, b'{"a": 1}')
MISS = Reply("deezer: y", 404, {"content-type": "text/html"}, b"")
LIFETIME = Lifetime(hit_s=100, miss_s=10)


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "deep" / "cache.sqlite")


def put(cache, key, reply, now=0.0):
    cache.put(key, reply, source="deezer", is_miss=reply.status == 404, lifetime=LIFETIME, now=now)


def test_misses_expire_before_hits(cache):
    put(cache, "hit", HIT)
    put(cache, "miss", MISS)

    assert cache.get("hit", now=9) == HIT
    assert cache.get("miss", now=9) == MISS
    assert cache.get("miss", now=10) is None
    assert cache.get("hit", now=99) == HIT
    assert cache.get("hit", now=100) is None


def test_misses_may_not_outlive_hits():
    with pytest.raises(ValueError, match="must not outlive"):
        Lifetime(hit_s=1, miss_s=2)


def test_key_is_the_question_whatever_the_order():
    a = Cache.key("deezer", "GET", "http://x/search", {"q": "a", "limit": "25"})

    assert a == Cache.key("deezer", "GET", "http://x/search", {"limit": "25", "q": "a"})
    others = [
        Cache.key("discogs", "GET", "http://x/search", {"q": "a", "limit": "25"}),
        Cache.key("deezer", "GET", "http://y/search", {"q": "a", "limit": "25"}),
        Cache.key("deezer", "GET", "http://x/search", {"q": "b", "limit": "25"}),
    ]
    assert len({a, *others}) == 4


def test_it_survives_the_process_and_is_shared(cache, tmp_path):
    put(cache, "hit", HIT)

    # Not closed: as after a kill.
    assert Cache(tmp_path / "deep" / "cache.sqlite").get("hit", now=1) == HIT


def test_threads_write_at_once(cache):
    def work(who: int) -> None:
        for n in range(30):
            put(cache, f"{who}-{n}", HIT)

    threads = [threading.Thread(target=work, args=(who,)) for who in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert kept(cache) == 180
    assert kept(cache, "deezer") == 180
    assert kept(cache, "juno") == 0


def test_prune_drops_what_expired(cache):
    put(cache, "hit", HIT)
    put(cache, "miss", MISS)

    assert cache.prune(now=50) == 1
    assert kept(cache) == 1


def test_bodies_come_back_byte_for_byte(cache, tmp_path):
    body = bytes(range(256)) * 50
    put(cache, "x", Reply("deezer: x", 200, {"content-type": "text/html"}, body))
    cache = Cache(cache._path)

    assert cache.get("x", now=1).body == body
    stored = sqlite3.connect(tmp_path / "deep" / "cache.sqlite").execute("select length(body) from replies").fetchone()
    assert stored[0] < len(body), "stored compressed"
