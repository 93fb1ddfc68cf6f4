"""The table of `make bench`: what a row says, how growth is measured, that contestants run, what the documents get."""

from __future__ import annotations

import json
from dataclasses import replace

import polars as pl
import pytest

from bench.measuring import Timing, measure, race
from bench.rows import Row, compared, exponent
from bench.table import CLOSES, OPENS, into_docs, markdown, plain

ROW = Row(bench="b", what="ours", against="theirs", size="10 rows", sense="cost", value=2.0, goal=2.5, ours_s=4.0)


@pytest.mark.parametrize(
    ("sense", "value", "met"),
    [
        pytest.param("cost", 2.5, True, id="cost-at-goal"),
        pytest.param("cost", 2.6, False, id="cost-beyond"),
        pytest.param("gain", 2.4, False, id="gain-short-of-it"),
        pytest.param("gain", 2.6, True, id="gain"),
        pytest.param("exponent", 2.6, False, id="exponent"),
    ],
)
def test_a_goal_is_met_or_said_to_be_missed(sense, value, met):
    row = replace(ROW, sense=sense, value=value)

    assert row.met is met
    assert ("MISSED" in plain([row])) is not met


def test_no_goal_is_neither_met_nor_missed():
    row = replace(ROW, goal=None)

    assert row.met is None
    assert "MISSED" not in plain([row])


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_exponent_of_a_power(power):
    sizes = [1e5, 1e6, 1e7]

    assert exponent(sizes, [3 * size**power for size in sizes]) == pytest.approx(power)


def test_exponent_needs_two_sizes():
    with pytest.raises(ValueError, match="two sizes"):
        exponent([10], [1.0])


def test_cost_and_gain_are_each_others_inverse():
    four = Timing(seconds=4.0, cpu_s=4.0, peak_gib=0.1, runs=3, result=1)
    two = replace(four, seconds=2.0)
    cost = compared("b", "ours", "theirs", "1", four, two, sense="cost")
    gain = compared("b", "ours", "theirs", "1", four, two, sense="gain")

    assert (cost.value, gain.value) == (2.0, 0.5)


def test_contestants_run_turn_by_turn_in_processes_of_their_own(tmp_path):
    file = tmp_path / "items.parquet"
    pl.DataFrame(
        {"set_no": [0, 0, 0], "position": [1, 2, 3], "item": [5, 6, 7]},
        schema={"set_no": pl.UInt32, "position": pl.Int32, "item": pl.UInt32},
    ).write_parquet(file)

    first, second = race("bench.pairs:counted", "bench.pairs:networkx", {"file": str(file)}, runs=2, agree=True)

    assert (first.runs, second.runs) == (2, 2)
    assert first.result == second.result == 3
    assert first.peak_gib > 0


def test_contestants_that_disagree_are_an_error():
    with pytest.raises(AssertionError, match="returned"):
        race(
            "bench.plays:written", "bench.plays:written", {"plays": 30, "file": "/dev/null"},
            other_arguments={"plays": 60, "file": "/dev/null"}, runs=1, agree=True,
        )  # fmt: skip


def test_a_contestant_that_ends_is_an_error():
    with pytest.raises(RuntimeError, match="ended with code 1"):
        measure("bench.pairs:counted", {"file": "absent.parquet"})


def test_the_page_gets_the_section_between_its_markers(tmp_path):
    report = {"at": "2026-01-02T03:04:05+00:00", "rows": [ROW.as_json()],
              "machine": {"cores": 2, "cpu": "X", "memory_gib": 8, "python": "3.11.9"}}  # fmt: skip
    (tmp_path / "r.json").write_text(json.dumps(report))
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{OPENS}\nold\n{CLOSES}\nafter\n")

    into_docs(tmp_path / "r.json", page)
    into_docs(tmp_path / "r.json", page)

    assert page.read_text() == f"before\n{OPENS}\n{markdown(report)}\n{CLOSES}\nafter\n"
    assert "On 2 cores" in page.read_text()
    assert "| ours | theirs | 10 rows | 2.00 × as long | ≤ 2.5 | 4.00 s |" in page.read_text()


def test_a_page_without_markers_is_left_alone(tmp_path):
    (tmp_path / "r.json").write_text(json.dumps({"at": "2026-01-02", "rows": [], "machine": dict.fromkeys(
        ("cores", "cpu", "memory_gib", "python"), 1)}))  # fmt: skip
    page = tmp_path / "performance.md"
    page.write_text("text\n")

    with pytest.raises(ValueError, match="must stand in it once"):
        into_docs(tmp_path / "r.json", page)
    assert page.read_text() == "text\n"
