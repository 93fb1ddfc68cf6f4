"""Two reports side by side: what moved is shown, and a former report may hold anything without harm."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from enrich.database.connection import connect
from enrich.errors import InputFileError
from enrich.reporting.recovery import (
    COMPARED,
    FORMER_NAME,
    JSON_NAME,
    compare,
    read_former,
    report,
    same_figures,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
XSS = "<script>alert(1)</script>"


def figures(**headline):
    return {"generated_at": "2026-03-01T12:00:00+00:00", "database": "a", "headline": headline, "by_source": []}


def row_of(comparison, key):
    return next(row for row in comparison["rows"] if row["key"] == key)


@pytest.mark.parametrize(
    ("key", "former", "now", "change", "is_better"),
    [
        pytest.param("headline.recovered", 60, 126, 66, True, id="more-is-better"),
        pytest.param("headline.unresolved_after", 509, 575, 66, False, id="more-is-worse"),
        pytest.param("headline.recovered", 60, 60, 0, None, id="nothing-moved"),
        pytest.param("headline.tracks", 7, 8, 1, None, id="neither-good-nor-bad"),
        pytest.param("headline.success_rate_after_pct", 74.0, 77.1, 3.1, True, id="points"),
        pytest.param("headline.recovered", None, 60, None, None, id="unknown-before"),
        pytest.param("headline.recovered", "60", 60, None, None, id="text-is-no-number"),
        pytest.param("headline.recovered", True, 60, None, None, id="truth-is-no-number"),
    ],
)
def test_a_row_says_what_moved(key, former, now, change, is_better):
    name = key.split(".")[1]
    row = row_of(compare(figures(**{name: former}), figures(**{name: now})), key)

    assert row["now"] == now
    assert row["change"] == change
    assert row["is_better"] is is_better


def test_every_row_is_there_even_for_a_report_that_knows_nothing():
    done = compare({"headline": {}}, {"headline": {}})

    assert [row["key"] for row in done["rows"]] == [".".join(path) for path, *_ in COMPARED]
    assert {row["change"] for row in done["rows"]} == {None}
    assert done["by_source"] == []


def test_sources_of_either_side():
    one = figures() | {"by_source": [{"kind": "label", "tier": 0, "source": "title", "proposals": 5, "written": 2}]}
    two = figures() | {
        "by_source": [
            {"kind": "artist", "tier": 1, "source": "mashup", "proposals": 3, "written": 3},
            {"kind": "label", "tier": 0, "source": "title", "proposals": 5, "written": 2},
        ]
    }

    rows = compare(one, two)["by_source"]

    assert [(r["source"], r["proposals_former"], r["proposals_now"], r["has_moved"]) for r in rows] == [
        ("title", 5, 5, False),
        ("mashup", 0, 3, True),
    ]


def test_the_time_of_a_report_is_no_figure():
    assert same_figures(figures(tracks=1), figures(tracks=1) | {"generated_at": "later", "comparison": {"rows": []}})
    assert not same_figures(figures(tracks=1), figures(tracks=2))


def _fail_one(settings, status):
    with connect(settings) as con:
        con.execute("insert into tracks (title, normalized_title) values ('ID', 'id')")
        con.execute(
            "insert into enrichment_status (track_id, status) select id, %s from tracks"
            " where id not in (select track_id from enrichment_status)",
            (status,),
        )


def test_a_report_is_set_beside_the_last_that_said_something_else(database, tmp_path):
    _fail_one(database, "failed")
    first = report(database, out=tmp_path, now=NOW)
    assert first.figures["comparison"] is None
    assert not (tmp_path / FORMER_NAME).exists()
    assert "Since the report before" not in first.path_html.read_text()

    _fail_one(database, "completed")
    for hours in (1, 2):
        made = report(database, out=tmp_path, now=NOW + timedelta(hours=hours))
        stored = json.loads(made.path_json.read_text())["comparison"]

        # Made again without a change, it still shows what moved last.
        assert stored["former"] == {
            "generated_at": NOW.isoformat(timespec="seconds"),
            "database": made.figures["database"],
        }
        assert stored == json.loads(json.dumps(made.figures["comparison"]))
        assert row_of(stored, "headline.completed_after") | {"former": 0, "now": 1, "change": 1, "is_better": True} == (
            row_of(stored, "headline.completed_after")
        )
        assert not stored["is_same_start"]
        page = made.path_html.read_text()
        assert "Since the report before" in page
        assert "+1, better" in page


def test_a_report_of_another_place_is_named(database, tmp_path):
    other = tmp_path / "other.json"
    other.write_text(json.dumps(figures(tracks=3, recovered=2) | {"database": XSS, "generated_at": XSS}))
    _fail_one(database, "failed")

    made = report(database, out=tmp_path / "out", now=NOW, former=other)

    assert row_of(made.figures["comparison"], "headline.recovered")["change"] == -2
    page = made.path_html.read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("text", ["", "[]", '{"headline": 3}', "\x00"])
def test_what_is_no_report_is_refused_by_name_and_passed_over_in_the_folder(database, tmp_path, text):
    (tmp_path / JSON_NAME).write_text(text)
    with pytest.raises(InputFileError, match="--compare"):
        read_former(tmp_path / JSON_NAME)
    with pytest.raises(InputFileError, match="--compare"):
        report(database, out=tmp_path, now=NOW, former=tmp_path / JSON_NAME)

    assert report(database, out=tmp_path, now=NOW).figures["comparison"] is None
