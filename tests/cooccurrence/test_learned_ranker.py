"""The learned ranker: its columns, its trees, what it refuses, and the ranking it gives."""

import json
import re
from collections import Counter
from contextlib import closing
from datetime import date
from pathlib import Path

import networkx as nx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.cooccurrence.engines import DuckDB
from enrich.cooccurrence.evaluation.replay import train_ranker
from enrich.cooccurrence.learned import Ranker, columns, count_plays, load_ranker, train
from enrich.cooccurrence.plays import load_plays, number_plays
from enrich.cooccurrence.ranking import rank
from enrich.cooccurrence.signs import SAID, SIGNS, signs
from enrich.cooccurrence.stored import SHIPPED
from enrich.errors import ModelError
from enrich.frames.schemas import RANKING


@pytest.fixture(scope="module")
def stored(world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranker")
    train_ranker(world, out=folder, now="2020-01-01T00:00:00+00:00", seed=1, sample=120)
    return folder


def columns_of(tracklists: pl.DataFrame) -> pl.DataFrame:
    """track_key, artist_key and the columns of every candidate of every unknown."""
    with closing(DuckDB()) as engine:
        load_plays(engine, tracklists)
        known = number_plays(engine)
        count_plays(engine)
        unknowns = engine.frame("learned_all_unknowns")
        found = columns(engine, known, unknowns["unknown_no"])
        names = known.names.select(pl.col("artist_no").cast(pl.Int32), "artist_key")
        return found.join(unknowns, on="unknown_no").join(names, on="artist_no").sort("track_key", "artist_key")


slots = st.fixed_dictionaries(
    {
        "set_id": st.sampled_from(["a-1", "a-2", "b-1", "b-2"]),
        "position": st.integers(1, 8),
        "artist": st.sampled_from([None, "Alpha", "Beta", "Gamma", "Alpha & Delta", "Epsilon"]),
        "title": st.sampled_from([None, "Dawn", "Dusk (Extended Mix)", "Noon"]),
    }
)
DJS = {"a-1": "Zed", "a-2": "Zed", "b-1": "Ypsilon", "b-2": "Zed b2b Ypsilon"}
DAYS = {"a-1": date(2015, 1, 1), "a-2": date(2015, 2, 1), "b-1": date(2015, 6, 1), "b-2": None}


def _world(rows: list[dict]) -> pl.DataFrame:
    kept = {(row["set_id"], row["position"]): row for row in rows}
    dressed = [{**row, "dj": DJS[row["set_id"]], "set_date": DAYS[row["set_id"]]} for row in kept.values()]
    schema = {
        "set_id": pl.String, "position": pl.Int32, "artist": pl.String, "title": pl.String, "dj": pl.String,
        "set_date": pl.Date,
    }  # fmt: skip
    return pl.DataFrame(dressed, schema=schema)


@settings(max_examples=12, deadline=None)
@given(rows=st.lists(slots, min_size=1, max_size=26))
def test_columns_are_those_of_a_graph_walked_one_unknown_at_a_time(rows):
    """networkx is the judge: plays by DJ, in the same set, near, and as DJ, counted by hand."""
    world = _world(rows)
    graph = nx.Graph()
    for row in world.to_dicts():
        slot = ("slot", row["set_id"], row["position"])
        graph.add_edge(("set", row["set_id"]), slot)
        for dj in row["dj"].split(" b2b "):
            graph.add_edge(("dj", dj.lower()), ("set", row["set_id"]))
        if row["artist"] is None:
            graph.nodes[slot]["unknown"] = True
        for artist in [] if row["artist"] is None else row["artist"].lower().split(" & "):
            graph.add_edge(slot, ("artist", artist))
    found = {(r["track_key"], r["artist_key"]): r for r in columns_of(world).to_dicts()}

    def of(node: tuple, kind: str) -> list[tuple]:
        return [other for other in graph[node] if other[0] == kind]

    unknown = [n for n in graph if graph.nodes[n].get("unknown")]
    for slot in unknown:
        place = ("set", slot[1])
        others = {s for dj in of(place, "dj") for s in of(dj, "set")} - {place}
        by_dj = Counter(a[1] for s in others for a in {a for p in of(s, "slot") for a in of(p, "artist")})
        here = {a[1] for p in of(place, "slot") for a in of(p, "artist")}
        near: Counter = Counter()
        for play in of(place, "slot"):
            for artist in of(play, "artist"):
                near[artist[1]] += 1 / max(abs(play[2] - slot[2]), 1)
        key = f"{slot[1]}#{slot[2]}"
        candidates = {artist for asked, artist in found if asked == key}
        assert set(by_dj) | here | {dj[1] for dj in of(place, "dj")} <= candidates
        for artist in candidates:
            row = found[key, artist]
            assert row["dj_sets"] == by_dj[artist]
            assert row["same"] == (artist in here)
            assert row["near"] == pytest.approx(near[artist], abs=1e-5)
            assert row["own"] == (("dj", artist) in graph[place])
            assert row["candidates"] == len(candidates)


@settings(max_examples=6, deadline=None)
@given(rows=st.lists(slots, min_size=1, max_size=26), order=st.randoms(use_true_random=False))
def test_columns_do_not_depend_on_the_order_of_rows(rows, order):
    world = _world(rows)
    shuffled = list(range(world.height))
    order.shuffle(shuffled)

    assert columns_of(world).equals(columns_of(world[shuffled]))


def test_every_column_says_what_it_is_with_its_number():
    for column, sentence in SIGNS.items():
        assert set(re.findall(r"\{(\w+)\}", sentence)) in ({"v"}, {"v", "dj"}), column
    one = {"unknown_no": 1, "artist_no": 2, "dj_no": 3, **dict.fromkeys(SAID, 0.0), "dj_near_sets": 9.0, "hot": 3.256}

    told = signs(pl.DataFrame([one]), pl.DataFrame({"dj_no": [3], "dj": ["Above & Beyond"]}))

    assert told["sentence"].to_list() == [
        "Above & Beyond played them in 9 sets within two months",
        "Played by anyone in these weeks: 3.26 recordings",
    ]


def test_training_is_deterministic(world):
    candidates = columns_of(world)
    right = candidates["near"] > 0.4

    one, two = (train(candidates, right, seed=3) for _ in range(2))

    assert one.booster.save_raw("ubj") == two.booster.save_raw("ubj")
    first = one.rank(candidates, most=1)
    assert first["unknown_no"].is_unique().all()


def test_ranking_of_real_unknowns_has_the_contract(world, stored):
    ranking = rank(world, scorer="learned", model=stored)

    assert ranking.schema == RANKING
    assert ranking["rank"].max() <= 50
    assert ranking.select(pl.col("probability", "confidence").is_between(0, 1).all()).row(0) == (True, True)
    first = ranking.filter(pl.col("rank") == 1)
    assert set(first["track_key"]) == {
        f"{s}#{p}" for s, p in world.filter(pl.col("artist").is_null()).select("set_id", "position").rows()
    }
    assert first["evidence"].list.len().min() >= 1
    shuffled = rank(world.sample(fraction=1, shuffle=True, seed=2), scorer="learned", model=stored)
    assert shuffled.equals(ranking)


def test_confidence_never_rises_with_rank_and_is_the_same_for_fewer(world, stored):
    ranking = rank(world, scorer="learned", model=stored)
    few = rank(world, scorer="learned", model=stored, max_rank=2)

    assert ranking.with_columns(rise=pl.col("confidence").diff().over("track_key"))["rise"].max() <= 0
    assert few.equals(ranking.filter(pl.col("rank") <= 2))


def test_some_unknowns_rank_as_among_all(world, stored):
    ranking = rank(world, scorer="learned", model=stored)
    some = ranking["track_key"].unique().sort().head(3)

    asked = rank(world, scorer="learned", model=stored, only=some)

    assert asked.equals(ranking.filter(pl.col("track_key").is_in(some.implode())))


def test_nothing_unknown_gives_an_empty_ranking(world, stored):
    assert rank(world.filter(pl.col("artist").is_not_null()), scorer="learned", model=stored).schema == RANKING


def test_the_stored_ranker_holds_no_names(stored):
    text = (stored / "manifest.json").read_text() + (stored / "calibration.json").read_text()

    assert "Player 1" not in text
    assert "Dj Number" not in text
    assert sum(f.stat().st_size for f in stored.iterdir()) < 1_000_000


@pytest.mark.parametrize("name", ["trees.ubj", "calibration.json"])
def test_a_changed_file_is_refused(world, stored, tmp_path, name):
    for file in stored.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes() + b" ")

    with pytest.raises(ModelError, match="changed since it was trained"):
        rank(world, scorer="learned", model=tmp_path)


