"""The rows of `tracks`: 1,578 named ones and 635 failed ones, each failed one with the reason it failed planted.

Pure. `LOTS` is the whole plan of what failed: how many of which kind, and by which channel the truth can be found.
It was fixed beforehand from the specification's description of the failures; what a pipeline recovers is
whatever it recovers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from enrich.demo import naming
from enrich.demo.cast import Cast
from enrich.demo.recordings import Recording

#: Named tracks that stand in two rows, as original and as extended mix; real tracklists name 8 % of their tracks in
#: several forms.
_SECOND_ROWS = 100
#: The specification's current state.
TRACKS = 2_213
FAILED = 635
LABEL_HINTS = 26
RETRIABLE = 164
#: Failed so often already that no retry is left (retry_count 5).
EXHAUSTED = 38


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """So many failed tracks of one kind, findable through one channel.

    `twin`: the same recording, or another version of it, is in the database with its artist.
    `catalogue`: only outside catalogues list it. `parts`: a mashup whose parts are known.
    `later`: it will be released. `none`: the title at most says something.
    """

    kind: str
    channel: str
    count: int
    bracket: float
    """Share whose title carries the label."""


LOTS = (
    Lot(kind="artist_lost", channel="twin", count=125, bracket=0.10),
    Lot(kind="artist_lost", channel="catalogue", count=36, bracket=0.10),
    Lot(kind="artist_lost", channel="none", count=89, bracket=0.85),
    Lot(kind="dirty_title", channel="twin", count=50, bracket=0.10),
    Lot(kind="dirty_title", channel="catalogue", count=25, bracket=0.10),
    Lot(kind="dirty_title", channel="none", count=35, bracket=0.70),
    Lot(kind="mashup", channel="parts", count=34, bracket=0.0),
    Lot(kind="mashup", channel="none", count=11, bracket=0.0),
    Lot(kind="promo_id", channel="none", count=120, bracket=0.38),
    Lot(kind="working_title", channel="later", count=20, bracket=0.35),
    Lot(kind="working_title", channel="none", count=20, bracket=0.35),
    Lot(kind="promo_title", channel="later", count=52, bracket=0.35),
    Lot(kind="promo_title", channel="none", count=18, bracket=0.35),
)
#: Of the titles without a label, this share has a non-label in its place.
_TRAP = 0.08
#: Which lots the tracks with a label in their metadata come from.
_HINTED_KINDS = ("artist_lost", "dirty_title", "promo_title")


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One row of `tracks` with its credits and the truth about it. Artists are indexes into the cast."""

    title: str
    recording: int | None
    artists: tuple[int, ...] = ()
    featured: int | None = None
    remixer: int | None = None
    metadata: str | None = None
    release_date: date | None = None
    isrc: str | None = None
    duration_ms: int | None = None
    genre: str | None = None
    is_mashup: bool = False
    is_remix: bool = False
    components: str | None = None
    kind: str = "known"
    channel: str = ""
    unknown_artist: bool = False
    """Credited to an artist row that is itself an unknown-word."""
    twin_of: int | None = None
    """Index of the named track of the same recording."""
    label: int | None = None
    true_artist: str = ""
    true_title: str = ""
    true_label: str | None = None
    released_on: date | None = None

    @property
    def is_failed(self) -> bool:
        """Whether its enrichment failed."""
        return self.kind != "known"


def build_tracks(
    rng: np.random.Generator, cast: Cast, recordings: tuple[Recording, ...], *, today: date
) -> tuple[Track, ...]:
    """All rows: the named ones first, then the failed ones lot by lot."""
    released = [r for r in recordings if r.released is not None and r.released <= today]
    named = _pick_named(rng, released, cast)
    given: set[str] = set()
    tracks = [_named(rng, cast, r, given) for r in named]
    tracks += _second_rows(rng, cast, named)
    return (*tracks, *_failed(rng, cast, recordings, tracks, given, today=today))


def _pick_named(rng: np.random.Generator, released: list[Recording], cast: Cast) -> list[Recording]:
    """The recordings the database knows by name; the worked example's are always among them."""
    fixed = [r for r in released if r.base_title in ("Frozen Ground", "Rainy Road") and not r.is_remix]
    rest = [r for r in released if r not in fixed]
    count = TRACKS - FAILED - _SECOND_ROWS - len(fixed)
    if len(rest) < count + 200:
        raise ValueError(f"the schedules made {len(rest)} released recordings, {count + 200} are needed")
    weight = np.array([1.0 if r.catalogued else 0.45 for r in rest])
    at = rng.choice(len(rest), count, replace=False, p=weight / weight.sum())
    return sorted([*fixed, *(rest[int(i)] for i in at)], key=lambda r: r.number)


