"""The one owner of HTTP: every request to an outside source leaves through here.

`Http` asks one source at one address, `Talk` is one conversation with it (all requests for one track). Here live the
User-Agent, time-outs, size limits, pace and breaker, retries for what may heal, the cache, and what a bad reply means:

    Blocked   challenge page, ban, refused login: the source does not want us       → Availability.BLOCKED
    Down      time-outs, 429 and 5xx that did not heal                               → Availability.DOWN
    Failed    a reply that makes no sense: changed page, broken JSON, odd status     → Availability.FAILED

None of the three is ever cached or read as "not there". Their texts carry no secrets: addresses are shown without
user info and with the values of secret-looking parameters masked; headers are never shown.
"""

from __future__ import annotations

import email.utils
import json
import logging
import re
import ssl
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

# The one line to change for httpx2, which keeps the interface.
import httpx as transport
import stamina

from enrich import __version__
from enrich.errors import SourceUnavailable
from enrich.matching.values import Availability
from enrich.sources.cache import Cache, Kept, Lifetime
from enrich.sources.pace import SYSTEM_CLOCK, Clock, Lane

T = TypeVar("T")

#: Contact shown when ENRICH_CONTACT is unset.
NO_CONTACT = "no contact given, ENRICH_CONTACT is unset"
#: A Retry-After beyond this is not waited for: the source counts as down until then.
LONGEST_WAIT_S = 60.0
#: How often a request looks whether the one that tries a stopped source has its answer.
_TRIAL_TICK_S = 0.05
#: Requests for one question, the first included.
ATTEMPTS = 4

_TRANSIENT = frozenset({429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 527, 529})
_SECRET_NAME = re.compile(r"token|secret|passw|authori|api_?key|^key$|^code$|^sid$|session|signature", re.IGNORECASE)
_CHALLENGE = re.compile(
    r"<title>\s*(?:just a moment|attention required|access denied|please wait)|cf-turnstile|cf_chl_|challenge-platform"
    r"|challenges\.cloudflare\.com|g-recaptcha|captcha-delivery",
    re.IGNORECASE,
)


class Unusable(SourceUnavailable):
    """A source could not be read; `availability` says in which way."""

    availability = Availability.FAILED


class Blocked(Unusable):
    """The source refuses us: challenge page, ban, or a login it does not take."""

    availability = Availability.BLOCKED


class Down(Unusable):
    """The source does not answer, or only with complaints, and did not heal while we tried."""

    availability = Availability.DOWN


class Failed(Unusable):
    """The source answered something that is not what it is documented to answer."""


class Malformed(Failed):
    """A reply that broke off or does not parse; asked once more before it counts."""


