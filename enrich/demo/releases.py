"""The catalogue: everything shops list, now and in the coming year, with what makes shops hard to search.

Pure. One row per track of a release: originals with their extended versions, remixes (rivals of the original),
compilations under another label, misspelled entries, and releases dated after `now`, which nobody can find before.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from enrich.demo import naming
from enrich.demo.cast import Cast
from enrich.demo.catalogue.releases import RELEASES
from enrich.demo.recordings import Recording
from enrich.demo.tracks import isrc_of

_LEFT_OUT = ("artists", "release_id", "is_official", "sources")
CATALOGUE = pl.Schema({name: RELEASES[name] for name in RELEASES if name not in _LEFT_OUT})

_EXTENDED = 0.6
_COMPILED = 0.12
_MISSPELLED = 0.015


def build_catalogue(rng: np.random.Generator, cast: Cast, recordings: tuple[Recording, ...]) -> pl.DataFrame:
    """All listings, by date; schema CATALOGUE. Several artists of one track are joined by ` & `."""
    rows = [row for r in recordings if r.catalogued and r.released for row in _listings(rng, cast, r, r.released)]
    return pl.DataFrame(rows, schema=CATALOGUE, orient="row").sort(
        "release_date", "catalog_number", "title", "mix", "artist", nulls_last=True
    )


def _listings(rng: np.random.Generator, cast: Cast, recording: Recording, on: date) -> list[tuple[object, ...]]:
    label = cast.labels[recording.label]
    artist = " & ".join(cast.artists[a].name for a in recording.artists)
    remixer = None if recording.remixer is None else cast.artists[recording.remixer].name
    mix = naming.mix_name(recording, cast) or "Original Mix"
    title, listed_artist = recording.base_title, artist
    if rng.random() < _MISSPELLED:
        title = naming.misspell(title, rng)
    elif rng.random() < _MISSPELLED:
        listed_artist = naming.misspell(artist, rng)
    release_title = f"{recording.base_title} ({mix})" if recording.is_remix else recording.base_title
    isrc = isrc_of(recording)

    def row(mix: str, label: str, number: str, on: date, ms: int, release: str, compiled: bool) -> tuple[object, ...]:
        return (listed_artist, title, mix, remixer, label, number, on, ms, isrc, release, compiled)

    name = naming.spell_label(label, rng, dirt=0.08)
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
