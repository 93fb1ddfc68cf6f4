"""The ranking of unknowns by either scorer: at most 50 artists each, with probability, its parts and the evidence.

The same named queries rank a frame in memory, files beyond memory, and files on Spark: numbering, contexts, signals,
ranks and evidence are an engine's (`engines.DuckDB`, `spark.Spark`); the unknowns get their names, sentences and
confidence some thousands at a time. In memory stand one batch and the vocabulary: every distinct artist, DJ and label
text, whose number grows much more slowly than that of the plays.

The specification's formula is `P(artist) = 0.5 × occurrence + 0.3 × label + 0.2 × dj`; a candidate is whoever has any
of the three above zero. Each signal is a named query of `sql/duckdb/cooccurrence_signals.sql`, which says what it is.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

import duckdb
import polars as pl

from enrich import rules
from enrich.cooccurrence.calibration import Calibration, with_confidence
from enrich.cooccurrence.engines import DuckDB, Engine, Steps, run
from enrich.cooccurrence.plays import Vocabulary, load_plays, number_plays, read_plays
from enrich.cooccurrence.signs import SENTENCES, signs
from enrich.frames.files import write_batches
from enrich.frames.schemas import RANKING
from enrich.rules import MAX_RANK, WINDOW
from enrich.sql import DUCKDB
from enrich.tracklists.reading import parquet_files

#: Unknowns named at once; of some unknowns so many are asked about at once: what a thousand have for candidates is a
#: few hundred megabytes.
UNKNOWNS_AT_ONCE, ASKED_AT_ONCE = 20_000, 1_000
#: What sentences are made from: tables, and the named query of each with parameters, over the tables of the scores.
EVIDENCE: dict[str, tuple[str, dict[str, int]]] = {
    "neighbours": ("cooccurrence_neighbour_evidence", {"limit_each": 3}),
    "label_mates": ("cooccurrence_label_mate_evidence", {}),
    "label_sets": ("cooccurrence_label_evidence", {}),
    "djs": ("cooccurrence_dj_evidence", {"limit_each": 2, "min_label_plays": 3}),
    "other_names": ("cooccurrence_name_evidence", {}),
}
#: The tables a ranking is written from.
RESULTS = ("ranked", *EVIDENCE, "shown_names", "unknown_sets", "unknowns", "sets", "dj_names")
#: Plays that one thread ranks as fast as several, which take time to share them.
_FEW = 50_000
#: Told how many of how many unknowns are done; what it raises ends the work.
Told = Callable[[int, int], None]
#: The signals of the table `candidates` (unknown_no, artist_no).
SIGNAL_STEPS: Steps = [
    ("cooccurrence_label", {}),
    ("cooccurrence_dj", {}),
    ("cooccurrence_signal_rows", {"position_weight": rules.POSITION_WEIGHT}),
]
#: The names shown of the table `ranked`: days in which the name a DJ plays an artist by loses its say, and what the
#: names count by that others play.
NAME_STEPS: Steps = [
    ("cooccurrence_name_plays", {"undated_days": 1500}),
    ("cooccurrence_shown_names", {"days": 400.0, "others": 0.02}),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is wanted of a ranking; see `ranking.rank`."""

    window: int = WINDOW
    max_rank: int = MAX_RANK
    only: pl.Series | None = None
    told: Told = lambda done, total: None


def context_steps(*, window: int = WINDOW) -> Steps:
    """What is played around the unknowns, and what their DJs play; any engine may run them."""
    if window < 1:
        raise ValueError(f"window must be >= 1, got {window}")
    names = "context_artists unknown_sets occurrence top_labels dj_plays unknown_djs releases"
    plays: tuple[str, dict[str, float]] = ("cooccurrence_context_plays", {"window": window})
    return [plays, *((f"cooccurrence_{name}", {}) for name in names.split())]


def formula_steps(*, window: int = WINDOW, max_rank: int = MAX_RANK) -> Steps:
    """The table `ranked` by the formula."""
    weights = {"occurrence_weight": rules.OCCURRENCE_WEIGHT, "label_weight": rules.LABEL_WEIGHT}
    limits = {"dj_weight": rules.DJ_WEIGHT, "most": MAX_RANK, "limit_rank": max_rank}
    return [
        *context_steps(window=window),
        ("cooccurrence_candidates", {"limit_rank": max(MAX_RANK, max_rank)}),
        *SIGNAL_STEPS,
        ("cooccurrence_formula", weights | limits),
    ]


def ask_only(engine: Engine, only: pl.Series | None) -> None:
    """Let the queries that follow see of all unknowns those of these keys alone; None: all."""
    if only is not None:
        engine.load("wanted", only.to_frame("track_key"))
        run(engine, [("cooccurrence_all_slots", {}), ("cooccurrence_only", {})])


