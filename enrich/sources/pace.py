"""How fast a source may be asked: a rate limiter, slowed by complaints and sped up by good replies, and a circuit
breaker a source, shared by all threads. Opens no sockets; time comes from a `Clock`.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Clock:
    """The three clocks that talking to the outside needs; replaced as one in tests."""

    monotonic: Callable[[], float] = time.monotonic  # seconds that only ever grow
    sleep: Callable[[float], None] = time.sleep
    wall: Callable[[], float] = time.time  # seconds since 1970, UTC


SYSTEM_CLOCK = Clock()

#: A source is never asked slower than this share of its rate, whatever it replied.
SLOWEST = 1 / 32
#: What one good reply multiplies a slowed rate by.
_RECOVERY = 1.15
#: Longest pause of ours after repeated complaints without a Retry-After, in seconds.
LONGEST_PAUSE_S = 32.0


class RateLimiter:
    """Evenly spaced permits, `rate` (> 0) a second when the source is content.

    `pause_s` is the first pause after a complaint without Retry-After; it doubles with every further one in a row.
    """

    def __init__(self, rate: float, *, clock: Clock = SYSTEM_CLOCK, pause_s: float = 1.0) -> None:
        if rate <= 0:
            raise ValueError(f"rate must be > 0, got {rate}")
        self._clock = clock
        self._pause_s = pause_s
        self._lock = threading.Lock()
        self._rate = rate
        self._share = 1.0
        self._next = clock.monotonic()
        self._complaints = 0
        self._slowed_at = self._held = float("-inf")

    @property
    def rate(self) -> float:
        """Permits a second now, slowing included."""
        with self._lock:
            return self._rate * self._share

    def set_rate(self, rate: float) -> None:
        """Take a new full rate, as told by the settings or by the source's own headers."""
        with self._lock:
            self._rate = rate

    def wait(self) -> float:
        """Wait for the next permit; returns the moment it was given (monotonic seconds)."""
        with self._lock:
            permit = self._reserve()
        while True:
            left = permit - self._clock.monotonic()
            if left > 0:
                self._clock.sleep(left)
            with self._lock:
                now = self._clock.monotonic()
                if self._held <= now:
                    return now
                # A complaint came in while this permit was waiting: it holds everybody back.
                permit = self._reserve()

    def speed_up(self) -> None:
        """The source replied well: speed up a little, up to the full rate."""
        with self._lock:
            self._complaints = 0
            self._share = min(1.0, self._share * _RECOVERY)

    def back_off(self, *, sent_at: float, retry_after_s: float | None = None) -> float:
        """The source asked for less: halve the rate and pause. Returns the pause in seconds.

        Requests that left (`sent_at`, what `wait` returned) before the last slowing do not slow again, but a longer
        Retry-After still counts; without one the pause is our own, exponential.
        """
        with self._lock:
            if sent_at > self._slowed_at:
                self._complaints += 1
                self._share = max(SLOWEST, self._share / 2)
                self._slowed_at = self._clock.monotonic()
            own = min(LONGEST_PAUSE_S, self._pause_s * 2 ** (max(self._complaints, 1) - 1))
            pause = own if retry_after_s is None else retry_after_s
            self._held = max(self._held, self._clock.monotonic() + pause)
            return pause

    def slow_down(self) -> None:
        """Slow by a tenth without a pause: the source says its allowance is nearly used up."""
        with self._lock:
            self._share = max(SLOWEST, self._share * 0.9)

    def _reserve(self) -> float:
        permit = max(self._clock.monotonic(), self._next, self._held)
        self._next = permit + 1 / (self._rate * self._share)
        return permit


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why a source is not asked for now."""

    reason: str
    is_block: bool
    for_s: float


class Breaker:
    """Opens after `failures` in a row, or at once on a block, for `cool_off_s`; then one request may try.

    The cool-off doubles with every failed trial, up to `longest_s`.
    """

    def __init__(
        self, *, failures: int = 5, cool_off_s: float = 60.0, longest_s: float = 900.0, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._clock = clock
        self._failures = failures
        self._first_cool_off_s = cool_off_s
        self._longest_s = longest_s
        self._lock = threading.Lock()
        self._in_a_row = self._opened = 0
        self._until = self._failed_at = float("-inf")
        self._reason: str | None = None
        self._is_block = self._is_trying = False

    @property
    def is_open(self) -> bool:
        """Whether requests that waited for their turn should stay away after all."""
        with self._lock:
            return self._reason is not None and self._until > self._clock.monotonic()

    def stopped(self) -> Stopped | None:
        """None when a request may leave. Half-open, the first caller gets None and tries for all; others get 0 s."""
        with self._lock:
            if self._reason is None:
                return None
            left = max(0.0, self._until - self._clock.monotonic())
            if left > 0 or self._is_trying:
                return Stopped(self._reason, self._is_block, left)
            self._is_trying = True
            return None

    def success(self) -> None:
        """A reply that could be used: close."""
        with self._lock:
            self._in_a_row = self._opened = 0
            self._reason = None
            self._is_trying = False

    def failure(
        self, reason: str, *, sent_at: float = float("inf"), is_block: bool = False, for_s: float | None = None
    ) -> None:
        """A reply that could not be used, or none; `reason` is one line without secrets.

        Requests that left (`sent_at`) before the last failure are the same failure. A block, or a source that asks to
        be left alone `for_s`, opens it at once.
        """
        with self._lock:
            is_new = sent_at > self._failed_at
            if is_new:
                self._in_a_row += 1
                self._failed_at = self._clock.monotonic()
            if not (is_block or for_s is not None or self._is_trying or self._in_a_row >= self._failures):
                return
            # Sixteen requests under way at a block are one block, not a cool-off sixteen times doubled.
            self._opened += int(is_new or self._reason is None)
            cool_off = min(self._longest_s, self._first_cool_off_s * 2 ** (self._opened - 1))
            self._until = self._clock.monotonic() + max(cool_off, for_s or 0.0)
            self._reason, self._is_block, self._is_trying = reason, is_block, False

    def end_trial(self) -> None:
        """A request ended, whether or not it said anything about the source: another may try."""
        with self._lock:
            self._is_trying = False


@dataclass(slots=True)
class SourceLimits:
    """What all requests to one source at one address share."""

    limiter: RateLimiter
    breaker: Breaker


@dataclass(slots=True)
class LimitRegistry:
    """The limits of one process, by source and address, so that parallel runs keep to one rate together."""

    clock: Clock = SYSTEM_CLOCK
    pause_s: float = 1.0
    cool_off_s: float = 60.0
    _limits: dict[tuple[str, str], SourceLimits] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, source: str, address: str, *, rate: float) -> SourceLimits:
        """The limits of `source` at `address`; a new `rate` takes effect for everybody on it."""
        with self._lock:
            if (source, address) not in self._limits:
                limiter = RateLimiter(rate, clock=self.clock, pause_s=self.pause_s)
                breaker = Breaker(clock=self.clock, cool_off_s=self.cool_off_s)
                self._limits[source, address] = SourceLimits(limiter, breaker)
            limits = self._limits[source, address]
            limits.limiter.set_rate(rate)
            return limits


#: Shared by every thread of this process unless a caller brings its own.
PROCESS_LIMITS = LimitRegistry()
