"""The ranking of unknowns by either scorer: at most 50 artists each, with probability, its parts and the evidence.

Formula and learned ranker share plays, contexts, signals, evidence and this way out; they differ in the query that
makes the table `ranked`.

The same named queries rank a frame in memory, files beyond memory, and files on Spark: numbering, contexts, signals,
ranks and evidence are an engine's (`engines.DuckDB`, `spark.Spark`); the unknowns get their names, sentences and
confidence some thousands at a time. In memory stand one batch and the vocabulary: every distinct artist, DJ and label
text, whose number grows much more slowly than that of the plays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Protocol

import duckdb
import polars as pl

from enrich.cooccurrence.calibration import Calibration, with_confidence
from enrich.cooccurrence.engines import DuckDB, Engine, run
from enrich.cooccurrence.evidence import EVIDENCE, Names, sentences
from enrich.cooccurrence.formula import SCORES, formula_steps, name_steps
from enrich.cooccurrence.plays import Vocabulary, load_plays, number_plays, read_plays
from enrich.frames.files import write_batches
from enrich.frames.schemas import RANKING
from enrich.rules import GATE_PROBABILITY, GATE_SETS, MAX_RANK, WINDOW
from enrich.sql import DUCKDB
from enrich.tracklists.reading import parquet_files

#: Unknowns named at once.
UNKNOWNS_AT_ONCE = 20_000

#: Of some unknowns so many are asked about at once: what a thousand have for candidates is a few hundred megabytes.
ASKED_AT_ONCE = 1_000

#: Told how many of how many unknowns are done; what it raises ends the work.
Told = Callable[[int, int], None]


def _silent(done: int, total: int) -> None:
    """Nobody listens."""


#: The tables a ranking is written from.
RESULTS = ("ranked", *EVIDENCE, "shown_names", "unknown_sets", "unknowns", "sets")


class Scorer(Protocol):
    """Makes the table `ranked`."""

    @property
    def calibration(self) -> Calibration | None:
        """What its confidence was measured by."""

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables of evidence beside those of the formula."""

    def score(
        self, engine: Engine, known: Vocabulary, *, window: int, max_rank: int, only: pl.Series | None, told: Told
    ) -> None:
        """Make `ranked` and `tables` of numbered plays; `told` of unknowns that are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """The specification's formula."""

    calibration: Calibration | None
    tables: tuple[str, ...] = ()

    def score(
        self, engine: Engine, known: Vocabulary, *, window: int, max_rank: int, only: pl.Series | None, told: Told
    ) -> None:
        """See `Scorer`."""
        if only is not None:
            ask_only(engine, only)
        run(engine, formula_steps(window=window, max_rank=max_rank))


def ask_only(engine: Engine, only: pl.Series) -> None:
    """Let the queries that follow see of all unknowns those of these keys alone."""
    engine.load("wanted", only.to_frame("track_key"))
    run(engine, [("cooccurrence_all_slots", {}), ("cooccurrence_only", {})])


def rank_frame(
    tracklists: pl.DataFrame,
    *,
    scorer: Scorer,
    aliases: pl.DataFrame | None = None,
    window: int = WINDOW,
    max_rank: int = MAX_RANK,
    only: pl.Series | None = None,
    told: Told = _silent,
) -> pl.DataFrame:
    """RANKING of every unknown of a frame TRACKLISTS; see `ranking.rank`. Some are asked about a thousand at a time."""
    parts: list[pl.DataFrame] = []
    wanted = None if only is None else only.unique().sort()
    total = 0 if wanted is None else len(wanted)
    at_once = ASKED_AT_ONCE if isinstance(scorer, Formula) else max(total, 1)
    with closing(DuckDB()) as engine:
        load_plays(engine, tracklists)
        known = number_plays(engine, aliases=aliases)
        for first in range(0, max(total, 1), at_once):
            told(first, total)
            some = None if wanted is None else wanted.slice(first, at_once)
            _rank(engine, known, scorer, window=window, max_rank=max_rank, only=some, told=told)
            parts += _batches(engine, known, scorer)
    return pl.concat(parts) if parts else RANKING.to_frame()


