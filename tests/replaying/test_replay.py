"""History replayed end to end on a scratch Postgres: nothing known too early, nothing left behind."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

import enrich
from enrich.cooldown import migrate, process, stats
from enrich.database import server
from enrich.database.connection import connect
from enrich.errors import EnrichError
from enrich.frames.files import write_table
from enrich.pipeline.cycle import trigger
from enrich.replaying.running import History, periods, walk
from enrich.replaying.unknowns import Promos, plant_promos
from enrich.settings import Settings
from enrich.tracklists.reading import read_tracklists

DAY = date(2010, 1, 1)
#: Two words nobody else has, so that a title means its recording.
FIRST = ["Silent", "Golden", "Frozen", "Hollow", "Burning", "Distant", "Broken", "Velvet", "Crimson", "Electric"]
SECOND = ["Harbour", "Meadow", "Lantern", "Canyon", "Temple", "Mirror", "Garden", "Comet"]
POLICY = "default,artist:same-title=0.3"


def _history():
    """60 recordings, each played twice in its first weeks and once more after nine."""
    rows = []
    for n in range(60):
        title = f"{FIRST[n % 10]} {SECOND[n // 10]} Night"
        rows += [(n % 12 * 7 + offset, f"Band of {n // 3} Men", title, "Label") for offset in (0, 14, 63)]
    plays = (
        pl.DataFrame(rows, schema=["day", "artist", "title", "label"], orient="row")
        .sort("day", "title")
        .with_columns(
            set_id=pl.format("set-{}", "day"),
            set_name=pl.format("Radio {}", "day"),
            dj=pl.lit("Resident"),
            set_date=pl.lit(DAY) + pl.duration(days="day"),
            position=(pl.int_range(pl.len()).over("day") + 1).cast(pl.Int32),
        )
    )
    return plays.drop("day")


@pytest.fixture(scope="module")
def tracklists(tmp_path_factory):
    return write_table(_history(), tmp_path_factory.mktemp("history") / "history.parquet")


@pytest.fixture(scope="module")
def replayed(tracklists, tmp_path_factory):
    home = tmp_path_factory.mktemp("replay")
    settings = Settings(_env_file=None, database_url=None, data_dir=home)
    steps = []
    result = enrich.replay(
        tracklists, settings=settings, step_days=48, out=home / "replay.json", policy=POLICY,
        promos=Promos(share=0.4, seed=2), history=History(end=DAY + timedelta(days=239)),
        on_step=lambda step, count: steps.append((step.ends, count)),
    )  # fmt: skip
    return home, result, steps


def test_promos_get_their_names_rightly_and_none_before_it_was_played(replayed):
    _, result, _ = replayed
    outcomes = result.outcomes
    kept, hidden = outcomes.filter(kind="title kept"), outcomes.filter(kind="title hidden")

    assert kept.height > 10
    assert hidden.height > 10
    found = kept.drop_nulls("found_artist")
    assert found.height > 0.9 * kept.height
    assert found["right"].all()
    assert (found["found_on"] > found["known_from"]).all()
    assert (found["days"] >= 49).all()
    # Without a title there is nothing that leads from the slot to the name.
    assert hidden["found_artist"].null_count() == hidden.height
    assert set(found["source"]) <= {"same-title", "named-later"}
    assert (found["retries"] >= 1).all()


def test_the_file_holds_figures_curve_and_names(replayed):
    home, result, _ = replayed
    told = json.loads((home / "replay.json").read_text(encoding="utf-8"))

    assert told["history"]["sets"] == 21
    assert told["history"]["slots"] == 180
    assert told["recovery"]["projected_percent"] == [15.0, 25.0]
    assert len(told["resolved"]) == result.resolved().height > 0
    assert {"set_id", "position", "found_artist", "true_artist", "right", "days"} <= told["resolved"][0].keys()
    assert told["parameters"]["policy"] == POLICY
    (row,) = [r for r in told["by_source"] if r["source"] == "same-title"]
    assert row["written"] == row["written_right"]
    assert {r["kind"] for r in told["curve"]} == {"all", "title kept", "title hidden"}


def test_it_tells_of_each_step_and_leaves_nothing_behind(replayed):
    home, result, steps = replayed

    assert [ends for ends, _ in steps] == [DAY + timedelta(days=48 * n) for n in range(1, 6)]
    assert {count for _, count in steps} == {5}
    assert sum(step.sets for step in result.steps) == 21
    assert list((home / "scratch").iterdir()) == []
    assert not (home / "postgres").exists()


def test_the_named_database_is_not_touched(database, tracklists):
    with connect(database) as con:
        con.execute("insert into artists (name, normalized_name) values ('Mine', 'mine')")

    result = enrich.replay(tracklists, settings=database, step_days=200, promos=Promos(share=0.2))

    assert result.outcomes.height > 0
    with connect(database) as con:
        assert con.execute("select name from artists").fetchall() == [("Mine",)]
        assert con.execute("select count(*) from setlists").fetchone() == (0,)


@pytest.mark.slow
def test_what_a_killed_replay_left_is_removed(tracklists, tmp_path):
    left = tmp_path / "scratch" / "dead"
    left.mkdir(parents=True)
    (left / "alive.lock").touch()
    stale = Settings(_env_file=None, database_url=None, data_dir=left)
    server.start(stale)
    pid = server.status(stale).pid

    enrich.replay(tracklists, settings=Settings(_env_file=None, data_dir=tmp_path), step_days=400)

    assert pid is not None
    assert not server.status(stale).running
    assert not left.exists()


@pytest.mark.slow
def test_a_track_gets_five_retries_with_the_periods_of_the_rules_and_then_stays_failed(database, tmp_path):
    lone = pl.DataFrame(
        {"set_id": ["s"], "set_date": [DAY], "dj": ["D"], "position": [1], "artist": ["ID"], "title": ["ID"]}
    )
    now = datetime(2010, 1, 2, tzinfo=UTC)
    enrich.import_(write_table(lone, tmp_path / "lone.parquet"), settings=database, now=now)
    waits = []

    trigger(database, now=now, apply=True)
    migrate(database, now=now)
    for retry in range(1, 6):
        due = stats(database, now=now).next_retry_time
        waits.append((due - now).days)
        assert process(database, now=due - timedelta(hours=1)).retrieved == 0
        now = due
        assert process(database, now=now).retrieved == 1
        cycle = trigger(database, now=now, apply=True)
        assert (cycle.back_in_cooldown, cycle.failed) == ((1, 0) if retry < 5 else (0, 1))

    # adaptive: 45 while young, then 90 × (1 + 0.5 × attempt)
    assert waits == [45, 135, 180, 225, 270]
    later = now + timedelta(days=4000)
    assert process(database, now=later).retrieved == 0
    assert migrate(database, now=later).asdict()["stats"] == {"candidates": 1, "migrated": 0, "skipped": 1}
    assert stats(database, now=later).permanently_failed == 1
    with connect(database) as con:
        assert con.execute("select status, retry_count from enrichment_status").fetchone() == ("failed", 5)


@pytest.mark.slow
def test_walking_counts_what_waits_and_what_is_spent(database, tracklists):
    slots = read_tracklists(tracklists).slots
    seen, _ = plant_promos(slots.head(8), Promos(seed=1, share=1.0))

    done = list(walk(database, seen, steps=periods(DAY, DAY + timedelta(days=7 * 400), step_days=400)))

    assert done[0].into_cooldown == 8
    assert [step.retried for step in done[1:]] == [8] * 5 + [0] * 2
    assert done[-2].permanently_failed == 0  # nothing happened in that step
    assert done[5].permanently_failed == 8
    assert stats(database, now=datetime(2030, 1, 1, tzinfo=UTC)).permanently_failed == 8


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"step_days": 0}, "at least one day"),
        ({"promos": {"share": 2.0}}, "between 0 and 1"),
        ({"promos": {"weeks": 0}}, "one week"),
        ({"strategy": "hopeful"}, "known are"),
        ({"policy": "nonsense"}, "ENRICH_AUTO_ACCEPT"),
        ({"history": {"dj": "Nobody"}}, "no dated set"),
        ({"history": {"start": date(2050, 1, 1)}}, "no dated set"),
    ],
)
def test_nonsense_is_refused_in_one_line_before_any_work(tracklists, tmp_path, wrong, words):
    def ask():
        kinds = {"promos": Promos, "history": History}
        options = {name: kinds[name](**value) if name in kinds else value for name, value in wrong.items()}
        enrich.replay(tracklists, settings=Settings(_env_file=None, data_dir=tmp_path), **options)

    with pytest.raises(EnrichError, match=words) as error:
        ask()

    assert "\n" not in str(error.value)
    assert not (tmp_path / "scratch").exists()


def test_truth_without_its_columns_and_an_unwritable_place_are_refused(tracklists, tmp_path):
    settings = Settings(_env_file=None, data_dir=tmp_path)
    bad = write_table(pl.DataFrame({"set_id": ["a"]}), tmp_path / "truth.csv")

    with pytest.raises(EnrichError, match="column position, true_artist is missing"):
        enrich.replay(tracklists, settings=settings, truth=bad)
    with pytest.raises(EnrichError, match="cannot be written"):
        enrich.replay(tracklists, settings=settings, out=tmp_path / "none" / "x.json")


@pytest.mark.shared
@pytest.mark.slow
def test_a_year_of_real_sets(shared_data, tmp_path):
    result = enrich.replay(
        shared_data / "tracklists.parquet", settings=Settings(_env_file=None, data_dir=tmp_path), step_days=120,
        history=History(sets="a state of trance", end=date(2002, 7, 31)), policy=POLICY,
        truth=shared_data / "id_resolved.parquet",
    )  # fmt: skip

    found = result.resolved()
    assert result.outcomes.height > 150
    assert found.height >= 5
    judged = found["right"].drop_nulls()
    assert judged.mean() > 0.7
    assert (found["days"] >= 0).all()
