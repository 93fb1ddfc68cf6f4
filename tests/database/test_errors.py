"""What a person reads when Postgres says no."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import conninfo
from pydantic import SecretStr

from enrich.database.connection import connect, url_without_password
from enrich.database.errors import database_errors
from enrich.database.migrations import migrate
from enrich.errors import DatabaseError
from enrich.settings import Settings


def _settings(url: str) -> Settings:
    return Settings(_env_file=None, database_url=SecretStr(url))


@pytest.mark.parametrize(
    ("url", "told"),
    [
        pytest.param(
            "postgresql://u:s3cret@127.0.0.1:1/musicdb", r"127\.0\.0\.1:1/musicdb: .*refused; start", id="down"
        ),
        pytest.param("postgresql://u:s3cret@no-such-host.invalid/x", "check the host's name", id="host"),
        pytest.param("postgresql://u:s3cret%zz@h/x", "not a Postgres connection string", id="encoding"),
        pytest.param("mysql://u:s3cret@h/x", "not a Postgres connection string", id="scheme"),
        pytest.param("host=/no/such/folder dbname=x password=s3cret", "start the server", id="socket"),
    ],
)
def test_no_connection_is_one_line_without_the_password(url: str, told: str):
    with pytest.raises(DatabaseError, match=told) as caught:
        connect(_settings(url))
    assert "\n" not in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_unknown_database_and_role(embedded_server: str):
    with pytest.raises(DatabaseError, match=r'nowhere: database "nowhere" does not exist; create it'):
        connect(_settings(conninfo.make_conninfo(embedded_server, dbname="nowhere")))
    with pytest.raises(DatabaseError, match='role "nobody" does not exist; create the role'):
        connect(_settings(conninfo.make_conninfo(embedded_server, user="nobody")))


def test_a_wrong_password(system_server_with_password: str):
    url = conninfo.make_conninfo(system_server_with_password, password="wr0ng")
    with pytest.raises(DatabaseError, match=r"password authentication failed .*; check user and password") as caught:
        connect(_settings(url))
    assert "wr0ng" not in str(caught.value)
    right = _settings(conninfo.make_conninfo(system_server_with_password, password="r1ght"))
    connect(right).close()
    assert "r1ght" not in url_without_password(right)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        pytest.param("select * from enrichment_statuses", "does not exist; run `enrich db migrate`", id="no-table"),
        pytest.param(
            "insert into pg_authid (rolname) values ('x')", "permission denied .*; ask its owner", id="rights"
        ),
        pytest.param(
            "set transaction read only; create table x ()", "read-only .*; the database is read-only", id="ro"
        ),
        pytest.param("insert into enrichment_status (status) values (null)", "nothing was changed", id="constraint"),
    ],
)
def test_a_refused_statement_is_one_line(database: Settings, statement: str, told: str):
    with (
        pytest.raises(DatabaseError, match=told) as caught,
        database_errors(database, doing="a test"),
        connect(database) as con,
    ):
        con.execute(statement)
    assert "a test" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_migrating_where_nothing_may_be_made(blank_database: Settings, embedded_server: str):
    with psycopg.connect(embedded_server, autocommit=True) as con:
        if con.execute("select from pg_roles where rolname = 'guest'").fetchone() is None:
            con.execute("create role guest login")
    assert blank_database.database_url is not None
    guest = conninfo.make_conninfo(blank_database.database_url.get_secret_value(), user="guest")
    with pytest.raises(DatabaseError, match="schema musicdb: this role may not create tables there"):
        migrate(_settings(guest))
