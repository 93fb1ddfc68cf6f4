"""An analyst's questions on the demo world: figures of the specification, explanations, harmless HTML."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

import enrich
from bench.calibration import of_demo, recoveries, written
from enrich.analyst import questions
from enrich.analyst.explanation import explain
from enrich.analyst.html import frame, number, records, table
from enrich.analyst.snapshot import AnalystSnapshot
from enrich.errors import EnrichError
from enrich.frames.schemas import RANKING
from enrich.measuring.scale import Scale
from enrich.reporting.dashboards import precision_by_band

EVIL = "<script>alert(1)</script>\"'<img src=x onerror=alert(2)>"


def test_the_specifications_table(before):
    rows = {m: (n, p) for m, n, p in before.failure_table().iter_rows()}

    assert rows["Failed tracks"][0] == 635
    assert rows["Tracks with labels"] == (26, 4.1)
    assert rows["Retriable failures"] == (164, 25.8)
    assert rows["Non-retriable"] == (471, 74.2)


def test_failed_tracks_are_those_of_the_mart(before):
    got = before.failed()

    assert got.schema == questions.FAILED
    assert set(got["track_id"]) == set(before.frame("tracks").filter("is_failed")["track_id"])
    assert before.failure_reasons()["tracks"].sum() == got.height


def test_clues_agree_with_a_plain_loop(before):
    ws = before.workspace
    got = before.clues().head(40)
    slots = {(r["set_id"], r["position"]): r for r in ws.tracklists.iter_rows(named=True)}
    known = set(ws.tracklists.filter(pl.col("artist").is_not_null() & ~pl.col("is_id"))["track_key"])
    for row in got.iter_rows(named=True):
        own = [k for k, r in slots.items() if r["track_key"] == row["track_id"]]
        near = [slots.get((s, p + d)) for s, p in own for d in (-2, -1, 1, 2)]
        assert row["has_two_sets"] == (len({s for s, _ in own}) >= 2)
        if any(r is not None and r["track_key"] in known for r in near):
            assert row["has_neighbour"]


def test_everything_completes_by_tab(before):
    names = dir(before)

    for name in ("failed", "track", "neighbours", "labels", "artists", "review", "frame", "con", "manifest"):
        assert name in names
    assert not [n for n in names if n.startswith("_")]
    assert "why" in dir(before.track("Frozen Ground"))
    assert {"open_snapshot", "charts", "cooldown", "undo"} <= set(dir(enrich))


def test_an_explanation_shows_sets_tiers_proposals_and_retry(after):
    found = after.track("Frozen Ground").why()
    text, page = repr(found), found._repr_html_()

    days = found.plays.filter(pl.col("offset") == 0)["set_date"].to_list()
    assert days == sorted(days)
    # Its own three, and those of the recording it turned out to be.
    assert len(days) >= 3
    assert {s.tier for s in found.answers} == {0, 1, 2}
    assert all(s.because for s in found.answers)
    for part in ("Above & Beyond", "Ilan Bluestone", "a known recording", "Is not waiting for anything"):
        assert part in text
    waiting = after.workspace.tracks.filter(status="pending_re_enrichment")["track_id"][0]
    assert "Waits in cool-down until" in repr(after.track(waiting).why())
    assert "Above &amp; Beyond" in page
    assert found.proposed.height


def test_an_explanation_without_a_ledger_says_so(before):
    found = explain(
        before.workspace, before.track("Frozen Ground").id, ranking=pl.DataFrame(schema=RANKING), ledger=None,
        accepts=lambda rows: pl.repeat(value=False, n=len(rows), eager=True), scale=Scale.shipped(),
        now=before.manifest.taken_at,
    )  # fmt: skip

    assert "could not be reached" in repr(found)
    assert "accepted by policy" not in repr(found)


def test_hostile_text_is_harmless_everywhere(before):
    ws = before.workspace
    track = before.track("Frozen Ground").id
    evil = replace(
        ws,
        tracks=ws.tracks.with_columns(title=pl.lit(EVIL), error_message=pl.lit(EVIL), label=pl.lit(EVIL)),
        tracklists=ws.tracklists.with_columns(
            title=pl.lit(EVIL), dj=pl.lit(EVIL), set_name=pl.lit(EVIL), artist=pl.lit(EVIL), label=pl.lit(EVIL)
        ),
    )
    found = explain(evil, track, ranking=pl.DataFrame(schema=RANKING), ledger=None,
                 accepts=before.accepts, scale=Scale.shipped(), now=before.manifest.taken_at)  # fmt: skip
    page = found._repr_html_()

    assert "<script" not in page
    assert "<img" not in page
    assert page.count("&lt;script&gt;") > 3
    assert "<script" not in table(("a",), [(EVIL,)])


def test_a_track_is_found_by_what_people_type(before):
    want = before.track("Frozen Ground").id

    assert before.track(want).id == want
    assert before.track("frozen ground").id == want
    with pytest.raises(EnrichError, match="close are 'Frozen Ground'"):
        before.track("Frozne Grond")
    # Nothing that a title may hold is taken for a pattern.
    with pytest.raises(EnrichError, match="no track"):
        before.track("(((")


def test_an_example_is_there_whatever_the_snapshot_holds(before, after):
    assert before.example("Frozen Ground").title == "Frozen Ground"
    assert before.example("No such title").id == before.failed()["track_id"][0]
    tracks = after.workspace.tracks.filter(~pl.col("is_failed"))
    resolved = AnalystSnapshot(after.path, after.con, after.manifest, settings=after.settings)
    resolved.workspace = replace(after.workspace, tracks=tracks)
    assert resolved.example().row["status"] == "pending_re_enrichment"
    resolved.workspace = replace(after.workspace, tracks=tracks.clear())
    with pytest.raises(EnrichError, match="holds no tracks"):
        resolved.example()


def test_neighbours_are_within_the_window(before):
    near = before.neighbours("Frozen Ground", window=1)

    assert near.schema == questions.NEIGHBOURS
    assert near["nearest"].max() == 1
    assert set(near["artist"]) <= set(before.neighbours("Frozen Ground", window=2)["artist"])
    with pytest.raises(EnrichError, match="window"):
        before.neighbours("Frozen Ground", window=0)


def test_hunt_finds_labels_of_brackets_and_says_how(before):
    found = before.labels.hunt(limit=60)

    assert found["track_id"].is_unique().all()
    # Measured on this snapshot, as `why()` tells it.
    assert found["confidence"].null_count() == 0
    assert found["confidence"].is_between(0, 1).all()
    assert set(found["source"]) <= {"title", "database"}
    assert found["rule"].null_count() == 0
    one = before.labels.hunt(found["track_id"][0])
    assert one["label"].to_list() == found["label"].head(1).to_list()


def test_misleading_brackets_are_no_labels_of_the_database(before):
    shown = set(before.labels.misleading()["in_brackets"].head(5))

    assert "Original Mix" in shown


def test_rank_is_the_formulas(before):
    one = before.artists.rank("Frozen Ground")

    assert one.schema == RANKING
    assert one["rank"].to_list() == list(range(1, one.height + 1))
    assert before.artists.rank()["track_key"].n_unique() > 100


def test_bands_count_every_proposal_once(after):
    # A rule without a measured confidence is in no band.
    judged = after.judged_proposals().drop_nulls("confidence")
    bands = precision_by_band(after.judged_proposals())

    assert bands["n"].sum() == judged.height
    assert bands["right"].sum() == judged["is_right"].sum()
    assert (bands["low"] <= bands["confidence"] + 1e-9).all()


def test_every_source_keeps_its_word_by_the_truth_planted_and_what_is_written_is_right(before, after):
    rows = of_demo(after)

    assert rows.filter(~pl.col("is_within")).is_empty(), rows.filter(~pl.col("is_within")).rows()
    for what, n, right in written(rows).iter_rows():
        assert n >= 50, (what, n)
        assert right >= 0.95 * n, (what, right, n)
    assert "projected 200–280" in recoveries(after, before)[0]


def test_the_snapshot_object_is_what_it_was(before):
    with enrich.open_snapshot(before.path) as snap:
        assert snap.con.execute("select count(*) from tracks").fetchone() == (2213,)
        assert snap.manifest.rows["tracks"] == 2213
        assert "<script" not in snap._repr_html_()


@pytest.mark.parametrize("world", ["before", "after"])
def test_an_answers_numbers_are_those_of_its_tables(world, request, after):
    snap = request.getfixturevalue(world)
    failed, labels = snap.answer("failed"), snap.answer("labels", done=after)

    ((n, share),) = snap.failure_table().filter(metric="Failed tracks").select("tracks", "share_pct").rows()
    assert failed.startswith(f"**Answer.** {number(n)} tracks of 2,213 have failed ({number(share)} %).")
    found, told = snap.labels.hunt(), after.labels.precision(by_band=False)
    assert found.height == snap.labels.rules()["labels"].sum()
    assert f"holds a label for {number(found.height)} of its failed tracks" in labels
    assert (
        f"{number(told['right'].sum())} of the {number(told['judged'].sum())} that could be judged are right" in labels
    )
    assert failed._repr_markdown_() == failed
    with pytest.raises(EnrichError, match="no answer to 'why'"):
        snap.answer("why")
    with pytest.raises(EnrichError, match=r"labels \(done\)"):
        snap.answer("labels")


def test_frames_show_names_before_ids_numbers_rounded_and_evidence_as_sentences():
    shown = frame(
        pl.DataFrame(
            {"track_id": [1], "title": [EVIL], "confidence": [0.123456], "n": [12345], "is_new": [True],
             "evidence": ['{"rule": "same_title", "hits": 3}'], "names": [["a", "b"]], "nothing": [None]}
        )
    )  # fmt: skip

    heads = [part.split("<")[0] for part in shown.replace("<wbr>", "").split("<th>")[1:]]
    assert heads == ["title", "confidence", "n", "is_new", "evidence", "names", "nothing", "track_id"]
    for cell in ("0.123<", "12,345<", ">yes<", ">a, b<", "Rule: same title; 3 hits", ">–<"):
        assert cell in shown
    assert "<script" not in shown
    assert "{" not in shown.split("</style>")[1]
    assert "and 88 rows more" in frame(pl.DataFrame({"n": range(100)}))
    assert "more" not in frame(pl.DataFrame({"source": range(30)}))
    assert ">rule<" in frame(pl.DataFrame({"confidence": [None]}, schema={"confidence": pl.Float64}))
    assert "Nothing to show." in frame(pl.DataFrame())
    assert records({"is_applied": None, "of": {"right": None}}).count("–") == 2


def test_the_graph_is_whole_or_what_is_around_a_name(before):
    whole = before.graph()
    kinds = {kind for _, kind in whole.nodes(data="kind")}
    assert kinds == {"track", "unknown", "artist", "label", "dj", "set"}
    artist = max((d["plays"], d["label"]) for _, d in whole.nodes(data=True) if d["kind"] == "artist")[1]
    around = before.graph(artist)
    centre = next(n for n in around if around.degree(n) == len(around) - 1 and around.nodes[n]["label"] == artist)
    assert set(around) == {centre, *whole[centre]}
    assert set(around) < set(before.graph(centre, hops=2))
    # A track by its id, in the words of the rest of the snapshot.
    unknown = before.unknown()
    assert f"unknown:{unknown.id}" in before.graph(unknown.id)
    with pytest.raises(EnrichError, match="no node of the graph is called 'Nobody Atall'"):
        before.graph("Nobody Atall")


def test_a_click_tells_the_story_of_a_node(before):
    unknown = before.unknown()
    view = before.walk(unknown.id, hops=2, most=120)

    assert len(view.sigma.data["nodes"]) == 120
    assert "What each tier says" in view.story.value
    view.sigma.selected_node = next(n for n, kind in before.graph(unknown.id).nodes(data="kind") if kind == "set")
    assert "tied to" in view.story.value
    view.sigma.selected_node = None
    assert "Search a name" in view.story.value
    assert "120 nodes" in view._repr_mimebundle_()[0]["text/html"]


@pytest.mark.parametrize("question", ["communities", "bridges", "first_players"])
def test_three_questions_come_with_their_picture(before, question):
    found = getattr(before, question)()

    assert found.frame.height > 3
    assert found._repr_html_().count("<img") == 1
    assert found.frame.equals(getattr(before, question)().frame)
