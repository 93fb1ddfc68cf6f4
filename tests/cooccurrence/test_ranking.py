from __future__ import annotations

import polars as pl
import pytest
from formula_oracle import oracle_rank
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.cooccurrence.ranking import rank
from enrich.errors import EnrichError
from enrich.frames.schemas import RANKING, TRACKLISTS

ARTISTS = [
    None, "ID", "Unknown Artist", "???", "Alpha", "alpha", "The Alpha", "Beta", "Gamma", "Alpha & Beta",
    "Beta feat. Gamma", "Delta vs. Gamma", "ID & Delta", "Above & Beyond", "Epsilon (Beta Remix)",
]  # fmt: skip
DJS = [None, "Alpha", "Above & Beyond", "Zed", "Zed b2b Gamma", "ID"]
LABELS = [None, "", "Black Hole", "Blackhole Recordings", "Anjunabeats", "Bedrock", "bedrock"]

slots = st.fixed_dictionaries(
    {
        "set_id": st.sampled_from(["s1", "s2", "s3"]),
        "position": st.integers(1, 14),
        "artist": st.sampled_from(ARTISTS),
        "dj": st.sampled_from(DJS),
        "label": st.sampled_from(LABELS),
        "track_key": st.sampled_from([None, None, "u1", "u2"]),
    }
)
worlds = st.lists(slots, max_size=30).map(lambda rows: pl.DataFrame(rows, schema=SCHEMA))
names = st.sampled_from(["Alpha", "Beta", "Gamma", "Zed", "Above & Beyond", "Omega"])
alias_rows = st.lists(st.tuples(names, names), max_size=3).map(
    lambda rows: pl.DataFrame(rows, schema={"artist": pl.String, "alias": pl.String}, orient="row")
)
SCHEMA = {name: TRACKLISTS[name] for name in ("set_id", "position", "artist", "dj", "label", "track_key")}
PARTS = ["probability", "occurrence", "label", "dj", "position"]


@settings(max_examples=20, deadline=None)
@given(world=worlds, aliases=alias_rows, window=st.integers(1, 3))
def test_rank_equals_the_slow_implementation(world, aliases, window):
    got = rank(world, aliases=aliases, window=window)
    wanted = oracle_rank(world, aliases=aliases, window=window)

    assert got.schema == RANKING
    keys = ["track_key", "rank", "artist", "occurrence_count", "label_support"]
    assert got.select(keys).rows() == [tuple(row[key] for key in keys) for row in wanted]
    for column in PARTS:
        assert got[column].to_list() == pytest.approx([float(row[column]) for row in wanted], abs=1e-11)


@settings(max_examples=8, deadline=None)
@given(data=st.data(), world=worlds)
def test_rank_ignores_the_order_of_rows(data, world):
    order = data.draw(st.permutations(range(world.height)))
    shuffled = world[list(order)] if world.height else world

    assert rank(world).equals(rank(shuffled))


def tracklist(text: str, *, set_id: str = "s1", dj: str = "Zed") -> pl.DataFrame:
    """`Artist [Label], ?, Artist` as one set."""
    rows = []
    for position, slot in enumerate(text.split(","), start=1):
        artist, _, label = slot.strip().rstrip("]").partition(" [")
        rows.append({"set_id": set_id, "dj": dj, "position": position, "artist": artist, "label": label or None})
    return pl.DataFrame(rows, schema={**{k: SCHEMA[k] for k in ("set_id", "dj", "position", "artist", "label")}})


def test_fifty_at_most_best_first():
    many = pl.concat(
        pl.DataFrame(
            {"set_id": f"s{s}", "position": [1, 2, 3], "artist": [f"Performer {2 * s}", "ID", f"Performer {2 * s + 1}"],
             "track_key": [None, "u", None]},
            schema={"set_id": pl.String, "position": pl.Int32, "artist": pl.String, "track_key": pl.String},
        )
        for s in range(40)
    )  # fmt: skip

    got = rank(many)

    assert got["rank"].to_list() == list(range(1, 51))
    assert got["probability"].is_sorted(descending=True)


def test_ids_without_a_key_are_each_their_own():
    world = pl.concat([tracklist("Alpha, ID, Beta"), tracklist("Gamma, ID, Delta", set_id="s2")])

    assert rank(world)["track_key"].unique().sort().to_list() == ["s1#2", "s2#2"]


def test_a_known_row_wins_its_slot_over_an_unknown_one():
    world = pl.concat([tracklist("Alpha, ID, Beta"), tracklist("Alpha, Gamma, Beta")])

    assert rank(world).is_empty()


def test_positions_with_gaps_count_by_their_numbers():
    world = tracklist("Alpha, ID, Beta").with_columns(position=pl.Series([1, 4, 6], dtype=pl.Int32))

    assert rank(world).filter(pl.col("occurrence_count") > 0)["artist"].to_list() == ["Beta"]


def test_a_person_under_several_names_is_one_candidate_shown_by_the_djs_own_name():
    world = pl.concat(
        [
            tracklist("Pryda, ID, Beta", dj="Zed"),
            tracklist("Cirez D, Gamma, Cirez D", set_id="s2", dj="Zed"),
            tracklist("Pryda, Pryda, Delta, ID", set_id="s3", dj="Other"),
        ]
    )

    ranked = rank(world)

    of_zed, of_other = (ranked.filter(pl.col("track_key") == key)["artist"].to_list() for key in ("s1#2", "s3#4"))
    assert ("Cirez D" in of_zed, "Pryda" in of_zed) == (True, False)
    assert ("Cirez D" in of_other, "Pryda" in of_other) == (False, True)
    evidence = ranked.filter(pl.col("track_key") == "s1#2", pl.col("artist") == "Cirez D")["evidence"][0]
    assert any("also played as Pryda" in sentence for sentence in evidence)


def test_a_name_that_two_people_claim_joins_nobody():
    aliases = pl.DataFrame({"artist": ["Alpha", "Beta"], "alias": ["Duo", "Duo"]})

    ranked = rank(tracklist("Alpha, ID, Beta, Duo"), aliases=aliases)

    assert {"Alpha", "Beta", "Duo"} <= set(ranked["artist"])


def test_credits_that_spell_an_alias_out_make_one_person():
    ranked = rank(pl.concat([tracklist("Alpha, ID, Beta"), tracklist("Alpha aka Beta, Gamma", set_id="s2")]))

    assert len({"Alpha", "Beta"} & set(ranked["artist"])) == 1


@pytest.mark.parametrize(
    ("world", "says"),
    [
        pytest.param(pl.DataFrame({"set_id": ["a"]}), "position", id="no-position"),
        pytest.param(pl.DataFrame(), "set_id", id="no-columns"),
    ],
)
def test_missing_columns_are_named(world, says):
    with pytest.raises(EnrichError, match=says):
        rank(world)


def test_unknown_scorer_is_an_error():
    with pytest.raises(EnrichError, match="formula or learned"):
        rank(tracklist("Alpha, ID"), scorer="guess")


def test_no_rows_no_ranking():
    assert rank(pl.DataFrame(schema=TRACKLISTS)).schema == RANKING
