"""The same title elsewhere in the database: an answer only where its tracks agree and it says something."""

from __future__ import annotations

import polars as pl

from enrich.text.normalise import artist_key
from enrich.text.words import is_unknown_title

#: Versions that are releases of one and the same recording, as far as its label and artist go.
SAME_RECORDING = tuple(
    ["plain", "original", "extended", "radio", "club", "dub", "instrumental", "acappella", "edit", "remaster"]
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
        asked: track_id, base_key, version_class, remixer, label_key (null where unknown).
        elsewhere: The same, with title and the column named by `value` (a key; nulls are skipped).
        value: Column of `elsewhere` on which they must agree.

    Returns:
        One row per asked track with an answer: track_id, the column `value`, others (tracks that say so),
        example (title of one), bucket (String).
    """
    voters = elsewhere.filter(pl.col(value).is_not_null() & speaks(pl.col.base_key))
    columns = ["track_id", "base_key", "version_class", "remixer", "label_key"]
    pairs = (
        asked.filter(speaks(pl.col.base_key))
        .select(columns)
        .join(voters.rename({value: "said"}).with_columns(pl.col.said.alias(value)), on="base_key", suffix="_other")
        .filter(pl.col.track_id != pl.col.track_id_other)
        .sort("track_id", "track_id_other")
    )
    is_recording = [pl.col(c).is_in(SAME_RECORDING) for c in ("version_class", "version_class_other")]
    # A label that is itself asked for is no evidence of anything.
    labels_known = pl.lit(value=value != "label_key") & pl.col.label_key.is_not_null()
    labels_known &= pl.col.label_key_other.is_not_null()
    same_label = pl.col.label_key == pl.col.label_key_other
    same_remix = artist_key(pl.col.remixer) == artist_key(pl.col.remixer_other)
    return (
        pairs.group_by("track_id", maintain_order=True)
        .agg(
            pl.col.base_key.first(),
            rivals=pl.col.said.n_unique(),
            said=pl.col.said.first(),
            others=pl.len(),
            example=pl.col.title.first(),
            closeness=pl.when(same_remix.any())
            .then(pl.lit("same remix"))
            .when((is_recording[0] & is_recording[1]).any())
            .then(pl.lit("same recording"))
            .otherwise(pl.lit("another version")),
            labels=pl.when((labels_known & same_label).any())
            .then(pl.lit(", same label"))
            .when((labels_known & ~same_label).any())
            .then(pl.lit(", other label"))
            .otherwise(pl.lit("")),
        )
        .filter(pl.col.rivals == 1)
        .with_columns(bucket=pl.format("{}, {}{}", title_words(pl.col.base_key), "closeness", "labels"))
        .select("track_id", pl.col.said.alias(value), "others", "example", "bucket")
    )


def title_words(base_key: pl.Expr) -> pl.Expr:
    """How much a title says: `1 word`, `2 words`, `3+ words`."""
    words = base_key.str.count_matches(r"\S+")
    return words.clip(1, 3).replace_strict({1: "1 word", 2: "2 words", 3: "3+ words"}, return_dtype=pl.String)
