"""A set that is known against what a file says of it now: slots named, renamed, inserted, removed, moved. Pure.

Rows are aligned by what they play (`identity.alignment`), not by their number. The file is the set's own source: it
says which rows there are, and where. A row that is there keeps its track, whatever it is called now: another name is a
matter for review. Of a file that holds only a part of the set nothing outside that part is taken away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import polars as pl

from enrich.identity.alignment import align
from enrich.importing.known import Known
from enrich.rules import WHOLE_LISTING

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


def compare(rows: pl.DataFrame, known: Known) -> pl.DataFrame:
    """Compare the rows of known sets with what is there.

    Args:
        rows: source, set_id, position, recording, track_id, artist, title, cue_seconds of all rows of the files.
        known: What the database holds.

    Returns:
        COMPARED. Rows of sets nobody knows are not in it.
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
    kept: list[_Row] = []
    gone: list[_Row] = []
    for i, row in enumerate(rows):
        if row.new is None and (whole or both[0] < i < both[-1]):
            gone.append(row)
        else:
            kept.append(row)
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
        relation = "kept" if new is None else "inserted" if old is None else "other"
        known = paired.get((old, new))
        relation = known.relation if known and new is not None else relation
        settled.append(_Row(old, new, relation, False, position=position))
    return settled
