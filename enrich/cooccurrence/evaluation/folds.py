"""Which recordings are hidden together, and what everyone answers for them, made once a fold, to train and to measure.

* **half_years**: as rankers are used. The sets of one series, DJ and half-year are a block (of a series of many DJs:
  of one half-year); whole blocks are dealt into folds. A fold's recordings are played in it alone, and in two sets
  at least: nobody outside has ever heard of them.
* **random**: recordings of two sets or more, dealt at random; the easier question, for months that are known.

The hidden recordings' own plays are gone everywhere, all of a fold at once, exactly as an unknown's are in use.

Rankers to beat: popularity, the DJ's own history, and item-kNN and ALS of `implicit`, where that is installed. Each
scores all artists for each unknown from the sets × artists that are known; to `implicit` an unknown is a listener of
the artists of its sets.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from enrich.cooccurrence.answers import NAME_STEPS, formula_steps, spell
from enrich.cooccurrence.calibration import evidence
from enrich.cooccurrence.engines import DuckDB, run
from enrich.cooccurrence.learned import Ranker, columns, count_plays
from enrich.cooccurrence.plays import load_plays, number_plays
from enrich.cooccurrence.signs import COLUMNS
from enrich.cooccurrence.slots import credited_slots, hide, recordings, slot_rows
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

_TOP = 50
_BLOCK = 100

Doubles = NDArray[np.float64]


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

    Raises EnrichError: nothing is dated.
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
        return _answers([ranker.rank(self.candidates, most=MAX_RANK).with_columns(scorer=pl.lit("learned"))])


def answer(world: World, hidden: pl.Series, *, aliases: pl.DataFrame | None, rivals: bool = True) -> Fold:
    """Hide recordings of a world and let everyone but the learned ranker answer, with `rivals` the baselines too."""
    with closing(DuckDB()) as engine:
        load_plays(engine, hide(world.tracklists, world.slots, hidden))
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
        run(engine, NAME_STEPS)
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


@dataclass(frozen=True, kw_only=True)
class Plays:
    """Known plays as sparse matrices: S sets, A artists, U unknowns asked for."""

    unknowns: pl.Series
    """Their numbers, in order."""
    by_set: Any
    """S × A: plays."""
    djs: Any
    """S × A: 1 where the artist plays the set."""
    asked: Any
    """U × S: 1 where the unknown is in the set."""

    @property
    def present(self) -> Any:
        """S × A: 1 where the set has the artist."""
        return _ones(self.by_set)

    @property
    def same_set(self) -> Any:
        """U × A: 1 where a set of the unknown has the artist."""
        return _ones(self.asked @ self.present)


def known_plays(engine: DuckDB, *, artists: int) -> Plays:
    """The plays of an engine in which columns were made (`learned.columns`)."""
    plays, djs, asked = (engine.frame(f"learned_{name}") for name in ("set_plays", "set_dj_pairs", "asked_pairs"))
    unknowns = asked["unknown_no"].unique().sort()
    sets = 1 + max(int(frame["set_no"].max() or 0) for frame in (plays, djs, asked))  # type: ignore[arg-type]
    place = asked["unknown_no"].rank("dense").cast(pl.Int64) - 1
    return Plays(
        unknowns=unknowns,
        by_set=_sparse(plays["set_no"], plays["artist_no"], (sets, artists), plays["plays"]),
        djs=_sparse(djs["set_no"], djs["dj_no"], (sets, artists)),
        asked=_sparse(place, asked["set_no"], (len(unknowns), sets)),
    )


def popularity(plays: Plays) -> pl.DataFrame:
    """Every unknown gets the artists of most sets."""
    sets = _sums(plays.present)
    return _ranked(plays, lambda rows: np.broadcast_to(sets, (len(rows), len(sets))))


def dj_prior(plays: Plays) -> pl.DataFrame:
    """The artists its DJs play most; where a DJ is new, the popular ones."""
    sets = _sums(plays.present)
    by_dj = (plays.djs.T @ plays.by_set).tocsr()
    small = sets / (sets.max() + 1) / 2
    return _ranked(plays, lambda rows: (_ones(plays.asked[rows] @ plays.djs) @ by_dj).toarray() + small)


def item_knn(plays: Plays, *, neighbours: int = 1000) -> pl.DataFrame:
    """Artists that share most sets with those of its sets (implicit).

    Plain counts of shared sets are the strongest of the package's weights here: by cosine, TF-IDF or BM25 the artists
    of a single set win, who share all of it.
    """
    from implicit.nearest_neighbours import ItemItemRecommender

    model = ItemItemRecommender(K=neighbours, num_threads=1)
    with warnings.catch_warnings():
        # It turns a matrix of its own making into another form and warns of that.
        warnings.simplefilter("ignore")
        model.fit(plays.present.astype(np.float64).tocsr(), show_progress=False)
    alike, same_set = model.similarity.tocsr(), plays.same_set
    return _ranked(plays, lambda rows: (same_set[rows] @ alike).toarray())


def als(plays: Plays, *, factors: int = 64, seed: int = 0) -> pl.DataFrame:
    """Implicit-feedback alternating least squares (implicit), its sets' artists folded in as a new listener."""
    from implicit.cpu.als import AlternatingLeastSquares

    model: Any = AlternatingLeastSquares(factors=factors, iterations=10, random_state=seed, num_threads=1, alpha=4.0)
    model.fit(plays.present.astype(np.float32), show_progress=False)
    same_set = plays.same_set.astype(np.float32)

    def scores(rows: NDArray[np.int64]) -> Doubles:
        listeners = model.recalculate_user(np.arange(len(rows)), same_set[rows])
        return np.asarray(listeners @ model.item_factors.T, dtype=np.float64)

    return _ranked(plays, scores)


