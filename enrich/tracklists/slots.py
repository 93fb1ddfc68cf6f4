"""What a tracklist file is read into: one frame of played slots, and the rows that could not be used.

Whoever ranks or evaluates reads `TracklistRead.rows`; the importer reads `slots`, with what only some formats know.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from enrich.frames.schemas import TRACKLISTS
from enrich.tracklists.naming import SetInfo

#: A part of a mashup, as the file names it.
COMPONENT = pl.Struct({"artist": pl.String, "title": pl.String, "label": pl.String})

_TEXT, _NUMBER, _TRUTH = pl.String(), pl.Int32(), pl.Boolean()
#: One row per played slot, TRACKLISTS first. `label_note`: a word in the label's place that is no label (White, Promo);
#: `layered`: played over the slot before it (`w/`, `+`); `cue_seconds`: from the start of the set, null for none or
#: a placeholder; `section`: heading of the part of the set ("Part 2: Guest Mix"); `id_from_name`: the set's id is made
#: of its name, another set of that name may be meant.
SLOTS = pl.Schema(
    dict(TRACKLISTS)
    | {"catalog_number": _TEXT, "label_note": _TEXT, "layered": _TRUTH, "cue_seconds": _NUMBER, "duration_ms": _NUMBER}
    | {"isrc": _TEXT, "genre": _TEXT, "is_mashup": _TRUTH, "components": pl.List(COMPONENT), "section": _TEXT}
    | {"id_from_name": _TRUTH, "source": _TEXT, "source_url": _TEXT, "file": _TEXT, "line": pl.Int64()}
)

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

#: The largest number a draft holds.
_FARTHEST = (1 << 63) - 1
#: Longest texts the database's columns hold.
MAX_NAME, MAX_TITLE = 255, 500


@dataclass(frozen=True, slots=True, kw_only=True)
class TracklistRead:
    """All that one or more files held: each row is in exactly one of `slots` and `bad`, or counted in `repeated`.

    `slots`: schema SLOTS, sorted by and unique in set_id, position and source. `bad`: schema NOTES, rows set aside, and
    files that could not be used at all (`line` null). `warnings`: schema NOTES, rows of `slots` that were changed (NULs
    taken out, a date dropped). `repeated`: rows word for word the same as one of another file.
    """

    slots: pl.DataFrame
    bad: pl.DataFrame
    warnings: pl.DataFrame
    repeated: int = 0

    @property
    def rows(self) -> pl.DataFrame:
        """The slots as the contract frame TRACKLISTS."""
        return self.slots.select(TRACKLISTS.names())


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One file as its format's reader leaves it: slots still to be checked, lines given up.

    `table`: any subset of SLOTS' columns in any type, one row per slot; `lines`: where each row begins in its file;
    `raws`: each row as written, None: its JSON will do; `source`: `setlists.source`; `bad`: lines no slot could be made
    of (line, reason, text); `said`: what was guessed of the file as a whole.
    """

    table: pl.DataFrame
    lines: Sequence[int]
    raws: Sequence[str] | None
    source: str
    bad: Sequence[tuple[int, str, str]] = ()
    said: Sequence[str] = ()


#: Line, text as written, and columns of DRAFT_ROW.
Written = tuple[int, str, dict[str, Any]]


def draft(
    sets: Iterable[tuple[SetInfo, Sequence[Written]]], *, source: str, bad: Sequence[tuple[int, str, str]] = ()
) -> Draft:
    """A draft of sets, tracks numbered where they have no `position`; one without a name is given up, uncounted."""
    rows: list[Written] = []
    lost: list[tuple[int, str, str]] = []
    for head, tracks in sets:
        columns, named = head.columns(), 0
        for line, raw, slot in tracks:
            if slot.get("artist") or slot.get("title"):
                named += 1
                # A number beyond what a column holds stays beyond what is checked.
                slot = {k: max(-_FARTHEST, min(v, _FARTHEST)) if isinstance(v, int) else v for k, v in slot.items()}
                rows.append((line, raw, {**columns, "position": named, **slot}))
            else:
                lost.append((line, "a track without artist and title", raw))
    table = pl.DataFrame([row for _, _, row in rows], schema=DRAFT_ROW)
    lines, raws = [line for line, _, _ in rows], [raw for _, raw, _ in rows]
    return Draft(table=table, lines=lines, raws=raws, source=source, bad=[*lost, *bad])


def notes(rows: Sequence[tuple[str, int | None, str, str | None]]) -> pl.DataFrame:
    """A frame of schema NOTES from (file, line, reason, raw)."""
    return pl.DataFrame(list(rows), schema=NOTES, orient="row")
