"""Postgres tables into DuckDB's schema `raw`, typed: Arrow batches by binary COPY, in one REPEATABLE READ transaction.
numeric(p, s) is DECIMAL(p, s), numeric without scale DOUBLE, types that Arrow lacks text; infinite dates stay so.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import adbc_driver_manager as adbc
import adbc_driver_postgresql
import duckdb
import polars as pl
import psycopg
import pyarrow as pa

from enrich.database.connection import connect, database_url
from enrich.database.errors import database_errors, describe, explain, place
from enrich.database.layout import UNKNOWN, Layout, layout_of
from enrich.errors import DatabaseError
from enrich.resources import resource
from enrich.settings import Settings
from enrich.sql import DATABASE, sql_root

#: Kind of the columns that tables are joined by: uuid where all of an installation's are, else varchar.
KEY = "key"

#: The tables a snapshot holds → the columns the marts rely on → their type there, in the order of reading.
STAGED: dict[str, dict[str, str]] = resource("snapshots/staged.toml")

#: What names of artists, labels and titles are made from.
NAMING = ("artists", "track_artists", "albums", "tracks")

#: Without these there is nothing to resolve.
REQUIRED: dict[str, tuple[str, ...]] = {
    "artists": ("id", "name"),
    "tracks": ("id", "title"),
    "track_artists": ("track_id", "artist_id"),
    "enrichment_status": ("track_id", "status"),
}

Con = duckdb.DuckDBPyConnection
#: Called with the table's name and its number of rows when it has been read.
Progress = Callable[[str, int], None]

#: Names among the marks: from which transaction on rows may be unseen, and who read what.
_HORIZON, _TAKEN_BY = ":horizon", ":taken by"
#: Transactions, a quarter of what their numbers hold: what was written before is not told from what comes.
_LONG_AGO = 2**30
#: The key of a table whose rows others name, and so many that went as Postgres can be asked for at once.
_OWN, _MANY = ("id",), 10_000

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
    type_name: str  # of pg_type: `varchar`, `_text`, `timestamptz`
    declared: str  # as in the table's definition: `numeric(6,2)`


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The tables that are there, and the server they are on."""

    schemas: dict[str, str]  # table → the schema it was found in
    columns: dict[str, tuple[Column, ...]]
    server_version: str
    database: str
    schema_version: int | None
    layout: Layout
    keys: dict[str, tuple[str, ...]]
    """Ordinary table → its primary key; no views, nor what shows a role some of its rows."""

    @property
    def key_type(self) -> str:
        """Type of the columns that tables are joined by: one number where all are uuid, a quarter of their text."""
        named = ((STAGED[table].get(one.name), one.type_name) for table, of_it in self.columns.items() for one in of_it)
        return "uuid" if {type_name for kind, type_name in named if kind == KEY} == {"uuid"} else "varchar"


def read_catalog(settings: Settings) -> Catalog:
    """Look up which tables and columns the installation has.

    Raises DatabaseError: Postgres cannot be reached, or a required table or column is missing.
    """
    url = database_url(settings)
    with database_errors(url=url), connect(settings, as_laid_out=False) as con:
        layout = layout_of(con, settings)
        if layout.name == UNKNOWN:
            raise DatabaseError(f"Postgres at {place(url)}: {layout.said()}")
        for statement in layout.views:
            con.execute(statement)
        cur = con.cursor()
        DATABASE["columns"].execute(cur, tables=list(STAGED))
        columns: dict[str, list[Column]] = {}
        schemas: dict[str, str] = {}
        keys: dict[str, tuple[str, ...]] = {}
        for table, schema, name, type_name, declared, is_key in cur:
            schemas[table] = "pg_temp" if schema.startswith("pg_temp") else schema
            columns.setdefault(table, []).append(Column(name=name, type_name=type_name, declared=declared))
            if is_key:
                keys[table] = (*keys.get(table, ()), name)
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
        keys=keys,
    )


