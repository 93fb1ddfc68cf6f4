"""How sure a name is that a set gives to its own unknown when it is imported again: `python -m bench.rescraped FILE`.

One in seven rows of known sets is made an ID (wholly, or its title alone), one in twelve left out; the worn listing is
aligned with the whole one, and the names proposed are counted by the ground they stand on.
"""

from __future__ import annotations

import sys

import numpy as np
import polars as pl

from enrich.identity.alignment import align

_HIDDEN, _LEFT_OUT = 1 / 7, 1 / 12


def counted(table: pl.DataFrame, *, sets: int = 3000, seed: int = 3) -> pl.DataFrame:
    """blank, certain, among, n, right: names proposed for hidden rows, and how many are their own."""
    known = table.filter(~pl.col("is_id"), pl.col("artist").is_not_null(), pl.col("title").is_not_null())
    chosen = known["set_id"].unique().sort().sample(sets, seed=seed).implode()
    whole = known.filter(pl.col("set_id").is_in(chosen)).sort("set_id", "position").with_row_index("row")
    fate = np.random.default_rng(seed).random(whole.height)
    found = []
    for blank in ("both", "title"):
        worn = whole.with_columns(fate=fate).filter(pl.col("fate") > _LEFT_OUT)
        worn = worn.with_columns(hidden=pl.col("fate") < _LEFT_OUT + _HIDDEN)
        artist = pl.when("hidden").then(None).otherwise("artist") if blank == "both" else pl.col("artist")
        worn = worn.with_columns(artist=artist, title=pl.when("hidden").then(pl.lit("ID")).otherwise("title"))
        old, new = (_listing(side) for side in (worn, whole))
        pairs = align(old, new).drop_nulls(["old_row", "new_row"])
        pairs = pairs.with_columns(
            hidden=worn["hidden"].gather(pairs["old_row"]),
            right=worn["row"].gather(pairs["old_row"]) == whole["row"].gather(pairs["new_row"]),
        )
        named = pairs.filter(pl.col("hidden") & pl.col("relation").is_in(["named", "perhaps"]))
        by = named.group_by("certain", "among").agg(n=pl.len(), right=pl.col("right").sum())
        found.append(by.with_columns(blank=pl.lit(blank)))
    return pl.concat(found).select("blank", "certain", "among", "n", "right").sort("blank", "certain", "among")


def rescraped(table: pl.DataFrame) -> dict[str, tuple[int, int]]:
    """Right and all by ground: place certain, place likely and artist the same, place likely; one of so many."""
    by = {(blank, certain, among): (right, n) for blank, certain, among, n, right in counted(table).iter_rows()}
    (a, b), (c, d) = by["both", True, None], by["title", True, None]
    return {
        "rescraped certain": (a + c, b + d),
        "rescraped artist": by["title", False, None],
        "rescraped likely": by["both", False, None],
        **{f"rescraped among {n}": counts for (blank, _, n), counts in by.items() if n and blank == "both"},
    }


def _listing(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select("artist", "title", pair="set_id", position=pl.int_range(pl.len()).over("set_id"))


if __name__ == "__main__":
    print(counted(pl.read_parquet(sys.argv[1])))
