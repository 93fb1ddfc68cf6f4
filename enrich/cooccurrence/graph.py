"""Tracklists as a networkx graph: tracks, artists, labels, DJs and sets, and how they are tied.

Nodes and edges are counted set-based; their order, names and weights depend on the data alone. A person under several
names is one artist and one DJ, known by the first of the keys and shown as played most.

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

Three questions to it: which artists belong together, who stands between them, who plays whom first; the same data and
seed give the same answer. Ties are between artists who `met` twice at least, where anybody did.

`graph` writes it as a file, whole or not at all: GEXF and GraphML for Gephi, or a picture of one unknown's
surroundings. The same data give the same bytes: GEXF's date of writing is left out.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import networkx as nx
import polars as pl

from enrich.charts.style import MUTED, NODES
from enrich.charts.tracks import draw_ego_net
from enrich.cooccurrence.plays import credited_pairs
from enrich.cooccurrence.ranking import rank
from enrich.cooccurrence.slots import slot_rows, unknown_key
from enrich.errors import EnrichError, InputFileError
from enrich.frames.files import check_place, replacing
from enrich.rules import WINDOW
from enrich.settings import Settings
from enrich.snapshots.opening import open_snapshot
from enrich.sql import DUCKDB, in_memory
from enrich.text.credits import split_credits
from enrich.text.normalise import artist_key, label_key, title_key
from enrich.text.persons import persons, with_known
from enrich.text.words import is_unknown_artist, is_unknown_title
from enrich.tracklists.reading import read_tracklists

#: Meetings that make a tie, artists that make a community, names told of each, and nodes that paths are counted from.
_TIE, _SMALLEST, _TOLD, _PATHS = 2, 3, 5, 100
_NAMES: Any = pl.List(pl.String)
_PICTURES = (".png", ".svg", ".pdf")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: Of a node in Gephi: with next to no plays, and with most.
_SIZES = (4.0, 60.0)
_WRITTEN_ON = re.compile(r'\s*lastmodifieddate="[^"]*"')

Source = str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | pl.DataFrame | None


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
    tracklists: pl.DataFrame, unknown: str, *, aliases: pl.DataFrame | None = None, max_artists: int = 20
) -> nx.Graph[str]:
    """What is around one unknown: its context, its sets and DJs, and its likeliest artists.

    Args:
        tracklists, aliases: As of `build_graph`; DJs and labels are judged by all the data.
        unknown: Its track_key, or `set_id#position`.
        max_artists: Candidates kept, best first; other artists, and what only they lead to, are left out.

    Returns:
        The part of `build_graph` with the unknown, the known tracks of its context, their artists, labels, sets and
        DJs, plus `candidate` edges, which carry every field of the ranking as attributes.

    Raises EnrichError: there is no such unknown.
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
    best = ranking.filter(pl.col("track_key") == unknown, pl.col("occurrence_count") > 0).head(max_artists)

    people = people_of(tracklists, aliases)
    whole = _graph(here, people)
    centre = f"unknown:{unknown}"
    for row in _as_persons(best.with_columns(key=artist_key(pl.col("artist"))), people).iter_rows(named=True):
        parts = {k: row[k] for k in ("rank", "occurrence", "label", "dj", "position")}
        told = {"count": row["occurrence_count"], "weight": row["probability"]}
        said, person = " | ".join(row["evidence"] or []), f"artist:{row['key']}"
        whole.add_edge(centre, person, relation="candidate", **told, evidence=said, **parts)
        # A person of several names has here the one that the ranking shows.
        whole.nodes[person]["label"] = row["artist"]
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


def _scenes(graph: nx.Graph[str], seed: int) -> tuple[nx.Graph[str], list[list[str]]]:
    """The ties, and Louvain's communities of them: the most played first, and so are their members."""
    met = [(a, b, d) for a, b, d in graph.edges(data=True) if d["relation"] == "met"]
    ties: nx.Graph[str] = nx.Graph([edge for edge in met if edge[2]["count"] >= _TIE] or met)
    plays = dict(graph.nodes(data="plays"))
    found = nx.community.louvain_communities(ties, weight="weight", seed=seed)
    large = [sorted(group, key=lambda n: (-plays[n], n)) for group in found if len(group) >= _SMALLEST]
    return ties, sorted(large, key=lambda group: (-sum(plays[n] for n in group), group[0]))


