"""Who an unknown may be, by either scorer: `rank` works on a frame, `rank_artists` on files.

Nothing is written but the file asked for. The result does not depend on the order of the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from os import PathLike
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

import polars as pl

from enrich.cooccurrence.answers import Asked, Scorer, Told, counted_ranking, rank_files, rank_frame
from enrich.cooccurrence.engines import DuckDB, Engine
from enrich.cooccurrence.learned.ranker import load_ranker
from enrich.cooccurrence.learned.ranker import scorer as learned_scorer
from enrich.cooccurrence.slots import unknown_key
from enrich.cooccurrence.stored import load_calibration
from enrich.errors import EnrichError, InputFileError, undoing
from enrich.frames.files import check_output
from enrich.rules import MAX_RANK, WINDOW
from enrich.text.words import is_unknown_artist
from enrich.tracklists.reading import read_tracklists

SCORERS = ("formula", "learned")
ENGINES = ("duckdb", "spark")


def rank(
    tracklists: pl.DataFrame,
    *,
    aliases: pl.DataFrame | None = None,
    window: int = WINDOW,
    scorer: str = "formula",
    max_rank: int = MAX_RANK,
    only: pl.Series | None = None,
    model: str | PathLike[str] | None = None,
    told: Told = lambda done, total: None,
) -> pl.DataFrame:
    """Rank the artists every unknown may be by, all unknowns in one pass.

    Args:
        tracklists: TRACKLISTS; columns beyond set_id and position may be absent.
        aliases: Columns `artist`, `alias`; an artist under several names is one candidate.
        window: Positions to either side of an unknown's slot; >= 1.
        scorer: `formula` (the specification's, explainable) or `learned`.
        max_rank: Candidates kept for one unknown; with at least 2 the confidence is what it is with all.
        only: Keys of the unknowns wanted; None: all.
        model: Folder of a stored ranker and its calibrations; None: the shipped one.
        told: Told how many of the unknowns of `only` are done.

    Returns:
        RANKING, by track_key and rank:

        track_key         String   the unknown: its track_key, else `set_id#position`
        rank              Int32    from 1
        artist            String   the name the unknown's DJ played most near its date, in the spelling seen most
        probability       Float64  0.5 × occurrence + 0.3 × label + 0.2 × dj; learned: the ranker's own
        confidence        Float64  calibrated on masked replay, never rising with rank; null where nothing was measured
        occurrence_count  Int32    sets of the unknown with the artist within the window
        label_support     String   top label of the context, where the artist releases on it; else null
        evidence          List     sentences
        occurrence, label, dj, position   Float64  the signals (`formula`)

    Raises:
        EnrichError: a required column is missing, or the scorer is not known.
        ModelError: the stored ranker is missing, damaged, or reads other columns.
    """
    asked = Asked(window=window, max_rank=max_rank, only=only, told=told)
    return rank_frame(tracklists, scorer=_scorer_named(scorer, model=model), aliases=aliases, asked=asked)


def _scorer_named(name: str, *, model: str | PathLike[str] | None = None) -> Scorer:
    if name not in SCORERS:
        raise EnrichError(f"scorer {name!r} is not known; use {' or '.join(SCORERS)}")
    calibration = load_calibration(model).get(name)
    return Scorer(calibration=calibration) if name == "formula" else learned_scorer(load_ranker(model), calibration)


def rank_artists(
    paths: str | PathLike[str] | Sequence[str | PathLike[str]], *, scorer: str = "formula", window: int = WINDOW
) -> pl.DataFrame:
    """`rank` over tracklist files (Parquet, CSV, JSONL, 1001Tracklists-shaped JSON and HTML, MixesDB text).

    Raises:
        InputFileError: none of the files can be used.
    """
    return rank(read_tracklists(paths).rows, scorer=scorer, window=window)


def rank_in_scratch(
    paths: str | PathLike[str] | Sequence[str | PathLike[str]],
    out: str | Path,
    *,
    scorer: str = "formula",
    engine: str = "duckdb",
    memory_limit: str | None = None,
    master: str = "local[*]",
    scratch: str | PathLike[str] | None = None,
    window: int = WINDOW,
) -> dict[str, int]:
    """`answers.rank_files` with an engine of its own (`duckdb`, `spark`), in a folder that is gone afterwards.

    Args:
        paths, out, scorer, window: See `answers.rank_files`.
        engine, memory_limit, master: See `engines.DuckDB` and `spark.Spark`.
        scratch: Where the folder is made; None: the system's temporary folder. Spark's executors must see it.

    Raises:
        EnrichError: as `rank_files`; also an engine that is not known or cannot start.
        InputFileError: as `rank_files`; also no folder `scratch`.
    """
    check_output(out)
    if scratch is not None and not Path(scratch).is_dir():
        raise InputFileError(f"{scratch}: no such folder for the files on the way")
    if engine not in ENGINES:
        raise EnrichError(f"engine {engine!r} is not known; use {' or '.join(ENGINES)}")
    if engine == "spark" and memory_limit is not None:
        raise EnrichError("a memory limit is DuckDB's; Spark takes spark.driver.memory and spark.executor.memory")
    if engine == "spark" and scorer != "formula":
        raise EnrichError("Spark runs the formula; the learned ranker runs on DuckDB, with a memory limit on disk")
    chosen = _scorer_named(scorer)
    with TemporaryDirectory(prefix="enrich-", dir=scratch) as folder, undoing(lambda: rmtree(folder, True)):
        if engine == "spark":
            # An optional extra, and a heavy import that most runs do without.
            from enrich.cooccurrence.spark import Spark

            running: Engine = Spark(Path(folder), master=master)
        else:
            running = DuckDB(Path(folder), memory_limit=memory_limit)
        with closing(running):
            return rank_files(paths, out, engine=running, scorer=chosen, window=window)


def ranking_figures(tracklists: pl.DataFrame, ranking: pl.DataFrame) -> dict[str, int]:
    """What a ranking came to: unknowns, those with candidates, and those at the specification's thresholds."""
    slots = tracklists.filter(is_unknown_artist(pl.col("artist")))
    return {
        "sets": tracklists["set_id"].n_unique(),
        "slots": tracklists.height,
        "unknown_slots": slots.height,
        "unknowns": slots.select(unknown_key()).n_unique(),
        **counted_ranking(ranking),
    }
