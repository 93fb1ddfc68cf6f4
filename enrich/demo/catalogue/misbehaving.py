"""How a catalogue misbehaves, by source: every failure the real services are known for.

Instead of an answer:
    challenge        403 and a "Just a moment..." page
    ban_502          502, as Traxsource bans an address
    busy_503         MusicBrainz: you are too fast;  busy_503_all: it is too busy for everybody
    too_many         429; `retry_after` as seconds, as a date, or absent
    server_error     500
    expired_token    401 until the token is renewed (Beatport)
    quota, busy      HTTP 200 with error 4 or 700 (Deezer)
    blockless        HTTP 200 and a page without the block that should be in it
    truncated        HTTP 200 and JSON that breaks off
    slow             the answer, after `delay_s`
In the answer:
    empty            nothing is found
    no_label         everything is found without a label, in the source's words for it
    rival_labels     every track is there twice, the second time under another label
    wrong_first      other versions of the best hit come before it
    two_pages        a page of other things comes first
    bare_hits        search hits lack their label (Beatport)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from enrich.demo.catalogue import wire_deezer, wire_musicbrainz
from enrich.demo.catalogue.wire import Reply, as_json, as_page
from enrich.settings import SOURCES

#: These change what is found, not whether there is an answer.
CONTENT = frozenset({"empty", "no_label", "rival_labels", "wrong_first", "two_pages", "bare_hits"})
#: What a source sends that gives no answer.
REFUSALS: Mapping[str, Reply] = {
    "challenge": as_page(
        "<h1>Just a moment...</h1><noscript>Enable JavaScript</noscript>", title="Just a moment...", status=403
    ),
    "ban_502": as_page("<h1>502 Bad Gateway</h1>", title="502 Bad Gateway", status=502),
    "busy_503": wire_musicbrainz.error(
        503,
        "Your requests are exceeding the allowable rate limit. "
        "Please see https://musicbrainz.org/doc/XMLWebService for more information.",
    ),
    "busy_503_all": as_json(
        {"error": "The MusicBrainz web server is currently busy. Please try again later."}, status=503
    ),
    "too_many": as_json(
        {"detail": "Too many requests.", "message": "You are making requests too quickly."}, status=429
    ),
    "server_error": as_page("<h1>500 Internal Server Error</h1>", title="Error", status=500),
    "quota": wire_deezer.error(4, "Quota limit exceeded"),
    "busy": wire_deezer.error(700, "Service busy"),
    "blockless": as_page("<h1>Welcome</h1><p>We have a new look.</p>", title="Welcome"),
}
KINDS = frozenset({*REFUSALS, *CONTENT, "expired_token", "truncated", "slow"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Misbehaviour:
    """One way of misbehaving, for so many requests or so many seconds; for ever when neither is given."""

    kind: str
    requests: int | None = None
    seconds: float | None = None
    after: int = 0
    """Requests answered well before it begins."""
    retry_after: str | None = None
    """`Retry-After` as sent: "2", or an HTTP date."""
    delay_s: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown misbehaviour {self.kind!r}; known are {', '.join(sorted(KINDS))}")

    def refusal(self) -> Reply:
        """What is sent instead of an answer; of a kind in REFUSALS."""
        headers = {} if self.retry_after is None else {"Retry-After": self.retry_after}
        return replace(REFUSALS[self.kind], headers=headers)


#: A bad day: one source puts up a challenge, one bans the address, one is too busy for a minute.
OUTAGE: Mapping[str, Misbehaviour] = {
    "beatport": Misbehaviour(kind="challenge"),
    "traxsource": Misbehaviour(kind="ban_502"),
    "musicbrainz": Misbehaviour(kind="busy_503", seconds=60),
}

#: A kind by its name, or a Misbehaviour, or several.
Manner = str | Misbehaviour | Iterable[str | Misbehaviour]


def read_manner(text: str) -> tuple[str, Misbehaviour]:
    """`SOURCE=KIND` or `SOURCE=KIND:SECONDS`: which source, and what it does, for ever or for so long.

    Raises:
        ValueError: it is neither; says what is expected.
    """
    source, _, rest = text.partition("=")
    kind, _, seconds = rest.partition(":")
    is_time = not seconds or (seconds.replace(".", "", 1).isdigit() and float(seconds) > 0)
    if source not in SOURCES or kind not in KINDS or not is_time:
        raise ValueError(
            f"{text}: expected SOURCE=KIND or SOURCE=KIND:SECONDS, SOURCE one of {', '.join(SOURCES)}, "
            f"KIND one of {', '.join(sorted(KINDS))}"
        )
    if seconds:
        return source, Misbehaviour(kind=kind, seconds=float(seconds))
    return source, _usual(kind)


def plans(manner: Manner | None) -> list[Plan]:
    """What a source does from now on; None: it behaves."""
    several = [] if manner is None else [manner] if isinstance(manner, str | Misbehaviour) else manner
    return [Plan(one if isinstance(one, Misbehaviour) else _usual(one)) for one in several]


def _usual(kind: str) -> Misbehaviour:
    # A token expires once, then it is renewed.
    return Misbehaviour(kind=kind, requests=1 if kind == "expired_token" else None)


@dataclass(slots=True)
class Plan:
    """A misbehaviour and the requests it has seen."""

    manner: Misbehaviour
    seen: int = 0
    since: float | None = None

    def applies(self, now: float) -> bool:
        """Whether to a request that came in at `now` (monotonic seconds); counts it."""
        self.seen += 1
        if self.seen <= self.manner.after:
            return False
        if self.since is None:
            self.since = now
        if self.manner.seconds is not None and now - self.since >= self.manner.seconds:
            return False
        return self.manner.requests is None or self.seen - self.manner.after <= self.manner.requests
