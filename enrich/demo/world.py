"""The demo world as the rows of musicdb's tables, one Polars frame a table, with the truth beside it.

Pure: `build_world` is a function of its seed and of `now`; the same pair gives the same rows, ids included.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import polars as pl

from enrich.demo.cast import Cast, build_cast
from enrich.demo.naming import clean_title, credited
from enrich.demo.recordings import Recording, build_recordings
from enrich.demo.releases import build_catalogue
from enrich.demo.seeds import error_texts
from enrich.demo.sets import DjSet, build_sets
from enrich.demo.tracks import EXHAUSTED, FAILED, RETRIABLE, Track, build_tracks
from enrich.rules import MAX_ATTEMPTS
from enrich.text.normalise import artist_key, title_key

#: Artist rows that are no artists; real databases have them.
_UNKNOWN_ARTISTS = ("Unknown Artist", "ID")
_ALBUMS = 90
_TIME = pl.Datetime("us", "UTC")

#: Tables in the order in which they can be loaded, with the columns the demo fills.
TABLES: dict[str, dict[str, Any]] = {
    "artists": {
        "id": pl.String,
        "name": pl.String,
        "normalized_name": pl.String,
        "aliases": pl.String,
        "metadata": pl.String,
        "created_at": _TIME,
        "updated_at": _TIME,
    },
    "tracks": {
        "id": pl.String,
        "title": pl.String,
        "normalized_title": pl.String,
        "isrc": pl.String,
        "duration_ms": pl.Int64,
        "release_date": pl.Date,
        "genre": pl.String,
        "mashup_components": pl.String,
        "is_remix": pl.Boolean,
        "is_mashup": pl.Boolean,
        "metadata": pl.String,
        "created_at": _TIME,
        "updated_at": _TIME,
    },
    "track_artists": {"track_id": pl.String, "artist_id": pl.String, "role": pl.String, "position": pl.Int32},
    "albums": {
        "id": pl.String,
        "title": pl.String,
        "label": pl.String,
        "release_date": pl.Date,
        "created_at": _TIME,
        "updated_at": _TIME,
    },
    "album_tracks": {"album_id": pl.String, "track_id": pl.String, "track_number": pl.Int32},
    "performers": {
        "id": pl.String,
        "name": pl.String,
        "normalized_name": pl.String,
        "artist_id": pl.String,
        "metadata": pl.String,
        "created_at": _TIME,
        "updated_at": _TIME,
    },
    "setlists": {
        "id": pl.String,
        "performer_id": pl.String,
        "set_date": _TIME,
        "source": pl.String,
        "source_url": pl.String,
        "source_id": pl.String,
        "is_complete": pl.Boolean,
        "metadata": pl.String,
        "created_at": _TIME,
        "updated_at": _TIME,
    },
    "setlist_tracks": {
        "setlist_id": pl.String,
        "track_id": pl.String,
        "position": pl.Int32,
        "is_id": pl.Boolean,
        "id_text": pl.String,
    },
    "playlists": {
        "id": pl.String,
        "name": pl.String,
        "source": pl.String,
        "curator": pl.String,
        "created_at": _TIME,
        "updated_at": _TIME,
    },
    "playlist_tracks": {"playlist_id": pl.String, "track_id": pl.String, "position": pl.Int32},
    "enrichment_status": {
        "id": pl.String,
        "track_id": pl.String,
        "status": pl.String,
        "sources_enriched": pl.Int32,
        "last_attempt": _TIME,
        "retry_count": pl.Int32,
        "error_message": pl.String,
        "is_retriable": pl.Boolean,
        "created_at": _TIME,
        "updated_at": _TIME,
    },
    "enrich_demo_truth": {
        "track_id": pl.String,
        "true_artist": pl.String,
        "true_title": pl.String,
        "true_label": pl.String,
        "released_on": pl.Date,
        "kind": pl.String,
    },
    "enrich_demo_slot_truth": {
        "setlist_id": pl.String,
        "position": pl.Int32,
        "true_artist": pl.String,
        "true_title": pl.String,
        "true_label": pl.String,
        "released_on": pl.Date,
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The rows of every table, and the catalogue outside sources answer from."""

    seed: int
    now: datetime
    tables: dict[str, pl.DataFrame]
    """By table name, columns as in TABLES; ids and JSON as text, arrays as Postgres literals."""
    catalogue: pl.DataFrame
    """Schema CATALOGUE of `demo.releases`."""


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
    catalogue = build_catalogue(rng, cast, recordings)
    writer = _Writer(rng, cast, tracks, sets, now)
    writer.people()
    writer.music()
    writer.played()
    writer.albums()
    writer.status()
    writer.truth(recordings)
    return World(seed=seed, now=now, tables=writer.frames(), catalogue=catalogue)


