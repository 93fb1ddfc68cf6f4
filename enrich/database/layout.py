"""Where an installation keeps what our statements call by the names of today's layout: one mapping for all of them.

The mapping is `sql/layouts.toml`, changed by `ENRICH_LAYOUT`; which of its places hold is found by inspection. A table
that is there under its own names is used as it is. Any other is a temporary view of the session with our names: it
reads and writes through, so snapshot, import, write-back, queue and report need no second statement.
A view in the place of `tracks` is looked through: what it takes from one table is read and written there.

Reads the catalog of a connection. Entry points: `layout_of`, `Layout`, `writable`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import psycopg
from psycopg.rows import TupleRow

from enrich.errors import SettingsError
from enrich.settings import Settings
from enrich.sql import sql_root

TODAY, OLDER, MEDALLION = "today", "older (artists.artist_id, sets in playlists)", "medallion (tracks is a view)"
OWN, NONE, UNKNOWN = "named in ENRICH_LAYOUT", "none: no tables yet", "unknown"

_RELATIONS = """
select t.name, c.oid, n.nspname, c.relname, c.relkind::text, array(
    select attname::text from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped order by attnum)
from unnest(%s::text[]) as t (name)
join pg_class c on c.oid = to_regclass(t.name)
join pg_namespace n on n.oid = c.relnamespace"""

_FOUND = """
select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any (current_schemas(false)) and c.relkind in ('r', 'p', 'v', 'm', 'f')
    and c.relname not like 'enrich%' and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
order by 1"""


@dataclass(frozen=True, slots=True)
class _Relation:
    oid: int
    schema: str
    name: str
    kind: str
    columns: tuple[str, ...]

    @property
    def quoted(self) -> str:
        return ".".join('"' + part.replace('"', '""') + '"' for part in (self.schema, self.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How an installation is laid out."""

    name: str
    places: dict[str, str] = field(default_factory=dict)
    """Our table → where its rows are and which columns have other names: `public.artists (id = artist_id)`."""
    views: tuple[str, ...] = ()
    """Statements that make the temporary views of a session."""
    tracks: str = ""
    """The tracks of another than today's layout, as a subquery with `id` and `title`."""
    found: tuple[str, ...] = ()
    """Of an unknown layout: the tables that are there."""

    def said(self) -> str:
        """In one line, for errors."""
        tables = ", ".join(self.found[:8]) + (f" and {len(self.found) - 8} more" if len(self.found) > 8 else "")
        return f"no layout that enrich knows: found {tables}; name its tables in ENRICH_LAYOUT (docs/operations.md)"


@cache
def _mapping() -> dict[str, Any]:
    return tomllib.loads((sql_root() / "layouts.toml").read_text(encoding="utf-8"))


def _own(settings: Settings) -> dict[str, str]:
    """ENRICH_LAYOUT as a table: `artists.id` → `person_no`."""
    named = {}
    for item in filter(None, (part.strip() for part in settings.layout.split(","))):
        ours, _, theirs = (part.strip() for part in item.partition("="))
        table, _, column = ours.partition(".")
        if not theirs or table not in _mapping() or (column and column not in _mapping()[table]["columns"]):
            raise SettingsError(
                f"ENRICH_LAYOUT: cannot read {item!r}; write items such as artists=people or artists.id=person_no "
                f"(tables: {', '.join(_mapping())})"
            )
        named[ours] = theirs
    return named


