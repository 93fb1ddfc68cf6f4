"""How long a failed track waits before it is tried again. Pure; the one implementation of the periods.

    fixed        base (90 days), always the same
    exponential  30 × 2^attempt: 30, 60, 120, 240
    adaptive     base, or 60 with a label, or 45 while younger than 30 days (the smallest that applies),
                 times 1 + 0.5 × attempt
    learned      by attempt and age, from how long promos take to be released: a table of figures fitted on public
                 tracklists (`python -m bench.cooldown --ship` fits it anew)

No period exceeds `max_days`; fractions of a day are dropped. `attempt` is the `retry_count` at the time of failing.
`period_days` runs the expression on a single row, so queue, simulation and notebooks cannot disagree.
"""

import hashlib
from dataclasses import dataclass
from functools import cache

import polars as pl

from enrich import rules
from enrich.resources import resource

#: The three strategies of the specification, and the one learned from release lags.
STRATEGIES = ("fixed", "exponential", "adaptive", "learned")


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedSchedule:
    """Waits in days: one row per attempt, the last row for all later ones; column i from age i × `age_step_days` on."""

    age_step_days: int
    waits: tuple[tuple[int, ...], ...]
    price: float  # what a look-up was taken to cost, in recoveries

    def __call__(self, *, attempt: pl.Expr, has_label: pl.Expr, age_days: pl.Expr) -> pl.Expr:
        """Days to wait; see `period_expr`. A label changes nothing; an unknown age is old."""
        ages = len(self.waits[0])
        column = (age_days.cast(pl.Float64).fill_null(float("inf")) / self.age_step_days).clip(0, ages - 1)
        row = attempt.fill_null(0).clip(0, len(self.waits) - 1).cast(pl.Int64)
        flat = pl.Series([wait for of_attempt in self.waits for wait in of_attempt], dtype=pl.Int32)
        return pl.lit(flat).gather(row * ages + column.floor().cast(pl.Int64))


@cache
def learned_schedule() -> LearnedSchedule:
    """The schedule the package ships."""
    fields = resource("cooldown/learned_schedule.json")
    return LearnedSchedule(**fields | {"waits": tuple(map(tuple, fields["waits"]))})


def period_expr(
    strategy: str,
    *,
    attempt: pl.Expr,
    has_label: pl.Expr,
    age_days: pl.Expr,
    base_days: int = rules.BASE_DAYS,
    max_days: int = rules.MAX_WAIT_DAYS,
) -> pl.Expr:
    """Days to wait, Int32 from 1 to max_days, for whole columns.

    Args:
        strategy: One of `STRATEGIES`.
        attempt: Retries already begun; null counts as 0.
        has_label: Whether a label is known; null counts as no.
        age_days: Days since the track was first played or, unplayed, first seen; null counts as old.
        base_days: The period of `fixed` and the start of `adaptive`; the others have their own; >= 1.
        max_days: The longest period; >= 1.

    Raises:
        ValueError: an unknown strategy, or base_days or max_days below 1.
    """
    if base_days < 1 or max_days < 1:
        raise ValueError(f"base_days and max_days must be >= 1, got {base_days} and {max_days}")
    tries = attempt.fill_null(0).clip(0).cast(pl.Float64)
    if strategy == "fixed":
        days = pl.lit(float(base_days))
    elif strategy == "exponential":
        # 2^12 exceeds any cap; the bound keeps the power finite.
        days = rules.EXPONENTIAL_START_DAYS * pl.lit(2.0).pow(tries.clip(0, 12))
    elif strategy == "adaptive":
        young = age_days.is_not_null() & (age_days < rules.YOUNG_AGE_DAYS)
        start = pl.min_horizontal(
            pl.lit(float(base_days)),
            pl.when(has_label.fill_null(value=False)).then(float(rules.WITH_LABEL_DAYS)),
            pl.when(young).then(float(rules.YOUNG_DAYS)),
        )
        days = start * (1 + rules.ADAPTIVE_STEP * tries)
    elif strategy == "learned":
        days = learned_schedule()(attempt=tries, has_label=has_label, age_days=age_days).cast(pl.Float64)
    else:
        raise ValueError(f"unknown cool-down strategy {strategy!r}; known are {', '.join(STRATEGIES)}")
    return days.floor().clip(1, max_days).cast(pl.Int32)


def period_days(
    strategy: str,
    *,
    attempt: int,
    has_label: bool,
    age_days: float | None,
    base_days: int = rules.BASE_DAYS,
    max_days: int = rules.MAX_WAIT_DAYS,
) -> int:
    """Days one track waits; see `period_expr`.

    Raises ValueError: an unknown strategy, a negative attempt, or base_days or max_days below 1.
    """
    if attempt < 0:
        raise ValueError(f"attempt must be >= 0, got {attempt}")
    told = {"attempt": pl.lit(attempt), "has_label": pl.lit(has_label), "age_days": pl.lit(age_days, pl.Float64)}
    return int(pl.select(period_expr(strategy, **told, base_days=base_days, max_days=max_days)).item())


def jitter_share(track_id: str) -> float:
    """A fixed number in [-1, 1) for a track: the same id always waits the same, a batch spreads evenly."""
    return int.from_bytes(hashlib.blake2b(track_id.encode(), digest_size=8).digest()) / 2**63 - 1
