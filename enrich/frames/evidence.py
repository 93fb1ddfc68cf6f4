"""The evidence of a proposal as the ledger keeps it: one JSON object. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

import polars as pl


def evidence_json(evidence: Mapping[str, object]) -> str:
    """What a rule goes by, without what is unknown; shares with four digits."""
    return json.dumps(
        {k: round(v, 4) if isinstance(v, float) else v for k, v in evidence.items() if v is not None},
        ensure_ascii=False,
        default=str,
    )


def proposed_artists() -> pl.Expr:
    """List(String): the artists a proposal (`value`, `evidence`) means; several where its evidence lists them."""
    # JSON is read where it can list any: most evidence does not.
    telling = pl.when(pl.col("evidence").str.contains('"artists"', literal=True)).then("evidence")
    listed = telling.map_elements(_listed, return_dtype=pl.List(pl.String), skip_nulls=True)
    return pl.coalesce(listed, pl.concat_list("value"))


def _listed(evidence: str) -> list[str] | None:
    parsed = json.loads(evidence)
    names = parsed.get("artists") if isinstance(parsed, dict) else None
    return [str(name) for name in names] or None if isinstance(names, list) else None
