"""Features that tie plays to dates, labels and debuts: when, and on what, a candidate is played around an unknown.

`around` weighs other sets before and after an unknown's, `on_labels` the labels in and near them; `debuts` compares
other recordings by how near their first play is to the unknown's and whether the same DJ plays them.
Pure functions of a `Block`; hidden plays have no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from enrich.cooccurrence.corpus import Floats, Sparse, count, relative_position

if TYPE_CHECKING:
    from enrich.cooccurrence.candidates import Block, Pool

#: Days between first plays of which one is unknown.
_UNDATED = 3000.0


class Sums:
    """Sums over the columns' entries of each candidate: Σ weight[unit, row] × matrix[row, artist], for pairs only."""

    def __init__(self, matrix: Sparse, pool: Pool) -> None:
        columns = matrix.tocsc()
        start, stop = columns.indptr[pool.artist], columns.indptr[pool.artist + 1]
        length = (stop - start).astype(np.int64)
        self._first = np.cumsum(length) - length
        self._some = length > 0
        self._pair = np.repeat(np.arange(len(pool.row)), length)
        entry = np.repeat(start.astype(np.int64) - self._first, length) + np.arange(length.sum())
        self._set, self._value, self._row = columns.indices[entry], columns.data[entry], pool.row[self._pair]
        self._n = len(pool.row)

    def __call__(self, weight: Floats) -> Floats:
        """The weighted sum over each candidate's entries."""
        terms = weight[self._row, self._set] * self._value
        sums: Floats = np.bincount(self._pair, weights=terms, minlength=self._n).astype(np.float32)
        return sums

    def best(self, weight: Floats) -> Floats:
        """The greatest weight among each candidate's entries."""
        best = np.zeros(self._n, np.float32)
        if len(self._row):
            best[self._some] = np.maximum.reduceat(weight[self._row, self._set], self._first[self._some])
        return best


@dataclass(frozen=True, kw_only=True)
class Debuts:
    """U × N: of each recording, whether a DJ of the unknown plays it, days between first plays, and its sets."""

    same_dj: Floats
    apart: Floats
    sets: Floats

    @property
    def recent(self) -> Floats:
        """Weight of recordings of several sets that the same DJs began to play within months."""
        weight: Floats = (self.same_dj * np.exp(-self.apart / 60) * (self.sets >= 2)).astype(np.float32)
        return weight


def debuts(block: Block) -> Debuts:
    """How other recordings came up, compared with the block's units."""
    context = block.context
    day = np.where(block.own > 0, context.corpus.day[None, :], np.inf)
    own = np.where(np.isnan(day), np.inf, day).min(1)
    djs = sp.csr_matrix(((block.member @ context.djs[block.sets].toarray()) > 0).astype(np.float32))
    same = ((djs @ context.unit_djs.T).toarray() > 0).astype(np.float32)
    apart = np.full(same.shape, _UNDATED, np.float32)
    known = np.isfinite(own)[:, None] & np.isfinite(context.first_day)[None, :]
    np.subtract(context.first_day[None, :], own[:, None], out=apart, where=known, casting="unsafe")
    return Debuts(same_dj=same, apart=np.abs(apart), sets=context.sets_of_unit[None, :])


def around(block: Block, pool: Pool) -> dict[str, Floats]:
    """Plays before and after the unknown's sets, as sums, as rates, and the nearest ones."""
    context = block.context
    same, days = context.same_dj(block.sets), context.days_apart(block.sets)
    later = np.nan_to_num(context.corpus.day[None, :] - context.corpus.day[block.sets][:, None])
    other = 1 - block.own

    def spread_over(kernel: Floats) -> Floats:
        weight: Floats = (block.member @ kernel.astype(np.float32)) * other
        return weight

    kernels = {
        "dj_before": same * np.exp(-days / 90) * (later < 0),
        "dj_after": same * np.exp(-days / 90) * (later > 0),
        "any_before": np.exp(-days / 60) * (later < 0),
        "any_after": np.exp(-days / 60) * (later > 0),
        "dj_half_year": same * np.exp(-days / 180),
    }
    repeated, some = Sums(context.repeated, pool), Sums(context.present, pool)
    columns: dict[str, Floats] = {}
    for name, kernel in kernels.items():
        weight = spread_over(kernel)
        columns[name] = repeated(weight)
        columns[f"{name}_rate"] = some(weight) / np.maximum(weight.sum(1)[pool.row], 1e-6)
    columns["dj_nearest"] = some.best(spread_over(same * np.exp(-days / 200)))
    columns["any_nearest"] = some.best(spread_over(np.exp(-days / 100)))
    columns["company_best"] = some.best(block.weights["company"])
    return columns


