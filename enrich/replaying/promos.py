"""History as it looked while it happened: real recordings played as promos in their first weeks, and what they were.

Pure. A recording of known artist and title is chosen by lot; in its plays of the first weeks the artist, the label and
whatever else would give it away are hidden, the title kept for one half of the chosen and hidden for the other. Its
later plays stay as they are: there, and only there, can the name be learned. Recordings never played again are chosen
too, for real promos of that kind exist, and naming one of them is a mistake that precision must count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from enrich.errors import EnrichError
from enrich.text.normalise import artist_key, title_key
from enrich.text.words import is_unknown_artist
from enrich.tracklists.checking import is_unnamed_title

#: The share of tracks the specification counts as failed.
PROMO_SHARE = 0.25
PROMO_WEEKS = 6

TITLE_KEPT, TITLE_HIDDEN, REAL = "title kept", "title hidden", "real"

_DATE: Any = pl.Date

#: One row per unknown slot. `true_artist` is null where nobody knows; `known_from` is the first later day on which the
#: recording is played under its name, null where that never happens.
_S = pl.String
UNKNOWNS = pl.Schema(
    {"set_id": _S, "position": pl.Int32, "dj": _S, "set_date": _DATE, "title": _S, "kind": _S, "true_artist": _S}
    | {"true_title": _S, "known_from": _DATE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promos:
    """Which recordings begin as promos.

    Raises:
        EnrichError: a value out of range.
    """

    share: float = PROMO_SHARE
    """Of the recordings, 0–1."""
    weeks: int = PROMO_WEEKS
    """How long they stay so; >= 1."""
    seed: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise EnrichError(f"the share of promos must lie between 0 and 1, got {self.share}")
        if self.weeks < 1:
            raise EnrichError(f"promos must stay so for at least one week, got {self.weeks}")

    def told(self) -> dict[str, float]:
        """As the result of a replay names them."""
        return {"promo_share": self.share, "promo_weeks": self.weeks, "seed": self.seed}


def plant_promos(slots: pl.DataFrame, promos: Promos) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Hide what a share of all recordings was while it was new; the same seed, the same promos.

    Args:
        slots: SLOTS, every set dated.
        promos: Which.

    Returns:
        The slots as they would have been written, and UNKNOWNS: the planted ones and those that were unknown anyway.
    """
    rows = slots.with_row_index("slot").with_columns(
        is_nobody=is_unknown_artist(pl.col("artist")),
        is_named=~is_unknown_artist(pl.col("artist")) & ~is_unnamed_title(pl.col("title")),
        artist_key=artist_key(pl.col("artist")),
        title_key=title_key(pl.col("title")),
    )
    chosen = _chosen(rows.filter("is_named"), promos)
    rows = rows.join(chosen, on=["artist_key", "title_key"], how="left", maintain_order="left").with_columns(
        is_promo=(pl.col("is_named") & (pl.col("set_date") < pl.col("promo_until"))).fill_null(value=False)
    )
    unknowns = (
        rows.filter(pl.col("is_promo") | pl.col("is_nobody"))
        .with_columns(
            kind=pl.when(~pl.col("is_promo"))
            .then(pl.lit(REAL))
            .when("keeps_title")
            .then(pl.lit(TITLE_KEPT))
            .otherwise(pl.lit(TITLE_HIDDEN)),
            true_artist=pl.when("is_promo").then("artist"),
            true_title=pl.when("is_promo").then("title"),
            known_from=pl.when("is_promo").then("known_from"),
        )
        .with_columns(title=pl.when(pl.col("kind") != TITLE_HIDDEN).then("title"))
        .select(UNKNOWNS.names())
        .cast(dict(UNKNOWNS))  # type: ignore[arg-type]
    )
    return _hidden(rows).select(slots.columns), unknowns


def with_truth(unknowns: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """UNKNOWNS with what real ones turned out to be.

    `truth` has set_id, position, true_artist; optional true_title, and evidence_date: when the name was first seen.
    """
    told = truth.select(
        "set_id",
        pl.col("position").cast(pl.Int32),
        told_artist=pl.col("true_artist").cast(pl.String),
        told_title=_optional(truth, "true_title", pl.String()),
        told_from=_optional(truth, "evidence_date", pl.Date()),
    ).unique(["set_id", "position"], keep="first", maintain_order=True)
    return (
        unknowns.join(told, on=["set_id", "position"], how="left", maintain_order="left")
        .with_columns(
            true_artist=pl.coalesce("true_artist", "told_artist"),
            true_title=pl.coalesce("true_title", "told_title"),
            known_from=pl.coalesce("known_from", pl.when(pl.col("kind") == REAL).then("told_from")),
        )
        .select(UNKNOWNS.names())
    )


def _optional(frame: pl.DataFrame, name: str, kind: pl.DataType) -> pl.Expr:
    return pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, kind)


def _chosen(named: pl.DataFrame, promos: Promos) -> pl.DataFrame:
    """artist_key, title_key, promo_until, known_from, keeps_title of the recordings that were promos."""
    recordings = (
        named.group_by("artist_key", "title_key")
        .agg(promo_until=pl.col("set_date").min() + timedelta(weeks=promos.weeks), days=pl.col("set_date"))
        .sort("artist_key", "title_key")
    )
    lots = np.random.default_rng(promos.seed).random((recordings.height, 2))
    return (
        recordings.with_columns(keeps_title=pl.Series(lots[:, 1] < 0.5))
        .filter(pl.Series(lots[:, 0] < promos.share))
        .explode("days")
        .group_by("artist_key", "title_key", "promo_until", "keeps_title", maintain_order=True)
        .agg(known_from=pl.col("days").filter(pl.col("days") >= pl.col("promo_until")).min())
    )


def _hidden(rows: pl.DataFrame) -> pl.DataFrame:
    """The slots with everything blank that names a promo; neighbours and the set itself stay."""
    is_promo = pl.col("is_promo")
    telling = ["artist", "label", "label_note", "catalog_number", "isrc", "duration_ms", "genre", "track_key"]
    blanks = [pl.when(~is_promo).then(c).alias(c) for c in telling if c in rows.columns]
    return rows.with_columns(
        *blanks,
        title=pl.when(is_promo & ~pl.col("keeps_title").fill_null(value=False)).then(None).otherwise("title"),
        is_id=pl.when(is_promo).then(pl.lit(value=True)).otherwise("is_id"),
    )
