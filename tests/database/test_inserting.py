"""Frames into tables, views and tables with policies; rows that are there already stay as they are."""

import polars as pl
import pytest

from enrich.database.connection import connect, insert_frame

ROWS = pl.DataFrame({"id": [1, 2, 3], "name": ["Öl", "", None]})
NEW = [(1, "Öl"), (2, ""), (3, None)]
TABLE = "create table named (id int primary key, name text)"
#: An installation that shows its table through a view, and one whose table has a policy.
VIEW = "create table kept (id int primary key, name text); create view named as select id, name from kept"
POLICY = f"""{TABLE}; alter table named enable row level security; alter table named force row level security;
    create policy own on named using (id < 100) with check (id < 100)"""


@pytest.fixture
def con(database):
    with connect(database) as con:
        yield con


def rows_of(con):
    return con.execute("select id, name from named order by id").fetchall()


@pytest.mark.parametrize("made", [TABLE, VIEW, POLICY], ids=["table", "view", "policy"])
def test_all_rows_are_inserted_and_counted(con, made):
    con.execute(made)
    with con.cursor() as cur:
        assert insert_frame(cur, "named", ROWS) == 3

    assert rows_of(con) == NEW


@pytest.mark.parametrize("made", [TABLE, VIEW], ids=["table", "view"])
def test_a_row_made_meanwhile_stays(con, made):
    con.execute(made)
    con.execute("insert into named values (2, 'theirs')")

    with con.cursor() as cur:
        assert insert_frame(cur, "named", ROWS) == 2
        assert insert_frame(cur, "named", ROWS) == 0

    assert rows_of(con) == [(1, "Öl"), (2, "theirs"), (3, None)]


def test_rows_that_exclude_each_other_are_passed_over_as_well(con):
    con.execute("create table named (id int, name text, exclude (id with =))")
    con.execute("insert into named values (2, 'theirs')")

    with con.cursor() as cur:
        assert insert_frame(cur, "named", ROWS) == 2

    assert rows_of(con) == [(1, "Öl"), (2, "theirs"), (3, None)]


def test_what_the_table_refuses_is_an_error(con):
    con.execute("create table named (id int primary key, name text not null)")

    with con.cursor() as cur, pytest.raises(Exception, match="not-null"):
        insert_frame(cur, "named", ROWS)


def test_an_empty_frame_is_no_statement(con):
    with con.cursor() as cur:
        assert insert_frame(cur, "no_such_table", ROWS.clear()) == 0
