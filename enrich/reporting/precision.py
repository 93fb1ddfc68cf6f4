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
from enrich.measuring.scale import by_person


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


def precision_by_band(judged: pl.DataFrame, *, width: float = 0.1, by: Sequence[str] = ("source",)) -> pl.DataFrame:
    """Proposals by band of confidence (width 0–1; the last holds 1), and how many were right; is_right null: not known.

    Returns:
        the columns of `by`, low, high, n, written, judged, right, precision (null where none was judged), confidence
        (its mean), decided and accepted by people. Rules without a measured confidence are in no band.
    """
    bands, is_right, status = round(1 / width), pl.col("is_right"), pl.col("status")
    low = ((pl.col("confidence") * bands + 1e-9).floor().clip(0, bands - 1) / bands).round(4)
    counted = {
        "n": pl.len(),
        "written": (status == "written").sum(),
        "judged": is_right.count(),
        "right": is_right.sum(),
        "precision": is_right.mean().round(4),
        "confidence": pl.col("confidence").mean().round(4),
        "decided": by_person().sum(),
        "accepted": (by_person() & status.is_in(["accepted", "written"])).sum(),
    }
    found = judged.drop_nulls("confidence").group_by(*by, low=low).agg(**counted).sort(*by, "low")
    found = found.cast({pl.UInt32: pl.Int64})
    return found.insert_column(len(by) + 1, (found["low"] + width).round(4).alias("high"))
