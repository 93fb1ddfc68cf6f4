"""Connections to the music database, set up alike, and frames into it by COPY, whole columns at a time; without
`ENRICH_DATABASE_URL` the embedded server is started.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import polars as pl
import psycopg
from psycopg import conninfo, sql
from psycopg.rows import TupleRow

from enrich.database import server
from enrich.database.errors import describe, password_of
from enrich.database.layout import layout_of, writable
from enrich.errors import DatabaseError, SettingsError
from enrich.settings import Settings

_CONNECT_TIMEOUT_S = 10


def database_url(settings: Settings) -> str:
    """The connection string in use; starts the embedded server when none is configured.

    Raises DatabaseError: the setting is no connection string, or the embedded server does not start.
    """
    if settings.database_url is None:
        started = server.start(settings)
        if started.url is None:
            raise DatabaseError(f"embedded Postgres in {started.data_path}: started and ended at once; see server.log")
        return started.url
    url = settings.database_url.get_secret_value()
    try:
        conninfo.conninfo_to_dict(url)
    except psycopg.Error as error:
        # libpq quotes the whole string, password and all: say only what is wrong with it.
        said = str(error).split('"')[0].strip() or "unreadable"
        raise DatabaseError(
            f"ENRICH_DATABASE_URL: not a Postgres connection string ({said} …); "
            "write it as postgresql://user:password@host:5432/musicdb"
        ) from None
    return url


def connect(settings: Settings, *, autocommit: bool = False, as_laid_out: bool = True) -> psycopg.Connection[TupleRow]:
    """Open a connection with search_path, UTC and the settings' bounds of time set, any layout under our names.

    Not `as_laid_out`: the tables as they are, as migrations need them.
    Raises DatabaseError: no server, refused login, unknown database: one line, without the password.
    """
    url = database_url(settings)
    statement_s, lock_s = settings.bounds_s or (None, _CONNECT_TIMEOUT_S)
    options = {} if "connect_timeout" in conninfo.conninfo_to_dict(url) else {"connect_timeout": max(2, int(lock_s))}
    try:
        con = psycopg.connect(url, autocommit=True, application_name="enrich", **options)  # type: ignore[arg-type]
    except psycopg.Error as error:
        raise describe(error, url=url) from None
    try:
        con.execute(
            "select set_config('search_path', %s, false), set_config('timezone', 'UTC', false)",
            [path_of(settings.schemas)],
        )
        if statement_s is not None:
            con.execute(
                "select set_config('statement_timeout', %s, false), set_config('lock_timeout', %s, false)",
                [f"{statement_s}s", f"{lock_s}s"],
            )
        # For roles that only read by default: the views of a session are its own.
        if as_laid_out and (layout := layout_of(con, settings)).views:
            con.execute("begin read write; " + "; ".join((*layout.views, *layout.keepers)) + "; commit")
    except (psycopg.Error, SettingsError) as error:
        con.close()
        raise (describe(error, url=url) if isinstance(error, psycopg.Error) else error) from None
    con.autocommit = autocommit
    return con


def path_of(schemas: Iterable[str]) -> str:
    """Names of schemas as a search_path."""
    return ", ".join('"' + name.replace('"', '""') + '"' for name in dict.fromkeys(schemas))


def url_without_password(settings: Settings) -> str:
    """The connection string as it may be printed."""
    url = database_url(settings)
    return url if password_of(url) is None else conninfo.make_conninfo(url, password="***")  # noqa: S106


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
    cur.execute(
        sql.SQL("drop table if exists pg_temp.{0}; create temporary table {0} ({1}) on commit drop").format(
            name,
            # The types are literals of this code base, never input.
            sql.SQL(", ").join(sql.SQL("{} ").format(sql.Identifier(c)) + sql.SQL(t) for c, t in columns.items()),
        )
    )
    copy_frame(cur, table, frame.select(list(columns)))
    cur.execute(sql.SQL("analyze {}").format(name))


#: Rows that are there already, views, and tables with policies take no COPY; INSERT takes them, at twice the cost.
_NO_COPY = (psycopg.IntegrityError, psycopg.errors.WrongObjectType, psycopg.errors.FeatureNotSupported)


def insert_frame(cur: psycopg.Cursor[Any], table: str, frame: pl.DataFrame) -> int:
    """Insert `frame` into `table`, those of its columns that the installation can write; a row that another session has
    made meanwhile stays. How many rows were inserted."""
    if frame.is_empty():
        return 0
    there = writable(cur, table)
    rows = frame.select(column for column in frame.columns if column in there)
    with suppress(*_NO_COPY), cur.connection.transaction():
        copy_frame(cur, table, rows)
        return cur.rowcount
    columns = sql.SQL(", ").join(map(sql.Identifier, rows.columns))
    names = {"there": sql.Identifier(table), "new": sql.Identifier(f"new_{table}"), "columns": columns}
    make = "create temporary table {new} on commit drop as select {columns} from {there} with no data"
    add = "insert into {there} ({columns}) select {columns} from {new} on conflict do nothing"
    cur.execute(sql.SQL("drop table if exists pg_temp.{new}").format(**names))
    cur.execute(sql.SQL(make).format(**names))
    copy_frame(cur, f"new_{table}", rows)
    cur.execute(sql.SQL(add).format(**names))
    return cur.rowcount
