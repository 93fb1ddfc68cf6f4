"""Accepted identities: an unknown track's slots go over to the recording it is, in write-back's own transaction.

A recording that the database does not have is made of the track itself: it gets the title, and as artist and label
proposals would give them, artists and label. The evidence of such a proposal is JSON with `artists`, `title`, `label`
and, where the database has the recording, `recording_id`. SQL: sql/ledger/identities.sql.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import polars as pl
import psycopg

from enrich.database.bulk import temporary_table
from enrich.database.layout import writable
from enrich.sql import LEDGER
from enrich.text.normalise import title_key

_RECORDING = pl.Schema({"recording_id": pl.String, "recording_title": pl.String, "recording_label": pl.String})
_IDENTIFIED = dict.fromkeys(("proposal_id", "track_id", "recording_id"), "uuid")
_IDENTIFIED |= dict.fromkeys(("title", "normalized_title"), "text")

#: What writes, what undoes it, and the place both write.
_PLACES = {
    ("relink_slots", "undo_slots"): "setlist_tracks.track_id",
    ("relink_playlists", "undo_playlists"): "playlist_tracks.track_id",
    ("name_titles", "undo_titles"): "tracks.title",
}
#: Steps of undo, beside those of write-back, and the place each writes.
UNDO_STEPS = {undo: place for (_, undo), place in _PLACES.items()}


def with_recording(proposals: pl.DataFrame) -> pl.DataFrame:
    """`proposals` with recording_id, recording_title and recording_label of the evidence; null for other kinds."""
    told = [
        json.loads(evidence or "{}") if kind == "identity" else {}
        for kind, evidence in proposals.select("kind", "evidence").iter_rows()
    ]
    rows = [(one.get("recording_id"), one.get("title"), one.get("label")) for one in told]
    return proposals.with_columns(pl.DataFrame(rows, schema=_RECORDING, orient="row"))


def recordings_meant(cur: psycopg.Cursor[Any], run_ids: Sequence[str] | None) -> pl.Series:
    """Ids of the recordings that accepted identities name and the database has."""
    return LEDGER["recordings_meant"].fetch(cur, pl.Schema({"recording_id": pl.String}), run_ids=run_ids).to_series()


def against_identity(recordings: pl.Series) -> pl.Expr:
    """What speaks against an identity, null where nothing does; reads name_keys, artist_keys_now and the recording."""
    other = pl.col("name_keys").list.set_intersection("artist_keys_now").list.len() == 0
    gone = pl.col("recording_id").is_not_null() & ~pl.col("recording_id").is_in(recordings.implode())
    return (
        pl.when(pl.col("artist_now").is_not_null() & other)
        .then(pl.format("artist is {} since the snapshot", "artist_now"))
        .when(gone)
        .then(pl.lit("the recording it names is no longer in the database"))
        .when(pl.col("recording_id") == pl.col("track_id"))
        .then(pl.lit("already there"))
    )


def as_blanks(identities: pl.DataFrame) -> pl.DataFrame:
    """What identities fill in on their track, as proposals of kind artist and label of the same ids.

    The artist where the track has none; the label where the track itself becomes the recording.
    """
    artists = identities.filter(pl.col("artist_now").is_null()).with_columns(kind=pl.lit("artist"))
    labels = identities.filter(
        pl.col("recording_id").is_null(), pl.col("recording_label").is_not_null(), pl.col("label_now").is_null()
    ).with_columns(kind=pl.lit("label"), value="recording_label")
    return pl.concat([artists, labels])


def relink(cur: psycopg.Cursor[Any], identities: pl.DataFrame, *, run_id: str, now: datetime) -> None:
    """Move the slots of written identities to their recordings, and name those that are none yet."""
    plan = identities.with_columns(
        title=pl.col("recording_title"), normalized_title=title_key(pl.col("recording_title"))
    )
    temporary_table(cur, "identified", _IDENTIFIED, plan)
    for (step, _), place in _PLACES.items():
        execute_where_possible(cur, step, place, run_id=run_id, now=now)


def execute_where_possible(cur: psycopg.Cursor[Any], step: str, place: str, **values: object) -> None:
    """Run a statement of the ledger if the installation has the place it writes, `table.column`."""
    table, _, column = place.partition(".")
    there = writable(cur, table)
    if column in there:
        LEDGER[step].within(there).execute(cur, **values)
