"""Tracklists as numbered plays for the learned ranker, with any recordings hidden from everything derived.

`build_corpus` numbers sets, artists, labels and recordings once; `Corpus.hide` answers with a `Context`: sparse counts
(sets × artists, sets × recordings, artists × labels, …) made from the plays that are left. Nothing in a `Context` has
seen a hidden play. Reads a frame TRACKLISTS, writes nothing, opens no socket.

Words: a **unit** is what gets an answer as one: an unknown (all slots of one `track_key`), or a recording (see
`enrich.cooccurrence.masking.recordings`). A **known play** is a slot whose artist is known and whose unit is not
hidden.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray

from enrich.cooccurrence.learned.ease import Ease, fit_ease
from enrich.frames.schemas import TRACKLISTS

#: Days between two sets of which one has no date: far apart, not infinitely.
UNDATED_DAYS = 1500.0

#: Dimensions of the set and artist vectors.
DIMENSIONS = 64

#: Slots at most this far apart count as played together when artists' habits are learned.
_NEARBY = 3


Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
#: scipy.sparse has no types of its own here: a csr_matrix of float32.
Sparse = Any


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """All slots of all sets in order of set and position, as parallel arrays, and what the numbers mean."""

    set_no: Ints
    position: Ints
    label_no: Ints
    """-1 where the slot has no label."""
    unit_no: Ints
    """-1 where the slot belongs to no unit (a known artist without a title)."""
    is_known: NDArray[np.bool_]
    """The slot names an artist."""
    credits: Ints
    """(slot, artist_no): main and featured artists."""
    remixes: Ints
    """(slot, artist_no): remixers named in credit or title."""
    djs: Ints
    """(set_no, artist_no)."""
    mentions: Ints
    """(set_no, artist_no): artists the name of the set names."""
    aliases: Ints
    """(artist_no, artist_no): names of one artist, both ways round, without the identity."""
    members: Ints
    """(artist_no, artist_no): a name kept whole and the artists it names (`Full Crate & The BLK LT$`, Full Crate)."""
    sets: pl.DataFrame
    """set_no, set_id, set_date, community (the set_id up to its first hyphen)."""
    artists: pl.DataFrame
    """artist_no, artist_key, artist."""
    labels: pl.DataFrame
    """label_no, label_key, label."""
    units: pl.DataFrame
    """unit_no, unit, is_unknown, sets (number of sets), first_date."""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Numbers of slots, sets, artists and units."""
        return len(self.set_no), self.sets.height, self.artists.height, self.units.height

    @cached_property
    def day(self) -> NDArray[np.float64]:
        """Each set's date in days; NaN where it has none."""
        return self.sets["set_date"].cast(pl.Int32).cast(pl.Float64).fill_null(float("nan")).to_numpy()

    @cached_property
    def community(self) -> Ints:
        """Each set's community as a number."""
        return self.sets["community"].rank("dense").cast(pl.Int64).to_numpy()

    @cached_property
    def place(self) -> Floats:
        """Each slot's place in its set, 0 first to 1 last."""
        sizes = np.bincount(self.set_no, minlength=self.shape[1])
        start = np.cumsum(sizes) - sizes
        place = np.arange(len(self.set_no)) - start[self.set_no]
        share: Floats = (place / np.maximum(sizes[self.set_no] - 1, 1)).astype(np.float32)
        return share

    def slot_units(self) -> pl.DataFrame:
        """set_id, position, unit, is_unknown of every slot, in order; as `masking.recordings` gives them."""
        unit_no = pl.Series(self.unit_no)
        return pl.DataFrame(
            {
                "set_id": self.sets["set_id"].gather(self.set_no),
                "position": pl.Series(self.position, dtype=TRACKLISTS["position"]),
                "unit": self.units["unit"].gather(unit_no.set(unit_no < 0, None)),
                "is_unknown": ~self.is_known,
            }
        )

    def truth(self) -> pl.DataFrame:
        """unit_no, artist_no: who made each recording.

        Names of one artist count, and so does any artist of a credit that is kept whole, both ways round.
        """
        unit = self.unit_no[self.credits[:, 0]]
        own = pl.DataFrame({"unit_no": unit, "artist_no": self.credits[:, 1]}).filter(pl.col("unit_no") >= 0).unique()
        same = np.concatenate([self.aliases, self.members, self.members[:, ::-1]])
        other = pl.DataFrame({"artist_no": same[:, 0], "other": same[:, 1]})
        also = own.join(other, on="artist_no").select("unit_no", artist_no="other")
        return pl.concat([own, also]).unique().sort("unit_no", "artist_no")

    def hide(self, units: Ints) -> Context:
        """What is left when every slot of `units` becomes an unknown one."""
        hidden = np.zeros(self.units.height + 1, bool)
        hidden[units] = True
        known = self.is_known & ~hidden[self.unit_no]
        return Context(corpus=self, known=known)


