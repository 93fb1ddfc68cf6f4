"""Frames into Postgres by COPY, whole columns at a time, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import psycopg
from psycopg import sql

from enrich.database.layout import writable


def copy_frame(cur: psycopg.Cursor[Any], table: str, frame: pl.DataFrame) -> None:
    """Append `frame`, of scalars only, to `table`, columns by name. Null is NULL, and an empty string stays one."""
    if frame.is_empty():
        return
    statement = sql.SQL("copy {} ({}) from stdin with (format csv)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, frame.columns))
    )
    with cur.copy(statement) as pipe:
        # Quoted strings, bare nulls: just how COPY tells an empty string from NULL.
        pipe.write(frame.write_csv(include_header=False, quote_style="non_numeric").encode())


def temporary_table(cur: psycopg.Cursor[Any], table: str, columns: Mapping[str, str], frame: pl.DataFrame) -> None:
    """Make a temporary table that lives until the transaction ends, in place of a former one, and fill it.

    `columns` is name → Postgres type, in the order of the table; the frame's are selected by these names.
    """
    name = sql.Identifier(table)
    cur.execute(sql.SQL("drop table if exists pg_temp.{}").format(name))
    cur.execute(
        sql.SQL("create temporary table {} ({}) on commit drop").format(
            name,
            # The types are literals of this code base, never input.
            sql.SQL(", ").join(sql.SQL("{} ").format(sql.Identifier(c)) + sql.SQL(t) for c, t in columns.items()),
        )
    )
    copy_frame(cur, table, frame.select(list(columns)))
    cur.execute(sql.SQL("analyze {}").format(name))


def insert_frame(cur: psycopg.Cursor[Any], table: str, frame: pl.DataFrame) -> int:
    """Insert `frame` into `table`, those of its columns that the installation can write; a row that another session has
    made meanwhile stays. How many rows were inserted."""
    if frame.is_empty():
        return 0
    there = writable(cur, table)
    rows = frame.select(column for column in frame.columns if column in there)
    name, new = sql.Identifier(table), sql.Identifier(f"new_{table}")
    columns = sql.SQL(", ").join(map(sql.Identifier, rows.columns))
    for statement in (
        "drop table if exists pg_temp.{1}",
        "create temporary table {1} on commit drop as select {2} from {0} with no data",
    ):
        cur.execute(sql.SQL(statement).format(name, new, columns))
    copy_frame(cur, f"new_{table}", rows)
    cur.execute(sql.SQL("insert into {0} ({2}) select {2} from {1} on conflict do nothing").format(name, new, columns))
    return cur.rowcount
