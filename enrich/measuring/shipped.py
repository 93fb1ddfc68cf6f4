"""What was measured elsewhere and is shipped: for rules this snapshot says little of, and for the outside sources.

`shipped.json` beside this module holds counts only, written by `python -m bench.measures`: the database's own rules by
masked replay of real tracklists, artists of outside sources on held-out label facts with the artist hidden.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

import polars as pl

#: What is measured as one: a kind of proposal, its source, and the kind and strength of its evidence.
BUCKET = ("kind", "source", "bucket")

SHIPPED = pl.Schema({**dict.fromkeys(BUCKET, pl.String()), "shipped_n": pl.Int64(), "shipped_right": pl.Int64()})


@cache
def shipped() -> pl.DataFrame:
    """Counts by BUCKET, schema SHIPPED; outside sources stand under the name `outside`."""
    stored = json.loads(files("enrich.measuring").joinpath("shipped.json").read_text(encoding="utf-8"))
    return pl.DataFrame(stored, schema=SHIPPED, orient="row")
