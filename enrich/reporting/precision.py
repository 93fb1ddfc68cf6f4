"""How often proposals were right: against the truth planted in a demo world, elsewhere by what people decided.

For reports and analysts only: nothing that enriches may import it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import psycopg

from enrich.measuring.judging import TRUTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """How many of the values judged were right."""

    right: int = 0
    judged: int = 0

    @property
    def rounded(self) -> float | None:
        """The share, 0–1, with four digits; None where nothing was judged."""
        return round(self.right / self.judged, 4) if self.judged else None

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


def precision_by(judged: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Count a frame of `judge`: the columns of `by`, then `right, judged` and `precision` (null where none judged).

    Rows without a truth do not count.
    """
    return (
        judged.group_by(by, maintain_order=True)
        .agg(right=pl.col("is_right").sum().cast(pl.Int64), judged=pl.col("is_right").count().cast(pl.Int64))
        .with_columns(precision=pl.when(pl.col("judged") > 0).then(pl.col("right") / pl.col("judged")))
    )


def band_low(width: float) -> pl.Expr:
    """Lower end of the band (width 0–1) of confidence a proposal falls in; the last band holds 1."""
    bands = round(1 / width)
    return ((pl.col("confidence") * bands + 1e-9).floor().clip(0, bands - 1) / bands).round(4)


def precision_by_band(judged: pl.DataFrame, *, width: float = 0.1) -> pl.DataFrame:
    """Proposals by source and band of confidence (width 0–1), and how many were right; is_right null: not known.

    Returns:
        source, low, high, n, written, judged, right, precision (null where none was judged), confidence (its mean).
    """
    by = ["source", "low"]
    # A rule without a measured confidence is in no band.
    banded = judged.drop_nulls("confidence").with_columns(low=band_low(width))
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
