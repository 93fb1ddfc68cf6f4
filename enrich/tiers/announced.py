"""Tier 1, announced: a title nobody had named before an unknown was played under it, and somebody names soon after.

A promo is played as `? - Clear Blue Moon`; some weeks later a set has `Terra Ferma - Clear Blue Moon`. When the title
was in no set before, and in one artist's name only since, that is very likely the track, and the likelier the sooner.
How likely is measured on the snapshot: each known recording's first play is taken for an unknown, and its later plays,
or those of others with the same title, for what names it; what chance alone would name is set against it (`measured`).

Returns proposals; reads a workspace; writes nothing.
"""

from __future__ import annotations

import polars as pl

from enrich.text.alike import credits_alike
from enrich.tiers.measured import measure, with_confidence
from enrich.tiers.proposing import propose, voters, with_names
from enrich.tiers.same_title import speaks
from enrich.tiers.workspace import Workspace

#: Days within which the name must come; buckets of `measured`, the soonest first.
BANDS = (60, 180, 365)
#: Days after a first play between which namesakes are counted: later than a record's own further credits.
_FAR = (180, 730)
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
    measured = _measured(ws, named, unknown=unknown, answers=answers)
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


def _measured(ws: Workspace, named: pl.DataFrame, *, unknown: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """MEASURED of each band, from known recordings whose first play is taken for an unknown."""
    plays = named.drop_nulls("day")
    recordings = plays.group_by("base_key", "artist_text").agg(
        played_on=pl.col("day").min(), own=pl.col("day").unique().sort().get(1, null_on_oob=True)
    )
    rivals = recordings.join(
        recordings.select("base_key", rival="artist_text", other="played_on"), on="base_key"
    ).filter(pl.col("artist_text") != pl.col("rival"))
    # Under another spelling, or with one artist more, it is the same record, not a namesake.
    alike = credits_alike(_spoken(rivals["artist_text"]), _spoken(rivals["rival"]))
    seen = (
        rivals.with_columns(is_same=alike.fill_null(value=False))
        .group_by("base_key", "artist_text")
        .agg(
            was_named=(pl.col("other") <= pl.col("played_on")).any(),
            again=pl.col("other").filter("is_same").min(),
            other=pl.col("other").filter(~pl.col("is_same")).min(),
        )
    )
    hidden = (
        recordings.join(seen, on=["base_key", "artist_text"], how="left")
        # Titles that anybody had named by then are not asked.
        .filter(pl.col("was_named").fill_null(value=False).not_())
        .with_columns(own=pl.min_horizontal("own", "again"))
        .with_columns(named_on=pl.min_horizontal("own", "other"))
        # Two names on one day: no answer.
        .filter((pl.col("own") == pl.col("other")).fill_null(value=False).not_())
        .with_columns(
            days=(pl.col("named_on") - pl.col("played_on")).dt.total_days(),
            right=(pl.col("own") == pl.col("named_on")).fill_null(value=False),
        )
    )
    resolved = _resolved(ws, plays)
    return measure(
        hidden.with_columns(bucket=_bucket()).drop_nulls("bucket").select("bucket", "right"),
        prior=_PRIOR,
        decoys=_chance(hidden),
        # Unknowns that have their name by now were asked and answered too.
        answered=pl.concat([answers.select("bucket"), resolved.drop_nulls("bucket").select("bucket")]),
        tried=hidden.height,
        asked=unknown.height + resolved.height,
    )


def _chance(hidden: pl.DataFrame) -> pl.DataFrame:
    """bucket, expected: namesakes that should turn up within each band by chance.

    Two records of one title come at any distance of each other; just after a first play most "namesakes" are the same
    record, credited otherwise. So they are counted where that is over, a half to two years on, and taken evenly.
    """
    start, end = _FAR
    days = (pl.col("other") - pl.col("played_on")).dt.total_days()
    watched = ((pl.col("day").max() - pl.col("played_on")).dt.total_days() - start).clip(0, end - start)
    told = hidden.with_columns(day=pl.max_horizontal("played_on", "named_on")).select(
        namesakes=days.is_between(start + 1, end).sum(), exposure=watched.sum()
    )
    namesakes, exposure = told.row(0)
    # A namesake more than was seen, or a young database would be sure of everything.
    rate = (namesakes + 1) / max(exposure, 1)
    lower = (0, *BANDS[:-1])
    return pl.DataFrame(
        {
            "bucket": [_name(most) for most in BANDS],
            "expected": [
                min(rate * (most - least), 1.0) * hidden.height for least, most in zip(lower, BANDS, strict=True)
            ],
        },
        schema={"bucket": pl.String, "expected": pl.Float64},
    )


def _resolved(ws: Workspace, named: pl.DataFrame) -> pl.DataFrame:
    """Tracks first played as an ID that have their artist now: bucket of the days until that name was in a set."""
    born = ws.tracklists.filter("is_id").select(track_id="track_key").unique()
    known = _first_plays(
        ws, voters(ws).select("track_id", "base_key", "artist_text").join(born, on="track_id", how="semi")
    )
    later = known.join(
        named.select("base_key", "artist_text", "day"), on=["base_key", "artist_text"], how="left"
    ).with_columns(day=pl.when(pl.col("day") > pl.col("played_on")).then("day"))
    return (
        later.group_by("track_id", "played_on")
        .agg(named_on=pl.col("day").min())
        .with_columns(days=(pl.col("named_on") - pl.col("played_on")).dt.total_days())
        .with_columns(bucket=_bucket())
    )


def _spoken(artist_text: pl.Series) -> pl.Series:
    return artist_text.str.replace_all("|", " & ", literal=True)


def _bucket() -> pl.Expr:
    """The band `days` falls into; null beyond the last."""
    return pl.coalesce(pl.when(pl.col("days") <= most).then(pl.lit(_name(most))) for most in BANDS)


def _name(most: int) -> str:
    return f"named within {most} days"
