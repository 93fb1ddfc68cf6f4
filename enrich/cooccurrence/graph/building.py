"""Tracklists as a networkx graph: tracks, artists, labels, DJs and sets, and how they are tied.

Reads frames; writes nothing. Nodes and edges are counted set-based; their order, names and weights depend on the data
alone. A person under several names is one artist and one DJ, known by the first of the keys and shown as played most.

Node ids are `kind:key`; attributes: `kind`, `label` (the name to show), `plays` (slots), and for sets `date` (ISO)
where there is one. Nothing is ever null: an attribute that is not known is not there.

| kind    | key                                                                                             |
|---------|-------------------------------------------------------------------------------------------------|
| track   | the row's track_key; else artists and title; else the slot (`set_id#position`)                  |
| unknown | a track nobody knows: track_key, else the slot                                                  |
| artist  | artist key of the person                                                                        |
| label   | label key                                                                                       |
| dj      | artist key of the person                                                                        |
| set     | set_id                                                                                          |

Edges have `relation`, `count` (what is counted, below) and `weight` (float; the count unless said otherwise):

| relation    | between          | count                                                               |
|-------------|------------------|---------------------------------------------------------------------|
| by          | track – artist   | plays with that credit                                              |
| released_on | track – label    | plays with that label                                               |
| played_in   | track – set      | plays                                                               |
| played_by   | set – dj         | 1                                                                   |
| releases_on | artist – label   | plays by the artist with that label                                 |
| plays       | dj – artist      | plays of the artist by the DJ                                       |
| near        | track – track    | pairs of slots within the window; weight = sum of 1 / distance      |
| met         | artist – artist  | pairs of slots within the window whose credits name one each        |
| same        | dj – artist      | 1: the DJ is the artist, under any name                             |
| candidate   | unknown – artist | sets with the artist in the window; weight = probability; ego-nets  |
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import networkx as nx
import polars as pl

from enrich.cooccurrence.plays import credited_pairs
from enrich.cooccurrence.ranking import rank
from enrich.cooccurrence.slots import slot_rows, unknown_key
from enrich.errors import EnrichError
from enrich.rules import WINDOW
from enrich.sql import DUCKDB, in_memory
from enrich.text.credits import split_credits
from enrich.text.normalise import artist_key, label_key, title_key
from enrich.text.persons import persons, with_known
from enrich.text.words import is_unknown_artist, is_unknown_title


def build_graph(tracklists: pl.DataFrame, *, aliases: pl.DataFrame | None = None) -> nx.Graph[str]:
    """The whole graph of `tracklists` (TRACKLISTS; a slot given twice is taken once).

    `aliases` has columns `artist`, `alias`; two slots are `near` within the specification's window.
    """
    return _graph(tracklists, people_of(tracklists, aliases))


def people_of(tracklists: pl.DataFrame, aliases: pl.DataFrame | None = None) -> pl.DataFrame:
    """key, person: the names that are others' too, of the database, of those well known, and of credits that say so."""
    texts = pl.concat(tracklists.select(text=column) for column in ("artist", "dj") if column in tracklists.columns)
    spelled = credited_pairs(texts.drop_nulls().group_by("text").agg(plays=pl.len()))
    return persons(pl.concat([with_known(aliases), spelled]))


