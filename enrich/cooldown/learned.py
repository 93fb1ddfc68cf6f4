"""The learned schedule: days to wait by attempt and age, a table of figures fitted elsewhere (`learning`).

The package ships one, fitted on public tracklists; see there for what it was fitted to. Reads only that file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

from enrich.errors import InputFileError

_SHIPPED = "learned_schedule.json"


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
    return _parsed(files("enrich.cooldown").joinpath(_SHIPPED).read_text(encoding="utf-8"), origin=_SHIPPED)


def read_schedule(path: Path) -> LearnedSchedule:
    """Read a schedule kept by `write_schedule`.

    Raises:
        InputFileError: the file is missing or holds something else.
    """
    try:
        return _parsed(path.read_text(encoding="utf-8"), origin=str(path))
    except OSError as error:
        raise InputFileError(f"{path}: cannot be read ({error.strerror}); make it with `write_schedule`") from error


def write_schedule(schedule: LearnedSchedule, path: Path) -> None:
    """Keep a schedule as JSON, one attempt a line."""
    document = json.dumps(asdict(schedule), separators=(",", ":"))
    path.write_text(document.replace("],", "],\n") + "\n", encoding="utf-8")


def _parsed(text: str, *, origin: str) -> LearnedSchedule:
    try:
        fields: Mapping[str, Any] = json.loads(text)
        return LearnedSchedule(
            age_step_days=int(fields["age_step_days"]),
            waits=tuple(tuple(int(wait) for wait in row) for row in fields["waits"]),
            price=float(fields["price"]),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise InputFileError(f"{origin}: holds no learned schedule ({error})") from error
