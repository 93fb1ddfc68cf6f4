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
from enrich.text.normalise import normalise_artist, normalise_label
from enrich.text.words import is_unknown_artist

key_of = cache(normalise_artist)
label_key_of = cache(normalise_label)

COLUMNS = (
    "set_id", "dj", "set_name", "set_date", "position", "artist", "title", "label", "is_id", "track_key",
)  # fmt: skip


def oracle_rank(tracklists: pl.DataFrame, *, aliases: pl.DataFrame | None = None, window: int = 2) -> list[dict]:
    rows = one_row_per_slot(tracklists)
    graph, spelling, label_spelling = build(rows)
    same = alias_pairs(aliases)
    ranking = []
    for node in sorted(n for n in graph if n[0] == "unknown"):
        ranking += rank_one(graph, node, window, same, spelling, label_spelling)
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
    for row in rows:
        slot = ("slot", row["set_id"], row["position"])
        graph.add_edge(("set", row["set_id"]), slot)
        for dj in names(row["dj"]):
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
    return graph, {k: commonest(c) for k, c in spellings.items()}, {k: commonest(c) for k, c in labels.items()}


def commonest(counter: Counter) -> str:
    return min(counter, key=lambda name: (-counter[name], name))


def alias_pairs(aliases: pl.DataFrame | None) -> set[tuple[str, str]]:
    rows = [] if aliases is None else aliases.to_dicts()
    named = {(key_of(row["artist"]), key_of(row["alias"])) for row in rows}
    claimants = {other: {a for a, b in named if b == other and a != b} for _, other in named}
    alone = nx.Graph((a, b) for a, b in named if len(claimants[b]) == 1)
    owner = {name: min(person) for person in nx.connected_components(alone) for name in person}
    names = nx.Graph((a, b) for a, b in named if len({owner.get(one, one) for one in claimants[b]}) == 1)
    return {(a, b) for person in nx.connected_components(names) for a in person for b in person}


def around(graph: nx.Graph, node: tuple, kind: str) -> list[tuple]:
    return sorted(n for n in graph[node] if n[0] == kind)


def rank_one(graph, node, window, same, spelling, label_spelling) -> list[dict]:
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
    roster = {
        artist[1]
        for slot in (around(graph, ("label", top), "slot") if top else [])
        if graph.nodes[slot].get("known")
        for artist in around(graph, slot, "artist")
    }
    djs = {dj[1] for slot in slots for dj in around(graph, slot, "dj")}
    mid = Fraction(sum(mid_set(graph, slot) for slot in slots), len(slots)) / 10

    candidates = []
    for artist in {a[1] for slot in context for a in around(graph, slot, "artist")}:
        near = {slot[1] for slot in context if ("artist", artist) in graph[slot]}
        occurrence = Fraction(len(near), len(sets))
        label = share if artist in roster else Fraction(0)
        parts = [dj_part(graph, dj, artist, same) for dj in djs]
        dj = sum(parts, Fraction(0)) / len(parts) if parts else Fraction(0)
        probability = occurrence / 2 + label * Fraction(3, 10) + dj / 5
        candidates.append(
            {
                "track_key": node[1],
                "artist": spelling[artist],
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


def mid_set(graph: nx.Graph, slot: tuple) -> bool:
    positions = [s[2] for s in around(graph, ("set", slot[1]), "slot")]
    length = max(positions) - min(positions) + 1
    tenth = -(-length // 10)
    return min(positions) + tenth <= slot[2] <= max(positions) - tenth


def dj_part(graph: nx.Graph, dj: str, artist: str, same: set[tuple[str, str]]) -> Fraction:
    if dj == artist or (dj, artist) in same:
        return Fraction(1)
    played = Counter(a[1] for slot in around(graph, ("dj", dj), "slot") for a in around(graph, slot, "artist"))
    return Fraction(played[artist], max(played.values())) if played else Fraction(0)