def ego_net(
    tracklists: pl.DataFrame,
    unknown: str,
    *,
    aliases: pl.DataFrame | None = None,
    max_artists: int = 20,
) -> nx.Graph[str]:
    """What is around one unknown: its context, its sets and DJs, and its likeliest artists.

    Args:
        tracklists: All the data; DJs and labels are judged by all of it.
        unknown: Its track_key, or `set_id#position`.
        aliases: Columns `artist`, `alias`.
        max_artists: Candidates kept, best first; other artists, and what only they lead to, are left out.

    Returns:
        The part of `build_graph` with the unknown, the known tracks of its context, their artists, labels, sets and
        DJs, plus `candidate` edges, which carry every field of the ranking as attributes.

    Raises:
        EnrichError: there is no such unknown.
    """
    keyed = slot_rows(tracklists).with_columns(unknown_key=unknown_key())
    own = keyed.filter("is_unknown", pl.col("unknown_key") == unknown)
    if own.is_empty():
        some = keyed.filter("is_unknown")["unknown_key"].unique().sort().head(3).to_list()
        raise EnrichError(f"no unknown is called {unknown!r}; there are {', '.join(some) or 'none at all'} …")
    here = keyed.filter(pl.col("set_id").is_in(own["set_id"].unique().implode()))
    # Other unknowns are no evidence; without those of other sets one pass ranks little more than this one.
    others = keyed.filter(~pl.col("is_unknown"), ~pl.col("set_id").is_in(own["set_id"].unique().implode()))
    ranking = rank(pl.concat([here, others]), aliases=aliases)
    near = (pl.col("track_key") == unknown) & (pl.col("occurrence_count") > 0)
    best = ranking.filter(near).head(max_artists)

    people = people_of(tracklists, aliases)
    whole = _graph(here, people)
    centre = f"unknown:{unknown}"
    for row in _as_persons(best.with_columns(key=artist_key(pl.col("artist"))), people).iter_rows(named=True):
        parts = {k: row[k] for k in ("rank", "occurrence", "label", "dj", "position")}
        told = {
            "count": row["occurrence_count"],
            "weight": row["probability"],
            "evidence": " | ".join(row["evidence"] or []),
        }
        whole.add_edge(centre, f"artist:{row['key']}", relation="candidate", **told, **parts)
    # networkx walks over a part in the order of a set, which no two runs share.
    keep = _around(whole, centre)
    net: nx.Graph[str] = nx.Graph()
    net.add_nodes_from((node, attributes) for node, attributes in whole.nodes(data=True) if node in keep)
    net.add_edges_from(edge for edge in whole.edges(data=True) if keep.issuperset(edge[:2]))
    return net


def _around(graph: nx.Graph[str], centre: str) -> set[str]:
    """The centre, its context tracks and sets, its candidates, and the labels and DJs those lead to."""

    def step(nodes: set[str], *relations: str) -> set[str]:
        return {
            other
            for node in nodes
            for other, edge in graph[node].items()
            if edge["relation"] in relations and graph.nodes[other]["kind"] != "unknown"
        }

    artists = step({centre}, "candidate")
    tracks = {t for t in step({centre}, "near") if step({t}, "by") & artists}
    sets = step({centre}, "played_in")
    return {centre} | artists | tracks | sets | step(sets, "played_by") | step(tracks, "released_on")


@contextmanager
def counting(tracklists: pl.DataFrame, people: pl.DataFrame) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables that `sql/duckdb/graph.sql` counts."""
    rows = slot_rows(tracklists).with_columns(
        unknown=unknown_key(),
        artist_key=artist_key(pl.col("artist")),
        title_key=title_key(pl.col("title")),
        label_key=label_key(pl.col("label")),
        is_bare=is_unknown_title(pl.col("title")),
    )
    named = _credited(rows, "artist", people).filter(~pl.col("is_unknown"))
    with in_memory(rows=rows, named=named, djs=_credited(rows, "dj", people)) as con:
        DUCKDB["graph_slots"].run(con)
        yield con


def _credited(slots: pl.DataFrame, column: str, people: pl.DataFrame) -> pl.DataFrame:
    """slot_no, is_unknown, key (of the person), name: who is credited, remixers and unknown-words apart."""
    names = split_credits(slots[column]).filter(pl.col("role") != "remixer", ~is_unknown_artist(pl.col("artist")))
    return (
        _as_persons(names.select(slot_no="row", name="artist", key=artist_key(pl.col("artist"))), people)
        .unique(["slot_no", "key"], keep="first", maintain_order=True)
        .join(
            slots.select(slot_no=pl.col("slot").cast(pl.UInt32), is_unknown="is_unknown"),
            on="slot_no",
            maintain_order="left",
        )
    )


def _as_persons(keyed: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    joined = keyed.join(people, on="key", how="left", maintain_order="left")
    return joined.with_columns(key=pl.coalesce("person", "key")).drop("person")


def _graph(tracklists: pl.DataFrame, people: pl.DataFrame) -> nx.Graph[str]:
    with counting(tracklists, people) as con:
        nodes, edges = DUCKDB["graph_nodes"].frame(con), DUCKDB["graph_edges"].frame(con, window=WINDOW)
    graph: nx.Graph[str] = nx.Graph()
    for row in nodes.iter_rows(named=True):
        date = {} if row["date"] is None else {"date": row["date"]}
        graph.add_node(row["node"], kind=row["kind"], label=row["shown"], plays=row["plays"], **date)
    for row in edges.iter_rows(named=True):
        graph.add_edge(row.pop("source"), row.pop("target"), **row)
    return graph
