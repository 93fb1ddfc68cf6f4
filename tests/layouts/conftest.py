"""Installations of each layout: an owner who migrates, a role that owns nothing, and one that only reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import conninfo, sql
from pydantic import SecretStr

from enrich.settings import Settings

HERE = Path(__file__).parent
#: Our role and the reader, as installations have them.
OWNER, APP, READER = "music_owner", "music_app", "Dash Board"


@dataclass(frozen=True)
class Installation:
    """One database by its owner and by the role that owns nothing."""

    owner: Settings
    app: Settings
    schema: str

    def query(self, text: str, *params: object) -> list[tuple]:
        """Rows, as the owner sees the tables."""
        with psycopg.connect(self.owner.database_url.get_secret_value()) as con:
            con.execute(f'set search_path to "{self.schema}"')
            cur = con.execute(text, params)
            return cur.fetchall() if cur.description else []

    def checksums(self) -> dict[str, str]:
        """Table → what is in it, row order aside."""
        names = self.query(
            "select relname from pg_class"
            " where relkind = 'r' and relnamespace = quote_ident(current_schema())::regnamespace"
        )
        return {
            name: self.query(f'select md5(string_agg(t::text, chr(10) order by t::text)) from "{name}" t')[0][0]
            for (name,) in names
        }


@pytest.fixture
def install(embedded_server: str, tmp_path: Path) -> Iterator[Callable[..., Installation]]:
    """A function that makes a database in a layout; `changes` are replaced in its SQL."""
    made = []

    def make(layout: str, *, schema: str | None = None, **changes: str) -> Installation:
        schema = schema or ("public" if layout == "older" else "musicdb")
        name = f"l_{uuid4().hex[:12]}"
        made.append(name)
        with psycopg.connect(embedded_server, autocommit=True) as con:
            for role in (OWNER, APP, READER):
                if con.execute("select from pg_roles where rolname = %s", [role]).fetchone() is None:
                    con.execute(sql.SQL("create role {} login").format(sql.Identifier(role)))
            con.execute(
                sql.SQL("create database {} owner {} template template0").format(*map(sql.Identifier, (name, OWNER)))
            )
        url = conninfo.make_conninfo(embedded_server, dbname=name, user=OWNER)
        with psycopg.connect(url) as con:
            con.execute(f'create schema if not exists "{schema}"; set search_path to "{schema}"')
            text = "\n".join((HERE / f"{part}.sql").read_text() for part in ("seed", "common", layout, "status"))
            for word, by in {"METADATA": "s.enrichment_metadata", **changes}.items():
                text = text.replace(word, by)
            con.execute(text)
            con.execute(f'grant usage on schema "{schema}" to {APP}, "{READER}"')
            con.execute(f'grant select, insert, update, delete on all tables in schema "{schema}" to {APP}')
            con.execute(f'grant select on all tables in schema "{schema}" to "{READER}"')
            con.execute("revoke execute on function get_cooldown_tracks_ready(integer) from public")
            con.execute(f"grant execute on function get_cooldown_tracks_ready(integer) to {APP}")
        path = f'"{schema}", public' if schema != "public" else "musicdb, public"
        owner, app = (
            Settings(
                _env_file=None,
                database_url=SecretStr(conninfo.make_conninfo(url, user=role)),
                search_path=path,
                data_dir=tmp_path / name,
                sources=(),
            )
            for role in (OWNER, APP)
        )
        return Installation(owner, app, schema)

    yield make
    with psycopg.connect(embedded_server, autocommit=True) as con:
        for name in made:
            con.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