def communities(graph: nx.Graph[str], *, seed: int = 0) -> pl.DataFrame:
    """Which artists are played together.

    Returns:
        community (from 1), artists, plays, leading (its most played), labels (its commonest).
    """
    rows, name = [], dict(graph.nodes(data="label"))
    for n, group in enumerate(_scenes(graph, seed)[1], start=1):
        labels: Counter[str] = Counter()
        for artist in group:
            labels.update({name[b]: d["count"] for b, d in graph[artist].items() if d["relation"] == "releases_on"})
        plays = sum(graph.nodes[node]["plays"] for node in group)
        commonest = [label for label, _ in labels.most_common(_TOLD)]
        rows.append((n, len(group), plays, [name[node] for node in group[:_TOLD]], commonest))
    columns = {"community": pl.Int64, "artists": pl.Int64, "plays": pl.Int64, "leading": _NAMES, "labels": _NAMES}
    return pl.DataFrame(rows, schema=columns, orient="row")


def bridges(graph: nx.Graph[str], *, seed: int = 0) -> pl.DataFrame:
    """Who stands between communities: artists tied to at least two, by the shortest paths that pass them.

    Returns:
        artist, between (share of shortest paths, 0–1), plays, outside_pct (ties that leave its own community), joins
        (the leading artist of each community it has ties to, its own first).
    """
    ties, groups = _scenes(graph, seed)
    of = {node: n for n, group in enumerate(groups) for node in group}
    rows, name = [], dict(graph.nodes(data="label"))
    for node, between in nx.betweenness_centrality(ties, k=min(len(ties), _PATHS), seed=seed).items():
        near = [of[other] for other in ties[node] if other in of]
        if node in of and between > 0 and {*near} - {of[node]}:
            joins = [name[groups[n][0]] for n in (of[node], *sorted({*near} - {of[node]}))]
            away = 100 * sum(n != of[node] for n in near) / len(near)
            rows.append((name[node], between, graph.nodes[node]["plays"], away, joins))
    columns = {"artist": pl.String, "between": pl.Float64, "plays": pl.Int64, "outside_pct": pl.Float64}
    found = pl.DataFrame(rows, schema=columns | {"joins": _NAMES}, orient="row")
    return found.sort("between", "artist", descending=[True, False])


def first_players(tracklists: pl.DataFrame, *, aliases: pl.DataFrame | None = None) -> pl.DataFrame:
    """Who plays whom first, of tracks with a known artist that two DJs or more played on dated days.

    First is whom nobody else was as early as; what DJs play of their own is left out. Whoever goes by several names
    (`aliases`: columns artist, alias; and those known) is one, told by the commonest.

    Returns:
        dj, first (tracks it was first with), of (those it played), first_pct, lead_days (median until the second DJ),
        whom (the artists it is first with, most tracks first).
    """
    with counting(tracklists, people_of(tracklists, aliases)) as con:
        return DUCKDB["graph_first_players"].frame(con, told=_TOLD)


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphFile:
    """What was written, and where; nodes are counted by kind, edges by relation."""

    out: Path
    nodes: dict[str, int]
    edges: dict[str, int]
    graph: nx.Graph[str]

    def asdict(self) -> dict[str, Any]:
        """The counts, as JSON takes them."""
        return {"out": str(self.out), "nodes": self.nodes, "edges": self.edges}

    def text(self) -> str:
        """The counts, for people."""
        lines = []
        for what, counted in (("nodes", self.nodes), ("edges", self.edges)):
            lines += [f"{sum(counted.values()):>10,} {what}", *(f"{n:>10,}   {kind}" for kind, n in counted.items())]
        return "\n".join([*lines, "", f"written to {self.out}"])


