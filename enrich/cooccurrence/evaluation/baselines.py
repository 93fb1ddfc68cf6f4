"""Rankers to beat: popularity, the DJ's own history, and item-kNN and ALS of `implicit`, where that is installed.

Each scores all artists for each unknown from the sets × artists that are known; to `implicit` an unknown is a listener
of the artists of its sets. Pure functions.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from enrich.cooccurrence.engines import DuckDB

_TOP = 50
_BLOCK = 100

Doubles = NDArray[np.float64]


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
    sets = 1 + max((int(frame["set_no"].max() or 0) for frame in (plays, djs, asked)), default=0)  # type: ignore[arg-type]
    rows = asked["unknown_no"].rank("dense").to_numpy().astype(np.int64) - 1
    return Plays(
        unknowns=unknowns,
        by_set=_sparse(plays["set_no"], plays["artist_no"], (sets, artists), plays["plays"]),
        djs=_sparse(djs["set_no"], djs["dj_no"], (sets, artists)),
        asked=csr_matrix((np.ones(len(rows)), (rows, asked["set_no"].to_numpy())), shape=(len(unknowns), sets)),
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
        score = np.where(exists[None, :], scores(rows), -np.inf)
        best = np.argsort(-score, axis=1, kind="stable")[:, :top]
        ranks = np.tile(np.arange(1, top + 1), len(rows))
        unknowns = np.repeat(plays.unknowns.gather(rows).to_numpy(), top)
        found = pl.DataFrame({"unknown_no": unknowns, "artist_no": best.ravel(), "rank": ranks})
        frames.append(found.cast(pl.Int32))
    return pl.concat(frames)