def read_tables(settings: Settings, catalog: Catalog, con: Con, *, progress: Progress | None = None) -> dict[str, int]:
    """Copy every table of the catalog into schema `raw` of `con`, the snapshot to be; returns rows by table.

    Also makes the table `stored.marks`, by which the next snapshot knows what has changed.
    Raises DatabaseError: the connection broke or a table may not be read; names the table.
    """
    con.execute("create schema raw; create schema if not exists stored")
    counts: dict[str, int] = {}
    with _reading(settings, catalog) as (cursor, doing):
        _store_marks(con, "stored", _marks(cursor, catalog))
        for table in catalog.columns:
            doing[0] = f"reading {catalog.schemas[table]}.{table}"
            _copy(cursor, con, catalog.columns[table], _there(catalog, table), f"raw.{_quoted(table)}")
            counts[table] = _rows(con, f"raw.{_quoted(table)}")
            if progress is not None:
                progress(table, counts[table])
    return counts


def mend_tables(
    settings: Settings, catalog: Catalog, con: Con, *, progress: Progress | None = None
) -> dict[str, int] | None:
    """Make the tables of a copy of the former snapshot what they are now; returns rows by table.

    Of a table with a primary key only rows are read that a transaction wrote which the former snapshot may not have
    seen, and the keys where rows went; of any other all of them. `con` is in memory, the copy attached as `snap`, and
    gets the schemas `come` and `gone` of the rows that changed. None where the former one was taken elsewhere, from
    another server process, by another version, or too long ago: then all is to be read. Raises as `read_tables`.
    """
    con.execute("create schema come; create schema gone")
    counts: dict[str, int] = {}
    with _reading(settings, catalog) as (cursor, doing):
        marks, former = _marks(cursor, catalog), dict(con.execute("from snap.stored.marks").fetchall())
        passed = int(marks[_HORIZON]) - int(former.get(_HORIZON, 0))
        if former.get(_TAKEN_BY) != marks[_TAKEN_BY] or not 0 <= passed < _LONG_AGO:
            return None
        # What others belong to comes first.
        for table in sorted(catalog.columns, key=lambda table: catalog.keys.get(table) != _OWN):
            doing[0] = f"reading {catalog.schemas[table]}.{table}"
            is_same = table in catalog.keys and former.get(table) == marks[table]
            if not is_same or not _mend(cursor, con, catalog, table, former[_HORIZON]):
                _exchange(cursor, con, catalog, table)
            counts[table] = _rows(con, f"snap.raw.{_quoted(table)}")
            if progress is not None:
                progress(table, counts[table])
        con.execute("drop table snap.stored.marks")
        _store_marks(con, "snap.stored", marks)
    return counts


class _Cursor:
    """Statements on a connection of the driver, whose own DB-API takes half a second to load pandas where it is."""

    def __init__(self, connection: adbc.AdbcConnection) -> None:
        self._connection = connection

    def execute(self, statement: str) -> None:
        with adbc.AdbcStatement(self._connection) as said:
            said.set_sql_query(statement)
            said.execute_update()

    @contextmanager
    def batches(self, query: str) -> Iterator[pa.RecordBatchReader]:
        with adbc.AdbcStatement(self._connection) as said:
            said.set_sql_query(query)
            with pa.RecordBatchReader.from_stream(said.execute_query()[0]) as reader:
                yield reader

    def row(self, query: str) -> tuple[Any, ...]:
        """The only row of a query."""
        with self.batches(query) as reader:
            return tuple(column[0].as_py() for column in reader.read_all().columns)


