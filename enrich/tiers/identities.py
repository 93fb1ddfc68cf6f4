"""Tier 1, identities: the recording an unknown track is, by what tracklists say of it elsewhere (`enrich.identity`)."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from enrich.frames.schemas import PROPOSALS
from enrich.identity.identify import recordings_meant
from enrich.text.words import is_unknown_title
from enrich.tiers.proposing import band_of, no_proposals, propose
from enrich.tiers.workspace import Workspace

#: Statuses of tracks that are asked besides those of the run: a name that turns up ends their wait.
_WAITING = ("pending_re_enrichment",)
#: Sources of proposals that imports make.
_IMPORTED = ("rescraped", "same-key")
#: Candidates kept for one track; those below are worth nobody's time.
_KEPT = 3
_LEAST = 0.05


def imported(ledger: pl.DataFrame) -> Callable[[Workspace, pl.Series], pl.DataFrame]:
    """A tier of what an import has proposed and nobody has decided: a file that names an unknown of a set it knows.

    Args:
        ledger: Proposals on record: PROPOSALS without artist_id.
    """
    waiting = (
        ledger.filter(pl.col.source.is_in(_IMPORTED), pl.col.status == "proposed")
        .with_columns(pl.lit(None, pl.String).alias("artist_id"), pl.col.tier.cast(pl.Int8))
        .match_to_schema(PROPOSALS, extra_columns="ignore")
    )

    def names_of_imports(ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
        return waiting

    return names_of_imports


def identities(ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
    """The recordings that unknown tracks are.

    Args:
        ws: The workspace.
        track_ids: Tracks asked for; those that wait in cool-down, and those whose artist alone is known, which no
            other rule asks for, are asked for besides.

    Returns:
        PROPOSALS (tier 1, kind identity; source other-listing, same-key or named-later), surest first within a track.
        The evidence has recording_id, artists, title, label, named_in (named_set: as people call it), days, and what
        was found, as sentences.
    """
    no_title = pl.col.is_known_artist & is_unknown_title(pl.col.title)
    asked = ws.tracks.filter(pl.col.track_id.is_in(track_ids.implode()) | pl.col.status.is_in(_WAITING) | no_title)
    listed = pl.concat([ws.tracklists, ws.second_listings.drop("duplicate_of")])
    if "meant" not in ws.memo:
        ws.memo["meant"] = recordings_meant(listed, aliases=ws.aliases)
    found = (
        ws.memo["meant"]
        .join(asked.select(track_key="track_id"), on="track_key", how="semi")
        .filter(pl.col.recording_key.is_not_null(), pl.col.recording_key != pl.col.track_key)
        .sort("track_key", "confidence", "recording_key", descending=[False, True, False])
        .unique(["track_key", "recording_key"], keep="first", maintain_order=True)
        .filter(pl.col.confidence >= _LEAST)
        .group_by("track_key", maintain_order=True)
        .head(_KEPT)
    )
    if found.is_empty():
        return no_proposals()
    names = ws.primary.sort("track_id", "position").group_by(recording_key="track_id").agg(artists=pl.col.artist)
    called = pl.concat_str(
        pl.coalesce("set_name", "dj"), pl.col.set_date.cast(pl.String), separator=", ", ignore_nulls=True
    )
    sets = listed.select(named_in="set_id", named_set=called).unique("named_in", keep="first")
    answers = found.join(names, on="recording_key", how="left", maintain_order="left")
    answers = answers.join(sets, on="named_in", how="left", maintain_order="left").with_columns(
        pl.coalesce("artists", pl.concat_list("artist")),
        track_id="track_key",
        recording_id="recording_key",
        value=pl.format("{} - {}", "artist", "title"),
        probability="confidence",
        found="evidence",
        bucket=band_of("confidence"),
    )
    told = ["bucket", "recording_id", "artists", "title", "label", "named_in", "named_set", "days", "blank", "found"]
    return pl.concat(
        [
            propose(group, kind="identity", tier=1, source=str(source), evidence=told)
            for (source,), group in answers.group_by("source", maintain_order=True)
        ]
    )
