"""The stock of a catalogue and its search: as forgiving, and as often wrong, as a shop's.

Words are weighed by rarity; half of the weight of a query must be met. So a track that is not there still brings
others of its artist, other tracks of its name, and its remixes. The stock is a table of one row per track on a
release, of which only `title` must be there; a row without `release_id` is a release of its own.
"""

from __future__ import annotations

import hashlib
import math
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice
from pathlib import Path

import polars as pl
from rapidfuzz import fuzz, process

from enrich.errors import InputFileError
from enrich.frames.files import read_table
from enrich.text.normalise import fold, fold_texts

#: `sources`: comma list of the sources that carry the row; null means all of them. `artists`: the credit as separate
#: names where it is known how to split it; null means it is guessed.
RELEASES = pl.Schema(
    {
        "artist": pl.String(),
        "artists": pl.List(pl.String()),
        "title": pl.String(),
        "mix": pl.String(),
        "remixer": pl.String(),
        "label": pl.String(),
        "catalog_number": pl.String(),
        "release_date": pl.Date(),
        "duration_ms": pl.Int64(),
        "isrc": pl.String(),
        "release_id": pl.String(),
        "release_title": pl.String(),
        "is_compilation": pl.Boolean(),
        "is_official": pl.Boolean(),
        "sources": pl.String(),
    }
)

