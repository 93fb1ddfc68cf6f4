"""Played slots as numbered tables of an engine, and the context of every unknown: the known plays around its slots.

The queries are those of `sql/duckdb/cooccurrence_numbering.sql`, in memory, on disk and on Spark alike; only the
vocabulary (every distinct artist, DJ and label text) is read here. Everything afterwards works on small integers;
names come back at the very end.

Words, as the whole package uses them:

* **Slot**: one row, known by (`set_id`, `position`). Of several rows of a frame for one slot a known artist goes before
  an unknown one, then the smallest row in text order is kept: the order of the rows never matters.
* **Unknown slot**: `artist` is null or an unknown-word (`enrich.text.words.is_unknown_artist`).
* **Unknown**: all unknown slots of one `track_key`; without one, the slot alone, called `set_id#position`.
* **Known play**: any other slot. It counts once for every artist its credit names (`enrich.text.credits`): main and
  featured, not remixers, who did not make the track; unknown-words (`ID & Armin van Buuren`) name nobody.
* **Context**: the known plays of the same set whose `position` differs by at most `window` from one of the
  unknown's slots. Positions may have gaps: the difference of the numbers counts, not the rows between.
* **DJ**: every name in the row's `dj`, split like an artist credit: `A b2b B` is two DJs.
* **Person**: an artist under all names; whatever is counted is counted by person, `artist_no` being the
  lowest number of a person's names.

Tables, numbers in the order of the sorted keys: `sets`, `unknowns`, `slots` (one row per slot, its texts as numbers),
and of `sql/duckdb/vocabulary.sql` `credit_names`, `dj_names` (names as credited), `credits`, `dj_credits` (the persons
of these) and `several_names`; `dj_no` and `artist_no` number the same persons.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from enrich.cooccurrence.engines import DuckDB, Engine
from enrich.cooccurrence.slots import played, slot_rows
from enrich.sql import DUCKDB, in_memory
from enrich.text.credits import split_credits
from enrich.text.normalise import artist_key, label_key
from enrich.text.persons import persons, with_known
from enrich.text.words import is_unknown_artist

_CREDITS_AT_ONCE = 200_000
_AKA = r"(?i)^\s*(.+?)\s*[(\[]?\s*\b(?:a\.?k\.?a\.?|also known as)\s+([^()\[\]]+?)\s*[)\]]?\s*$"
_PRES = r"(?i)^\s*(.+?)\s+(?:pres\.?|presents|introducing|introduces)\s+([^()\[\]]+?)\s*$"
#: Plays from which `X pres. Y` is taken to say that Y is X; `X aka Y` says so at once.
_AKA_PLAYS, _PRES_PLAYS = 1, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What the texts of tracklists name, by number, in the spelling seen most."""

    names: pl.DataFrame
    """artist_no (of the name), artist_key, artist, person_no."""
    persons: pl.DataFrame
    """artist_no (of the person), artist: the name played most."""
    labels: pl.DataFrame
    """label_no, label_key, label."""


def load_plays(engine: DuckDB, tracklists: pl.DataFrame) -> None:
    """Make the table `played` of a frame TRACKLISTS, of which only `set_id` and `position` must be there."""
    engine.view("played", played(slot_rows(tracklists), row_no=pl.col("slot")))
    engine.run("cooccurrence_sets")
    # A frame's slots are settled by now; those of files only meet in the engine.
    engine.load("repeats", pl.DataFrame(schema={"row_no": pl.Int64}))


def read_plays(engine: Engine, files: Sequence[Path]) -> int:
    """Take in Parquet files; of several rows for one slot the first in the first file counts. The rows they hold."""
    rows = engine.read_played(files)
    engine.run("cooccurrence_sets")
    engine.run("cooccurrence_repeats")
    return rows


