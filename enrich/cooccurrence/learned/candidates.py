"""Who could have made an unknown: candidates from everything that may carry the truth.

For a block of units, `gather` weighs every other set by how much it says about theirs (same DJ and near in time, same
company, same community, near in date), adds up who is played there, and keeps the best of each generator:

    near       played within ten positions of the unknown          same       elsewhere in its sets
    dj_months, dj_years, dj_ever   played by the same DJs, by age   company    in sets with the same artists
    company_now  the same, near in date                             community  in the same series of sets, near in date
    hot        played by anyone within weeks                        roster     on the labels of its sets
    repeats    on recordings of the same set profile                factors    singular vectors of sets and artists
    dj_names   the DJs under all their names                        credited   together with the DJs or neighbours
    habit      played next to the neighbours elsewhere              named      in the name of the set
    ease       what its sets' artists, DJs and time speak for       debuts     first played when it was, by its DJs

Pure functions of a `Context`: hidden plays have no part in any of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from enrich.cooccurrence.learned.corpus import Context, Floats, Ints, Sparse, column_sums, count

#: How many each generator may bring.
GENERATORS: dict[str, int] = {
    "near": 80,
    "same": 100,
    "dj_months": 120,
    "dj_years": 100,
    "dj_ever": 80,
    "company": 120,
    "company_now": 100,
    "community": 100,
    "hot": 50,
    "roster": 60,
    "repeats": 60,
    "factors": 80,
    "dj_names": 20,
    "credited": 40,
    "habit": 50,
    "named": 10,
    "ease": 120,
    "debuts": 80,
}

#: Positions to either side that count as near.
REACH = 10

#: Positions to either side whose labels count as near.
LABEL_REACH = 3

#: Time constants in days of the same-DJ weights.
_MONTHS, _YEARS, _EVER = 60.0, 400.0, 3000.0


#: Days between first plays of which one is unknown.
_UNDATED = 3000.0


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


@dataclass(frozen=True, kw_only=True)
class Block:
    """Some units and what surrounds them; rows 0…U-1 stand for `units`."""

    context: Context
    units: Ints

    @cached_property
    def slots(self) -> tuple[Ints, Ints]:
        """Row and slot of each of the units' slots."""
        corpus = self.context.corpus
        row_of = np.full(corpus.shape[3] + 1, -1, np.int64)
        row_of[self.units] = np.arange(len(self.units))
        row = row_of[corpus.unit_no]
        slot = np.flatnonzero(row >= 0)
        return row[slot], slot

    @cached_property
    def sets(self) -> Ints:
        """The units' sets."""
        return np.unique(self.context.corpus.set_no[self.slots[1]])

    @cached_property
    def member(self) -> Floats:
        """U × sets of the block: 1 where the unit is played in the set."""
        row, slot = self.slots
        member = np.zeros((len(self.units), len(self.sets)), np.float32)
        member[row, np.searchsorted(self.sets, self.context.corpus.set_no[slot])] = 1
        return member

    @cached_property
    def n_sets(self) -> Floats:
        """U: number of sets."""
        n: Floats = self.member.sum(1)
        return n

    @cached_property
    def own(self) -> Floats:
        """U × S: 1 where the unit is played in the set."""
        own = np.zeros((len(self.units), self.context.corpus.shape[1]), np.float32)
        own[:, self.sets] = self.member
        return own

    @cached_property
    def days(self) -> NDArray[np.float64]:
        """U × S: the day of each of the unit's sets; NaN where it is undated or not the unit's."""
        return np.where(self.own > 0, self.context.corpus.day[None, :], np.nan)

    @cached_property
    def first_day(self) -> NDArray[np.float64]:
        """U: first day the unit is played; infinite where its sets are undated."""
        first: NDArray[np.float64] = np.where(np.isnan(self.days), np.inf, self.days).min(1)
        return first

    @cached_property
    def depth(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """U each: where in its sets the unit is played, 0 first to 1 last, on average and as standard deviation."""
        row, slot = self.slots
        place = self.context.corpus.place[slot]
        n = np.maximum(np.bincount(row, minlength=len(self.units)), 1)
        mean = np.bincount(row, weights=place, minlength=len(self.units)) / n
        square = np.bincount(row, weights=place**2, minlength=len(self.units)) / n
        return mean, np.sqrt(np.maximum(square - mean**2, 0))

    @cached_property
    def near(self) -> tuple[Ints, Ints, Ints]:
        """Row, neighbouring known slot, and its position minus the unit's; within `REACH` positions."""
        corpus = self.context.corpus
        row, slot = self.slots
        found = []
        for step in [*range(-REACH, 0), *range(1, REACH + 1)]:
            other = slot + step
            inside = (other >= 0) & (other < len(corpus.set_no))
            r, s, o = row[inside], slot[inside], other[inside]
            distance = corpus.position[o] - corpus.position[s]
            kept = (corpus.set_no[o] == corpus.set_no[s]) & self.context.known[o] & (np.abs(distance) <= REACH)
            found.append(np.stack([r[kept], o[kept], distance[kept]]))
        every = np.concatenate(found, axis=1)
        return every[0], every[1], every[2]

    @cached_property
    def near_artists(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Row, artist, distance and set of each artist played near."""
        row, slot, distance = self.near
        pairs = self.context.slot_artists[slot].tocoo()
        return (
            row[pairs.row],
            pairs.col.astype(np.int64),
            distance[pairs.row],
            self.context.corpus.set_no[slot[pairs.row]],
        )

    @cached_property
    def closeness(self) -> Sparse:
        """U × A: sum of 1 / distance over the near plays of the artist."""
        row, artist, distance, _ = self.near_artists
        return count(row, artist, self.shape, (1 / np.abs(distance)).astype(np.float32))

    @cached_property
    def near_labels(self) -> Floats:
        """U × L: sum of 1 / distance over the plays on the label within `LABEL_REACH` positions."""
        row, slot, distance = self.near
        label = self.context.corpus.label_no[slot]
        kept = (label >= 0) & (np.abs(distance) <= LABEL_REACH)
        closeness = (1 / np.abs(distance[kept])).astype(np.float32)
        shape = (len(self.units), self.context.corpus.labels.height)
        labels: Floats = count(row[kept], label[kept], shape, closeness).toarray()
        return labels

    @property
    def shape(self) -> tuple[int, int]:
        """U, A."""
        return len(self.units), self.context.corpus.shape[2]

    @cached_property
    def same_dj(self) -> Floats:
        """Sets of the block × S: 1 where a DJ plays both sets."""
        return self.context.same_dj(self.sets)

    @cached_property
    def days_apart(self) -> Floats:
        """Sets of the block × S: days between sets."""
        return self.context.days_apart(self.sets)

    @cached_property
    def _other(self) -> Floats:
        """U × S: 1 but for the unit's own sets."""
        other: Floats = 1 - self.own
        return other

    def over_sets(self, kernel: Floats) -> Floats:
        """U × S: a kernel (sets of the block × S) summed over the unit's sets; 0 for its own sets."""
        weight: Floats = (self.member @ kernel.astype(np.float32)) * self._other
        return weight

    @cached_property
    def weights(self) -> dict[str, Floats]:
        """U × S: how much every other set says about the unit's; 0 for its own sets."""
        context, same, days = self.context, self.same_dj, self.days_apart
        alike = context.set_similarity(self.sets)
        community = (context.corpus.community[self.sets][:, None] == context.corpus.community[None, :]).astype(
            np.float32
        )
        kernels = {
            "dj_weeks": same * np.exp(-days / 20),
            "dj_months": same * np.exp(-days / _MONTHS),
            "dj_years": same * np.exp(-days / _YEARS),
            "dj_ever": same * np.exp(-days / _EVER),
            "company": alike,
            "close_company": alike**3,
            "company_now": alike**2 * np.exp(-days / 200),
            "community": community * np.exp(-days / 365),
            "hot": np.exp(-days / 45),
            "warm": np.exp(-days / 400),
        }
        return {name: self.over_sets(kernel) for name, kernel in kernels.items()}

    def in_sets(self, matrix: Sparse) -> Floats:
        """U × columns: a matrix of S rows summed over the unit's own sets."""
        total: Floats = self.member @ matrix[self.sets].toarray()
        return total

    @cached_property
    def djs(self) -> Floats:
        """U × A: share of the unit's sets the artist plays, under any name."""
        share: Floats = self.in_sets(self.context.dj_names) / self.n_sets[:, None]
        return share

    @cached_property
    def played_by(self) -> NDArray[np.bool_]:
        """U × A: the artist plays one of the unit's sets."""
        return self.in_sets(self.context.djs) > 0

    @cached_property
    def set_labels(self) -> Floats:
        """U × L: labelled plays in the unit's sets."""
        return self.in_sets(self.context.set_labels)

    @cached_property
    def profile(self) -> Floats:
        """U × N: cosine of the sets of the unit and of each recording."""
        shared = spread(self.own, self.context.unit_sets)
        lengths = np.sqrt(np.maximum(self.context.sets_of_unit, 1))[None, :] * np.sqrt(self.n_sets)[:, None]
        cosine: Floats = (shared / lengths).astype(np.float32)
        return cosine

    @cached_property
    def debuts(self) -> Debuts:
        """How other recordings came up beside the units."""
        return debuts(self)

    def by_rarity(self, labels: Floats) -> Floats:
        """U × L: labels, each weighing less the more is released on it."""
        return (labels * self.context.label_rarity[None, :]).astype(np.float32)

    def roster(self, labels: Floats) -> Floats:
        """U × A: artists of the labels, by their rarity."""
        return spread(self.by_rarity(labels), self.context.label_artists)


def debuts(block: Block) -> Debuts:
    """How other recordings came up, compared with the block's units."""
    context, own = block.context, block.first_day
    djs = sp.csr_matrix(block.played_by.astype(np.float32))
    same = ((djs @ context.unit_djs.T).toarray() > 0).astype(np.float32)
    apart = np.full(same.shape, _UNDATED, np.float32)
    known = np.isfinite(own)[:, None] & np.isfinite(context.first_day)[None, :]
    np.subtract(context.first_day[None, :], own[:, None], out=apart, where=known, casting="unsafe")
    return Debuts(same_dj=same, apart=np.abs(apart), sets=context.sets_of_unit[None, :])


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Candidates of a block as pairs, by row and artist, with each generator's score for every pair."""

    row: Ints
    artist: Ints
    scores: dict[str, Floats] = field(default_factory=dict)


def spread(weight: Floats, matrix: Sparse) -> Floats:
    """Dense × sparse, U × A."""
    result: Floats = np.asarray((matrix.T @ np.ascontiguousarray(weight.T)).T, dtype=np.float32)
    return result


def generator_scores(block: Block) -> dict[str, Floats]:
    """U × A scores by generator; 0 means not a candidate of it."""
    context, weights = block.context, block.weights
    near = block.closeness.toarray()
    same = block.in_sets(context.present)
    sets, artists = context.vectors
    mean = (block.member @ sets[block.sets]) / block.n_sets[:, None]
    close = near * (near >= 1 / 3)
    return {
        "near": near,
        "same": same,
        "dj_months": spread(weights["dj_months"], context.recordings),
        "dj_years": spread(weights["dj_years"], context.present),
        "dj_ever": spread(weights["dj_ever"], context.recordings),
        "company": spread(weights["close_company"], context.present),
        "company_now": spread(weights["company_now"], context.recordings),
        "community": spread(weights["community"], context.present),
        "hot": spread(weights["hot"], context.repeated),
        "roster": block.roster(block.set_labels),
        "repeats": spread(block.profile**2, context.unit_artists),
        "factors": (mean @ artists.T).astype(np.float32),
        "dj_names": block.djs,
        "credited": spread(block.djs * 3 + close + same * 0.1, context.together),
        "habit": spread(close.astype(np.float32), context.neighbours),
        "named": block.in_sets(context.mentions),
        "ease": ((block.member @ context.ease.scores(block.sets)) / block.n_sets[:, None]).astype(np.float32),
        "debuts": spread(block.debuts.recent, context.unit_artists),
    }


def gather(block: Block) -> Pool:
    """The candidates of a block: the best of each generator, who must be played or play somewhere."""
    scores = generator_scores(block)
    n_units, n_artists = block.shape
    chosen = np.zeros((n_units, n_artists), bool)
    for name, size in GENERATORS.items():
        chosen |= _best(scores[name], size)
    exists = (column_sums(block.context.present) > 0) | (column_sums(block.context.djs) > 0)
    row, artist = np.nonzero(chosen & exists[None, :])
    return Pool(row=row, artist=artist, scores={name: score[row, artist] for name, score in scores.items()})


def _best(score: Floats, size: int) -> NDArray[np.bool_]:
    """True for the `size` highest positive scores of each row; of equal ones the lowest artist numbers."""
    positive = score > 0
    # Row by row over the positive ones only: most artists score nothing, and a whole row of ties partitions slowly.
    for row in np.flatnonzero(positive.sum(1) > size):
        artist = np.flatnonzero(positive[row])
        values = score[row, artist]
        least = np.partition(values, len(values) - size)[len(values) - size]
        kept = values > least
        kept[np.flatnonzero(values == least)[: size - kept.sum()]] = True
        positive[row] = False
        positive[row, artist[kept]] = True
    return positive
