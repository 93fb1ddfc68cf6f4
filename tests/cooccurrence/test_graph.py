from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import combinations

import networkx as nx
import polars as pl
import pytest
from formula_oracle import key_of, names, one_row_per_slot, unknown
from hypothesis import given, settings
from matplotlib.backends.backend_agg import FigureCanvasAgg
from test_ranking import worlds

from enrich.charts.tracks import draw_ego_net
from enrich.cooccurrence.graph import (
    bridges,
    build_graph,
    communities,
    ego_net,
    first_players,
    graph,
    write_graph,
)
from enrich.cooccurrence.ranking import rank
from enrich.errors import EnrichError
from enrich.frames.schemas import TRACKLISTS

BAD = "Bad \x07 Name \x00 & <Son> \ufffe"


def world() -> pl.DataFrame:
    rows = []
    for i in range(1, 4):
        played = [
            ("Above & Beyond", "Thing", "Anjunabeats"), ("Ilan Bluestone", "Frozen Ground", "Anjunabeats"),
            (None, None, None), ("Spencer Brown", "Rainy Road", "Anjunabeats"), (BAD, None, None),
        ]  # fmt: skip
        for position, (artist, title, label) in enumerate(played, start=1):
            rows.append(
                {
                    "set_id": f"s{i}", "dj": "Above & Beyond" if i < 3 else None,
                    "set_name": None if i == 2 else f"ABGT {i}",
                    "position": position, "artist": artist, "title": title, "label": label,
                    "track_key": "u" if artist is None else None,
                }
            )  # fmt: skip
    frame = pl.DataFrame(rows, infer_schema_length=None)
    return frame.with_columns(set_date=pl.lit(None, pl.Date), is_id=pl.lit(None, pl.Boolean)).select(
        pl.col(n).cast(t) for n, t in TRACKLISTS.items()
    )


def test_whole_graph_counts_what_is_played():
    g = build_graph(world())

    assert g.nodes["artist:ilan bluestone"] == {"kind": "artist", "label": "Ilan Bluestone", "plays": 3}
    assert g["dj:above and beyond"]["artist:ilan bluestone"] == {"relation": "plays", "count": 2, "weight": 2.0}
    assert g["artist:ilan bluestone"]["label:anjunabeats"]["count"] == 3
    assert g["dj:above and beyond"]["artist:above and beyond"]["relation"] == "same"
    near = g["track:above and beyond · thing"]["unknown:u"]
    assert (near["relation"], near["count"], near["weight"]) == ("near", 3, 1.5)
    assert g["artist:ilan bluestone"]["artist:spencer brown"] == {"relation": "met", "count": 3, "weight": 3.0}
    assert g.nodes["set:s2"]["label"] == "s2"


@pytest.mark.parametrize(
    ("own", "other", "aliases", "spelled"),
    [
        pytest.param("Ilan Bluestone", "Stone Nine", [("Ilan Bluestone", "Stone Nine")], None, id="database"),
        pytest.param("Ilan Bluestone", "Stone Nine", None, "Ilan Bluestone aka Stone Nine", id="credits"),
        pytest.param("Armin van Buuren", "Gaia", None, None, id="known"),
    ],
)
def test_a_person_under_several_names_is_one_artist_and_one_dj(own, other, aliases, spelled):
    first = pl.col("set_id") == "s1"
    told = world().with_columns(
        artist=pl.when(pl.col("artist") == "Ilan Bluestone").then(pl.lit(own))
        .when((pl.col("artist") == "Spencer Brown") & first).then(pl.lit(other))
        .when((pl.col("artist") == BAD) & first & (spelled is not None)).then(pl.lit(spelled)).otherwise("artist"),
        dj=pl.when(first).then(pl.lit(other)).otherwise("dj"),
    )  # fmt: skip
    frame = None if aliases is None else pl.DataFrame(aliases, schema=["artist", "alias"], orient="row")
    key, gone = sorted((own.lower(), other.lower()))

    g, net = build_graph(told, aliases=frame), ego_net(told, "u", aliases=frame)

    assert not {f"artist:{gone}", f"dj:{gone}"} & set(g)
    assert g.nodes[f"artist:{key}"]["plays"] == (5 if spelled else 4)
    assert g[f"dj:{key}"][f"artist:{key}"]["relation"] == "same"
    assert net["unknown:u"][f"artist:{key}"]["relation"] == "candidate"
    # The ranking's word for each, whichever of its names that is.
    ranked = rank(told, aliases=frame).filter(pl.col("track_key") == "u")["artist"].to_list()
    assert {net.nodes[n]["label"] for n, d in net["unknown:u"].items() if d["relation"] == "candidate"} <= set(ranked)


