"""Who goes with the artists of a set, its DJ and its time: EASE, a linear autoencoder in closed form. Pure.

Every set is a row of what it holds: artists, who plays it, its half-year, its series. One matrix of weights, found by
one inversion, says how much each of these speaks for each artist (Steck, "Embarrassingly Shallow Autoencoders for
Sparse Data", 2019). Seldom played artists have no weights: there is nothing to learn them from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg.lapack import spotrf, spotri

#: Artists of fewer sets are left out, and beyond the most played ones; the inversion costs the cube of their number.
MIN_SETS = 3
MAX_ARTISTS = 3000

#: Weights of what a set has beside its artists: DJs and time decide more than one artist does.
_DJ, _TIME, _SERIES = 2.0, 2.0, 1.0

#: Days of one time column.
_HALF_YEAR = 180

#: Pull of all weights towards 0.
_RIDGE = 60.0


@dataclass(frozen=True, kw_only=True)
class Ease:
    """Sets × columns, and the weight of each column for each of the artists learned."""

    columns: Any
    artists: NDArray[np.int64]
    weights: NDArray[np.float32]
    n_artists: int

    def scores(self, sets: NDArray[np.int64]) -> NDArray[np.float32]:
        """rows × A: how much the given sets speak for each artist; 0 for artists without weights."""
        scores = np.zeros((len(sets), self.n_artists), np.float32)
        scores[:, self.artists] = self.columns[sets] @ self.weights
        return scores


def fit_ease(present: Any, djs: Any, day: NDArray[np.float64], series: NDArray[np.int64]) -> Ease:
    """Learn the weights.

    Args:
        present: Sets × artists, 1 where the set has the artist.
        djs: Sets × artists, 1 where the artist plays the set.
        day: Date of each set in days, NaN where unknown.
        series: Number of the series each set belongs to.
    """
    n_artists = present.shape[1]
    plays = np.asarray(present.sum(0)).ravel()
    most = np.argsort(-plays, kind="stable")[:MAX_ARTISTS]
    artists = np.sort(most[plays[most] >= MIN_SETS]).astype(np.int64)
    regular = np.flatnonzero(np.asarray(djs.sum(0)).ravel() >= 2)
    half_year = np.where(np.isnan(day), -1, np.floor(np.nan_to_num(day) / _HALF_YEAR)).astype(np.int64)
    columns = sp.hstack(
        [present[:, artists], _DJ * djs[:, regular], _TIME * _one_of(half_year), _SERIES * _one_of(series)]
    )
    columns = columns.tocsr().astype(np.float32)
    if not len(artists):
        return Ease(
            columns=columns, artists=artists, weights=np.zeros((columns.shape[1], 0), np.float32), n_artists=n_artists
        )
    # Long sets say less per artist than short ones.
    length = np.sqrt(np.asarray(columns.multiply(columns).sum(1)).ravel())
    damped = sp.diags((1 / np.sqrt(np.maximum(length, 1))).astype(np.float32)) @ columns
    gram = np.asfortranarray((damped.T @ damped).toarray(), dtype=np.float32)
    gram[np.diag_indices_from(gram)] += _RIDGE / max(float(length.mean()), 1.0)
    # Of a symmetric positive definite matrix half is enough; LAPACK leaves the other half as it was.
    factor, failed = spotrf(gram, lower=1, overwrite_a=1)
    inverse, failed_too = spotri(factor, lower=1, overwrite_c=1)
    if failed or failed_too:
        raise ArithmeticError("the matrix of columns is not positive definite, though the ridge makes it so")
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    weights = -inverse[:, : len(artists)] / np.diag(inverse)[: len(artists)]
    weights[np.arange(len(artists)), np.arange(len(artists))] = 0
    return Ease(columns=columns, artists=artists, weights=weights.astype(np.float32), n_artists=n_artists)


def _one_of(values: NDArray[np.int64]) -> Any:
    """Rows × distinct values: 1 at each row's own."""
    distinct, own = np.unique(values, return_inverse=True)
    rows = np.arange(len(values))
    return sp.csr_matrix((np.ones(len(values), np.float32), (rows, own)), shape=(len(values), len(distinct)))
