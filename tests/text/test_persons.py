from __future__ import annotations

import networkx as nx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.errors import EnrichError
from enrich.text.persons import PERSONS, persons, same_person, with_known

names = st.sampled_from(["Pryda", "pryda", "Cirez D", "Gaia", "GTR", "Push", "", "Dakota", None])
rows = st.lists(st.tuples(names, names), max_size=8)


def aliases(pairs):
    return pl.DataFrame(pairs, schema={"artist": pl.String, "alias": pl.String}, orient="row")


@settings(deadline=None)
@given(pairs=rows)
def test_persons_are_the_components_of_the_graph_of_aliases(pairs):
    graph = nx.Graph()
    key = {None: "", "pryda": "pryda"}
    for one, other in pairs:
        a, b = (key.get(name, (name or "").lower()) for name in (one, other))
        if a and b and a != b:
            graph.add_edge(a, b)
    groups = list(nx.connected_components(graph))

    found, both = persons(aliases(pairs)), same_person(aliases(pairs))

    assert found.schema == PERSONS
    assert found.rows() == sorted((name, min(group)) for group in groups for name in group)
    assert both.rows() == sorted((a, b) for group in groups for a in group for b in group if a != b)


def test_the_known_names_are_of_one_person_each():
    found = persons(with_known(None))

    assert found.filter(pl.col("person") == "cirez d")["key"].to_list() == ["cirez d", "eric prydz", "pryda"]


def test_no_aliases_no_persons():
    assert persons(None).is_empty()


def test_a_missing_column_is_named():
    with pytest.raises(EnrichError, match="column alias is missing"):
        persons(pl.DataFrame({"artist": ["A"]}))
