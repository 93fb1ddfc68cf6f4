"""Which recording an unknown slot is: candidates of every source in one ranking, each with the confidence measured.

other-listing  the same set is listed a second time, and names the slot
same-key       the slot's `track_key` has a name elsewhere
named-later    the artist's new recordings, the title's recordings, or what stands between the same neighbours
"""

import polars as pl

from enrich.cooccurrence.slots import unknown_key
from enrich.identity.candidates import candidates, undated
from enrich.identity.listings import pair_listings, played
from enrich.identity.measured import confidence, grounds, listing_ground, shares, undated_ground
from enrich.rules import MAX_RANK
from enrich.text.persons import with_known

#: One row per unknown slot and candidate, `rank` from 1. `blank`: what was missing (artist, title, both). `named_in` is
#: the set that names the recording, `days` how long after the unknown's set that is.
IDENTITIES = pl.Schema(
    {"set_id": pl.String, "position": pl.Int32, "track_key": pl.String, "blank": pl.String, "rank": pl.Int32}
    | {"source": pl.String, "artist": pl.String, "title": pl.String, "label": pl.String, "confidence": pl.Float64}
    | {"evidence": pl.List(pl.String), "named_in": pl.String, "days": pl.Int32}
)

#: A candidate as the sources give it.
_FOUND = pl.Schema(
    {"slot": pl.Int64, "unit": pl.String, "named_slot": pl.Int64}
    | {"source": pl.String, "confidence": pl.Float64, "evidence": pl.String}
)


def identify(tracklists: pl.DataFrame, *, aliases: pl.DataFrame | None = None) -> pl.DataFrame:
    """Name the unknown slots of tracklists by what the tracklists themselves say elsewhere.

    Args:
        tracklists: TRACKLISTS.
        aliases: artist, alias: further names of artists, beside those known.

    Returns:
        IDENTITIES: for each slot that lacks artist, title or both its candidates, surest first; slots without any are
        left out. The same for the same rows in any order.
    """
    return recordings_meant(tracklists, aliases=aliases).match_to_schema(IDENTITIES, extra_columns="ignore")


def recordings_meant(tracklists: pl.DataFrame, *, aliases: pl.DataFrame | None = None) -> pl.DataFrame:
    """`identify` with recording_key, the `track_key` of the play that names the recording."""
    slots = played(tracklists)
    listings, rows = pair_listings(tracklists, slots, with_known(aliases))
    named = slots.group_by("set_id").agg(named=pl.col.unit.count())
    both = listings.filter(verdict="one").join(named, on="set_id").join(named, left_on="other_id", right_on="set_id")
    # Of two listings of one set the plays of the one that names less count nowhere.
    less = both.select(set_id=pl.when(pl.col.named < pl.col.named_right).then("set_id").otherwise("other_id"))
    once = slots.join(less, on="set_id", how="anti", maintain_order="left")
    return _ranked(pl.concat([_other_listing(rows, slots), _same_key(slots), _named_later(slots, once)]), slots)


def _other_listing(rows: pl.DataFrame, slots: pl.DataFrame) -> pl.DataFrame:
    turned = rows.rename({"slot": "other_slot", "other_slot": "slot"}).select(rows.columns)
    about = slots.select("slot", "blank", "unit", "set_id")
    place = (
        pl.when("certain")
        .then(pl.lit("at the same place"))
        .when(pl.col.among.is_null())
        .then(pl.lit("at about the same place"))
        .otherwise(pl.format("in one of {} places", "among"))
    )
    return (
        pl.concat([rows, turned])
        .join(about.drop("unit"), on="slot")
        .join(about.select(other_slot="slot", other_set="set_id", unit="unit"), on="other_slot")
        .filter(pl.col.blank.is_not_null(), pl.col.unit.is_not_null())
        .with_columns(ground=listing_ground(pl.col.verdict, pl.col.certain, pl.col.among))
        .select(
            "slot", "unit", named_slot="other_slot", source=pl.lit("other-listing"),
            confidence=shares(pl.col.ground),
            evidence=pl.format("listed {} in {}, another listing of the set", place, "other_set"),
        )
        .match_to_schema(_FOUND)
    )  # fmt: skip