class _Writer:
    """Turns the drawn objects into rows; ids come from the generator, in a fixed order."""

    def __init__(
        self, rng: np.random.Generator, cast: Cast, tracks: tuple[Track, ...], sets: list[DjSet], now: datetime
    ) -> None:
        self.rng, self.cast, self.tracks, self.sets, self.now = rng, cast, tracks, sets, now
        self.rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in TABLES}
        self.artist_ids = [self._id() for _ in (*cast.artists, *_UNKNOWN_ARTISTS)]
        self.track_ids = [self._id() for _ in tracks]
        self.bare: list[tuple[str, int, int]] = []
        self.created = self._first_seen()

    def frames(self) -> dict[str, pl.DataFrame]:
        frames = {table: pl.DataFrame(rows, schema=TABLES[table], orient="row") for table, rows in self.rows.items()}
        frames["artists"] = frames["artists"].with_columns(normalized_name=artist_key(pl.col("name")))
        frames["performers"] = frames["performers"].with_columns(normalized_name=artist_key(pl.col("name")))
        frames["tracks"] = frames["tracks"].with_columns(normalized_title=title_key(pl.col("title")))
        return frames

    def people(self) -> None:
        start = self.now - timedelta(days=900)
        names = [(a.name, a.aliases) for a in self.cast.artists] + [(name, ()) for name in _UNKNOWN_ARTISTS]
        for artist_id, (name, aliases) in zip(self.artist_ids, names, strict=True):
            self.rows["artists"].append((artist_id, name, "", _array(aliases), "{}", start, start))
        self.performer_ids = [self._id() for _ in self.cast.djs]
        for performer_id, dj in zip(self.performer_ids, self.cast.djs, strict=True):
            own = json.dumps({} if dj.label is None else {"label": self.cast.labels[dj.label].name})
            artist = None if dj.artist is None else self.artist_ids[dj.artist]
            self.rows["performers"].append((performer_id, dj.name, "", artist, own, start, start))

    def music(self) -> None:
        unknown = [self.artist_ids[len(self.cast.artists) + n] for n in range(len(_UNKNOWN_ARTISTS))]
        flagged = 0
        for track_id, track, created in zip(self.track_ids, self.tracks, self.created, strict=True):
            self.rows["tracks"].append(
                (
                    track_id,
                    track.title,
                    "",
                    track.isrc,
                    track.duration_ms,
                    track.release_date,
                    track.genre,
                    track.components,
                    track.is_remix,
                    track.is_mashup,
                    track.metadata,
                    created,
                    created,
                )
            )
            if track.unknown_artist:
                self._credit(track_id, unknown[flagged % 2], "primary", 0)
                flagged += 1
            for n, artist in enumerate(track.artists):
                self._credit(track_id, self.artist_ids[artist], "primary", n)
            if track.featured is not None:
                self._credit(track_id, self.artist_ids[track.featured], "featured", len(track.artists))
            if track.remixer is not None:
                self._credit(track_id, self.artist_ids[track.remixer], "remixer", 0)

    def _credit(self, track_id: str, artist_id: str, role: str, position: int) -> None:
        self.rows["track_artists"].append((track_id, artist_id, role, position))

    def played(self) -> None:
        for number, dj_set in enumerate(self.sets):
            if dj_set.as_playlist:
                self._playlist(dj_set)
            else:
                self._setlist(number, dj_set)

    def _setlist(self, number: int, dj_set: DjSet) -> None:
        setlist_id = self._id()
        imported = self._imported(dj_set)
        played_at = datetime.combine(dj_set.day, time(21, 0), UTC)
        source_id = f"demo-{number:04d}"
        self.rows["setlists"].append(
            (
                setlist_id,
                self.performer_ids[dj_set.dj],
                played_at if dj_set.is_dated else None,
                dj_set.source,
                None,
                source_id,
                bool(self.rng.random() < 0.7),
                json.dumps({"name": dj_set.name}),
                imported,
                imported,
            )
        )
        position = 0
        for slot in dj_set.slots:
            position += 1 + int(dj_set.gaps and self.rng.random() < 0.12)
            track = None if slot.track is None else self.track_ids[slot.track]
            self.rows["setlist_tracks"].append((setlist_id, track, position, slot.id_text is not None, slot.id_text))
            if slot.track is None and slot.recording is not None:
                self.bare.append((setlist_id, position, slot.recording))

    def _playlist(self, dj_set: DjSet) -> None:
        playlist_id = self._id()
        imported = self._imported(dj_set)
        name = self.cast.djs[dj_set.dj].name
        self.rows["playlists"].append(
            (playlist_id, f"{name} - {dj_set.name} {dj_set.day}", dj_set.source, name, imported, imported)
        )
        seen: dict[int, int] = {}
        for position, slot in enumerate(dj_set.slots, start=1):
            if slot.track is not None and slot.track not in seen:
                seen[slot.track] = position
        for track, position in seen.items():
            self.rows["playlist_tracks"].append((playlist_id, self.track_ids[track], position))

    def albums(self) -> None:
        """Albums and compilations of named tracks; some are the only place a label stands."""
        by_label: dict[int, list[int]] = {}
        for i, track in enumerate(self.tracks):
            if not track.is_failed and track.label is not None:
                by_label.setdefault(track.label, []).append(i)
        labels = sorted(by_label)
        for n in range(_ALBUMS):
            label = labels[n % len(labels)]
            pool = by_label[label]
            size = min(int(self.rng.integers(3, 9)), len(pool))
            chosen = [pool[int(i)] for i in self.rng.choice(len(pool), size, replace=False)]
            album_id = self._id()
            dates = [self.tracks[i].released_on for i in chosen]
            out = max((d for d in dates if d is not None), default=None)
            created = min(self.now, max(self.created[i] for i in chosen))
            name = self.cast.labels[label].spellings[int(self.rng.integers(2))]
            self.rows["albums"].append((album_id, f"{name} Sampler {n + 1}", name, out, created, created))
            for number, i in enumerate(chosen, start=1):
                self.rows["album_tracks"].append((album_id, self.track_ids[i], number))

    def status(self) -> None:
        """Enrichment states: exactly the specification's current state."""
        failed = [i for i, t in enumerate(self.tracks) if t.is_failed]
        assert len(failed) == FAILED
        order = self.rng.permutation(failed)
        retriable = {int(i) for i in order[:RETRIABLE]}
        exhausted = {int(i) for i in order[RETRIABLE : RETRIABLE + EXHAUSTED]}
        for i, track in enumerate(self.tracks):
            created = self.created[i]
            newest = max(created, self.now - timedelta(days=float(self.rng.uniform(0.02, 45))))
            attempt = min(newest, self.now)
            if track.is_failed:
                again = i in retriable
                retries = MAX_ATTEMPTS if i in exhausted else int(self.rng.choice(4, p=(0.55, 0.25, 0.15, 0.05)))
                row: tuple[Any, ...] = ("failed", 0, attempt, retries, _error(self.rng, retriable=again), again)
            else:
                row = ("completed", int(self.rng.integers(1, 5)), attempt, 0, None, None)
            self.rows["enrichment_status"].append((self._id(), self.track_ids[i], *row, created, attempt))

    def truth(self, recordings: Sequence[Recording]) -> None:
        """What every track, and every ID slot without a track, really is."""
        for track_id, track in zip(self.track_ids, self.tracks, strict=True):
            self.rows["enrich_demo_truth"].append(
                (track_id, track.true_artist, track.true_title, track.true_label, track.released_on, track.kind)
            )
        for setlist_id, position, number in self.bare:
            made = recordings[number]
            self.rows["enrich_demo_slot_truth"].append(
                (
                    setlist_id,
                    position,
                    credited(made, self.cast),
                    clean_title(made, self.cast),
                    self.cast.labels[made.label].name,
                    made.released,
                )
            )

    def _imported(self, dj_set: DjSet) -> datetime:
        played = datetime.combine(dj_set.day, time(21, 0), UTC)
        return min(self.now, played + timedelta(hours=float(self.rng.uniform(10, 120))))

    def _first_seen(self) -> list[datetime]:
        """When each track's row was made: with its first set, a day or so after."""
        first: dict[int, date] = {}
        for dj_set in self.sets:
            for slot in dj_set.slots:
                if slot.track is not None:
                    first[slot.track] = min(first.get(slot.track, dj_set.day), dj_set.day)
        default = self.now.date() - timedelta(days=400)
        return [
            min(
                self.now,
                datetime.combine(first.get(i, default), time(21, 0), UTC)
                + timedelta(hours=float(self.rng.uniform(10, 60))),
            )
            for i in range(len(self.tracks))
        ]

    def _id(self) -> str:
        return str(UUID(bytes=self.rng.bytes(16), version=4))


def _error(rng: np.random.Generator, *, retriable: bool) -> str:
    texts = error_texts(retriable=retriable)
    weights = np.array([weight for _, weight in texts])
    return texts[int(rng.choice(len(texts), p=weights / weights.sum()))][0]


def _array(values: Sequence[str]) -> str | None:
    """A Postgres array literal."""
    if not values:
        return None
    return "{" + ",".join('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values) + "}"
