import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from enrich.cooccurrence.learned.building import build_corpus
from enrich.cooccurrence.learned.ranker import load_ranker, masked_examples, order, train
from enrich.cooccurrence.learned.ranking import rank_learned
from enrich.cooccurrence.stored import SHIPPED
from enrich.cooccurrence.training import train_on
from enrich.errors import ModelError
from enrich.frames.schemas import RANKING


@pytest.fixture(scope="module")
def stored(world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranker")
    train_on(world, out=folder, now="2020-01-01T00:00:00+00:00", seed=1, sample=60)
    return folder


@pytest.fixture(scope="module")
def trained(world):
    corpus = build_corpus(world)
    units = corpus.units.filter(~pl.col("is_unknown"), pl.col("sets") >= 2)["unit_no"].to_numpy()[:60]
    parts = masked_examples(corpus, units)
    return corpus, parts, train(corpus, parts, seed=0)


def test_batches_do_not_follow_the_names_of_artists(world):
    corpus = build_corpus(world)
    units = corpus.units.filter(~pl.col("is_unknown"), pl.col("sets") >= 2)["unit_no"].to_numpy()[:40]

    first, second = masked_examples(corpus, units, batch=20)

    assert set(first.unit) | set(second.unit) == set(units)
    assert first.unit.max() > second.unit.min()


def test_exported_trees_score_as_scikit_learn_does():
    from sklearn.ensemble import HistGradientBoostingClassifier

    from enrich.cooccurrence.learned.trees import Trees

    rng = np.random.default_rng(0)
    x = rng.normal(size=(3000, 6)).astype(np.float32)
    x[rng.random(x.shape) < 0.1] = np.nan
    x[:, 0] = np.round(x[:, 0])
    y = np.nan_to_num(x[:, 0]) + np.nan_to_num(x[:, 1]) > rng.normal(size=3000)
    booster = HistGradientBoostingClassifier(max_iter=30, random_state=0).fit(x, y)
    trees = Trees.of(booster)

    assert np.allclose(trees.score(x), booster.decision_function(x), atol=1e-4)
    # The parts and the score differ by the same rounding only.
    assert np.allclose(trees.baseline + trees.parts(x).sum(1), trees.score(x), atol=1e-3)


def test_scores_are_deterministic(trained):
    corpus, parts, ranker = trained

    again = train(corpus, parts, seed=0)

    assert np.array_equal(ranker.score(parts[0]), again.score(parts[0]))
    assert order(parts[0], ranker.score(parts[0])).filter(pl.col("rank") == 1)["unit_no"].is_unique().all()


def test_ranking_of_real_unknowns_has_the_contract(world, stored):
    ranking = rank_learned(world, model=stored)

    assert ranking.schema == RANKING
    assert ranking["rank"].max() <= 50
    assert ranking.select(pl.col("probability", "confidence").is_between(0, 1).all()).row(0) == (True, True)
    first = ranking.filter(pl.col("rank") == 1)
    assert set(first["track_key"]) == {
        f"{s}#{p}" for s, p in world.filter(pl.col("artist").is_null()).select("set_id", "position").rows()
    }
    assert first["evidence"].list.len().min() >= 1
    shuffled = rank_learned(world.sample(fraction=1, shuffle=True, seed=2), model=stored)
    assert shuffled.drop("evidence").equals(ranking.drop("evidence"))


def test_nothing_unknown_gives_an_empty_ranking(world, stored):
    assert rank_learned(world.filter(pl.col("artist").is_not_null()), model=stored).schema == RANKING


def test_the_stored_ranker_holds_no_names(world, stored):
    text = (stored / "manifest.json").read_text() + (stored / "calibration.json").read_text()

    assert "Player 1" not in text
    assert "Dj Number" not in text
    assert sum(f.stat().st_size for f in stored.iterdir()) < 1_000_000


@pytest.mark.parametrize("name", ["trees.npz", "calibration.json"])
def test_a_changed_file_is_refused(world, stored, tmp_path, name):
    for file in stored.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes() + b" ")

    with pytest.raises(ModelError, match="changed since it was trained"):
        rank_learned(world, model=tmp_path)


def test_another_schema_is_refused(world, stored, trained, tmp_path):
    for file in stored.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["features"] = manifest["features"][::-1]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="fingerprint"):
        load_ranker(tmp_path)

    _, parts, ranker = trained
    other = type(ranker)(trees=ranker.trees, names=(*ranker.names[:-1], "renamed"))
    with pytest.raises(ModelError, match="train it again"):
        other.score(parts[0])


def test_a_missing_ranker_says_how_to_make_one(tmp_path):
    with pytest.raises(ModelError, match="train-ranker"):
        load_ranker(tmp_path / "none")


def test_the_shipped_ranker_loads_and_ranks(world):
    ranker = load_ranker()

    assert ranker.manifest["data"]["sets"] > 1000
    assert sum(f.stat().st_size for f in SHIPPED.iterdir() if f.is_file()) < 1_000_000
    assert rank_learned(world).height > 0


def test_too_little_to_train_on(world):
    with pytest.raises(ModelError, match="too little"):
        train(build_corpus(world.head(5)), [], seed=0)


def test_the_documents_show_what_the_shipped_ranker_measured():
    figures = load_ranker().manifest["figures"]
    names = {
        "popularity": "popularity", "DJ prior": "dj_prior", "item-kNN": "item_knn", "ALS": "als",
        "formula": "formula", "learned": "learned",
    }  # fmt: skip
    page = Path(__file__).parents[2].joinpath("docs", "quality.md").read_text("utf-8")

    for shown, scorer in names.items():
        row = figures[scorer]
        ece = f" {row['ece']:.3f} |" if "ece" in row else " |"
        assert f"| {shown} | {row['hit_at_1']:.3f} | {row['hit_at_20']:.3f} |{ece}" in page
