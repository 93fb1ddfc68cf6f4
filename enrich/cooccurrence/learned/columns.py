"""The columns of the learned ranker: candidates of unknowns and what is known of each, computed in DuckDB.

A generator is a table of the likeliest artists of a key (a set, a month of a series, a label in a quarter, an artist),
cut at a number; joined to the sets of the unknowns they give the candidates, and one pass over them gives the columns
`signs.COLUMNS`. The texts are those of `sql/duckdb/learned_*.sql`. All but `learned_columns` is the same whatever the
order of rows, in memory and on disk: sums are of whole numbers, and ties go to the lowest number.
"""

from __future__ import annotations

import polars as pl

from enrich.cooccurrence.engines import DuckDB, Steps, run
from enrich.cooccurrence.plays import Vocabulary
from enrich.sql import DUCKDB, in_memory
from enrich.text.normalise import fold

#: Days between two sets of which one has no date: far apart, not infinitely.
_UNDATED = 1500
#: Kernels in days: the weeks around a set, the year, the years.
_WEEKS, _YEAR, _YEARS = 60, 400, 3000
#: Words of a set's name that may be one artist, and the least letters of one word and of several.
_LONGEST_NAME, _ONE_WORD, _WORDS = 4, 5, 4

#: What is counted of all plays, once.
_WORLD: Steps = [
    *(
        (f"learned_{name}", {})
        for name in ["titles", "plays", "recordings", "set_artists", "sets", "set_djs", "dj_habits", "artists"]
    ),
    ("learned_hot_artists", {"limit_artists": 300}),
    ("learned_by_time", {"limit_artists": 80, "weeks": 45, "year": _YEAR}),
    ("learned_series_artists", {}),
    ("learned_seldom", {"most_sets": 100}),
    ("learned_label_artists", {}),
    ("learned_rosters", {"limit_artists": 40}),
    ("learned_neighbours", {"limit_artists": 30}),
    ("learned_together", {"limit_artists": 30}),
    ("learned_debuts", {}),
]

#: What is made for the unknowns asked for.
_ASKED: Steps = [("learned_asked", {}), ("learned_asked_sets", {}), ("learned_targets", {})]
_CANDIDATES: Steps = [
    (
        "learned_by_dj",
        {"limit_artists": 150, "undated_days": _UNDATED, "weeks": _WEEKS, "year": _YEAR, "years": _YEARS},
    ),
    ("learned_by_series", {"limit_artists": 80, "days": 365}),
    ("learned_like_sets", {"limit_sets": 40}),
    ("learned_by_likeness", {"limit_artists": 100, "undated_days": _UNDATED, "days": 200}),
    ("learned_label_now", {"limit_artists": 40, "quarters": 12, "days": _YEAR}),
    ("learned_by_label", {"limit_artists": 100}),
    ("learned_near", {"slots": 10}),
    ("learned_by_neighbours", {"limit_artists": 100}),
    ("learned_by_credit", {"limit_artists": 30}),
    ("learned_unknown_djs", {}),
    ("learned_by_debut", {"limit_artists": 60, "days": _WEEKS}),
    ("learned_parts", {}),
    ("learned_about", {}),
]


def count_plays(engine: DuckDB) -> None:
    """Count of numbered plays (`plays.number_plays`) what all columns are made from."""
    run(engine, _WORLD)


def columns(engine: DuckDB, known: Vocabulary, unknowns: pl.Series) -> pl.DataFrame:
    """Candidates of unknowns, by number, of plays numbered and counted; a few thousand at once bound the memory.

    Returns:
        unknown_no, artist_no, dj_no (a DJ of the unknown), COLUMNS and dj_near_sets (Float32); by the first two.
    """
    engine.load("wanted_unknowns", unknowns.cast(pl.Int32).to_frame("unknown_no"))
    run(engine, _ASKED)
    engine.load("named_artists", _named(engine.frame("learned_set_names"), known))
    run(engine, _CANDIDATES)
    # DuckDB would sort all candidates once for each rank; here they are in order already.
    place = pl.col("dj_rank", "alike_rank").rank("min", descending=True).over("unknown_no").cast(pl.Float32)
    return engine.frame("learned_columns").with_columns(place)


def _named(sets: pl.DataFrame, known: Vocabulary) -> pl.DataFrame:
    """set_no, artist_no: artists whom the names of sets name."""
    folded = sets.select("set_no", words=fold(pl.col("set_name")).str.split(" ")).drop_nulls()
    letters = {"longest": _LONGEST_NAME, "one_word": _ONE_WORD, "several": _WORDS}
    with in_memory(folded=folded, names=known.names) as con:
        return DUCKDB["vocabulary_named_in_sets"].frame(con, **letters)
