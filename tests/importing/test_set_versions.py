"""A set is a document with versions: what a later file says of it, what is kept, and taking it back."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from enrich.database.connection import connect
from enrich.importing.running import import_, undo_import
from enrich.ledger.proposals import proposals
from enrich.ledger.review import accept
from enrich.ledger.writing import writeback
from enrich.pipeline.cycle import trigger
from enrich.settings import Settings
from tests.importing.conftest import BOTH
from tests.importing.test_importing import NOW, TABLES, _dump, _query

LATER = datetime(2026, 5, 1, tzinfo=UTC)
NAMES = [("Alpha", "Night"), ("Beta", "Day"), (None, "ID"), ("Gamma", "Dusk"), ("Delta", "Dawn"), ("Eta", "Foam")]
pytestmark = BOTH


def _file(folder: Path, names: list[tuple[str | None, str]], name: str = "a.jsonl", **more: Any) -> Path:
    rows = [{"set_id": "s", "position": i, "artist": a, "title": t, **more} for i, (a, t) in enumerate(names, start=1)]
    (folder / name).write_text("\n".join(map(json.dumps, rows)))
    return folder / name


def _listing(settings: Settings, set_id: str = "s") -> list[tuple[Any, ...]]:
    return _query(
        settings,
        f"""select p.position, string_agg(a.name, ' & ' order by c.position), t.title from setlist_tracks p
        join setlists s on s.id = p.setlist_id join tracks t on t.id = p.track_id
        left join track_artists c on c.track_id = t.id and c.role = 'primary' left join artists a on a.id = c.artist_id
        where s.source_id = '{set_id}' group by p.position, t.title order by 1""",
    )


def _state(settings: Settings) -> dict[str, Any]:
    """All rows but the time of the last change, which the database keeps itself."""
    of = "select (to_jsonb(t) - 'updated_at')::text from {} as t order by 1"
    return {table: _query(settings, of.format(table)) for table in TABLES}


def _numbered(names: list[tuple[str | None, str]]) -> list[tuple[Any, ...]]:
    return [(i, a, t) for i, (a, t) in enumerate(names, start=1)]


@pytest.mark.parametrize(
    ("later", "expected", "relations"),
    [
        pytest.param(NAMES, NAMES, {}, id="the-same"),
        pytest.param([*NAMES[:1], ("New", "One"), *NAMES[1:]], None, {"inserted": 1, "shifted": 5}, id="inserted"),
        pytest.param([*NAMES[:1], *NAMES[2:]], None, {"removed": 1, "shifted": 4}, id="removed"),
        pytest.param(NAMES[:3], NAMES, {}, id="only-the-beginning"),
        pytest.param(NAMES[:5], NAMES[:5], {"removed": 1}, id="without-the-last"),
        pytest.param([*NAMES[:2], ("Zeta", "Sea"), *NAMES[3:]], None, {"named": 1}, id="named"),
        pytest.param([*NAMES[:4], ("Other", "Tune"), *NAMES[5:]], NAMES, {"renamed": 1}, id="renamed"),
        pytest.param([("ALPHA", "night!"), *NAMES[1:]], NAMES, {}, id="case-and-marks"),
    ],
)  # fmt: skip
def test_a_later_version(
    database: Settings, tmp_path: Path, later: list[Any], expected: list[Any] | None, relations: dict[str, int]
) -> None:
    import_(_file(tmp_path, NAMES), settings=database, now=NOW)
    result = import_(_file(tmp_path, later), settings=database, now=LATER)

    assert dict(result.changes.group_by("relation").len().iter_rows()) == relations
    assert _listing(database) == _numbered(expected or later)
    assert result.plays + result.already_there == len(later)
    before = _dump(database)
    again = import_(tmp_path / "a.jsonl", settings=database, now=datetime(2026, 6, 1, tzinfo=UTC))
    assert _dump(database) == before
    assert again.run_id is None
    if result.run_id:
        assert _query(database, "select count(*) from enrich_runs where command = 'import'") == [(2,)]


def test_undo_is_exact_and_the_former_version_stays_readable(database: Settings, tmp_path: Path) -> None:
    import_(_file(tmp_path, NAMES, label="Deepwell"), settings=database, now=NOW)
    before = _dump(database)
    result = import_(_file(tmp_path, [*NAMES[:1], ("New", "One"), *NAMES[1:]]), settings=database, now=LATER)
    versions = _query(database, "select version, file is null, said_at, listing from enrich_set_versions order by 1")

    assert result.run_id
    assert [(v, bare, at) for v, bare, at, _ in versions] == [(1, True, NOW), (2, False, LATER)]
    assert [(row["artist"], row["title"]) for row in versions[0][3]] == NAMES
    undone = undo_import(result.run_id, settings=database, now=LATER)
    assert (undone.sets_restored, undone.kept) == (1, 0)
    assert _dump(database) == before


def test_undo_of_a_first_import_leaves_nothing(database: Settings, tmp_path: Path) -> None:
    result = import_(_file(tmp_path, NAMES, dj="Mira Sol"), settings=database, now=NOW)
    assert result.run_id
    undo_import(result.run_id, settings=database, now=LATER)

    assert all(not rows for table, rows in _dump(database).items() if table in TABLES)


NAMED = [*NAMES[:2], ("Zeta", "Sea"), *NAMES[3:]]


def test_an_id_that_has_a_name_now_is_accepted_where_its_place_is_certain(database: Settings, tmp_path: Path) -> None:
    import_(_file(tmp_path, NAMES), settings=database, now=NOW)
    _query(
        database,
        "update enrichment_status set status = 'pending_re_enrichment', retry_after = '2027-01-01' returning 1",
    )
    before = _state(database)
    done = import_(_file(tmp_path, NAMED), settings=database, now=LATER)
    found = proposals(database)

    assert found.select("kind", "value", "source", "status", "decided_by").rows() == [
        ("identity", "Zeta - Sea", "rescraped", "written", "policy:default")
    ]
    assert (done.identities_accepted, done.identities_waiting) == (1, 0)
    assert _listing(database) == _numbered(NAMED)
    assert len(_query(database, "select from enrich_set_versions")) == 2
    assert done.run_id
    undo_import(done.run_id, settings=database, now=LATER)
    assert _state(database) == before
    assert _query(database, "select from enrich_writes where undone_at is null") == []

    again = import_(_file(tmp_path, NAMED), settings=database, now=LATER)
    assert again.identities_accepted == 1
    assert _listing(database) == _numbered(NAMED)


def test_without_a_policy_a_name_waits_for_the_next_cycle(database: Settings, tmp_path: Path) -> None:
    nobody = database.model_copy(update={"auto_accept": "none"})
    import_(_file(tmp_path, NAMES), settings=nobody, now=NOW)
    done = import_(_file(tmp_path, NAMED), settings=nobody, now=LATER)
    assert proposals(database)["status"].to_list() == ["proposed"]
    assert (done.identities_accepted, done.identities_waiting) == (0, 1)

    cycle = trigger(database.model_copy(update={"sources": ()}), now=LATER, apply=True)

    assert cycle.identities_updated == 1
    assert _listing(database) == _numbered(NAMED)


BESIDE = [*NAMES[:2], ("Vale", "Ember"), ("Ruth", "Tide"), *NAMES[3:]]


def test_an_id_beside_a_row_that_was_missing(database: Settings, tmp_path: Path) -> None:
    import_(_file(tmp_path, NAMES), settings=database, now=NOW)
    before = _state(database)["setlist_tracks"]
    done = import_(_file(tmp_path, BESIDE), settings=database, now=LATER)
    found = proposals(database).sort("value")

    # The set is right at once; which of the two rows the unknown was is for a person.
    assert _listing(database) == _numbered(BESIDE)
    assert (done.identities_accepted, done.identities_waiting) == (0, 2)
    assert found.select("value", "status").rows() == [("Ruth - Tide", "proposed"), ("Vale - Ember", "proposed")]
    assert found["confidence"].is_between(0.45, 0.55).all()
    assert "s has 2 more rows where it had ID; one is Vale - Ember" in found["evidence"][1]
    assert import_(tmp_path / "a.jsonl", settings=database, now=LATER).run_id is None

    accept(database, [found["proposal_id"][1]], by="ana", now=LATER)
    assert writeback(database, now=LATER, apply=True).identities_written == 1
    settled = "select e.status from enrichment_status e join tracks t on t.id = e.track_id where t.title = 'ID'"
    assert _query(database, settled) == [("completed",)]
    assert done.run_id
    undo_import(done.run_id, settings=database, now=LATER)
    assert _state(database)["setlist_tracks"] == before


@pytest.mark.parametrize("by_cue", [True, False], ids=["cue", "gap-in-the-numbers"])
def test_an_id_whose_place_is_told_is_named_at_once(database: Settings, tmp_path: Path, by_cue: bool) -> None:
    def file(names: list[tuple[str | None, str]], at: list[int]) -> Path:
        rows = [
            {
                "set_id": "s",
                "artist": a,
                "title": t,
                **({"position": n, "cue_seconds": i * 300} if by_cue else {"position": i}),
            }
            for n, (i, (a, t)) in enumerate(zip(at, names, strict=True), start=1)
        ]
        (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
        return tmp_path / "a.jsonl"

    import_(file(NAMES, [1, 2, 4, 5, 6, 7]), settings=database, now=NOW)
    done = import_(file(BESIDE, [*range(1, 8)]), settings=database, now=LATER)

    assert (done.identities_accepted, done.identities_waiting) == (1, 0)
    assert proposals(database)["value"].to_list() == ["Ruth - Tide"]
    assert _listing(database) == _numbered(BESIDE)


def test_a_name_against_a_name_is_for_review(database: Settings, tmp_path: Path) -> None:
    import_(_file(tmp_path, NAMES), settings=database, now=NOW)
    import_(_file(tmp_path, [*NAMES[:4], ("Other", "Tune"), *NAMES[5:]]), settings=database, now=LATER)

    assert proposals(database).select("value", "status").rows() == [("Other - Tune", "conflict")]


def test_keys_are_matched_against_the_whole_database(database: Settings, tmp_path: Path) -> None:
    def one(set_id: str, artist: str | None, title: str) -> Path:
        row = {"set_id": set_id, "position": 1, "artist": artist, "title": title, "track_key": "k9"}
        (tmp_path / f"{set_id}.jsonl").write_text(json.dumps(row))
        return tmp_path / f"{set_id}.jsonl"

    import_(one("s1", None, "ID"), settings=database, now=NOW)
    import_(one("s2", "Zeta", "Sea"), settings=database, now=LATER)
    import_(one("s3", None, "ID"), settings=database, now=LATER)

    assert _listing(database, "s3") == [(1, "Zeta", "Sea")]
    assert proposals(database).select("value", "source").rows() == [("Zeta - Sea", "same-key")]
    assert _listing(database, "s1") == [(1, "Zeta", "Sea")]


def test_keys_imported_before_they_were_recorded(database: Settings, tmp_path: Path) -> None:
    def one(set_id: str, artist: str | None, title: str) -> Path:
        row = {"set_id": set_id, "position": 1, "artist": artist, "title": title, "track_key": "k9"}
        (tmp_path / f"{set_id}.jsonl").write_text(json.dumps(row))
        return tmp_path / f"{set_id}.jsonl"

    forget = "delete from enrich_track_keys returning 1"
    import_(one("s1", None, "ID"), settings=database, now=NOW)
    _query(database, forget)
    # The same file again puts its keys on record; another one meets the unknown without.
    import_(tmp_path / "s1.jsonl", settings=database, now=LATER)
    assert _query(database, forget) == [(1,)]
    import_(one("s2", "Zeta", "Sea"), settings=database, now=LATER)

    assert proposals(database).select("value", "source").rows() == [("Zeta - Sea", "same-key")]
    assert _listing(database, "s1") == [(1, "Zeta", "Sea")]


def test_a_key_whose_track_its_owner_deleted_means_the_track_that_comes_again(
    database: Settings, tmp_path: Path
) -> None:
    rows = [{"set_id": "s", "position": 1, "artist": "ID", "title": "ID", "is_id": True, "track_key": "k1"}]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    import_(tmp_path / "a.jsonl", settings=database, now=NOW)
    with connect(database) as con:
        con.execute("delete from setlist_tracks")
        con.execute("delete from enrichment_status")
        con.execute("delete from tracks")

    import_(tmp_path / "a.jsonl", settings=database, now=LATER)

    assert _query(database, "select count(*) from setlist_tracks p join tracks t on t.id = p.track_id") == [(1,)]
    on_record = "select count(*) from enrich_track_keys k join tracks t on t.id = k.track_id where track_key = 'k1'"
    assert _query(database, on_record) == [(1,)]


def test_one_name_and_other_content_are_two_sets(database: Settings, tmp_path: Path) -> None:
    for i, text in enumerate(
        ("01. A - One\n02. B - Two\n", "01. C - Three\n02. D - Four\n", "01. C - Three\n02. E - Five\n")
    ):
        (tmp_path / str(i)).mkdir()
        (tmp_path / str(i) / "set.txt").write_text(text)
    first = import_([tmp_path / "0" / "set.txt", tmp_path / "1" / "set.txt"], settings=database, now=NOW)
    again = import_(tmp_path / "1" / "set.txt", settings=database, now=LATER)
    edited = import_(tmp_path / "2" / "set.txt", settings=database, now=LATER)

    assert (first.sets, again.sets, again.plays, edited.sets) == (2, 0, 0, 0)
    assert any("another set has this name" in reason for reason in first.warnings["reason"])


@pytest.mark.shared
def test_forty_real_sets_with_ids_and_gaps_and_then_whole(
    database: Settings, shared_data: Path, tmp_path: Path
) -> None:
    table = pl.read_parquet(shared_data / "tracklists.parquet")
    named = (
        table.group_by("set_id")
        .agg(n=pl.len(), ids=pl.col("is_id").sum())
        .filter(pl.col("n") >= 12, pl.col("ids") == 0)
    )
    chosen = named["set_id"].sort().sample(40, seed=7)
    whole = table.filter(pl.col("set_id").is_in(chosen.implode())).sort("set_id", "position")
    whole = whole.with_columns(pl.int_range(1, pl.len() + 1).over("set_id").cast(pl.Int32).alias("position"))
    draw = random.Random(5)
    fate = pl.Series([draw.random() for _ in range(whole.height)])
    worn = whole.filter(fate >= 1 / 12).with_columns(hidden=fate.filter(fate >= 1 / 12) < 1 / 12 + 1 / 7)
    for column, blank in (("artist", None), ("title", "ID"), ("label", None)):
        worn = worn.with_columns(pl.when("hidden").then(pl.lit(blank)).otherwise(column).alias(column))
    worn = worn.with_columns(
        pl.int_range(1, pl.len() + 1).over("set_id").cast(pl.Int32).alias("position"), is_id="hidden"
    ).drop("hidden")
    worn.write_parquet(tmp_path / "sets.parquet")
    import_(tmp_path / "sets.parquet", settings=database, now=NOW)
    parked = "update enrichment_status set status = 'pending_re_enrichment', retry_after = '2027-01-01' returning 1"
    _query(database, parked)
    before = _state(database)
    named_before = _query(database, "select id, title, normalized_title from tracks order by 1")
    whole.write_parquet(tmp_path / "sets.parquet")
    result = import_(tmp_path / "sets.parquet", settings=database, now=LATER)

    right = _right(database, whole)
    lengths = _query(
        database,
        "select s.source_id, count(*) from setlists s join setlist_tracks p on p.setlist_id = s.id group by 1",
    )
    assert dict(lengths) == dict(whole.group_by("set_id").len().iter_rows())
    assert right >= 0.985 * whole.height, (right, whole.height, result.changes["relation"].value_counts().rows())
    assert result.run_id
    undo_import(result.run_id, settings=database, now=LATER)
    # Labels that the files fill in stay: they are facts of theirs.
    after = _state(database)
    assert {table for table in after if after[table] != before[table]} <= {"tracks"}
    titles = "select id, title, normalized_title from tracks order by 1"
    assert _query(database, titles) == named_before


def _right(settings: Settings, whole: pl.DataFrame) -> int:
    """Slots whose track is called as the file says, but for case and marks."""
    from enrich.text.normalise import fold, title_key

    rows = _query(
        settings,
        """select s.source_id, p.position, t.title from setlist_tracks p join setlists s on s.id = p.setlist_id
        join tracks t on t.id = p.track_id""",
    )
    there = pl.DataFrame(rows, schema={"set_id": pl.String, "position": pl.Int32, "there": pl.String}, orient="row")
    both = whole.join(there, on=["set_id", "position"])
    return both.filter(fold(title_key(pl.col("title"))) == fold(title_key(pl.col("there")))).height
