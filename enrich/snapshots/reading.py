"""Postgres tables into DuckDB's schema `raw`: Arrow batches over binary COPY, streamed, in one read-only snapshot.

All tables are read in one REPEATABLE READ transaction of one connection: they fit each other however long it takes and
whatever others write meanwhile. Types arrive typed: uuid, json, timestamptz, lists; numeric(p, s) as DECIMAL(p, s),
numeric without scale as DOUBLE; types that Arrow lacks as text. Infinite dates and times stay infinite.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import adbc_driver_manager
import adbc_driver_postgresql.dbapi as adbc
import duckdb
import psycopg
import pyarrow as pa

from enrich.database.connection import connect, database_url
from enrich.database.faults import database_errors, describe, explain, place
from enrich.database.layout import UNKNOWN, Layout, layout_of
from enrich.errors import DatabaseError
from enrich.settings import Settings
from enrich.snapshots.manifest import FORMAT
from enrich.snapshots.tables import KEY, REQUIRED, STAGED

#: Called with the table's name and its number of rows when it has been read.
Progress = Callable[[str, int], None]

# Types whose Arrow form DuckDB reads; any other is read as text.
_ARROW_TYPES = frozenset(
    {
        "bool", "int2", "int4", "int8", "float4", "float8", "numeric", "text", "varchar", "bpchar", "uuid", "json",
        "jsonb", "date", "timestamp", "timestamptz", "bytea", "_text", "_varchar",
    }
)  # fmt: skip

# Postgres keeps ±infinity as the ends of its integers; counted from 1970 instead of 2000 they wrap around to these.
_INFINITE_US = (-(2**63) + 946_684_800_000_000 - 1, -(2**63) + 946_684_800_000_000)
_INFINITE_DAYS = (-(2**31) + 10_957 - 1, -(2**31) + 10_957)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column as Postgres declares it."""

    name: str
    type_name: str
    """Of pg_type: `varchar`, `_text`, `timestamptz`."""
    declared: str
    """As in the table's definition: `numeric(6,2)`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The tables that are there, and the server they are on."""

    schemas: dict[str, str]
    """Table → the schema it was found in."""
    columns: dict[str, tuple[Column, ...]]
    server_version: str
    database: str
    schema_version: int | None
    layout: Layout
    plain: frozenset[str] = frozenset()
    """Ordinary tables, neither views nor partitioned."""

    @property
    def key_types(self) -> set[str]:
        """Types, as of pg_type, of the columns that tables are joined by."""
        return {
            column.type_name
            for table, columns in self.columns.items()
            for column in columns
            if STAGED[table].get(column.name) == KEY
        }


def read_catalog(settings: Settings) -> Catalog:
    """Look up which tables and columns the installation has.

    Raises:
        DatabaseError: Postgres cannot be reached, or a required table or column is missing.
    """
    url = database_url(settings)
    with database_errors(url=url), connect(settings, as_laid_out=False) as con:
        layout = layout_of(con, settings)
        if layout.name == UNKNOWN:
            raise DatabaseError(f"Postgres at {place(url)}: {layout.said()}")
        for statement in layout.views:
            con.execute(statement)
        rows = con.execute(
            """select t.name, n.nspname, a.attname, y.typname, format_type(a.atttypid, a.atttypmod),
                   c.relkind = 'r'
               from unnest(%s::text[]) with ordinality as t (name, place)
               join pg_class c on c.oid = to_regclass(t.name)
               join pg_namespace n on n.oid = c.relnamespace
               join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
               join pg_type y on y.oid = a.atttypid
               order by t.place, a.attnum""",
            [list(STAGED)],
        ).fetchall()
        columns: dict[str, list[Column]] = {}
        schemas: dict[str, str] = {}
        for table, schema, name, type_name, declared, _ in rows:
            schemas[table] = "pg_temp" if schema.startswith("pg_temp") else schema
            columns.setdefault(table, []).append(Column(name=name, type_name=type_name, declared=declared))
        for table, needed in REQUIRED.items():
            if table not in columns:
                raise DatabaseError(
                    f"Postgres at {place(url)}: no table {table} in search_path ({settings.search_path}); "
                    "run `enrich db migrate`, or set ENRICH_SEARCH_PATH to the schema that holds it"
                )
            lacking = [name for name in needed if name not in {c.name for c in columns[table]}]
            if lacking:
                raise DatabaseError(
                    f"Postgres at {place(url)}: table {schemas[table]}.{table} has no column {', '.join(lacking)}; "
                    "set ENRICH_SEARCH_PATH to the schema of the music tables"
                )
        try:
            with con.transaction():
                found = con.execute("select max(version) from enrich_migrations").fetchone()
        except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege):
            found = None
        version = con.execute("show server_version").fetchone()
    return Catalog(
        schemas=schemas,
        columns={table: tuple(of_it) for table, of_it in columns.items()},
        server_version=str(version[0]) if version else "",
        database=place(url),
        schema_version=found[0] if found else None,
        layout=layout,
        plain=frozenset(row[0] for row in rows if row[-1]),
    )