def _named(rng: np.random.Generator, cast: Cast, recording: Recording, given: set[str]) -> Track:
    label = cast.labels[recording.label]
    return Track(
        title=naming.catalogue_title(recording, cast, rng),
        artists=recording.artists,
        featured=recording.featured,
        remixer=recording.remixer,
        metadata=_named_metadata(rng, naming.spell_label(label, rng)),
        release_date=recording.released if rng.random() < 0.7 else None,
        isrc=_isrc(recording, given) if rng.random() < 0.3 else None,
        duration_ms=recording.duration_ms if rng.random() < 0.8 else None,
        genre=label.scene,
        is_remix=recording.is_remix,
        **_truth(recording, cast),  # type: ignore[arg-type]
    )


def _second_rows(rng: np.random.Generator, cast: Cast, named: list[Recording]) -> list[Track]:
    """Extended mixes of originals that have a row already; a longer recording, the same artist and label."""
    originals = [r for r in named if not r.is_remix and r.base_title not in ("Frozen Ground", "Rainy Road")]
    rows = []
    for i in rng.choice(len(originals), _SECOND_ROWS, replace=False):
        made = originals[int(i)]
        label = naming.spell_label(cast.labels[made.label], rng)
        rows.append(
            Track(
                title=f"{made.base_title} ({'Extended Mix' if rng.random() < 0.7 else 'Club Mix'})",
                artists=made.artists,
                metadata=_named_metadata(rng, label),
                duration_ms=made.duration_ms + int(rng.integers(30_000, 110_000)),
                genre=cast.labels[made.label].scene,
                **_truth(made, cast),  # type: ignore[arg-type]
            )
        )
    return rows


def _truth(recording: Recording, cast: Cast) -> dict[str, object]:
    return {
        "recording": recording.number,
        "label": recording.label,
        "true_artist": naming.credited(recording, cast),
        "true_title": naming.clean_title(recording, cast),
        "true_label": cast.labels[recording.label].name,
        "released_on": recording.released,
    }


def _named_metadata(rng: np.random.Generator, label: str) -> str | None:
    draw = rng.random()
    if draw < 0.66:
        return json.dumps({"original_data": {"label": label, "source": "1001tracklists"}})
    if draw < 0.70:
        return json.dumps({"label": label})
    if draw < 0.73:
        return json.dumps({"original_data": {"label": str(rng.choice(naming.NON_LABELS))}})
    return _empty_metadata(rng)


def _empty_metadata(rng: np.random.Generator) -> str | None:
    """The ways a row says nothing about its label."""
    forms = (None, "null", "{}", '{"original_data": null}', '{"original_data": {"source": "mixesdb", "label": null}}')
    return forms[int(rng.choice(len(forms), p=(0.15, 0.05, 0.35, 0.20, 0.25)))]


def _failed(
    rng: np.random.Generator,
    cast: Cast,
    recordings: tuple[Recording, ...],
    named: list[Track],
    given: set[str],
    *,
    today: date,
) -> list[Track]:
    pools = _Pools(rng, recordings, named, today=today)
    failed: list[Track] = []
    for lot in LOTS:
        for _ in range(lot.count):
            failed.append(
                _mashup(rng, cast, recordings, pools, lot)
                if lot.kind == "mashup"
                else _blank(rng, cast, pools.draw(lot), lot, pools, given)
            )
    failed = _with_worked_example(cast, failed, recordings)
    return _with_unknown_artists(rng, _with_hints(rng, cast, failed))


class _Pools:
    """Recordings still free for each channel; a recording is used for one failed track, promos for up to three."""

    def __init__(
        self, rng: np.random.Generator, recordings: tuple[Recording, ...], named: list[Track], *, today: date
    ) -> None:
        self._rng = rng
        self.track_of = {t.recording: i for i, t in reversed(list(enumerate(named))) if t.recording is not None}
        known_originals = {recordings[n].original for n in self.track_of}

        def free(r: Recording) -> bool:
            return r.number not in self.track_of and r.original not in known_originals

        out = [r for r in recordings if r.released is not None and r.released <= today]
        soon = [r for r in recordings if r.released is not None and today < r.released]
        shelved = [r for r in recordings if r.released is None]
        example = [r for r in recordings if r.base_title == "Frozen Ground"]
        self.twins = self._shuffled([r for r in out if r.number in self.track_of and r not in example])
        self.twins += example
        self.listed = self._shuffled([r for r in out if free(r) and r.catalogued])
        self.unlisted = self._shuffled([r for r in out if free(r) and not r.catalogued])
        played_since = today - timedelta(days=600)
        self.coming = self._shuffled(
            [r for r in soon if r.catalogued and not r.is_remix and r.base_title != "Northern Tide"]
        )
        self.promos = self._shuffled(
            [r for r in soon if r.base_title != "Northern Tide"]
            + [r for r in out if r.released is not None and r.released > played_since and r.number not in self.track_of]
            + shelved
        )
        self.shelved = self._shuffled(shelved)

    def _shuffled(self, pool: list[Recording]) -> list[Recording]:
        return [pool[int(i)] for i in self._rng.permutation(len(pool))]

    def draw(self, lot: Lot) -> Recording:
        if lot.kind == "promo_id":
            return self.promos[int(self._rng.integers(len(self.promos)))]
        by_channel = {"twin": self.twins, "catalogue": self.listed, "later": self.coming}
        by_kind = {"working_title": self.promos, "promo_title": self.shelved}
        return by_channel.get(lot.channel, by_kind.get(lot.kind, self.unlisted)).pop()


