"""Two listings of one set, row beside row: what stayed, was named, renamed, inserted, removed or moved. Pure.

Rows are matched by what they play, never by their number alone. The longest run of rows that play the same in the same
order holds the two together; what stands between two of its rows is paired by place where both listings have as many
rows there, else by when it is played or by the gap in its numbers, by an artist, a title, or the count of what is left.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from statistics import median
from typing import Any

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
#: Seconds by which the cues of one row may differ in two listings, the listings' own shift taken off.
SAME_CUE_S = 20
#: An unknown without a place of its own is said to be one of so many rows at most.
MOST_PLACES = 3

#: One row per row of either listing. `old_row` is null for an inserted row, `new_row` for a removed one. `relation`:
#: same, respelled, named (an unknown that has a name now), unnamed, renamed, inserted, removed, moved. `certain` is
#: true where the rows around leave no other place. Beside these, `perhaps`: an unknown, removed or inserted, and one of
#: the `among` rows of the other listing that it may be.
ALIGNED = pl.Schema(
    {"pair": pl.String, "old_row": pl.Int64, "new_row": pl.Int64, "relation": pl.String, "certain": pl.Boolean}
    | {"among": pl.Int32}
)

_NEEDED = ("pair", "position", "artist", "title")


def align(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Align the listings of many sets at once.

    Args:
        old, new: pair, position, artist, title and, where known, cue (seconds); each one listing per `pair`.

    Returns:
        ALIGNED, by pair and in the order of the new listing, removed rows where they stood; `old_row` and `new_row`
        count the rows of the two frames as given. A pair that only one frame has is left out.

    Raises EnrichError: a column is missing.
    """
    listings = pl.concat([_names(old, "old"), _names(new, "new")]).rows_by_key(["pair", "side"], include_key=False)
    found: list[tuple[object, ...]] = []
    for pair in dict.fromkeys(pair for pair, _ in listings):
        both = [listings[pair, side] for side in ("old", "new") if (pair, side) in listings]
        if len(both) == 2:
            # No row is the row None.
            rows = [{None: None, **{n: row for n, (row, *_) in enumerate(side)}} for side in both]
            found += [(pair, rows[0][i], rows[1][j], *said) for i, j, *said in _aligned(*map(_Listing, both))]
    return pl.DataFrame(found, schema=ALIGNED, orient="row")


def _names(listing: pl.DataFrame, side: str) -> pl.DataFrame:
    """The rows in order of position, as alignment compares them; what a row does not name is null or empty."""
    missing = [name for name in _NEEDED if name not in listing.columns]
    if missing:
        raise EnrichError(f"listing: column {', '.join(missing)} is missing; expected {', '.join(_NEEDED)}")
    cue = pl.col.cue if "cue" in listing.columns else pl.lit(None)
    said = ["artist", "title"]
    # The same row stands beside every listing its set is held against: it is read once.
    rows = listing.select(said).unique(maintain_order=True).with_row_index("slot").cast({"slot": pl.Int64})
    rows = rows.with_columns(is_unknown=is_unknown_artist(pl.col.artist), no_title=is_unknown_title(pl.col.title))
    credited = credited_slots(rows, learn_names(listing["artist"]))
    keys = credited.group_by("slot").agg(artists=pl.col.key.unique().sort())
    full, words = ~pl.col.is_unknown & ~pl.col.no_title, base_key(pl.col.title)
    read = rows.join(keys, on="slot", how="left").select(
        *said,
        pl.col.artists.fill_null(pl.lit([], pl.List(pl.String))),
        whole=pl.when(full).then(pl.concat_str(fold(pl.col.artist), pl.lit(" "), fold(pl.col.title))),
        base=pl.when(full).then(pl.concat_str(pl.col.artists.list.first(), pl.lit(" · "), words)),
        words=pl.when(~pl.col.no_title).then(words),
    )
    return (
        listing.select(pl.col.pair.cast(pl.String), "position", *said, cue.cast(pl.Float64).alias("cue"))
        .with_columns(row=pl.int_range(pl.len()), side=pl.lit(side))
        .join(read, on=said, how="left", nulls_equal=True)
        .sort("pair", "position", "row")
        .select("pair", "side", "row", "whole", "base", "words", "position", "cue", "artists")
    )


