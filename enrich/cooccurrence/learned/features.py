"""What is known of each candidate of each unknown, as one matrix: the learned ranker's evidence.

Every column has a name and a meaning an analyst can check (`explaining.says`). `_rel` columns give a value relative to
the best candidate of the same unknown, `_rank` its rank there, so that the model compares candidates rather than
counting plays. Pure function of a `Context`; hidden plays have no part in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import scipy.sparse as sp

from enrich.cooccurrence.learned.candidates import Block, Pool, gather, spread
from enrich.cooccurrence.learned.corpus import Context, Floats, Ints, Sparse, column_sums, count
from enrich.cooccurrence.learned.timing import Sums, around, by_debut, greatest, of_place, on_labels

#: Cells of a dense units × artists matrix worked on at once; bounds memory.
_CELLS = 6_000_000

_COMPARED = (
    "near", "same", "dj_months", "dj_years", "dj_ever", "company", "company_now", "community", "hot", "roster",
    "repeats", "factors", "credited", "habit", "dj_weeks_new", "dj_months_rep", "dj_years_new", "dj_years_rep",
    "community_rep", "community_new", "company_rep", "warm_rep", "roster_near", "roster_dj", "profile_max", "profile_4",
    "like_neighbours", "fits_neighbours", "credited_near", "remixed_near", "remixed_same", "near_remixer", "same_plays",
    "near_1", "near_2", "near_5", "artist_recordings", "ease", "debuts", "dj_before", "dj_after", "any_before",
    "any_after", "dj_half_year", "dj_before_rate", "dj_after_rate", "any_before_rate", "any_after_rate",
    "dj_half_year_rate", "dj_nearest", "any_nearest", "company_best", "roster_now", "roster_near_now", "roster_dj_now",
    "roster_hot", "roster_fit", "debuts_dj_any", "debuts_dj_year", "debuts_all", "debuts_alike", "debuts_alike_ever",
)  # fmt: skip
_RANKED = (
    "near", "same", "dj_months", "dj_years", "company", "community", "roster", "repeats", "factors", "habit",
    "like_neighbours", "fits_neighbours", "dj_months_rep", "community_new", "ease", "debuts", "dj_before", "dj_after",
    "roster_now", "debuts_alike",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Candidates of units with their features; sorted by unit and artist."""

    unit: Ints
    artist: Ints
    values: Floats
    names: tuple[str, ...]

    def column(self, name: str) -> Floats:
        """One feature of every candidate."""
        values: Floats = self.values[:, self.names.index(name)]
        return values


def schema_hash(names: tuple[str, ...]) -> str:
    """Fingerprint of the features and their order: a model scores only what it was trained on."""
    return sha256("\n".join(names).encode()).hexdigest()[:16]


