"""Two listings of one set, row beside row: what stayed, was named, renamed, inserted, removed or moved. Pure.

Rows are matched by what they play, never by their number. The longest run of rows that play the same in the same order
holds the two together; what stands between two of its rows is paired by place where both listings have as many rows
there, else only where an artist or the count of what is left says so.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import polars as pl
from rapidfuzz import fuzz
from rapidfuzz.process import cdist

from enrich.cooccurrence.slots import credited_slots
from enrich.errors import EnrichError
from enrich.text.credits import learn_names
from enrich.text.normalise import fold
from enrich.text.versions import base_key
from enrich.text.words import is_unknown_artist, is_unknown_title

#: From this share of equal letters on, artist and title of two rows are one recording, spelled differently.
ALIKE = 0.85
#: The same of their words in any order, where the rows stand at the same place.
SAME_WORDS = 0.80

#: One row per row of either listing. `old_row` is null for an inserted row, `new_row` for a removed one. `relation`:
#: same, respelled, named (an unknown that has a name now), unnamed, renamed, inserted, removed, moved. `certain` is
#: true where the rows around leave no other place.
ALIGNED = pl.Schema(
    {"pair": pl.String, "old_row": pl.Int64, "new_row": pl.Int64, "relation": pl.String, "certain": pl.Boolean}
)

_NEEDED = ("pair", "position", "artist", "title")


def align(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Align the listings of many sets at once.

    Args:
        old: pair, position, artist, title; one listing per `pair`.
        new: The same columns; the other listing.

    Returns:
        ALIGNED, by pair and in the order of the new listing, removed rows where they stood; `old_row` and `new_row`
        count the rows of the two frames as given. A pair that only one frame has is left out.

    Raises:
        EnrichError: a column is missing.
    """
    listings = pl.concat([_names(old, "old"), _names(new, "new")]).rows_by_key(["pair", "side"], include_key=False)
    found: list[tuple[object, ...]] = []
    for pair in dict.fromkeys(pair for pair, _ in listings):
        both = [listings[pair, side] for side in ("old", "new") if (pair, side) in listings]
        if len(both) == 2:
            # No row is the row None.
            rows = [{None: None, **{n: row for n, (row, *_) in enumerate(side)}} for side in both]
            compared = (tuple((whole, base, tuple(names)) for _, whole, base, names in side) for side in both)
            found += [
                (pair, rows[0][i], rows[1][j], relation, certain) for i, j, relation, certain in _aligned(*compared)
            ]
    return pl.DataFrame(found, schema=ALIGNED, orient="row")


def _names(listing: pl.DataFrame, side: str) -> pl.DataFrame:
    """pair, side, row, whole, base, artists: the rows in order of position, as alignment compares them.

    `whole` is null for a row without a full name, `artists` empty for one without an artist.
    """
    missing = [name for name in _NEEDED if name not in listing.columns]
    if missing:
        raise EnrichError(f"listing: column {', '.join(missing)} is missing; expected {', '.join(_NEEDED)}")
    said = ["artist", "title"]
    # The same row stands beside every listing its set is held against: it is read once.
    rows = listing.select(said).unique(maintain_order=True).with_row_index("slot").cast({"slot": pl.Int64})
    rows = rows.with_columns(is_unknown=is_unknown_artist(pl.col("artist")), no_title=is_unknown_title(pl.col("title")))
    credited = credited_slots(rows, learn_names(listing["artist"]))
    keys = credited.group_by("slot").agg(artists=pl.col("key").unique().sort())
    full = ~pl.col("is_unknown") & ~pl.col("no_title")
    read = rows.join(keys, on="slot", how="left").select(
        *said,
        pl.col("artists").fill_null(pl.lit([], pl.List(pl.String))),
        whole=pl.when(full).then(pl.concat_str(fold(pl.col("artist")), pl.lit(" "), fold(pl.col("title")))),
        base=pl.when(full).then(
            pl.concat_str(pl.col("artists").list.first(), pl.lit(" · "), base_key(pl.col("title")))
        ),
    )
    return (
        listing.select(pl.col("pair").cast(pl.String), "position", *said, side=pl.lit(side))
        .with_columns(row=pl.int_range(pl.len()))
        .join(read, on=said, how="left", nulls_equal=True)
        .sort("pair", "position", "row")
        .select("pair", "side", "row", "whole", "base", "artists")
    )


