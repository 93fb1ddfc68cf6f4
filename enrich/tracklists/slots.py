"""What a tracklist file is read into: one frame of played slots, and the rows that could not be used.

`SLOTS` is `TRACKLISTS` and what only some formats know (cue, catalogue number, mashup components, where the row
stands in its file). Whoever ranks or evaluates reads `TracklistRead.rows`; the importer reads `slots`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from enrich.frames.schemas import TRACKLISTS
from enrich.tracklists.naming import SetInfo

#: A part of a mashup, as the file names it.
COMPONENT = pl.Struct({"artist": pl.String, "title": pl.String, "label": pl.String})

_EXTRAS: dict[str, pl.DataType] = {
    "catalog_number": pl.String(),
    #: A word in the label's place that is no label (White, CDR, Promo).
    "label_note": pl.String(),
    #: Played over the slot before it (`w/`, `+`).
    "layered": pl.Boolean(),
    #: Seconds from the start of the set; null where the file has none or a placeholder.
    "cue_seconds": pl.Int32(),
    "duration_ms": pl.Int32(),
    "isrc": pl.String(),
    "genre": pl.String(),
    "is_mashup": pl.Boolean(),
    "components": pl.List(COMPONENT),
    #: Heading of the part of the set the slot stands under ("Part 2: Guest Mix").
    "section": pl.String(),
    #: The set's id is made of its name: another set of that name may be meant.
    "id_from_name": pl.Boolean(),
    "source": pl.String(),
    "source_url": pl.String(),
    "file": pl.String(),
    "line": pl.Int64(),
}

#: One row per played slot, TRACKLISTS first.
SLOTS = pl.Schema([*TRACKLISTS.items(), *_EXTRAS.items()])

#: What a reader of pages or JSON drafts: SLOTS but for where it was read, numbers wide and dates as written.
DRAFT_ROW = pl.Schema(
    {
        name: pl.String() if dtype == pl.Date else pl.Int64() if dtype == pl.Int32 else dtype
        for name, dtype in SLOTS.items()
        if name not in ("source", "file", "line")
    }
)

#: Rows set aside, or kept with a change: `line` counts from 1 (in Parquet: the row), null for the whole file.
NOTES = pl.Schema({"file": pl.String, "line": pl.Int64, "reason": pl.String, "raw": pl.String})

#: Longest texts the database's columns hold.
MAX_NAME = 255
MAX_TITLE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class TracklistRead:
    """All that one or more files held.

    Each row of the files is in exactly one of `slots` and `bad`, or counted in `repeated`.
    """

    slots: pl.DataFrame
    """Schema SLOTS, sorted by and unique in set_id, position and source."""
    bad: pl.DataFrame
    """Schema NOTES: rows set aside, and files that could not be used at all (`line` null)."""
    warnings: pl.DataFrame
    """Schema NOTES: rows that are in `slots`, but changed (NULs taken out, a date dropped)."""
    repeated: int = 0
    """Rows word for word the same as one of another file."""

    @property
    def rows(self) -> pl.DataFrame:
        """The slots as the contract frame TRACKLISTS."""
        return self.slots.select(TRACKLISTS.names())


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One file as its format's reader leaves it: slots still to be checked, lines given up."""

    table: pl.DataFrame
    """Any subset of SLOTS' columns in any type, names as in SLOTS; one row per slot."""
    lines: Sequence[int]
    """Where each row of `table` begins in its file."""
    raws: Sequence[str] | None
    """Each row of `table` as written; None: its JSON will do."""
    source: str
    """`setlists.source`: tracklists, 1001tracklists or mixesdb."""
    bad: Sequence[tuple[int, str, str]] = ()
    """Lines no slot could be made of: line, reason, text."""


#: Line, text as written, and columns of DRAFT_ROW.
Written = tuple[int, str, dict[str, Any]]


def draft(
    sets: Iterable[tuple[SetInfo, Sequence[Written]]], *, source: str, bad: Sequence[tuple[int, str, str]] = ()
) -> Draft:
    """A draft of sets, their tracks numbered in order where they have no `position`.

    One without artist and title is given up, and counts for no slot.
    """
    rows: list[Written] = []
    lost: list[tuple[int, str, str]] = []
    for head, tracks in sets:
        columns, named = head.columns(), 0
        for line, raw, slot in tracks:
            if slot.get("artist") or slot.get("title"):
                named += 1
                rows.append((line, raw, {**columns, "position": named, **slot}))
            else:
                lost.append((line, "a track without artist and title", raw))
    table = pl.DataFrame([row for _, _, row in rows], schema=DRAFT_ROW)
    lines, raws = [line for line, _, _ in rows], [raw for _, raw, _ in rows]
    return Draft(table=table, lines=lines, raws=raws, source=source, bad=[*lost, *bad])


def notes(rows: Sequence[tuple[str, int | None, str, str | None]]) -> pl.DataFrame:
    """A frame of schema NOTES from (file, line, reason, raw)."""
    return pl.DataFrame(list(rows), schema=NOTES, orient="row")