def on_labels(block: Block, pool: Pool) -> dict[str, Floats]:
    """Plays on the labels around the unknown, by how near in time; and how alike the artist's labels are to them."""
    context = block.context
    label_no, n_labels = context.corpus.label_no, context.corpus.labels.height
    row, slot, distance = block.near
    kept = (label_no[slot] >= 0) & (np.abs(distance) <= 3)
    closeness = (1 / np.abs(distance[kept])).astype(np.float32)
    near = count(row[kept], label_no[slot[kept]], (len(block.units), n_labels), closeness).toarray()
    rarity = 1 / np.sqrt(np.asarray(context.label_artists.sum(1)).ravel() + 1)
    around_it = (block.set_labels * rarity[None, :]).astype(np.float32)
    close_by = (near * rarity[None, :]).astype(np.float32)

    plays = context.plays[label_no[context.plays[:, 0]] >= 0]
    plays = plays[np.argsort(plays[:, 1], kind="stable")]
    start = np.searchsorted(plays[:, 1], np.arange(context.corpus.shape[2] + 1))
    length = start[pool.artist + 1] - start[pool.artist]
    pair = np.repeat(np.arange(len(pool.row)), length)
    entry = np.repeat(start[pool.artist] - (np.cumsum(length) - length), length) + np.arange(length.sum())
    slots = plays[entry, 0]
    unit, sets, label = pool.row[pair], context.corpus.set_no[slots], label_no[slots]

    def together(kernel: Floats, labels: Floats) -> Floats:
        terms = kernel[unit, sets] * labels[unit, label]
        sums: Floats = np.bincount(pair, weights=terms, minlength=len(pool.row)).astype(np.float32)
        return sums

    weights, rosters = block.weights, context.label_artists
    lengths = np.sqrt(np.asarray(rosters.multiply(rosters).sum(0)).ravel()) + 1e-9
    shared = np.asarray((rosters.T @ around_it.T).T)[pool.row, pool.artist]
    return {
        "roster_now": together(weights["warm"], around_it),
        "roster_near_now": together(weights["warm"], close_by),
        "roster_dj_now": together(weights["dj_years"], around_it),
        "roster_hot": together(weights["hot"], around_it),
        "roster_fit": shared / lengths[pool.artist] / (np.linalg.norm(around_it, axis=1)[pool.row] + 1e-9),
    }


def by_debut(block: Block, pool: Pool) -> dict[str, Floats]:
    """Other recordings of the candidate that came up when the unknown did, or are played as often."""
    found = block.debuts
    recordings = Sums(block.context.unit_artists, pool)
    often = found.sets >= 2
    months, year = np.exp(-found.apart / 60), np.exp(-found.apart / 400)
    as_often = np.exp(-1.5 * np.abs(np.log(np.maximum(found.sets, 1)) - np.log(block.n_sets)[:, None]))
    weights = {
        "debuts_dj_any": found.same_dj * months,
        "debuts_dj_year": found.same_dj * year * often,
        "debuts_all": months * often,
        "debuts_alike": found.same_dj * year * as_often,
        "debuts_alike_ever": found.same_dj * as_often * often,
    }
    return {name: recordings(weight.astype(np.float32)) for name, weight in weights.items()}


def of_place(block: Block) -> dict[str, Floats]:
    """U each: where in its sets the unknown is played, their length, and the near sets of its DJs."""
    context = block.context
    row, slot = block.slots
    place = relative_position(context.corpus)[slot]
    n = np.maximum(np.bincount(row, minlength=len(block.units)), 1)
    mean = np.bincount(row, weights=place, minlength=len(block.units)) / n
    square = np.bincount(row, weights=place**2, minlength=len(block.units)) / n
    size = np.bincount(context.corpus.set_no, minlength=context.corpus.shape[1])
    near = context.same_dj(block.sets) * np.exp(-context.days_apart(block.sets) / 90)
    return {
        "depth": mean.astype(np.float32),
        "depth_spread": np.sqrt(np.maximum(square - mean**2, 0)).astype(np.float32),
        "set_length": ((block.member @ size[block.sets]) / block.n_sets).astype(np.float32),
        "dj_sets_now": (((block.member @ near) * (1 - block.own)).sum(1) / block.n_sets).astype(np.float32),
    }
