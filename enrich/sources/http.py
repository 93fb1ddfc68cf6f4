"""The one owner of HTTP: User-Agent, time-outs, size limits, pace, breaker, retries for what may heal, and the cache.
`Http` asks one source at one address, `Requests` are all its requests for one track.
"""

from __future__ import annotations

import logging
import re
import ssl
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Generic, NoReturn, TypeVar, cast
from urllib.parse import urlsplit

# The one line to change for httpx2, which keeps the interface.
import httpx as transport
import stamina

from enrich import __version__
from enrich.sources.cache import Cache, Lifetime
from enrich.sources.pace import SYSTEM_CLOCK, Clock, RateLimiter, SourceLimits
from enrich.sources.reading import UNREADABLE
from enrich.sources.replies import (
    Blocked,
    Busy,
    Down,
    Failed,
    Malformed,
    Reply,
    Unusable,
    masked_query,
    redact,
    retry_after_s,
)

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

#: Contact shown when ENRICH_CONTACT is unset.
NO_CONTACT = "no contact given, ENRICH_CONTACT is unset"
#: A Retry-After beyond this is not waited for: the source counts as down until then.
LONGEST_WAIT_S = 60.0
#: How often a request looks whether the one that tries a stopped source has its answer.
_TRIAL_TICK_S = 0.05
#: Requests for one question, the first included.
ATTEMPTS = 4

#: Locks that questions share by their keys: two questions seldom wait for each other.
_QUESTIONS_APART = 1024
_TRANSIENT = frozenset({429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 527, 529})

#: Sends a form to a path of the source, see `Http.post_form`.
PostForm = Callable[[str, Mapping[str, str]], Reply]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for a connection, between two pieces of a reply, and for the whole of it."""

    connect_s: float = 5.0
    read_s: float = 15.0
    total_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One source at one address, and how it is to be asked."""

    source: str  # its name, for messages and the cache
    base: str  # address the paths are appended to
    limits: SourceLimits  # RateLimiter and breaker shared with everybody who asks the same source
    cache: Cache | None = None  # None means every question is asked anew
    contact: str = ""  # who we are, for the User-Agent
    authorise: Callable[[], str | None] | None = None
    """Called before each request for an `Authorization` value, which is never shown; None means none."""
    refresh: Callable[[str, PostForm], bool] | None = None
    """Called once on a 401 with the value that was refused and how to send a form; True means: try again."""
    lifetime: Lifetime = field(default_factory=Lifetime)  # how long replies may be kept
    bans: Collection[int] = ()  # statuses by which this source bans an address: not retried, block at once
    timeouts: Timeouts = field(default_factory=Timeouts)
    attempts: int = ATTEMPTS  # requests for one question at most
    max_bytes: int = 8_000_000  # replies larger than this are refused
    clock: Clock = SYSTEM_CLOCK
    on_headers: Callable[[Mapping[str, str], RateLimiter], None] | None = None
    """Told the headers of each reply, and the limiter they may change."""


@dataclass(frozen=True, slots=True)
class _Question(Generic[T_co]):
    """What is asked, and how the reply is read; see `Requests.get`."""

    path: str
    params: Mapping[str, str]
    read: Callable[[Reply], T_co]
    absent: Collection[int]
    accept: str
    is_fresh: bool

    def says_absent(self, reply: Reply) -> bool:
        """Whether a reply means "no such thing"; what is not found may as well be gone for good."""
        return reply.status in self.absent or (reply.status == 410 and 404 in self.absent)


