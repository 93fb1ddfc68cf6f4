"""The demo world: exactly the specification's current state, deterministic, and believable row by row."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from enrich.demo.cast import error_texts, label_names, words
from enrich.demo.tracks import LOTS
from enrich.demo.world import CATALOGUE, TABLES, World, build_world
from enrich.text.normalise import label_key
from enrich.text.words import is_unknown_artist, is_unknown_title

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(seed=20251, now=NOW)


def label_hint(metadata: str | None) -> str | None:
    value = json.loads(metadata) if metadata else None
    original = value.get("original_data") if isinstance(value, dict) else None
    return original.get("label") if isinstance(original, dict) else None


@pytest.mark.parametrize("seed", [0, 1, 20251, 987654321])
def test_starts_at_the_specifications_current_state(seed):
    tables = build_world(seed=seed, now=NOW).tables
    status = tables["enrichment_status"].join(
        tables["tracks"].select(
            "metadata",
            track_id="id",
            hint=pl.col("metadata").map_elements(label_hint, return_dtype=pl.String, skip_nulls=True),
        ),
        on="track_id",
    )
    failed = status.filter(pl.col("status") == "failed")

    assert status.height == 2213
    assert (status["status"] == "completed").sum() == 1578
    assert failed.height == 635
    assert failed["hint"].is_not_null().sum() == 26
    assert failed["is_retriable"].sum() == 164
    assert (~failed["is_retriable"]).sum() == 471
    assert round(100 * 1578 / 2213, 1) == 71.3


def test_equal_seed_and_day_give_equal_rows(world):
    again = build_world(seed=20251, now=NOW)

    for table, frame in world.tables.items():
        assert frame.equals(again.tables[table]), table
    assert world.catalogue.equals(again.catalogue)


def test_another_seed_is_another_world(world):
    other = build_world(seed=7, now=NOW)

    assert not set(world.tables["tracks"]["id"]) & set(other.tables["tracks"]["id"])


def test_failed_tracks_have_no_artist_and_named_ones_do(world):
    tables = world.tables
    primary = (
        tables["track_artists"]
        .filter(pl.col("role") == "primary")
        .join(tables["artists"].select("name", artist_id="id"), on="artist_id")
        .filter(~is_unknown_artist(pl.col("name")))["track_id"]
    )
    kinds = dict(tables["enrich_demo_truth"].select("track_id", "kind").iter_rows())

    assert {kind for track, kind in kinds.items() if track in set(primary)} == {"known"}
    assert sum(kind == "known" for kind in kinds.values()) == len(set(primary))


def test_kinds_are_as_planned(world):
    planned: dict[str, int] = {}
    for lot in LOTS:
        planned[lot.kind] = planned.get(lot.kind, 0) + lot.count
    counted = world.tables["enrich_demo_truth"].filter(pl.col("kind") != "known")["kind"].value_counts()

    assert dict(counted.iter_rows()) == planned


def test_rows_fit_together(world):
    tables = world.tables
    tracks, artists = set(tables["tracks"]["id"]), set(tables["artists"]["id"])

    assert set(tables["track_artists"]["track_id"]) <= tracks
    assert set(tables["track_artists"]["artist_id"]) <= artists
    assert not tables["track_artists"].select("track_id", "artist_id", "role").is_duplicated().any()
    assert set(tables["setlist_tracks"]["track_id"].drop_nulls()) <= tracks
    assert not tables["setlist_tracks"].select("setlist_id", "position").is_duplicated().any()
    assert not tables["playlist_tracks"].select("playlist_id", "track_id").is_duplicated().any()
    assert not tables["artists"]["normalized_name"].is_duplicated().any()
    assert not tables["tracks"]["isrc"].drop_nulls().is_duplicated().any()
    assert tables["tracks"]["isrc"].drop_nulls().str.len_chars().eq(12).all()
    played = set(tables["setlist_tracks"]["track_id"]) | set(tables["playlist_tracks"]["track_id"])
    assert tracks <= played


def test_promos_are_played_before_their_release(world):
    tables = world.tables
    plays = (
        tables["setlist_tracks"]
        .join(tables["setlists"].select(setlist_id="id", day=pl.col("set_date").dt.date()), on="setlist_id")
        .join(tables["enrich_demo_truth"], on="track_id")
        .drop_nulls(["released_on", "day"])
        .filter(pl.col("kind").is_in(["promo_id", "promo_title", "working_title"]))
    )
    bare = (
        tables["enrich_demo_slot_truth"]
        .join(tables["setlists"].select(setlist_id="id", day=pl.col("set_date").dt.date()), on="setlist_id")
        .drop_nulls("day")
    )

    assert plays.height > 300
    assert (plays["day"] <= plays["released_on"]).mean() > 0.97
    assert bare.height > 100
    assert (bare["day"] < bare["released_on"]).all()


def test_nothing_lies_after_now(world):
    for table, frame in world.tables.items():
        for column, dtype in frame.schema.items():
            if isinstance(dtype, pl.Datetime) and frame[column].len():
                assert frame[column].max() <= NOW, (table, column)


def test_dirt_of_real_databases_is_there(world):
    tables = world.tables
    titles = tables["tracks"]["title"]
    metadata = tables["tracks"]["metadata"]
    labels = {label_hint(m) for m in metadata} - {None}
    slots = tables["setlist_tracks"].sort("setlist_id", "position")

    assert {"White", "CDR", "Promo"} <= labels
    spellings = pl.DataFrame({"label": sorted(labels)}).group_by(key=label_key(pl.col("label"))).len()
    assert spellings.filter(pl.col("len") >= 3).height >= 10
    assert len(labels & {"Black Hole", "Blackhole", "Black Hole Recordings", "BLACK HOLE"}) >= 2
    assert metadata.null_count() > 50
    assert (metadata == "null").sum() > 10
    assert (metadata == '{"original_data": null}').sum() > 50
    assert titles.str.contains(r"\(Original Mix\)$").sum() > 100
    assert titles.str.contains(r"^(New |Unreleased )?ID \(").sum() >= 40
    assert is_unknown_title_count(titles) >= 60
    assert titles.str.contains(r" vs\.? ").sum() > 30
    assert {"Unknown Artist", "ID"} <= set(tables["artists"]["name"])
    assert tables["setlists"]["set_date"].null_count() > 3
    assert tables["playlists"].height > 10
    gaps = slots.with_columns(step=pl.col("position").diff().over("setlist_id"))
    assert (gaps["step"] > 1).sum() > 10


def is_unknown_title_count(titles: pl.Series) -> int:
    return titles.to_frame("title").select(is_unknown_title(pl.col("title")).sum()).item()


def test_some_sets_were_imported_twice(world):
    tables = world.tables
    twice = (
        tables["setlists"]
        .group_by("performer_id", "metadata", pl.col("set_date").dt.date())
        .agg(pl.col("source").n_unique(), pl.len())
    )

    assert twice.filter((pl.col("len") == 2) & (pl.col("source") == 2)).height >= 12


def test_worked_example_stands_in_three_sets(world):
    tables = world.tables
    truth = tables["enrich_demo_truth"]
    unknown = truth.filter((pl.col("true_title") == "Northern Tide") & (pl.col("kind") == "promo_id"))["track_id"][0]
    slots = (
        tables["setlist_tracks"]
        .join(tables["setlists"].select("metadata", "performer_id", setlist_id="id"), on="setlist_id")
        .join(truth.select("track_id", "true_artist", "true_title"), on="track_id", how="left")
        .sort("setlist_id", "position")
    )
    around = slots.with_columns(
        before=pl.col("true_title").shift(1).over("setlist_id"), after=pl.col("true_title").shift(-1).over("setlist_id")
    ).filter(pl.col("track_id") == unknown)
    dj = tables["performers"].filter(pl.col("name") == "Above & Beyond")

    assert around.height == 3
    assert around["before"].to_list() == ["Frozen Ground"] * 3
    assert around["after"].to_list() == ["Rainy Road"] * 3
    assert around["performer_id"].unique().to_list() == dj["id"].to_list()
    assert "ABGT 500 London" in [json.loads(m)["name"] for m in around["metadata"]]
    assert json.loads(dj["metadata"][0]) == {"label": "Anjunabeats"}
    lost = tables["tracks"].filter(pl.col("title") == "Frozen Ground").join(truth, left_on="id", right_on="track_id")
    assert set(lost["kind"]) >= {"artist_lost"}


def test_catalogue_holds_the_past_and_the_year_to_come(world):
    catalogue, truth = world.catalogue, world.tables["enrich_demo_truth"]
    later = truth.filter((pl.col("released_on") > NOW.date()) & (pl.col("kind") == "promo_title"))

    assert catalogue.schema == CATALOGUE
    assert (catalogue["release_date"] > NOW.date()).sum() > 200
    assert catalogue["release_date"].max() < (NOW + timedelta(days=1000)).date()
    assert catalogue["is_compilation"].mean() > 0.03
    assert (catalogue["remixer"].is_not_null()).mean() > 0.1
    assert later.height >= 52
    listed = later.join(catalogue, left_on="true_title", right_on="title")
    assert listed["track_id"].n_unique() > 0.9 * later.height


def test_nothing_findable_stands_in_the_titles_of_others(world):
    """Promos are not in the catalogue before their day: their earliest listing is their release."""
    truth = world.tables["enrich_demo_truth"].filter(pl.col("kind") == "promo_title").drop_nulls("released_on")
    first = world.catalogue.group_by("title").agg(pl.col("release_date").min())
    joined = truth.join(first, left_on="true_title", right_on="title")

    assert (joined["release_date"] >= joined["released_on"]).mean() > 0.9


def test_tables_have_their_schema(world):
    assert set(world.tables) == set(TABLES)
    for table, frame in world.tables.items():
        assert frame.schema == pl.Schema(TABLES[table]), table


def test_seed_tables_are_whole():
    assert len(label_names()) > 30
    assert not pl.Series([name for _, name in label_names()]).is_duplicated().any()
    assert not any("," in name for kind in ("given", "family", "moniker") for name in words(kind))
    assert error_texts(retriable=True)
    assert error_texts(retriable=False)


def test_days_follow_now():
    early = build_world(seed=3, now=datetime(2024, 2, 29, tzinfo=UTC))

    assert early.tables["setlists"]["set_date"].max() <= datetime(2024, 2, 29, tzinfo=UTC)
    assert early.tables["setlists"]["set_date"].min() >= datetime(2022, 2, 1, tzinfo=UTC)
    assert early.catalogue["release_date"].min() > date(2019, 1, 1)
