"""Confidence stated and share right, source by source, on a snapshot: `python -m bench.calibration FILE.duckdb`.

What a snapshot measures of itself with one half of its known tracks is set beside how often the rules are right on the
other half, hidden as well. The same code as everywhere, nothing is fitted to the data; the answers' own tracks are
known, so chance among blanks, which lowers what `why()` states, is left out of both sides.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from enrich.measuring import replay
from enrich.measuring.scale import DECIDED, Scale
from enrich.measuring.shares import interval
from enrich.snapshots.opening import open_snapshot
from enrich.tiers.workspace import Workspace


def hidden(ws: Workspace, *, seed: int) -> pl.DataFrame:
    """What the rules say of hidden tracks: PROPOSALS with bucket and is_right."""
    parts = (replay._hidden_artists(ws, seed=seed).alone, replay._hidden_labels(ws, seed=seed).alone)
    return pl.concat([*parts, replay._first_plays(ws, seed=seed).select(parts[0].columns)])


def calibration(ws: Workspace) -> pl.DataFrame:
    """kind, source, n, expected and observed (0–1), low and high: the interval of what was observed, at 95 %."""
    told, other = hidden(ws, seed=0), hidden(ws, seed=1)
    asked = other.join(told, on=["kind", "source", "track_id"], how="anti").with_columns(base=pl.lit(None))
    scale = Scale(measured=replay._drawn_together(replay._counts(told), _no_chance(told)), decided=DECIDED.to_frame())
    found = scale(asked.drop("base")).drop_nulls(["confidence", "is_right"])
    rows = found.group_by("kind", "source").agg(n=pl.len(), expected=pl.col("confidence").mean(),
                                                observed=pl.col("is_right").mean()).sort("kind", "source")  # fmt: skip
    low, high = interval(rows["observed"], rows["n"])
    return rows.with_columns(low=pl.Series(low), high=pl.Series(high))


def _no_chance(told: pl.DataFrame) -> pl.DataFrame:
    counts = told.select(replay.BUCKET).unique()
    return counts.with_columns(chance=pl.lit(0.0), chance_cases=pl.lit(0.0))


if __name__ == "__main__":
    with open_snapshot(Path(sys.argv[1])) as opened:
        table = calibration(Workspace.of(opened))
    for row in table.iter_rows(named=True):
        within = row["low"] <= row["expected"] <= row["high"] or abs(row["expected"] - row["observed"]) <= 0.03
        line = "| {kind} | {source} | {n:,} | {expected:.3f} | {observed:.3f} | {low:.3f}–{high:.3f} |".format(**row)
        print(line, "yes |" if within else "no |")
