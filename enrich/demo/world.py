"""The demo world as rows of musicdb's tables, one frame a table, with the truth and the shops' catalogue beside it.

Pure: `build_world` is a function of its seed and of `now`; the same pair gives the same rows, ids included.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import cycle
from typing import Any
from uuid import UUID

import numpy as np
import polars as pl

from enrich.demo.cast import Cast, build_cast, error_texts
from enrich.demo.catalogue.shop import RELEASES
from enrich.demo.naming import clean_title, credited, misspell, mix_name, spell_label
from enrich.demo.recordings import Recording, build_recordings
from enrich.demo.sets import DjSet, build_sets
from enrich.demo.tracks import EXHAUSTED, RETRIABLE, Track, build_tracks
from enrich.rules import MAX_ATTEMPTS
from enrich.text.normalise import artist_key, title_key

#: Artist rows that are no artists; real databases have them.
_UNKNOWN_ARTISTS = ("Unknown Artist", "ID")
_ALBUMS = 90
_LEFT_OUT = ("artists", "release_id", "is_official", "sources")
CATALOGUE = pl.Schema({name: RELEASES[name] for name in RELEASES if name not in _LEFT_OUT})
#: Shares of the shops' listings: an extended version beside, on a compilation as well, title or artist misspelled.
_EXTENDED, _COMPILED, _MISSPELLED = 0.6, 0.12, 0.015
_TIME = pl.Datetime("us", "UTC")

#: Types of the columns that are no text.
_TYPES: dict[str, Any] = {
    **dict.fromkeys(("created_at", "updated_at", "last_attempt", "set_date"), _TIME),
    **dict.fromkeys(("release_date", "released_on"), pl.Date),
    **dict.fromkeys(("position", "track_number", "sources_enriched", "retry_count"), pl.Int32),
    **dict.fromkeys(("is_remix", "is_mashup", "is_complete", "is_id", "is_retriable"), pl.Boolean),
    "duration_ms": pl.Int64,
}
_COLUMNS = {
    "artists": "id name normalized_name aliases metadata created_at updated_at",
    "tracks": "id title normalized_title isrc duration_ms release_date genre mashup_components is_remix is_mashup "
    "metadata created_at updated_at",
    "track_artists": "track_id artist_id role position",
    "albums": "id title label release_date created_at updated_at",
    "album_tracks": "album_id track_id track_number",
    "performers": "id name normalized_name artist_id metadata created_at updated_at",
    "setlists": "id performer_id set_date source source_url source_id is_complete metadata created_at updated_at",
    "setlist_tracks": "setlist_id track_id position is_id id_text",
    "playlists": "id name source curator created_at updated_at",
    "playlist_tracks": "playlist_id track_id position",
    "enrichment_status": "id track_id status sources_enriched last_attempt retry_count error_message is_retriable "
    "created_at updated_at",
    "enrich_demo_truth": "track_id true_artist true_title true_label released_on kind",
    "enrich_demo_slot_truth": "setlist_id position true_artist true_title true_label released_on",
}
#: Tables in the order in which they can be loaded, with the columns the demo fills.
TABLES: dict[str, dict[str, Any]] = {
    table: {column: _TYPES.get(column, pl.String) for column in columns.split()} for table, columns in _COLUMNS.items()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The rows of every table, and the catalogue outside sources answer from."""

    seed: int
    now: datetime
    tables: dict[str, pl.DataFrame]
    """By table name, columns as in TABLES; ids and JSON as text, arrays as Postgres literals."""
    catalogue: pl.DataFrame
    """Schema CATALOGUE."""


def build_world(*, seed: int, now: datetime) -> World:
    """Draw the whole world.

    Args:
        seed: Of all that is random.
        now: The day the database is looked at, with its time zone; sets lie in the two years before it.
    """
    now = now.astimezone(UTC).replace(microsecond=0)
    rng = np.random.default_rng(seed)
    cast = build_cast(rng)
    recordings = build_recordings(rng, cast, now=now)
    tracks = build_tracks(rng, cast, recordings, today=now.date())
    sets = build_sets(rng, cast, recordings, tracks, today=now.date())
    # Releases dated after `now` are there already: nobody can find them before.
    listings = [row for r in recordings if r.catalogued and r.released for row in _listings(rng, cast, r, r.released)]
    catalogue = pl.DataFrame(listings, schema=CATALOGUE, orient="row").sort(
        "release_date", "catalog_number", "title", "mix", "artist", nulls_last=True
    )
    tables = _Writer(rng, cast, recordings, tracks, sets, now).frames()
    return World(seed=seed, now=now, tables=tables, catalogue=catalogue)


