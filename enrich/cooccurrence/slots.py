"""The rows of tracklists as slots: one per set and position, in order, with the artists each known one credits. Pure.

What an unknown slot is an unknown of is said here, by `unknown_key`, and nowhere else.

A **recording** here is a title by an artist in one remix, whatever its mix is called: slots that share an artist, a
base title (brackets, guests and mix names dropped) and a remixer are one, and sharing chains. An extended mix, a
reordered credit, a guest left out, or the same set from a second source (`without_duplicate_sets`) can therefore never
give a hidden recording away. With `versions_together` all remixes of a title are one too: stricter than what a real
unknown meets, whose other versions may well be known.
"""

from functools import partial
from hashlib import sha256

import polars as pl

from enrich.errors import EnrichError
from enrich.frames.coding import coded, packed
from enrich.frames.schemas import TRACKLISTS, TRACKLISTS_REQUIRED
from enrich.sql import DUCKDB, in_memory
from enrich.text.credits import learn_names, split_credits
from enrich.text.normalise import artist_key
from enrich.text.persons import grouped
from enrich.text.recalled import recalled
from enrich.text.titles import parse_titles
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

#: Two listings are one set when they are at most this many days apart …
_SAME_DAY = 1
#: … and share this many recordings, which are this share of the shorter.
_SHARED_MIN = 4
_SHARED_SHARE = 0.5


def unknown_key() -> pl.Expr:
    """What an unknown slot is an unknown of: its `track_key`, else `set_id#position`."""
    slot = pl.concat_str("set_id", pl.lit("#"), "position")
    return pl.when(pl.col("track_key").fill_null("") != "").then("track_key").otherwise(slot)


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
        named = named.join(remixers(named["title"]), on="title", how="left", maintain_order="left")
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


@partial(recalled, on="title")
def remixers(titles: pl.Series) -> pl.DataFrame:
    """title, remixer_key: who remixed each distinct title that says so."""
    # A slot has an artist of its own: its title is not to be divided at a dash.
    parsed = parse_titles(titles, artists=pl.repeat("-", len(titles), eager=True), one_by_one=True)
    remixer_key = artist_key(pl.col("remixer"))
    return parsed.select("title", remixer_key=remixer_key).filter(pl.col("remixer_key").fill_null("") != "")


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
