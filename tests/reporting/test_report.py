"""The report against a real Postgres: figures equal independent counts, precision equals the planted errors."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import polars as pl
import pytest

from enrich.cooldown import queue
from enrich.database.connection import connect
from enrich.demo.loading import demo
from enrich.errors import DatabaseError, InputFileError
from enrich.frames.schemas import PROPOSALS
from enrich.ledger.proposals import open_run, save, with_ids
from enrich.ledger.review import accept
from enrich.ledger.writing import undo, writeback
from enrich.reporting.recovery import report

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
XSS = "<script>alert(1)</script>"


def query(settings, text, *params):
    with connect(settings) as con:
        return con.execute(text, params).fetchall()


def propose(settings, rows):
    """Put proposals (track, kind, value, tier, confidence) on record and accept them; returns the run."""
    frame = with_ids(
        pl.DataFrame(
            [
                {"track_id": t, "kind": k, "value": v, "tier": tier, "source": f"test-{tier}", "probability": c,
                 "confidence": c, "evidence": "{}"}
                for t, k, v, tier, c in rows
            ],
            schema=PROPOSALS,
        )
    )  # fmt: skip
    titles = query(settings, "select id::text, title from tracks")
    seen = pl.DataFrame(
        [(t, title, None, None) for t, title in titles],
        schema=dict.fromkeys(("track_id", "seen_title", "seen_label", "seen_artist"), pl.String),
        orient="row",
    )
    with connect(settings) as con, con.cursor() as cur:
        run = open_run(cur, "resolve", now=NOW)
        save(cur, frame, run_id=run, seen=seen, now=NOW)
    return run, frame["proposal_id"].to_list()


@pytest.fixture
def demo_database(database):
    demo(database, seed=20251, now=NOW)
    return database


@pytest.fixture
def recovered(demo_database):
    """A demo world in which 100 labels (5 wrong) and 60 artists (6 wrong) were written, the rest put into cool-down."""
    truth = query(
        demo_database,
        "select track_id::text, true_artist, true_label from enrich_demo_truth join tracks on tracks.id = track_id"
        " where kind in ('artist_lost', 'promo_title') and metadata -> 'original_data' ->> 'label' is null"
        " order by track_id",
    )
    labels = [
        (track, "label", label if n % 20 else "Wrong Turn Audio", 0, 0.7)
        for n, (track, _, label) in enumerate(truth[:100])
    ]
    artists = [
        (track, "artist", artist.split(", ")[0] if n % 10 else "Nobody Atall", 1 if n < 40 else 2, 0.92)
        for n, (track, artist, _) in enumerate(truth[:60])
    ]
    _, ids = propose(demo_database, [*labels, *artists])
    propose(demo_database, [(truth[-1][0], "artist", XSS, 2, 0.4)])
    accept(demo_database, ids, by="anna", now=NOW)
    run = writeback(demo_database, now=NOW, apply=True).run_id
    queue.migrate(demo_database, now=NOW, limit=10_000)
    return demo_database, run


def row_of(figures, key):
    return next(row for row in figures["projections"]["rows"] if row["key"] == key)


def test_headline_agrees_with_the_database(recovered):
    settings, _ = recovered
    head = report(settings, now=NOW).figures["headline"]
    ((completed, failed, cooling, permanent),) = query(
        settings,
        "select count(*) filter (where status = 'completed'), count(*) filter (where status = 'failed'),"
        " count(*) filter (where status = 'pending_re_enrichment'),"
        " count(*) filter (where status = 'failed' and retry_count >= 5) from enrichment_status",
    )

    assert (head["tracks"], head["failed_before"], head["completed_before"]) == (2213, 635, 1578)
    assert head["failed_with_label_before"] == 26
    assert (head["completed_after"], head["failed_after"], head["in_cooldown_after"]) == (completed, failed, cooling)
    assert head["permanently_failed_after"] == permanent
    assert head["recovered"] == completed - 1578 == 60
    assert head["success_rate_after_pct"] == round(100 * completed / 2213, 1)
    assert head["unresolved_after"] == failed + cooling == 575


def test_precision_equals_the_planted_errors(recovered):
    settings, _ = recovered
    figures = report(settings, now=NOW).figures

    assert figures["headline"]["labels_precision"] == {"precision": 0.95, "right": 95, "judged": 100}
    assert figures["headline"]["recovered_precision"] == {"precision": 0.9, "right": 54, "judged": 60}
    assert (row_of(figures, "tier1_recovered")["actual"], row_of(figures, "tier1_recovered")["precision"]) == (40, 0.9)
    assert (row_of(figures, "tier2_recovered")["actual"], row_of(figures, "tier2_recovered")["precision"]) == (20, 0.9)
    by_source = {(r["kind"], r["tier"]): r for r in figures["by_source"]}
    assert by_source["label", 0]["written"] == 100
    assert by_source["artist", 2]["proposals"] == 21
    assert by_source["artist", 2]["in_review"] == 1


def test_projected_rows_have_range_verdict_and_denominator(recovered):
    settings, _ = recovered
    figures = report(settings, now=NOW).figures

    assert figures["projections"]["apply"]
    assert row_of(figures, "labels_found") | {"low": 400, "high": 450, "actual": 100, "of": 609} == row_of(
        figures, "labels_found"
    )
    assert row_of(figures, "labels_found")["verdict"] == "below"
    assert row_of(figures, "tiers_recovered")["actual"] == 60
    assert row_of(figures, "queue_recovered")["verdict"] == "not yet"
    assert row_of(figures, "permanently_failed")["before"] == 635


def test_recovery_after_cool_down_is_counted_apart(recovered):
    settings, _ = recovered
    ((track, artist),) = query(
        settings,
        "select t.track_id::text, true_artist from enrich_demo_truth as t join enrichment_status as s using (track_id)"
        " where s.status = 'pending_re_enrichment' and kind = 'promo_id' order by retry_after, track_id limit 1",
    )
    later = NOW + timedelta(days=400)
    queue.process(settings, now=later, limit=10_000)
    _, ids = propose(settings, [(track, "artist", artist.split(", ")[0], 2, 0.95)])
    accept(settings, ids, by="anna", now=later)
    writeback(settings, now=later, apply=True)

    figures = report(settings, now=later).figures

    assert figures["headline"]["failed_before"] == 635
    assert figures["headline"]["recovered"] == 61
    assert row_of(figures, "queue_recovered")["actual"] == 1
    assert row_of(figures, "queue_recovered")["verdict"] == "below"
    assert row_of(figures, "tiers_recovered")["actual"] == 60


def test_undone_writes_do_not_count(recovered):
    settings, run = recovered
    undo(settings, run, now=NOW, by="anna")

    head = report(settings, now=NOW).figures["headline"]

    assert (head["recovered"], head["labels_written"], head["artists_written"]) == (0, 0, 0)
    assert (head["failed_before"], head["unresolved_after"]) == (635, 635)


def test_json_beside_the_page_has_the_same_figures(recovered, tmp_path):
    settings, _ = recovered
    made = report(settings, out=tmp_path / "deep" / "out", now=NOW)
    stored = json.loads(made.path_json.read_text())

    assert made.path_html.parent == made.path_json.parent == tmp_path / "deep" / "out"
    assert stored["headline"] == made.figures["headline"]
    assert stored["by_source"] == made.figures["by_source"]
    assert sorted(p.name for p in made.path_html.parent.iterdir()) == ["recovery-report.html", "recovery-report.json"]


class Tags(HTMLParser):
    """Collects every tag and every address the page would load."""

    def __init__(self):
        super().__init__()
        self.tags, self.loads = set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.loads += [value for name, value in attrs if name in ("src", "href", "xlink:href") and value]


def test_page_is_self_contained_and_harmless(recovered):
    settings, _ = recovered
    with connect(settings) as con:
        con.execute(
            "update tracks set title = %s where id = (select track_id from enrich_proposals where value = %s)",
            (XSS, XSS),
        )
    page = report(settings, now=NOW).path_html.read_text()
    tags = Tags()
    tags.feed(page)

    assert "script" not in tags.tags
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2
    assert all(address.startswith("#") for address in tags.loads)
    assert page.count("<svg") == 9
    assert not re.search(r"@import|url\(\s*['\"]?http", page)


def test_no_runs_yet(demo_database):
    figures = report(demo_database, now=NOW).figures

    assert figures["headline"]["recovered"] == 0
    assert {row["verdict"] for row in figures["projections"]["rows"]} == {"not yet"}
    assert figures["next_steps"][0]["command"].startswith("enrich resolve")
    assert (
        figures["label_coverage"]["failed_at_start"] | {"before": 26, "after": 26, "tracks": 635}
        == (figures["label_coverage"]["failed_at_start"])
    )


def test_empty_database(database):
    made = report(database, now=NOW)

    assert all(value in (0, 0.0) for key, value in made.figures["headline"].items() if not key.endswith("precision"))
    assert "No track in this database" in made.path_html.read_text()
    assert not made.figures["projections"]["apply"]


def test_imported_tracks_have_counts_but_no_projection(database):
    with connect(database) as con:
        con.execute("insert into tracks (title, normalized_title) select 'ID', 'id' from generate_series(1, 7)")
        con.execute("insert into enrichment_status (track_id, status) select id, 'pending' from tracks")
        con.execute("insert into setlists (source, source_id) values ('test', '1')")
        con.execute(
            "insert into setlist_tracks (setlist_id, track_id, position, is_id)"
            " select setlists.id, tracks.id, row_number() over (), true from setlists, tracks"
        )
    figures = report(database, now=NOW).figures

    assert figures["unknown_slots"]["id_slots"] == 7
    assert figures["unknown_slots"]["unknown_tracks"] == 7
    assert {row["verdict"] for row in figures["projections"]["rows"]} == {None}
    assert "7 tracks" in figures["projections"]["why"]


def test_not_migrated_is_one_line(blank_database):
    with pytest.raises(DatabaseError, match="enrich db migrate") as error:
        report(blank_database, now=NOW)

    assert "\n" not in str(error.value)


def test_folder_that_is_a_file(database, tmp_path):
    (tmp_path / "taken").write_text("x")

    with pytest.raises(InputFileError, match="--out"):
        report(database, out=tmp_path / "taken", now=NOW)


def test_former_report_survives_a_failure(demo_database, tmp_path):
    made = report(demo_database, out=tmp_path, now=NOW)
    former = made.path_html.read_bytes()
    with connect(demo_database) as con:
        con.execute("drop table enrich_writes")

    with pytest.raises(DatabaseError):
        report(demo_database, out=tmp_path, now=NOW)

    assert made.path_html.read_bytes() == former


def test_the_simulated_year_stands_beside_the_projection(recovered, tmp_path):
    from enrich.cooldown.simulation import simulated_year

    settings, _ = recovered
    made = report(settings, out=tmp_path / "out", now=NOW)
    page, year = made.path_html.read_text(), json.loads(made.path_json.read_text())["simulated_year"]

    by_hand = {(row["strategy"], row["day"]): row["recovered"] for row in simulated_year().by_day.iter_rows(named=True)}
    assert [row["strategy"] for row in year["rows"]] == ["fixed", "exponential", "adaptive", "learned"]
    for row in year["rows"]:
        assert row["after_6_months_pct"] == pytest.approx(by_hand[row["strategy"], 182], abs=0.01)
        assert row["after_12_months_pct"] == pytest.approx(by_hand[row["strategy"], 365], abs=0.01)
        # In the table and at the end of its line in the chart.
        assert f"{row['after_12_months_pct']:.1f} %" in page
        assert f"{row['look_ups']:,} look-ups" in page
    assert year["projected_percent"] == [15, 25]
    assert "15–25 %" in page
    assert "projected 15–25 %" in page
