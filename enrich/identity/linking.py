"""Which unknown slots are one unknown, and which were named later.

`link_ids` joins ID slots: by working title (`Cirez D - The Ave 2024 ID (Working Title)`), or,
where nothing is known, by
the same DJ playing the same recording right before or after within weeks. `trace_ids` finds the name an ID with a title
got in another set ("played as ID on 3 sets before that"). Probabilities are measured on known
plays of the very tracklists:
how often two slots with this evidence are the same recording, how often this title is by this artist.
Pure functions of frames.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from enrich.cooccurrence.masking import group_recordings
from enrich.cooccurrence.slots import credited_slots, slot_rows, unknown_key
from enrich.text.grouping import grouped
from enrich.text.normalise import artist_key, fold
from enrich.text.versions import base_key
from enrich.text.words import is_unknown_title

_STRINGS: Any = pl.List(pl.String)

#: One row per linked slot. `track_key` is the link's; slots of one unknown share it.
LINKS = pl.Schema(
    {
        "set_id": pl.String,
        "position": pl.Int32,
        "track_key": pl.String,
        "slots": pl.Int32,
        "sets": pl.Int32,
        "probability": pl.Float64,
        "evidence": _STRINGS,
    }
)

#: One row per ID slot and the name it got in another set.
TRACED = pl.Schema(
    {
        "set_id": pl.String,
        "position": pl.Int32,
        "title": pl.String,
        "artist": pl.String,
        "named_title": pl.String,
        "label": pl.String,
        "named_in": pl.String,
        "days": pl.Int32,
        "sets_before": pl.Int32,
        "scope": pl.String,
        "probability": pl.Float64,
        "evidence": _STRINGS,
    }
)

#: Two sets of a DJ this many days apart may hold the same unknown without a title.
MAX_DAYS = 42

#: Pairs below this are not linked.
MIN_PROBABILITY = 0.5

#: A name given by the same DJ counts as strong evidence up to this many days away.
SAME_DJ_DAYS = 548

#: A base title of fewer letters says too little ("Go", "One").
_LEAST_LETTERS = 5

_WORKING = r"(?i)\bID\b|working title|\?\?+"
_BARE = r"(?i)\bID\b(?:\s*#?\d{1,2})?|\(?working title\)?"


def link_ids(tracklists: pl.DataFrame, *, min_probability: float = MIN_PROBABILITY) -> pl.DataFrame:
    """LINKS: ID slots that are the same unknown; slots linked to no other are left out.

    Args:
        tracklists: TRACKLISTS. Slots with a track_key of their own keep it: it is linked, never split.
        min_probability: Pairs below are ignored.
    """
    slots = _slots(tracklists)
    ids = slots.filter("is_id_slot")
    rates = _neighbour_rates(slots)
    edges = pl.concat([_same_title(ids), _same_key(ids), _same_neighbours(slots, ids, rates)]).filter(
        pl.col("probability") >= min_probability
    )
    return _joined(ids, edges)


def trace_ids(tracklists: pl.DataFrame) -> pl.DataFrame:
    """TRACED: ID slots whose title comes with an artist in another set; surest name first, one row per slot."""
    slots = _slots(tracklists)
    rates = _title_rates(slots)
    asked = slots.filter(~pl.col("has_artist"), pl.col("title_key").is_not_null()).select(
        "slot", "set_id", "position", "title", "title_key", "dj_key", "day"
    )
    named = _named(slots)
    found = (
        _candidates(asked, named)
        .join(rates, on=["scope", "agree"], how="left")
        .with_columns(pl.col("probability").fill_null(0.5))
    )
    before = (
        found.filter(pl.col("days") > 0)
        .group_by("title_key", "keys")
        .agg(sets_before=pl.col("set_id").n_unique().cast(pl.Int32))
    )
    best = (
        found.join(before, on=["title_key", "keys"], how="left")
        .with_columns(pl.col("sets_before").fill_null(0), distance=pl.col("days").abs())
        .sort(
            ["slot", "probability", "distance", "named_slot"], descending=[False, True, False, False], nulls_last=True
        )
        .unique("slot", keep="first", maintain_order=True)
    )
    said = pl.when(pl.col("days") > 0).then(
        pl.format("played as ID on {} sets before {} named it", "sets_before", "named_in")
    )
    return best.with_columns(
        evidence=pl.concat_list(
            said.otherwise(pl.format("named in {}", "named_in")),
            pl.format("same title `{}`", "title_key"),
            pl.when(pl.col("scope") == "same_dj").then(pl.lit("by the same DJ")).otherwise(pl.lit("by another DJ")),
        )
    ).match_to_schema(TRACED, extra_columns="ignore")


def _slots(tracklists: pl.DataFrame) -> pl.DataFrame:
    """All slots with what linking looks at.

    slot, set_id, position, artist, title, label, track_key, dj_key, day, has_artist, keys (of the artists), is_id_slot,
    title_key (base title, null where unknown or too short), work_key (artist and working title),
    recording, before, after
    (recordings of the neighbouring slots).
    """
    rows = slot_rows(tracklists)
    credited = credited_slots(rows)
    keys = (
        credited.sort("slot", "key")
        .group_by("slot", maintain_order=True)
        .agg(keys=pl.col("key").unique(maintain_order=True))
    )
    unit = group_recordings(rows, credited, versions_together=True)
    title = pl.col("title").str.replace(r"^\s*\?+\s*-\s*", "")
    base = base_key(title)
    working = pl.col("title").fill_null("").str.contains(_WORKING)
    # `The Ave 2024 ID (Working Title)` counts as no title, yet tells this unknown from others.
    stripped = pl.col("title").str.replace_all(_BARE, " ").str.strip_chars()
    names_something = ~is_unknown_title(stripped) & (fold(stripped).fill_null("").str.len_chars() >= _LEAST_LETTERS)
    framed = (
        rows.with_columns(unit)
        .join(keys, on="slot", how="left", maintain_order="left")
        .with_columns(
            pl.col("keys").fill_null(pl.lit([], pl.List(pl.String))),
            has_artist=~pl.col("is_unknown"),
            dj_key=artist_key(pl.col("dj")),
            day=pl.col("set_date").cast(pl.Int32),
            no_title=is_unknown_title(pl.col("title")),
            working=working,
        )
    )
    recording = pl.when(pl.col("has_artist") & ~pl.col("working")).then("unit")
    whole = fold(pl.col("title"))
    return (
        framed.with_columns(
            is_id_slot=pl.col("is_unknown") | pl.col("no_title") | pl.col("working"),
            title_key=pl.when(~pl.col("no_title") & ~pl.col("working") & (base.str.len_chars() >=
            _LEAST_LETTERS)).then(base),
            work_key=pl.when(names_something).then(
                pl.concat_str(pl.col("keys").list.sort().list.join("+"), pl.lit(" · "), whole)
            ),
            recording=recording,
        )
        .with_columns(
            before=pl.col("recording").shift(1).over("set_id"),
            after=pl.col("recording").shift(-1).over("set_id"),
        )
        .select(
            "slot", "set_id", "position", "artist", "title", "label", "track_key", "dj_key",
            "day", "has_artist", "keys",
            "is_id_slot", "title_key", "work_key", "recording", "before", "after",
        )
    )  # fmt: skip


def _same_title(ids: pl.DataFrame) -> pl.DataFrame:
    """Chains of slots with one artist (or none) and one working title."""
    return _chains(ids.drop_nulls("work_key"), "work_key", 0.95, pl.format("same working title `{}`", "title"))


def _same_key(ids: pl.DataFrame) -> pl.DataFrame:
    return _chains(ids.filter(pl.col("track_key").fill_null("") != ""), "track_key", 1.0, pl.lit("same track key"))


def _chains(ids: pl.DataFrame, key: str, probability: float, evidence: pl.Expr) -> pl.DataFrame:
    """Each slot with the one before it under the same key."""
    return (
        ids.sort(key, "slot")
        .with_columns(other=pl.col("slot").shift(1).over(key))
        .drop_nulls("other")
        .select("slot", "other", probability=pl.lit(probability), evidence=evidence)
    )


_ALIKE = ["sides", "near_in_time"]


def _neighbour_pairs(slots: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """Pairs of asked slots of one DJ in different sets within `MAX_DAYS`, that share a neighbour on the same side."""
    sided = []
    for side in ("before", "after"):
        one = asked.drop_nulls([side, "dj_key", "day"]).select(
            "slot", "set_id", "dj_key", "day", "recording", neighbour=side
        )
        sided.append(
            one.join(one, on=["dj_key", "neighbour"])
            .filter(pl.col("slot") < pl.col("slot_right"), pl.col("set_id") != pl.col("set_id_right"))
            .filter((pl.col("day") - pl.col("day_right")).abs() <= MAX_DAYS)
            .with_columns(side=pl.lit(side))
        )
    return (
        pl.concat(sided)
        .group_by("slot", "slot_right")
        .agg(
            sides=pl.col("side").n_unique().cast(pl.Int64),
            apart=(pl.col("day") - pl.col("day_right")).abs().first(),
            neighbours=pl.col("neighbour").sort(),
            same=(pl.col("recording") == pl.col("recording_right")).first(),
        )
        .with_columns(near_in_time=pl.col("apart") <= MAX_DAYS // 3)
    )


def _neighbour_rates(slots: pl.DataFrame) -> pl.DataFrame:
    """How often two known slots with the same neighbours are one recording: by sides shared and nearness in time."""
    known = slots.filter(pl.col("recording").is_not_null())
    measured = (
        _neighbour_pairs(slots, known)
        .group_by(_ALIKE)
        # Ten imagined pairs, one of them the same, keep a handful of lucky ones from being sure.
        .agg(probability=(pl.col("same").sum() + 1) / (pl.len() + 10))
    )
    return measured.match_to_schema(
        pl.Schema({"sides": pl.Int64, "near_in_time": pl.Boolean, "probability": pl.Float64})
    )


def _same_neighbours(slots: pl.DataFrame, ids: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    # A slot whose working title or artist is known is another unknown than one with another: titles decide there.
    nameless = ids.filter(pl.col("work_key").is_null(), ~pl.col("has_artist"))
    return (
        _neighbour_pairs(slots, nameless)
        .join(rates, on=_ALIKE)
        .select(
            "slot",
            "probability",
            other="slot_right",
            evidence=pl.format("same DJ {} days apart, next to {}", "apart", pl.col("neighbours").list.join(" and ")),
        )
        .select("slot", "other", "probability", "evidence")
    )


def _joined(ids: pl.DataFrame, edges: pl.DataFrame) -> pl.DataFrame:
    """Groups of the pairs; a slot's probability is that of its surest pair, a link's name its first slot's."""
    group = grouped(edges.select("slot", "other")).select("first", slot="node")
    both = pl.concat([edges, edges.select(slot="other", other="slot", probability="probability", evidence="evidence")])
    per_slot = both.group_by("slot").agg(pl.col("probability").max(), pl.col("evidence").unique().sort())
    return (
        ids.select("slot", "set_id", "position", own=unknown_key())
        .join(per_slot, on="slot")
        .join(group, on="slot")
        .sort("first", "slot")
        .with_columns(
            track_key=pl.col("own").first().over("first"),
            slots=pl.len().over("first").cast(pl.Int32),
            sets=pl.col("set_id").n_unique().over("first").cast(pl.Int32),
        )
        .match_to_schema(LINKS, extra_columns="ignore")
    )