class _Listing:
    """The rows of one listing as lists: what is compared, and how much of it is known."""

    def __init__(self, rows: Sequence[tuple[Any, ...]]) -> None:
        _, self.whole, self.base, self.words, self.position, self.cue, names = map(list, zip(*rows, strict=True))
        self.numbers = [set(re.findall(r"\d+", whole or "")) for whole in self.whole]
        self.artists = [set(keys) for keys in names]

    def __len__(self) -> int:
        return len(self.whole)


#: Row of the old listing, row of the new one, relation, certain, among; and rows that are one, certain, among.
_Row = tuple[int | None, int | None, str, bool, int | None]
_Pair = tuple[int, int, bool, int | None]


def _aligned(old: _Listing, new: _Listing) -> list[_Row]:
    alike = _likeness(old, new)
    anchors = _longest_run(alike)
    moved = _moved(alike, {i for i, _ in anchors}, {j for _, j in anchors})
    gone = {i for i, _ in moved}, {j for _, j in moved}
    rows: dict[tuple[float, ...], _Row] = {}
    for i, j in anchors:
        rows[j, 0] = (i, j, "same" if old.whole[i] == new.whole[j] else "respelled", True, None)
    for i, j in moved:
        rows[j, 0] = (i, j, "moved", True, None)
    shifts = [new.cue[j] - old.cue[i] for i, j in anchors if old.cue[i] is not None and new.cue[j] is not None]
    between = _Between(old, new, sure=bool(anchors), shift=median(shifts or [0]))
    for before, after in pairwise([(-1, -1), *anchors, (len(old), len(new))]):
        left = [i for i in range(before[0] + 1, after[0]) if i not in gone[0]]
        right = [j for j in range(before[1] + 1, after[1]) if j not in gone[1]]
        paired: set[int] = set()
        for i, j, certain, among in between.pairs(left, right, before, after):
            if among is None:
                rows[j, 0] = (i, j, _relation(old, new, i, j), certain, None)
                paired.add(i)
            else:
                rows[j, 1, i] = (i, j, "perhaps", certain, among)
        for j in right:
            rows.setdefault((j, 0), (None, j, "inserted", True, None))
        for n, i in enumerate(k for k in left if k not in paired):
            rows[after[1] - 0.5, n] = (i, None, "removed", True, None)
    return [rows[place] for place in sorted(rows)]


def _likeness(old: _Listing, new: _Listing) -> np.ndarray:
    """Bool, rows of old × rows of new: both name a recording, and it is the same one."""
    wholes = [[whole or "" for whole in side.whole] for side in (old, new)]
    score = cdist(*wholes, scorer=fuzz.ratio, score_cutoff=100 * ALIKE, workers=1)
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
    found, taken = list[tuple[int, int]](), {*new_kept}
    for i in range(len(alike)):
        other = next((int(j) for j in np.flatnonzero(alike[i]) if int(j) not in taken), None)
        if i not in old_kept and other is not None:
            found.append((i, other))
            taken.add(other)
    return found


