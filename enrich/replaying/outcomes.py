"""What came of the unknowns of a replayed history: who got a name, when, by which tier, and how rightly.

`read_outcomes` reads the scratch database, `read_replay` the file `enrich replay` wrote; the figures are pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from os import PathLike
from pathlib import Path
from typing import Any

import polars as pl

from enrich.database.connection import connect
from enrich.errors import InputFileError
from enrich.frames.inputs import parse_json, read_input
from enrich.replaying.promos import UNKNOWNS
from enrich.replaying.walking import Step
from enrich.rules import PROJECTED_DAYS, PROJECTED_PERCENT
from enrich.settings import Settings
from enrich.sql import DUCKDB, QueryBook, in_memory
from enrich.text.credits import credits_alike

_REPLAYING = QueryBook("replaying")
_S = pl.String

#: UNKNOWNS and what became of each. `days` from the set to the name; `right` is null where the truth is not known.
OUTCOMES = pl.Schema(
    dict(UNKNOWNS)
    | {"track_id": _S, "found_artist": _S, "found_on": pl.Date, "days": pl.Int32, "tier": pl.Int16, "source": _S}
    | {"confidence": pl.Float64, "retries": pl.Int32, "status": _S, "right": pl.Boolean}
)

#: Artist proposals for unknowns, written or not.
PROPOSED = pl.Schema(
    {"track_id": _S, "kind": _S, "proposed_artist": _S, "tier": pl.Int16, "source": _S, "probability": pl.Float64}
    | {"confidence": pl.Float64, "status": _S, "right": pl.Boolean}
)

_UNTOLD = {*UNKNOWNS, "days", "right"} - {"set_id", "position"}
_SLOTS = pl.Schema({name: dtype for name, dtype in OUTCOMES.items() if name not in _UNTOLD})
_PROPOSALS = pl.Schema({name: dtype for name, dtype in PROPOSED.items() if name not in ("kind", "right")})

#: What `recovery_curve` returns.
CURVE = pl.Schema({"kind": _S, "days": pl.Int32} | dict.fromkeys(("watched", "recovered", "right", "known"), pl.Int64))

#: Where the specification's projection is read off.
SIX_MONTHS, TWELVE_MONTHS = PROJECTED_DAYS


def read_outcomes(settings: Settings, unknowns: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What the scratch database says of each unknown.

    Returns:
        OUTCOMES, one row per unknown slot that was imported, by date; and PROPOSED.
    """
    with connect(settings) as con, con.cursor() as cur:
        slots = _REPLAYING["slots_in_the_end"].fetch(cur, _SLOTS)
        proposed = _REPLAYING["artists_proposed"].fetch(cur, _PROPOSALS)
    outcomes = unknowns.join(slots, on=["set_id", "position"], maintain_order="left")
    # A step ends at midnight after its last day; that is when the name is there. A slot that comes in under a track
    # that has its name by then waits no day.
    days = (pl.col("found_on") - pl.col("set_date")).dt.total_days().clip(0).cast(pl.Int32)
    judged = proposed.join(outcomes.select("track_id", "kind", "true_artist"), on="track_id", maintain_order="left")
    return (
        outcomes.with_columns(days=days, right=credits_alike(outcomes["true_artist"], outcomes["found_artist"]))
        .select(OUTCOMES.names())
        .sort("set_date", "set_id", "position"),
        judged.with_columns(right=credits_alike(judged["true_artist"], judged["proposed_artist"])).select(
            PROPOSED.names()
        ),
    )


def recovery_curve(outcomes: pl.DataFrame, *, ends: date, grid_days: Sequence[int]) -> pl.DataFrame:
    """The share of unknowns that had their name by so many days after the set.

    Args:
        outcomes: OUTCOMES.
        ends: The day history ends; an unknown counts at a number of days only if it was watched that long.
        grid_days: Days after the set.

    Returns:
        One row per kind (and `all`) and grid point with unknowns watched that long:

        kind       String
        days       Int32
        watched    Int64    unknowns
        recovered  Int64    of them, with a written artist by then
        right      Int64    of them, with the right one
        known      Int64    of them, played under their name in a later set by then: nothing can find more from sets
    """
    with in_memory(outcomes=outcomes) as con:
        return DUCKDB["replayed_curve"].frame(con, ends=ends, grid_days=list(grid_days))


def by_kind(outcomes: pl.DataFrame) -> pl.DataFrame:
    """How each kind of unknown fared.

    Returns:
        One row per kind and one for `all`: unknowns, named_later (played under their name in a later set), recovered,
        right, wrong, unjudged (no truth), precision (of the judged; null without any), median_days, median_retries.
    """
    with in_memory(outcomes=outcomes) as con:
        return DUCKDB["replayed_by_kind"].frame(con)


