"""Rankers to beat: popularity, the DJ's own history, item-kNN and ALS.

Each scores all artists for each unit of a `Context` in which the units are hidden; pure functions.
The last two are those
of the package `implicit`, trained on sets × artists; an unknown stands for a listener of the
artists of its sets. They are
left out where the package is not installed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import polars as pl

from enrich.cooccurrence.learned.corpus import Context, Floats, Ints, column_sums, ones
from enrich.cooccurrence.learned.ranker import SCORED

_TOP = 50
_BLOCK = 100


def popularity(context: Context, units: Ints) -> pl.DataFrame:
    """Every unknown gets the artists of most sets. SCORED without probabilities."""
    sets = column_sums(context.present)
    return _ranked(units, context, lambda rows: np.broadcast_to(sets, (len(rows), len(sets))))


def dj_prior(context: Context, units: Ints) -> pl.DataFrame:
    """The artists its DJs play most; where a DJ is new, the popular ones."""
    sets = column_sums(context.present)
    by_dj = (context.djs.T @ context.by_set).tocsr()
    small = sets / (sets.max() + 1) / 2

    def scores(rows: Ints) -> Floats:
        djs = ones(_sets_of(context, rows) @ context.djs)
        history: Floats = (djs @ by_dj).toarray() + small
        return history

    return _ranked(units, context, scores)


def item_knn(context: Context, units: Ints, *, neighbours: int = 1000) -> pl.DataFrame:
    """Artists that share most sets with those of its sets (implicit).

    Plain counts of shared sets are the strongest of the package's weights here: by cosine, TF-IDF or BM25 the artists
    of a single set win, who share all of it.
    """
    from implicit.nearest_neighbours import ItemItemRecommender

    model = ItemItemRecommender(K=neighbours, num_threads=1)
    with warnings.catch_warnings():
        # It turns a matrix of its own making into another form and warns of that.
        warnings.simplefilter("ignore")
        model.fit(context.present.astype(np.float64).tocsr(), show_progress=False)
    alike = model.similarity.tocsr()
    return _ranked(units, context, lambda rows: _dense(_company(context, rows) @ alike))


def als(context: Context, units: Ints, *, factors: int = 64, seed: int = 0) -> pl.DataFrame:
    """Implicit-feedback alternating least squares (implicit), its sets' artists folded in as a new listener."""
    from implicit.cpu.als import AlternatingLeastSquares

    model: Any = AlternatingLeastSquares(factors=factors, iterations=10, random_state=seed, num_threads=1, alpha=4.0)
    model.fit(context.present, show_progress=False)

    def scores(rows: Ints) -> Floats:
        listeners = model.recalculate_user(np.arange(len(rows)), _company(context, rows))
        product: Floats = np.asarray(listeners @ model.item_factors.T, dtype=np.float32)
        return product

    return _ranked(units, context, scores)


def baselines() -> dict[str, Callable[[Context, Ints], pl.DataFrame]]:
    """The baselines that can run here, by name."""
    plain: dict[str, Callable[[Context, Ints], pl.DataFrame]] = {"popularity": popularity, "dj_prior": dj_prior}
    return plain | ({"item_knn": item_knn, "als": als} if find_spec("implicit") else {})


def _sets_of(context: Context, units: Ints) -> Any:
    """units × S: 1 where the unit is played, hidden though it is."""
    from scipy.sparse import csr_matrix

    corpus = context.corpus
    row_of = np.full(corpus.shape[3] + 1, -1, np.int64)
    row_of[units] = np.arange(len(units))
    row = row_of[corpus.unit_no]
    slot = np.flatnonzero(row >= 0)
    data = np.ones(len(slot), np.float32)
    return ones(csr_matrix((data, (row[slot], corpus.set_no[slot])), shape=(len(units), corpus.shape[1])))


def _company(context: Context, units: Ints) -> Any:
    return ones(_sets_of(context, units) @ context.present)


def _dense(matrix: Any) -> Floats:
    dense: Floats = matrix.toarray().astype(np.float32)
    return dense


def _ranked(units: Ints, context: Context, scores: Callable[[Ints], Floats]) -> pl.DataFrame:
    """The best artists of each unit; equal scores in order of the artists' keys."""
    units = np.unique(units)
    exists = column_sums(context.present) > 0
    top = min(_TOP, int(exists.sum()))
    frames = [pl.DataFrame(schema=SCORED)]
    for start in range(0, len(units), _BLOCK):
        rows = units[start : start + _BLOCK]
        score = np.where(exists[None, :], scores(rows), -np.inf)
        best = np.argsort(-score, axis=1, kind="stable")[:, :top]
        frames.append(
            pl.DataFrame(
                {
                    "unit_no": np.repeat(rows, top),
                    "artist_no": best.ravel().astype(np.int64),
                    "rank": np.tile(np.arange(1, top + 1, dtype=np.int32), len(rows)),
                    "score": np.take_along_axis(score, best, axis=1).ravel().astype(np.float64),
                }
            )
            .with_columns(probability=pl.lit(None, pl.Float64))
            .match_to_schema(SCORED)
        )
    return pl.concat(frames)
