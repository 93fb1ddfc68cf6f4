"""Which recordings are hidden together, and what is left of the plays then. Pure functions of frames.

* **half_years**: as rankers are used. The sets of one series, DJ and half-year are a block (of a series of many DJs:
  of one half-year); whole blocks are dealt into folds. A fold's recordings are played in it alone, and in two sets
  at least: nobody outside has ever heard of them.
* **random**: recordings of two sets or more, dealt at random; the easier question, for months that are known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from enrich.cooccurrence.masking import hide, recordings
from enrich.errors import EnrichError

#: A series of sets by so many DJs or more is taken by half-years alone.
_MANY_DJS = 100

SERIES = pl.col("set_id").str.split("-").list.first()


@dataclass(frozen=True, kw_only=True)
class World:
    """Tracklists without second listings, and the recording of every slot."""

    tracklists: pl.DataFrame
    slots: pl.DataFrame
    """set_id, position, recording, is_unknown."""

    @classmethod
    def of(cls, tracklists: pl.DataFrame) -> World:
        """Read the recordings of tracklists."""
        return cls(tracklists=tracklists, slots=recordings(tracklists))

    @property
    def played(self) -> pl.DataFrame:
        """recording, set_id: the sets of every known recording."""
        return self.slots.filter(~pl.col("is_unknown")).drop_nulls("recording").select("recording", "set_id").unique()

    def hidden(self, chosen: pl.Series) -> pl.DataFrame:
        """The tracklists with these recordings made unknown, everywhere."""
        return hide(self.tracklists, self.slots, chosen)


def half_year_folds(world: World, *, folds: int, size: int | None, seed: int) -> list[pl.Series]:
    """Recordings by fold of whole blocks; `size`: at most so many each."""
    sets = world.tracklists.group_by("set_id").agg(pl.col("dj").drop_nulls().min(), pl.col("set_date").min())
    half = pl.concat_str(pl.col("set_date").dt.year(), pl.col("set_date").dt.month() > 6, separator="h")
    blocks = sets.with_columns(series=SERIES, half=half.fill_null("none")).with_columns(
        many=pl.col("dj").n_unique().over("series") >= _MANY_DJS
    )
    who = pl.when("many").then(pl.lit("")).otherwise(pl.col("dj").fill_null(""))
    blocks = blocks.with_columns(block=pl.concat_str("series", who, "half", separator="|"))
    names = blocks["block"].unique().sort()
    dealt = pl.DataFrame({"block": names, "fold": np.random.default_rng(seed).permutation(len(names)) % folds})
    played = world.played.join(blocks.join(dealt, on="block").select("set_id", "fold"), on="set_id")
    inside = (
        played.group_by("recording")
        .agg(pl.len().alias("sets"), pl.col("fold").n_unique().alias("folds"), pl.col("fold").first())
        .filter(pl.col("sets") >= 2, pl.col("folds") == 1)
    )
    return [_some(inside.filter(pl.col("fold") == fold)["recording"], size, seed) for fold in range(folds)]


def random_folds(world: World, *, folds: int, size: int | None, seed: int) -> list[pl.Series]:
    """Recordings of two sets or more, dealt at random; `size`: at most so many each."""
    often = world.played.group_by("recording").len().filter(pl.col("len") >= 2)["recording"].sort()
    order = np.random.default_rng(seed).permutation(len(often))
    return [_some(often.gather(np.sort(order[fold::folds])), size, seed) for fold in range(folds)]


def cut_by_time(world: World, *, share: float) -> tuple[World, pl.Series]:
    """The world before the day by which `share` of the recordings had been played, and those that came up after it.

    Raises:
        EnrichError: nothing is dated.
    """
    day = world.tracklists.group_by("set_id").agg(pl.col("set_date").min())
    first = (
        world.played.join(day.drop_nulls(), on="set_id")
        .group_by("recording")
        .agg(pl.len().alias("sets"), pl.col("set_date").min())
        .filter(pl.col("sets") >= 2)
    )
    if first.is_empty():
        raise EnrichError("no recording of two sets has a date")
    days = first["set_date"].sort()
    cut = days[int(share * (len(days) - 1))]
    past = World.of(world.tracklists.filter(pl.col("set_date") < cut))
    return past, first.filter(pl.col("set_date") >= cut)["recording"].sort()


def _some(chosen: pl.Series, size: int | None, seed: int) -> pl.Series:
    chosen = chosen.sort()
    if size is None or len(chosen) <= size:
        return chosen
    return chosen.gather(np.sort(np.random.default_rng(seed).permutation(len(chosen))[:size]))