def _listings(rng: np.random.Generator, cast: Cast, recording: Recording, on: date) -> list[tuple[object, ...]]:
    """A recording as shops list it: itself, its extended version, on a compilation of another label."""
    label = cast.labels[recording.label]
    artist = " & ".join(cast.artists[a].name for a in recording.artists)
    remixer = None if recording.remixer is None else cast.artists[recording.remixer].name
    mix = mix_name(recording, cast) or "Original Mix"
    title, listed_artist = recording.base_title, artist
    if rng.random() < _MISSPELLED:
        title = misspell(title, rng)
    elif rng.random() < _MISSPELLED:
        listed_artist = misspell(artist, rng)
    release_title = f"{recording.base_title} ({mix})" if recording.is_remix else recording.base_title
    isrc = recording.isrc

    def row(mix: str, label: str, number: str, on: date, ms: int, release: str, compiled: bool) -> tuple[object, ...]:
        return (listed_artist, title, mix, remixer, label, number, on, ms, isrc, release, compiled)

    name = spell_label(label, rng, dirt=0.08)
    rows = [row(mix, name, recording.catalog_number, on, recording.duration_ms, release_title, False)]
    if not recording.is_remix and rng.random() < _EXTENDED:
        longer = recording.duration_ms + int(rng.integers(30_000, 110_000))
        rows.append(row("Extended Mix", name, recording.catalog_number, on, longer, release_title, False))
    if rng.random() < _COMPILED:
        compiler = cast.compilers[int(rng.integers(len(cast.compilers)))]
        volume = int(rng.integers(1, 30))
        later = on + timedelta(days=int(rng.integers(60, 500)))
        shorter = recording.duration_ms - int(rng.integers(0, 40_000))
        number, name = f"{compiler.prefix}{volume:02d}", f"{compiler.name} Vol. {volume}"
        rows.append(row(mix, compiler.name, number, later, shorter, name, True))
    return rows


