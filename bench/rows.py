"""A row of the table of `make bench`: one ratio, what it was measured on, and the goal it is held to.

Three senses of a ratio, said in its text: `cost` (ours took 2.1 × as long as the other, which does less: small is
good), `gain` (ours was 20 × as fast at the same: large is good), `exponent` (time grows with size to this power).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from bench.measuring import Timing

Sense = Literal["cost", "gain", "exponent", "memory"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table; fields are those of the JSON."""

    bench: str
    """Name for `ONLY=`."""
    what: str
    against: str
    size: str
    """`1,000,000 tracks`."""
    sense: Sense
    value: float
    """The ratio, the exponent, or GiB."""
    goal: float | None = None
    """At most (cost, exponent, memory) or at least (gain)."""
    ours_s: float | None = None
    other_s: float | None = None
    ours_cpu_s: float | None = None
    other_cpu_s: float | None = None
    peak_gib: float | None = None
    """Of the process that did our part."""
    runs: int = 1
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.sense == "gain" else self.value <= self.goal

    @property
    def text(self) -> str:
        """The value as people read it."""
        if self.sense == "exponent":
            return f"n^{self.value:.2f}"
        if self.sense == "memory":
            return f"{self.value:.2f} GiB"
        digits = 0 if self.value >= 100 else 1 if self.value >= 10 else 2
        return f"{self.value:,.{digits}f} × " + ("as long" if self.sense == "cost" else "as fast")

    @property
    def goal_text(self) -> str:
        """The goal as people read it, with whether it is met."""
        if self.goal is None:
            return ""
        return f"{'≥' if self.sense == 'gain' else '≤'} {self.goal:g}{'' if self.met else '  MISSED'}"

    def as_json(self) -> dict[str, Any]:
        """Plain values, rounded to what they can mean."""
        plain = {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(self).items()}
        return {**plain, "met": self.met, "text": self.text}


def compared(
    bench: str,
    what: str,
    against: str,
    size: str,
    ours: Timing,
    other: Timing,
    *,
    sense: Literal["cost", "gain"],
    goal: float | None = None,
    note: str = "",
) -> Row:
    """The row of two timings of one race."""
    cost = ours.seconds / other.seconds
    return Row(
        bench=bench, what=what, against=against, size=size, sense=sense, value=cost if sense == "cost" else 1 / cost,
        goal=goal, ours_s=ours.seconds, other_s=other.seconds, ours_cpu_s=ours.cpu_s, other_cpu_s=other.cpu_s,
        peak_gib=ours.peak_gib, runs=min(ours.runs, other.runs), note=note,
    )  # fmt: skip


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """The power with which time grows with size: the slope of a straight line through their logarithms.

    Raises:
        ValueError: fewer than two sizes.
    """
    if len(sizes) < 2 or len(sizes) != len(seconds):
        raise ValueError(f"needs two sizes or more and a time for each, got {len(sizes)} and {len(seconds)}")
    x, y = [math.log(size) for size in sizes], [math.log(time) for time in seconds]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / sum((a - mean_x) ** 2 for a in x)
