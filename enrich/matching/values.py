"""Values that pass between the parts: what is asked of a source, what it answers, and how a match is judged."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Outcome(StrEnum):
    """How the search for a track's label ended.

    `unavailable` (a source was closed, blocked or down and no other answered) is never `none`.
    """

    FOUND = "found"
    REVIEW = "review"
    NONE = "none"
    UNAVAILABLE = "unavailable"


class Availability(StrEnum):
    """Whether a source's answer can be read as one: only `ok` with no hits means "not there"."""

    OK = "ok"
    CLOSED = "closed"
    BLOCKED = "blocked"
    DOWN = "down"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackQuery:
    """What is known of one track when a source is asked for it."""

    track_id: str
    title: str  # as written, mix and brackets included
    artist: str | None = None  # the credit as written; None when nobody knows
    duration_ms: int | None = None
    isrc: str | None = None
    is_guess: bool = False
    """The artist is one of several it may be: who is not in the whole list of the title need not be asked for."""
    released: tuple[date, date] | None = None
    """Asked for is whatever the artist released within these days, in place of a title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One release of one recording, as a source lists it. Spellings are the source's own."""

    source: str
    title: str  # without the mix where the source keeps it apart
    artists: tuple[str, ...]  # main artists; remixers are apart
    label: str | None  # None where the source says there is none (`[no label]`, `Not On Label`)
    mix: str | None = None
    remixers: tuple[str, ...] = ()
    catalog_number: str | None = None
    release_date: date | None = None
    duration_ms: int | None = None
    isrc: str | None = None
    more_isrcs: tuple[str, ...] = ()  # a recording may have been given several
    release_title: str | None = None
    is_compilation: bool = False
    is_official: bool = True
    url: str | None = None

    @property
    def titled(self) -> str:
        """Title and mix as one: `Night Signal (Extended Mix)`."""
        return f"{self.title} ({self.mix})" if self.mix else self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAnswer:
    """All a source had to say to one query: hits, or why it could not answer."""

    source: str
    availability: Availability
    hits: tuple[Hit, ...] = ()
    reason: str | None = None
    from_cache: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchScore:
    """How well a hit fits a query: `total` 0–1 and the named parts it was made of, each 0–1.

    `refused` names the rule that says it is another recording (`remixer`, `version`, `artist`, `title`), else None.
    """

    total: float
    parts: dict[str, float] = field(default_factory=dict)
    refused: str | None = None
