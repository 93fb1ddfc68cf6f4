"""The rows of tracklists as slots: one per set and position, in order, with the artists each known one credits. Pure.

What an unknown slot is an unknown of is said here, by `unknown_key`, and nowhere else.
"""

from __future__ import annotations

from hashlib import sha256

import polars as pl

from enrich.errors import EnrichError
from enrich.frames.coding import coded, packed
from enrich.frames.schemas import TRACKLISTS, TRACKLISTS_REQUIRED
from enrich.text.credits import learn_names, split_credits
from enrich.text.normalise import artist_key
from enrich.text.versions import base_key
from enrich.text.words import is_unknown_artist, is_unknown_title

#: One row per usable row of tracklists: `row_no` orders them as read; `artist` is null and `unknown` (the unknown's
#: key) is not where the slot is an unknown one; `day` is the set's date in days since 1970, `title` the key of a known
#: recording's title without its versions.
PLAYED = pl.Schema(
    {"row_no": pl.Int64(), "set_id": pl.String(), "position": pl.Int32()}
    | dict.fromkeys(("dj", "artist", "label", "unknown"), pl.String())
    | {"day": pl.Int32(), "set_name": pl.String(), "title": pl.String()}
)

#: Sets that stand for all, where it is asked whether tracklists have been seen before.
_SKETCH = 1024


def slot_key() -> pl.Expr:
    """What a slot alone is called: `set_id#position`."""
    return pl.concat_str("set_id", pl.lit("#"), "position")


def unknown_key() -> pl.Expr:
    """What an unknown slot is an unknown of: its `track_key`, else `set_id#position`."""
    return pl.when(pl.col("track_key").fill_null("") != "").then("track_key").otherwise(slot_key())


def played(rows: pl.DataFrame, *, row_no: pl.Expr) -> pl.DataFrame:
    """Slots as PLAYED; of several rows for one slot the smallest `row_no` counts."""
    is_unknown = pl.col("is_unknown") if "is_unknown" in rows.columns else is_unknown_artist(pl.col("artist"))
    return rows.select(
        row_no.cast(pl.Int64).alias("row_no"),
        *(pl.col(name).cast(TRACKLISTS[name]) for name in ("set_id", "position", "dj")),
        pl.when(~is_unknown).then("artist").alias("artist"),
        "label",
        pl.when(is_unknown).then(unknown_key()).alias("unknown"),
        pl.col("set_date").cast(pl.Date).dt.epoch("d").alias("day"),
        "set_name",
        pl.when(~is_unknown & ~is_unknown_title(pl.col("title"))).then(base_key(pl.col("title"))).alias("title"),
    ).match_to_schema(PLAYED)


def slot_rows(tracklists: pl.DataFrame) -> pl.DataFrame:
    """TRACKLISTS with is_unknown and slot (0…), one row per (set_id, position), in that order."""
    if missing := [name for name in TRACKLISTS_REQUIRED if name not in tracklists.columns]:
        there = ", ".join(tracklists.columns) or "none"
        raise EnrichError(f"tracklists: column {', '.join(missing)} is missing; there are {there}")
    place = ["set_id", "position"]
    rows = (
        tracklists.select(
            (pl.col(name) if name in tracklists.columns else pl.lit(None)).cast(dtype).alias(name)
            for name, dtype in TRACKLISTS.items()
        )
        .filter(pl.col("set_id").is_not_null(), pl.col("position").is_not_null())
        .with_columns(is_unknown=is_unknown_artist(pl.col("artist")))
    )
    slot = packed(coded(rows["set_id"])[0], rows["position"])
    if not slot.is_sorted():
        order = slot.arg_sort()
        rows, slot = rows[order], slot[order]
    again = (slot == slot.shift(1)).fill_null(value=False)
    if again.any():
        # Only slots of several rows have to be settled; to sort all rows by all texts would cost most of the time.
        contested = rows.filter(again).select(place).unique()
        by = [*place, "is_unknown", "artist", "title", "label", "track_key", "dj"]
        several = rows.join(contested, on=place, how="semi").sort(by, nulls_last=True)
        settled = several.unique(place, keep="first", maintain_order=True)
        rows = pl.concat([rows.join(contested, on=place, how="anti"), settled]).sort(place)
    return rows.with_columns(slot=pl.int_range(pl.len(), dtype=pl.Int64))


def credited_slots(rows: pl.DataFrame, whole: frozenset[str] | None = None) -> pl.DataFrame:
    """slot, artist, key: main and featured artists of known slots; `whole` names stay whole (None: learned here)."""
    whole = learn_names(rows["artist"]) if whole is None else whole
    known = rows.filter(~pl.col("is_unknown"))
    return (
        split_credits(known["artist"], known_artists=whole)
        .filter(pl.col("role") != "remixer", ~is_unknown_artist(pl.col("artist")))
        .select("artist", key=artist_key(pl.col("artist")), slot=pl.lit(known["slot"]).gather("row"))
        .filter(pl.col("key") != "")
        .select("slot", "artist", "key")
    )


def fingerprint(tracklists: pl.DataFrame) -> str:
    """The same for the same rows in any order."""
    columns = [c for c in TRACKLISTS.names() if c in tracklists.columns]
    rows = tracklists.select(pl.struct(pl.col(c).cast(pl.String) for c in columns).hash(seed=0)).to_series().sort()
    return sha256(rows.to_numpy().tobytes()).hexdigest()[:16]


def sketch(tracklists: pl.DataFrame) -> list[str]:
    """The sets of tracklists by DJ and day as hashes, in order, the first of them: enough to know them again."""
    told = tracklists.drop_nulls(["dj", "set_date"]).select("dj", pl.col("set_date").cast(pl.String)).unique()
    days = told.select(pl.concat_str(artist_key(pl.col("dj")), pl.lit(" "), "set_date")).to_series().unique()
    return sorted(sha256(day.encode()).hexdigest()[:8] for day in days)[:_SKETCH]