#: What is compared of a row: whole, base, artists.
_Compared = tuple[str | None, str | None, tuple[str, ...]]


class _Listing:
    """The rows of one listing as lists: what is compared, and how much of it is known."""

    def __init__(self, rows: Sequence[_Compared]) -> None:
        self.whole = [whole for whole, _, _ in rows]
        self.base = [base for _, base, _ in rows]
        self.numbers = [set(re.findall(r"\d+", whole or "")) for whole in self.whole]
        self.artists = [set(names) for _, _, names in rows]

    def __len__(self) -> int:
        return len(self.whole)


# Round after round of a run meets the same listings.
@lru_cache(maxsize=4096)
def _aligned(
    listed: tuple[_Compared, ...], again: tuple[_Compared, ...]
) -> list[tuple[int | None, int | None, str, bool]]:
    old, new = _Listing(listed), _Listing(again)
    alike = _likeness(old, new)
    anchors = _longest_run(alike)
    kept = {i for i, _ in anchors}, {j for _, j in anchors}
    moved = _moved(alike, *kept)
    gone = {i for i, _ in moved}, {j for _, j in moved}
    rows: dict[tuple[float, float], tuple[int | None, int | None, str, bool]] = {}
    for i, j in anchors:
        rows[j, 0] = (i, j, "same" if old.whole[i] == new.whole[j] else "respelled", True)
    for i, j in moved:
        rows[j, 0] = (i, j, "moved", True)
    bounds = [(-1, -1), *anchors, (len(old), len(new))]
    for (i0, j0), (i1, j1) in pairwise(bounds):
        left = [i for i in range(i0 + 1, i1) if i not in gone[0]]
        right = [j for j in range(j0 + 1, j1) if j not in gone[1]]
        open_end = i1 == len(old) and j1 == len(new)
        for i, j, certain in _between(old, new, left, right, open_end=open_end, anchored=bool(anchors)):
            rows[j, 0] = (i, j, _relation(old, new, i, j), certain)
        paired = {entry[0] for entry in rows.values()}, {entry[1] for entry in rows.values()}
        for j in right:
            if j not in paired[1]:
                rows[j, 0] = (None, j, "inserted", True)
        for n, i in enumerate(k for k in left if k not in paired[0]):
            rows[j1 - 0.5, n] = (i, None, "removed", True)
    return [rows[place] for place in sorted(rows)]


def _likeness(old: _Listing, new: _Listing) -> np.ndarray:
    """Bool, rows of old × rows of new: both name a recording, and it is the same one."""
    score = cdist(
        [whole or "" for whole in old.whole],
        [whole or "" for whole in new.whole],
        scorer=fuzz.ratio,
        score_cutoff=100 * ALIKE,
        workers=1,
    )
    known = np.array([w is not None for w in old.whole])[:, None] & np.array([w is not None for w in new.whole])
    codes = {base: n for n, base in enumerate({*old.base, *new.base} - {None})}
    left = np.array([codes.get(base or "", -1) for base in old.base])
    right = np.array([codes.get(base or "", -2) for base in new.base])
    # `Part 1` is spelled almost as `Part 2`.
    numbers = np.array([[_numbered_alike(a, b) for b in new.numbers] for a in old.numbers], dtype=bool)
    spelled = (score > 0) & numbers.reshape(score.shape)
    return np.asarray((spelled | (left[:, None] == right)) & known)


