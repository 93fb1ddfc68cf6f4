"""The graph as a file: GEXF and GraphML for Gephi, or a picture of one unknown's surroundings.

Reads tracklist files, a frame, or the marts of a snapshot; writes one file, whole or not at all. The same data give
the same bytes: GEXF's date of writing is left out.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import polars as pl

from enrich.charts.style import MUTED, NODES
from enrich.charts.tracks import draw_ego_net
from enrich.cooccurrence.graph.building import build_graph, ego_net
from enrich.errors import InputFileError
from enrich.frames.files import check_place, replacing
from enrich.settings import Settings
from enrich.snapshots.opening import open_snapshot
from enrich.tracklists.reading import read_tracklists

_PICTURES = (".png", ".svg", ".pdf")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: Of a node in Gephi: with next to no plays, and with most.
_SIZES = (4.0, 60.0)
_WRITTEN_ON = re.compile(r'\s*lastmodifieddate="[^"]*"')

Source = str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | pl.DataFrame | None


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
    """Write tracks, artists, labels, DJs and sets as a graph (`graph.building` says what is in it).

    Args:
        tracklists: Files, a frame TRACKLISTS, a `.duckdb` snapshot; None: the latest snapshot.
        out: `.gexf` or `.graphml`; with `unknown` also `.png`, `.svg` or `.pdf`.
        unknown: track_key of an unknown: only what is around it.
        settings: Where snapshots are; only for None.

    Raises:
        EnrichError: the ending of `out`, a file, the snapshot or the unknown is not usable.
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
    return GraphFile(
        out=out,
        nodes=dict(sorted(Counter(kind for _, kind in made.nodes(data="kind")).items())),
        edges=dict(sorted(Counter(relation for *_, relation in made.edges(data="relation")).items())),
        graph=made,
    )


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
