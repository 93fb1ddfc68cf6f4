"""Tier 1: artists from the database itself.

    mashup       every component looked up one by one; probability 0.90 where all are found
    association  artists of the track's label, title compared with theirs; probability
                 0.7 × title similarity + 0.3 × the artist's share of the label, 0.60–0.80
    same-title   the same title elsewhere with a known artist

Returns proposals; reads a workspace.
"""

from __future__ import annotations

import polars as pl
from rapidfuzz import fuzz
from rapidfuzz.process import cpdist

from enrich.rules import ASSOCIATION_MAX, ASSOCIATION_MIN, ASSOCIATION_SHARE, ASSOCIATION_TITLE, MASHUP_CONFIDENCE
from enrich.text.normalise import artist_key, title_key
from enrich.text.titles import parse_titles
from enrich.tiers.proposing import no_proposals, propose, unnamed, voters, with_names
from enrich.tiers.same_title import agreeing, speaks
from enrich.tiers.workspace import Workspace

#: What the rule's probability says of an association, in bands measured one by one.
_HALFWAY = 0.70


def same_title(ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
    """The artist all other tracks of the same title have.

    Returns:
        PROPOSALS (tier 1, source `same-title`).
    """
    return propose(
        with_names(ws, agreeing(unnamed(ws, track_ids), voters(ws), value="artist_text")),
        kind="artist",
        tier=1,
        source="same-title",
        evidence=["artists", "example", "others", "bucket"],
    )


def association(ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
    """The artist of the track's label whose titles are most like its own.

    A score under 0.60 is no proposal; over 0.80 it counts as 0.80, for it is an association, not an identity.

    Returns:
        PROPOSALS (tier 1, source `association`), the best candidate a track.
    """
    queries = unnamed(ws, track_ids).filter(pl.col.label_key.is_not_null() & speaks(pl.col.base_key))
    rosters = (
        ws.tracks.filter(pl.col.label_key.is_not_null() & pl.col.is_known_artist)
        .select("track_id", "label_key", roster_base="base_key", roster_title="title")
        .join(ws.primary.select("track_id", "artist", "artist_key", "artist_id"), on="track_id")
    )
    shares = (
        rosters.group_by("label_key", "artist_key")
        .agg(n=pl.col.track_id.n_unique())
        .with_columns(share=pl.col.n / pl.col.n.sum().over("label_key"))
        .select("label_key", "artist_key", "share")
    )
    pairs = queries.select("track_id", "title", "base_key", "label", "label_key").join(
        rosters.drop("track_id"), on="label_key"
    )
    if pairs.is_empty():
        return no_proposals()
    similarity = cpdist(pairs["base_key"].to_list(), pairs["roster_base"].to_list(), scorer=fuzz.ratio, workers=1) / 100
    best = (
        pairs.with_columns(similarity=pl.Series(similarity, dtype=pl.Float64))
        .join(shares, on=["label_key", "artist_key"])
        .with_columns(score=ASSOCIATION_TITLE * pl.col.similarity + ASSOCIATION_SHARE * pl.col.share)
        .sort(["track_id", "score", "artist_key", "roster_base"], descending=[False, True, False, False])
        .unique("track_id", keep="first", maintain_order=True)
        .filter(pl.col.score >= ASSOCIATION_MIN)
        .with_columns(
            probability=pl.col.score.clip(ASSOCIATION_MIN, ASSOCIATION_MAX),
            bucket=_score_band(),
            value="artist",
            like="roster_title",
        )
    )
    return propose(
        best,
        kind="artist",
        tier=1,
        source="association",
        evidence=["label", "like", "similarity", "share", "score", "bucket"],
    )


def _score_band() -> pl.Expr:
    middle, top = f"score {_HALFWAY:.2f}–{ASSOCIATION_MAX:.2f}", f"score from {ASSOCIATION_MAX:.2f}"
    high = pl.when(pl.col.score < ASSOCIATION_MAX).then(pl.lit(middle)).otherwise(pl.lit(top))
    return pl.when(pl.col.score < _HALFWAY).then(pl.lit(f"score below {_HALFWAY:.2f}")).otherwise(high)


def mashups(ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
    """The artists of a mashup, one component at a time; proposed only where every component is found.

    A component `Artist - Title` names its artist, who must be in the database; a bare title is looked up.

    Returns:
        PROPOSALS (tier 1, source `mashup`), probability 0.90.
    """
    components = (
        unnamed(ws, track_ids)
        .filter(pl.col.is_mashup & (pl.col.components.list.len() >= 2))
        .select("track_id", component="components")
        .explode("component")
        .drop_nulls("component")
        .with_columns(place=pl.int_range(pl.len()).over("track_id"))
    )
    if components.is_empty():
        return no_proposals()
    parsed = parse_titles(components["component"])
    components = components.with_columns(
        named=parsed["artist"],
        base_key=parsed.select(title_key(pl.col.base_title)).to_series(),
        version_class=parsed["version_class"],
        remixer=parsed["remixer"],
        label_key=pl.lit(None, pl.String),
    ).with_columns(query_id=pl.format("{}#{}", "track_id", "place"))
    all_artists = ws.credits.select("artist_key").unique().with_columns(in_database=pl.lit(value=True))
    resolved = (
        components.with_columns(named_key=artist_key(pl.col.named))
        .join(all_artists, left_on="named_key", right_on="artist_key", how="left")
        .join(_looked_up(ws, components), on="query_id", how="left")
        .with_columns(artist_text=pl.when("in_database").then("named_key").otherwise("found"))
        .sort("track_id", "place")
    )
    complete = (
        resolved.group_by("track_id", maintain_order=True)
        .agg(
            all_found=pl.col.artist_text.is_not_null().all(),
            artist_text=pl.col.artist_text.str.join("|"),
            components=pl.col.component,
            bucket=pl.when(pl.col.named.is_not_null().all())
            .then(pl.lit("every part names its artist"))
            .otherwise(pl.lit("parts found by their titles")),
        )
        .filter(pl.col.all_found)
        .with_columns(probability=pl.lit(MASHUP_CONFIDENCE))
    )
    return propose(
        with_names(ws, complete), kind="artist", tier=1, source="mashup", evidence=["artists", "components", "bucket"]
    )


def _looked_up(ws: Workspace, components: pl.DataFrame) -> pl.DataFrame:
    """query_id, found: the artist all other tracks of a bare component's title have."""
    bare = components.filter(pl.col.named.is_null()).select(
        "base_key", "version_class", "remixer", "label_key", track_id="query_id"
    )
    return agreeing(bare, voters(ws), value="artist_text").select(query_id="track_id", found="artist_text")
