"""What masked replay works on: tracklists without second listings, and the same numbered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from enrich.cooccurrence.learned.building import build_corpus
from enrich.cooccurrence.learned.corpus import Corpus, Ints
from enrich.cooccurrence.slots import fingerprint


@dataclass(frozen=True, kw_only=True)
class World:
    """Tracklists without second listings, and the same numbered."""

    tracklists: pl.DataFrame
    corpus: Corpus

    @cached_property
    def units(self) -> pl.DataFrame:
        """The unit of every slot."""
        return self.corpus.slot_units()

    @cached_property
    def eligible(self) -> pl.DataFrame:
        """The units that can be asked for: known recordings of two sets or more."""
        return self.corpus.units.filter(~pl.col("is_unknown"), pl.col("sets") >= 2)


def number_world(tracklists: pl.DataFrame, aliases: pl.DataFrame, *, versions_together: bool = False) -> World:
    """Tracklists without second listings, numbered."""
    corpus = build_corpus(tracklists, aliases=aliases, versions_together=versions_together)
    return World(tracklists=tracklists, corpus=corpus)


def about_world(world: World, tracklists: pl.DataFrame) -> dict[str, Any]:
    """Numbers of slots, sets, artists and recordings, and the fingerprint of the tracklists as given."""
    slots, sets, artists, _ = world.corpus.shape
    return {
        "slots": slots,
        "sets": sets,
        "artists": artists,
        "eligible_recordings": world.eligible.height,
        "fingerprint": fingerprint(tracklists),
    }


def unit_numbers(world: World, units: pl.Series) -> Ints:
    """The numbers of recordings by name, sorted."""
    frame = units.to_frame("unit").join(world.corpus.units.select("unit", "unit_no"), on="unit")
    numbers: Ints = frame["unit_no"].sort().to_numpy()
    return numbers


def true_artists(corpus: Corpus) -> pl.DataFrame:
    """track_key, artist_key, artist: who made each recording, by name."""
    return (
        corpus.truth()
        .join(corpus.units.select("unit_no", track_key="unit"), on="unit_no")
        .join(corpus.artists.select("artist_no", "artist", "artist_key"), on="artist_no")
        .select("track_key", "artist_key", "artist")
    )
