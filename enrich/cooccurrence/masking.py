"""Masked replay: hide recordings whose artist is known, and keep everything derived from seeing them.

A **recording** here is a title by an artist in one remix, whatever its mix is called: slots that share an artist, a
base title (brackets, guests and mix names dropped) and a remixer are one, and sharing chains. An extended mix, a
reordered credit, a guest left out, or the same set from a second source (`without_duplicate_sets`) can therefore never
give a hidden recording away. With `versions_together` all remixes of a title are one too: stricter than what a real
unknown meets, whose other versions may well be known. Pure functions of frames.
"""

from __future__ import annotations

import polars as pl

from enrich.cooccurrence.slots import credited_slots, slot_rows, unknown_key
from enrich.sql import DUCKDB, in_memory
from enrich.text.normalise import artist_key
from enrich.text.persons import grouped
from enrich.text.titles import parse_titles
from enrich.text.versions import base_key
from enrich.text.words import is_unknown_title

#: Two listings are one set when they are at most this many days apart …
_SAME_DAY = 1
#: … and share this many recordings, which are this share of the shorter.
_SHARED_MIN = 4
_SHARED_SHARE = 0.5


def group_recordings(rows: pl.DataFrame, credited: pl.DataFrame, *, versions_together: bool = False) -> pl.Series:
    """The recording of every slot of `rows` (slot: 0… in order, set_id, position, title, track_key, is_unknown).

    `credited` (slot, key) are the artists of known slots; with `versions_together` all remixes of a title are one.

    Returns:
        Series `recording`, String: `track_key` (else `set_id#position`) of an unknown slot; `artist · base title` (and
        ` · remixer`) of the first name in order for a recording; null for a known slot without a title.
    """
    named = rows.filter(~pl.col("is_unknown"), ~is_unknown_title(pl.col("title"))).select("slot", "title")
    what = base_key(pl.col("title"))
    if not versions_together:
        remixer = remixers(named["title"])
        named = named.join(remixer, on="title", how="left", maintain_order="left")
        what = pl.concat_str(what, pl.lit(" · ") + pl.col("remixer_key"), ignore_nulls=True)
    titled = (
        named.select("slot", base=what)
        .join(credited.select("slot", "key"), on="slot")
        .select("slot", name=pl.concat_str("key", pl.lit(" · "), "base"))
    )
    # Slots of one name are paired with the first of them.
    group = grouped(titled.select("slot", other=pl.col("slot").min().over("name"))).rename({"node": "slot"})
    names = titled.join(group, on="slot").group_by("first").agg(recording=pl.col("name").min())
    recording = group.join(names, on="first").select("slot", "recording")
    return (
        rows.select("slot", "is_unknown", unknown=unknown_key())
        .join(recording, on="slot", how="left", maintain_order="left")
        .select(recording=pl.when("is_unknown").then("unknown").otherwise("recording"))
        .to_series()
    )


def remixers(titles: pl.Series) -> pl.DataFrame:
    """title, remixer_key: who remixed each distinct title that says so."""
    distinct = titles.unique().drop_nulls()
    # A slot has an artist of its own: its title is not to be divided at a dash.
    parsed = parse_titles(distinct, artists=pl.repeat("-", len(distinct), eager=True), one_by_one=True)
    return (
        parsed.select("title", remixer_key=artist_key(pl.col("remixer")))
        .filter(pl.col("remixer_key").fill_null("") != "")
        .unique("title")
    )


def recordings(tracklists: pl.DataFrame, *, versions_together: bool = False) -> pl.DataFrame:
    """set_id, position, recording, is_unknown: every slot of `tracklists`, in their order; see `group_recordings`."""
    rows = slot_rows(tracklists)
    recording = group_recordings(rows, credited_slots(rows), versions_together=versions_together)
    return rows.select("set_id", "position", "is_unknown").with_columns(recording)


def without_duplicate_sets(tracklists: pl.DataFrame) -> pl.DataFrame:
    """`tracklists` (TRACKLISTS) without second listings of a set."""
    # One listing may name a remix which the other does not.
    slots = recordings(tracklists, versions_together=True)
    known = slots.filter(~pl.col("is_unknown")).drop_nulls("recording").select("set_id", "recording").unique()
    days = tracklists.select("set_id", day=pl.col("set_date").cast(pl.Date)).drop_nulls()
    limits = {"most_days": _SAME_DAY, "least_shared": _SHARED_MIN, "least_share": _SHARED_SHARE}
    with in_memory(known=known, days=days) as con:
        second = DUCKDB["masking_second_listings"].frame(con, **limits)
    return tracklists.join(second, on="set_id", how="anti")


def hide(tracklists: pl.DataFrame, slots: pl.DataFrame, hidden: pl.Series) -> pl.DataFrame:
    """TRACKLISTS, one row per slot, with every slot of the recordings named in `hidden` made unknown.

    Of those artist, title and label are null, is_id true, and `track_key` the recording's name. `slots` are the
    `recordings(tracklists)`.
    """
    is_hidden = pl.col("recording").is_in(hidden.implode()).fill_null(value=False)
    blank = [pl.when(is_hidden).then(None).otherwise(pl.col(c)).alias(c) for c in ("artist", "title", "label")]
    rows = slot_rows(tracklists)
    return (
        rows.join(slots.select("set_id", "position", "recording"), on=["set_id", "position"], how="left")
        .sort("slot")
        .with_columns(
            *blank,
            is_id=pl.when(is_hidden).then(True).otherwise(pl.col("is_id")),
            track_key=pl.when(is_hidden).then("recording").otherwise("track_key"),
        )
        .drop("slot", "is_unknown", "recording")
    )
