"""What a set's later version says of rows that stay: changes in words, and proposals for the ledger. Pure.

An unknown that has a name now is a proposal (kind `identity`, or `artist` where the title is still unknown); a name
against another is a conflict for review. Nothing here writes a name.
"""

import polars as pl

from enrich.frames.schemas import PROPOSALS
from enrich.identity.measured import grounds, shares
from enrich.importing.known import Known
from enrich.ledger.proposals import with_ids
from enrich.text.words import is_unknown_artist
from enrich.tracklists.checking import is_unnamed_title

SEEN = pl.Schema(dict.fromkeys(("track_id", "seen_title", "seen_label", "seen_artist"), pl.String()))
_NAMED = pl.concat_str("artist", "title", separator=" - ", ignore_nulls=True)
_WAS = pl.concat_str("was_artist", "was_title", separator=" - ", ignore_nulls=True)


def told_apart(compared: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """`compared` with the relation of rows that are one by their place alone (`other`)."""
    now = rows.select("recording", "has_artist", "is_unnamed")
    was_known = ~is_unknown_artist(pl.col.was_artist) & ~is_unnamed_title(pl.col.was_title)
    is_known = pl.col.has_artist & ~pl.col.is_unnamed
    by_names = (
        pl.when(was_known & is_known)
        .then(pl.lit("renamed"))
        .when(is_known | (pl.col.has_artist & is_unknown_artist(pl.col.was_artist)))
        .then(pl.lit("named"))
        .when(was_known)
        .then(pl.lit("unnamed"))
        .otherwise(pl.lit("same"))
    )
    relation = pl.when(pl.col.relation == "other").then(by_names).otherwise("relation")
    return (
        compared.join(now, on="recording", how="left", maintain_order="left")
        .with_columns(relation=relation)
        .drop("has_artist", "is_unnamed")
    )


def changes(compared: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """set_id, position, old_position, relation, was, now: every row that is not as it was."""
    said = rows.select("recording", now=_NAMED)
    differs = ~pl.col.relation.is_in(["same", "kept", "perhaps"]) | (
        (pl.col.relation == "same") & (pl.col.position != pl.col.old_position)
    )
    return (
        compared.filter(differs)
        .join(said, on="recording", how="left", maintain_order="left")
        .with_columns(
            relation=pl.when(pl.col.relation == "same").then(pl.lit("shifted")).otherwise("relation"),
            position=pl.when(pl.col.relation != "removed").then("position"),
            was=pl.when(pl.col.old_position.is_not_null()).then(_WAS),
        )
        .select("set_id", "position", "old_position", "relation", "was", "now")
    )


def proposed(
    compared: pl.DataFrame, rows: pl.DataFrame, credits: pl.DataFrame, artists: pl.DataFrame, known: Known,
    *, made: pl.Series,
) -> tuple[pl.DataFrame, list[str], pl.DataFrame]:  # fmt: skip
    """Proposals of what the files name, the ids of those that are for review, and what their tracks are called.

    Args:
        compared: COMPARED.
        rows: The files' recordings, identified.
        credits: recording, key, role, at.
        artists: key, name.
        known: What the database holds.
        made: Ids of tracks this import makes.
    """
    found = _found(compared, rows, credits, artists, made)
    if found.is_empty():
        return PROPOSALS.to_frame(), [], SEEN.to_frame()
    kept_artist = ~is_unknown_artist(pl.col.was_artist)
    ground = _ground()
    measured_in = {name: n for name, (_, n) in grounds().items()}
    blank = (
        pl.when(kept_artist).then(pl.lit("title")).when(is_unnamed_title(pl.col.was_title)).then(pl.lit("both"))
        .otherwise(pl.lit("artist"))
    )  # fmt: skip
    found = found.with_columns(
        kind=pl.when("is_unnamed").then(pl.lit("artist")).otherwise(pl.lit("identity")),
        value=pl.when("is_unnamed").then("artist").otherwise(_NAMED),
        bucket=ground,
        confidence=pl.when(pl.col.relation == "renamed").then(0.0).otherwise(shares(ground)),
        cases=ground.replace_strict(measured_in, default=0, return_dtype=pl.Int64),
        found=pl.concat_list(
            pl.when(pl.col.among.is_null())
            .then(pl.format("{} says {} where it had {}", "set_id", _NAMED, _WAS))
            .otherwise(pl.format("{} has {} more rows where it had {}; one is {}", "set_id", "among", _WAS, _NAMED))
        ),
        blank=blank,
    )
    told = ("artists", "title", "label", "blank", "found", "bucket", "cases")
    evidence = pl.struct(*told, recording_id="meant", named_in="set_id", days=pl.lit(0))
    proposals = with_ids(
        found.select(
            pl.lit(None, pl.String).alias("proposal_id"), "track_id", "kind", "value",
            pl.lit(None, pl.String).alias("artist_id"), pl.lit(1, pl.Int8).alias("tier"), "source",
            pl.col.confidence.alias("probability"), "confidence", pl.lit("proposed").alias("status"),
            evidence.struct.json_encode().alias("evidence"),
        )
    )  # fmt: skip
    against = found.filter(pl.col.relation == "renamed").select("track_id", "value")
    conflicts = proposals.join(against, on=["track_id", "value"], how="semi")["proposal_id"].to_list()
    sets = compared.filter(pl.col.track_id.is_in(proposals["track_id"].implode()))["setlist_id"]
    held = known.named_slots(sets).unique("there", keep="first", maintain_order=True)
    seen = held.select(track_id="there", seen_title="title", seen_label=pl.lit(None, pl.String), seen_artist="artist")
    return proposals, conflicts, seen


def _ground() -> pl.Expr:
    """What a name stands on, as it was measured."""
    return (
        pl.when(pl.col.relation == "renamed").then(pl.lit("another name"))
        .when(pl.col.source == "same-key").then(pl.lit("names agree"))
        .when(pl.col.relation == "perhaps").then(pl.format("rescraped among {}", "among"))
        .when("certain").then(pl.lit("rescraped certain"))
        .when(~is_unknown_artist(pl.col.was_artist)).then(pl.lit("rescraped artist"))
        .otherwise(pl.lit("rescraped likely"))
    )  # fmt: skip


def _found(
    compared: pl.DataFrame, rows: pl.DataFrame, credits: pl.DataFrame, artists: pl.DataFrame, made: pl.Series
) -> pl.DataFrame:
    """Rows that name a track which is there: by their place in its set, or by their key."""
    names = (
        credits.filter(pl.col.role == "primary")
        .join(artists.select("key", "name"), on="key", maintain_order="left")
        .group_by("recording", maintain_order=True)
        .agg(artists=pl.col.name)
    )
    there = ~pl.col.is_new | pl.col.track_id.is_in(made.implode())
    said = rows.join(names, on="recording", how="left", maintain_order="left").select(
        "recording", "artists", "artist", "title", "label", "set_id", "is_unnamed", "has_artist", "key_track",
        "key_is_named", "is_whole", meant=pl.when(there & pl.col.is_whole).then("track_id"), own="track_id",
    )  # fmt: skip
    same_set = (
        compared.filter(pl.col.relation.is_in(["named", "renamed", "perhaps"]) & pl.col.track_id.is_not_null())
        .select("recording", "relation", "certain", "among", "track_id", "was_artist", "was_title")
        .join(said, on="recording", maintain_order="left")
        .with_columns(source=pl.lit("rescraped"))
    )
    same_key = (
        said.filter(pl.col.is_whole & pl.col.key_is_named.eq(other=False) & (pl.col.key_track != pl.col.own))
        .with_columns(
            pl.lit("named").alias("relation"), pl.lit(value=True).alias("certain"), pl.lit("same-key").alias("source"),
            pl.lit(None, pl.String).alias("was_artist"), pl.lit("ID").alias("was_title"), track_id="key_track",
            among=pl.lit(None, pl.Int32),
        )
        .select(same_set.columns)
    )  # fmt: skip
    return pl.concat([same_set, same_key]).filter(pl.col.has_artist & pl.col.meant.ne_missing(pl.col.track_id))