def score_by_formula(engine: Engine, known: Vocabulary, asked: Asked) -> None:
    """Make `ranked` by the specification's formula."""
    ask_only(engine, asked.only)
    run(engine, formula_steps(window=asked.window, max_rank=asked.max_rank))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """What makes the table `ranked` of numbered plays, and what its confidence was measured by."""

    calibration: Calibration | None = None
    score: Callable[[Engine, Vocabulary, Asked], None] = score_by_formula
    tables: tuple[str, ...] = ()
    """Tables of evidence it makes beside those of the formula."""
    at_once: int | None = ASKED_AT_ONCE
    """Unknowns it is asked about at once, where some are; None: all of them."""


def rank_frame(
    tracklists: pl.DataFrame, *, scorer: Scorer, asked: Asked, aliases: pl.DataFrame | None = None
) -> pl.DataFrame:
    """RANKING of every unknown of a frame TRACKLISTS; see `ranking.rank`. Some are asked about a thousand at a time."""
    parts: list[pl.DataFrame] = []
    wanted = None if asked.only is None else asked.only.unique().sort()
    total = 0 if wanted is None else len(wanted)
    with closing(DuckDB(threads=1 if tracklists.height < _FEW else None)) as engine:
        load_plays(engine, tracklists)
        known = number_plays(engine, aliases=aliases)
        for first in range(0, max(total, 1), scorer.at_once or max(total, 1)):
            asked.told(first, total)
            some = None if wanted is None else wanted.slice(first, scorer.at_once)
            _rank(engine, known, scorer, replace(asked, only=some))
            parts += _batches(engine, known, scorer)
    return pl.concat(parts) if parts else RANKING.to_frame()


def rank_files(
    paths: str | PathLike[str] | Sequence[str | PathLike[str]],
    out: str | Path,
    *,
    engine: Engine,
    scorer: Scorer,
    window: int = WINDOW,
) -> dict[str, int]:
    """Rank the artists every unknown of Parquet tracklists may be by, into a file of RANKING; see `ranking.rank`.

    Of several rows for one slot the first in the first file counts; `engine` is a fresh one with a working folder,
    which the caller closes. Returns the figures of `ranking.ranking_figures`, and rows_set_aside.

    Raises:
        InputFileError: a file is missing, damaged or not Parquet, or `out` cannot be written.
        EnrichError: the engine has too little memory.
    """
    rows = read_plays(engine, parquet_files(paths))
    known = number_plays(engine)
    _rank(engine, known, scorer, Asked(window=window))
    counts = {name: int(value) for name, value in engine.frame("cooccurrence_counts").row(0, named=True).items()}
    ranked: Counter[str] = Counter(with_candidates=0, candidates=0, at_the_gate=0)

    def counted() -> Iterator[pl.DataFrame]:
        for ranking in _batches(engine, known, scorer):
            ranked.update(counted_ranking(ranking))
            yield ranking

    write_batches(counted(), RANKING, out)
    return {**counts, **ranked, "rows_set_aside": rows - counts["slots"]}


def counted_ranking(ranking: pl.DataFrame) -> dict[str, int]:
    """Unknowns with candidates, candidates, and unknowns with one at the specification's thresholds."""
    gate = pl.col("probability") >= rules.GATE_PROBABILITY, pl.col("occurrence_count") >= rules.GATE_SETS
    return {
        "with_candidates": ranking["track_key"].n_unique(),
        "candidates": ranking.height,
        "at_the_gate": ranking.filter(*gate)["track_key"].n_unique(),
    }


def _rank(engine: Engine, known: Vocabulary, scorer: Scorer, asked: Asked) -> None:
    """Make the tables RESULTS."""
    scorer.score(engine, known, asked)
    run(engine, NAME_STEPS)
    for table, (query, limits) in EVIDENCE.items():
        engine.keep(table, query, **limits)


def _batches(engine: Engine, known: Vocabulary, scorer: Scorer) -> Iterator[pl.DataFrame]:
    """RANKING of some unknowns after the others, in the order of their keys."""
    con = engine.results(RESULTS + scorer.tables)
    spell(con, known)
    for first in range(0, con.table("unknowns").shape[0], UNKNOWNS_AT_ONCE):
        part = {"first": first, "last": first + UNKNOWNS_AT_ONCE - 1}
        sentences = SENTENCES.to_frame()
        if "signs" in scorer.tables:
            table = con.table("signs").filter(duckdb.ColumnExpression("unknown_no").between(*part.values())).pl()
            sentences = signs(table, con.table("djs_called").pl())
        con.register("sign_sentences", sentences.to_arrow())
        scored = DUCKDB["ranking_part"].frame(con, **part)
        if not scored.is_empty():
            yield with_confidence(scored, scorer.calibration).select(RANKING.names()).match_to_schema(RANKING)


def spell(con: duckdb.DuckDBPyConnection, known: Vocabulary) -> None:
    """Give numbers their names in a connection that has the results: `shown`, `djs_called`, `dj_credits_called`."""
    for table, frame in (("spelled", known.names), ("called", known.persons), ("label_names", known.labels)):
        con.register(table, frame.to_arrow())
    for query in ("ranking_shown", "ranking_djs", "ranking_dj_credits"):
        DUCKDB[query].run(con)