def layout_of(con: psycopg.Connection[TupleRow], settings: Settings) -> Layout:
    """Find out how the installation on the search_path is laid out; changes nothing."""
    own, mapping = _own(settings), _mapping()
    names = {own.get(table) or place["table"] for table, entry in mapping.items() for place in entry["at"]}
    there = {
        name: _Relation(oid, schema, relation, kind, tuple(columns))
        for name, oid, schema, relation, kind, columns in con.execute(_RELATIONS, [sorted(names)])
    }
    if not there.keys() >= {own.get("artists", "artists"), own.get("tracks", "tracks")}:
        return _nothing(con)
    places: dict[str, str] = {}
    views: dict[str, str] = {}
    used: dict[str, _Relation] = {}
    is_other = bool(own)
    for table, entry in mapping.items():
        origin = _origin(table, entry, own, there, used)
        if origin is None:
            continue
        relation, where = origin
        columns = _columns(table, own, relation)
        if any(columns[need][0] is None for need in entry["needs"]):
            continue
        used[table] = relation
        renamed = {c: source for c, (source, _) in columns.items() if source not in (None, c)}
        places[table] = f"{relation.schema}.{relation.name}" + (
            f" ({', '.join(f'{c} = {s}' for c, s in renamed.items())})" if renamed else ""
        )
        is_same = relation.name == table and all(source == c for c, (source, _) in columns.items())
        if table == "tracks" and relation.kind == "v" and (seen := _through(con, relation, columns)):
            views[table], through = seen
            places[table] += f", a view over {through}"
        elif not is_same:
            views[table] = _view(table, relation, columns, where)
        is_other |= relation.name != table or bool(renamed)
    if not {"artists", "tracks"} <= used.keys():
        return _nothing(con)
    name = OWN if own else MEDALLION if used["tracks"].kind == "v" else OLDER if is_other else TODAY
    if name != TODAY:
        # What such an installation lacks is empty; today's gets it from migration 001.
        for table in mapping.keys() - used.keys():
            places[table], views[table] = "none", _empty(table)
    tracks = used["tracks"].quoted
    key, title = (_columns("tracks", own, used["tracks"])[column][0] for column in ("id", "title"))
    if (key, title) != ("id", "title"):
        tracks = f'(select "{key}" as id, "{title}" as title from {tracks})'  # noqa: S608
    return Layout(name=name, places=places, views=tuple(views.values()), tracks=tracks)


def writable(cur: psycopg.Cursor[Any] | psycopg.Connection[Any], table: str) -> set[str]:
    """Columns of a table on the search_path that can be written, also through a view; none where there is no table."""
    rows = cur.execute(
        "select attname::text from pg_attribute where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped"
        " and attgenerated = '' and pg_column_is_updatable(attrelid, attnum, false)",
        (table,),
    )
    return {row["attname"] if isinstance(row, dict) else row[0] for row in rows.fetchall()}


def _nothing(con: psycopg.Connection[TupleRow]) -> Layout:
    """No music tables, or only some of today's (001 makes the rest), or tables that nobody here knows."""
    found = tuple(row[0] for row in con.execute(_FOUND))
    strange = [name for name in found if name.rpartition(".")[2] not in {*_mapping(), "enrichment_status"}]
    return Layout(name=UNKNOWN, found=found) if strange else Layout(name=NONE)


def _origin(
    table: str,
    entry: Mapping[str, Any],
    own: Mapping[str, str],
    there: Mapping[str, _Relation],
    used: Mapping[str, _Relation],
) -> tuple[_Relation, str] | None:
    """The relation that holds our table, and which of its rows."""
    if table in own:
        if own[table] not in there:
            raise SettingsError(f"ENRICH_LAYOUT: {table}={own[table]}: there is no such table in the search_path")
        return there[own[table]], ""
    sets = used.get("setlists")
    for place in entry["at"]:
        relation = there.get(place["table"])
        if relation is None or ("if" in place and not set(place["if"].split()) & set(relation.columns)):
            continue
        if "when" in place and (sets is None or sets.name != place["when"]):
            continue
        if "where" not in place and any(relation.oid == other.oid for other in used.values()):
            continue
        where = place.get("where", "")
        if where and sets is not None:
            key = next(name for name in entry["columns"]["id"][1:] if name in relation.columns)
            where = where.replace("{sets}", sets.quoted).replace("{id}", key)
        return relation, where
    return None


def _columns(table: str, own: Mapping[str, str], relation: _Relation) -> dict[str, tuple[str | None, str]]:
    """Our column → the one that holds it, and how it is read."""
    entry = _mapping()[table]["columns"]
    return {column: _source(options, own.get(f"{table}.{column}"), relation) for column, options in entry.items()}


