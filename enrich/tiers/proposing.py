"""From a rule's answers to PROPOSALS: evidence as JSON, values as the database spells them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import polars as pl

from enrich.frames.schemas import PROPOSALS
from enrich.tiers.workspace import Workspace


def propose(answers: pl.DataFrame, *, kind: str, tier: int, source: str, evidence: Sequence[str]) -> pl.DataFrame:
    """Shape answers as PROPOSALS without ids.

    Args:
        answers: track_id, value, probability, confidence; artist_id where the artist is known to the database; and the
            columns named by `evidence`.
        kind: `label` or `artist`.
        tier: 0, 1 or 2.
        source: The rule's name.
        evidence: Columns that go into the evidence, by their names.

    Returns:
        PROPOSALS, `proposal_id` empty and `status` proposed.
    """
    if answers.is_empty():
        return pl.DataFrame(schema=PROPOSALS)
    texts = [_json(row) for row in answers.select(evidence).iter_rows(named=True)]
    artist_id = pl.col("artist_id") if "artist_id" in answers.columns else pl.lit(None, pl.String)
    return answers.select(
        pl.lit("").alias("proposal_id"),
        "track_id",
        pl.lit(kind).alias("kind"),
        "value",
        artist_id.cast(pl.String).alias("artist_id"),
        pl.lit(tier, pl.Int8).alias("tier"),
        pl.lit(source).alias("source"),
        pl.col("probability").cast(pl.Float64),
        pl.col("confidence").cast(pl.Float64),
        pl.lit("proposed").alias("status"),
        pl.Series("evidence", texts, dtype=pl.String),
    ).match_to_schema(PROPOSALS)


def voters(ws: Workspace) -> pl.DataFrame:
    """Tracks of known artist with the artists as one text: `Workspace.known` and artist_text (keys joined by |)."""
    return ws.known.with_columns(artist_text=pl.col("artist_keys").list.join("|"))


def with_names(ws: Workspace, answers: pl.DataFrame) -> pl.DataFrame:
    """Add value (names joined), artists (list), artist_id (of a single one) for artist_text (keys joined by |)."""
    names = (
        ws.credits.group_by("artist_key")
        .agg(pl.col("artist").mode().sort().first(), pl.col("artist_id").drop_nulls().sort().first())
        .rename({"artist": "name"})
    )
    shown = (
        answers.select("track_id", artist_key=pl.col("artist_text").str.split("|"))
        .explode("artist_key")
        .unique(["track_id", "artist_key"], keep="first", maintain_order=True)
        .join(names, on="artist_key", how="left", maintain_order="left")
        .group_by("track_id", maintain_order=True)
        .agg(
            value=pl.col("name").str.join(" & "),
            artists=pl.col("name"),
            artist_id=pl.when(pl.len() == 1).then(pl.col("artist_id").first()),
        )
    )
    return answers.join(shown, on="track_id", maintain_order="left")


def _json(row: Mapping[str, object]) -> str:
    return json.dumps(
        {k: round(v, 4) if isinstance(v, float) else v for k, v in row.items() if v is not None},
        ensure_ascii=False,
        default=str,
    )