@contextmanager
def _reading(settings: Settings, catalog: Catalog) -> Iterator[tuple[_Cursor, list[str]]]:
    """A cursor in the one read-only transaction, and a place to say what is being done, for errors."""
    url, doing = database_url(settings), ["connecting"]
    try:
        with adbc_driver_postgresql.connect(url) as database, adbc.AdbcConnection(database) as connection:
            connection.set_autocommit(False)
            cursor = _Cursor(connection)
            for statement in ("set transaction read write", *catalog.layout.views):
                cursor.execute(statement)
            connection.commit()
            cursor.execute("set transaction isolation level repeatable read read only")
            # A long COPY must not be cut by a limit meant for web requests.
            cursor.execute("set local statement_timeout = 0")
            yield cursor, doing
    except adbc.Error as error:
        raise _described(str(error), getattr(error, "sqlstate", None), url=url, doing=doing[0]) from error
    except psycopg.Error as error:
        raise describe(error, url=url, doing=doing[0]) from error
    except (pa.ArrowException, OSError, duckdb.InvalidInputException) as error:
        # DuckDB passes on what broke the stream it was reading.
        raise _described(str(error), None, url=url, doing=doing[0]) from error


def _copy(cursor: _Cursor, con: Con, columns: Sequence[Column], rows: str, into: str) -> None:
    with _incoming(cursor, con, columns, rows):
        con.execute(f"create or replace table {into} as select {', '.join(map(_shaped, columns))} from incoming")  # noqa: S608


@contextmanager
def _incoming(cursor: _Cursor, con: Con, columns: Sequence[Column], rows: str) -> Iterator[None]:
    """These columns of Postgres, to be read once under the name `incoming`."""
    names = ((_quoted(column.name), column.type_name in _ARROW_TYPES) for column in columns)
    chosen = ", ".join(name if is_arrow else f"{name}::text as {name}" for name, is_arrow in names)
    with cursor.batches(f"select {chosen} from {rows}") as reader:  # noqa: S608
        con.register("incoming", reader)
        yield
        con.unregister("incoming")


def _mend(cursor: _Cursor, con: Con, catalog: Catalog, table: str, horizon: str) -> bool:
    """Read what came since, find what went, and change the table; False where the two do not add up."""
    name = _quoted(table)
    raw, come, gone = f"snap.raw.{name}", f"come.{name}", f"gone.{name}"
    there = _there(catalog, table)
    recent = f"age(xmin) <= age('{int(horizon) & 0xFFFFFFFF}'::xid)"
    _copy(cursor, con, catalog.columns[table], f"{there} where {recent}", come)
    left = int(cursor.row(f"select count(*) from {there}")[0]) - _rows(con, come)  # noqa: S608
    keys = [column for column in catalog.columns[table] if column.name in catalog.keys[table]]
    listed = ", ".join(_quoted(key.name) for key in keys)
    con.execute(f"create table {gone} as from {raw} semi join {come} using ({listed})")
    missing = _rows(con, raw) - _rows(con, gone) - left
    if missing and not _followed(cursor, con, catalog, table, missing):
        with _incoming(cursor, con, keys, there):
            con.execute(f"insert into {gone} from {raw} anti join incoming using ({listed})")
    if _rows(con, raw) - _rows(con, gone) != left:
        return False
    if _rows(con, gone):
        con.execute(f"delete from {raw} where ({listed}) in (select ({listed}) from {gone})")  # noqa: S608
    con.execute(f"insert into {raw} from {come}")
    return True


def _followed(cursor: _Cursor, con: Con, catalog: Catalog, table: str, missing: int) -> bool:
    """Whether all the missing rows went with those they belonged to, as most do: no key needs to be read then."""
    raw = f"snap.raw.{_quoted(table)}"
    for column in catalog.columns[table]:
        name, owner = _quoted(column.name), column.name.removesuffix("_id") + "s"
        if owner == table or catalog.keys.get(owner) != _OWN:
            continue
        lost = f"select id from gone.{owner} anti join come.{owner} using (id)"  # noqa: S608
        went = f"from {raw} where {name} in ({lost})"
        if _rows(con, f"({lost})") <= _MANY and _rows(con, f"({went})") == missing:
            ids = ", ".join(literal(str(found)) for (found,) in con.execute(lost).fetchall())
            (left,) = cursor.row(f"select count(*) from {_there(catalog, table)} where {name} in ({ids})")  # noqa: S608
            if left == 0:
                con.execute(f"insert into gone.{_quoted(table)} {went}")
                return True
    return False


