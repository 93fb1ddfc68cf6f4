"""The specification's probability: 0.5 × occurrence + 0.3 × label + 0.2 × dj, for every candidate of every unknown.

Candidates are the artists of an unknown's context (`contexts`); the signals are those of `signals`. The fourth signal,
position, is added to the ranking score and reported, and never lifts the probability.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import polars as pl

from enrich.cooccurrence.contexts import Plays, context_steps
from enrich.cooccurrence.signals import SIGNALS
from enrich.rules import DJ_WEIGHT, LABEL_WEIGHT, MAX_RANK, OCCURRENCE_WEIGHT, POSITION_WEIGHT, WINDOW
from enrich.sql import DUCKDB


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What each signal counts for."""

    occurrence: float = OCCURRENCE_WEIGHT
    label: float = LABEL_WEIGHT
    dj: float = DJ_WEIGHT
    position: float = POSITION_WEIGHT


#: One row per unknown and candidate, by number; names come with `ranking`.
SCORES = pl.Schema(
    {
        "unknown_no": pl.UInt32,
        "artist_no": pl.UInt32,
        "rank": pl.Int32,
        "probability": pl.Float64,
        "occurrence_count": pl.Int32,
        "label_no": pl.UInt32,
        "occurrence": pl.Float64,
        "label": pl.Float64,
        "dj": pl.Float64,
        "position": pl.Float64,
    }
)


def score_steps(
    *, window: int = WINDOW, weights: Weights | None = None, max_rank: int = MAX_RANK
) -> list[tuple[str, dict[str, float]]]:
    """The named queries that make the table `ranked`, in order, with their parameters; any engine may run them."""
    if window < 1:
        raise ValueError(f"window must be >= 1, got {window}")
    weights = weights or Weights()
    formula = {
        "occurrence_weight": weights.occurrence,
        "label_weight": weights.label,
        "dj_weight": weights.dj,
        "position_weight": weights.position,
        "limit_rank": max_rank,
    }
    return [*context_steps(window), *((name, {}) for name in SIGNALS), ("cooccurrence_formula", formula)]


def load_scores(
    con: duckdb.DuckDBPyConnection,
    *,
    window: int = WINDOW,
    weights: Weights | None = None,
    max_rank: int = MAX_RANK,
) -> None:
    """Make the table `ranked` (and every table it is built from) in a connection of `Plays.connect`."""
    for name, parameters in score_steps(window=window, weights=weights, max_rank=max_rank):
        DUCKDB[name].run(con, **parameters)


def scores(
    plays: Plays, *, window: int = WINDOW, weights: Weights | None = None, max_rank: int = MAX_RANK
) -> pl.DataFrame:
    """Score and rank every candidate of every unknown.

    Returns:
        SCORES, by unknown_no and rank. Order within an unknown: probability + position, probability,
        occurrence_count, all descending, then the artist's key. `label_no` is the top label of the context where
        the artist releases on it, else null.
    """
    with plays.connect() as con:
        load_scores(con, window=window, weights=weights, max_rank=max_rank)
        return read_scores(con)


def read_scores(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The table `ranked` as SCORES."""
    return DUCKDB["cooccurrence_scores"].frame(con).cast(dict(SCORES)).match_to_schema(SCORES)  # type: ignore[arg-type]
