"""Gradient-boosted trees as plain arrays: small on disk, safe to load, scored with NumPy alone.

Training is scikit-learn's histogram gradient boosting; what is kept of it is one row per tree node. A file of arrays
can be read from anywhere (`allow_pickle=False`), unlike a pickle, and does not depend on scikit-learn's version.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from enrich.errors import ModelError

_ARRAYS = ("first", "feature", "threshold", "missing_left", "left", "right", "value")
_CHUNK = 10_000

#: Leaves of one tree: one bit each.
_MOST_LEAVES = 64


@dataclass(frozen=True, kw_only=True)
class Trees:
    """All nodes of all trees in one row of arrays; `feature` is -1 at a leaf."""

    baseline: float
    first: NDArray[np.int32]
    """Index of each tree's root."""
    feature: NDArray[np.int16]
    threshold: NDArray[np.float32]
    missing_left: NDArray[np.bool_]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float32]
    """What a leaf adds to the score; at other nodes the mean of the leaves below."""

    def score(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Log-odds of each row of `values` (rows × features).

        Every split is one comparison of a whole column: it strikes out the leaves on its other side, and of those
        left the first is the row's (QuickScorer, Lucchese et al. 2015). No row walks a tree.
        """
        scores = np.full(len(values), self.baseline)
        for start in range(0, len(values), _CHUNK):
            columns = np.ascontiguousarray(values[start : start + _CHUNK].T)
            part = scores[start : start + _CHUNK]
            for splits, leaf_values in self._as_masks:
                left_over = np.full(columns.shape[1], np.iinfo(np.uint64).max, np.uint64)
                for feature, threshold, missing_left, struck in splits:
                    column = columns[feature]
                    # NaN compares false either way: the sense of the comparison sends it where the tree wants it.
                    right = column > threshold if missing_left else ~(column <= threshold)
                    left_over &= ~(right * struck)
                first = left_over & (~left_over + np.uint64(1))
                part += leaf_values[np.frexp(first.astype(np.float64))[1] - 1]
        return scores

    @cached_property
    def _as_masks(self) -> list[tuple[list[tuple[int, np.float32, bool, np.uint64]], NDArray[np.float32]]]:
        """By tree: its splits, each with the leaves to its left as bits, and the leaves' values from left to right."""
        trees = []
        for root in self.first:
            splits: list[tuple[int, np.float32, bool, np.uint64]] = []
            leaves: list[int] = []
            self._read(int(root), splits, leaves)
            trees.append((splits, self.value[leaves]))
        return trees

    def _read(self, node: int, splits: list[tuple[int, np.float32, bool, np.uint64]], leaves: list[int]) -> None:
        if self.feature[node] < 0:
            leaves.append(node)
            return
        before = len(leaves)
        self._read(int(self.left[node]), splits, leaves)
        struck = sum(1 << leaf for leaf in range(before, len(leaves)))
        splits.append((int(self.feature[node]), self.threshold[node], bool(self.missing_left[node]), np.uint64(struck)))
        self._read(int(self.right[node]), splits, leaves)

    def parts(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """What each feature adds to each row's score: rows × features; with the baseline they sum to the score.

        Along a row's path every split moves the mean of the leaves below; the move is its feature's part.
        """
        parts = np.zeros(values.shape)
        every = np.arange(len(values))
        for root in self.first:
            node = np.full(len(values), root)
            # The root's own mean belongs to no feature: it is spread with the first split.
            current = np.zeros(len(values))
            while True:
                feature = self.feature[node]
                going = feature >= 0
                if not going.any():
                    break
                after = np.where(going, self._next(values, node, every), node)
                np.add.at(parts, (every[going], feature[going]), self.value[after[going]] - current[going])
                current = np.where(going, self.value[after], current)
                node = after
        return parts

    def _next(self, rows: NDArray[np.float32], node: NDArray[np.intp], which: NDArray[np.intp]) -> NDArray[np.intp]:
        value = rows[which, np.maximum(self.feature[node], 0)]
        goes_left = np.where(np.isnan(value), self.missing_left[node], value <= self.threshold[node])
        after: NDArray[np.intp] = np.where(goes_left, self.left[node], self.right[node])
        return after

    def gain(self, names: tuple[str, ...], values: NDArray[np.float32]) -> dict[str, float]:
        """How much each feature moves scores on average over `values`, most first."""
        mean = np.abs(self.parts(values)).mean(0)
        return {names[i]: round(float(mean[i]), 5) for i in np.argsort(-mean, kind="stable")}

    def save(self, file: IO[bytes]) -> None:
        """Write as compressed arrays."""
        np.savez_compressed(file, baseline=np.float64(self.baseline), **{name: getattr(self, name) for name in _ARRAYS})

    @classmethod
    def load(cls, file: IO[bytes], *, origin: str) -> Trees:
        """Read what `save` wrote.

        Raises:
            ModelError: the file is not one of these, or its arrays do not fit together.
        """
        try:
            with np.load(file, allow_pickle=False) as arrays:
                trees = cls(baseline=float(arrays["baseline"]), **{name: arrays[name] for name in _ARRAYS})
        except (ValueError, KeyError, OSError, EOFError) as error:
            raise ModelError(f"{origin}: not a stored ranker ({error}); train one with `enrich train-ranker`") from None
        if not trees._fit_together():
            raise ModelError(f"{origin}: the stored trees do not fit together; train again with `enrich train-ranker`")
        return trees

    def _fit_together(self) -> bool:
        size = len(self.value)
        if any(len(getattr(self, name)) != size for name in _ARRAYS[1:]):
            return False
        if any(((a < 0) | (a >= size)).any() for a in (self.first, self.left, self.right)):
            return False
        inner = np.flatnonzero(self.feature >= 0)
        # Children lie behind their parent: no path can run in a circle.
        if not ((self.left[inner] > inner) & (self.right[inner] > inner)).all():
            return False
        if not (np.diff(np.append(self.first, size)) > 0).all():
            return False
        leaves = np.add.reduceat(self.feature < 0, self.first) if len(self.first) else np.zeros(0)
        return bool((leaves <= _MOST_LEAVES).all())

    @classmethod
    def of(cls, booster: Any) -> Trees:
        """Take the trees out of a fitted `HistGradientBoostingClassifier` of two classes."""
        parts: dict[str, list[NDArray[Any]]] = {name: [] for name in _ARRAYS}
        offset = 0
        for (tree,) in booster._predictors:
            nodes = tree.nodes
            leaf = nodes["is_leaf"].astype(bool)
            value = nodes["value"].astype(np.float64)
            count = nodes["count"].astype(np.float64)
            # Children stand behind their parents: one pass from the end gives every inner node its mean.
            for i in np.flatnonzero(~leaf)[::-1]:
                left, right = int(nodes["left"][i]), int(nodes["right"][i])
                value[i] = (value[left] * count[left] + value[right] * count[right]) / max(
                    count[left] + count[right], 1
                )
            threshold = nodes["num_threshold"].astype(np.float64)
            parts["first"].append(np.array([offset]))
            parts["feature"].append(np.where(leaf, -1, nodes["feature_idx"]))
            # A threshold between two float32 values must stay between them: round towards the left side.
            parts["threshold"].append(_down(threshold))
            parts["missing_left"].append(nodes["missing_go_to_left"].astype(bool))
            parts["left"].append(np.where(leaf, 0, nodes["left"].astype(np.int64) + offset))
            parts["right"].append(np.where(leaf, 0, nodes["right"].astype(np.int64) + offset))
            parts["value"].append(value)
            offset += len(nodes)
        types = {"feature": np.int16, "threshold": np.float32, "missing_left": np.bool_, "value": np.float32}
        return cls(
            baseline=float(np.ravel(booster._baseline_prediction)[0]),
            **{name: np.concatenate(arrays).astype(types.get(name, np.int32)) for name, arrays in parts.items()},
        )


def _down(threshold: NDArray[np.float64]) -> NDArray[np.float32]:
    rounded = threshold.astype(np.float32)
    return np.where(rounded > threshold, np.nextafter(rounded, np.float32(-np.inf)), rounded).astype(np.float32)