_REMIX = r"(?i)^(.+?)(?:'s)?\s+(?:re-?mix|rmx|dub|rework|edit)$"
_NOBODY = r"(?i)^(?:original|extended|radio|club|vip|vocal|instrumental|festival|live|album|the|dub|short|long)$"
#: Share of a query's weight a listing must meet to be found at all.
_ENOUGH = 0.5
#: Likeness above which a word nobody lists is read as one that is listed.
_MISSPELT = 84.0
_COMMON = 3000
_NAMESPACE = uuid.UUID("5a1f2a0c-7c7e-5d0e-9d35-3f6b2a1f7c11")
#: Numbers from here on are rivals: the same track again, under another label.
RIVAL = 50_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One track on one release, as shops list it."""

    number: int
    release: int
    artist: str
    artists: tuple[str, ...]
    title: str
    mix: str | None
    remixer: str | None
    label: str | None
    catalog_number: str | None
    release_date: date | None
    duration_ms: int | None
    isrc: str | None
    release_title: str
    is_compilation: bool
    is_official: bool
    sources: frozenset[str] | None

    @property
    def full_title(self) -> str:
        """`Night Signal (Extended Mix)`."""
        return f"{self.title} ({self.mix})" if self.mix else self.title

    @property
    def recording(self) -> str:
        """The same for the same artist, title and mix, whatever the release."""
        return uuid_of(_NAMESPACE, "\x1f".join([self.artist, self.title, self.mix or ""]).casefold())

    @property
    def day(self) -> str | None:
        """The release date as `2024-03-15`."""
        return self.release_date.isoformat() if self.release_date else None

    @property
    def remixers(self) -> tuple[str, ...]:
        """The remixer alone, or nobody."""
        return (self.remixer,) if self.remixer else ()

    def is_carried_by(self, source: str) -> bool:
        """Whether `source` sells it."""
        return self.sources is None or source in self.sources


@lru_cache(maxsize=100_000)
def uuid_of(space: uuid.UUID, text: str) -> str:
    """The UUID of a text: replies show the same few again and again."""
    return str(uuid.uuid5(space, text))


def read_releases(paths: Iterable[str | Path]) -> pl.DataFrame:
    """The tables in `paths` (Parquet, CSV or JSONL) as one frame of schema RELEASES.

    Raises:
        InputFileError: a file cannot be read, or has no column `title`.
    """
    return pl.concat([complete(read_table(path), where=str(path)) for path in paths])


def complete(frame: pl.DataFrame, *, where: str = "the table of releases") -> pl.DataFrame:
    """`frame` with every column of RELEASES: those that are absent are null, except what follows from others."""
    if "title" not in frame.columns:
        raise InputFileError(f"{where}: no column title; a catalogue needs at least artist, title and label")
    remixer = pl.col("mix").str.extract(_REMIX, 1)
    return (
        frame.select(_column(frame, name, kind) for name, kind in RELEASES.items())
        .filter(pl.col("title").is_not_null())
        .with_columns(
            remixer=pl.coalesce("remixer", pl.when(~remixer.str.contains(_NOBODY)).then(remixer)),
            release_title=pl.coalesce("release_title", "title"),
            is_compilation=pl.col("is_compilation").fill_null(False),
            is_official=pl.col("is_official").fill_null(True),
        )
    )


def _column(frame: pl.DataFrame, name: str, kind: pl.DataType) -> pl.Expr:
    """A column as RELEASES has it, or nulls; in a CSV everything is text."""
    if name not in frame.columns:
        return pl.lit(None, dtype=kind).alias(name)
    column = pl.col(name)
    if kind == pl.Date:
        return column.cast(pl.String).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    if frame[name].dtype == pl.String and kind == pl.Boolean:
        return column.str.to_lowercase() == "true"
    if frame[name].dtype == pl.String and kind == pl.List:
        return column.str.split(" | ")
    return column.cast(kind, strict=False)


class Shop:
    """A searchable stock.

    Args:
        releases: Frame of schema RELEASES, or one that can be completed to it.
    """

    def __init__(self, releases: pl.DataFrame) -> None:
        frame = complete(releases)
        self.listings = _listings(frame)
        #: Eight characters that differ between stocks.
        self.fingerprint = hashlib.sha256(frame.write_ndjson().encode()).hexdigest()[:8]
        self.labels = sorted({one.label for one in self.listings if one.label})
        self._label_numbers = {label: number for number, label in enumerate(self.labels, start=1)}
        people = dict.fromkeys(name for one in self.listings for name in (*one.artists, *one.remixers))
        self._people = {name: number for number, name in enumerate(people, start=1)}
        #: By release, recording and ISRC.
        self._by: dict[object, list[Listing]] = defaultdict(list)
        for one in self.listings:
            for key in filter(None, (one.release, one.recording.upper(), (one.isrc or "").upper())):
                self._by[key].append(one)
        self._titles = _Index(_words([one.full_title for one in self.listings]))
        self._credits = _Index(_words([f"{one.artist} {one.remixer or ''}" for one in self.listings]))
        self._all = _Index(
            _words([f"{one.artist} {one.full_title} {one.remixer or ''} {one.label or ''}" for one in self.listings])
        )

    def find(
        self, source: str, *, text: str | None = None, title: str | None = None, artist: str | None = None
    ) -> list[Listing]:
        """Listings `source` carries that fit, best first. Every part given must be met halfway."""
        scores: dict[int, float] | None = None
        for index, wanted in ((self._all, text), (self._titles, title), (self._credits, artist)):
            words = _asked_words(wanted) if wanted else []
            if not words:
                continue
            found = index.search(words)
            scores = found if scores is None else {n: scores[n] + s for n, s in found.items() if n in scores}
        ranked = sorted(scores or {}, key=lambda n: (-round((scores or {})[n], 6), n))
        return [self.listings[n] for n in ranked if self.listings[n].is_carried_by(source)]

    def of(self, source: str, key: str) -> list[Listing]:
        """Every listing of a recording, by the recording or its ISRC."""
        return [one for one in self._by.get(key.upper(), []) if one.is_carried_by(source)]

    def on_release(self, release: int) -> list[Listing]:
        """The tracks of a release; a rival release holds the rivals of its tracks."""
        found = self._by.get(release % RIVAL, [])
        return [self.rival(one) for one in found] if release >= RIVAL else found

    def listing(self, number: int) -> Listing | None:
        """A listing by its number."""
        found = self.listings[number % RIVAL - 1 :][:1] if number % RIVAL else []
        return next((self.rival(one) if number >= RIVAL else one for one in found), None)

    def rival(self, listing: Listing) -> Listing:
        """The same track, released a month later by another label."""
        labels = self.labels or ["Rival Records"]
        other = labels[self.label_number(listing.label) % len(labels)]
        label = other if other != listing.label else "Rival Records"
        day = listing.release_date + timedelta(days=30) if listing.release_date else None
        number, release = listing.number + RIVAL, listing.release + RIVAL
        return replace(listing, number=number, release=release, label=label, catalog_number=None, release_date=day)

    def others(self, source: str, listing: Listing, most: int) -> list[Listing]:
        """Things that have nothing to do with `listing`, to fill pages with."""
        carried = (one for one in self.listings if one.artist != listing.artist and one.is_carried_by(source))
        return list(islice(carried, most))

    def label_number(self, label: str | None) -> int:
        """A stable number of a label."""
        return self._label_numbers.get(label or "", 0)

    def person_number(self, name: str) -> int:
        """A stable number of an artist."""
        return self._people.get(name, 0)


def wrong_first(found: list[Listing]) -> list[Listing]:
    """Other versions of the best hit's title before it, as shops like to do."""
    if not found:
        return found
    best = found[0]
    rivals = [one for one in found if one.title == best.title and one.recording != best.recording]
    return [*rivals, *(one for one in found if one not in rivals)]


