"""Tier 1: artists from the database itself.

mashup       every component looked up one by one; probability 0.90 where all are found
association  artists of the track's label, title compared with theirs; probability
             0.7 × title similarity + 0.3 × the artist's share of the label, 0.60–0.80
same-title   the same title elsewhere with a known artist, where its tracks agree and it says something
"""

from functools import partial

import polars as pl
from rapidfuzz import fuzz
from rapidfuzz.process import cpdist

from enrich.matching.scores import OWN_RELEASE
from enrich.rules import ASSOCIATION_MAX, ASSOCIATION_MIN, ASSOCIATION_SHARE, ASSOCIATION_TITLE, MASHUP_CONFIDENCE
from enrich.text.normalise import artist_key, title_key
from enrich.text.recalled import recalled
from enrich.text.titles import parse_titles
from enrich.text.words import is_unknown_title
from enrich.tiers.proposing import no_proposals, propose, unnamed, voters, with_names
from enrich.tiers.workspace import Workspace

#: Versions that are releases of one and the same recording, as far as its label and artist go.
SAME_RECORDING = (*OWN_RELEASE, "club", "dub", "instrumental", "acappella", "edit")


def speaks(base_key: pl.Expr) -> pl.Expr:
    """True where a base title is more than an unknown-word, a number or a letter or two."""
    return (
        base_key.is_not_null()
        & ~is_unknown_title(base_key)
        & (base_key.str.len_chars() >= 3)
        & base_key.str.contains(r"\p{L}{2}")
        & ~base_key.str.contains(r"^(?:track|id|untitled|unknown|intro|outro|part) ?\d*$")
    )


def agreeing(asked: pl.DataFrame, elsewhere: pl.DataFrame, *, value: str) -> pl.DataFrame:
    """The value all other tracks of the same title share.

    `asked` has track_id, base_key, version_class, remixer, label_key (null where unknown); `elsewhere` the same, with
    title and the column named by `value`, on which they must agree (a key; nulls are skipped). Returns one row per
    asked track with an answer: track_id, the column `value`, others (tracks that say so), example (title of one),
    bucket (String).
    """
    voters = elsewhere.filter(pl.col(value).is_not_null() & speaks(pl.col.base_key))
    columns = ["track_id", "base_key", "version_class", "remixer", "label_key"]
    pairs = (
        asked.filter(speaks(pl.col.base_key))
        .select(columns)
        .join(voters.rename({value: "said"}).with_columns(pl.col.said.alias(value)), on="base_key", suffix="_other")
        .filter(pl.col.track_id != pl.col.track_id_other)
        .sort("track_id", "track_id_other")
    )
    is_recording = [pl.col(c).is_in(SAME_RECORDING) for c in ("version_class", "version_class_other")]
    # A label that is itself asked for is no evidence of anything.
    labels_known = pl.lit(value=value != "label_key") & pl.col.label_key.is_not_null()
    labels_known &= pl.col.label_key_other.is_not_null()
    same_label = pl.col.label_key == pl.col.label_key_other
    same_remix = artist_key(pl.col.remixer) == artist_key(pl.col.remixer_other)
    return (
        pairs.group_by("track_id", maintain_order=True)
        .agg(
            pl.col.base_key.first(),
            rivals=pl.col.said.n_unique(),
            said=pl.col.said.first(),
            others=pl.len(),
            example=pl.col.title.first(),
            closeness=pl.when(same_remix.any())
            .then(pl.lit("same remix"))
            .when((is_recording[0] & is_recording[1]).any())
            .then(pl.lit("same recording"))
            .otherwise(pl.lit("another version")),
            labels=pl.when((labels_known & same_label).any())
            .then(pl.lit(", same label"))
            .when((labels_known & ~same_label).any())
            .then(pl.lit(", other label"))
            .otherwise(pl.lit("")),
        )
        .filter(pl.col.rivals == 1)
        .with_columns(bucket=pl.format("{}, {}{}", title_words(pl.col.base_key), "closeness", "labels"))
        .select("track_id", pl.col.said.alias(value), "others", "example", "bucket")
    )


def title_words(base_key: pl.Expr) -> pl.Expr:
    """How much a title says: `1 word`, `2 words`, `3+ words`."""
    words = base_key.str.count_matches(r"\S+").clip(1, 3)
    return words.replace_strict({1: "1 word", 2: "2 words", 3: "3+ words"}, return_dtype=pl.String)


#: What the rule's probability says of an association, in bands measured one by one.
_HALFWAY = 0.70


def same_title(ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
    """PROPOSALS (tier 1, source `same-title`): the artist all other tracks of the same title have."""
    agreed = with_names(ws, agreeing(unnamed(ws, track_ids), voters(ws), value="artist_text"))
    told = ["artists", "example", "others", "bucket"]
    return propose(agreed, kind="artist", tier=1, source="same-title", evidence=told)


def association(ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
    """PROPOSALS (tier 1, source `association`): the artist of the track's label whose titles are most like its own.

    A score under 0.60 is no proposal; over 0.80 it counts as 0.80, for it is an association, not an identity.
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
    asked = queries.select("track_id", "title", "base_key", "label", "label_key")
    pairs = asked.join(rosters.drop("track_id"), on="label_key")
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
    told = ["label", "like", "similarity", "share", "score", "bucket"]
    return propose(best, kind="artist", tier=1, source="association", evidence=told)


def _score_band() -> pl.Expr:
    middle, top = f"score {_HALFWAY:.2f}–{ASSOCIATION_MAX:.2f}", f"score from {ASSOCIATION_MAX:.2f}"
    high = pl.when(pl.col.score < ASSOCIATION_MAX).then(pl.lit(middle)).otherwise(pl.lit(top))
    return pl.when(pl.col.score < _HALFWAY).then(pl.lit(f"score below {_HALFWAY:.2f}")).otherwise(high)


@partial(recalled, on="component")
def _parts_read(components: pl.Series) -> pl.DataFrame:
    base = title_key(pl.col.base_title)
    parsed = parse_titles(components, one_by_one=True)
    return parsed.select("version_class", "remixer", component="title", named="artist", base_key=base)


def mashups(ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
    """PROPOSALS (tier 1, source `mashup`, probability 0.90): a mashup's artists, where every component is found.

    A component `Artist - Title` names its artist, who must be in the database; a bare title is looked up.
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
    components = components.join(
        _parts_read(components["component"]), on="component", how="left", maintain_order="left"
    ).with_columns(label_key=pl.lit(None, pl.String), query_id=pl.format("{}#{}", "track_id", "place"))
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
    bare = components.filter(pl.col.named.is_null()).drop("track_id").rename({"query_id": "track_id"})
    return agreeing(bare, voters(ws), value="artist_text").select(query_id="track_id", found="artist_text")
