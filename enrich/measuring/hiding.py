"""A workspace in which known tracks are hidden, as if nobody had ever named them. Pure.

What is hidden is gone everywhere: from the track, its credits, its setlists, and a label that stood on hidden tracks
alone from the list of labels. Tracks are hidden alone, with all their namesakes by the same artists, or at the plays of
their first day only, which then stand as an unknown of its own; later plays, where there are any, keep the name.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from enrich.tiers.workspace import Workspace

#: What the id of a first play taken for an unknown ends in.
FIRST = "#first"


def without_artists(ws: Workspace, hidden: pl.Series) -> Workspace:
    """The workspace with these tracks' artists hidden."""
    gone, played = _is_in("track_id", hidden), _is_in("track_key", hidden)
    return replace(
        ws,
        tracks=ws.tracks.with_columns(
            artist=pl.when(~gone).then("artist"), is_known_artist=pl.col("is_known_artist") & ~gone
        ),
        credits=ws.credits.filter(~gone),
        tracklists=ws.tracklists.with_columns(artist=pl.when(~played).then("artist"), is_id=pl.col("is_id") | played),
    )


def without_labels(ws: Workspace, hidden: pl.Series) -> Workspace:
    """The workspace with these tracks' labels hidden; a label that no other track carries is known no more."""
    gone, played = _is_in("track_id", hidden), _is_in("track_key", hidden)
    tracks = ws.tracks.with_columns(pl.when(~gone).then(c).alias(c) for c in ("label", "label_key", "label_source"))
    return replace(
        ws,
        tracks=tracks,
        labels=ws.labels.join(tracks.select("label_key").drop_nulls(), on="label_key", how="semi"),
        tracklists=ws.tracklists.with_columns(label=pl.when(~played).then("label")),
    )


def with_first_plays(ws: Workspace, chosen: pl.Series) -> tuple[Workspace, pl.Series]:
    """The workspace in which the first day's plays of these tracks are unknowns of their own; and the new ids.

    A track played on one day only is never named again, as many an unknown is not.
    """
    days = (
        ws.tracklists.filter(_is_in("track_key", chosen))
        .group_by("track_key")
        .agg(first=pl.col("set_date").min())
        .drop_nulls()
    )
    born = pl.concat_str("track_id", pl.lit(FIRST))
    twins = (
        ws.tracks.join(days, left_on="track_id", right_on="track_key", how="semi")
        .with_columns(born.alias("track_id"), artist=pl.lit(None, pl.String), is_known_artist=pl.lit(value=False))
        .select(ws.tracks.columns)
    )
    is_first = (pl.col("set_date") == pl.col("first")).fill_null(value=False)
    slots = (
        ws.tracklists.join(days.select("track_key", "first"), on="track_key", how="left", maintain_order="left")
        .with_columns(
            artist=pl.when(~is_first).then("artist"),
            is_id=pl.col("is_id") | is_first,
            track_key=pl.when(is_first).then(pl.concat_str("track_key", pl.lit(FIRST))).otherwise("track_key"),
        )
        .select(ws.tracklists.columns)
    )
    return replace(ws, tracks=pl.concat([ws.tracks, twins]), tracklists=slots), twins["track_id"]


def namesakes(ws: Workspace, chosen: pl.Series) -> pl.Series:
    """`chosen` and all tracks of the same base title that share an artist with one of them."""
    names = ws.credits.filter(pl.col("role") == "primary").select("track_id", "artist_key")
    titled = ws.tracks.select("track_id", "base_key").join(names, on="track_id")
    own = titled.filter(_is_in("track_id", chosen)).select("base_key", "artist_key").unique()
    same = titled.join(own, on=["base_key", "artist_key"], how="semi")["track_id"]
    return pl.concat([chosen, same]).unique(maintain_order=True)


def _is_in(column: str, ids: pl.Series) -> pl.Expr:
    return pl.col(column).is_in(ids.implode())
