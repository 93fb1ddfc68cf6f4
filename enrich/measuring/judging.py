"""Whether proposed values are right: an artist under any of their names, a label in whatever spelling. Pure."""

from __future__ import annotations

from typing import Any

import polars as pl

from enrich.text.credits import split_credits
from enrich.text.normalise import artist_key, label_key
from enrich.text.persons import persons

_S: Any = pl.String
#: What is known of a track, by whoever hid or planted it.
TRUTH = pl.Schema(
    {"track_id": _S, "true_artist": _S, "true_title": _S, "true_label": _S, "released_on": pl.Date, "kind": _S}
)
ALIASES = pl.Schema({"name": _S, "aliases": pl.List(_S)})


def judge(values: pl.DataFrame, truth: pl.DataFrame, *, aliases: pl.DataFrame | None = None) -> pl.DataFrame:
    """Say of each value whether it is right.

    An artist is right when the credit names any main artist of the track, under any of their names. A label is right
    when it is the label the track was made for, in whatever spelling; for a track that has no label none is right. An
    identity (`Artist - Title`) is right when its artist is.

    Args:
        values: At least `track_id, kind, value`; kind is one of KINDS. Other columns are carried along.
        truth: Schema TRUTH.
        aliases: Schema ALIASES: each artist with its other names; None: names count as written.

    Returns:
        `values` in its order with `is_right`: null for tracks that `truth` does not know.
    """
    rows = values.with_row_index("_row")
    by = pl.when(pl.col("kind") == "identity").then(pl.col("value").str.split(" - ").list.first()).otherwise("value")
    named = rows.filter(pl.col("kind") != "label").with_columns(value=by)
    labels = rows.filter(pl.col("kind") == "label")
    right = pl.concat([_right_labels(labels, truth), _right_artists(named, truth, aliases)])
    known = truth.select("track_id", _is_known=pl.lit(value=True))
    return (
        rows.join(right.with_columns(_right=pl.lit(value=True)), on="_row", how="left", maintain_order="left")
        .join(known, on="track_id", how="left", maintain_order="left")
        .with_columns(is_right=pl.when("_is_known").then(pl.col("_right").fill_null(value=False)))
        .drop("_row", "_right", "_is_known")
    )


def _right_labels(rows: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    return (
        rows.join(truth.select("track_id", "true_label"), on="track_id")
        .filter(label_key(pl.col("value")) == label_key(pl.col("true_label")))
        .select("_row")
    )


def _right_artists(rows: pl.DataFrame, truth: pl.DataFrame, aliases: pl.DataFrame | None) -> pl.DataFrame:
    """Rows of which any name, or the credit as a whole, belongs to a main artist."""
    named = _names(rows.select("_row", "track_id", "value"), "value")
    true = truth.select("track_id", name=pl.col("true_artist").str.split(", ")).explode("name")
    other = None if aliases is None else aliases.select(artist="name", alias="aliases").explode("alias")
    person = persons(other)
    return _person(named, person).join(_person(true, person), on=["track_id", "person"]).select("_row").unique()


def _names(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """One row per name a credit could mean: as a whole, split at commas, and split by the rules of credits."""
    whole = rows.select("_row", "track_id", name=column)
    if rows.is_empty():
        return whole
    commas = whole.with_columns(pl.col("name").str.split(", ")).explode("name")
    split = split_credits(rows[column]).filter(pl.col("role") == "primary").select("row", name="artist")
    keyed = rows.select("_row", "track_id").with_row_index("row")
    parts = keyed.join(split.with_columns(pl.col("row").cast(pl.UInt32)), on="row").select("_row", "track_id", "name")
    return pl.concat([whole, commas, parts]).unique(maintain_order=True)


def _person(named: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    """_row where there is one, track_id, person: whose name each is; a name without another is its own."""
    return (
        named.with_columns(key=artist_key(pl.col("name")))
        .join(persons, on="key", how="left")
        .select(pl.col("^_row$"), "track_id", person=pl.coalesce("person", "key"))
    )
