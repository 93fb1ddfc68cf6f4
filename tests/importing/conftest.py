"""Sets with versions are the same in every layout that has a place for sets: its tests run on two."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from enrich.database.migrations import migrate
from enrich.settings import Settings

LAYOUTS = Path(__file__).parents[1] / "layouts"


#: For modules whose tests are to run on both.
_OLDER = pytest.param("older", marks=pytest.mark.slow)
BOTH = pytest.mark.parametrize("database", ["today", _OLDER], indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Settings:
    """Settings of an empty installation, migrated: of today's layout, or of the one without `setlists`."""
    if getattr(request, "param", "today") == "today":
        today: Settings = request.getfixturevalue("database")
        return today
    settings: Settings = request.getfixturevalue("blank_database")
    tables = "".join(
        (LAYOUTS / f"{part}.sql").read_text().split("insert into")[0] for part in ("common", "older", "status")
    )
    assert settings.database_url is not None
    with psycopg.connect(settings.database_url.get_secret_value()) as con:
        con.execute(f"set search_path to public; {tables}")  # type: ignore[arg-type]
    migrate(settings)
    return settings
