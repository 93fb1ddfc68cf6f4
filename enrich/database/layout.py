"""Where an installation keeps what our statements call by the names of today's layout: `sql/layouts.toml`, changed by
`ENRICH_LAYOUT`. Tables of other names or columns become temporary views of the session with ours, which read and write
through, facts without a column of theirs into our table `enrich_kept`; a view in the place of `tracks` is looked
through to the table behind it.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import psycopg
from psycopg.rows import TupleRow, tuple_row

from enrich.errors import SettingsError
from enrich.settings import Settings
from enrich.sql import DATABASE, sql_root

TODAY, OLDER, MEDALLION = "today", "older (artists.artist_id, sets in playlists)", "medallion (tracks is a view)"
OWN, NONE, UNKNOWN = "named in ENRICH_LAYOUT", "none: no tables yet", "unknown"

#: Our table of facts that have no column of theirs.
_STORE = "enrich_kept"

#: Our column → the one that holds it (None: none does), and the expression that reads it.
_Columns = dict[str, tuple[str | None, str]]


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
    views: tuple[str, ...] = ()  # statements that make the temporary views of a session
    keepers: tuple[str, ...] = ()
    """Those that make the views write what `enrich_kept` holds beside the tables, for sessions that write."""
    tracks: str = ""  # the tracks as a table or subquery with `id` and `title`, for what outlives a session
    found: tuple[str, ...] = ()  # of an unknown layout: the tables that are there

    def said(self) -> str:
        """An unknown layout in one line, for errors."""
        tables = ", ".join(self.found[:8]) + (f" and {len(self.found) - 8} more" if len(self.found) > 8 else "")
        return f"no layout that enrich knows: found {tables}; name its tables in ENRICH_LAYOUT (docs/operations.md)"


@cache
def _mapping() -> dict[str, Any]:
    return tomllib.loads((sql_root() / "layouts.toml").read_text(encoding="utf-8"))


def layout_of(con: psycopg.Connection[TupleRow], settings: Settings) -> Layout:
    """Find out how the installation on the search_path is laid out; changes nothing."""
    own, mapping = _own(settings), _mapping()
    names = {own.get(table) or place["table"] for table, entry in mapping.items() for place in entry["at"]} | {_STORE}
    there = {name: _Relation(*rest) for name, *rest in _asked(con, "relations", names=sorted(names))}
    places: dict[str, str] = {}
    views: dict[str, str] = {}
    used: dict[str, _Relation] = {}
    keepers: list[str] = []
    is_other = False
    for table, entry in mapping.items():
        relation, where = _place(table, entry, own, there, used)
        if relation is None:
            continue
        columns = {c: _source(names, own.get(f"{table}.{c}"), relation) for c, names in entry["columns"].items()}
        if any(columns[need][0] is None for need in entry["needs"]):
            continue
        taken: dict[str, str] = {}
        for column, (source, expression) in columns.items():
            if source is not None and taken.setdefault(source, column) != column:
                # What two of ours read is written by the first.
                columns[column] = None, f"coalesce({expression})"
        used[table] = relation
        renamed = [f"{c} = {source}" for c, (source, _) in columns.items() if source not in (None, c)]
        places[table] = f"{relation.schema}.{relation.name}" + (f" ({', '.join(renamed)})" if renamed else "")
        is_other |= relation.name != table or bool(renamed)
        if relation.kind == "v" and (seen := _through(con, table, relation, columns)):
            views[table], through = seen
            places[table] += f", a view over {through}"
        elif relation.name != table or any(source != c for c, (source, _) in columns.items()):
            kept, join = [c for c, names in entry["columns"].items() if "+" in names and columns[c][0] is None], ""
            if kept and _STORE in there:
                keeper, join = _keeping(table, entry, columns, kept, relation, there[_STORE])
                keepers.append(keeper)
                places[table] += f", {', '.join(kept)} in {_STORE}"
            views[table] = _view(table, columns, f"{relation.quoted} as origin{join}{where}", relation.columns)
        if table == "tracks":
            key, title = columns["id"][0], columns["title"][0]
            tracks = f'(select "{key}" as id, "{title}" as title from {relation.quoted})'  # noqa: S608
            tracks = relation.quoted if (key, title) == ("id", "title") else tracks
    if not {"artists", "tracks"} <= used.keys():
        # Nothing, or some of today's tables (001 makes the rest), or tables that nobody here knows.
        found = tuple(name for (name,) in _asked(con, "found"))
        strange = [name for name in found if name.rpartition(".")[2] not in {*mapping, "enrichment_status"}]
        return Layout(name=UNKNOWN, found=found) if strange or is_other else Layout(name=NONE)
    name = OWN if own else MEDALLION if used["tracks"].kind == "v" else OLDER if is_other else TODAY
    if name != TODAY:
        # What such an installation lacks is empty; today's gets it from migration 001.
        for table in mapping.keys() - used.keys():
            blank: _Columns = {c: (None, f"null::{names[0]}") for c, names in mapping[table]["columns"].items()}
            places[table], views[table] = "none", _view(table, blank, "(select) as origin where false", ())
    return Layout(name=name, places=places, views=tuple(views.values()), keepers=tuple(keepers), tracks=tracks)


def writable(cur: psycopg.Cursor[Any], table: str) -> set[str]:
    """Columns of a table on the search_path that can be written, also through a view; none where there is no table."""
    return {name for (name,) in _asked(cur.connection, "writable", name=table)}


def _asked(con: psycopg.Connection[Any], query: str, **values: object) -> list[TupleRow]:
    with con.cursor(row_factory=tuple_row) as cur:
        DATABASE[query].execute(cur, **values)
        return cur.fetchall()


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


def _place(
    table: str,
    entry: Mapping[str, Any],
    own: Mapping[str, str],
    there: Mapping[str, _Relation],
    used: Mapping[str, _Relation],
) -> tuple[_Relation | None, str]:
    """The relation that holds our table, and the condition on its rows."""
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
        if "where" in place and sets is not None:
            key = next(name for name in entry["columns"]["id"][1:] if name in relation.columns)
            return relation, " where " + place["where"].replace("{sets}", sets.quoted).replace("{id}", key)
        if all(relation.oid != other.oid for other in used.values()):
            return relation, ""
    return None, ""


def _source(options: list[str], own: str | None, relation: _Relation) -> tuple[str | None, str]:
    kind, *names = options
    for name in [own] if own else names:
        if name in relation.columns:
            return name, f'origin."{name}"'
        if name.startswith("="):
            # {a|b}: the first of these columns that is there.
            there = [re.findall(r"\w+", choice) for choice in re.findall(r"\{[\w|]+\}", name)]
            for choice in there:
                column = next((f'origin."{one}"' for one in choice if one in relation.columns), "null::text")
                name = name.replace("{" + "|".join(choice) + "}", column)
            return None, name[1:]
    return None, f"null::{kind}"


def _view(table: str, columns: _Columns, rows: str, others: tuple[str, ...]) -> str:
    """A temporary view with our columns, and those that have no name of ours as they are."""
    taken = {source for source, _ in columns.values()} | columns.keys()
    listed = [f'{expression} as "{column}"' for column, (_, expression) in columns.items()]
    listed += [f'origin."{name}"' for name in others if name not in taken]
    return f'create temporary view "{table}" as select {", ".join(listed)} from {rows}'  # noqa: S608


def _keeping(
    table: str, entry: Mapping[str, Any], columns: _Columns, kept: list[str], relation: _Relation, store: _Relation
) -> tuple[str, str]:
    """The statements by which the view writes, and the join by which it reads; `columns` learn to read what is kept."""
    by, about = entry["kept"]["by"], entry["kept"]["about"]
    sources = {column: f'"{source}"' for column, (source, _) in columns.items() if source is not None}
    fills = {f'"{name}"': rule for name, rule in entry.get("fills", {}).items() if name in relation.columns}
    written = {source: f'new."{column}"' for column, source in sources.items()}
    for column in kept:
        kind = entry["columns"][column][0]
        # As text null is null; a json null is a value.
        held = f"nullif(kept.facts -> '{column}', 'null')" if kind == "jsonb" else f"kept.facts ->> '{column}'"
        columns[column] = None, f"coalesce(({held})::{kind}, {columns[column][1]})"
    keeper = DATABASE["keep_facts"].text.format(
        table=table,
        theirs=relation.quoted,
        store=store.quoted,
        into=", ".join({**fills, **written}),
        values=", ".join({**fills, **written}.values()),
        changes=", ".join(f"{source} = {value}" for source, value in written.items()),
        same=" and ".join(f'origin.{sources[column]} = old."{column}"' for column in by),
        old_key=", ".join(f'old."{column}"' for column in (*by, *about)),
        new_key=", ".join(f'new."{column}"' for column in (*by, *about)),
        facts=", ".join(f"'{column}', new.\"{column}\"" for column in kept),
    )
    key = ", ".join(f"origin.{sources[column]}" for column in (*by, *about))
    on = f"kept.relation = '{table}' and kept.row_key = concat_ws('/', {key})"
    return keeper, f" left join {store.quoted} as kept on {on}"


def _through(
    con: psycopg.Connection[TupleRow], table: str, view: _Relation, columns: _Columns
) -> tuple[str, str] | None:
    """A view of ours on the table behind a view: what the view takes from it as it is, the rest as the view says it."""
    traced = _traced(con, view.oid)
    key = columns["id"][0] if "id" in columns else None
    store, key_there = traced.get(key or "", (0, ""))
    rows = _asked(con, "relation", number=store)
    if not rows:
        return None
    base = _Relation(*rows[0])
    row = f'from {view.quoted} as seen where seen."{key}" = origin."{key_there}"'
    seen: _Columns = {}
    for column, (source, expression) in columns.items():
        number, name = traced.get(source or "", (0, ""))
        if number == store:
            seen[column] = name, f'origin."{name}"'
        else:
            seen[column] = None, expression if source is None else f'(select seen."{source}" {row})'
    statement = _view(table, seen, f"{base.quoted} as origin where exists (select {row})", base.columns)
    return statement, f"{base.schema}.{base.name}"


def _traced(con: psycopg.Connection[TupleRow], view: int) -> dict[str, tuple[int, str]]:
    """Column of a view → the table and column it is taken from unchanged, through views on views."""
    definition = con.execute("select pg_get_viewdef(%s::oid)", [view]).fetchone()
    con.pgconn.prepare(b"", str(definition[0] if definition else "").encode())
    described = con.pgconn.describe_prepared(b"")
    found: dict[str, tuple[int, str]] = {}
    for i in range(described.nfields):
        table, name = described.ftable(i), (described.fname(i) or b"").decode()
        for column, is_view in _asked(con, "column_of", relation_no=table, column_no=described.ftablecol(i)):
            beneath = _traced(con, table).get(column) if is_view else (table, column)
            if beneath is not None:
                found[name] = beneath
    return found