@dataclass(frozen=True, kw_only=True)
class Context:
    """Counts over the known plays. Matrices are float32 csr; S sets, A artists, N units, L labels."""

    corpus: Corpus
    known: NDArray[np.bool_]

    @cached_property
    def plays(self) -> Ints:
        """(slot, artist_no) of every known play."""
        return self.corpus.credits[self.known[self.corpus.credits[:, 0]]]

    @cached_property
    def _set_and_artist(self) -> tuple[Ints, Ints]:
        return self.corpus.set_no[self.plays[:, 0]], self.plays[:, 1]

    @cached_property
    def by_set(self) -> Sparse:
        """S × A: plays."""
        return self._plays_weighing(None)

    @cached_property
    def present(self) -> Sparse:
        """S × A: 1 where the set has the artist."""
        return ones(self.by_set)

    @cached_property
    def unit_sets(self) -> Sparse:
        """S × N: 1 where the set has the recording."""
        slots = np.flatnonzero(self.known & (self.corpus.unit_no >= 0))
        _, n_sets, _, n_units = self.corpus.shape
        return ones(count(self.corpus.set_no[slots], self.corpus.unit_no[slots], (n_sets, n_units)))

    @cached_property
    def sets_of_unit(self) -> Floats:
        """N: sets each recording is known to be played in."""
        return column_sums(self.unit_sets)

    @cached_property
    def unit_artists(self) -> Sparse:
        """N × A: 1 where the artist made the recording."""
        unit = self._unit
        _, _, n_artists, n_units = self.corpus.shape
        return ones(count(unit[unit >= 0], self.plays[unit >= 0, 1], (n_units, n_artists)))

    @cached_property
    def recordings(self) -> Sparse:
        """S × A: plays, each weighing 1 / the plays of its recording, so that sums count different recordings."""
        return self._plays_weighing(self._share)

    @cached_property
    def repeated(self) -> Sparse:
        """S × A: the same over recordings known from two sets or more: what an unknown of several sets is like."""
        often = (self._unit >= 0) & (self.sets_of_unit[self._unit] >= 2)
        return self._plays_weighing(np.where(often, self._share, 0))

    @cached_property
    def _unit(self) -> Ints:
        """The unit of every known play; -1 for none."""
        return self.corpus.unit_no[self.plays[:, 0]]

    @cached_property
    def _share(self) -> Floats:
        """1 / the plays of its recording, for every known play; 1 where it is of none."""
        unit = self.corpus.unit_no
        plays = np.bincount(unit[self.known & (unit >= 0)], minlength=self.corpus.shape[3] + 1)
        share: Floats = np.where(self._unit >= 0, 1 / np.maximum(plays[self._unit], 1), 1).astype(np.float32)
        return share

    def _plays_weighing(self, weight: Floats | None) -> Sparse:
        """S × A: the plays, each counted by its weight; None: 1."""
        sets, artists = self._set_and_artist
        _, n_sets, n_artists, _ = self.corpus.shape
        return count(sets, artists, (n_sets, n_artists), weight)

    @cached_property
    def slot_artists(self) -> Sparse:
        """slots × A: 1 where the known slot credits the artist."""
        return count(self.plays[:, 0], self.plays[:, 1], (self.corpus.shape[0], self.corpus.shape[2]))

    @cached_property
    def slot_remixers(self) -> Sparse:
        """slots × A: 1 where the known slot names the artist as remixer."""
        rows = self.corpus.remixes[self.known[self.corpus.remixes[:, 0]]]
        return count(rows[:, 0], rows[:, 1], (self.corpus.shape[0], self.corpus.shape[2]))

    @cached_property
    def remixed(self) -> Sparse:
        """S × A: 1 where the set has a remix by the artist."""
        rows = self.slot_remixers.tocoo()
        return ones(count(self.corpus.set_no[rows.row], rows.col, (self.corpus.shape[1], self.corpus.shape[2])))

    @cached_property
    def djs(self) -> Sparse:
        """S × A: 1 where the artist plays the set."""
        pairs = self.corpus.djs
        return ones(count(pairs[:, 0], pairs[:, 1], (self.corpus.shape[1], self.corpus.shape[2])))

    @cached_property
    def dj_names(self) -> Sparse:
        """S × A: 1 where the artist plays the set, under this or another name."""
        return ones(self.djs + self.djs @ self._alias)

    @cached_property
    def mentions(self) -> Sparse:
        """S × A: 1 where the set's name names the artist."""
        pairs = self.corpus.mentions
        return ones(count(pairs[:, 0], pairs[:, 1], (self.corpus.shape[1], self.corpus.shape[2])))

    @cached_property
    def _alias(self) -> Sparse:
        n_artists = self.corpus.shape[2]
        return count(self.corpus.aliases[:, 0], self.corpus.aliases[:, 1], (n_artists, n_artists))

    @cached_property
    def set_labels(self) -> Sparse:
        """S × L: labelled plays."""
        slots = np.flatnonzero(self.known & (self.corpus.label_no >= 0))
        shape = (self.corpus.shape[1], self.corpus.labels.height)
        return count(self.corpus.set_no[slots], self.corpus.label_no[slots], shape)

    @cached_property
    def labelled_plays(self) -> tuple[Ints, Ints]:
        """Slots of the known plays with a label, in order of artist; artist a's are those from `bounds[a]` on.

        Returns:
            The bounds, one more than there are artists, and the slots.
        """
        plays = self.plays[self.corpus.label_no[self.plays[:, 0]] >= 0]
        plays = plays[np.argsort(plays[:, 1], kind="stable")]
        return np.searchsorted(plays[:, 1], np.arange(self.corpus.shape[2] + 1)), plays[:, 0]

    @cached_property
    def label_artists(self) -> Sparse:
        """L × A: log(1 + plays) of the artist on the label."""
        label = self.corpus.label_no[self.plays[:, 0]]
        rows = self.plays[label >= 0]
        matrix = count(label[label >= 0], rows[:, 1], (self.corpus.labels.height, self.corpus.shape[2]))
        np.log1p(matrix.data, out=matrix.data)
        return matrix

    @cached_property
    def label_rarity(self) -> Floats:
        """L: what a label weighs, less the more is released on it."""
        rarity: Floats = 1 / np.sqrt(np.asarray(self.label_artists.sum(1)).ravel() + 1)
        return rarity

    @cached_property
    def together(self) -> Sparse:
        """A × A: log(1 + plays credited to both)."""
        matrix = (self.slot_artists.T @ self.slot_artists).tocsr()
        matrix.setdiag(0)
        matrix.eliminate_zeros()
        np.log1p(matrix.data, out=matrix.data)
        return matrix

    @cached_property
    def remix_links(self) -> Sparse:
        """A × A: log(1 + plays on which one remixes the other)."""
        matrix = self.slot_artists.T @ self.slot_remixers
        matrix = (matrix + matrix.T).tocsr()
        np.log1p(matrix.data, out=matrix.data)
        return matrix

    @cached_property
    def neighbours(self) -> Sparse:
        """A × A: how often two artists are played within `_NEARBY` rows, by the geometric mean of their totals."""
        n_slots, _, n_artists, _ = self.corpus.shape
        total = sp.csr_matrix((n_artists, n_artists), dtype=np.float32)
        for distance in range(1, _NEARBY + 1):
            left = np.arange(n_slots - distance) if n_slots > distance else np.zeros(0, np.int64)
            same = self.corpus.set_no[left] == self.corpus.set_no[left + distance]
            left = left[same & self.known[left] & self.known[left + distance]]
            total = total + (self.slot_artists[left].T @ self.slot_artists[left + distance]) / distance
        total = (total + total.T).tocsr().astype(np.float32)
        scale = sp.diags(1 / np.sqrt(column_sums(total) + 3))
        return (scale @ total @ scale).tocsr().astype(np.float32)

    @cached_property
    def _weighted_sets(self) -> Sparse:
        """S × A: presence by the artist's rarity, each set of length 1."""
        rarity = np.log((self.present.shape[0] + 1) / (column_sums(self.present) + 1))
        matrix = self.present @ sp.diags(rarity)
        length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(1)).ravel()) + 1e-9
        return (sp.diags(1 / length) @ matrix).tocsr().astype(np.float32)

    @cached_property
    def vectors(self) -> tuple[Floats, Floats]:
        """S × d and A × d: truncated singular vectors of the weighted sets; their products estimate presence."""
        return factors(self._weighted_sets)

    @cached_property
    def ease(self) -> Ease:
        """What each set's artists, DJs and time say about further artists."""
        return fit_ease(self.present, self.djs, self.corpus.day, self.corpus.community)

    @cached_property
    def unit_djs(self) -> Sparse:
        """N × A: 1 where the artist plays a set with the recording."""
        return ones(self.unit_sets.T @ self.djs)

    @cached_property
    def first_day(self) -> NDArray[np.float64]:
        """N: first day each recording is known to be played; infinite where never or undated."""
        pairs = self.unit_sets.tocoo()
        day = self.corpus.day[pairs.row]
        first = np.full(self.corpus.shape[3], np.inf)
        dated = ~np.isnan(day)
        np.minimum.at(first, pairs.col[dated], day[dated])
        return first

    @cached_property
    def neighbour_vectors(self) -> Floats:
        """A × d, each of length 1: artists near each other are played next to the same artists."""
        _, right = factors(self.neighbours)
        length: Floats = right / (np.linalg.norm(right, axis=1, keepdims=True) + 1e-9)
        return length

    @cached_property
    def self_rate(self) -> Floats:
        """S: share of the plays of the set's DJs that are their own."""
        own = np.asarray(self.by_set.multiply(self.dj_names).sum(1)).ravel()
        plays = np.asarray(self.by_set.sum(1)).ravel()
        by_dj = np.asarray(self.djs.T @ np.stack([own, plays], 1))
        rate = self.djs @ (by_dj[:, 0] / np.maximum(by_dj[:, 1], 1))
        share: Floats = (rate / np.maximum(np.asarray(self.djs.sum(1)).ravel(), 1)).astype(np.float32)
        return share

    @cached_property
    def dates(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """A: first and last day each artist is played; NaN where undated or never."""
        sets, artists = self._set_and_artist
        day = self.corpus.day[sets]
        dated = ~np.isnan(day)
        first = np.full(self.corpus.shape[2], np.inf)
        last = np.full(self.corpus.shape[2], -np.inf)
        np.minimum.at(first, artists[dated], day[dated])
        np.maximum.at(last, artists[dated], day[dated])
        return np.where(np.isinf(first), np.nan, first), np.where(np.isinf(last), np.nan, last)

    @cached_property
    def depth(self) -> Floats:
        """A: where in a set the artist is played on average, 0 first to 1 last."""
        place = self.corpus.place[self.plays[:, 0]]
        plays = np.bincount(self.plays[:, 1], minlength=self.corpus.shape[2])
        total = np.bincount(self.plays[:, 1], weights=place, minlength=self.corpus.shape[2])
        mean: Floats = np.where(plays > 0, total / np.maximum(plays, 1), 0.5).astype(np.float32)
        return mean

    def set_similarity(self, sets: Ints) -> Floats:
        """rows × S: cosine of the given sets with all sets; 0 with themselves."""
        similar: Floats = (self._weighted_sets[sets] @ self._weighted_sets.T).toarray().astype(np.float32)
        similar[np.arange(len(sets)), sets] = 0
        return similar

    def same_dj(self, sets: Ints) -> Floats:
        """rows × S: 1 where a DJ plays both sets."""
        shared: Floats = ((self.djs[sets] @ self.djs.T).toarray() > 0).astype(np.float32)
        return shared

    def days_apart(self, sets: Ints) -> Floats:
        """rows × S: days between sets, `UNDATED_DAYS` where either has no date."""
        apart = np.abs(self.corpus.day[sets][:, None] - self.corpus.day[None, :])
        filled: Floats = np.where(np.isnan(apart), UNDATED_DAYS, apart).astype(np.float32)
        return filled


def count(rows: Ints, columns: Ints, shape: tuple[int, int], weight: Floats | None = None) -> Sparse:
    """Sparse sums of `weight` (1 each) by row and column; zeros are kept where something was counted."""
    data = np.ones(len(rows), np.float32) if weight is None else weight.astype(np.float32)
    matrix = sp.csr_matrix((data, (rows, columns)), shape=shape)
    matrix.sum_duplicates()
    return matrix


def ones(matrix: Sparse) -> Sparse:
    """1 wherever there is an entry."""
    copy = matrix.tocsr().copy()
    copy.data[:] = 1
    return copy


def column_sums(matrix: Sparse) -> Floats:
    """Sum of each column."""
    sums: Floats = np.asarray(matrix.sum(0)).ravel().astype(np.float32)
    return sums


def factors(matrix: Sparse) -> tuple[Floats, Floats]:
    """Left and right singular vectors, each by the root of the singular values; zeros for an empty matrix."""
    from sklearn.utils.extmath import randomized_svd

    dimensions = min(DIMENSIONS, min(matrix.shape) - 1)
    if dimensions < 1 or matrix.nnz == 0:
        return np.zeros((matrix.shape[0], 1), np.float32), np.zeros((matrix.shape[1], 1), np.float32)
    left, values, right = randomized_svd(matrix, dimensions, n_iter=3, random_state=0)
    root = np.sqrt(values)
    return (left * root).astype(np.float32), (right.T * root).astype(np.float32)
