"""How often proposals were right: against the truth planted in a demo world, elsewhere by what people decided.

Pure, on frames; `read_truth` reads Postgres. For reports and analysts only: nothing that enriches may import it.

    truth = read_truth(con)
    judged = judge(values, truth, aliases=aliases)
    precision(judged)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import psycopg

from enrich.errors import EnrichError
from enrich.text.credits import split_credits
from enrich.text.normalise import artist_key, label_key
from enrich.text.persons import persons

TRUTH = pl.Schema(
    {
        "track_id": pl.String,
        "true_artist": pl.String,
        "true_title": pl.String,
        "true_label": pl.String,
        "released_on": pl.Date,
        "kind": pl.String,
    }
)

_NAMES: Any = pl.List(pl.String)
ALIASES = pl.Schema({"name": pl.String, "aliases": _NAMES})


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """How many of the values judged were right."""

    right: int
    judged: int

    @property
    def share(self) -> float | None:
        """0–1; None where nothing was judged."""
        return self.right / self.judged if self.judged else None

    @property
    def rounded(self) -> float | None:
        """`share` with four digits."""
        return None if self.share is None else round(self.share, 4)

    def asdict(self) -> dict[str, Any]:
        """As JSON prints it."""
        return {"precision": self.rounded, "right": self.right, "judged": self.judged}


def read_truth(con: psycopg.Connection[Any]) -> pl.DataFrame | None:
    """The planted truth, schema TRUTH; None in a database that is no demo world."""
    row = con.execute("select to_regclass('enrich_demo_truth')").fetchone()
    if row is None or row[0] is None:
        return None
    rows = con.execute(
        "select track_id::text, true_artist, true_title, true_label, released_on, kind"
        " from enrich_demo_truth order by track_id"
    ).fetchall()
    return pl.DataFrame(rows, schema=TRUTH, orient="row")


def judge(values: pl.DataFrame, truth: pl.DataFrame, *, aliases: pl.DataFrame | None = None) -> pl.DataFrame:
    """Say of each value whether it is right.

    An artist is right when the credit names any main artist of the track, under any of their names. A label is right
    when it is the label the track was made for, in whatever spelling; for a track that has no label none is right.

    Args:
        values: At least `track_id, kind, value`; kind is `artist` or `label`. Other columns are carried along.
        truth: Schema TRUTH.
        aliases: Schema ALIASES: each artist with its other names; None: names count as written.

    Returns:
        `values` in its order with `is_right`: null for tracks without a planted truth.
    """
    rows = values.with_row_index("_row")
    right = pl.concat(
        [
            _right_labels(rows.filter(pl.col("kind") == "label"), truth),
            _right_artists(rows.filter(pl.col("kind") == "artist"), truth, aliases),
        ]
    )
    known = truth.select("track_id", _is_known=pl.lit(value=True))
    return (
        rows.join(right.with_columns(_right=pl.lit(value=True)), on="_row", how="left", maintain_order="left")
        .join(known, on="track_id", how="left", maintain_order="left")
        .with_columns(is_right=pl.when("_is_known").then(pl.col("_right").fill_null(value=False)))
        .drop("_row", "_right", "_is_known")
    )


def precision(judged: pl.DataFrame) -> Precision:
    """Count a frame of `judge`; rows without a truth do not count."""
    column = judged["is_right"]
    return Precision(right=int(column.sum() or 0), judged=len(column) - column.null_count())


def precision_by(judged: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """`precision` of each group: the columns of `by`, then `right, judged` and `precision` (null where none judged)."""
    return (
        judged.group_by(by, maintain_order=True)
        .agg(right=pl.col("is_right").sum().cast(pl.Int64), judged=pl.col("is_right").count().cast(pl.Int64))
        .with_columns(precision=pl.when(pl.col("judged") > 0).then(pl.col("right") / pl.col("judged")))
    )


def by_person() -> pl.Expr:
    """Whether a proposal, schema LISTED, was decided by a person and not by the policy."""
    return pl.col("decided_by").is_not_null() & ~pl.col("decided_by").str.starts_with("policy:")


def band_low(width: float) -> pl.Expr:
    """Lower end of the band of confidence a proposal falls in; the last band holds 1.

    Raises:
        EnrichError: the width is not in 0–1.
    """
    if not 0 < width <= 1:
        raise EnrichError(f"width of a band must lie in 0–1, got {width}")
    bands = round(1 / width)
    return ((pl.col("confidence") * bands + 1e-9).floor().clip(0, bands - 1) / bands).round(4)


def precision_by_band(judged: pl.DataFrame, *, width: float = 0.1) -> pl.DataFrame:
    """Proposals by source and band of confidence, and how many were right.

    Args:
        judged: source, confidence, status, is_right (null: not known).
        width: Of a band; 0–1.

    Returns:
        source, low, high, n, written, judged, right, precision (null where none was judged), confidence (its mean).
    """
    by = ["source", "low"]
    banded = judged.with_columns(low=band_low(width))
    counted = banded.group_by(by).agg(
        n=pl.len().cast(pl.Int64),
        written=(pl.col("status") == "written").sum().cast(pl.Int64),
        confidence=pl.col("confidence").mean().round(4),
    )
    return (
        counted.join(precision_by(banded, by), on=by)
        .with_columns(pl.col("precision").round(4), high=(pl.col("low") + width).round(4))
        .sort(by)
        .select(*by, "high", "n", "written", "judged", "right", "precision", "confidence")
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
