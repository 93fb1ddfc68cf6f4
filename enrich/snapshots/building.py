"""From the raw tables of a snapshot to its marts: staging views, keys and parsed titles by column, named SQL.

Reads the schema `raw`; what an installation lacks there reads as empty or null. Writes

    staged   a view of each raw table, with the same columns and types in every installation
    stored   what the marts are made of: ids as Postgres has them, a quarter of their size as text
    main     the marts, as tables, or as views that give the ids as text

Everything temporary goes with the connection.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import polars as pl
import pyarrow as pa

from enrich.rules import MAX_ATTEMPTS
from enrich.snapshots.reading import Catalog
from enrich.snapshots.tables import KEY, NAMING, STAGED
from enrich.sql import DUCKDB
from enrich.text.non_labels import is_label
from enrich.text.normalise import artist_key, label_key, title_key
from enrich.text.titles import parse_titles
from enrich.text.words import is_unknown_artist

#: Two sets of one DJ on one day from two sources are the same when they share this many recordings …
SAME_SET_SHARED = 3
#: … and this share of the shorter one's.
SAME_SET_OVERLAP = 0.5

_BATCH_ROWS = 50_000

#: The marts, in the order they are listed to people.
MARTS = ("artists", "credits", "tracks", "labels", "album_labels", "sets", "tracklists")


def name_tracks(con: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
    """First half: keys, shown artists, labels and parsed titles. Needs the tables `NAMING` only.

    The other half must be asked of the same connection: it reads temporary tables.
    """
    con.execute("set timezone = 'UTC'")
    con.execute("create schema staged")
    con.execute("create schema if not exists stored")
    _stage(con, catalog, NAMING)
    _name_artists(con)
    _name_labels(con)
    _name_titles(con)


def build_marts(con: duckdb.DuckDBPyConnection, catalog: Catalog) -> dict[str, int]:
    """Second half: make every mart; returns rows by mart."""
    _stage(con, catalog, [table for table in STAGED if table not in NAMING])
    _name_sets(con)
    DUCKDB["stored_tracks"].run(con, max_attempts=MAX_ATTEMPTS)
    for query in (
        "marts_artists", "marts_credits", "marts_tracks", "marts_labels", "stored_album_labels", "marts_album_labels",
        "stored_sets", "marts_sets", "stored_tracklists", "marts_tracklists",
    ):  # fmt: skip
        DUCKDB[query].run(con)
    return {mart: con.table(mart).shape[0] for mart in MARTS}


def _stage(con: duckdb.DuckDBPyConnection, catalog: Catalog, tables: Iterable[str]) -> None:
    # A uuid is joined and sorted as one number, its text as 36 characters; the marts give text.
    key_type = "uuid" if catalog.key_types == {"uuid"} else "varchar"
    for table in tables:
        there = {column.name for column in catalog.columns.get(table, ())}
        typed = {name: key_type if kind == KEY else kind for name, kind in STAGED[table].items()}
        chosen = ", ".join(
            f"{name}::{kind} as {name}" if name in there else f"null::{kind} as {name}" for name, kind in typed.items()
        )
        row_no, origin = ("rowid", f"raw.{table}") if there else ("null", "(select 1) where false")
        con.execute(f"create view staged.{table} as select {chosen}, {row_no}::bigint as row_no from {origin}")  # noqa: S608


def _name_artists(con: duckdb.DuckDBPyConnection) -> None:
    names: pl.DataFrame = con.sql("select row_no, name from staged.artists").pl()
    _keep(
        con,
        "artist_names",
        names.select("row_no", artist_key=artist_key(pl.col("name")), is_unknown=is_unknown_artist(pl.col("name"))),
    )
    # Some installations write the artist on the track itself.
    written: pl.DataFrame = con.sql("select distinct artist_name from staged.tracks where trim(artist_name) <> ''").pl()
    _keep(
        con,
        "written_names",
        written.with_columns(artist_key=artist_key(pl.col("artist_name"))).filter(
            ~is_unknown_artist(pl.col("artist_name"))
        ),
    )
    for query in ("stored_artists", "staging_written_artists", "staging_shown_artists"):
        DUCKDB[query].run(con)


def _name_labels(con: duckdb.DuckDBPyConnection) -> None:
    DUCKDB["staging_label_candidates"].run(con)
    spellings = DUCKDB["staging_label_spellings"].frame(con)
    _keep(
        con,
        "label_names",
        spellings.select("label", label_key=label_key(pl.col("label")), is_label=is_label(pl.col("label"))),
    )
    DUCKDB["staging_track_labels"].run(con)


def _name_titles(con: duckdb.DuckDBPyConnection) -> None:
    """Table track_names: what every title says, and who made it."""
    known = con.sql("select distinct label from label_names where is_label").pl()["label"].to_list()
    rows: pl.DataFrame = con.sql(
        "select t.row_no, t.title, a.artist, a.artist_key "
        "from staged.tracks t left join shown_artists a on a.track_id = t.id"
    ).pl()
    parsed = parse_titles(rows["title"], artists=rows["artist"], known_labels=known)
    _keep(
        con,
        "track_names",
        rows.with_columns(
            parsed.select(
                "base_title",
                "version_class",
                "remixer",
                "components",
                title_label="label",
                title_label_confidence="label_confidence",
                parsed_catalog_number="catalog_number",
                parsed_is_mashup="is_mashup",
                is_known_title=~pl.col("is_unknown"),
                base_key=title_key(pl.col("base_title")),
            ).get_columns()
        ).with_columns(title_key=title_key(pl.col("title")), is_known_artist=pl.col("artist").is_not_null()),
    )


def _name_sets(con: duckdb.DuckDBPyConnection) -> None:
    DUCKDB["staging_sets"].run(con)
    djs: pl.DataFrame = con.sql("select distinct dj from all_sets where dj is not null").pl()
    _keep(con, "dj_names", djs.with_columns(dj_key=artist_key(pl.col("dj"))))
    DUCKDB["staging_keyed_sets"].run(con)
    DUCKDB["staging_slots"].run(con)
    DUCKDB["staging_rival_slots"].run(con)
    DUCKDB["staging_duplicate_sets"].run(con, min_shared=SAME_SET_SHARED, min_overlap=SAME_SET_OVERLAP)


def _keep(con: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame) -> None:
    """Make a frame readable under a name for as long as the connection is open."""
    # Without a copy, and in batches, so that all cores read.
    table = frame.to_arrow(compat_level=pl.CompatLevel.newest())
    con.register(name, pa.Table.from_batches(table.to_batches(max_chunksize=_BATCH_ROWS), table.schema))