def by_source(outcomes: pl.DataFrame, proposed: pl.DataFrame) -> pl.DataFrame:
    """What each tier and source wrote and proposed, and how much of it was right.

    Returns:
        One row per tier and source: written, written_right, written_judged, written_precision, and the same of all it
        proposed for unknowns (one proposal a track: its surest).
    """
    with in_memory(outcomes=outcomes, proposed=proposed.with_row_index("place")) as con:
        return DUCKDB["replayed_by_source"].frame(con)


def by_threshold(proposed: pl.DataFrame) -> pl.DataFrame:
    """What each source would have written at other thresholds of the policy, and how rightly.

    Returns:
        One row per source and threshold (0.05 apart) with judged proposals: tracks (with a proposal as sure as that),
        judged, right, precision.
    """
    with in_memory(proposed=proposed.with_row_index("place")) as con:
        return DUCKDB["replayed_by_threshold"].frame(con)


def recovered_after(curve: pl.DataFrame, days: int) -> dict[str, dict[str, float | int]]:
    """Percent recovered, right and knowable by kind at one grid point of `recovery_curve`."""
    return {
        str(row["kind"]): {
            "watched": row["watched"],
            **{f"{n}_percent": round(100 * row[n] / row["watched"], 1) for n in ("recovered", "right", "known")},
        }
        for row in curve.filter(pl.col("days") == days).iter_rows(named=True)
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayResult:
    """What replayed history gave; `asdict` is what the JSON file holds."""

    parameters: dict[str, Any]
    start: date
    end: date
    steps: list[Step]
    outcomes: pl.DataFrame
    """OUTCOMES: one row per unknown."""
    proposed: pl.DataFrame
    """PROPOSED."""
    curve: pl.DataFrame
    """See `recovery_curve`."""

    def asdict(self) -> dict[str, Any]:
        """Figures, curve and every resolved unknown by name, ready for JSON."""
        return {
            "parameters": self.parameters,
            "history": {"start": self.start, "end": self.end, "steps": len(self.steps)}
            | {
                name: sum(getattr(step, of) for step in self.steps)
                for name, of in (("sets", "sets"), ("slots", "slots"), ("look_ups", "tried"), ("retries", "retried"))
            },
            "by_kind": by_kind(self.outcomes).to_dicts(),
            "by_source": by_source(self.outcomes, self.proposed).to_dicts(),
            "by_threshold": by_threshold(self.proposed).to_dicts(),
            "recovery": {
                "projected_percent": list(PROJECTED_PERCENT),
                "projected_over": "6 to 12 months",
                "after_6_months": recovered_after(self.curve, SIX_MONTHS),
                "after_12_months": recovered_after(self.curve, TWELVE_MONTHS),
            },
            "curve": self.curve.to_dicts(),
            "resolved": self.resolved().to_dicts(),
            "steps": [asdict(step) for step in self.steps],
        }

    def resolved(self) -> pl.DataFrame:
        """The unknowns that got a name: which slot, what it was called, the name written, and whether it is right."""
        names = "set_id position dj set_date kind title found_artist true_artist true_title right found_on days retries"
        found = self.outcomes.filter(pl.col("found_artist").is_not_null())
        return found.select(*names.split(), "tier", "source", "confidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """`curve` as `recovery_curve` gives it, `by_kind`, `by_source`, and `resolved`: one row per unknown named."""

    curve: pl.DataFrame
    by_kind: pl.DataFrame
    by_source: pl.DataFrame
    resolved: pl.DataFrame


def read_replay(path: str | PathLike[str] | None) -> Replayed:
    """Read the JSON of a replay; None: one without rows, of which charts say that there is nothing.

    Raises:
        InputFileError: the file cannot be read or is not of a replay.
    """
    if path is None:
        nothing = pl.DataFrame()
        return Replayed(curve=pl.DataFrame(schema=CURVE), by_kind=nothing, by_source=nothing, resolved=nothing)
    told = parse_json(read_input(Path(path)), where=Path(path))
    try:
        frames = {name: pl.DataFrame(told[name], infer_schema_length=None) for name in ("by_kind", "by_source")}
        resolved = pl.DataFrame(told["resolved"], infer_schema_length=None)
        return Replayed(curve=pl.DataFrame(told["curve"], schema=CURVE), resolved=resolved, **frames)
    except (ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise InputFileError(f"{path}: holds no replay ({error}); make it with `enrich replay`") from error