def examples(context: Context, units: Ints) -> Examples:
    """Candidates and features of `units`, which must be hidden or unknown in `context`."""
    units = np.unique(units)
    step = int(np.clip(_CELLS // max(context.corpus.shape[2], 1), 8, 200))
    parts = [_of_block(Block(context=context, units=units[i : i + step])) for i in range(0, len(units), step)]
    if not parts:
        return Examples(
            unit=np.zeros(0, np.int64), artist=np.zeros(0, np.int64), values=np.zeros((0, 0), np.float32), names=()
        )
    return Examples(
        unit=np.concatenate([p.unit for p in parts]),
        artist=np.concatenate([p.artist for p in parts]),
        values=np.concatenate([p.values for p in parts]),
        names=parts[0].names,
    )


def _of_block(block: Block) -> Examples:
    pool = gather(block)
    columns: dict[str, Floats] = dict(pool.scores)
    columns |= _from_sets(block, pool)
    columns |= _from_neighbours(block, pool)
    columns |= _from_names(block, pool)
    columns |= _of_artist(block, pool)
    columns |= around(block, pool) | on_labels(block, pool) | by_debut(block, pool)
    columns |= _compared(columns, pool.row, len(block.units))
    columns |= _of_unknown(block, pool)
    values = np.stack([np.asarray(v, np.float32) for v in columns.values()], axis=1)
    return Examples(unit=block.units[pool.row], artist=pool.artist, values=values, names=tuple(columns))


def _from_sets(block: Block, pool: Pool) -> dict[str, Floats]:
    """Plays in the unit's sets and in others that say something about them."""
    context, weights = block.context, block.weights
    plays, new, repeated = Sums(context.by_set, pool), Sums(context.recordings, pool), Sums(context.repeated, pool)
    remixed = Sums(context.remixed, pool)
    some = Sums(context.present, pool)
    return {
        "same_plays": plays(block.own),
        "same_new": new(block.own),
        "same_rep": repeated(block.own),
        "remixed_same": remixed(block.own),
        "dj_weeks_new": new(weights["dj_weeks"]),
        "dj_weeks_rep": repeated(weights["dj_weeks"]),
        "dj_months_sets": some(weights["dj_months"]),
        "dj_months_rep": repeated(weights["dj_months"]),
        "dj_years_new": new(weights["dj_years"]),
        "dj_years_rep": repeated(weights["dj_years"]),
        "dj_ever_rep": repeated(weights["dj_ever"]),
        "dj_years_remixed": remixed(weights["dj_years"]),
        "company_any": some(weights["company"]),
        "company_rep": repeated(weights["close_company"]),
        "company_now_sets": some(weights["company_now"]),
        "community_new": new(weights["community"]),
        "community_rep": repeated(weights["community"]),
        "hot_sets": some(weights["hot"]),
        "hot_new": new(weights["hot"]),
        "warm_rep": repeated(weights["warm"]),
        "warm_sets": some(weights["warm"]),
    }


def _from_neighbours(block: Block, pool: Pool) -> dict[str, Floats]:
    """Who is played how near, and who goes with those played near."""
    context, shape = block.context, block.shape
    row, artist, distance, sets = block.near_artists
    columns: dict[str, Floats] = {}
    for reach in (1, 2, 5, 10):
        within = np.abs(distance) <= reach
        triples = np.unique(np.stack([row[within], artist[within], sets[within]], axis=1), axis=0)
        matrix = count(triples[:, 0], triples[:, 1], shape)
        columns[f"near_{reach}"] = _at(matrix, pool)
    columns["before"] = _at(count(row[distance == -1], artist[distance == -1], shape), pool)
    columns["after"] = _at(count(row[distance == 1], artist[distance == 1], shape), pool)
    nearest = np.zeros(shape, np.float32)
    np.maximum.at(nearest, (row, artist), (11 - np.abs(distance)).astype(np.float32))
    columns["nearest"] = nearest[pool.row, pool.artist]

    near_row, near_slot, near_distance = block.near
    remixers = context.slot_remixers[near_slot].tocoo()
    weight = (1 / np.abs(near_distance[remixers.row])).astype(np.float32)
    columns["near_remixer"] = _at(count(near_row[remixers.row], remixers.col, shape, weight), pool)

    close = block.closeness.multiply(block.closeness >= 1 / 3).tocsr().astype(np.float32)
    columns["credited_near"] = _at((close @ context.together).tocsr(), pool)
    columns["remixed_near"] = _at((close @ context.remix_links).tocsr(), pool)

    _, artists = context.vectors
    vectors = context.neighbour_vectors
    total = np.maximum(np.asarray(close.sum(1)).ravel(), 1e-9)[:, None]
    columns["fits_neighbours"] = _products(np.asarray(close @ artists) / total, artists, pool)
    columns["like_neighbours"] = _products(np.asarray(close @ vectors) / total, vectors, pool)
    wide = block.closeness
    width = np.maximum(np.asarray(wide.sum(1)).ravel(), 1e-9)[:, None]
    columns["like_surroundings"] = _products(np.asarray(wide @ vectors) / width, vectors, pool)

    columns["roster_near"] = block.roster(block.near_labels)[pool.row, pool.artist]
    dj_labels = spread(block.weights["dj_months"], context.set_labels)
    columns["roster_dj"] = block.roster(dj_labels)[pool.row, pool.artist]

    alike = Sums(context.unit_artists, pool)
    columns["profile_4"] = alike(block.profile**4)
    columns["profile_max"] = alike.best(block.profile)
    return columns


def _from_names(block: Block, pool: Pool) -> dict[str, Floats]:
    context = block.context
    return {
        "credited_dj": _pairs(block.djs, context.together, pool),
        "remixed_dj": _pairs(block.djs, context.remix_links, pool),
        "artist_dj_sets": column_sums(context.dj_names)[pool.artist],
    }


def _of_artist(block: Block, pool: Pool) -> dict[str, Floats]:
    context = block.context
    dated = (~np.isnan(block.days)).sum(1)
    mean = np.where(dated > 0, np.nansum(block.days, 1) / np.maximum(dated, 1), np.nan)
    first, last = context.dates
    sets, recordings, repeated = (column_sums(m) for m in (context.present, context.recordings, context.repeated))
    depth, _ = block.depth
    return {
        "artist_sets": sets[pool.artist],
        "artist_recordings": recordings[pool.artist],
        "artist_repeated": repeated[pool.artist],
        "artist_repeat_rate": (repeated / np.maximum(recordings, 1e-9))[pool.artist].astype(np.float32),
        "artist_remixes": column_sums(context.remixed)[pool.artist],
        "since_first": (mean[pool.row] - first[pool.artist]).astype(np.float32),
        "until_last": (last[pool.artist] - mean[pool.row]).astype(np.float32),
        "depth_apart": np.abs(depth[pool.row] - context.depth[pool.artist]).astype(np.float32),
    }


def _of_unknown(block: Block, pool: Pool) -> dict[str, Floats]:
    """The same for all candidates of an unknown: how much there is to go by."""
    context = block.context
    first = np.where(np.isfinite(block.first_day), block.first_day, np.nan)
    last = np.where(np.isnan(block.days), -np.inf, block.days).max(1)
    history = (block.member @ block.same_dj.sum(1)) / block.n_sets
    candidates = np.bincount(pool.row, minlength=len(block.units))
    near = np.bincount(block.near[0][np.abs(block.near[2]) <= 2], minlength=len(block.units))
    self_rate = (block.member @ context.self_rate[block.sets]) / block.n_sets
    per_unit = {
        "sets": block.n_sets,
        # Without a date the first day is no number, and so is the span.
        "span": last - first,
        "when": first,
        "djs": block.played_by.sum(1),
        "dj_history": history,
        "dj_self_rate": self_rate,
        "candidates": candidates,
        "near_known": near / block.n_sets,
    } | of_place(block)
    return {f"unknown_{name}": np.asarray(v, np.float32)[pool.row] for name, v in per_unit.items()}


def _compared(columns: dict[str, Floats], row: Ints, n_rows: int) -> dict[str, Floats]:
    """Values relative to the unknown's best, their ranks, and shares of the artist's plays and the unknown's sets."""
    size = np.bincount(row, minlength=n_rows)
    start = np.cumsum(size) - size
    out: dict[str, Floats] = {}
    for name in _COMPARED:
        best = greatest(columns[name], size)
        out[f"{name}_rel"] = (columns[name] / np.maximum(best[row], 1e-9)).astype(np.float32)
    for name in _RANKED:
        order = np.lexsort((-columns[name], row))
        rank = np.empty(len(row), np.float32)
        rank[order] = np.arange(len(row)) - start[row[order]]
        out[f"{name}_rank"] = rank
    for name in ("dj_months", "dj_years", "dj_ever", "dj_years_rep", "hot_new", "company", "community"):
        out[f"{name}_share"] = (columns[name] / np.maximum(columns["artist_sets"], 1)).astype(np.float32)
    return out


def _at(matrix: Sparse, pool: Pool) -> Floats:
    """Values of a sparse U × A matrix at the pairs."""
    values: Floats = np.asarray(matrix[pool.row, pool.artist], dtype=np.float32).ravel()
    return values


def _products(left: Floats, right: Floats, pool: Pool) -> Floats:
    products: Floats = np.einsum("ij,ij->i", left[pool.row], right[pool.artist]).astype(np.float32)
    return products


def _pairs(left: Floats, matrix: Sparse, pool: Pool) -> Floats:
    return _at((sp.csr_matrix(left) @ matrix).tocsr(), pool)
