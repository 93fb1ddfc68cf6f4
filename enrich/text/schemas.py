"""Frames the text functions return, as Polars schemas; `enrich.frames.schemas` lists them with all the others."""

from __future__ import annotations

from typing import Any

import polars as pl

_STRINGS: Any = pl.List(pl.String)
_TITLE_TEXTS = ("title", "artist", "base_title", "mix", "version_class", "remixer")

#: `parse-titles`: one row per title, in the order given.
PARSED_TITLES = pl.Schema(
    dict.fromkeys(_TITLE_TEXTS, pl.String)
    | {"features": _STRINGS, "label": pl.String, "label_confidence": pl.Float64, "catalog_number": pl.String}
    | {"is_mashup": pl.Boolean, "components": _STRINGS, "is_unknown": pl.Boolean}
)

#: One row per artist named in a credit, in the order written. `row` is the index of the credit in its column.
CREDITS = pl.Schema({"row": pl.UInt32, "artist": pl.String, "role": pl.String, "position": pl.Int32})
