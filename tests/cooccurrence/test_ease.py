import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp

from enrich.cooccurrence.learned.building import build_corpus
from enrich.cooccurrence.learned.ease import _RIDGE, MIN_SETS, fit_ease
from enrich.text.known_aliases import KNOWN_ALIASES
from enrich.text.normalise import artist_key
from enrich.text.persons import with_known


@pytest.fixture
def world():
    """60 sets of two scenes: artists 0–9 and 10–19 keep to themselves, 20 is played once."""
    rng = np.random.default_rng(0)
    present = np.zeros((60, 21), np.float32)
    for i in range(60):
        present[i, (i % 2) * 10 + rng.choice(10, 4, replace=False)] = 1
    present[0, 20] = 1
    djs = np.zeros((60, 21), np.float32)
    djs[np.arange(60), np.arange(60) % 2 * 10] = 1
    return sp.csr_matrix(present), sp.csr_matrix(djs), np.linspace(0, 900, 60), np.arange(60) % 2


def test_weights_are_the_closed_form_of_the_ridge_without_self_loops(world):
    fitted = fit_ease(*world)

    columns = fitted.columns.toarray().astype(np.float64)
    length = np.sqrt((columns**2).sum(1))
    damped = columns / np.sqrt(np.maximum(length, 1))[:, None]
    inverse = np.linalg.inv(damped.T @ damped + np.eye(columns.shape[1]) * _RIDGE / length.mean())
    expected = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(expected, 0)
    assert np.allclose(fitted.weights, expected[:, : len(fitted.artists)], atol=1e-4)


def test_artists_of_the_same_scene_are_preferred_and_rare_ones_left_out(world):
    fitted = fit_ease(*world)

    scores = fitted.scores(np.array([2]))[0]

    assert scores[1:10].mean() > scores[11:20].mean()
    assert scores[20] == 0
    assert 20 not in fitted.artists
    assert (np.asarray(world[0].sum(0)).ravel()[fitted.artists] >= MIN_SETS).all()


def test_nothing_to_learn_from_gives_no_scores():
    empty = sp.csr_matrix((3, 5), dtype=np.float32)

    fitted = fit_ease(empty, empty, np.full(3, np.nan), np.zeros(3, np.int64))

    assert not fitted.scores(np.array([0, 2])).any()


def test_no_well_known_name_belongs_to_two_artists():
    names = pl.Series([name for group in KNOWN_ALIASES for name in group])

    keys = names.to_frame("n").select(artist_key(pl.col("n"))).to_series()

    assert keys.n_unique() == len(keys)


def test_any_name_and_any_member_of_the_artist_is_right():
    artists = ["Pryda", "Cirez D", *["Big Wave + Carter"] * 4, "Carter", "Someone", "Eric Prydz"]
    plays = pl.DataFrame(
        {"set_id": "s", "position": range(1, 10), "artist": artists, "title": list("abcdefghi")},
    )
    corpus = build_corpus(plays, aliases=with_known(None))

    truth = (
        corpus.truth()
        .join(corpus.units.select("unit_no", "unit"), on="unit_no")
        .join(corpus.artists.select("artist_no", "artist"), on="artist_no")
        .group_by("unit")
        .agg(pl.col("artist").sort())
    )
    right = dict(truth.select("unit", "artist").iter_rows())

    assert right["pryda · a"] == ["Cirez D", "Eric Prydz", "Pryda"]
    assert right["someone · h"] == ["Someone"]
    assert right["big wave and carter · c"] == ["Big Wave + Carter", "Carter"]
    assert right["carter · g"] == ["Big Wave + Carter", "Carter"]
