"""A set that is known against what a file says of it now: slots named, renamed, inserted, removed, moved. Pure.

Rows are aligned by what they play (`identity.alignment`), not by their number. The file is the set's own source: it
says which rows there are, and where. A row that is there keeps its track, whatever it is called now: another name is a
matter for review. Of a file that holds only a part of the set nothing outside that part is taken away. An unknown
that has a name now is a proposal (kind `identity`, or `artist` where the title is still unknown): no name is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import polars as pl

from enrich.frames.schemas import PROPOSALS
from enrich.identity.alignment import align
from enrich.identity.measured import grounds, shares
from enrich.importing.known import Known
from enrich.ledger.proposals import with_ids
from enrich.rules import WHOLE_LISTING
from enrich.text.words import is_unknown_artist
from enrich.tracklists.checking import is_unnamed_title

_S: Any = pl.String()
#: One row per row of the files that is in a known set, and per row of such a set that goes. `recording` is null for
#: those; `track_id` is the track that stays in the slot, null where the row is new to the set. Besides, for an unknown
#: that goes, the `among` rows new to the set it may be (`perhaps`).
COMPARED = pl.Schema(
    {"source": _S, "set_id": _S, "setlist_id": _S, "recording": pl.Int64(), "relation": _S, "certain": pl.Boolean()}
    | {"among": pl.Int32(), "old_position": pl.Int32(), "position": pl.Int32(), "track_id": _S, "was_artist": _S}
    | {"was_title": _S, "is_id": pl.Boolean(), "id_text": _S, "notes": _S, "is_changed": pl.Boolean()}
)
_MERGED = pl.Schema(
    {"setlist_id": _S, "old": pl.Int64(), "new": pl.Int64(), "relation": _S, "certain": pl.Boolean()}
    | {"among": pl.Int32(), "position": pl.Int32(), "is_changed": pl.Boolean()}
)
SEEN = pl.Schema(dict.fromkeys(("track_id", "seen_title", "seen_label", "seen_artist"), pl.String()))
_NAMED = pl.concat_str("artist", "title", separator=" - ", ignore_nulls=True)
_WAS = pl.concat_str("was_artist", "was_title", separator=" - ", ignore_nulls=True)


def compare(rows: pl.DataFrame, known: Known) -> pl.DataFrame:
    """COMPARED of the rows of known sets and what is there.

    `rows`: source, set_id, position, recording, track_id, artist, title, cue_seconds of all rows of the files.
    """
    new = rows.join(known.sets, on=["source", "set_id"], maintain_order="left").sort("setlist_id", "position")
    old = known.slots.filter(pl.col("setlist_id").is_in(new["setlist_id"].unique().implode()))
    old = old.sort("setlist_id", "position")
    both = new.join(old, on=["setlist_id", "position"], how="left", suffix="_old", maintain_order="left")
    as_before = (
        both.group_by("setlist_id")
        .agg(same=(pl.col("there") == pl.col("track_id")).fill_null(value=False).all(), n=pl.len())
        .join(old.group_by("setlist_id").agg(before=pl.len()), on="setlist_id", how="left")
        .filter(pl.col("same") & (pl.col("n") == pl.col("before")))["setlist_id"]
    )
    untouched = both.filter(pl.col("setlist_id").is_in(as_before.implode())).select(
        "source", "set_id", "setlist_id", "recording", relation=pl.lit("same"), certain=pl.lit(value=True),
        old_position="position", position="position", track_id="there", is_changed=pl.lit(value=False),
    )  # fmt: skip
    untouched = untouched.match_to_schema(COMPARED, missing_columns="insert")
    others = new.filter(~pl.col("setlist_id").is_in(as_before.implode()))
    if others.is_empty():
        return untouched
    was = known.named_slots(others["setlist_id"]).sort("setlist_id", "position")
    return pl.concat([untouched, _aligned(was, others)])


def slots_to_be(rows: pl.DataFrame, compared: pl.DataFrame) -> pl.DataFrame:
    """Slots of new sets, and all slots of sets that change, as they are to be."""
    changed = compared.filter(pl.col.is_changed & (pl.col.relation != "removed"))
    kept = changed.join(rows, on="recording", how="left", suffix="_new", maintain_order="left").select(
        "setlist_id",
        "position",
        *(pl.coalesce(name, f"{name}_new") for name in ("track_id", "is_id", "id_text", "notes")),
    )
    of_new = rows.filter(~pl.col.setlist_id.is_in(compared["setlist_id"].unique().implode()))
    return pl.concat([of_new.drop("recording"), kept.select(of_new.drop("recording").columns)])


def sets_of(compared: pl.DataFrame, slots: pl.DataFrame, *more: str) -> pl.DataFrame:
    """setlist_id, file, and columns more: the sets of some rows of COMPARED."""
    sets = compared.select("source", "set_id", "setlist_id", *more).unique(maintain_order=True)
    files = slots.group_by("source", "set_id").agg(pl.col.file.first())
    return sets.join(files, on=["source", "set_id"], how="left").select("setlist_id", "file", *more)


@dataclass(slots=True)
class _Row:
    """One row of the two listings together."""

    old: int | None
    new: int | None
    relation: str
    certain: bool
    among: int | None = None
    position: int = 0


def _aligned(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    # A slot whose track has no name stands as an unknown, not as one called `ID`.
    cues = pl.col("notes").str.json_path_match("$.cue_seconds").cast(pl.Float64, strict=False), pl.col("cue_seconds")
    sides = zip((old, new), cues, strict=True)
    found = align(*(side.select("position", "artist", "title", pair="setlist_id", cue=cue) for side, cue in sides))
    was, now = old["position"].to_list(), new["position"].to_list()
    listings = {str(pair): group for (pair,), group in found.group_by("pair", maintain_order=True)}
    out: list[tuple[object, ...]] = []
    for (setlist_id,), rows in new.with_row_index("row").group_by("setlist_id", maintain_order=True):
        group = listings.get(str(setlist_id))
        merged = [_Row(None, n, "inserted", True) for n in rows["row"]]
        merged = merged if group is None else [_Row(*row) for row in group.drop("pair").iter_rows()]
        perhaps = [row for row in merged if row.relation == "perhaps"]
        merged = _settled([row for row in merged if row.relation != "perhaps"], was, now)
        changed = any(row.relation == "removed" or row.old is None or was[row.old] != row.position for row in merged)
        goes = {row.old for row in merged if row.relation == "removed"}
        for row in [*merged, *(row for row in perhaps if row.old in goes)]:
            whole = (row.old, row.new, row.relation, row.certain, row.among, row.position)
            out.append((setlist_id, *whole, changed and row.among is None))
    said = pl.DataFrame(out, schema=_MERGED, orient="row")
    held = old.with_row_index("old").select(
        pl.col("old").cast(pl.Int64), old_position="position", track_id="there", was_artist="artist", was_title="title",
        is_id="is_id", id_text="id_text", notes="notes",
    )  # fmt: skip
    heads = new.select("setlist_id", "source", "set_id").unique()
    return (
        said.join(held, on="old", how="left", maintain_order="left")
        .join(heads, on="setlist_id", maintain_order="left")
        .with_columns(recording=pl.lit(new["recording"]).gather("new"))
        .match_to_schema(COMPARED, extra_columns="ignore")
    )


def _settled(rows: list[_Row], was: Sequence[int], now: Sequence[int]) -> list[_Row]:
    """What becomes of each row, and its place: rows that stay, in order, then those that go."""
    both = [i for i, row in enumerate(rows) if row.old is not None and row.new is not None]
    agreeing = [i for i in both if rows[i].relation in ("same", "respelled", "moved")]
    if not agreeing:
        return _by_place(rows, was, now)
    said = sum(row.new is not None for row in rows)
    outside = sum(row.new is None for i, row in enumerate(rows) if not both[0] < i < both[-1])
    whole = said >= WHOLE_LISTING * (said + outside)
    goes = [row.new is None and (whole or both[0] < i < both[-1]) for i, row in enumerate(rows)]
    kept = [row for row, is_gone in zip(rows, goes, strict=True) if not is_gone]
    gone = [row for row, is_gone in zip(rows, goes, strict=True) if is_gone]
    last = rows[both[-1]]
    shift = now[last.new or 0] - was[last.old or 0]
    after = False
    for row in kept:
        row.relation = "kept" if row.new is None else row.relation
        row.position = now[row.new] if row.new is not None else was[row.old or 0] + (shift if after else 0)
        after = after or row is last
    stood = [-1 if row.old is None else was[row.old] for row in kept]
    if len(kept) > said and -1 not in stood and stood == sorted(stood):
        # The same part of a set again.
        for row, position in zip(kept, stood, strict=True):
            row.position = position
    elif any(b.position <= a.position for a, b in pairwise(kept)):
        for n, row in enumerate(kept, start=1):
            row.position = n
    return kept + gone


def _by_place(rows: list[_Row], was: Sequence[int], now: Sequence[int]) -> list[_Row]:
    """Two listings that share no recording: the file adds what has a place of its own, and takes nothing away."""
    held = {was[row.old]: row.old for row in rows if row.old is not None}
    said = {now[row.new]: row.new for row in rows if row.new is not None}
    paired = {(row.old, row.new): row for row in rows}
    settled = []
    for position in sorted({*held, *said}):
        old, new = held.get(position), said.get(position)
        known = paired.get((old, new))
        relation = known.relation if known else "inserted" if old is None else "other"
        relation = "kept" if new is None else relation
        settled.append(_Row(old, new, relation, False, position=position))
    return settled


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

    Of COMPARED, the files' recordings identified, `credits` (recording, key, role, at) and `artists` (key, name);
    `made`: ids of tracks this import makes.
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
