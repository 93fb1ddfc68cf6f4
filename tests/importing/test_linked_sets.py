"""Two listings of one set: both kept, linked by the import that finds them, counted once, unlinked by its undo."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from enrich.database.migrations import migrate
from enrich.importing.running import import_, undo_import
from enrich.ledger.proposals import proposals
from enrich.pipeline.cycle import trigger
from enrich.settings import Settings
from enrich.snapshots.opening import open_snapshot
from enrich.snapshots.taking import snapshot
from tests.importing.conftest import BOTH
from tests.importing.test_importing import NOW, _query

SONGS = [(f"Act {n}", f"Long Song {n}") for n in range(12)]
LINKS = """select a.source_id, b.source_id from enrich_set_links l
join setlists a on a.id = l.setlist_id join setlists b on b.id = l.other_id"""
pytestmark = BOTH


def _file(folder: Path, set_id: str, songs: list[tuple[str, str]], day: str = "2021-05-01", **more: str) -> Path:
    about = {"set_id": set_id, "dj": "Nova Kai", "set_name": "Nova Kai @ Halle", "set_date": day, **more}
    rows = [{**about, "position": n, "artist": a, "title": t} for n, (a, t) in enumerate(songs, start=1)]
    (folder / f"{set_id}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder / f"{set_id}.jsonl"


def _links(settings: Settings) -> set[frozenset[str]]:
    return {frozenset(pair) for pair in _query(settings, LINKS)}


def test_a_later_import_links_counts_once_names_the_unknown_and_is_undone(database: Settings, tmp_path: Path) -> None:
    worn = [*SONGS[:4], ("ID", "ID"), *SONGS[5:]]
    import_(_file(tmp_path, "one", worn), settings=database, now=NOW)
    other = _file(tmp_path, "two", SONGS, day="2021-05-02", set_name="NOVA KAI @ Halle, Cologne")
    done = import_(other, settings=database, now=NOW + timedelta(days=1))

    assert (done.sets, done.sets_linked) == (1, 1)
    assert _links(database) == {frozenset({"one", "two"})}
    assert import_(other, settings=database, now=NOW + timedelta(days=2)).run_id is None
    with open_snapshot(snapshot(database, now=NOW + timedelta(days=2)), settings=database) as snap:
        assert snap.frame("tracklists").height == len(SONGS)
        assert snap.frame("second_listings").height == len(SONGS)
        assert snap.frame("sets")["duplicate_of"].null_count() == 1
        plays = snap.frame("tracks").filter(pl.col("is_known_artist"))["plays"]
        assert set(plays) == {1}
    trigger(database.model_copy(update={"sources": ()}), now=NOW + timedelta(days=2), apply=True)
    found = proposals(database).filter(source="other-listing")
    assert found.select("value", "status").rows() == [("Act 4 - Long Song 4", "written")]

    assert done.run_id
    undo_import(done.run_id, settings=database, now=NOW + timedelta(days=3))
    assert _links(database) == set()


@pytest.mark.parametrize(
    ("day", "name", "songs", "linked"),
    [
        pytest.param("2021-05-01", "Nova Kai @ Halle", SONGS[:8], True, id="cut-off"),
        pytest.param("2021-05-02", "Nova Kai @ Pier", SONGS, False, id="tour-nights"),
        pytest.param("2021-05-01", "Nova Kai @ Halle", SONGS[::-1], False, id="another-order"),
        pytest.param("2021-05-09", "Nova Kai @ Halle", SONGS, False, id="another-week"),
    ],
)
def test_sets_of_one_call(
    database: Settings, tmp_path: Path, day: str, name: str, songs: list[tuple[str, str]], linked: bool
) -> None:
    files = [_file(tmp_path, "one", SONGS), _file(tmp_path, "two", songs, day=day, set_name=name)]
    done = import_(files, settings=database, now=NOW)
    assert done.sets_linked == int(linked)
    assert bool(_links(database)) == linked


def test_the_migration_goes_up_and_down(database: Settings) -> None:
    migrate(database, down=True)
    assert _query(database, "select to_regclass('enrich_set_links')") == [(None,)]
    migrate(database)
    assert _query(database, LINKS) == []
