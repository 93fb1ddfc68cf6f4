"""The learned schedule: days to wait by attempt and age, a table of figures fitted on public tracklists.

Reads only that table; `python -m bench.cooldown --ship` fits it anew.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedSchedule:
    """Waits in days: one row per attempt, the last row for all later ones; column i from age i × `age_step_days` on."""

    age_step_days: int
    waits: tuple[tuple[int, ...], ...]
    price: float
    """What a look-up was taken to cost, in recoveries."""

    def __call__(self, *, attempt: pl.Expr, has_label: pl.Expr, age_days: pl.Expr) -> pl.Expr:
        """Days to wait; see `enrich.cooldown.periods.period_expr`. A label changes nothing; an unknown age is old."""
        del has_label
        ages = len(self.waits[0])
        column = (age_days.cast(pl.Float64).fill_null(float("inf")) / self.age_step_days).clip(0, ages - 1)
        row = attempt.fill_null(0).clip(0, len(self.waits) - 1).cast(pl.Int64)
        flat = pl.Series([wait for of_attempt in self.waits for wait in of_attempt], dtype=pl.Int32)
        return pl.lit(flat).gather(row * ages + column.floor().cast(pl.Int64))


@cache
def default_schedule() -> LearnedSchedule:
    """The schedule the package ships: what the strategy `learned` is."""
    fields = json.loads(files("enrich.cooldown").joinpath("learned_schedule.json").read_text(encoding="utf-8"))
    return LearnedSchedule(**fields | {"waits": tuple(map(tuple, fields["waits"]))})