def _source(options: list[str], own: str | None, relation: _Relation) -> tuple[str | None, str]:
    """The column that holds ours (None: none does) and the expression that reads it."""
    kind, *names = options
    for name in [own] if own else names:
        if name in relation.columns:
            return name, f'origin."{name}"'
        if name.startswith("="):
            text = re.sub(r"\{([\w|]+)\}", lambda m: _first(m[1].split("|"), relation), name[1:].strip())
            return None, text
    return None, f"null::{kind}"


def _first(names: list[str], relation: _Relation) -> str:
    return next((f'origin."{name}"' for name in names if name in relation.columns), "null::text")


def _view(table: str, relation: _Relation, columns: Mapping[str, tuple[str | None, str]], where: str) -> str:
    taken = {source for source, _ in columns.values()} | columns.keys()
    listed = [f'{expression} as "{column}"' for column, (_, expression) in columns.items()]
    listed += [f'origin."{name}"' for name in relation.columns if name not in taken]
    condition = f" where {where}" if where else ""
    chosen = ", ".join(listed)
    return f'create temporary view "{table}" as select {chosen} from {relation.quoted} as origin{condition}'  # noqa: S608


def _empty(table: str) -> str:
    columns = _mapping()[table]["columns"]
    nulls = ", ".join(f'null::{options[0]} as "{column}"' for column, options in columns.items())
    return f'create temporary view "{table}" as select {nulls} where false'


def _through(
    con: psycopg.Connection[TupleRow], view: _Relation, columns: Mapping[str, tuple[str | None, str]]
) -> tuple[str, str] | None:
    """A view of ours on the table behind a view: what the view takes from it as it is, the rest as the view says it."""
    traced = _traced(con, view.oid)
    key = columns["id"][0] or "id"
    store = traced.get(key, (0, ""))[0]
    rows = con.execute(
        "select n.nspname, c.relname, array(select attname::text from pg_attribute where attrelid = c.oid"
        " and attnum > 0 and not attisdropped order by attnum)"
        " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.oid = %s and c.relkind in ('r', 'p') and has_table_privilege(c.oid, 'select')",
        [store],
    ).fetchall()
    if not rows:
        return None
    base = _Relation(store, rows[0][0], rows[0][1], "r", tuple(rows[0][2]))
    row = f'from {view.quoted} as seen where seen."{key}" = origin."{traced[key][1]}"'
    listed: dict[str, str] = {}
    for column, (source, expression) in columns.items():
        origin = traced.get(source or "")
        if origin is not None and origin[0] == store:
            listed[column] = f'origin."{origin[1]}"'
        else:
            listed[column] = expression if source is None else f'(select seen."{source}" {row})'
    for name in base.columns:
        listed.setdefault(name, f'origin."{name}"')
    chosen = ", ".join(f'{expression} as "{column}"' for column, expression in listed.items())
    rows_seen = f"{base.quoted} as origin where exists (select {row})"
    return f"create temporary view tracks as select {chosen} from {rows_seen}", f"{base.schema}.{base.name}"  # noqa: S608


def _traced(con: psycopg.Connection[TupleRow], view: int) -> dict[str, tuple[int, str]]:
    """Column of a view → the table and column it is taken from unchanged, through views on views."""
    definition = con.execute("select pg_get_viewdef(%s::oid)", [view]).fetchone()
    con.pgconn.prepare(b"", str(definition[0] if definition else "").encode())
    described = con.pgconn.describe_prepared(b"")
    found: dict[str, tuple[int, str]] = {}
    for i in range(described.nfields):
        table, number, name = described.ftable(i), described.ftablecol(i), (described.fname(i) or b"").decode()
        row = con.execute(
            "select a.attname::text, c.relkind = 'v' from pg_attribute a join pg_class c on c.oid = a.attrelid"
            " where attrelid = %s and attnum = %s",
            [table, number],
        ).fetchone()
        if row is not None:
            beneath = _traced(con, table).get(row[0]) if row[1] else (table, row[0])
            if beneath is not None:
                found[name] = beneath
    return found