def read_tables(
    settings: Settings,
    catalog: Catalog,
    con: duckdb.DuckDBPyConnection,
    *,
    former: Path | None = None,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Copy every table of the catalog into schema `raw`; returns rows by table.

    Args:
        settings: Where Postgres is.
        catalog: What to read.
        con: The snapshot to be; also gets the table `stored.marks`, by which the next one knows what has changed.
        former: A snapshot of the same format: tables that are as they were are taken from it. None: all is read.
        progress: Told of each table.

    Raises:
        DatabaseError: the connection broke or a table may not be read; names the table.
    """
    url = database_url(settings)
    con.execute("create schema raw; create schema if not exists stored")
    con.execute("create table stored.marks (name varchar, mark varchar)")
    marks = _former_marks(con, former)
    counts: dict[str, int] = {}
    doing = "connecting"
    try:
        with adbc.connect(url) as source, source.cursor() as cursor:
            for statement in ("set transaction read write", *catalog.layout.views):
                cursor.execute(statement)
            source.commit()
            cursor.execute("set transaction isolation level repeatable read read only")
            # A long COPY must not be cut by a limit meant for web requests.
            cursor.execute("set local statement_timeout = 0")
            for table in catalog.columns:
                doing = f"reading {catalog.schemas[table]}.{table}"
                mark = _mark(cursor, catalog, table)
                con.execute("insert into stored.marks values (?, ?)", [table, mark])
                if mark is not None and marks.get(table) == mark:
                    con.execute(f"create table raw.{_quoted(table)} as from former.raw.{_quoted(table)}")
                else:
                    _copy(cursor, con, catalog, table)
                counts[table] = _rows(con, f"raw.{_quoted(table)}")
                if progress is not None:
                    progress(table, counts[table])
    except adbc_driver_manager.Error as error:
        raise _described(str(error), getattr(error, "sqlstate", None), url=url, doing=doing) from error
    except psycopg.Error as error:
        raise describe(error, url=url, doing=doing) from error
    except (pa.ArrowException, OSError, duckdb.InvalidInputException) as error:
        # DuckDB passes on what broke the stream it was reading.
        raise _described(str(error), None, url=url, doing=doing) from error
    return counts


def _copy(cursor: adbc.Cursor, con: duckdb.DuckDBPyConnection, catalog: Catalog, table: str) -> None:
    columns = catalog.columns[table]
    chosen = ", ".join(_selected(column) for column in columns)
    cursor.execute(f"select {chosen} from {_quoted(catalog.schemas[table])}.{_quoted(table)}")  # noqa: S608
    shaped = ", ".join(_shaped(column) for column in columns)
    with cursor.fetch_record_batch() as reader:
        con.register("incoming", reader)
        con.execute(f"create table raw.{_quoted(table)} as select {shaped} from incoming")  # noqa: S608
        con.unregister("incoming")


def _mark(cursor: adbc.Cursor, catalog: Catalog, table: str) -> str | None:
    """A text that is another one whenever a table's rows are; None where that cannot be told (a view).

    Every insert, update or delete changes the number of rows or the sum of the transactions that wrote them, for these
    only grow; truncating, rewriting, restoring or another layout changes the rest. A server started anew is a doubt.
    """
    if table not in catalog.plain:
        return None
    name = f"{_quoted(catalog.schemas[table])}.{_quoted(table)}"
    cursor.execute(
        "select concat_ws(' ', c.oid, c.relfilenode, c.relkind, current_database(), pg_postmaster_start_time(),"  # noqa: S608
        " pg_snapshot_xmin(pg_current_snapshot())::text::bigint >> 32, r.mark) from pg_class c,"
        f" (select concat_ws(' ', count(*), sum(xmin::text::bigint)) as mark from {name}) r"
        f" where c.oid = {_literal(name)}::regclass"
    )
    row = cursor.fetchone()
    kinds = ",".join(f"{column.name} {column.declared}" for column in catalog.columns[table])
    return f"{catalog.database} {row[0]} {kinds}" if row else None


def _former_marks(con: duckdb.DuckDBPyConnection, former: Path | None) -> dict[str, str]:
    if former is None:
        return {}
    try:
        con.execute(f"attach {_literal(str(former))} as former (read_only)")
        if con.execute("select format from former.manifest").fetchall() != [(FORMAT,)]:
            return {}
        return dict(con.execute("select name, mark from former.stored.marks where mark is not null").fetchall())
    except duckdb.Error:
        # Whatever is wrong with the last one, a new one can be read whole.
        return {}


def _described(text: str, state: object, *, url: str, doing: str) -> DatabaseError:
    found = re.search(r"SQLSTATE: (\w{5})", text)
    code = found[1] if found else (str(state) if state else "")
    said = re.search(r"(?:ERROR|FATAL):\s+([^\n]+)", text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    message = said[1] if said else (lines[0] if lines else "the connection broke")
    message = re.sub(r"^(?:[A-Z_]+: |\[libpq\] )+", "", message)
    if re.search(r"closed the connection|no connection to the server|terminating connection|could not (?:send|receive)",
                 text):  # fmt: skip
        code = code or "08"
    return explain(message, state=code, url=url, doing=doing)


def _selected(column: Column) -> str:
    name = _quoted(column.name)
    return name if column.type_name in _ARROW_TYPES else f"{name}::text as {name}"


def _shaped(column: Column) -> str:
    name = _quoted(column.name)
    if column.type_name in ("timestamp", "timestamptz"):
        plus, minus = _INFINITE_US
        return (
            f"case epoch_us({name}) when {plus} then 'infinity'::{column.type_name} "
            f"when {minus} then '-infinity'::{column.type_name} else {name} end as {name}"
        )
    if column.type_name == "date":
        plus, minus = _INFINITE_DAYS
        return (
            f"case {name} when date '1970-01-01' + ({plus}) then 'infinity'::date "
            f"when date '1970-01-01' + ({minus}) then '-infinity'::date else {name} end as {name}"
        )
    if column.type_name == "numeric":
        sized = re.fullmatch(r"numeric\((\d+),(\d+)\)", column.declared)
        exact = sized is not None and int(sized[2]) <= int(sized[1]) <= 38
        # NaN has no place in a DECIMAL: it reads as null.
        target = f"decimal({sized[1]}, {sized[2]})" if sized is not None and exact else "double"
        return f"try_cast({name} as {target}) as {name}"
    return name


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _rows(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(con.execute(f"select count(*) from {table}").fetchall()[0][0])  # noqa: S608
