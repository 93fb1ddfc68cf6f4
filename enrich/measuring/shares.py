"""Shares that were counted, how sure they are, and how one count is drawn to another. Arithmetic on columns.

`drawn` shrinks a count to what was measured elsewhere, by at most `MOST` cases and by few where the two contradict each
other. Bounds are exact (Clopper and Pearson), so that 20 right of 20 say 0.86 at 95 %.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

from enrich.rules import BOUND_LEVEL

#: A measurement from elsewhere counts as so many cases at most, and as so few where the snapshot contradicts it.
MOST, LEAST = 200.0, 10.0

Doubles = NDArray[np.float64]


def drawn(
    right: ArrayLike, n: ArrayLike, *, to: ArrayLike, weight: ArrayLike, most: float = MOST
) -> tuple[Doubles, Doubles]:
    """A counted share drawn to another.

    Args:
        right, n: What was counted.
        to: The share measured elsewhere; 0–1.
        weight: In how many cases.
        most: It counts as so many at most.

    Returns:
        The share, and in how many cases it was measured with those lent.
    """
    right, n = np.asarray(right, float), np.asarray(n, float)
    to, weight = np.asarray(to, float), np.minimum(np.asarray(weight, float), most)
    apart = (right - n * to) / np.sqrt(n * to * (1 - to) + 0.25)
    lent = np.maximum(weight * np.exp(-(apart**2) / 2), np.minimum(weight, LEAST))
    cases = n + lent
    share: Doubles = np.divide(right + lent * to, cases, out=np.full(np.shape(cases), np.nan), where=cases > 0)
    return share, cases


def lower_bound(share: ArrayLike, n: ArrayLike, *, level: float = BOUND_LEVEL) -> Doubles:
    """What a share measured in n cases is at least, one-sided; 0 of no cases."""
    share, n = np.asarray(share, float), np.asarray(n, float)
    low = betaincinv(np.maximum(share * n, 1e-9), (1 - share) * n + 1, 1 - level)
    return np.where(n > 0, low, 0.0)


def interval(share: ArrayLike, n: ArrayLike) -> tuple[Doubles, Doubles]:
    """The two-sided interval of a share measured in n cases, at the same level."""
    level = (1 + BOUND_LEVEL) / 2
    return lower_bound(share, n, level=level), 1 - lower_bound(1 - np.asarray(share, float), n, level=level)


def moved(confidence: ArrayLike, by: ArrayLike) -> Doubles:
    """A confidence whose odds are multiplied by exp(`by`): all of a source move together, none overtakes another."""
    p = np.clip(np.asarray(confidence, float), 1e-6, 1 - 1e-6)
    result: Doubles = 1 / (1 + (1 - p) / p * np.exp(-np.asarray(by, float)))
    return result


def odds(share: ArrayLike) -> Doubles:
    """The logarithm of the odds of a share."""
    p = np.clip(np.asarray(share, float), 1e-6, 1 - 1e-6)
    result: Doubles = np.log(p / (1 - p))
    return result
