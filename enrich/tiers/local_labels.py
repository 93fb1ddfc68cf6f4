"""Tier 0 without the outside: a label in the title's brackets, or known for the track elsewhere in the database."""

from __future__ import annotations

import polars as pl

from enrich.rules import LABEL_FLOOR
from enrich.text.normalise import label_key
from enrich.tiers.proposing import propose, unlabelled
from enrich.tiers.same_title import SAME_RECORDING, agreeing
from enrich.tiers.workspace import Workspace


def title_labels(ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
    """Labels the titles themselves carry: `[Armada]` 0.70 known, 0.65 not; `(Armada)` 0.65.

    A round bracket nobody knows is left to the Label Hunter, which asks the sources first.

    Returns:
        PROPOSALS (tier 0, source `title`).
    """
    spelling = ws.label_spellings.rename({"label": "known_as"})
    found = (
        unlabelled(ws, track_ids)
        .filter(pl.col.title_label.is_not_null() & (pl.col.title_label_confidence > LABEL_FLOOR))
        .with_columns(label_key=label_key(pl.col.title_label))
        .join(spelling, on="label_key", how="left", maintain_order="left")
        .with_columns(
            value=pl.coalesce("known_as", "title_label"),
            probability="title_label_confidence",
            in_title="title_label",
            bucket=bracket_bucket(),
        )
    )
    return propose(found, kind="label", tier=0, source="title", evidence=["title", "in_title", "known_as", "bucket"])


def database_labels(ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
    """Labels the database knows for another version of the same track.

    With a known artist the title must agree under that artist; without, the title alone.

    Returns:
        PROPOSALS (tier 0, source `database`).
    """
    keys = ws.known.select("track_id", artist_text=pl.col.artist_keys.list.join("|"))
    tracks = ws.tracks.select("track_id", "title", "base_key", "version_class", "remixer", "label_key").join(
        keys, on="track_id", how="left"
    )
    labelled = tracks.filter(pl.col.label_key.is_not_null() & pl.col.version_class.is_in(SAME_RECORDING))
    asked = unlabelled(ws, track_ids).select("track_id")
    by_artist = _answers(
        tracks.filter(pl.col.artist_text.is_not_null()).with_columns(base_key=_under_artist()),
        labelled.filter(pl.col.artist_text.is_not_null()).with_columns(base_key=_under_artist()),
        asked,
        rule="same artist, ",
    )
    nameless = tracks.filter(pl.col.artist_text.is_null())
    by_title = _answers(pl.concat([labelled, nameless]).unique("track_id"), labelled, asked, rule="title alone, ")
    spelling = ws.label_spellings.rename({"label": "value"})
    return propose(
        pl.concat([by_artist, by_title]).join(spelling, on="label_key"),
        kind="label",
        tier=0,
        source="database",
        evidence=["example", "others", "bucket"],
    )


def _answers(tracks: pl.DataFrame, labelled: pl.DataFrame, asked: pl.DataFrame, *, rule: str) -> pl.DataFrame:
    blanks = tracks.filter(pl.col.version_class.is_in(SAME_RECORDING) & pl.col.label_key.is_null())
    answers = agreeing(blanks.join(asked, on="track_id", how="semi"), labelled, value="label_key")
    return answers.with_columns(bucket=pl.concat_str(pl.lit(rule), "bucket"))


def bracket_bucket() -> pl.Expr:
    """How a label stands in a title: of `title`, `title_label` and `known_as` (null: the database does not know it)."""
    label = pl.col.title_label.str.to_lowercase()
    inside = pl.col.title.str.to_lowercase().str.extract_all(r"\[[^\]]*").list.join(" ")
    is_square = inside.str.contains(label, literal=True).fill_null(value=False)
    return pl.format(
        "{}, {}known to the database",
        pl.when(is_square).then(pl.lit("[…]")).otherwise(pl.lit("(…)")),
        pl.when(pl.col.known_as.is_null()).then(pl.lit("not ")).otherwise(pl.lit("")),
    )


def _under_artist() -> pl.Expr:
    # The artist's key and the title's, as one: nothing but the same pair can meet it.
    return pl.concat_str("artist_text", pl.lit(" ¦ "), "base_key")
