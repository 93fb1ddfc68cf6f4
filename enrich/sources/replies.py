"""What a source replied, and what a bad reply means.

    Blocked   challenge page, ban, refused login: the source does not want us       → Availability.BLOCKED
    Down      time-outs, 429 and 5xx that did not heal                               → Availability.DOWN
    Failed    a reply that makes no sense: changed page, broken JSON, odd status     → Availability.FAILED

None of the three is ever cached or read as "not there". Their texts carry no secrets: addresses are shown without
user info and with the values of secret-looking parameters masked; headers are never shown. Pure.
"""

import email.utils
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from enrich.errors import SourceUnavailable
from enrich.matching.values import Availability
from enrich.sources.reading import parsed

_SECRET_NAME = re.compile(r"token|secret|passw|authori|api_?key|^key$|^code$|^sid$|session|signature", re.IGNORECASE)
_CHALLENGE = re.compile(
    r"<title>\s*(?:just a moment|attention required|access denied|please wait)|cf-turnstile|cf_chl_|challenge-platform"
    r"|challenges\.cloudflare\.com|g-recaptcha|captcha-delivery",
    re.IGNORECASE,
)

#: Nobody is heeded for longer: a source that asks for a year of rest is asked again after an hour.
LONGEST_REST_S = 3600.0


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
class Reply:
    """What a source sent: status, headers with lower-case names, body."""

    address: str  # redacted, for messages
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

    @property
    def is_challenge(self) -> bool:
        """Whether it is a page that wants to see a human first."""
        if self.headers.get("cf-mitigated") == "challenge":
            return True
        return self.is_html and _CHALLENGE.search(self.text[:20_000]) is not None

    @property
    def complaint(self) -> str:
        """The source's own words about an error, one short line with a comma before it; nothing of a page."""
        if self.is_html:
            return ""
        try:
            body = parsed(self.body)
        except ValueError:
            return ""
        fields = ("detail", "error", "message")
        words = next((body[k] for k in fields if body.get(k)), "") if isinstance(body, dict) else ""
        return f", {words[:120]}" if isinstance(words, str) and words else ""

    def json(self) -> Any:
        """The body as `reading.parsed` reads it; raises `Failed` where it is a page, `Malformed` where it is broken."""
        try:
            return parsed(self.body)
        except ValueError:
            if self.is_html:
                raise Failed(f"{self.address}: expected JSON, got a page (HTTP {self.status})") from None
            raise Malformed(f"{self.address}: broken JSON, {len(self.body)} bytes (HTTP {self.status})") from None


def read_object(reply: Reply) -> dict[str, Any]:
    """The JSON object in a reply; raises `Failed` where it is something else."""
    body = reply.json()
    if not isinstance(body, dict):
        raise Failed(f"{reply.address}: expected an object")
    return body


def listing(name: str) -> Callable[[Reply], dict[str, Any] | None]:
    """A reader of objects that hold a list under `name`: the object, None where the list is empty and none follows."""

    def read(reply: Reply) -> dict[str, Any] | None:
        body: dict[str, Any] = reply.json()
        if not isinstance(body[name], list):
            raise TypeError(name)
        return body if body[name] or body.get("next") else None

    return read


def redact(address: str) -> str:
    """An address fit for messages: no user info, secret-looking parameters masked."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    query = masked_query(parse_qsl(parts.query, keep_blank_values=True))
    return urlunsplit((parts.scheme, host, parts.path, query, ""))


def masked_query(params: Iterable[tuple[str, str]]) -> str:
    """Query parameters as an address has them, with `***` for what looks like a secret."""
    return urlencode([(name, "***" if _SECRET_NAME.search(name) else value) for name, value in params], safe="*")


def retry_after_s(headers: Mapping[str, str], *, now: float) -> float | None:
    """Seconds to wait by `Retry-After`, given as seconds or as an HTTP date, an hour at most; None when unreadable."""
    value = headers.get("retry-after", "").strip()[:40]
    if not value:
        return None
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", value):
        return min(float(value), LONGEST_REST_S)
    try:
        moment = email.utils.parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
    return min(max(0.0, moment - now), LONGEST_REST_S)