def baselines() -> dict[str, Callable[[Plays], pl.DataFrame]]:
    """The baselines that can run here, by name; each gives unknown_no, artist_no, rank, the best 50 an unknown."""
    plain: dict[str, Callable[[Plays], pl.DataFrame]] = {"popularity": popularity, "dj_prior": dj_prior}
    return plain | ({"item_knn": item_knn, "als": als} if find_spec("implicit") else {})


def _sparse(rows: pl.Series, columns: pl.Series, shape: tuple[int, int], values: pl.Series | None = None) -> Any:
    data = np.ones(len(rows)) if values is None else values.to_numpy().astype(np.float64)
    return csr_matrix((data, (rows.to_numpy(), columns.to_numpy())), shape=shape)


def _ones(matrix: Any) -> Any:
    copy = matrix.tocsr().copy()
    copy.data[:] = 1
    return copy


def _sums(matrix: Any) -> Doubles:
    sums: Doubles = np.asarray(matrix.sum(0)).ravel()
    return sums


def _ranked(plays: Plays, scores: Callable[[NDArray[np.int64]], Doubles]) -> pl.DataFrame:
    """The best artists of each unknown; equal scores in order of the artists' numbers."""
    exists = _sums(plays.present) > 0
    top = min(_TOP, int(exists.sum()))
    frames = [pl.DataFrame(schema={"unknown_no": pl.Int32, "artist_no": pl.Int32, "rank": pl.Int32})]
    for start in range(0, len(plays.unknowns), _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, len(plays.unknowns)))
        best = np.argsort(-np.where(exists[None, :], scores(rows), -np.inf), axis=1, kind="stable")[:, :top]
        ranks = np.tile(np.arange(1, top + 1), len(rows))
        unknowns = np.repeat(plays.unknowns.gather(rows).to_numpy(), top)
        frames.append(pl.DataFrame({"unknown_no": unknowns, "artist_no": best.ravel(), "rank": ranks}).cast(pl.Int32))
    return pl.concat(frames)