@dataclass
class _Writer:
    """Turns the drawn objects into rows; ids come from the generator, in a fixed order."""

    rng: np.random.Generator
    cast: Cast
    recordings: Sequence[Recording]
    tracks: Sequence[Track]
    sets: Sequence[DjSet]
    now: datetime

    def __post_init__(self) -> None:
        self.rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in TABLES}
        self.artist_ids = [self._id() for _ in (*self.cast.artists, *_UNKNOWN_ARTISTS)]
        self.track_ids = [self._id() for _ in self.tracks]
        self.created = self._first_seen()

    def frames(self) -> dict[str, pl.DataFrame]:
        for write in (self._people, self._music, self._played, self._albums, self._status, self._truth):
            write()
        frames = {table: pl.DataFrame(rows, schema=TABLES[table], orient="row") for table, rows in self.rows.items()}
        frames["artists"] = frames["artists"].with_columns(normalized_name=artist_key(pl.col("name")))
        frames["performers"] = frames["performers"].with_columns(normalized_name=artist_key(pl.col("name")))
        frames["tracks"] = frames["tracks"].with_columns(normalized_title=title_key(pl.col("title")))
        return frames

    def _add(self, table: str, *row: Any) -> None:
        self.rows[table].append(row)

    def _people(self) -> None:
        start = self.now - timedelta(days=900)
        names = [(a.name, a.aliases) for a in self.cast.artists] + [(name, ()) for name in _UNKNOWN_ARTISTS]
        for artist_id, (name, aliases) in zip(self.artist_ids, names, strict=True):
            self._add("artists", artist_id, name, "", _array(aliases), "{}", start, start)
        self.performer_ids = [self._id() for _ in self.cast.djs]
        for performer_id, dj in zip(self.performer_ids, self.cast.djs, strict=True):
            own = json.dumps({} if dj.label is None else {"label": self.cast.labels[dj.label].name})
            artist = None if dj.artist is None else self.artist_ids[dj.artist]
            self._add("performers", performer_id, dj.name, "", artist, own, start, start)

    def _music(self) -> None:
        unknown = cycle(self.artist_ids[len(self.cast.artists) :])
        for track_id, track, created in zip(self.track_ids, self.tracks, self.created, strict=True):
            facts = (track.isrc, track.duration_ms, track.release_date, track.genre, track.components)
            flags = (track.is_remix, track.is_mashup)
            self._add("tracks", track_id, track.title, "", *facts, *flags, track.metadata, created, created)
            credits = [(self.artist_ids[artist], "primary", n) for n, artist in enumerate(track.artists)]
            if track.unknown_artist:
                credits.insert(0, (next(unknown), "primary", 0))
            if track.featured is not None:
                credits.append((self.artist_ids[track.featured], "featured", len(track.artists)))
            if track.remixer is not None:
                credits.append((self.artist_ids[track.remixer], "remixer", 0))
            for credit in credits:
                self._add("track_artists", track_id, *credit)

    def _played(self) -> None:
        for number, dj_set in enumerate(self.sets):
            self._playlist(dj_set) if dj_set.as_playlist else self._setlist(number, dj_set)

    def _setlist(self, number: int, dj_set: DjSet) -> None:
        setlist_id, performer = self._id(), self.performer_ids[dj_set.dj]
        imported = self._seen_after(dj_set.day, within_h=120)
        on = _evening(dj_set.day) if dj_set.is_dated else None
        complete, name = bool(self.rng.random() < 0.7), json.dumps({"name": dj_set.name})
        source = (dj_set.source, None, f"demo-{number:04d}")
        self._add("setlists", setlist_id, performer, on, *source, complete, name, imported, imported)
        position = 0
        for slot in dj_set.slots:
            position += 1 + int(dj_set.gaps and self.rng.random() < 0.12)
            track = None if slot.track is None else self.track_ids[slot.track]
            self._add("setlist_tracks", setlist_id, track, position, slot.id_text is not None, slot.id_text)
            if slot.track is None and slot.recording is not None:
                made = self.recordings[slot.recording]
                truth = (credited(made, self.cast), clean_title(made, self.cast), self.cast.labels[made.label].name)
                self._add("enrich_demo_slot_truth", setlist_id, position, *truth, made.released)

    def _playlist(self, dj_set: DjSet) -> None:
        playlist_id, dj = self._id(), self.cast.djs[dj_set.dj].name
        imported = self._seen_after(dj_set.day, within_h=120)
        name = f"{dj} - {dj_set.name} {dj_set.day}"
        self._add("playlists", playlist_id, name, dj_set.source, dj, imported, imported)
        seen: dict[int, int] = {}
        for position, slot in enumerate(dj_set.slots, start=1):
            if slot.track is not None:
                seen.setdefault(slot.track, position)
        for track, position in seen.items():
            self._add("playlist_tracks", playlist_id, self.track_ids[track], position)

    def _albums(self) -> None:
        """Albums and compilations of named tracks; some are the only place a label stands."""
        by_label: dict[int, list[int]] = defaultdict(list)
        for i, track in enumerate(self.tracks):
            if not track.is_failed and track.label is not None:
                by_label[track.label].append(i)
        labels = sorted(by_label)
        for n in range(_ALBUMS):
            label = labels[n % len(labels)]
            pool = by_label[label]
            size = min(int(self.rng.integers(3, 9)), len(pool))
            chosen = [pool[int(i)] for i in self.rng.choice(len(pool), size, replace=False)]
            album_id = self._id()
            out = max((day for i in chosen if (day := self.tracks[i].released_on)), default=None)
            created = min(self.now, max(self.created[i] for i in chosen))
            name = self.cast.labels[label].spellings[int(self.rng.integers(2))]
            self._add("albums", album_id, f"{name} Sampler {n + 1}", name, out, created, created)
            for number, i in enumerate(chosen, start=1):
                self._add("album_tracks", album_id, self.track_ids[i], number)

    def _status(self) -> None:
        """Enrichment states: exactly the specification's current state."""
        order = [int(i) for i in self.rng.permutation([i for i, t in enumerate(self.tracks) if t.is_failed])]
        retriable, exhausted = set(order[:RETRIABLE]), set(order[RETRIABLE : RETRIABLE + EXHAUSTED])
        for i, (track, created) in enumerate(zip(self.tracks, self.created, strict=True)):
            attempt = min(max(created, self.now - timedelta(days=float(self.rng.uniform(0.02, 45)))), self.now)
            if track.is_failed:
                again = i in retriable
                retries = MAX_ATTEMPTS if i in exhausted else int(self.rng.choice(4, p=(0.55, 0.25, 0.15, 0.05)))
                row: tuple[Any, ...] = ("failed", 0, attempt, retries, _error(self.rng, retriable=again), again)
            else:
                row = ("completed", int(self.rng.integers(1, 5)), attempt, 0, None, None)
            self._add("enrichment_status", self._id(), self.track_ids[i], *row, created, attempt)

    def _truth(self) -> None:
        for track_id, track in zip(self.track_ids, self.tracks, strict=True):
            truth = (track.true_artist, track.true_title, track.true_label, track.released_on)
            self._add("enrich_demo_truth", track_id, *truth, track.kind)

    def _seen_after(self, day: date, *, within_h: float) -> datetime:
        """Ten hours or more after a set of that day began."""
        return min(self.now, _evening(day) + timedelta(hours=float(self.rng.uniform(10, within_h))))

    def _first_seen(self) -> list[datetime]:
        """When each track's row was made: with its first set, a day or so after."""
        first: dict[int, date] = {}
        for dj_set in self.sets:
            for slot in dj_set.slots:
                if slot.track is not None:
                    first[slot.track] = min(first.get(slot.track, dj_set.day), dj_set.day)
        unplayed = self.now.date() - timedelta(days=400)
        return [self._seen_after(first.get(i, unplayed), within_h=60) for i in range(len(self.tracks))]

    def _id(self) -> str:
        return str(UUID(bytes=self.rng.bytes(16), version=4))


def _evening(day: date) -> datetime:
    return datetime.combine(day, time(21, 0), UTC)


def _error(rng: np.random.Generator, *, retriable: bool) -> str:
    texts = error_texts(retriable=retriable)
    weights = np.array([weight for _, weight in texts])
    return texts[int(rng.choice(len(texts), p=weights / weights.sum()))][0]


def _array(values: Sequence[str]) -> str | None:
    """A Postgres array literal: elements quoted as JSON quotes them."""
    return "{" + ",".join(json.dumps(value, ensure_ascii=False) for value in values) + "}" if values else None
