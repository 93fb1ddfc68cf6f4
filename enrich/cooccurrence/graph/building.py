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

import networkx as nx
import polars as pl

from enrich.cooccurrence.plays import credited_pairs
from enrich.cooccurrence.ranking import rank
from enrich.cooccurrence.slots import slot_key, slot_rows, unknown_key
from enrich.errors import EnrichError
from enrich.rules import WINDOW
from enrich.text.credits import split_credits
from enrich.text.normalise import artist_key, label_key, title_key
from enrich.text.persons import persons, with_known
from enrich.text.words import is_unknown_artist, is_unknown_title


def build_graph(tracklists: pl.DataFrame, *, aliases: pl.DataFrame | None = None) -> nx.Graph[str]:
    """The whole graph of `tracklists` (TRACKLISTS; a slot given twice is taken once).

    `aliases` has columns `artist`, `alias`; two slots are `near` within the specification's window.
    """
    return _graph(*_tables(tracklists, people_of(tracklists, aliases)))


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
    whole = _graph(*_tables(here, people))
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


def _tables(tracklists: pl.DataFrame, people: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Nodes (id, kind, label, plays, date) and edges (source, target, relation, count, weight), in order."""
    slots = slots_of(tracklists)
    named = credited(slots, "artist", people).filter(~pl.col("is_unknown"))
    djs = credited(slots, "dj", people)
    labelled = slots.filter(~pl.col("is_unknown"), pl.col("label_key").fill_null("") != "")
    sets = slots.with_columns(shown=pl.coalesce("set_name", "set_id"), date=pl.col("set_date").cast(pl.String))
    others = (("artist", named, "key", "name"), ("dj", djs, "key", "name"), ("label", labelled, "label_key", "label"))
    nodes = [
        _nodes(slots.with_columns(kind=pl.when("is_unknown").then(pl.lit("unknown")).otherwise(pl.lit("track")))),
        _nodes(sets.select("shown", "date", kind=pl.lit("set"), node=_id_of("set", "set_id"))),
        *(_nodes(of.select(kind=pl.lit(kind), node=_id_of(kind, key), shown=name)) for kind, of, key, name in others),
    ]
    credit = named.select("slot_no", artist=_id_of("artist", "key"))
    by_dj = djs.select("slot_no", dj=_id_of("dj", "key"))
    label = labelled.select("slot_no", label=_id_of("label", "label_key"))
    track = slots.select("slot_no", track="node", set=_id_of("set", "set_id"))
    both = {kind: _id_of(kind, "key") for kind in ("dj", "artist")}
    edges = [
        _edges(track.join(credit, on="slot_no"), "track", "artist", "by"),
        _edges(track.join(label, on="slot_no"), "track", "label", "released_on"),
        _edges(track, "track", "set", "played_in"),
        _edges(track.join(by_dj, on="slot_no").unique(["set", "dj"]), "set", "dj", "played_by"),
        _edges(credit.join(label, on="slot_no"), "artist", "label", "releases_on"),
        _edges(by_dj.join(credit, on="slot_no"), "dj", "artist", "plays"),
        *_near(slots, credit),
        _edges(djs.unique("key").join(named.unique("key"), on="key").select(**both), "dj", "artist", "same"),
    ]
    # A DJ who plays and is the artist: one edge holds one relation, and the identity says more.
    together = pl.concat(edges).unique(["source", "target"], keep="last", maintain_order=True)
    apart = together.filter(pl.col("source") != pl.col("target"))
    return pl.concat(nodes).sort("node"), apart.sort("source", "target")


def slots_of(tracklists: pl.DataFrame) -> pl.DataFrame:
    """Slots in order, with slot_no, label_key, and the node of what is played: node, shown."""
    title = title_key(pl.col("title"))
    work = pl.concat_str(artist_key(pl.col("artist")), pl.lit(" · "), title)
    key = (
        pl.when("is_unknown")
        .then(unknown_key())
        .when(pl.col("track_key").fill_null("") != "")
        .then("track_key")
        .when(is_unknown_title(pl.col("title")))
        .then(slot_key())
        .otherwise(work)
    )
    who = pl.when("is_unknown").then(pl.lit("? ")).otherwise(pl.concat_str("artist", pl.lit(" – ")))
    shown = pl.concat_str(who, pl.col("title").fill_null("ID"))
    kind = pl.when("is_unknown").then(pl.lit("unknown:")).otherwise(pl.lit("track:"))
    return slot_rows(tracklists).with_columns(
        slot_no=pl.col("slot").cast(pl.UInt32),
        label_key=label_key(pl.col("label")),
        node=pl.concat_str(kind, key),
        shown=shown,
    )


def credited(slots: pl.DataFrame, column: str, people: pl.DataFrame) -> pl.DataFrame:
    """slot_no, is_unknown, key (of the person), name: who is credited, remixers and unknown-words apart."""
    names = split_credits(slots[column]).filter(pl.col("role") != "remixer", ~is_unknown_artist(pl.col("artist")))
    return (
        _as_persons(names.select(slot_no="row", name="artist", key=artist_key(pl.col("artist"))), people)
        .unique(["slot_no", "key"], keep="first", maintain_order=True)
        .join(slots.select("slot_no", "is_unknown"), on="slot_no", maintain_order="left")
    )


def _as_persons(keyed: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    joined = keyed.join(people, on="key", how="left", maintain_order="left")
    return joined.with_columns(key=pl.coalesce("person", "key")).drop("person")


def _nodes(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per node, shown in its commonest spelling (ties: the first)."""
    date = pl.col("date") if "date" in rows.columns else pl.lit(None, pl.String).alias("date")
    spelled = rows.with_columns(date).group_by("kind", "node", "shown").agg(n=pl.len(), date=pl.col("date").min())
    return (
        spelled.sort("kind", "node", -pl.col("n").cast(pl.Int64), "shown")
        .group_by("kind", "node", maintain_order=True)
        .agg(pl.col("shown").first(), plays=pl.col("n").sum().cast(pl.Int64), date=pl.col("date").min())
    )


def _edges(pairs: pl.DataFrame, source: str, target: str, relation: str) -> pl.DataFrame:
    return (
        pairs.group_by(source=source, target=target)
        .agg(count=pl.len().cast(pl.Int64))
        .select("source", "target", "count", relation=pl.lit(relation), weight=pl.col("count").cast(pl.Float64))
    )


def _near(slots: pl.DataFrame, credit: pl.DataFrame) -> list[pl.DataFrame]:
    """Tracks near each other, and artists."""
    pairs = _slot_pairs(slots)
    tracks, artists = (
        pairs.join(of, left_on="first", right_on="slot_no").join(of, left_on="second", right_on="slot_no", suffix="_2")
        for of in (slots.select("slot_no", "node"), credit)
    )
    return [
        _undirected(tracks, "node", "node_2", "near", 1.0 / pl.col("distance")),
        _undirected(artists, "artist", "artist_2", "met", pl.lit(1.0)),
    ]


def _slot_pairs(slots: pl.DataFrame) -> pl.DataFrame:
    """Every pair of slots within the window: first, second (slot_no, in playing order) and distance (positions)."""
    # Positions of a set are distinct and in order: whatever is within the window is among the next rows.
    pairs = [
        slots.select(
            first="slot_no",
            second=pl.col("slot_no").shift(-step).over("set_id"),
            distance=pl.col("position").shift(-step).over("set_id") - pl.col("position"),
        )
        for step in range(1, WINDOW + 1)
    ]
    return pl.concat(pairs).filter(pl.col("distance") <= WINDOW)


def _undirected(pairs: pl.DataFrame, a: str, b: str, relation: str, weight: pl.Expr) -> pl.DataFrame:
    return (
        pairs.filter(pl.col(a) != pl.col(b))
        .select(source=pl.min_horizontal(a, b), target=pl.max_horizontal(a, b), one=weight, distance="distance")
        .group_by("source", "target")
        .agg(count=pl.len().cast(pl.Int64), weight=pl.col("one").sum())
        # Sums of 1/1, 1/2, 1/3 … in any order are the same to nine places.
        .select("source", "target", "count", relation=pl.lit(relation), weight=pl.col("weight").round(9))
    )


def _graph(nodes: pl.DataFrame, edges: pl.DataFrame) -> nx.Graph[str]:
    graph: nx.Graph[str] = nx.Graph()
    for row in nodes.iter_rows(named=True):
        date = {} if row["date"] is None else {"date": row["date"]}
        graph.add_node(row["node"], kind=row["kind"], label=row["shown"], plays=row["plays"], **date)
    for row in edges.iter_rows(named=True):
        graph.add_edge(row.pop("source"), row.pop("target"), **row)
    return graph


def _id_of(kind: str, column: str) -> pl.Expr:
    return pl.concat_str(pl.lit(f"{kind}:"), column)