class Http:
    """Requests to one source."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._base = endpoint.base.rstrip("/")
        home = transport.URL(self._base)
        self._home = home.scheme, home.netloc
        self._shown_base = redact(self._base)
        self._in_hand = [threading.Lock() for _ in range(_QUESTIONS_APART)]
        _hush()
        self._client = transport.Client(
            headers={"User-Agent": user_agent(endpoint.contact), "Accept-Language": "en"},
            timeout=transport.Timeout(endpoint.timeouts.read_s, connect=endpoint.timeouts.connect_s),
            limits=transport.Limits(max_connections=None, max_keepalive_connections=20),
            max_redirects=3,
            event_hooks={"request": [self._at_home]},
            trust_env=urlsplit(self._base).hostname not in {"127.0.0.1", "::1", "localhost"},
            verify=_certificates(),
        )

    def requests(self) -> Requests:
        """Begin the requests for one track."""
        return Requests(self)

    def _at_home(self, request: transport.Request) -> None:
        """Let no redirect lead to another address. Raises Failed: it would."""
        if ((given := request.url).scheme, given.netloc) != self._home:
            raise Failed(f"{self.endpoint.source}: sent on to {given.scheme}://{given.host}, another address")

    def post_form(self, path: str, form: Mapping[str, str]) -> Reply:
        """POST a form, unauthorised and uncached, at the source's pace; any status is returned.

        Raises Down: no reply.
        """
        sent_at = self.endpoint.limits.limiter.wait()
        try:
            return self._send("POST", path, {}, None, form=form, sent_at=sent_at)
        except _MayHeal as error:
            raise Down(str(error)) from None

    def key(self, path: str, params: Mapping[str, str]) -> str:
        """Under what the cache keeps the reply to a question."""
        return Cache.key(self.endpoint.source, "GET", self._base + path, params)

    def fetch(self, question: _Question[T]) -> tuple[T | None, bool]:
        """The value, and whether it was paid for with a request; raises as `Requests.get` does."""
        at, key = self.endpoint, self.key(question.path, question.params)
        # One question asked by two at once is sent once: the other finds the reply in the cache.
        with self._in_hand[hash(key) % len(self._in_hand)]:
            since = at.clock.wall() - at.lifetime.miss_s if question.is_fresh else 0.0
            stored = at.cache.get(key, now=at.clock.wall(), since=since) if at.cache is not None else None
            if at.cache is not None and stored is not None:
                try:
                    return (None if question.says_absent(stored) else _read(stored, question.read)), False
                except Unusable:
                    # Kept by an older version, or spoilt since: asked anew.
                    at.cache.forget(key)
            reply, value = self._ask(question)
            if at.cache is not None:
                at.cache.put(key, reply, source=at.source, is_miss=not value, lifetime=at.lifetime, now=at.clock.wall())
            return value, True

    def _ask(self, question: _Question[T]) -> tuple[Reply, T | None]:
        malformed = 0

        def may_heal(error: Exception) -> bool | float:
            nonlocal malformed
            if isinstance(error, Malformed):
                malformed += 1
                return 0.0 if malformed == 1 else False
            # All waiting is done by the shared pace, so that the other threads wait too.
            return 0.0 if isinstance(error, _MayHeal | Busy) else False

        try:
            for attempt in stamina.retry_context(
                on=may_heal, attempts=self.endpoint.attempts, timeout=None, wait_initial=0, wait_max=0, wait_jitter=0
            ):
                with attempt:
                    return self._attempt(question)
        except _MayHeal as error:
            raise Down(str(error)) from None
        raise AssertionError("unreachable")

    def _attempt(self, question: _Question[T]) -> tuple[Reply, T | None]:
        self._check_breaker()
        limits = self.endpoint.limits
        sent_at = limits.limiter.wait()
        if limits.breaker.is_open:
            # Others were refused while this one waited for its turn.
            self._check_breaker()
        try:
            reply = self._authorised(question, sent_at)
            if question.says_absent(reply) and not reply.is_challenge:
                value = None
            elif reply.status == 200 and not reply.is_challenge:
                value = _read(reply, question.read)
            else:
                self._judge(reply, sent_at)
        except Busy as error:
            limits.limiter.back_off(sent_at=sent_at)
            limits.breaker.failure(str(error), sent_at=sent_at)
            raise
        except Failed as error:
            limits.breaker.failure(str(error), sent_at=sent_at)
            raise
        finally:
            limits.breaker.end_trial()
        limits.limiter.speed_up()
        limits.breaker.success()
        return reply, value

    def _authorised(self, question: _Question[T], sent_at: float) -> Reply:
        path, params, accept = question.path, question.params, question.accept
        login, refresh = self._login(), self.endpoint.refresh
        reply = self._send("GET", path, params, login, accept=accept, sent_at=sent_at)
        if reply.status == 401 and login is not None and refresh is not None and refresh(login, self.post_form):
            sent_at = self.endpoint.limits.limiter.wait()
            reply = self._send("GET", path, params, self._login(), accept=accept, sent_at=sent_at)
        return reply

    def _login(self) -> str | None:
        return self.endpoint.authorise() if self.endpoint.authorise is not None else None

    def _judge(self, reply: Reply, sent_at: float) -> NoReturn:
        """Say what a reply means that is not a plain 200: raises, having told limiter and breaker."""
        at, limits, source = self.endpoint, self.endpoint.limits, self.endpoint.source
        wait_s = retry_after_s(reply.headers, now=at.clock.wall())
        if reply.is_challenge:
            reason = f"{source}: blocked by a challenge page (HTTP {reply.status})"
            limits.breaker.failure(reason, sent_at=sent_at, is_block=True)
            raise Blocked(reason)
        if reply.status in at.bans:
            reason = f"{source}: address banned for a while (HTTP {reply.status})"
            limits.limiter.back_off(sent_at=sent_at)
            limits.breaker.failure(reason, sent_at=sent_at, is_block=True, for_s=wait_s)
            raise Blocked(reason)
        if reply.status in (401, 407) or (reply.status == 403 and reply.is_html):
            token = f"ENRICH_{source.upper()}_TOKEN"
            asked = f"login refused, check the token in {token}" if at.authorise else f"needs a token, set {token}"
            what = "access refused" if reply.status == 403 else asked
            reason = f"{source}: {what} (HTTP {reply.status})"
            limits.breaker.failure(reason, sent_at=sent_at, is_block=True)
            raise Blocked(reason)
        reason = f"{reply.address}: HTTP {reply.status}{reply.complaint}"
        if reply.status in _TRANSIENT:
            if wait_s is not None and wait_s > LONGEST_WAIT_S:
                limits.breaker.failure(reason, for_s=wait_s)
                raise Down(f"{reason}; asked to come back in {wait_s:.0f} s")
            limits.limiter.back_off(sent_at=sent_at, retry_after_s=wait_s)
            limits.breaker.failure(reason, sent_at=sent_at)
            raise _MayHeal(reason)
        if reply.status == 403:
            limits.breaker.failure(reason, sent_at=sent_at)
            raise Blocked(reason)
        raise Failed(reason)

    def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        login: str | None,
        *,
        sent_at: float,
        accept: str = "application/json",
        form: Mapping[str, str] | None = None,
    ) -> Reply:
        at = self.endpoint
        query = f"?{masked_query(params.items())}" if params else ""
        shown = f"{at.source}: {self._shown_base}{path}{query}"
        headers = {"Accept": accept} | ({"Authorization": login} if login else {})
        deadline = sent_at + at.timeouts.total_s
        try:
            with self._client.stream(
                method,
                self._base + path,
                params=dict(params) or None,
                headers=headers,
                data=form,
                # A form may hold secrets: it goes where it was sent, and no further.
                follow_redirects=method == "GET",
            ) as response:
                body = bytearray()
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > at.max_bytes:
                        raise Failed(f"{shown}: reply larger than {at.max_bytes} bytes, not read")
                    if at.clock.monotonic() > deadline:
                        raise transport.ReadTimeout("reply took too long")
                headers_in = {n.decode("latin-1").lower(): v.decode("latin-1") for n, v in response.headers.raw}
        except (transport.TransportError, transport.TooManyRedirects, transport.DecodingError) as error:
            # The library's text may hold the address; ours is masked.
            reason = f"{shown}: {_in_words(error)}"
            at.limits.limiter.back_off(sent_at=sent_at)
            at.limits.breaker.failure(reason, sent_at=sent_at)
            raise _MayHeal(reason) from None
        except (transport.InvalidURL, UnicodeEncodeError) as error:
            raise Failed(f"{shown}: not an address that can be asked ({type(error).__name__})") from None
        if at.on_headers is not None:
            at.on_headers(headers_in, at.limits.limiter)
        return Reply(shown, response.status_code, headers_in, bytes(body))

    def _check_breaker(self) -> None:
        waited_s = 0.0
        while (stopped := self.endpoint.limits.breaker.stopped()) is not None:
            if stopped.for_s > 0 or waited_s >= self.endpoint.timeouts.total_s:
                kind = Blocked if stopped.is_block else Down
                raise kind(f"{stopped.reason}; not asked again for {stopped.for_s:.0f} s")
            # Another thread tries for all; what it hears decides, or a source that is back would lose these tracks.
            self.endpoint.clock.sleep(_TRIAL_TICK_S)
            waited_s += _TRIAL_TICK_S


class Requests:
    """All requests to a source for one track; `sent` counts those questions that needed the network, `answered` all."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self.sent = 0
        self.answered = 0
        self._known: dict[tuple[str, tuple[tuple[str, str], ...]], Any] = {}

    def get(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        *,
        read: Callable[[Reply], T],
        absent: Collection[int] = (),
        accept: str = "application/json",
        fresh: bool = False,
    ) -> T | None:
        """Ask one question, from the cache if it was answered before.

        Args:
            path: Appended to the source's base.
            params: Query parameters; no secrets.
            read: Makes the value out of a good reply; a falsy one is a miss and kept shorter. Nothing is kept where it
                raises: `Failed`, `Malformed` when asking once more may help, `Busy` when the reply says "later".
            absent: Statuses that mean "no such thing": the value is None, and it is a miss.
            accept: The `Accept` header.
            fresh: A reply from the cache counts for as long as a miss is kept: what it lacks is what is looked for.

        Raises:
            Blocked, Down, Failed: see `replies`.
        """
        plain = {name: str(value) for name, value in (params or {}).items()}
        name = (path, tuple(sorted(plain.items())))
        if name in self._known:
            return cast(T | None, self._known[name])
        # Counted before the request leaves, so that an answer that ends in an error is no cached one.
        self.answered += 1
        self.sent += 1
        value, was_sent = self._http.fetch(_Question(path, plain, read, absent, accept, fresh))
        if not was_sent:
            self.sent -= 1
        self._known[name] = value
        return value

    def forget(self) -> None:
        """Drop from the cache what was answered: nothing could be made of it."""
        cache = self._http.endpoint.cache
        for path, params in self._known:
            if cache is not None:
                cache.forget(self._http.key(path, dict(params)))


