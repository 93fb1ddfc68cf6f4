"""The ranking of numbered plays by a learned ranker: makes the table `ranked` as the formula does, and its signs."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from enrich.cooccurrence.answers import Told, ask_only
from enrich.cooccurrence.calibration import Calibration
from enrich.cooccurrence.engines import DuckDB, Engine, run
from enrich.cooccurrence.formula import context_steps, signal_steps
from enrich.cooccurrence.learned.columns import columns, count_plays
from enrich.cooccurrence.learned.ranker import Ranker
from enrich.cooccurrence.plays import Vocabulary
from enrich.cooccurrence.signs import SAID
from enrich.errors import EnrichError
from enrich.rules import MAX_RANK

#: Unknowns whose candidates stand in memory at once.
_AT_ONCE = 1_000

_SCORES = pl.Schema(
    {"unknown_no": pl.Int32, "artist_no": pl.Int32, "rank": pl.Int32, "probability": pl.Float64, "total": pl.Float64}
)
_SIGNS = pl.Schema(
    {"unknown_no": pl.Int32, "artist_no": pl.Int32, "dj_no": pl.Int32, **dict.fromkeys(SAID, pl.Float32)}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A ranker and what its confidence was measured by."""

    ranker: Ranker
    calibration: Calibration | None
    tables: tuple[str, ...] = ("signs",)

    def score(
        self, engine: Engine, known: Vocabulary, *, window: int, max_rank: int, only: pl.Series | None, told: Told
    ) -> None:
        """See `answers.Scorer`.

        Raises:
            EnrichError: the engine is not DuckDB.
        """
        if not isinstance(engine, DuckDB):
            raise EnrichError("the learned ranker runs on DuckDB; Spark is for the formula")
        count_plays(engine)
        unknowns = engine.frame("learned_all_unknowns")
        if only is not None:
            unknowns = unknowns.filter(pl.col("track_key").is_in(only.implode()))
        engine.load("learned_scores", _SCORES.to_frame())
        engine.load("signs", _SIGNS.to_frame())
        for first in range(0, unknowns.height, _AT_ONCE):
            told(first, unknowns.height)
            candidates = columns(engine, known, unknowns["unknown_no"].slice(first, _AT_ONCE))
            best = self.ranker.rank(candidates, most=MAX_RANK)
            engine.append("learned_scores", _as(best, _SCORES))
            engine.append("signs", _as(best, _SIGNS))
        told(unknowns.height, unknowns.height)
        if only is not None:
            ask_only(engine, only)
        run(engine, [*context_steps(window=window), ("learned_scored", {}), *signal_steps()])
        engine.run("learned_ranked", limit_rank=max_rank)


def _as(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    return frame.select(pl.col(name).cast(dtype) for name, dtype in schema.items())