@settings(max_examples=15, deadline=None)
@given(world=worlds)
def test_edges_equal_counting_by_hand(world):
    rows = one_row_per_slot(world)
    met, in_set = Counter(), Counter()
    for row in rows:
        in_set[row["set_id"]] += 1
    for a, b in combinations(rows, 2):
        if (
            a["set_id"] == b["set_id"]
            and abs(a["position"] - b["position"]) <= 2
            and not (unknown(a["artist"]) or unknown(b["artist"]))
        ):
            for one in {key_of(n) for n in names(a["artist"])}:
                for other in {key_of(n) for n in names(b["artist"])} - {one}:
                    met[frozenset((f"artist:{one}", f"artist:{other}"))] += 1

    g = build_graph(complete(world))

    assert {frozenset((u, v)): d["count"] for u, v, d in g.edges(data=True) if d["relation"] == "met"} == met
    assert {n.removeprefix("set:"): d["plays"] for n, d in g.nodes(data=True) if d["kind"] == "set"} == in_set
    assert not any(None in d.values() for _, d in g.nodes(data=True))


def complete(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        pl.col(n).cast(t) if n in rows.columns else pl.lit(None, t).alias(n) for n, t in TRACKLISTS.items()
    )


@pytest.mark.parametrize("ending", [".gexf", ".graphml"])
def test_files_come_back_whole_and_are_the_same_bytes(tmp_path, ending):
    out = tmp_path / f"g{ending}"
    done = graph(world(), out=out)
    again = graph(world().sample(fraction=1.0, shuffle=True, seed=3), out=tmp_path / f"h{ending}")

    back = nx.read_gexf(out) if ending == ".gexf" else nx.read_graphml(out)
    assert (back.number_of_nodes(), back.number_of_edges()) == (
        done.graph.number_of_nodes(), done.graph.number_of_edges(),
    )  # fmt: skip
    assert back.nodes["artist:ilan bluestone"]["kind"] == "artist"
    assert back["dj:above and beyond"]["artist:ilan bluestone"]["weight"] == 2.0
    assert out.read_bytes() == again.out.read_bytes()


@pytest.mark.parametrize("ending", [".gexf", ".graphml"])
def test_nulls_and_illegal_characters_do_no_harm(tmp_path, ending):
    g = nx.Graph()
    g.add_node("a\x00", kind="track", label="\ud800 & <b>\x1f", date=None, plays=1)
    g.add_edge("a\x00", "b", weight=1.0, relation=None)

    out = write_graph(g, tmp_path / f"x{ending}")

    back = nx.read_gexf(out) if ending == ".gexf" else nx.read_graphml(out)
    assert sorted(back) == ["a\ufffd", "b"]


def test_ego_net_holds_the_ranking():
    net = ego_net(world(), "u")
    ranking = rank(world()).filter(pl.col("track_key") == "u")

    edges = {n: d for n, d in net["unknown:u"].items() if d["relation"] == "candidate"}
    assert sorted(d["weight"] for d in edges.values()) == sorted(ranking["probability"])
    assert {d["kind"] for _, d in net.nodes(data=True)} == {"unknown", "track", "artist", "label", "dj", "set"}


