"""A replay read back from the file `enrich replay` wrote: its figures as frames, for charts and notebooks."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import polars as pl

from enrich.errors import InputFileError
from enrich.frames.inputs import parse_json, read_input

_CURVE = pl.Schema(
    {"kind": pl.String(), "days": pl.Int32(), **dict.fromkeys(("watched", "recovered", "right", "known"), pl.UInt32())}
)


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
        return Replayed(curve=pl.DataFrame(schema=_CURVE), by_kind=nothing, by_source=nothing, resolved=nothing)
    told = parse_json(read_input(Path(path)), where=Path(path))
    try:
        frames = {name: pl.DataFrame(told[name], infer_schema_length=None) for name in ("by_kind", "by_source")}
        resolved = pl.DataFrame(told["resolved"], infer_schema_length=None)
        return Replayed(curve=pl.DataFrame(told["curve"], schema=_CURVE), resolved=resolved, **frames)
    except (ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise InputFileError(f"{path}: holds no replay ({error}); make it with `enrich replay`") from error
