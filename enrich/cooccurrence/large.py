"""The formula ranking of tracklists beyond memory, or beyond one machine: from Parquet to a file, as `rank` gives it.

Files go through the rules of reading a batch at a time; numbering, contexts, signals, ranks and evidence are named
queries of an engine (`engines.DiskDuckDB` in bounded memory, `spark.Spark`); the unknowns get their names, sentences
and confidence some thousands at a time. In memory stand one batch and the vocabulary: every distinct artist, DJ and
label text, whose number grows much more slowly than that of the plays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import polars as pl

from enrich.cooccurrence.calibration import calibrate_formula
from enrich.cooccurrence.contexts import Vocabulary, dj_numbers, vocabulary
from enrich.cooccurrence.engines import DiskDuckDB, Engine
from enrich.cooccurrence.evidence import EVIDENCE, sentences
from enrich.cooccurrence.formula import SCORES, score_steps
from enrich.cooccurrence.ranking import at_the_gate, name_ranking
from enrich.errors import EnrichError, InputFileError
from enrich.frames.files import check_output, write_batches
from enrich.frames.schemas import RANKING
from enrich.rules import MAX_RANK, WINDOW
from enrich.sql import DUCKDB
from enrich.tracklists.batches import parquet_files

#: Unknowns named at once.
UNKNOWNS_AT_ONCE = 20_000

ENGINES = ("duckdb", "spark")

#: The tables a ranking is written from.
RESULTS = ("ranked", *EVIDENCE, "about_unknowns", "unknowns", "sets")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """What `evidence.Named` asks for, of the unknowns of one batch."""

    names: pl.DataFrame
    labels: pl.DataFrame
    dj_credits: pl.DataFrame
    sets: pl.DataFrame
    unknowns: pl.DataFrame


def rank_large(
    paths: str | PathLike[str] | Sequence[str | PathLike[str]],
    out: str | Path,
    *,
    engine: Engine,
    window: int = WINDOW,
    max_rank: int = MAX_RANK,
) -> dict[str, int]:
    """Rank the artists every unknown of Parquet tracklists may be by, into a file of schema RANKING.

    Args:
        paths: Flat tracklist tables in Parquet. Of several rows for one slot the first in the first file counts.
        out: .parquet, .csv or .jsonl; by track_key and rank.
        engine: A fresh engine; the caller closes it.
        window: Positions to either side of an unknown's slot; >= 1.
        max_rank: Candidates kept for one unknown.

    Returns:
        The figures of `ranking.ranking_figures`, and rows_set_aside.

    Raises:
        InputFileError: a file is missing, damaged or not Parquet, or `out` cannot be written.
        EnrichError: the engine has too little memory.
    """
    rows = engine.read_played(parquet_files(paths))
    known = number_tables(engine)
    for name, parameters in score_steps(window=window, max_rank=max_rank):
        engine.run(name, **parameters)
    for table, (query, limits) in EVIDENCE.items():
        engine.keep(table, query, **limits)
    engine.run("cooccurrence_about_unknowns")
    counts = {name: int(value) for name, value in engine.frame("cooccurrence_counts").row(0, named=True).items()}
    ranked: Counter[str] = Counter(with_candidates=0, candidates=0, at_the_gate=0)
    write_batches(_batches(engine.results(RESULTS), known, counts["unknowns"], ranked), RANKING, out)
    return {**counts, **ranked, "rows_set_aside": rows - counts["slots"]}


def rank_in_scratch(
    paths: str | PathLike[str] | Sequence[str | PathLike[str]],
    out: str | Path,
    *,
    engine: str = "duckdb",
    memory_limit: str | None = None,
    master: str = "local[*]",
    scratch: str | PathLike[str] | None = None,
    window: int = WINDOW,
) -> dict[str, int]:
    """`rank_large` with an engine of its own, in a folder that is gone afterwards.

    Args:
        paths, out, window: See `rank_large`.
        engine: `duckdb` or `spark`.
        memory_limit: Of DuckDB, such as `2GB`; Spark's is set in Spark's own configuration.
        master: Spark's, such as `local[2]` or `spark://host:7077`.
        scratch: Where the folder is made; None: the system's temporary folder. Spark's executors must see it.

    Raises:
        EnrichError: as `rank_large`; also an engine that is not known or cannot start.
        InputFileError: as `rank_large`; also no folder `scratch`.
    """
    check_output(out)
    if scratch is not None and not Path(scratch).is_dir():
        raise InputFileError(f"{scratch}: no such folder for the files on the way")
    if engine not in ENGINES:
        raise EnrichError(f"engine {engine!r} is not known; use {' or '.join(ENGINES)}")
    if engine == "spark" and memory_limit is not None:
        raise EnrichError("a memory limit is DuckDB's; Spark takes spark.driver.memory and spark.executor.memory")
    with TemporaryDirectory(prefix="enrich-", dir=scratch) as folder:
        if engine == "spark":
            # A heavy import that most runs do without.
            from enrich.cooccurrence.spark import Spark

            running: Engine = Spark(Path(folder), master=master)
        else:
            running = DiskDuckDB(Path(folder), memory_limit=memory_limit)
        with closing(running):
            return rank_large(paths, out, engine=running, window=window)


def number_tables(engine: Engine) -> Vocabulary:
    """Make the tables of `contexts.Plays` from the table `played`; the vocabulary is read here."""
    engine.run("cooccurrence_sets")
    engine.run("cooccurrence_repeats")
    artists, djs, labels = (_texts(engine, f"cooccurrence_{what}_texts") for what in ("artist", "dj", "label"))
    known = vocabulary(artists, djs, labels)
    engine.load("artist_numbers", _numbers(artists.select("text", credit_no="no")))
    engine.load("label_numbers", _numbers(labels.select("text", label_no=known.label_of).drop_nulls()))
    engine.load("dj_numbers", _numbers(dj_numbers(djs)))
    for table in ("credits", "dj_credits", "same_artist"):
        engine.load(table, _numbers(getattr(known, table)))
    engine.run("cooccurrence_unknowns")
    engine.run("cooccurrence_slots")
    return known


def _texts(engine: Engine, query: str) -> pl.DataFrame:
    """no, text, plays: the distinct texts, numbered in their order."""
    return engine.frame(query).sort("text").select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("no"), "text", "plays")


def _numbers(table: pl.DataFrame) -> pl.DataFrame:
    """Numbers as every engine has them."""
    return table.with_columns(pl.col("^.*_no$").cast(pl.Int32))


def _batches(
    con: duckdb.DuckDBPyConnection, known: Vocabulary, unknowns: int, figures: Counter[str]
) -> Iterator[pl.DataFrame]:
    """RANKING of some unknowns after the others; `figures` are added up on the way."""
    for first in range(0, unknowns, UNKNOWNS_AT_ONCE):
        last = first + UNKNOWNS_AT_ONCE - 1
        scored = _part(con, "ranked", first, last).select(SCORES.names()).cast(dict(SCORES))  # type: ignore[arg-type]
        names = _Names(
            names=known.names,
            labels=known.labels,
            dj_credits=known.dj_credits,
            sets=_as_numbered(DUCKDB["cooccurrence_set_ids"].frame(con, first=first, last=last)),
            unknowns=_part(con, "unknowns", first, last),
        )
        said = sentences(scored, {table: _part(con, table, first, last) for table in EVIDENCE}, names)
        ranking = name_ranking(scored, said, names)
        about = _part(con, "about_unknowns", first, last).join(names.unknowns, on="unknown_no")
        figures.update(
            with_candidates=ranking["track_key"].n_unique(),
            candidates=ranking.height,
            at_the_gate=at_the_gate(ranking),
        )
        yield ranking.with_columns(calibrate_formula(ranking, about.select("track_key", "sets", "history")))


def _part(con: duckdb.DuckDBPyConnection, table: str, first: int, last: int) -> pl.DataFrame:
    no = duckdb.ColumnExpression("unknown_no")
    return _as_numbered(con.table(table).filter(no.between(first, last)).pl())


def _as_numbered(table: pl.DataFrame) -> pl.DataFrame:
    """Numbers as `contexts` has them."""
    return table.with_columns(pl.col("^.*_no$").cast(pl.UInt32))