def graph(
    tracklists: Source = None,
    *,
    out: str | os.PathLike[str],
    unknown: str | None = None,
    settings: Settings | None = None,
) -> GraphFile:
    """Write tracks, artists, labels, DJs and sets as a graph (the module says what is in it).

    Args:
        tracklists: Files, a frame TRACKLISTS, a `.duckdb` snapshot; None: the latest snapshot.
        out: `.gexf` or `.graphml`; with `unknown` also `.png`, `.svg` or `.pdf`.
        unknown: track_key of an unknown: only what is around it.
        settings: Where snapshots are; only for None.

    Raises EnrichError: the ending of `out`, a file, the snapshot or the unknown is not usable.
    """
    out = Path(out)
    kinds = (".gexf", ".graphml", *_PICTURES)
    if out.suffix.lower() not in kinds:
        raise InputFileError(f"{out}: a graph is written as {', '.join(kinds)}; give --out one of these endings")
    if out.suffix.lower() in _PICTURES and unknown is None:
        raise InputFileError(f"{out}: a picture is of one unknown; name it with --unknown")
    check_place(out)
    rows, aliases = _rows(tracklists, settings)
    made = build_graph(rows, aliases=aliases) if unknown is None else ego_net(rows, unknown, aliases=aliases)
    write_graph(made, out)
    nodes, edges = Counter(dict(made.nodes(data="kind")).values()), Counter(r for *_, r in made.edges(data="relation"))
    return GraphFile(out=out, nodes=dict(sorted(nodes.items())), edges=dict(sorted(edges.items())), graph=made)


def write_graph(graph: nx.Graph[str], out: str | os.PathLike[str]) -> Path:
    """Write any networkx graph as GEXF or GraphML, or an ego-net as a picture, by the ending of `out`.

    Nulls are left out and characters XML cannot hold replaced; every other value is a string, number or boolean, or
    becomes its text.
    """
    out = Path(out)
    with replacing(out) as (part,):
        ending = out.suffix.lower()
        if ending in _PICTURES:
            undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(ending, {})
            draw_ego_net(graph).savefig(part, format=ending[1:], dpi=200, metadata=undated)
        elif ending == ".gexf":
            text = "\n".join(nx.generate_gexf(_plain(graph, looks=True), version="1.2draft"))
            part.write_text(_WRITTEN_ON.sub("", text, count=1), encoding="utf-8")
        else:
            part.write_text("\n".join(nx.generate_graphml(_plain(graph), named_key_ids=True)), encoding="utf-8")
    return out


def _plain(graph: nx.Graph[str], *, looks: bool = False) -> nx.Graph[str]:
    """A copy that any XML reader takes; with `looks`, nodes are coloured by kind and their areas are their plays."""
    plain: nx.Graph[str] = nx.Graph()
    most = max((plays for _, plays in graph.nodes(data="plays", default=1)), default=1)
    for node, attributes in graph.nodes(data=True):
        plain.add_node(_legal(str(node)), **_values(attributes))
        if looks:
            red, green, blue = bytes.fromhex(NODES.get(attributes.get("kind", ""), MUTED)[1:])
            size = _SIZES[0] + (_SIZES[1] - _SIZES[0]) * (attributes.get("plays", 1) / most) ** 0.5
            colour = {"r": red, "g": green, "b": blue, "a": 1.0}
            plain.nodes[_legal(str(node))]["viz"] = {"size": round(size, 2), "color": colour}
    for source, target, attributes in graph.edges(data=True):
        plain.add_edge(_legal(str(source)), _legal(str(target)), **_values(attributes))
    return plain


def _values(attributes: dict[str, Any]) -> dict[str, Any]:
    return {
        _legal(str(name)): value if isinstance(value, bool | int | float) else _legal(str(value))
        for name, value in attributes.items()
        if value is not None
    }


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)


def _rows(tracklists: Source, settings: Settings | None) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """The slots, and the aliases where the source knows them."""
    if isinstance(tracklists, pl.DataFrame):
        return tracklists, None
    files = [tracklists] if tracklists is None or isinstance(tracklists, str | os.PathLike) else [*tracklists]
    one = Path(files[0]) if len(files) == 1 and files[0] is not None else None
    if tracklists is not None and (one is None or one.suffix.lower() != ".duckdb"):
        return read_tracklists(tracklists).rows, None
    snapshot = open_snapshot(one, settings=settings)
    try:
        artists = snapshot.frame("artists").select("artist", alias="aliases").explode("alias").drop_nulls()
        return snapshot.frame("tracklists"), artists
    finally:
        snapshot.con.close()
