"""Tracks and proposals put into a real database, a line each; imported by the tests that need them."""

from __future__ import annotations

import json
import weakref
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl
import psycopg

from enrich.database.connection import connect
from enrich.frames.schemas import PROPOSALS
from enrich.ledger.proposals import open_run, proposal_id, save, with_ids
from enrich.settings import Settings


class World:
    """Tracks with their artists in one database."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._con: psycopg.Connection[tuple[Any, ...]] | None = None

    def query(self, text: str, *params: object) -> list[tuple[Any, ...]]:
        """The rows of one statement, run in a transaction of its own, on a connection that is kept."""
        if self._con is None or self._con.closed:
            self._con = connect(self.settings)
            self._con.prepare_threshold = None
            weakref.finalize(self, self._con.close)
        with self._con.transaction():
            cur = self._con.execute(text, params)
            return cur.fetchall() if cur.description else []

    def track(
        self,
        title: str,
        *,
        label: str | None = None,
        metadata: str = "{}",
        artist: str | None = None,
        status: str | None = "failed",
        retries: int = 0,
    ) -> str:
        """The id of a new track of 2020; `label` takes the place of `metadata`. Without `status` it has no such row."""
        if label is not None:
            metadata = json.dumps({"original_data": {"label": label}})
        ((track,),) = self.query(
            "insert into tracks (title, normalized_title, metadata, created_at)"
            " values (%s, lower(%s), %s::jsonb, '2020-01-01') returning id::text",
            title, title, metadata,
        )  # fmt: skip
        if status is not None:
            self.query(
                "insert into enrichment_status (track_id, status, retry_count) values (%s, %s, %s)",
                track, status, retries,
            )  # fmt: skip
        if artist is not None:
            self.link(track, self.artist(artist))
        return track

    def artist(self, name: str) -> str:
        """The id of the artist of that name, made where there is none."""
        ((artist,),) = self.query(
            "insert into artists (name, normalized_name) values (%s, lower(%s))"
            " on conflict (normalized_name) do update set name = excluded.name returning id::text",
            name, name,
        )  # fmt: skip
        return artist

    def link(self, track: str, artist: str) -> None:
        """Make the artist the track's primary one."""
        self.query("insert into track_artists (track_id, artist_id, role) values (%s, %s, 'primary')", track, artist)

    def record(self, *rows: Mapping[str, Any], now: datetime) -> list[str]:
        """Put proposals on record, as of a run that saw the titles as they stand and blanks beside; their ids in order.

        Args:
            rows: PROPOSALS without the columns that `with_ids` fills.
            now: Time of record.
        """
        frame = pl.DataFrame(rows, schema=PROPOSALS)
        titles = pl.DataFrame(
            self.query("select id::text, title from tracks"),
            schema={"track_id": pl.String, "seen_title": pl.String},
            orient="row",
        )
        nothing = pl.lit(None, pl.String)
        seen = titles.with_columns(seen_label=nothing, seen_artist=nothing)
        with connect(self.settings) as con, con.cursor() as cur:
            run = open_run(cur, "test", now=now)
            save(cur, with_ids(frame), run_id=run, seen=seen, now=now)
        return [proposal_id(*row) for row in frame.select("track_id", "kind", "value", "tier", "source").iter_rows()]
