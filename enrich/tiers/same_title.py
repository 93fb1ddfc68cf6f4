"""The same title elsewhere in the database: the one rule behind several tiers.

Given tracks whose artist (or label) is blank, find other tracks of the same base title. The answer is given only
where all of them agree, and only for a title that says something (not `ID`, not a bare number). How much agreement
is worth is measured on the known tracks, each hidden from itself: see `measured`.
"""

from __future__ import annotations

import polars as pl

from enrich.text.words import is_unknown_title

#: Versions that are releases of one and the same recording, as far as its label and artist go.
SAME_RECORDING = (
    "plain",
    "original",
    "extended",
    "radio",
    "club",
    "dub",
    "instrumental",
    "acappella",
    "edit",
    "remaster",
)


def speaks(base_key: pl.Expr) -> pl.Expr:
    """True where a base title is more than an unknown-word, a number or a letter or two."""
    return (
        base_key.is_not_null()
        & ~is_unknown_title(base_key)
        & (base_key.str.len_chars() >= 3)
        & base_key.str.contains(r"\p{L}{2}")
        & ~base_key.str.contains(r"^(?:track|id|untitled|unknown|intro|outro|part) ?\d*$")
    )


def agreeing(asked: pl.DataFrame, elsewhere: pl.DataFrame, *, value: str) -> pl.DataFrame:
    """The value all other tracks of the same title share.

    Args:
        asked: track_id, base_key, version_class.
        elsewhere: track_id, title, base_key, version_class and the column named by `value` (a key; nulls are skipped).
        value: Column of `elsewhere` on which they must agree.

    Returns:
        One row per asked track with an answer: track_id, the column `value`, others (tracks that say so),
        example (title of one), bucket (String).
    """
    voters = elsewhere.filter(pl.col(value).is_not_null() & speaks(pl.col("base_key")))
    pairs = (
        asked.filter(speaks(pl.col("base_key")))
        .select("track_id", "base_key", "version_class")
        .join(voters, on="base_key", suffix="_other")
        .filter(pl.col("track_id") != pl.col("track_id_other"))
        .sort("track_id", "track_id_other")
    )
    both_recordings = pl.col("version_class").is_in(SAME_RECORDING) & pl.col("version_class_other").is_in(
        SAME_RECORDING
    )
    return (
        pairs.group_by("track_id", maintain_order=True)
        .agg(
            pl.col("base_key").first(),
            pl.col(value).n_unique().alias("rivals"),
            pl.col(value).first(),
            others=pl.len(),
            example=pl.col("title").first(),
            recording=both_recordings.any(),
        )
        .filter(pl.col("rivals") == 1)
        .with_columns(bucket=_bucket())
        .drop("rivals", "base_key", "recording")
    )


def _bucket() -> pl.Expr:
    words = pl.col("base_key").str.count_matches(r"\S+")
    return pl.format(
        "{}, {}",
        pl.when(words >= 3)
        .then(pl.lit("3+ words"))
        .when(words == 2)
        .then(pl.lit("2 words"))
        .otherwise(pl.lit("1 word")),
        pl.when(pl.col("recording")).then(pl.lit("same recording")).otherwise(pl.lit("another version")),
    )