def _blank(
    rng: np.random.Generator, cast: Cast, recording: Recording, lot: Lot, pools: _Pools, given: set[str]
) -> Track:
    if lot.kind == "promo_id":
        title = naming.id_title(rng)
    elif lot.kind == "working_title":
        title = naming.working_title(recording, rng, honest=lot.channel == "later")
    elif lot.kind == "dirty_title":
        title = naming.dirty_title(recording, cast, rng)
    else:
        title = naming.plain_failed_title(recording, cast, rng)
    if rng.random() < lot.bracket:
        title = naming.with_label(title, cast.labels[recording.label], rng)
    elif rng.random() < _TRAP:
        title = naming.with_non_label(title, rng)
    readable = lot.kind in ("artist_lost", "dirty_title")
    return Track(
        title=title,
        metadata=_empty_metadata(rng),
        isrc=_isrc(recording, given) if lot.channel == "catalogue" and rng.random() < 0.1 else None,
        duration_ms=recording.duration_ms + int(rng.normal(0, 1500)) if readable and rng.random() < 0.4 else None,
        is_remix=recording.is_remix and readable,
        kind=lot.kind,
        channel=lot.channel,
        twin_of=pools.track_of.get(recording.number) if lot.channel == "twin" else None,
        **_truth(recording, cast),  # type: ignore[arg-type]
    )


def _mashup(rng: np.random.Generator, cast: Cast, recordings: tuple[Recording, ...], pools: _Pools, lot: Lot) -> Track:
    """Two tracks at once: its artists are those of both; it has no label and was never released."""
    first = pools.twins[int(rng.integers(len(pools.twins)))]
    second = pools.twins[int(rng.integers(len(pools.twins)))] if lot.channel == "parts" else pools.unlisted.pop()
    maker = cast.djs[int(rng.integers(len(cast.djs)))].name
    artists = dict.fromkeys([*naming.credited(first, cast).split(", "), *naming.credited(second, cast).split(", ")])
    title = naming.mashup_title(first, second, maker, rng)
    parts = [{"title": first.base_title}, {"title": second.base_title}]
    return Track(
        title=title,
        recording=None,
        metadata=_empty_metadata(rng),
        is_mashup=bool(rng.random() < 0.7),
        components=json.dumps(parts) if rng.random() < 0.4 else None,
        kind=lot.kind,
        channel=lot.channel,
        label=first.label,
        true_artist=", ".join(artists),
        true_title=title,
    )


def _with_worked_example(cast: Cast, failed: list[Track], recordings: tuple[Recording, ...]) -> list[Track]:
    """`Frozen Ground` without artist and label, and the `ID - ID` between it and `Rainy Road`."""
    at = next(i for i, t in enumerate(failed) if t.kind == "artist_lost" and t.true_title == "Frozen Ground")
    failed[at] = replace(failed[at], title="Frozen Ground", metadata="{}")
    at = next(i for i, t in enumerate(failed) if t.kind == "promo_id")
    tide = next(r for r in recordings if r.base_title == "Northern Tide")
    failed[at] = replace(failed[at], title="ID - ID", metadata="{}", **_truth(tide, cast))  # type: ignore[arg-type]
    return failed


def _with_hints(rng: np.random.Generator, cast: Cast, failed: list[Track]) -> list[Track]:
    """Give exactly `LABEL_HINTS` failed tracks their label in the metadata."""
    pool = [i for i, t in enumerate(failed) if t.kind in _HINTED_KINDS and t.true_label and t.title != "Frozen Ground"]
    for i in rng.choice(pool, LABEL_HINTS, replace=False):
        track = failed[int(i)]
        assert track.label is not None
        label = naming.spell_label(cast.labels[track.label], rng)
        failed[int(i)] = replace(track, metadata=json.dumps({"original_data": {"label": label}}))
    return failed


def _with_unknown_artists(rng: np.random.Generator, failed: list[Track]) -> list[Track]:
    """A few rows are credited to an artist who is an unknown-word."""
    pool = [i for i, t in enumerate(failed) if t.kind == "promo_id" and t.true_title != "Northern Tide"]
    for i in rng.choice(pool, 6, replace=False):
        failed[int(i)] = replace(failed[int(i)], unknown_artist=True)
    return failed


def _isrc(recording: Recording, given: set[str]) -> str | None:
    """The recording's ISRC, unless another row has it: the column is unique."""
    if recording.isrc in given:
        return None
    given.add(recording.isrc)
    return recording.isrc