class Busy(Down):
    """The source says "later" in a reply whose status is fine (Deezer's quota error): slow down and ask again."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for a connection, between two pieces of a reply, and for the whole of it."""

    connect_s: float = 5.0
    read_s: float = 15.0
    total_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What a source sent: status, headers with lower-case names, body."""

    address: str
    """Redacted, for messages."""
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text; bytes that are no UTF-8 become replacement characters."""
        return self.body.decode("utf-8", errors="replace")

    @property
    def is_html(self) -> bool:
        """Whether the body is a page, by its type or its first character."""
        return "html" in self.headers.get("content-type", "") or self.body[:64].lstrip().startswith(b"<")

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            Failed: it is a page. Malformed: it is broken JSON.
        """
        try:
            return json.loads(self.body)
        except ValueError:
            if self.is_html:
                raise Failed(f"{self.address}: expected JSON, got a page (HTTP {self.status})") from None
            raise Malformed(f"{self.address}: broken JSON, {len(self.body)} bytes (HTTP {self.status})") from None


class Http:
    """Requests to one source.

    Args:
        source: Its name, for messages and the cache.
        base: Address the paths are appended to.
        lane: Pace and breaker shared with everybody who asks the same source.
        cache: None means every question is asked anew.
        contact: Who we are, for the User-Agent.
        headers: Sent with every request; may hold a secret, which is never shown.
        authorise: Called before each request for an `Authorization` value; None means none.
        refresh: Called once on a 401 with the value that was refused; True means: try again.
        lifetime: How long replies may be kept.
        bans: Statuses by which this source bans an address: not retried, block at once.
        attempts: Requests for one question at most.
        max_bytes: Replies larger than this are refused.
    """

    def __init__(
        self,
        source: str,
        base: str,
        *,
        lane: Lane,
        cache: Cache | None = None,
        contact: str = "",
        headers: Mapping[str, str] | None = None,
        authorise: Callable[[], str | None] | None = None,
        refresh: Callable[[str], bool] | None = None,
        lifetime: Lifetime | None = None,
        bans: Collection[int] = (),
        timeouts: Timeouts | None = None,
        attempts: int = ATTEMPTS,
        max_bytes: int = 8_000_000,
        clock: Clock = SYSTEM_CLOCK,
        on_headers: Callable[[Mapping[str, str]], None] | None = None,
    ) -> None:
        self.source = source
        self.base = base.rstrip("/")
        self._lane = lane
        self._cache = cache
        self._authorise = authorise
        self._refresh = refresh
        self._lifetime = lifetime or Lifetime()
        self._bans = frozenset(bans)
        self._timeouts = timeouts or Timeouts()
        self._attempts = attempts
        self._max_bytes = max_bytes
        self._clock = clock
        self._on_headers = on_headers
        # httpx writes whole addresses to its log at INFO, and stamina talks on stderr when nobody set logging up.
        chatty = logging.getLogger(transport.__name__)
        if chatty.level == logging.NOTSET:
            chatty.setLevel(logging.WARNING)
        logging.getLogger("stamina").addHandler(logging.NullHandler())
        limits = self._timeouts
        self._client = transport.Client(
            headers={"User-Agent": user_agent(contact), "Accept-Language": "en", **(headers or {})},
            timeout=transport.Timeout(limits.read_s, connect=limits.connect_s),
            limits=transport.Limits(max_connections=None, max_keepalive_connections=20),
            follow_redirects=True,
            max_redirects=3,
            trust_env=not _is_loopback(self.base),
            verify=_certificates(),
        )

    def talk(self) -> Talk:
        """Begin a conversation: the requests for one track."""
        return Talk(self)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def post_form(self, path: str, form: Mapping[str, str]) -> Reply:
        """POST a form, unauthorised and uncached, at the source's pace; any status is returned.

        Raises:
            Down: no reply.
        """
        sent_at = self._lane.pace.wait()
        try:
            return self._send("POST", path, {}, None, form=form, sent_at=sent_at)
        except _MayHeal as error:
            raise Down(str(error)) from None

    def _fetch(
        self, path: str, params: Mapping[str, str], read: Callable[[Reply], T], absent: Collection[int], accept: str
    ) -> tuple[T | None, bool]:
        """The value and whether it was paid for with a request."""
        key = Cache.key(self.source, "GET", self.base + path, params)
        if self._cache is not None:
            kept = self._cache.get(key, now=self._clock.wall())
            if kept is not None:
                if kept.status in absent:
                    return None, False
                reply = Reply(self._shown(path, params), kept.status, {"content-type": kept.content_type}, kept.body)
                return self._read(reply, read), False

        reply, value = self._ask(path, params, read, absent, accept)
        if self._cache is not None:
            self._cache.put(
                key,
                Kept(reply.status, reply.headers.get("content-type", ""), reply.body, is_miss=not value),
                source=self.source,
                address=reply.address,
                lifetime=self._lifetime,
                now=self._clock.wall(),
            )
        return value, True

    def _ask(
        self, path: str, params: Mapping[str, str], read: Callable[[Reply], T], absent: Collection[int], accept: str
    ) -> tuple[Reply, T | None]:
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
                on=may_heal, attempts=self._attempts, timeout=None, wait_initial=0, wait_max=0, wait_jitter=0
            ):
                with attempt:
                    return self._attempt(path, params, read, absent, accept)
        except _MayHeal as error:
            raise Down(str(error)) from None
        raise AssertionError("unreachable")

    def _attempt(
        self, path: str, params: Mapping[str, str], read: Callable[[Reply], T], absent: Collection[int], accept: str
    ) -> tuple[Reply, T | None]:
        self._check_breaker()
        lane = self._lane
        sent_at = lane.pace.wait()
        if lane.breaker.is_open:
            # Others were refused while this one waited for its turn.
            self._check_breaker()
        try:
            reply = self._authorised(path, params, accept, sent_at)
            if reply.status in absent and not _is_challenge(reply):
                value = None
            elif reply.status == 200 and not _is_challenge(reply):
                value = self._read(reply, read)
            else:
                self._judge(reply, sent_at)
        except Busy as error:
            lane.pace.complaint(sent_at=sent_at)
            lane.breaker.failure(str(error), sent_at=sent_at)
            raise
        except Failed as error:
            lane.breaker.failure(str(error), sent_at=sent_at)
            raise
        finally:
            lane.breaker.end_trial()
        lane.pace.content()
        lane.breaker.success()
        return reply, value

    def _authorised(self, path: str, params: Mapping[str, str], accept: str, sent_at: float) -> Reply:
        login = self._login()
        reply = self._send("GET", path, params, login, accept=accept, sent_at=sent_at)
        if reply.status == 401 and login is not None and self._refresh is not None and self._refresh(login):
            sent_at = self._lane.pace.wait()
            reply = self._send("GET", path, params, self._login(), accept=accept, sent_at=sent_at)
        return reply

    def _login(self) -> str | None:
        return self._authorise() if self._authorise is not None else None

    def _judge(self, reply: Reply, sent_at: float) -> NoReturn:
        """Say what a reply means that is not a plain 200: raises, having told pace and breaker."""
        lane = self._lane
        if _is_challenge(reply):
            reason = f"{self.source}: blocked by a challenge page (HTTP {reply.status})"
            lane.breaker.failure(reason, sent_at=sent_at, is_block=True)
            raise Blocked(reason)
        if reply.status in self._bans:
            reason = f"{self.source}: address banned for a while (HTTP {reply.status})"
            lane.pace.complaint(sent_at=sent_at)
            lane.breaker.failure(
                reason, sent_at=sent_at, is_block=True, for_s=retry_after_s(reply.headers, now=self._clock.wall())
            )
            raise Blocked(reason)
        if reply.status in (401, 407) or (reply.status == 403 and reply.is_html):
            what = "login refused, check the token" if reply.status != 403 else "access refused"
            reason = f"{self.source}: {what} (HTTP {reply.status})"
            lane.breaker.failure(reason, sent_at=sent_at, is_block=True)
            raise Blocked(reason)
        if reply.status in _TRANSIENT:
            reason = f"{reply.address}: HTTP {reply.status}{_detail(reply)}"
            wait_s = retry_after_s(reply.headers, now=self._clock.wall())
            if wait_s is not None and wait_s > LONGEST_WAIT_S:
                lane.breaker.failure(reason, for_s=wait_s)
                raise Down(f"{reason}; asked to come back in {wait_s:.0f} s")
            lane.pace.complaint(sent_at=sent_at, retry_after_s=wait_s)
            lane.breaker.failure(reason, sent_at=sent_at)
            raise _MayHeal(reason)
        reason = f"{reply.address}: HTTP {reply.status}{_detail(reply)}"
        if reply.status == 403:
            lane.breaker.failure(reason, sent_at=sent_at)
            raise Blocked(reason)
        raise Failed(reason)

    def _read(self, reply: Reply, read: Callable[[Reply], T]) -> T:
        try:
            return read(reply)
        except Unusable:
            raise
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise Failed(f"{reply.address}: reply of an unexpected shape ({type(error).__name__})") from error

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
        shown = self._shown(path, params)
        headers = {"Accept": accept} | ({"Authorization": login} if login else {})
        deadline = sent_at + self._timeouts.total_s
        try:
            with self._client.stream(
                method, self.base + path, params=dict(params) or None, headers=headers, data=form
            ) as response:
                body = bytearray()
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > self._max_bytes:
                        raise Failed(f"{shown}: reply larger than {self._max_bytes} bytes, not read")
                    if self._clock.monotonic() > deadline:
                        raise transport.ReadTimeout("reply took too long")
                headers_in = {name.lower(): value for name, value in response.headers.items()}
        except (transport.TransportError, transport.TooManyRedirects, transport.DecodingError) as error:
            # The library's text may hold the address; ours is masked.
            reason = f"{shown}: {_in_words(error)}"
            self._lane.pace.complaint(sent_at=sent_at)
            self._lane.breaker.failure(reason, sent_at=sent_at)
            raise _MayHeal(reason) from None
        except (transport.InvalidURL, UnicodeEncodeError) as error:
            raise Failed(f"{shown}: not an address that can be asked ({type(error).__name__})") from None
        if self._on_headers is not None:
            self._on_headers(headers_in)
        return Reply(shown, response.status_code, headers_in, bytes(body))

    def _check_breaker(self) -> None:
        waited_s = 0.0
        while True:
            stopped = self._lane.breaker.stopped()
            if stopped is None:
                return
            if stopped.for_s > 0 or waited_s >= self._timeouts.total_s:
                break
            # Another thread tries for all; what it hears decides, or a source that is back would lose these tracks.
            self._clock.sleep(_TRIAL_TICK_S)
            waited_s += _TRIAL_TICK_S
        kind = Blocked if stopped.is_block else Down
        raise kind(f"{stopped.reason}; not asked again for {stopped.for_s:.0f} s")

    def _shown(self, path: str, params: Mapping[str, str]) -> str:
        query = "?" + urlencode(params) if params else ""
        return f"{self.source}: {redact(self.base + path + query)}"


class Talk:
    """One conversation with a source: counts what it cost.

    `sent` is the number of questions that needed the network, `answered` the number of questions in all.
    """

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
    ) -> T | None:
        """Ask one question, from the cache if it was answered before.

        Args:
            path: Appended to the source's base.
            params: Query parameters; no secrets.
            read: Makes the value out of a good reply. A falsy value is a miss and kept shorter. Raises `Failed` when
                the reply is not what it should be, `Malformed` when asking once more may help, `Busy` when the reply
                says "later"; nothing is kept then.
            absent: Statuses that mean "no such thing": the value is None, and it is a miss.
            accept: The `Accept` header.

        Raises:
            Blocked, Down, Failed: see the module.
        """
        plain = {name: str(value) for name, value in (params or {}).items()}
        question = (path, tuple(sorted(plain.items())))
        if question in self._known:
            known: T | None = self._known[question]
            return known
        # Counted before the request leaves, so that a conversation that ends in an error is no cached one.
        self.answered += 1
        self.sent += 1
        value, was_sent = self._http._fetch(path, plain, read, absent, accept)
        if not was_sent:
            self.sent -= 1
        self._known[question] = value
        return value


class _MayHeal(Exception):
    """A transport error or a status that may be gone on the next try. The text is redacted."""


@cache
def _certificates() -> ssl.SSLContext:
    """Loading them takes a tenth of a second: once a process is enough."""
    return transport.create_ssl_context()


def user_agent(contact: str) -> str:
    """`enrich/<version> ( contact )`; characters a header cannot hold are dropped."""
    clean = re.sub(r"[^\x20-\x7e]|[()]", "", contact).strip()
    return f"enrich/{__version__} ( {clean or NO_CONTACT} )"


def redact(address: str) -> str:
    """An address fit for messages: no user info, secret-looking parameters masked."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    query = "&".join(
        f"{name}=***" if _SECRET_NAME.search(name) else urlencode([(name, value)])
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    return urlunsplit((parts.scheme, host, parts.path, query, ""))