class _Index:
    """Which listings hold which words."""

    def __init__(self, documents: list[list[str]]) -> None:
        self._postings: dict[str, set[int]] = defaultdict(set)
        self._lengths = [len(set(words)) for words in documents]
        for number, words in enumerate(documents):
            for word in words:
                self._postings[word].add(number)
        self._size = max(1, len(documents))
        self._known: Callable[[str], str | None] = lru_cache(maxsize=4096)(self._spelling)

    def search(self, words: list[str]) -> dict[int, float]:
        """Score 0–1 by listing: the weight met, less a little for words not asked for."""
        wanted = dict.fromkeys(words)
        spelt = {word: self._known(word) for word in wanted}
        weights = {word: self._weight(spelt[word]) for word in wanted}
        total = sum(weights.values())
        scores: dict[int, float] = defaultdict(float)
        met: dict[int, int] = defaultdict(int)
        for word in sorted(wanted, key=lambda w: len(self._postings.get(spelt[w] or "", ()))):
            posting = self._postings.get(spelt[word] or "", set())
            places = posting if len(posting) <= _COMMON or not scores else posting.intersection(scores)
            for number in places:
                scores[number] += weights[word]
                met[number] += 1
        return {
            number: score / total - 0.01 * (self._lengths[number] - met[number])
            for number, score in scores.items()
            if score / total >= _ENOUGH
        }

    def _weight(self, word: str | None) -> float:
        # A word nobody lists weighs as much as the rarest.
        return math.log(1 + self._size / (1 + len(self._postings.get(word or "", ()))))

    def _spelling(self, word: str) -> str | None:
        if word in self._postings:
            return word
        if len(word) < 4:
            return None
        best = process.extractOne(word, self._postings.keys(), scorer=fuzz.ratio, score_cutoff=_MISSPELT)
        return best[0] if best else None


def _listings(frame: pl.DataFrame) -> list[Listing]:
    numbered = frame.with_columns(
        release=pl.coalesce("release_id", pl.format("\x1f{}", pl.int_range(pl.len()))).rank("dense").cast(pl.Int64)
    )
    credit_keys = set(frame["artist"].drop_nulls().to_list())
    found = []
    for number, row in enumerate(numbered.drop("release_id").iter_rows(named=True), start=1):
        artist = row["artist"] or "Unknown Artist"
        names = tuple(row["artists"] or _split(artist, credit_keys))
        sources = frozenset(part.strip() for part in row["sources"].split(",")) if row["sources"] else None
        found.append(Listing(**{**row, "number": number, "artist": artist, "artists": names, "sources": sources}))
    return found


def _split(credit: str, known: Iterable[str]) -> list[str]:
    """A credit in two at `&` where one half also releases alone, as a shop with artist pages would."""
    for join in (" feat. ", " ft. ", " vs. ", ", ", " & "):
        left, found, right = credit.partition(join)
        if found and left and right and (left in known or right in known):
            return [*_split(left, known), *_split(right, known)]
    return [credit]


@lru_cache(maxsize=20_000)
def _asked_words(text: str) -> list[str]:
    # Six services ask for the same track in nearly the same words.
    return [word for word in fold_texts([text])[0].split(" ") if word]


def _words(texts: list[str]) -> list[list[str]]:
    folded = pl.DataFrame({"text": texts}, schema={"text": pl.String}).select(
        fold(pl.col("text")).str.split(" ").list.eval(pl.element().filter(pl.element() != ""))
    )
    found: list[list[str]] = folded["text"].to_list()
    return found
