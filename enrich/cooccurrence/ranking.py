"""Who an unknown may be: at most 50 artists for each, with the probability, its parts and the evidence in sentences.

`rank` works on a frame, `rank_artists` on files. Nothing is written, no socket opened, no database needed. The result
does not depend on the order of the rows and is the same at every run.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from os import PathLike

import polars as pl

from enrich.cooccurrence.calibration import calibrate_formula, read_about
from enrich.cooccurrence.contexts import number_plays, unknown_key
from enrich.cooccurrence.evidence import Named, read_evidence, sentences
from enrich.cooccurrence.formula import load_scores, read_scores
from enrich.errors import EnrichError
from enrich.frames.schemas import RANKING
from enrich.rules import GATE_PROBABILITY, GATE_SETS, MAX_RANK, WINDOW
from enrich.sql import DUCKDB
from enrich.text.words import is_unknown_artist
from enrich.tracklists.reading import read_tracklists

SCORERS = ("formula", "learned")


def rank(
    tracklists: pl.DataFrame,
    *,
    aliases: pl.DataFrame | None = None,
    window: int = WINDOW,
    scorer: str = "formula",
    max_rank: int = MAX_RANK,
    only: pl.Series | None = None,
) -> pl.DataFrame:
    """Rank the artists every unknown may be by, all unknowns in one pass.

    Args:
        tracklists: TRACKLISTS; columns beyond set_id and position may be absent.
        aliases: Columns `artist`, `alias`; a DJ playing an artist who is the DJ under another name counts as such.
        window: Positions to either side of an unknown's slot; >= 1.
        scorer: `formula` (the specification's, explainable) or `learned`.
        max_rank: Candidates kept for one unknown; with at least 2 the confidence is what it is with all.
        only: Keys of the unknowns wanted; None: all.

    Returns:
        RANKING, by track_key and rank:

        track_key         String   the unknown: its track_key, else `set_id#position`
        rank              Int32    from 1
        artist            String   in the spelling seen most
        probability       Float64  0.5 × occurrence + 0.3 × label + 0.2 × dj
        confidence        Float64  calibrated on masked replay; null where nothing was measured
        occurrence_count  Int32    sets of the unknown with the artist within the window
        label_support     String   top label of the context, where the artist releases on it; else null
        evidence          List     sentences
        occurrence, label, dj, position   Float64  the signals (`signals`)

    Raises:
        EnrichError: a required column is missing, or the scorer is not known.
    """
    if scorer not in SCORERS:
        raise EnrichError(f"scorer {scorer!r} is not known; use {' or '.join(SCORERS)}")
    if scorer == "learned":
        # The learned ranker builds on this module: it is loaded when asked for.
        learned = import_module("enrich.cooccurrence.learned")
        ranking: pl.DataFrame = learned.rank_learned(
            tracklists, aliases=aliases, window=window, max_rank=max_rank, only=only
        )
        return ranking
    plays = number_plays(tracklists, aliases=aliases)
    with plays.connect() as con:
        load_scores(con, window=window, max_rank=max_rank)
        if only is not None:
            wanted = plays.unknowns.filter(pl.col("track_key").is_in(only.implode()))
            con.from_arrow(wanted.select("unknown_no").to_arrow()).create("wanted")
            DUCKDB["cooccurrence_only"].run(con)
        scored = read_scores(con)
        evidence = read_evidence(con)
        about = read_about(con)
    ranking = name_ranking(scored, sentences(scored, evidence, plays), plays)
    return ranking.with_columns(calibrate_formula(ranking, about))


def name_ranking(scored: pl.DataFrame, said: pl.DataFrame, names: Named) -> pl.DataFrame:
    """RANKING of candidates known by number; `confidence` is null.

    Args:
        scored: SCORES.
        said: unknown_no, artist_no, evidence (`evidence.sentences`).
        names: Names of all the numbers.
    """
    return (
        scored.join(names.unknowns, on="unknown_no")
        .join(names.names, on="artist_no")
        .join(names.labels.select("label_no", label_support="label"), on="label_no", how="left")
        .join(said, on=["unknown_no", "artist_no"], how="left")
        .sort("unknown_no", "rank")
        .with_columns(confidence=pl.lit(None, pl.Float64))
        .select(RANKING.names())
        .match_to_schema(RANKING)
    )


def rank_artists(
    paths: str | PathLike[str] | Sequence[str | PathLike[str]], *, scorer: str = "formula", window: int = WINDOW
) -> pl.DataFrame:
    """`rank` over tracklist files (Parquet, CSV, JSONL, 1001Tracklists-shaped JSON and HTML, MixesDB text).

    Raises:
        InputFileError: none of the files can be used.
    """
    return rank(read_tracklists(paths).rows, scorer=scorer, window=window)


def ranking_figures(tracklists: pl.DataFrame, ranking: pl.DataFrame) -> dict[str, int]:
    """What a ranking came to: unknowns, those with candidates, and those at the specification's thresholds."""
    slots = tracklists.filter(is_unknown_artist(pl.col("artist")))
    return {
        "sets": tracklists["set_id"].n_unique(),
        "slots": tracklists.height,
        "unknown_slots": slots.height,
        "unknowns": slots.select(unknown_key()).n_unique(),
        "with_candidates": ranking["track_key"].n_unique(),
        "candidates": ranking.height,
        "at_the_gate": at_the_gate(ranking),
    }


def at_the_gate(ranking: pl.DataFrame) -> int:
    """How many unknowns have a candidate at the specification's thresholds."""
    gate = (pl.col("probability") >= GATE_PROBABILITY) & (pl.col("occurrence_count") >= GATE_SETS)
    return ranking.filter(gate)["track_key"].n_unique()
