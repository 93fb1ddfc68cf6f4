"""The formula, slowly and obviously: one unknown at a time on a networkx graph, in exact fractions.

Written from the rules in prose, not from the SQL. Judge of `enrich.cooccurrence.ranking.rank`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from functools import cache

import networkx as nx
import polars as pl

from enrich.text.credits import split_credits
from enrich.text.normalise import label_key, normalise_artist
from enrich.text.words import is_unknown_artist

key_of = cache(normalise_artist)
label_key_of = cache(lambda text: pl.select(label_key(pl.lit(text, pl.String))).item())

COLUMNS = (
    "set_id", "dj", "set_name", "set_date", "position", "artist", "title", "label", "is_id", "track_key",
)  # fmt: skip


def oracle_rank(tracklists: pl.DataFrame, *, aliases: pl.DataFrame | None = None, window: int = 2) -> list[dict]:
    rows = one_row_per_slot(tracklists)
    graph, spelling, label_spelling = build(rows)
    person = persons(aliases, {n[1] for n in graph if n[0] in ("artist", "dj")})
    ranking = []
    for node in sorted(n for n in graph if n[0] == "unknown"):
        ranking += rank_one(graph, node, window, person, spelling, label_spelling)
    return ranking


def one_row_per_slot(tracklists: pl.DataFrame) -> list[dict]:
    best: dict[tuple[str, int], dict] = {}

    def order(row: dict) -> tuple:
        values = ("artist", "title", "label", "track_key", "dj", "set_name", "set_date", "is_id")
        return (unknown(row["artist"]), *((row[v] is None, row[v] if row[v] is not None else "") for v in values))

    for row in tracklists.to_dicts():
        row = {c: row.get(c) for c in COLUMNS}
        slot = (row["set_id"], row["position"])
        if slot not in best or order(row) < order(best[slot]):
            best[slot] = row
    return [best[slot] for slot in sorted(best)]


@cache
def unknown(artist: str | None) -> bool:
    return pl.DataFrame({"a": [artist]}, schema={"a": pl.String}).select(is_unknown_artist(pl.col("a"))).item()


@cache
def names(credit: str | None) -> tuple[str, ...]:
    if credit is None:
        return ()
    split = split_credits(pl.Series([credit]))
    return tuple(r["artist"] for r in split.to_dicts() if r["role"] != "remixer" and not unknown(r["artist"]))


def build(rows: list[dict]) -> tuple[nx.Graph, dict[str, str], dict[str, str]]:
    graph = nx.Graph()
    spellings: dict[str, Counter] = defaultdict(Counter)
    labels: dict[str, Counter] = defaultdict(Counter)
    djs: dict[str, Counter] = defaultdict(Counter)
    for row in rows:
        slot = ("slot", row["set_id"], row["position"])
        graph.add_edge(("set", row["set_id"]), slot)
        for dj in names(row["dj"]):
            djs[key_of(dj)][dj] += 1
            graph.add_edge(("dj", key_of(dj)), slot)
        label = label_key_of(row["label"]) or None
        if label is not None:
            labels[label][row["label"]] += 1
            graph.add_edge(("label", label), slot)
        if unknown(row["artist"]):
            key = row["track_key"] or f"{row['set_id']}#{row['position']}"
            graph.add_edge(("unknown", key), slot)
        else:
            graph.add_node(slot, known=True)
            for artist in names(row["artist"]):
                spellings[key_of(artist)][artist] += 1
                graph.add_edge(("artist", key_of(artist)), slot)
    spelled = {k: commonest(c) for k, c in {**djs, **spellings}.items()}
    return graph, spelled, {k: commonest(c) for k, c in labels.items()}


def commonest(counter: Counter) -> str:
    return min(counter, key=lambda name: (-counter[name], name))


def persons(aliases: pl.DataFrame | None, present: set[str]) -> dict[str, str]:
    """The person of every name: the first, in order, of those in the data. A name two people claim joins nobody."""
    given = [] if aliases is None else [(key_of(r["artist"]), key_of(r["alias"])) for r in aliases.to_dicts()]
    edges = {(a, b) for a, b in given if a != b}
    owners = defaultdict(set)
    for a, b in edges:
        owners[b].add(a)
    plain = nx.Graph([(a, b) for a, b in edges if len(owners[b]) == 1])
    plain.add_nodes_from({name for edge in edges for name in edge})
    group = {name: min(c) for c in nx.connected_components(plain) for name in c}
    names = nx.Graph([(a, b) for a, b in edges if len({group[owner] for owner in owners[b]}) == 1])
    names.add_nodes_from(present)
    return {n: min(c & present) for c in nx.connected_components(names) for n in c if c & present}


def around(graph: nx.Graph, node: tuple, kind: str) -> list[tuple]:
    return sorted(n for n in graph[node] if n[0] == kind)


def artists_of(graph: nx.Graph, slot: tuple, person: dict[str, str]) -> set[str]:
    return {person[artist[1]] for artist in around(graph, slot, "artist")} if graph.nodes[slot].get("known") else set()


def rank_one(graph, node, window, person, spelling, label_spelling) -> list[dict]:
    slots = around(graph, node, "slot")
    sets = {slot[1] for slot in slots}
    context = set()
    for _, set_id, position in slots:
        for other in around(graph, ("set", set_id), "slot"):
            if abs(other[2] - position) <= window and graph.nodes[other].get("known"):
                context.add(other)

    by_label = Counter(label[1] for slot in context for label in around(graph, slot, "label"))
    top = min(by_label, key=lambda key: (-by_label[key], key)) if by_label else None
    share = Fraction(by_label[top], sum(by_label.values())) if by_label else Fraction(0)
    on_label = around(graph, ("label", top), "slot") if top else []
    roster = {artist for slot in on_label for artist in artists_of(graph, slot, person)}
    djs = {person[dj[1]] for slot in slots for dj in around(graph, slot, "dj")}
    parts = {dj: dj_parts(graph, dj, person) for dj in djs}
    mid = Fraction(sum(mid_set(graph, slot) for slot in slots), len(slots)) / 10

    candidates = []
    anyone = {a for slot in context for a in artists_of(graph, slot, person)} | roster
    for artist in anyone | {a for played in parts.values() for a in played}:
        near = {slot[1] for slot in context if artist in artists_of(graph, slot, person)}
        occurrence = Fraction(len(near), len(sets))
        label = share if artist in roster else Fraction(0)
        dj = sum((p.get(artist, Fraction(0)) for p in parts.values()), Fraction(0)) / max(len(parts), 1)
        probability = occurrence / 2 + label * Fraction(3, 10) + dj / 5
        candidates.append(
            {
                "track_key": node[1],
                "artist": shown(graph, artist, djs, person, spelling),
                "artist_key": artist,
                "probability": probability,
                "occurrence_count": len(near),
                "label_support": label_spelling[top] if artist in roster else None,
                "occurrence": occurrence,
                "label": label,
                "dj": dj,
                "position": mid,
            }
        )
    candidates.sort(key=lambda c: (-c["probability"], -c["occurrence_count"], c["artist_key"]))
    return [{"rank": i, **c} for i, c in enumerate(candidates[:50], start=1)]


def shown(graph: nx.Graph, artist: str, djs: set[str], person: dict[str, str], spelling: dict[str, str]) -> str:
    """Of an artist's names the one that these DJs played most; what others play counts little, playing sets less."""
    weight: Counter = Counter({name: 0 for name, who in person.items() if who == artist and name in spelling})
    for name in weight:
        for slot in around(graph, ("artist", name), "slot") if ("artist", name) in graph else []:
            weight[name] += heard_by(graph, slot, djs, person)
        for slot in around(graph, ("dj", name), "slot") if ("dj", name) in graph else []:
            weight[name] += heard_by(graph, slot, djs, person) / 10_000
    return spelling[min(weight, key=lambda name: (-weight[name], name))]


def heard_by(graph: nx.Graph, slot: tuple, djs: set[str], person: dict[str, str]) -> Fraction:
    in_set = around(graph, ("set", slot[1]), "slot")
    mine = any(person[dj[1]] in djs for other in in_set for dj in around(graph, other, "dj"))
    return Fraction(1) if mine else Fraction(1, 50)


def mid_set(graph: nx.Graph, slot: tuple) -> bool:
    positions = [s[2] for s in around(graph, ("set", slot[1]), "slot")]
    length = max(positions) - min(positions) + 1
    tenth = -(-length // 10)
    return min(positions) + tenth <= slot[2] <= max(positions) - tenth


def dj_parts(graph: nx.Graph, dj: str, person: dict[str, str]) -> dict[str, Fraction]:
    """What a DJ's plays say of each artist: 1 of the DJ, of others their plays relative to the most played one's."""
    slots = {slot for name, who in person.items() if who == dj and ("dj", name) in graph for slot in graph["dj", name]}
    played = Counter(artist for slot in slots for artist in artists_of(graph, slot, person))
    return {a: Fraction(n, max(played.values())) for a, n in played.items()} | {dj: Fraction(1)}