def number_plays(engine: Engine, *, aliases: pl.DataFrame | None = None) -> Vocabulary:
    """Number every slot, artist, DJ, label and unknown of the table `played`, and make the tables above beside it.

    Raises EnrichError: `aliases` (one row per further name of an artist) lacks its columns `artist`, `alias`.
    """
    numbered = pl.int_range(pl.len(), dtype=pl.Int32).alias("no"), "text", "plays"
    found = (engine.frame(f"cooccurrence_{what}_texts") for what in ("artist", "dj", "label"))
    artists, djs, labels = (texts.sort("text").select(numbered) for texts in found)
    labels = labels.with_columns(label_key=label_key(pl.col("text")))
    with in_memory(credited=_credited(artists), dj_credited=_credited(djs), label_texts=labels) as con:

        def rows(name: str) -> pl.DataFrame:
            return DUCKDB[f"vocabulary_{name}"].frame(con)

        names, label_names = rows("names"), rows("labels")
        names = names.with_columns(person_numbers(names, aliases, pl.concat([artists, djs]).select("text", "plays")))
        con.register("names", names.to_arrow())
        con.register("labels", label_names.to_arrow())
        credit_names, dj_names, persons_called = rows("credit_names"), rows("dj_names"), rows("persons")
        tables = {
            "artist_numbers": artists.select("text", credit_no="no"),
            "dj_numbers": djs.select("text", dj_credit_no="no"),
            "label_numbers": rows("label_numbers"),
            "credit_names": credit_names,
            "credits": credit_names.select("credit_no", "artist_no").unique().sort(pl.all()),
            "dj_names": dj_names,
            "dj_credits": dj_names.select("dj_credit_no", "dj_no").unique().sort(pl.all()),
            "several_names": rows("several_names"),
        }
    for table, frame in tables.items():
        engine.load(table, frame)
    engine.run("cooccurrence_unknowns")
    engine.run("cooccurrence_slots")
    return Vocabulary(names=names.drop("rank", "plays"), persons=persons_called, labels=label_names)


def person_numbers(names: pl.DataFrame, aliases: pl.DataFrame | None, texts: pl.DataFrame) -> pl.Series:
    """The person of every name (artist_no, artist_key): the lowest number among the names of one artist.

    Names are one artist by `aliases` of the database, by what is well known, and where credits (text, plays) say so.
    """
    person = persons(pl.concat([with_known(aliases), credited_pairs(texts)])).rename({"key": "artist_key"})
    joined = names.join(person, on="artist_key", how="left", maintain_order="left")
    return joined.select(
        person_no=pl.col("artist_no").min().over(pl.coalesce("person", pl.lit("\0") + pl.col("artist_key")))
    ).to_series()


def credited_pairs(texts: pl.DataFrame) -> pl.DataFrame:
    """artist, alias that credits (text, plays) spell out surely enough: `aka` once, `pres.` in a few plays."""
    pairs = pl.concat(
        texts.select("plays", artist=pl.col("text").str.extract(rule, 1), alias=pl.col("text").str.extract(rule, 2))
        .drop_nulls()
        .filter(pl.col("plays").sum().over("artist", "alias") >= least)
        for rule, least in ((_AKA, _AKA_PLAYS), (_PRES, _PRES_PLAYS))
    )
    return (
        pairs.filter(_is_one_name(pairs["artist"]), _is_one_name(pairs["alias"]))
        .filter(~is_unknown_artist(pl.col("artist")), ~is_unknown_artist(pl.col("alias")))
        .select("artist", "alias")
        .unique()
        .sort(pl.all())
    )


def _is_one_name(column: pl.Series) -> pl.Series:
    """True where a credit names one artist: of `A & B pres. C` nobody can say who C is."""
    parts = split_credits(column).group_by("row").len()
    rows = pl.DataFrame({"row": pl.int_range(len(column), dtype=pl.UInt32, eager=True)})
    return (rows.join(parts, on="row", how="left", maintain_order="left")["len"] == 1).fill_null(value=False)


def _credited(credit: pl.DataFrame) -> pl.DataFrame:
    """no, artist, artist_key, plays: the names in each credit, remixers and unknown-words left out."""
    # A part at a time: taking a million credits apart at once would need more memory than all that is made of them.
    return pl.concat(
        split_credits(part["text"])
        .filter(pl.col("role") != "remixer", ~is_unknown_artist(pl.col("artist")))
        .join(part.with_row_index("row"), on="row")
        .select("no", "artist", "plays", artist_key=artist_key(pl.col("artist")))
        for part in (credit.iter_slices(_CREDITS_AT_ONCE) if len(credit) else [credit])
    )