def _same_key(slots: pl.DataFrame) -> pl.DataFrame:
    """Names of the slot's own key; worth what two plays of one key agree here, beside what two listings agree."""
    keyed = slots.filter(pl.col.track_key.fill_null("") != "")
    named = keyed.drop_nulls("unit").select("track_key", "unit", named_slot="slot", day="day")
    votes = named.group_by("track_key", "unit").agg(pl.len().alias("votes"))
    votes = votes.with_columns(all=pl.col.votes.sum().over("track_key"))
    repeated = votes.filter(pl.col.all >= 2).group_by("track_key").agg(pl.col.votes.max(), pl.col.all.first())
    agreed, of = grounds()["names agree"]
    right, n = agreed + int(repeated["votes"].sum()), of + int(repeated["all"].sum())
    return (
        keyed.filter(pl.col.blank.is_not_null())
        .select("slot", "track_key", asked="day")
        .join(named, on="track_key")
        .join(votes, on=["track_key", "unit"])
        .sort("slot", "unit", (pl.col.day - pl.col.asked).abs(), "named_slot", nulls_last=True)
        .unique(["slot", "unit"], keep="first", maintain_order=True)
        .select(
            "slot", "unit", "named_slot", source=pl.lit("same-key"),
            confidence=(right + 1) / (n + 2) * pl.col.votes / pl.col.all,
            evidence=pl.format("track key `{}` has this name in {} of {} plays", "track_key", "votes", "all"),
        )
        .match_to_schema(_FOUND, integer_cast="upcast", float_cast="upcast")
    )  # fmt: skip


def _named_later(slots: pl.DataFrame, once: pl.DataFrame) -> pl.DataFrame:
    found = candidates(once, slots.filter(pl.col.blank.is_not_null()))
    dated = found.with_columns(confidence(found)).with_columns(evidence=_said())
    no_day = undated(once, slots.filter(pl.col.blank.is_in(["artist", "title"]), pl.col.day.is_null()))
    what = pl.when(pl.col.blank == "title").then(pl.lit("recordings of the artist")).otherwise(pl.lit("artists of it"))
    said = pl.format("no date of its set is known; of {} {} the most played, in {} sets", "options", what, "plays")
    no_day = no_day.with_columns(confidence=shares(undated_ground()), evidence=said)
    return pl.concat(
        some.with_columns(source=pl.lit("named-later")).match_to_schema(_FOUND, extra_columns="ignore")
        for some in (dated, no_day)
    )


def _said() -> pl.Expr:
    """What speaks for a candidate (SIGNS), as a sentence with its numbers."""

    def many(name: str, of: str) -> pl.Expr:
        n = pl.col(name).cast(pl.Int32)
        return pl.format("{} {}", n, pl.when(n == 1).then(pl.lit(of)).otherwise(pl.lit(f"{of}s")))

    first, rivals, dj = (pl.col(name).cast(pl.Int32) for name in ("first", "rivals", "dj"))
    by_artist = pl.format(
        "first played under its name {} days later, in {} within 60 days; {} new recordings of the artist by then",
        first, many("plays_60", "set"), rivals,
    )  # fmt: skip
    by_title = pl.format(
        "the title is played under this name in {}; by {} at all", many("plays", "set"), many("titles", "artist")
    )
    between = pl.format(
        "the same DJ played it within {} days with the same neighbour on {} of two sides",
        pl.col.nearest.abs().cast(pl.Int32), pl.col.sides.cast(pl.Int32),
    )  # fmt: skip
    when = pl.when(dj < 0).then(pl.lit("before")).otherwise(pl.lit("after"))
    same_dj = pl.when(dj.is_not_null()).then(pl.format("; by the same DJ {} days {}", dj.abs(), when))
    what = pl.when(pl.col.is_title == 1).then(by_artist).when(pl.col.is_artist == 1).then(by_title)
    return pl.concat_str(what.otherwise(between), same_dj.fill_null(""))


def _ranked(found: pl.DataFrame, slots: pl.DataFrame) -> pl.DataFrame:
    labels = slots.drop_nulls(["unit", "label"]).group_by("unit").agg(any_label=pl.col.label.mode().min())
    named = slots.select(
        "artist", "title", "label", named_slot="slot", named_in="set_id", named_day="day", recording_key="track_key"
    ).with_columns(pl.col.label.replace("", None))
    asked = slots.select("slot", "set_id", "position", "blank", "day", track_key=unknown_key())
    return (
        found.sort("slot", "unit", "confidence", "source", descending=[False, False, True, False])
        .group_by("slot", "unit", maintain_order=True)
        .agg(pl.exclude("evidence").first(), pl.col.evidence)
        .join(named, on="named_slot")
        .join(labels, on="unit", how="left")
        .join(asked, on="slot")
        .sort("slot", "confidence", "unit", descending=[False, True, False])
        .with_columns(
            rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("slot"),
            label=pl.coalesce("label", "any_label"),
            days=pl.col.named_day - pl.col.day,
        )
        .filter(pl.col.rank <= MAX_RANK)
        .sort("slot", "rank")
        .select(*IDENTITIES.names(), "recording_key")
    )