def _longest_run(alike: np.ndarray) -> list[tuple[int, int]]:
    """The most rows that can be matched without crossing, as pairs of row numbers in order."""
    tails: list[int] = []
    chains: list[int] = []
    points = [(int(i), int(j)) for i in range(len(alike)) for j in np.flatnonzero(alike[i])[::-1]]
    before: list[int] = []
    for n, (_, j) in enumerate(points):
        place = bisect_left(tails, j)
        before.append(chains[place - 1] if place else -1)
        tails[place : place + 1] = [j]
        chains[place : place + 1] = [n]
    run: list[tuple[int, int]] = []
    last = chains[-1] if chains else -1
    while last >= 0:
        run.append(points[last])
        last = before[last]
    return run[::-1]


def _moved(alike: np.ndarray, old_kept: set[int], new_kept: set[int]) -> list[tuple[int, int]]:
    """Rows that play the same at another place, each once."""
    found: list[tuple[int, int]] = []
    taken: set[int] = set(new_kept)
    for i in range(len(alike)):
        other = next((int(j) for j in np.flatnonzero(alike[i]) if int(j) not in taken), None)
        if i not in old_kept and other is not None:
            found.append((i, other))
            taken.add(other)
    return found


def _between(
    old: _Listing, new: _Listing, left: Sequence[int], right: Sequence[int], *, open_end: bool, anchored: bool
) -> list[tuple[int, int, bool]]:
    """Pairs of the rows between two anchors: by place where there are as many, else by artist and by what is left."""
    if len(left) == len(right):
        # Without any row that agrees, equal length alone says nothing.
        return [(i, j, anchored) for i, j in zip(left, right, strict=True) if _may_be(old, new, i, j)]
    pairs: list[tuple[int, int, bool]] = []
    next_j = 0
    for i in left:
        match = next((n for n in range(next_j, len(right)) if old.artists[i] & new.artists[right[n]]), None)
        if match is not None:
            pairs.append((i, right[match], False))
            next_j = match + 1
    free_left = [i for i in left if i not in {p[0] for p in pairs}]
    free_right = [j for j in right if j not in {p[1] for p in pairs}]
    blank_left = [i for i in free_left if old.whole[i] is None]
    blank_right = [j for j in free_right if new.whole[j] is None]
    # A listing that ends early: what follows its last rows is the other's to tell.
    cut = (open_end and anchored and len(left) < len(right), open_end and anchored and len(right) < len(left))
    rest: list[tuple[int, int]] = []
    if blank_left and (len(blank_left) == len(free_right) or cut[0]):
        rest = list(zip(blank_left, free_right, strict=False))
    elif blank_right and (len(blank_right) == len(free_left) or cut[1]):
        rest = list(zip(free_left, blank_right, strict=False))
    pairs += [(i, j, False) for i, j in rest if _may_be(old, new, i, j)]
    return pairs


def _may_be(old: _Listing, new: _Listing, i: int, j: int) -> bool:
    """Whether nothing known of the two rows speaks against their being one."""
    one_is_blank = old.whole[i] is None or new.whole[j] is None
    either = not old.artists[i] or not new.artists[j]
    return not one_is_blank or either or any(_one_name(a, b) for a in old.artists[i] for b in new.artists[j])


def _numbered_alike(one: set[str], other: set[str]) -> bool:
    """False where each name has a number which the other lacks."""
    return not (one - other and other - one)


def _one_name(one: str, other: str) -> bool:
    """Equal, or one is the other cut off."""
    return one.startswith(other) or other.startswith(one)


def _relation(old: _Listing, new: _Listing, i: int, j: int) -> str:
    was, now = old.whole[i] is not None, new.whole[j] is not None
    if was and now:
        # At the same place the same words in another order, or some of them, are the same recording.
        words = fuzz.token_set_ratio(old.whole[i] or "", new.whole[j] or "")
        alike = words >= 100 * SAME_WORDS and _numbered_alike(old.numbers[i], new.numbers[j])
        return "respelled" if alike else "renamed"
    if now:
        return "named"
    if was:
        return "unnamed"
    return "same" if old.artists[i] == new.artists[j] else "named" if new.artists[j] else "unnamed"