class _MayHeal(Exception):
    """A transport error or a status that may be gone on the next try. The text is redacted."""


@cache
def _hush() -> None:
    """httpx writes whole addresses to its log at INFO, and stamina talks on stderr when nobody set logging up."""
    chatty = logging.getLogger(transport.__name__)
    if chatty.level == logging.NOTSET:
        chatty.setLevel(logging.WARNING)
    logging.getLogger("stamina").addHandler(logging.NullHandler())


@cache
def _certificates() -> ssl.SSLContext:
    """Loading them takes a tenth of a second: once a process is enough."""
    return transport.create_ssl_context()


def user_agent(contact: str) -> str:
    """`enrich/<version> ( contact )`; characters a header cannot hold are dropped."""
    clean = re.sub(r"[^\x20-\x7e]|[()]", "", contact).strip()
    return f"enrich/{__version__} ( {clean or NO_CONTACT} )"


def _read(reply: Reply, read: Callable[[Reply], T]) -> T:
    try:
        return read(reply)
    except Unusable:
        raise
    except UNREADABLE as error:
        raise Failed(f"{reply.address}: reply of an unexpected shape ({type(error).__name__}: {error})") from error


def _in_words(error: Exception) -> str:
    if isinstance(error, transport.ConnectTimeout | transport.ConnectError):
        return "cannot be reached"
    if isinstance(error, transport.TimeoutException):
        return "no answer in time"
    return f"connection broke ({type(error).__name__})"
