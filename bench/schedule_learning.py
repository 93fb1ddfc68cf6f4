"""Learn from a release-lag curve when to look again, by attempt and age.

For each attempt and age the wait is chosen that is worth most: a release found is worth 1, less the later it is found;
a look-up costs `price`. The best waits follow by dynamic programming from the last retry back to the first. The price
decides how many look-ups are spent; `tuned` finds the one that spends as many as a given strategy does.
"""

from __future__ import annotations

import numpy as np

from enrich.cooldown.periods import LearnedSchedule
from enrich.cooldown.simulation import HORIZON_DAYS, ReleaseCurve, Tracks, simulate
from enrich.rules import MAX_ATTEMPTS, MAX_WAIT_DAYS

#: A release found so many days later is worth 1/e of one found now: the year counts.
VALUE_FADES_DAYS = 365.0
#: Waits considered, days.
_WAITS = np.arange(7, MAX_WAIT_DAYS + 1, dtype=np.float64)
_AGE_STEP_DAYS = 15
#: Ages at which a wait is worked out, days.
_AGES = np.arange(0, HORIZON_DAYS + 1, _AGE_STEP_DAYS, dtype=np.float64)


def learn(curve: ReleaseCurve, *, price: float) -> LearnedSchedule:
    """The best waits at a price.

    Args:
        curve: When promos are released.
        price: Of one look-up, in recoveries; > 0.
    """
    if price <= 0:
        raise ValueError(f"price must be > 0, got {price}")
    still = curve.unreleased_at(_AGES)
    then = np.minimum(_AGES[:, None] + _WAITS[None, :], HORIZON_DAYS)
    found = 1 - curve.unreleased_at(then) / still[:, None]
    fading = np.exp(-_WAITS / VALUE_FADES_DAYS)[None, :]
    later = np.zeros(len(_AGES))
    waits = []
    for _ in range(MAX_ATTEMPTS):
        # Where nothing more is to be found the longest wait is the least loss.
        worth = fading * (found - price + (1 - found) * np.interp(then, _AGES, later))
        best = worth.argmax(axis=1)
        waits.append(_WAITS[best].astype(int))
        later = worth[np.arange(len(_AGES)), best]
    # A track that failed once more never waits less: the curve is too rough to say otherwise.
    rising = np.maximum.accumulate(np.array(waits[::-1]), axis=0)
    return LearnedSchedule(
        age_step_days=_AGE_STEP_DAYS, waits=tuple(tuple(int(w) for w in row) for row in rising), price=price
    )


def tuned(curve: ReleaseCurve, tracks: Tracks, *, like: str, days: int = 365) -> LearnedSchedule:
    """The learned schedule that spends as many look-ups on these tracks as a strategy does, or just fewer.

    Args:
        curve: To learn from.
        tracks: To count look-ups on; not those it is judged by.
        like: The strategy.
        days: See `simulate`.
    """
    budget = int(simulate(tracks, strategies=(like,), days=days).summary["look_ups"].item())
    cheap, dear = 1e-4, 1.0
    best = learn(curve, price=dear)
    for _ in range(18):
        price = float(np.sqrt(cheap * dear))
        schedule = learn(curve, price=price)
        spent = simulate(tracks, strategies=(), schedules={"learned": schedule}, days=days).summary["look_ups"].item()
        if spent > budget:
            cheap = price
        else:
            best, dear = schedule, price
    return best
