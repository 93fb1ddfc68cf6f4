from __future__ import annotations

from collections import defaultdict

import networkx as nx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.errors import EnrichError
from enrich.text.normalise import normalise_artist
from enrich.text.persons import PERSONS, persons, with_known

names = st.sampled_from(["Pryda", "pryda", "Cirez D", "Gaia", "GTR", "Push", "", "Dakota", None])
rows = st.lists(st.tuples(names, names), max_size=8)


def aliases(pairs):
    return pl.DataFrame(pairs, schema={"artist": pl.String, "alias": pl.String}, orient="row")


def slowly(pairs):
    """Persons as sets of keys: components of the graph of names, first of those that one artist claims."""
    named = {(normalise_artist(one or "") or "", normalise_artist(other or "") or "") for one, other in pairs}
    named = {(one, other) for one, other in named if one and other and one != other}
    claimants = defaultdict(set)
    for one, other in named:
        claimants[other].add(one)
    first = nx.Graph(edge for edge in named if len(claimants[edge[1]]) == 1)
    owner = {name: min(group) for group in nx.connected_components(first) for name in group}
    agreed = nx.Graph(edge for edge in named if len({owner.get(one, one) for one in claimants[edge[1]]}) == 1)
    return list(nx.connected_components(agreed))


@settings(deadline=None)
@given(pairs=rows)
def test_persons_are_the_components_of_the_graph_of_aliases(pairs):
    groups = slowly(pairs)

    found = persons(aliases(pairs))

    assert found.schema == PERSONS
    assert found.rows() == sorted((name, min(group)) for group in groups for name in group)


@pytest.mark.parametrize(
    ("pairs", "groups"),
    [
        pytest.param([("A", "B"), ("B", "C")], [{"a", "b", "c"}], id="it-chains"),
        pytest.param([("A", "Duo"), ("B", "Duo")], [], id="a-shared-project-joins-nobody"),
        pytest.param([("A", "Duo"), ("B", "Duo"), ("A", "A1")], [{"a", "a1"}], id="nor-their-other-names"),
        pytest.param([("A", "N"), ("B", "N"), ("A", "B")], [{"a", "b", "n"}], id="two-names-of-one-claim-it"),
        pytest.param([("A", "B"), ("B", "A")], [{"a", "b"}], id="each-names-the-other"),
    ],
)
def test_who_is_one(pairs, groups):
    found = persons(aliases(pairs)).group_by("person").agg("key")

    assert sorted(map(sorted, found["key"].to_list())) == sorted(map(sorted, groups))


def test_the_known_names_are_of_one_person_each():
    found = persons(with_known(None))

    assert found.filter(pl.col("person") == "cirez d")["key"].to_list() == ["cirez d", "eric prydz", "pryda"]


def test_no_aliases_no_persons():
    assert persons(None).is_empty()


def test_a_missing_column_is_named():
    with pytest.raises(EnrichError, match="column alias is missing"):
        persons(pl.DataFrame({"artist": ["A"]}))
