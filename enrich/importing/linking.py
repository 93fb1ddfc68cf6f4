"""Sets that are one set, listed twice: each set an import brings or changes beside those of its night. Reads and writes
Postgres; the caller owns the transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
import psycopg

from enrich.database.connection import temporary_table
from enrich.frames.schemas import TRACKLISTS
from enrich.identity.listings import SAME_NIGHT, pair_listings, worth_aligning
from enrich.identity.played import played
from enrich.importing.planning import Plan
from enrich.sql import IMPORTING

_PLAYS = pl.Schema({"setlist_id": pl.String(), "day": pl.Date(), "track_id": pl.String()})


def link_listings(cur: psycopg.Cursor[Any], plan: Plan, *, run_id: str, now: datetime) -> int:
    """Link the sets of the plan, which are written, to those they are listed as besides; how many links are new."""
    own = plan.slots.join(plan.days.drop_nulls(), on="setlist_id").select(_PLAYS.names()).drop_nulls()
    if own.is_empty():
        return 0
    nights = _of_nights(own.select("day").unique())["night"].unique().to_list()
    there = IMPORTING["plays_of_nights"].fetch(cur, _PLAYS, nights=nights, but=own["setlist_id"].unique().to_list())
    near = _sharing(own, pl.concat([own, there]))
    if near.is_empty():
        return 0
    ids = pl.concat([near["one"], near["other"]]).unique().to_list()
    listed = IMPORTING["listings"].fetch(cur, TRACKLISTS, setlist_ids=ids)
    found, _ = pair_listings(listed, played(listed))
    links = found.filter(verdict="one").select("set_id", "other_id", "in_order", "share")
    if links.is_empty():
        return 0
    kinds = {"setlist_id": "uuid", "other_id": "uuid", "in_order": "int", "share": "double precision"}
    temporary_table(cur, "new_links", kinds, links.rename({"set_id": "setlist_id"}))
    return IMPORTING["insert_links"].execute(cur, run_id=run_id, now=now)


def _of_nights(plays: pl.DataFrame) -> pl.DataFrame:
    """`plays` once for each day that may be the same night's, as `night`."""
    days = [pl.col("day").dt.offset_by(f"{n}d") for n in range(-SAME_NIGHT, SAME_NIGHT + 1)]
    return plays.with_columns(night=pl.concat_list(days)).explode("night")


def _sharing(own: pl.DataFrame, every: pl.DataFrame) -> pl.DataFrame:
    """one, other: sets of a night with enough tracks in common to be worth aligning, one of them the plan's."""
    every = every.unique()
    size = every.group_by("setlist_id").len("tracks")
    return (
        _of_nights(own.unique())
        .join(every, left_on=["night", "track_id"], right_on=["day", "track_id"])
        .filter(pl.col("setlist_id") != pl.col("setlist_id_right"))
        .group_by(one="setlist_id", other="setlist_id_right")
        .len("shared")
        .join(size, left_on="one", right_on="setlist_id")
        .join(size, left_on="other", right_on="setlist_id")
        .filter(worth_aligning("tracks"))
    )
