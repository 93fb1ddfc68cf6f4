"""Which recordings are hidden together, and what everyone answers for them, made once a fold, to train and to measure.

* **half_years**: as rankers are used. The sets of one series, DJ and half-year are a block (of a series of many DJs:
  of one half-year); whole blocks are dealt into folds. A fold's recordings are played in it alone, and in two sets
  at least: nobody outside has ever heard of them.
* **random**: recordings of two sets or more, dealt at random; the easier question, for months that are known.

The hidden recordings' own plays are gone everywhere, all of a fold at once, exactly as an unknown's are in use.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl

from enrich.cooccurrence.answers import formula_steps, name_steps, spell
from enrich.cooccurrence.calibration import evidence
from enrich.cooccurrence.engines import DuckDB, run
from enrich.cooccurrence.evaluation.baselines import baselines, known_plays
from enrich.cooccurrence.learned.columns import columns, count_plays
from enrich.cooccurrence.learned.ranker import Ranker
from enrich.cooccurrence.masking import hide, recordings
from enrich.cooccurrence.plays import load_plays, number_plays
from enrich.cooccurrence.signs import COLUMNS
from enrich.cooccurrence.slots import credited_slots, slot_rows
from enrich.errors import EnrichError
from enrich.rules import MAX_RANK
from enrich.sql import DUCKDB, in_memory

#: A series of sets by so many DJs or more is taken by half-years alone.
_MANY_DJS = 100

_PAIR = ["unknown_no", "artist_no"]
_AT_ONCE = 3_000

#: One row per recording and candidate of a scorer: `is_right` under any name of who made it, `is_named` under the very
#: name credited.
ANSWERS = pl.Schema(
    {"scorer": pl.String, "track_key": pl.String, "rank": pl.Int32, "artist": pl.String, "probability": pl.Float64}
    | {"total": pl.Float64, "sets": pl.Int64, "occurrence_count": pl.Int64, "is_right": pl.Boolean}
    | {"is_named": pl.Boolean}
)


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

    @contextmanager
    def tables(self, **others: pl.DataFrame) -> Iterator[duckdb.DuckDBPyConnection]:
        """`slots` and `played`, and others, as `sql/duckdb/evaluation.sql` reads them."""
        slots = self.tracklists.select("set_id", "dj", "set_date")
        with in_memory(slots=slots, played=self.played, **others) as con:
            yield con

    def hidden(self, chosen: pl.Series) -> pl.DataFrame:
        """The tracklists with these recordings made unknown, everywhere."""
        return hide(self.tracklists, self.slots, chosen)


def half_year_folds(world: World, *, folds: int, size: int | None, seed: int) -> list[pl.Series]:
    """Recordings by fold of whole blocks; `size`: at most so many each."""
    with world.tables() as con:
        blocks = DUCKDB["evaluation_blocks"].frame(con, many_djs=_MANY_DJS)
        names = blocks["block"].unique().sort()
        dealt = pl.DataFrame({"block": names, "fold": np.random.default_rng(seed).permutation(len(names)) % folds})
        con.register("dealt", blocks.join(dealt, on="block").to_arrow())
        inside = DUCKDB["evaluation_inside"].frame(con)
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
    with world.tables() as con:
        first = DUCKDB["evaluation_first_days"].frame(con)
    if first.is_empty():
        raise EnrichError("no recording of two sets has a date")
    cut = first["day"].sort()[int(share * (first.height - 1))]
    past = World.of(world.tracklists.filter(pl.col("set_date") < cut))
    return past, first.filter(pl.col("day") >= cut)["recording"].sort()


def _some(chosen: pl.Series, size: int | None, seed: int) -> pl.Series:
    chosen = chosen.sort()
    if size is None or len(chosen) <= size:
        return chosen
    return chosen.gather(np.sort(np.random.default_rng(seed).permutation(len(chosen))[:size]))


@dataclass(frozen=True, kw_only=True)
class Fold:
    """One fold of hidden recordings and what was answered for them."""

    asked: pl.DataFrame
    """track_key, sets, history (sets of its DJs), source (series); the recordings, all of them."""
    candidates: pl.DataFrame
    """track_key, the columns of the ranker, and what ANSWERS needs; by track_key and artist."""
    others: pl.DataFrame
    """ANSWERS of the formula and of the baselines."""

    def learned(self, ranker: Ranker) -> pl.DataFrame:
        """ANSWERS of a ranker, with the evidence of calibration."""
        best = ranker.rank(self.candidates, most=MAX_RANK)
        return _answers([best.with_columns(scorer=pl.lit("learned"))])


def answer(world: World, hidden: pl.Series, *, aliases: pl.DataFrame | None, rivals: bool = True) -> Fold:
    """Hide recordings of a world and let everyone but the learned ranker answer, with `rivals` the baselines too."""
    with closing(DuckDB()) as engine:
        load_plays(engine, world.hidden(hidden))
        known = number_plays(engine, aliases=aliases)
        count_plays(engine)
        asked = hidden.to_frame("track_key")
        numbers = engine.frame("learned_all_unknowns").join(asked, on="track_key", maintain_order="left")["unknown_no"]
        parts, rival = [], []
        for first in range(0, len(numbers), _AT_ONCE):
            parts.append(columns(engine, known, numbers.slice(first, _AT_ONCE)))
            if rivals:
                plays = known_plays(engine, artists=known.names.height)
                rival += [scorer(plays).with_columns(scorer=pl.lit(name)) for name, scorer in baselines().items()]
        run(engine, formula_steps())
        formula = engine.frame("cooccurrence_scores").with_columns(scorer=pl.lit("formula"))
        pool = pl.concat(parts)
        # Names are asked for of everybody anyone names.
        named = pl.concat(frame.select(pl.col(_PAIR).cast(pl.Int32)) for frame in [pool, formula, *rival])
        for table, frame in (("ranked", named.unique()), ("hidden", asked), ("made_by", _names(world, hidden))):
            engine.load(table, frame)
        run(engine, name_steps())
        spell(engine.results(()), known)
        about = engine.frame("evaluation_about")

    def judged(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.cast(dict.fromkeys(_PAIR, pl.Int32)).join(about, on=_PAIR, maintain_order="left")

    none = pl.lit(None, pl.Float64)
    plain = [frame.with_columns(probability=none, total=none) for frame in rival]
    with world.tables(hidden=asked) as con:
        about_hidden = DUCKDB["evaluation_hidden"].frame(con)
    return Fold(
        asked=about_hidden,
        candidates=judged(pool).sort("track_key", "artist_no"),
        others=_answers([judged(frame) for frame in [formula.drop("occurrence_count"), *plain]]),
    )


def _answers(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """ANSWERS, with the evidence of calibration."""
    rows = pl.concat(frame.select(pl.col(name).cast(dtype) for name, dtype in ANSWERS.items()) for frame in frames)
    return pl.concat([evidence(part, by="track_key") for part in rows.partition_by("scorer", maintain_order=True)])


def right_and_wrong(folds: list[Fold]) -> tuple[pl.DataFrame, pl.Series]:
    """Columns and outcome of all candidates of some folds."""
    together = pl.concat(fold.candidates.select(*COLUMNS, "is_right") for fold in folds)
    return together.drop("is_right"), together["is_right"]


def _names(world: World, hidden: pl.Series) -> pl.DataFrame:
    """track_key, artist_key: the names credited on hidden recordings."""
    rows = slot_rows(world.tracklists)
    slots = rows.select("slot", "set_id", "position").join(world.slots, on=["set_id", "position"])
    return (
        slots.filter(pl.col("recording").is_in(hidden.implode()))
        .join(pl.concat([credited_slots(rows), credited_slots(rows, frozenset())]), on="slot")
        .select(track_key="recording", artist_key="key")
        .unique()
    )
