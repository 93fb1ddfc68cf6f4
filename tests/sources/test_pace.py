from __future__ import annotations

import threading
import time

import pytest

from enrich.sources.pace import SLOWEST, Breaker, LimitRegistry, RateLimiter


def test_permits_are_evenly_spaced(hands):
    limiter = RateLimiter(4.0, clock=hands.clock)

    permits = [limiter.wait() for _ in range(5)]

    assert permits == pytest.approx([1000.0, 1000.25, 1000.5, 1000.75, 1001.0])


def test_a_complaint_halves_the_rate_and_pauses_longer_each_time(hands):
    limiter = RateLimiter(10.0, clock=hands.clock)

    pauses = [limiter.back_off(sent_at=limiter.wait()) for _ in range(4)]

    assert pauses == [1.0, 2.0, 4.0, 8.0]
    assert limiter.rate == pytest.approx(10 / 16)


def test_complaints_of_requests_already_under_way_count_once(hands):
    limiter = RateLimiter(10.0, clock=hands.clock)
    sent = [limiter.wait() for _ in range(5)]

    for moment in sent:
        limiter.back_off(sent_at=moment)

    assert limiter.rate == pytest.approx(5.0)


def test_retry_after_is_waited_for_by_everybody(hands):
    limiter = RateLimiter(10.0, clock=hands.clock)

    limiter.back_off(sent_at=limiter.wait(), retry_after_s=7.0)

    assert limiter.wait() == pytest.approx(1007.0)


def test_it_recovers_to_the_full_rate_and_never_falls_below_the_slowest(hands):
    limiter = RateLimiter(10.0, clock=hands.clock)
    for _ in range(20):
        limiter.back_off(sent_at=limiter.wait())
    assert limiter.rate == pytest.approx(10 * SLOWEST)

    for _ in range(60):
        limiter.speed_up()

    assert limiter.rate == 10.0


def test_threads_share_one_pace():
    limiter = RateLimiter(200.0)
    permits: list[float] = []
    lock = threading.Lock()

    def work() -> None:
        for _ in range(10):
            moment = limiter.wait()
            with lock:
                permits.append(moment)

    threads = [threading.Thread(target=work) for _ in range(6)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # 60 permits at 200 a second: none may come before its turn.
    early = [m - (began + n / 200) for n, m in enumerate(sorted(permits)) if m < began + n / 200 - 0.002]
    assert not early


def test_breaker_opens_after_failures_in_a_row_only(hands):
    breaker = Breaker(failures=3, cool_off_s=60, clock=hands.clock)
    breaker.failure("a")
    breaker.failure("b")
    breaker.success()
    breaker.failure("c")
    breaker.failure("d")
    assert breaker.stopped() is None

    breaker.failure("e")

    assert breaker.stopped().reason == "e"
    assert breaker.stopped().for_s == pytest.approx(60.0)


def test_breaker_opens_at_once_on_a_block_and_lets_one_try_later(hands):
    breaker = Breaker(cool_off_s=60, clock=hands.clock)
    breaker.failure("banned", is_block=True)
    assert breaker.stopped().is_block

    hands.pass_by(61)

    assert breaker.stopped() is None, "half-open: one may try"
    assert breaker.stopped() is not None, "the others wait for it"
    breaker.failure("banned still", is_block=True)
    assert breaker.stopped().for_s == pytest.approx(120.0), "twice as long the second time"
    hands.pass_by(121)
    assert breaker.stopped() is None
    breaker.success()
    assert breaker.stopped() is None
    assert breaker.stopped() is None, "closed: everybody may"


def test_failures_of_one_moment_are_one_failure(hands):
    breaker = Breaker(failures=3, clock=hands.clock)
    for _ in range(10):
        breaker.failure("429", sent_at=999.0)

    assert breaker.stopped() is None


def test_lanes_are_by_source_and_address():
    registry = LimitRegistry()

    assert registry.of("deezer", "http://a", rate=1) is registry.of("deezer", "http://a", rate=2)
    assert registry.of("deezer", "http://a", rate=2).limiter.rate == 2
    assert registry.of("deezer", "http://a", rate=1) is not registry.of("deezer", "http://b", rate=1)


def test_requests_under_way_at_a_block_are_one_block(hands):
    breaker = Breaker(cool_off_s=60, clock=hands.clock)
    for _ in range(16):
        breaker.failure("challenge", sent_at=999.0, is_block=True)

    assert breaker.stopped().for_s == pytest.approx(60.0)