def _named(slots: pl.DataFrame) -> pl.DataFrame:
    """Known plays with a title, and whether all plays of that title agree on an artist."""
    named = slots.filter(pl.col("has_artist"), pl.col("title_key").is_not_null()).select(
        named_slot="slot", named_in="set_id", named_dj="dj_key", named_day="day", artist="artist", named_title="title",
        label="label", title_key="title_key", keys="keys",
    )  # fmt: skip
    first = named.with_columns(main=pl.col("keys").list.first())
    return named.join(first.group_by("title_key").agg(agree=pl.col("main").n_unique() == 1), on="title_key")


def _candidates(asked: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    """Every name another set gives to the title of an asked slot."""
    days = (pl.col("named_day") - pl.col("day")).cast(pl.Int32)
    same_dj = (pl.col("dj_key") == pl.col("named_dj")).fill_null(value=False) & (days.abs() <= SAME_DJ_DAYS).fill_null(
        value=False
    )
    return (
        asked.join(named, on="title_key")
        .filter(pl.col("set_id") != pl.col("named_in"))
        .with_columns(days=days, scope=pl.when(same_dj).then(pl.lit("same_dj")).otherwise(pl.lit("any_set")))
    )


def _title_rates(slots: pl.DataFrame) -> pl.DataFrame:
    """How often a title in another set is by the same artist: by scope, and by whether all plays of it agree."""
    titled = slots.filter(pl.col("has_artist"), pl.col("title_key").is_not_null()).select(
        "slot", "set_id", "title_key", "dj_key", "day", true_keys="keys"
    )
    # Titles of hundreds of plays would cost the square of that and teach nothing new.
    rare = titled.join(titled.group_by("title_key").len().filter(pl.col("len") <= 100), on="title_key").drop("len")
    return (
        _candidates(rare, _named(slots))
        .with_columns(same=pl.col("keys").list.set_intersection("true_keys").list.len() > 0)
        # One vote per slot and scope, or a hit played a hundred times decides alone.
        .group_by("slot", "scope", "agree")
        .agg(pl.col("same").mean())
        .group_by("scope", "agree")
        .agg(probability=(pl.col("same").sum() + 1) / (pl.len() + 2))
    )
