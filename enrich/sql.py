"""Named SQL: every query of the project lives in `sql/`, on snapshots under `duckdb/`, on Postgres elsewhere.

A file may hold several, each opened by a header that names it and its parameters, checked against the `$parameters` of
its body; `{{name}}` is an expression of `sql/fragments.sql`:

    -- name: artist_labels(min_tracks)
    -- One row per (artist_id, label_id).
    select ... where tracks >= $min_tracks
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import psycopg

from enrich.errors import EnrichError

_HEADER = re.compile(r"^-- name:\s*(?P<name>\w+)\s*(?:\((?P<params>[^)]*)\))?\s*$", re.MULTILINE)
_PARAM = re.compile(r"(?<![\w$])\$([a-z_]\w*)")
_FRAGMENT = re.compile(r"\{\{(\w+)\}\}")
_OPTIONAL = re.compile(r"/\*(\w+)\*/(.*?)/\*\*/", re.DOTALL)
_NOISE = re.compile(r"--[^\n]*|'(?:[^']|'')*'")


@cache
def sql_root() -> Path:
    """The folder of all SQL: beside the package in a checkout, inside it in a wheel."""
    here = Path(__file__).resolve().parent
    for root in (here / "_sql", here.parent / "sql"):
        if root.is_dir():
            return root
    raise EnrichError("the folder sql/ is missing beside the package; reinstall with `make setup`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One named query: its text, the parameters it takes, and where it stands."""

    name: str
    params: tuple[str, ...]
    text: str
    origin: str

    @property
    def postgres(self) -> str:
        """The text with its parameters as psycopg writes them: `$limit` → `%(limit)s`."""
        return _PARAM.sub(lambda found: f"%({found[1]})s", self.text.replace("%", "%%"))

    def on(self, column: str) -> Query:
        """The query on the column given, where it speaks of `any_column`."""
        return replace(self, text=self.text.replace("any_column", column))

    def within(self, columns: Collection[str]) -> Query:
        """The query with its optional parts, `/*column*/ … /**/`, only where the installation has that column."""
        return replace(self, text=_OPTIONAL.sub(lambda part: part[2] if part[1] in columns else "", self.text))

    def bind(self, values: Mapping[str, object]) -> dict[str, object]:
        """Check that `values` are exactly the parameters; unknown or missing ones are an error."""
        if set(values) != set(self.params):
            raise EnrichError(f"{self.origin} ({self.name}): takes {sorted(self.params)}, got {sorted(values)}")
        return dict(values)

    def run(self, con: duckdb.DuckDBPyConnection, **values: object) -> None:
        """Execute a statement that returns nothing (create table, insert)."""
        try:
            con.execute(self.text, self.bind(values) or None)
        except duckdb.CatalogException as error:
            raise EnrichError(f"{self.origin} ({self.name}): {str(error).splitlines()[0]}") from error

    def frame(self, con: duckdb.DuckDBPyConnection, **values: object) -> pl.DataFrame:
        """Execute a query and return all of its rows as a Polars frame."""
        try:
            bound = self.bind(values)
            relation = con.sql(self.text, params=bound) if bound else con.sql(self.text)
            frame: pl.DataFrame = relation.pl()
            return frame
        except duckdb.CatalogException as error:
            raise EnrichError(f"{self.origin} ({self.name}): {str(error).splitlines()[0]}") from error

    def execute(self, cur: psycopg.Cursor[Any], **values: object) -> int:
        """Execute a statement on Postgres; returns the rows it changed or found."""
        cur.execute(self.postgres, self.bind(values))
        return cur.rowcount

    def fetch(self, cur: psycopg.Cursor[Any], schema: pl.Schema, **values: object) -> pl.DataFrame:
        """Execute a query on Postgres and return all of its rows, columns by position under the schema given."""
        self.execute(cur, **values)
        return pl.DataFrame(cur.fetchall(), schema=schema, orient="row", infer_schema_length=None)


class QueryBook:
    """All named queries of one folder, by name."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> Query:
        book = _load(self._folder)
        if name not in book:
            raise EnrichError(f"sql/{self._folder}: no query named {name}; there are {', '.join(sorted(book))}")
        return book[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_load(self._folder))


#: Queries on a snapshot.
DUCKDB = QueryBook("duckdb")
#: Queries on Postgres, by what they serve.
DATABASE = QueryBook("database")
LEDGER = QueryBook("ledger")
COOLDOWN = QueryBook("cooldown")
IMPORTING = QueryBook("importing")


@contextmanager
def in_memory(**tables: pl.DataFrame) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in whose memory frames are tables by their names; what it makes is to be temporary."""
    with _memory().cursor() as con:
        for name, frame in tables.items():
            con.register(name, frame.to_arrow())
        yield con


@cache
def _memory() -> duckdb.DuckDBPyConnection:
    # One for all: to make a database takes longer than most questions to it.
    return duckdb.connect()


def parse_queries(text: str, *, origin: str) -> list[Query]:
    """Split one SQL file into its named queries and check their headers."""
    headers = list(_HEADER.finditer(text))
    if not headers:
        raise EnrichError(f"{origin}: no `-- name: …` header")
    queries = []
    for i, header in enumerate(headers):
        end = headers[i + 1].start() if i + 1 < len(headers) else len(text)
        body = _filled(text[header.end() : end].strip(), origin)
        declared = tuple(p.strip() for p in (header["params"] or "").split(",") if p.strip())
        used = set(_PARAM.findall(_NOISE.sub(" ", body)))
        line = text.count("\n", 0, header.start()) + 1
        if used != set(declared):
            raise EnrichError(
                f"{origin}:{line} ({header['name']}): header declares {sorted(declared)}, body uses {sorted(used)}"
            )
        queries.append(Query(name=header["name"], params=declared, text=body, origin=f"{origin}:{line}"))
    return queries


@cache
def _load(folder: str) -> dict[str, Query]:
    book: dict[str, Query] = {}
    root = sql_root() / folder
    for path in sorted(root.rglob("*.sql")):
        for query in parse_queries(path.read_text(encoding="utf-8"), origin=f"sql/{folder}/{path.relative_to(root)}"):
            if query.name in book:
                raise EnrichError(f"{query.origin}: {query.name} is already defined at {book[query.name].origin}")
            book[query.name] = query
    return book


@cache
def _fragments() -> dict[str, str]:
    path = sql_root() / "fragments.sql"
    parts = _HEADER.split(path.read_text(encoding="utf-8"))[1:]
    return {
        name: re.sub(r"(?m)^--[^\n]*\n", "", text).strip() for name, text in zip(parts[::3], parts[2::3], strict=True)
    }


def _filled(body: str, origin: str) -> str:
    """The text with its fragments; one of these may use those before it."""
    fragments = _fragments()
    while found := _FRAGMENT.search(body):
        if found[1] not in fragments:
            raise EnrichError(f"{origin}: no fragment named {found[1]}; there are {', '.join(sorted(fragments))}")
        body = body.replace(found[0], fragments[found[1]])
    return body
