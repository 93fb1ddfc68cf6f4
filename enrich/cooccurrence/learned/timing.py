"""Features that tie plays to dates, labels and debuts: when, and on what, a candidate is played around an unknown.

`around` weighs other sets before and after an unknown's, `on_labels` the labels in and near them; `debuts` compares
other recordings by how near their first play is to the unknown's and whether the same DJ plays them.
Pure functions of a `Block`; hidden plays have no part.
"""

from __future__ import annotations

import numpy as np

from enrich.cooccurrence.learned.candidates import Block, Pool
from enrich.cooccurrence.learned.corpus import Floats, Ints, Sparse, column_sums


class Entries:
    """What stands in an array ordered by artist, for the artist of each candidate: entries `bounds[a]:bounds[a + 1]`.

    `of` tells which entry of the array, `row` which unit it is weighed for.
    """

    def __init__(self, bounds: Ints, pool: Pool) -> None:
        start = bounds[pool.artist].astype(np.int64)
        self._length = bounds[pool.artist + 1] - start
        first = np.cumsum(self._length) - self._length
        self._pair = np.repeat(np.arange(len(pool.row)), self._length)
        self.of = np.repeat(start - first, self._length) + np.arange(self._length.sum())
        self.row = pool.row[self._pair]

    def total(self, terms: Floats) -> Floats:
        """Sum of the terms of each candidate's entries."""
        sums: Floats = np.bincount(self._pair, weights=terms, minlength=len(self._length)).astype(np.float32)
        return sums

    def greatest(self, terms: Floats) -> Floats:
        """The greatest term among each candidate's entries; 0 without any."""
        return greatest(terms, self._length)


def greatest(values: Floats, length: Ints) -> Floats:
    """The greatest of each run of values, one run after the other; 0 where a run has the length 0."""
    best = np.zeros(len(length), np.float32)
    some = length > 0
    if some.any():
        best[some] = np.maximum.reduceat(values, (np.cumsum(length) - length)[some])
    return best


class Sums:
    """Sums over the columns' entries of each candidate: Σ weight[unit, row] × matrix[row, artist], for pairs only."""

    def __init__(self, matrix: Sparse, pool: Pool) -> None:
        columns = matrix.tocsc()
        self._entries = Entries(columns.indptr, pool)
        self._set, self._value = columns.indices[self._entries.of], columns.data[self._entries.of]

    def __call__(self, weight: Floats) -> Floats:
        """The weighted sum over each candidate's entries."""
        return self._entries.total(weight[self._entries.row, self._set] * self._value)

    def best(self, weight: Floats) -> Floats:
        """The greatest weight among each candidate's entries."""
        return self._entries.greatest(weight[self._entries.row, self._set])


def around(block: Block, pool: Pool) -> dict[str, Floats]:
    """Plays before and after the unknown's sets, as sums, as rates, and the nearest ones."""
    context, same, days = block.context, block.same_dj, block.days_apart
    later = np.nan_to_num(context.corpus.day[None, :] - context.corpus.day[block.sets][:, None])
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
        weight = block.over_sets(kernel)
        columns[name] = repeated(weight)
        columns[f"{name}_rate"] = some(weight) / np.maximum(weight.sum(1)[pool.row], 1e-6)
    columns["dj_nearest"] = some.best(block.over_sets(same * np.exp(-days / 200)))
    columns["any_nearest"] = some.best(block.over_sets(np.exp(-days / 100)))
    columns["company_best"] = some.best(block.weights["company"])
    return columns


def on_labels(block: Block, pool: Pool) -> dict[str, Floats]:
    """Plays on the labels around the unknown, by how near in time; and how alike the artist's labels are to them."""
    context, weights = block.context, block.weights
    around_it, close_by = block.by_rarity(block.set_labels), block.by_rarity(block.near_labels)
    bounds, slots = context.labelled_plays
    entries = Entries(bounds, pool)
    sets, label = context.corpus.set_no[slots][entries.of], context.corpus.label_no[slots][entries.of]

    def together(kernel: Floats, labels: Floats) -> Floats:
        return entries.total(kernel[entries.row, sets] * labels[entries.row, label])

    of_artist = np.sqrt(column_sums(context.label_artists.power(2))) + 1e-9
    of_unit = np.linalg.norm(around_it, axis=1) + 1e-9
    return {
        "roster_now": together(weights["warm"], around_it),
        "roster_near_now": together(weights["warm"], close_by),
        "roster_dj_now": together(weights["dj_years"], around_it),
        "roster_hot": together(weights["hot"], around_it),
        "roster_fit": pool.scores["roster"] / of_artist[pool.artist] / of_unit[pool.row],
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
    corpus = block.context.corpus
    depth, depth_spread = block.depth
    size = np.bincount(corpus.set_no, minlength=corpus.shape[1])
    near = block.over_sets(block.same_dj * np.exp(-block.days_apart / 90))
    return {
        "depth": depth.astype(np.float32),
        "depth_spread": depth_spread.astype(np.float32),
        "set_length": ((block.member @ size[block.sets]) / block.n_sets).astype(np.float32),
        "dj_sets_now": (near.sum(1) / block.n_sets).astype(np.float32),
    }