def test_an_ego_net_has_the_order_of_the_whole_graph_in_every_run():
    net = ego_net(world(), "u")

    assert list(net) == sorted(net)
    assert all(source <= target for source, target in net.edges())


def test_unknown_that_is_not_there():
    with pytest.raises(EnrichError, match="no unknown is called 'x'; there are u"):
        ego_net(world(), "x")


@pytest.mark.parametrize(("out", "says"), [("g.txt", "endings"), ("g.png", "--unknown")])
def test_ending_of_the_file(tmp_path, out, says):
    with pytest.raises(EnrichError, match=says):
        graph(world(), out=tmp_path / out)


def many_artists() -> pl.DataFrame:
    """One unknown in nine sets with eighteen neighbours, names long, labels many."""
    rows = [
        {
            "set_id": f"s{s}", "dj": f"A Disc Jockey With A Long Name {s}", "position": p,
            "set_name": f"A very long name of an evening, number {s}, at a place",
            "artist": None if p == 2 else f"An Artist Whose Name Goes On {s}-{p}",
            "title": None, "label": f"Recordings Of The Long Name {s}-{p}", "track_key": "u" if p == 2 else None,
        }
        for s in range(9)
        for p in (1, 2, 3)
    ]  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None).select(
        pl.col(n).cast(t) if n in rows[0] else pl.lit(None, t).alias(n) for n, t in TRACKLISTS.items()
    )


@pytest.mark.parametrize("make", [world, many_artists])
def test_no_text_of_the_drawing_overlaps_another(make):
    figure = draw_ego_net(ego_net(make(), "u"))
    renderer = FigureCanvasAgg(figure).get_renderer()
    texts = [t for axes in figure.axes for t in axes.texts] + figure.texts
    boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in texts]

    width, height = figure.get_size_inches() * figure.dpi
    for i, (text, box) in enumerate(boxes):
        assert box.x0 >= 0, text
        assert box.x1 <= width, text
        assert box.y0 >= 0, text
        assert box.y1 <= height, text
        for other, other_box in boxes[i + 1 :]:
            assert not box.overlaps(other_box), (text, other)


def test_same_picture_twice(tmp_path):
    files = [graph(world(), out=tmp_path / f"{i}.png", unknown="u").out for i in (1, 2)]

    assert files[0].read_bytes() == files[1].read_bytes()


def test_gephi_finds_sizes_and_colours_that_mean_something(tmp_path):
    nodes = nx.read_gexf(graph(world(), out=tmp_path / "g.gexf").out).nodes
    of_kind = {data["kind"]: data["viz"]["color"] for _, data in nodes(data=True)}

    assert len({tuple(colour.values()) for colour in of_kind.values()}) == len(of_kind) == 6
    assert all(data["viz"]["color"] == of_kind[data["kind"]] for _, data in nodes(data=True))
    by_plays = sorted((data["plays"], data["viz"]["size"]) for _, data in nodes(data=True))
    assert [size for _, size in by_plays] == sorted(size for _, size in by_plays)
    assert by_plays[0][1] < by_plays[-1][1]


def two_scenes() -> pl.DataFrame:
    """Two groups of four artists played by two DJs each, and Z, who is played in both; DJs of number 1 are earlier."""
    rows = [
        {"set_id": f"{dj}{n}", "dj": f"DJ {dj}", "set_date": date(2024, 1 + late, 1 + n), "position": p,
         "title": f"T{name}", "artist": f"Artist {name}", "label": f"Label {scene}"}
        for scene, djs in (("A", ("a1", "a2")), ("B", ("b1", "b2")))
        for late, dj in enumerate(djs)
        for n in range(3)
        for p, name in enumerate([f"{scene}1", f"{scene}2", "Z", f"{scene}3", f"{scene}4"], start=1)
    ]  # fmt: skip
    return complete(pl.DataFrame(rows))