def retry_after_s(headers: Mapping[str, str], *, now: float) -> float | None:
    """Seconds to wait by `Retry-After`, given as seconds or as an HTTP date; None when absent or unreadable."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if re.fullmatch(r"\d+(?:\.\d+)?", value):
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - now)


def _is_challenge(reply: Reply) -> bool:
    if reply.headers.get("cf-mitigated") == "challenge":
        return True
    return reply.is_html and _CHALLENGE.search(reply.text[:20_000]) is not None


def _detail(reply: Reply) -> str:
    """The source's own words about an error, one short line; nothing of a page."""
    if reply.is_html:
        return ""
    try:
        body = json.loads(reply.body)
    except ValueError:
        return ""
    words = next((body[k] for k in ("detail", "error", "message") if body.get(k)), "") if isinstance(body, dict) else ""
    return f", {' '.join(str(words).split())[:120]}" if isinstance(words, str) and words else ""


def _in_words(error: Exception) -> str:
    if isinstance(error, transport.ConnectTimeout | transport.ConnectError):
        return "cannot be reached"
    if isinstance(error, transport.TimeoutException):
        return "no answer in time"
    return f"connection broke ({type(error).__name__})"


def _is_loopback(base: str) -> bool:
    return urlsplit(base).hostname in {"127.0.0.1", "::1", "localhost"}