def rank_files(
    paths: str | PathLike[str] | Sequence[str | PathLike[str]],
    out: str | Path,
    *,
    engine: Engine,
    scorer: Scorer,
    window: int = WINDOW,
    max_rank: int = MAX_RANK,
) -> dict[str, int]:
    """Rank the artists every unknown of Parquet tracklists may be by, into a file of schema RANKING.

    Args:
        paths: Flat tracklist tables in Parquet. Of several rows for one slot the first in the first file counts.
        out: .parquet, .csv or .jsonl; by track_key and rank.
        engine: A fresh engine with a working folder; the caller closes it.
        scorer, window, max_rank: See `ranking.rank`.

    Returns:
        The figures of `ranking.ranking_figures`, and rows_set_aside.

    Raises:
        InputFileError: a file is missing, damaged or not Parquet, or `out` cannot be written.
        EnrichError: the engine has too little memory.
    """
    rows = read_plays(engine, parquet_files(paths))
    known = number_plays(engine)
    _rank(engine, known, scorer, window=window, max_rank=max_rank)
    counts = {name: int(value) for name, value in engine.frame("cooccurrence_counts").row(0, named=True).items()}
    ranked: Counter[str] = Counter(with_candidates=0, candidates=0, at_the_gate=0)
    write_batches(_counted(_batches(engine, known, scorer), ranked), RANKING, out)
    return {**counts, **ranked, "rows_set_aside": rows - counts["slots"]}


def at_the_gate(ranking: pl.DataFrame) -> int:
    """How many unknowns have a candidate at the specification's thresholds."""
    gate = (pl.col("probability") >= GATE_PROBABILITY) & (pl.col("occurrence_count") >= GATE_SETS)
    return ranking.filter(gate)["track_key"].n_unique()


def _rank(
    engine: Engine,
    known: Vocabulary,
    scorer: Scorer,
    *,
    window: int,
    max_rank: int,
    only: pl.Series | None = None,
    told: Told = _silent,
) -> None:
    """Make the tables RESULTS; of `only` the unknowns of these keys."""
    scorer.score(engine, known, window=window, max_rank=max_rank, only=only, told=told)
    run(engine, name_steps())
    for table, (query, limits) in EVIDENCE.items():
        engine.keep(table, query, **limits)


def _counted(batches: Iterator[pl.DataFrame], figures: Counter[str]) -> Iterator[pl.DataFrame]:
    for ranking in batches:
        figures.update(
            with_candidates=ranking["track_key"].n_unique(),
            candidates=ranking.height,
            at_the_gate=at_the_gate(ranking),
        )
        yield ranking


def _batches(engine: Engine, known: Vocabulary, scorer: Scorer) -> Iterator[pl.DataFrame]:
    """RANKING of some unknowns after the others, in the order of their keys."""
    con = engine.results(RESULTS + scorer.tables)
    for first in range(0, con.table("unknowns").shape[0], UNKNOWNS_AT_ONCE):
        last = first + UNKNOWNS_AT_ONCE - 1
        scored = _part(con, "ranked", first, last).select(SCORES.names()).cast(dict(SCORES))  # type: ignore[arg-type]
        if scored.is_empty():
            continue
        names = Names(
            known=known,
            shown=_part(con, "shown_names", first, last),
            sets=_as_numbered(DUCKDB["cooccurrence_set_ids"].frame(con, first=first, last=last)),
            unknowns=_part(con, "unknowns", first, last),
        )
        evidence = sentences(
            scored, {table: _part(con, table, first, last) for table in (*EVIDENCE, *scorer.tables)}, names
        )
        scored = scored.join(_part(con, "unknown_sets", first, last).select("unknown_no", "sets"), on="unknown_no")
        yield _named(with_confidence(scored, scorer.calibration), evidence, names)


def _named(scored: pl.DataFrame, evidence: pl.DataFrame, names: Names) -> pl.DataFrame:
    """RANKING of candidates known by number."""
    return (
        scored.join(names.unknowns, on="unknown_no")
        .join(names.of_candidates(scored), on=["unknown_no", "artist_no"])
        .join(names.known.labels.select("label_no", label_support="label"), on="label_no", how="left")
        .join(evidence, on=["unknown_no", "artist_no"], how="left")
        .sort("unknown_no", "rank")
        .with_columns(pl.col("evidence").fill_null([]))
        .select(RANKING.names())
        .match_to_schema(RANKING)
    )


def _part(con: duckdb.DuckDBPyConnection, table: str, first: int, last: int) -> pl.DataFrame:
    no = duckdb.ColumnExpression("unknown_no")
    return _as_numbered(con.table(table).filter(no.between(first, last)).pl())


def _as_numbered(table: pl.DataFrame) -> pl.DataFrame:
    """Numbers as the vocabulary has them."""
    return table.with_columns(pl.col("^.*_no$").cast(pl.UInt32))