def _exchange(cursor: _Cursor, con: Con, catalog: Catalog, table: str) -> None:
    name = _quoted(table)
    raw, come, gone = f"snap.raw.{name}", f"come.{name}", f"gone.{name}"
    _copy(cursor, con, catalog.columns[table], _there(catalog, table), "now")
    con.execute(f"create or replace table {come} as (from now except all from {raw})")
    con.execute(f"create or replace table {gone} as (from {raw} except all from now)")
    if _rows(con, come) or _rows(con, gone):
        con.execute(f"create or replace table {raw} as from now")


def _marks(cursor: _Cursor, catalog: Catalog) -> dict[str, str]:
    """What the next snapshot must find as it was to take over: who read, how each table is made, and up to where.

    A transaction that this one does not see has a number from the horizon on. Truncating, rewriting or restoring
    a table changes its file; a server started anew is a doubt.
    """
    horizon, server = cursor.row(
        "select pg_snapshot_xmin(pg_current_snapshot())::text,"
        " concat_ws(' ', current_database(), current_user, pg_postmaster_start_time())"
    )
    code = hashlib.sha256(b"".join(path.read_bytes() for path in _makers()))
    kinds = {table: [(c.name, c.declared) for c in of_it] for table, of_it in catalog.columns.items()}
    made_by = f"{pl.__version__} {duckdb.__version__} {code.hexdigest()}"
    marks = {_HORIZON: horizon, _TAKEN_BY: f"{catalog.database} {server} {made_by} {catalog.keys} {kinds}"}
    for table in catalog.keys:
        name = literal(_there(catalog, table))
        (marks[table],) = cursor.row(
            f"select concat_ws(' ', oid, relfilenode) from pg_class where oid = {name}::regclass"  # noqa: S608
        )
    return marks


def _makers() -> list[Path]:
    """What makes a snapshot of tables: code, its words and patterns, and queries."""
    ours = [path for path in Path(__file__).parents[1].rglob("*") if path.suffix in (".py", ".toml")]
    return sorted([*ours, *(sql_root() / "duckdb").glob("*.sql")])


def _store_marks(con: Con, schema: str, marks: dict[str, str]) -> None:
    con.execute(f"create table {schema}.marks (name varchar, mark varchar)")
    con.executemany(f"insert into {schema}.marks values (?, ?)", list(marks.items()))  # noqa: S608


def _there(catalog: Catalog, table: str) -> str:
    return f"{_quoted(catalog.schemas[table])}.{_quoted(table)}"


def _described(text: str, state: object, *, url: str, doing: str) -> DatabaseError:
    found = re.search(r"SQLSTATE: (\w{5})", text)
    code = found[1] if found else str(state or "")
    said = re.search(r"(?:ERROR|FATAL):\s+([^\n]+)", text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    message = said[1] if said else (lines[0] if lines else "the connection broke")
    message = re.sub(r"^(?:[A-Z_]+: |\[libpq\] )+", "", message)
    if re.search(r"closed the connection|no connection to the server|terminating connection|could not (?:send|receive)",
                 text):  # fmt: skip
        code = code or "08"
    return explain(message, state=code, url=url, doing=doing)


def _shaped(column: Column) -> str:
    name = _quoted(column.name)
    if (kind := column.type_name) in ("timestamp", "timestamptz", "date"):
        counted = f"{name} - date '1970-01-01'" if kind == "date" else f"epoch_us({name})"
        plus, minus = _INFINITE_DAYS if kind == "date" else _INFINITE_US
        return (
            f"case {counted} when {plus} then 'infinity'::{kind} when {minus} then '-infinity'::{kind} "
            f"else {name} end as {name}"
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


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def _rows(con: Con, table: str) -> int:
    return int(con.execute(f"select count(*) from {table}").fetchall()[0][0])  # noqa: S608
