import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.sparse import csr_matrix
from typer.testing import CliRunner

from enrich.cli.app import build_app
from enrich.cooccurrence.evaluation.folds import Plays, World, baselines, cut_by_time, half_year_folds, random_folds
from enrich.cooccurrence.evaluation.replay import KINDS, CrossValidation, evaluate
from enrich.cooccurrence.learned import load_ranker
from enrich.cooccurrence.slots import sketch
from enrich.errors import EnrichError

PLAN = CrossValidation(folds=3, size=25)


@pytest.fixture(scope="module")
def result(world):
    return evaluate(world, plan=PLAN)


@pytest.mark.parametrize("kind", ["random", "time"])
def test_every_scorer_is_measured_on_the_same_recordings(result, kind):
    part = result[kind]

    assert {"popularity", "dj_prior", "formula", "learned"} <= set(part["scorers"])
    for row in part["scorers"].values():
        assert row["n"] == part["n"] > 0
        assert 0 <= row["hit_at_1"] <= row["hit_at_5"] <= row["hit_at_20"] <= 1
        assert row["interval_at_1"][0] <= row["hit_at_1"] <= row["interval_at_1"][1]
        assert row["named_at_1"] <= row["hit_at_1"]
    learned = part["scorers"]["learned"]
    assert (
        {"accepted", "correct", "precision", "interval", "coverage"} == set(learned["gate"]) == set(learned["policy"])
    )
    assert sum(row["n"] for row in learned["reliability"]) <= part["n"]
    assert sum(row["n"] for row in part["by_sets"]) == part["n"]
    assert learned["inversions"] == part["scorers"]["formula"]["inversions"] == 0
    assert learned["hit_at_20"] <= part["candidate_recall"] + 1e-9
    assert {row["against"] for row in part["compared"]} == set(part["scorers"]) - {"learned"}
    for row in part["compared"]:
        assert row["interval_at_20"][0] <= row["hit_at_20"] <= row["interval_at_20"][1]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_figures(world, result):
    again = evaluate(world.sample(fraction=1, shuffle=True, seed=5), plan=PLAN)

    for kind in KINDS:
        assert json.dumps(again[kind].get("scorers")) == json.dumps(result[kind].get("scorers")), kind


def test_the_ranker_in_use_says_how_many_of_the_sets_it_was_trained_on(world, monkeypatch):
    plan = CrossValidation(folds=2, size=20, kinds=("in_use",))
    shipped = load_ranker()

    strange = evaluate(world, plan=plan)["in_use"]
    seen = shipped.manifest["data"] | {"sketch": " ".join(sketch(world))}
    own = replace(shipped, manifest=shipped.manifest | {"data": seen})
    monkeypatch.setattr("enrich.cooccurrence.evaluation.replay.load_ranker", lambda: own)
    known = evaluate(world, plan=plan)["in_use"]

    assert strange["trained_on"]["sets_known"] == 0
    assert known["trained_on"]["sets_known"] == known["trained_on"]["sets_compared"] > 0
    assert known["scorers"] == strange["scorers"]
    assert set(strange["scorers"]) >= {"formula", "learned"}


def test_half_years_hide_what_is_played_nowhere_else(world):
    seen = World.of(world)
    folds = half_year_folds(seen, folds=3, size=None, seed=0)
    day = world.group_by("set_id").agg(pl.col("set_date").min(), pl.col("dj").min())
    half = pl.concat_str(pl.col("dj"), pl.col("set_date").dt.year(), pl.col("set_date").dt.month() > 6)

    blocks = [
        set(
            seen.played.filter(pl.col("recording").is_in(fold.implode()))
            .join(day, on="set_id")
            .select(half)
            .to_series()
        )
        for fold in folds
    ]

    assert sum(map(len, folds)) > 0
    assert not blocks[0] & blocks[1]
    assert not (blocks[0] | blocks[1]) & blocks[2]


def test_random_folds_share_nothing_and_have_two_sets(world):
    seen = World.of(world)
    folds = random_folds(seen, folds=3, size=None, seed=0)
    sets = dict(seen.played.group_by("recording").len().rows())

    assert len(set().union(*folds)) == sum(map(len, folds))
    assert min(sets[one] for fold in folds for one in fold) >= 2


def test_the_past_knows_nothing_of_what_comes_after(world):
    past, fresh = cut_by_time(World.of(world), share=0.8)

    assert len(fresh) > 0
    assert not set(fresh) & set(past.played["recording"])


def test_too_few_recordings_say_so(world):
    with pytest.raises(EnrichError, match="two sets or more"):
        evaluate(world.head(14))


def test_baselines_rank_known_artists_only():
    rng = np.random.default_rng(1)
    by_set = (rng.random((12, 9)) < 0.4).astype(float)
    by_set[:, [2, 7]] = 0  # nobody plays these two
    djs = np.eye(12, 9)
    plays = Plays(
        unknowns=pl.Series([4, 6, 9], dtype=pl.Int32),
        by_set=csr_matrix(by_set),
        djs=csr_matrix(djs),
        asked=csr_matrix(np.eye(3, 12)),
    )

    for name, scorer in baselines().items():
        ranked = scorer(plays)
        assert ranked["unknown_no"].n_unique() == 3, name
        assert set(ranked["artist_no"]) <= set(np.flatnonzero(by_set.sum(0)).tolist()), name


def test_the_command_writes_json(world, tmp_path):
    file, out = tmp_path / "t.parquet", tmp_path / "e.json"
    world.write_parquet(file)

    done = CliRunner().invoke(build_app(), ["evaluate", str(file), "--out", str(out), "--sample", "80"])

    assert done.exit_code == 0, done.output
    assert "learned" in done.output
    assert json.loads(out.read_text())["random"]["n"] > 0


@pytest.mark.shared
@pytest.mark.slow
def test_real_tracklists_keep_a_floor(shared_data):
    figures = evaluate(shared_data / "tracklists.parquet", sample=900)["half_years"]["scorers"]

    assert figures["learned"]["hit_at_20"] > figures["popularity"]["hit_at_20"]
    assert figures["learned"]["hit_at_1"] > 0.06
    assert figures["learned"]["ece"] < 0.06
    assert figures["formula"]["hit_at_20"] > 0.2