def test_another_schema_is_refused(stored, tmp_path):
    for file in stored.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps(manifest | {"schema": "0123456789abcdef"}))

    with pytest.raises(ModelError, match="train it again"):
        load_ranker(tmp_path)


def test_a_missing_ranker_says_how_to_make_one(tmp_path):
    with pytest.raises(ModelError, match="train-ranker"):
        load_ranker(tmp_path / "none")


def test_the_shipped_ranker_loads_and_ranks(world):
    ranker = load_ranker()

    assert ranker.manifest["data"]["sets"] > 1000
    assert sum(f.stat().st_size for f in SHIPPED.iterdir() if f.is_file()) < 1_000_000
    assert rank(world, scorer="learned").height > 0


def test_too_little_to_train_ranker(world):
    with pytest.raises(ModelError, match="too little"):
        train(columns_of(world).clear(), pl.Series([], dtype=pl.Boolean), seed=0)


def test_the_documentation_shows_what_the_shipped_ranker_measured():
    figures = load_ranker().manifest["figures"]["scorers"]
    names = {
        "popularity": "popularity", "DJ prior": "dj_prior", "item-kNN": "item_knn", "ALS": "als",
        "formula": "formula", "learned": "learned",
    }  # fmt: skip
    page = Path(__file__).parents[2].joinpath("docs/quality.md").read_text("utf-8")

    for shown, scorer in names.items():
        row = figures[scorer]
        assert f"| {shown} | {row['hit_at_1']:.3f} | {row['hit_at_20']:.3f} |" in page
    assert isinstance(load_ranker(), Ranker)
