"""The ranking of unknowns by a learned ranker, with the formula's parts beside the score."""

from __future__ import annotations

from os import PathLike

import numpy as np
import polars as pl

from enrich.cooccurrence.calibration import with_confidence
from enrich.cooccurrence.formula_ranking import rank_and_about
from enrich.cooccurrence.learned.building import build_corpus
from enrich.cooccurrence.learned.explaining import explain
from enrich.cooccurrence.learned.features import examples
from enrich.cooccurrence.learned.ranker import load_ranker, order
from enrich.cooccurrence.stored import load_calibration
from enrich.frames.schemas import RANKING
from enrich.rules import MAX_RANK, WINDOW
from enrich.text.normalise import artist_key
from enrich.text.persons import with_known


def rank_learned(
    tracklists: pl.DataFrame,
    *,
    aliases: pl.DataFrame | None = None,
    window: int = WINDOW,
    max_rank: int = MAX_RANK,
    model: str | PathLike[str] | None = None,
    only: pl.Series | None = None,
) -> pl.DataFrame:
    """Rank the artists every unknown may be by, with a learned ranker.

    Args:
        tracklists: TRACKLISTS; columns beyond set_id and position may be absent.
        aliases: Columns `artist`, `alias`.
        window: Positions to either side of a slot, for the formula's parts reported beside the score.
        max_rank: Candidates kept for one unknown.
        model: Folder of a stored ranker; None: the shipped one.
        only: Keys of the unknowns wanted; None: all.

    Returns:
        RANKING: `probability` is the ranker's own for the candidate, `confidence` its calibrated share of right
        answers; occurrence, label, dj, position and label_support are the formula's. Evidence names the plays, then the
        parts of the score that speak loudest.

    Raises:
        ModelError: the stored ranker is missing, damaged, or of another schema.
    """
    ranker = load_ranker(model)
    # The formula's parts know only the aliases given; the ranker was trained with the well-known ones.
    corpus = build_corpus(tracklists, aliases=with_known(aliases))
    wanted = corpus.units.filter("is_unknown")
    if only is not None:
        wanted = wanted.filter(pl.col("unit").is_in(only.implode()))
    unknown = wanted["unit_no"].to_numpy()
    of = examples(corpus.hide(np.zeros(0, np.int64)), unknown)
    if not len(of.unit):
        return pl.DataFrame(schema=RANKING)
    scored = order(of, ranker.score(of)).filter(pl.col("rank") <= max_rank)
    names = corpus.artists.select("artist_no", "artist", key="artist_key")
    ranked = (
        scored.join(names, on="artist_no")
        .join(corpus.units.select("unit_no", track_key="unit"), on="unit_no")
        .join(explain(ranker, of, scored), on=["unit_no", "artist_no"], how="left")
    )
    formula, about = rank_and_about(tracklists, aliases=aliases, window=window, max_rank=10_000, only=only)
    formula = formula.with_columns(key=artist_key(pl.col("artist")))
    signals = ["occurrence", "label", "dj", "position"]
    parts = formula.select("track_key", "key", "occurrence_count", "label_support", *signals, said="evidence")
    ranking = (
        ranked.join(parts.unique(["track_key", "key"], keep="first"), on=["track_key", "key"], how="left")
        .with_columns(
            [pl.col("occurrence_count").fill_null(0), *(pl.col(c).fill_null(0.0) for c in signals)],
            evidence=pl.concat_list(pl.col("said").fill_null([]), pl.col("parts").fill_null([])),
            confidence=pl.lit(None, pl.Float64),
        )
        .sort("track_key", "rank")
        .select(RANKING.names())
        .match_to_schema(RANKING)
    )
    return with_confidence(ranking, about, load_calibration(model).get("learned"))
