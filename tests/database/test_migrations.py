from enrich.database.connection import connect
from enrich.database.migrations import applied, migrate


def test_a_migrated_database_has_all_of_them(database):
    with connect(database) as con:
        assert [step.version for step in applied(con)] == [1, 8, 9]
    assert migrate(database).applied == ()


def test_blank_then_migrated(blank_database):
    with connect(blank_database) as con:
        assert applied(con) == []
    assert migrate(blank_database).applied == ("001_musicdb", "008_cooldown_queue", "009_ledger")
