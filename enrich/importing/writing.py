"""A plan into Postgres: COPY into temporary tables, then one insert a table. The caller owns the transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
import psycopg

from enrich.database.bulk import temporary_table
from enrich.importing.planning import Plan
from enrich.sql import IMPORTING

_ARTISTS = {"id": "uuid", "name": "text", "normalized_name": "text", "metadata": "jsonb"}
_PERFORMERS = {**_ARTISTS, "artist_id": "uuid"}
_SETLISTS = {
    "id": "uuid", "performer_id": "uuid", "set_date": "date", "source": "text", "source_url": "text",
    "source_id": "text", "metadata": "jsonb",
}  # fmt: skip
_TRACKS = {
    "id": "uuid", "title": "text", "normalized_title": "text", "isrc": "text", "duration_ms": "int", "genre": "text",
    "mashup_components": "jsonb", "is_remix": "bool", "is_mashup": "bool", "metadata": "jsonb", "status": "text",
    "label": "text",
}  # fmt: skip
_TRACK_ARTISTS = {"track_id": "uuid", "artist_id": "uuid", "role": "text", "position": "int"}
_SLOTS = {
    "setlist_id": "uuid", "track_id": "uuid", "position": "int", "is_id": "bool", "id_text": "text", "notes": "text",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Rows that landed."""

    artists: int
    performers: int
    sets: int
    tracks: int
    plays: int
    labels_filled: int


def write_plan(cur: psycopg.Cursor[Any], plan: Plan, *, now: datetime, has_label_column: bool) -> Written:
    """Insert what the plan adds; a row another session inserted meanwhile is left as it is.

    Args:
        cur: Cursor of the importing transaction.
        plan: What to add.
        now: `created_at` of new rows.
        has_label_column: Whether tracks has a column `label` of its own.
    """
    at: dict[str, object] = {"now": now}
    counts = {
        table: _insert(cur, table, columns, rows, at)
        for table, columns, rows in (
            ("artists", _ARTISTS, plan.artists),
            ("performers", _PERFORMERS, plan.performers),
            ("setlists", _SETLISTS, plan.setlists),
            ("tracks", _TRACKS, plan.tracks),
        )
    }
    if plan.tracks.height:
        if has_label_column:
            labelled = plan.tracks.filter(pl.col.label.is_not_null())["id"].to_list()
            IMPORTING["fill_label_column"].execute(cur, track_ids=labelled)
        _insert(cur, "track_artists", _TRACK_ARTISTS, plan.track_artists, {})
        IMPORTING["insert_statuses"].execute(cur, **at)
    if plan.links.height:
        temporary_table(cur, "links", {"id": "uuid", "artist_id": "uuid"}, plan.links)
        IMPORTING["link_performers"].execute(cur)
    plays = _insert(cur, "slots", _SLOTS, plan.slots, {})
    return Written(
        artists=counts["artists"],
        performers=counts["performers"],
        sets=counts["setlists"],
        tracks=counts["tracks"],
        plays=plays,
        labels_filled=_fill(cur, plan, now=now, has_label_column=has_label_column),
    )


def _insert(
    cur: psycopg.Cursor[Any], table: str, columns: Mapping[str, str], rows: pl.DataFrame, params: dict[str, object]
) -> int:
    if rows.is_empty():
        return 0
    temporary_table(cur, f"new_{table}", columns, rows)
    return IMPORTING[f"insert_{table}"].execute(cur, **params)


def _fill(cur: psycopg.Cursor[Any], plan: Plan, *, now: datetime, has_label_column: bool) -> int:
    if plan.fills.is_empty():
        return 0
    temporary_table(cur, "fills", {"id": "uuid", "value": "text"}, plan.fills.rename({"label": "value"}))
    IMPORTING["fill_labels"].execute(cur)
    filled = [row[0] for row in cur.fetchall()]
    if has_label_column:
        IMPORTING["fill_label_column"].execute(cur, track_ids=filled)
    IMPORTING["complete_filled"].execute(cur, now=now, track_ids=filled)
    return len(filled)
