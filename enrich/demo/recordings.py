"""What gets made: four years of releases and one year to come, on each label's own schedule.

Pure: drawn from the generator passed in. Dates are relative to `now`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np

from enrich.demo.cast import Cast, words

#: How far the schedules reach back and ahead.
_BACK_DAYS, _AHEAD_DAYS = 4 * 365, 420
_REMIXED, _REMIX_ELSEWHERE, _COLLABORATION, _FEATURED, _SAME_TITLE_AGAIN = 0.28, 0.15, 0.15, 0.10, 0.04
#: Share never listed by any shop: white labels, free downloads, self-released tracks.
_UNCATALOGUED = 0.20
#: Made and played, but never released.
_SHELVED = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One recording: an original or one remix of it. `released` None: shelved."""

    number: int
    artists: tuple[int, ...]
    featured: int | None = None
    base_title: str
    remixer: int | None = None
    remix_word: str | None = None
    label: int
    released: date | None
    catalogued: bool
    catalog_number: str
    duration_ms: int
    original: int
    """Number of the original recording; its own for an original."""

    @property
    def is_remix(self) -> bool:
        """Whether this is a remix of another recording."""
        return self.remixer is not None

    @property
    def isrc(self) -> str:
        """Its code, the same in every catalogue."""
        return f"GBDMW{self.released.year % 100 if self.released else 0:02d}{self.number:05d}"


def build_recordings(rng: np.random.Generator, cast: Cast, *, now: datetime) -> tuple[Recording, ...]:
    """Draw every label's schedule, then remixes, then what stays on the shelf. Sorted by number."""
    titles = _Titles(rng)
    today = now.date()
    made: list[Recording] = []
    for index, label in enumerate(cast.labels):
        catalogue = int(rng.integers(1, 60))
        day = float(-_BACK_DAYS + rng.uniform(0, label.cadence_days))
        while day < _AHEAD_DAYS:
            released = _friday(today + timedelta(days=int(day)))
            catalogue += 1
            made.append(_original(rng, cast, titles, number=len(made), index=index, catalogue=catalogue, on=released))
            if rng.random() < _REMIXED:
                made.append(_remix(rng, cast, made[-1], number=len(made)))
            day += float(rng.exponential(label.cadence_days))
    for _ in range(_SHELVED):
        index = int(rng.integers(len(cast.labels)))
        made.append(_original(rng, cast, titles, number=len(made), index=index, catalogue=0, on=None))
    return (*made, *_worked_example(cast, first=len(made), today=today))


class _Titles:
    """Draws base titles: mostly distinct, now and then one that another artist has used before."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._used: dict[str, None] = dict.fromkeys(("Frozen Ground", "Rainy Road"))

    def draw(self) -> str:
        rng = self._rng
        if len(self._used) > 50 and rng.random() < _SAME_TITLE_AGAIN:
            return str(rng.choice(list(self._used)[2:]))
        while True:
            kind = rng.random()
            if kind < 0.80:
                title = f"{rng.choice(words('title_first'))} {rng.choice(words('title_second'))}"
            elif kind < 0.88:
                title = str(rng.choice(words("title_single")))
            elif kind < 0.92:
                title = str(rng.choice(words("title_phrase")))
            else:
                title = f"{rng.choice(words('title_second'))} of {rng.choice(words('city'))}"
            if title not in self._used:
                self._used[title] = None
                return title


def _original(
    rng: np.random.Generator, cast: Cast, titles: _Titles, *, number: int, index: int, catalogue: int, on: date | None
) -> Recording:
    label = cast.labels[index]
    main = label.roster[min(int(rng.exponential(2.6)), len(label.roster) - 1)]
    artists = [main]
    if rng.random() < _COLLABORATION:
        artists.append(int(rng.choice(label.roster)))
    featured = int(rng.integers(3, len(cast.artists))) if rng.random() < _FEATURED else None
    unique = tuple(dict.fromkeys(artists))
    return Recording(
        number=number,
        artists=unique,
        featured=None if featured in unique else featured,
        base_title=titles.draw(),
        label=index,
        released=on,
        catalogued=on is not None and rng.random() >= _UNCATALOGUED,
        catalog_number=f"{label.prefix}{catalogue:03d}",
        duration_ms=int(rng.normal(355_000, 45_000)) // 1000 * 1000 + int(rng.integers(0, 1000)),
        original=number,
    )


def _remix(rng: np.random.Generator, cast: Cast, of: Recording, *, number: int) -> Recording:
    elsewhere = rng.random() < _REMIX_ELSEWHERE
    label = int(rng.integers(len(cast.labels))) if elsewhere else of.label
    pool = [a for a in cast.labels[label].roster if a not in of.artists] or [3]
    remixer, word, released = int(rng.choice(pool)), str(rng.choice(words("remix_word"))), of.released
    assert released is not None
    if rng.random() >= 0.5:
        released = _friday(released + timedelta(days=int(rng.integers(14, 300))))
    catalog_number = of.catalog_number
    if elsewhere:
        catalog_number = f"{cast.labels[label].prefix}{int(rng.integers(1, 90)):03d}"
    return replace(
        of,
        number=number,
        remixer=remixer,
        remix_word=word,
        label=label,
        released=released,
        catalog_number=catalog_number,
        duration_ms=int(rng.normal(370_000, 45_000)),
    )


def _worked_example(cast: Cast, *, first: int, today: date) -> tuple[Recording, ...]:
    """The specification's three tracks on Anjunabeats; the third is what is played as `ID - ID`."""
    label, names = cast.label_index("Anjunabeats"), [artist.name for artist in cast.artists]
    facts = (
        ("Ilan Bluestone", "Frozen Ground", -430, "ANJ900", 401_000),
        ("Spencer Brown", "Rainy Road", -395, "ANJ912", 388_000),
        ("Ilan Bluestone", "Northern Tide", 75, "ANJ998", 395_000),
    )
    return tuple(
        Recording(
            number=first + n,
            artists=(names.index(artist),),
            base_title=title,
            label=label,
            released=_friday(today + timedelta(days=days)),
            catalogued=True,
            catalog_number=catalog_number,
            duration_ms=duration_ms,
            original=first + n,
        )
        for n, (artist, title, days, catalog_number, duration_ms) in enumerate(facts)
    )


def _friday(day: date) -> date:
    return day + timedelta(days=(4 - day.weekday()) % 7)
