"""Tier 1, announced: a title nobody had named before an unknown was played under it, and somebody names soon after.

A promo is played as `? - Clear Blue Moon`; some weeks later a set has `Terra Ferma - Clear Blue Moon`. When the title
was in no set before, and in one artist's name only since, that is very likely the track, and the likelier the sooner.
How likely is measured on the snapshot: each known recording's first play is taken for an unknown, and its later plays,
or those of others with the same title, for what names it; what chance alone would name is set against it (`measured`).

Returns proposals; reads a workspace; writes nothing.
"""

from __future__ import annotations

import polars as pl

from enrich.tiers.measured import measure, with_confidence
from enrich.tiers.proposing import propose, voters, with_names
from enrich.tiers.same_title import speaks
from enrich.tiers.workspace import Workspace

#: Days within which the name must come; buckets of `measured`, the soonest first.
BANDS = (30, 60, 120, 180, 365)
_PRIOR = 0.7


def announced(ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
    """The artist under whom an unknown's title first appeared in a set, after the unknown's own first play.

    Returns:
        PROPOSALS (tier 1, source `announced`); confidence measured on this snapshot's known tracks.
    """
    named = _named(ws)
    unknown = _first_plays(ws, ws.tracks.filter(~pl.col("is_known_artist")).select("track_id", "base_key", "label_key"))
    answers = _answers(unknown, named)
    asked = answers.filter(pl.col("track_id").is_in(track_ids.to_list()))
    measured = _measured(named, answered=answers.select("bucket"), asked=unknown.height)
    found = with_names(ws, with_confidence(asked, measured, prior=_PRIOR)).with_columns(probability="confidence")
    return propose(
        found,
        kind="artist",
        tier=1,
        source="announced",
        evidence=["artists", "played_on", "named_on", "days", "bucket", "n", "correct", "chance"],
    )


def _first_plays(ws: Workspace, tracks: pl.DataFrame) -> pl.DataFrame:
    """`tracks` that were played on a known day, under a title that says something, with played_on and last_on."""
    plays = (
        ws.tracklists.filter(pl.col("set_date").is_not_null())
        .group_by(track_id="track_key")
        .agg(played_on=pl.col("set_date").min(), last_on=pl.col("set_date").max())
    )
    return tracks.filter(speaks(pl.col("base_key"))).join(plays, on="track_id", maintain_order="left")


def _named(ws: Workspace) -> pl.DataFrame:
    """Plays of known recordings: base_key, artist_text, label_key, day; null days where one was never played."""
    days = ws.tracklists.select("set_date", track_id="track_key").unique()
    return (
        voters(ws)
        .filter(speaks(pl.col("base_key")))
        .select("track_id", "base_key", "artist_text", "label_key")
        .join(days, on="track_id", how="left", maintain_order="left")
        .select("base_key", "artist_text", "label_key", day="set_date")
        .unique()
    )


def _answers(unknown: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    """track_id, artist_text, played_on, named_on, days, bucket of the unknowns that are answered."""
    titles = named.group_by("base_key").agg(
        rivals=pl.col("artist_text").n_unique(),
        artist_text=pl.col("artist_text").first(),
        named_on=pl.col("day").min(),
        # A recording without a play may have been there before.
        is_dated=pl.col("day").is_not_null().all(),
        labels=pl.col("label_key").drop_nulls().unique(),
    )
    # On another label it is another record; still unnamed after the name was out, it is not what was announced.
    is_other_label = pl.col("label_key").is_not_null() & (pl.col("labels").list.len() > 0)
    is_other_label &= ~pl.col("labels").list.contains(pl.col("label_key"))
    return (
        unknown.join(titles.filter((pl.col("rivals") == 1) & pl.col("is_dated")), on="base_key", maintain_order="left")
        .filter((pl.col("named_on") > pl.col("last_on")) & ~is_other_label)
        .with_columns(days=(pl.col("named_on") - pl.col("played_on")).dt.total_days())
        .with_columns(bucket=_bucket())
        .drop_nulls("bucket")
        .select("track_id", "artist_text", "played_on", "named_on", "days", "bucket")
    )


def _measured(named: pl.DataFrame, *, answered: pl.DataFrame, asked: int) -> pl.DataFrame:
    """MEASURED of each band, from known recordings whose first play is taken for an unknown."""
    recordings = (
        named.drop_nulls("day")
        .group_by("base_key", "artist_text")
        .agg(played_on=pl.col("day").min(), own=pl.col("day").sort().get(1, null_on_oob=True))
    )
    others = (
        recordings.join(recordings.select("base_key", rival="artist_text", other="played_on"), on="base_key")
        .filter(pl.col("artist_text") != pl.col("rival"))
        .group_by("base_key", "artist_text")
        .agg(other=pl.col("other").min())
    )
    # Titles that anybody had named by then are not asked.
    asked_of = recordings.join(others, on=["base_key", "artist_text"], how="left").filter(
        pl.col("other").is_null() | (pl.col("other") > pl.col("played_on"))
    )
    first = (
        asked_of.with_columns(named_on=pl.min_horizontal("own", "other"))
        # Two names on one day: no answer.
        .filter((pl.col("own") == pl.col("other")).fill_null(value=False).not_())
        .with_columns(
            days=(pl.col("named_on") - pl.col("played_on")).dt.total_days(),
            right=(pl.col("own") == pl.col("named_on")).fill_null(value=False),
        )
    )
    decoys = asked_of.with_columns(days=(pl.col("other") - pl.col("played_on")).dt.total_days())
    return measure(
        first.with_columns(bucket=_bucket()).drop_nulls("bucket").select("bucket", "right"),
        prior=_PRIOR,
        decoys=decoys.with_columns(bucket=_bucket()).drop_nulls("bucket").select("bucket"),
        answered=answered,
        tried=recordings.height,
        asked=asked,
    )


def _bucket() -> pl.Expr:
    """The band `days` falls into; null beyond the last."""
    return pl.coalesce(pl.when(pl.col("days") <= most).then(pl.lit(f"named within {most} days")) for most in BANDS)