def test_communities_bridges_and_first_players():
    rows = two_scenes()
    net = build_graph(rows)

    found, between, first = communities(net), bridges(net), first_players(rows)

    assert sorted(found["artists"]) == [4, 5]
    assert {tuple(row) for row in found["labels"].to_list()} <= {("Label A",), ("Label B",), ("Label A", "Label B"),
                                                                 ("Label B", "Label A")}  # fmt: skip
    assert between["artist"][0] == "Artist Z"
    # Of the 28 pairs of others Z ties the 16 of both scenes, and in each scene one pair alone, two beside another.
    assert between["between"][0] == pytest.approx((16 + 2 * (1 + 2 / 2)) / 28)
    told = {row["dj"]: row for row in first.iter_rows(named=True)}
    # Z's track was first played by two DJs on one day, so it is nobody's.
    assert {dj: (row["first"], row["of"], row["lead_days"]) for dj, row in told.items()} == {
        "DJ a1": (4, 5, 31), "DJ b1": (4, 5, 31),
    }  # fmt: skip
    assert set(told["DJ a1"]["whom"]) == {f"Artist A{n}" for n in range(1, 5)}
    assert communities(build_graph(rows.sample(fraction=1.0, shuffle=True, seed=1))).equals(found)


def test_djs_of_one_set_are_told_each_by_their_own_name():
    rows = two_scenes().with_columns(pl.col("dj").replace("DJ a1", "DJ a1 b2b Zed"))

    told = {row["dj"]: row["first"] for row in first_players(rows).iter_rows(named=True)}

    # Two who play a set together are first by turns with nobody: neither was earlier than the other.
    assert told == {"DJ b1": 4}
    alone = pl.concat([rows, two_scenes().filter(dj="DJ a1").with_columns(
        set_id=pl.format("early {}", "set_id"), set_date=pl.col("set_date").dt.offset_by("-1y"))])  # fmt: skip
    assert {row["dj"] for row in first_players(alone).iter_rows(named=True)} == {"DJ a1", "DJ b1"}


def test_a_person_of_several_names_plays_first_and_is_played_as_one():
    rows = two_scenes()
    both = pl.DataFrame({"artist": ["Artist A1", "DJ a1"], "alias": ["Artist A2", "DJ b1"]})

    told = {row["dj"]: row for row in first_players(rows, aliases=both).iter_rows(named=True)}

    assert {dj: (row["first"], row["of"]) for dj, row in told.items()} == {"DJ a1": (9, 9)}
    assert set(told["DJ a1"]["whom"]) <= {"Artist A1", *(f"Artist {s}{n}" for s in "AB" for n in (1, 2, 3, 4))}
    assert "Artist A2" not in told["DJ a1"]["whom"]
    # What one plays of one's own is left out, under whatever name it is released.
    own = pl.DataFrame({"artist": ["DJ a1"], "alias": ["Artist A1"]})
    assert {r["dj"]: r["first"] for r in first_players(rows, aliases=own).iter_rows(named=True)}["DJ a1"] == 3


def test_unknown_and_undated_slots_change_nothing_of_who_plays_first():
    rows = two_scenes()
    other = rows.filter(dj="DJ a1").with_columns(set_id=pl.format("a {}", "set_id"))
    unknown = other.with_columns(pl.lit(None, pl.String).alias("artist"))
    undated = other.with_columns(pl.lit(None, pl.Date).alias("set_date"), set_id=pl.format("b {}", "set_id"))

    assert first_players(pl.concat([unknown, undated, rows])).equals(first_players(rows))


def test_the_questions_of_nothing_have_no_rows():
    empty = two_scenes().clear()

    assert communities(build_graph(empty)).is_empty()
    assert bridges(build_graph(empty)).is_empty()
    assert first_players(empty).is_empty()
