import json

import polars as pl
import pytest
from typer.testing import CliRunner

from enrich.cooccurrence.evaluation.baselines import baselines
from enrich.cooccurrence.evaluation.replay import Plan, evaluate, evaluate_frame
from enrich.cooccurrence.learned.building import build_corpus
from enrich.errors import EnrichError

PLAN = Plan(folds=3, size=15, max_training=50, time_folds=2, time_training=40)


@pytest.fixture(scope="module")
def result(world):
    return evaluate_frame(world, plan=PLAN)


@pytest.mark.parametrize("kind", ["random", "time"])
def test_every_scorer_is_measured_on_the_same_recordings(result, kind):
    part = result[kind]

    assert {"popularity", "dj_prior", "formula", "learned"} <= set(part["scorers"])
    for row in part["scorers"].values():
        assert row["n"] == part["n"] > 0
        assert 0 <= row["hit_at_1"] <= row["hit_at_5"] <= row["hit_at_20"] <= 1
    learned = part["scorers"]["learned"]
    assert set(learned["gate"]) == set(learned["policy"]) == {"accepted", "correct", "precision", "coverage"}
    assert sum(row["n"] for row in learned["reliability"]) <= part["n"]
    assert sum(row["n"] for row in part["by_sets"]) == part["n"]
    assert part["scorers"]["learned"]["hit_at_20"] <= part["candidate_recall"] + 1e-9


def test_the_same_seed_gives_the_same_figures(world, result):
    again = evaluate_frame(world.sample(fraction=1, shuffle=True, seed=5), plan=PLAN)

    assert json.dumps(again["random"]["scorers"]) == json.dumps(result["random"]["scorers"])


def test_too_few_recordings_say_so(world):
    with pytest.raises(EnrichError, match="two sets or more"):
        evaluate_frame(world.head(14))


def test_baselines_rank_known_artists_only(world):
    corpus = build_corpus(world)
    units = corpus.units.filter(~pl.col("is_unknown"), pl.col("sets") >= 2)["unit_no"].to_numpy()[:10]
    context = corpus.hide(units)

    for name, scorer in baselines().items():
        ranked = scorer(context, units)
        assert ranked["unit_no"].n_unique() == 10, name
        assert set(ranked["artist_no"]) <= set(context.plays[:, 1].tolist()), name


def test_the_command_writes_json(world, tmp_path):
    from enrich.cli.app import build_app

    file, out = tmp_path / "t.parquet", tmp_path / "e.json"
    world.write_parquet(file)

    done = CliRunner().invoke(build_app(), ["evaluate", str(file), "--out", str(out), "--sample", "80"])

    assert done.exit_code == 0, done.output
    assert "learned" in done.output
    assert json.loads(out.read_text())["random"]["n"] > 0


@pytest.mark.shared
@pytest.mark.slow
def test_real_tracklists_keep_a_floor(shared_data):
    figures = evaluate(shared_data / "tracklists.parquet", sample=320)["random"]["scorers"]

    assert figures["learned"]["hit_at_20"] > figures["popularity"]["hit_at_20"]
    assert figures["learned"]["hit_at_1"] > 0.06
    assert figures["learned"]["ece"] < 0.12