class _Between:
    """Pairs the rows between two anchors. `sure`: some row of the two listings agrees; without any, equal length says
    nothing. `shift`: seconds by which the new listing's cues are later."""

    def __init__(self, old: _Listing, new: _Listing, *, sure: bool, shift: float) -> None:
        self.old, self.new, self.sure, self.shift = old, new, sure, shift

    def pairs(
        self, left: Sequence[int], right: Sequence[int], before: tuple[int, int], after: tuple[int, int],
        *, certain: bool = True,
    ) -> Iterator[_Pair]:  # fmt: skip
        """By place where there are as many; else by what tells the place of some, and again on either side of these."""
        if len(left) == len(right):
            for i, j in zip(left, right, strict=True):
                if self._may_be(i, j):
                    yield i, j, certain and self.sure, None
            return
        told = self._by_cue(left, right) or self._by_gap(left, right, before, after)
        certain = certain and bool(told)
        told = told or self._by_name(left, right)
        if not told:
            yield from self._by_count(left, right, at_end=after == (len(self.old), len(self.new)))
            return
        yield from ((i, j, certain, None) for i, j in told)
        for (i0, j0), (i1, j1) in pairwise([before, *told, after]):
            inner = [i for i in left if i0 < i < i1], [j for j in right if j0 < j < j1]
            yield from self.pairs(*inner, (i0, j0), (i1, j1), certain=certain)

    def _by_cue(self, left: Sequence[int], right: Sequence[int]) -> list[tuple[int, int]]:
        """Rows that begin at the same second, where no other row does."""
        old, new = self.old.cue, self.new.cue
        near = [
            (i, j) for i in left for j in right
            if old[i] is not None and new[j] is not None and abs(old[i] + self.shift - new[j]) <= SAME_CUE_S
        ]  # fmt: skip
        return self._fitting([(i, j) for i, j in near if sum(a == i or b == j for a, b in near) == 1])

    def _by_gap(
        self, left: Sequence[int], right: Sequence[int], before: tuple[int, int], after: tuple[int, int]
    ) -> list[tuple[int, int]]:
        """Rows of the same number, where the numbers leave out the rows that one listing lacks, and both agree on
        either side."""
        old, new = ([0, *side.position] for side in (self.old, self.new))
        shift = new[before[1] + 1] - old[before[0] + 1]
        is_open = after == (len(self.old), len(self.new))
        if not is_open and new[after[1] + 1] - old[after[0] + 1] != shift:
            return []
        few, numbers = (left, old) if len(left) < len(right) else (right, new)
        start = before[0] if few is left else before[1]
        if not few or (is_open and numbers[few[-1] + 1] - numbers[start + 1] == few[-1] - start):
            return []
        at = {new[j + 1]: j for j in right}
        return self._fitting([(i, at[old[i + 1] + shift]) for i in left if old[i + 1] + shift in at])

    def _by_name(self, left: Sequence[int], right: Sequence[int]) -> list[tuple[int, int]]:
        """Rows of one artist, or of one title where either lacks its artist; first come, first served."""
        old, new = self.old, self.new
        found: list[tuple[int, int]] = []
        rest = list(right)
        for i in left:
            for n, j in enumerate(rest):
                one_title = old.words[i] and old.words[i] == new.words[j] and not (old.artists[i] and new.artists[j])
                if old.artists[i] & new.artists[j] or (one_title and self._may_be(i, j)):
                    found.append((i, j))
                    rest = rest[n + 1 :]
                    break
        return found

    def _by_count(self, left: Sequence[int], right: Sequence[int], *, at_end: bool) -> Iterator[_Pair]:
        """Unknowns, and as many rows as are left for them; else those that each may be, in order."""
        blank_left = [i for i in left if self.old.whole[i] is None]
        blank_right = [j for j in right if self.new.whole[j] is None]
        more = len(right) - len(left)
        # A listing that ends early: what follows its last rows is the other's to tell.
        cut = at_end and self.sure and abs(more) >= MOST_PLACES
        rest: list[tuple[int, int]] = []
        if blank_left and (len(blank_left) == len(right) or (cut and more > 0)):
            rest = list(zip(blank_left, right, strict=False))
        elif blank_right and (len(blank_right) == len(left) or (cut and more < 0)):
            rest = list(zip(left, blank_right, strict=False))
        if rest:
            yield from ((i, j, False, None) for i, j in rest if self._may_be(i, j))
            return
        may_be = [
            (i, j) for n, i in enumerate(left) for m, j in enumerate(right)
            if min(0, more) <= m - n <= max(0, more) and self._may_be(i, j)
        ]  # fmt: skip
        for i, j in may_be if self.sure else ():
            was_blank, is_blank = self.old.whole[i] is None, self.new.whole[j] is None
            among = max(sum(a == i for a, _ in may_be), sum(b == j for _, b in may_be))
            if was_blank != is_blank and among <= MOST_PLACES:
                yield i, j, False, among if among > 1 else None

    def _fitting(self, pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """The pairs, if nothing speaks against any of them and they do not cross."""
        in_order = all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(pairs))
        return pairs if in_order and all(self._may_be(i, j) for i, j in pairs) else []

    def _may_be(self, i: int, j: int) -> bool:
        """Whether nothing known of the two rows speaks against their being one."""
        old, new = self.old, self.new
        if old.whole[i] is not None and new.whole[j] is not None:
            return True
        either = not old.artists[i] or not new.artists[j]
        if either and old.words[i] and new.words[j]:
            # `? - Harbour` is no `Glass`, though it may be `Harbour Lights`.
            return fuzz.token_set_ratio(old.words[i], new.words[j]) >= 100 * SAME_WORDS
        # Equal, or one is the other cut off.
        return either or any(a.startswith(b) or b.startswith(a) for a, b in product(old.artists[i], new.artists[j]))


def _numbered_alike(one: set[str], other: set[str]) -> bool:
    """False where each name has a number which the other lacks."""
    return not (one - other and other - one)


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
