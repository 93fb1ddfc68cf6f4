"""The ranking in bounded memory is the ranking: the same rows, whatever the batches."""

from __future__ import annotations

import random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from enrich.cli.app import build_app
from enrich.cooccurrence import answers, learned
from enrich.cooccurrence.ranking import rank, rank_in_scratch, ranking_figures
from enrich.errors import EnrichError, InputFileError
from enrich.frames.schemas import RANKING, TRACKLISTS
from enrich.tracklists import reading
from enrich.tracklists.reading import read_tracklists

ARTISTS = [
    None, "ID", "Unknown Artist", "???", "Alpha", "alpha", "The Alpha", "Beta", "Alpha & Beta", "Beta feat. Gamma",
    "ID & Delta", "Above & Beyond", "Epsilon (Beta Remix)", "  Beta ",
]  # fmt: skip
slots = st.fixed_dictionaries(
    {
        "set_id": st.sampled_from(["s1", "s2", "s3", "s10", "S2"]),
        "position": st.integers(1, 9),
        "artist": st.sampled_from(ARTISTS),
        "dj": st.sampled_from([None, "Alpha", "Above & Beyond", "Zed", "zed", "Zed b2b Gamma", "ID"]),
        "label": st.sampled_from([None, "", "Black Hole", "Blackhole Recordings", "Bedrock", "bedrock"]),
        "track_key": st.sampled_from([None, None, "u1", "u2", ""]),
    }
)
SCHEMA = {name: TRACKLISTS[name] for name in ("set_id", "position", "artist", "dj", "label", "track_key")}
worlds = st.lists(slots, min_size=1, max_size=40).map(lambda rows: pl.DataFrame(rows, schema=SCHEMA))


def in_memory(files) -> pl.DataFrame:
    return rank(read_tracklists(files).rows)


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=worlds, second=worlds)
def test_files_rank_as_in_memory_repeats_and_all(first, second, tmp_path, monkeypatch):
    # A batch of seven rows, so that slots are repeated within a batch, between batches and between files.
    monkeypatch.setattr(reading.parquet_batches, "__kwdefaults__", {"rows": 7})
    monkeypatch.setattr(answers, "UNKNOWNS_AT_ONCE", 2)
    files = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    first.write_parquet(files[0])
    second.write_parquet(files[1])
    out = tmp_path / "ranking.parquet"

    figures = rank_in_scratch(files, out, memory_limit="500MB", scratch=tmp_path)
    read = read_tracklists(files)
    wanted = rank(read.rows)

    assert_frame_equal(pl.read_parquet(out).match_to_schema(RANKING), wanted, check_exact=True)
    counts = ranking_figures(read.rows, wanted)
    assert {name: figures[name] for name in counts} == counts
    assert figures["rows_set_aside"] == read.bad.height + read.repeated
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


def test_the_learned_ranking_on_disk_is_that_in_memory(world, tmp_path, monkeypatch):
    monkeypatch.setattr(learned, "_AT_ONCE", 7)
    world.write_parquet(tmp_path / "t.parquet")

    rank_in_scratch(tmp_path / "t.parquet", tmp_path / "r.parquet", scorer="learned", memory_limit="500MB")

    monkeypatch.undo()
    assert_frame_equal(pl.read_parquet(tmp_path / "r.parquet"), rank(world, scorer="learned"), check_exact=True)


@pytest.mark.slow
@pytest.mark.shared
def test_real_tracklists_rank_as_in_memory(shared_data, tmp_path):
    source, out = shared_data / "tracklists.parquet", tmp_path / "ranking.parquet"

    rank_in_scratch(source, out, memory_limit="300MB")

    assert_frame_equal(pl.read_parquet(out), in_memory(source), check_exact=True)


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_the_command_writes_the_same_file_either_way(ending, world, tmp_path):
    rows = world.sample(fraction=1.0, shuffle=True, seed=random.Random(7).randrange(100))
    rows.write_parquet(tmp_path / "t.parquet")

    for name, options in (("plain", []), ("disk", ["--memory-limit", "500MB", "--scratch", str(tmp_path)])):
        command = ["rank-artists", str(tmp_path / "t.parquet"), "--out", str(tmp_path / f"{name}.{ending}"), *options]
        result = CliRunner().invoke(build_app(), command)
        assert result.exit_code == 0, result.output

    if ending == "parquet":
        assert_frame_equal(pl.read_parquet(tmp_path / "plain.parquet"), pl.read_parquet(tmp_path / "disk.parquet"))
    else:
        assert (tmp_path / f"plain.{ending}").read_bytes() == (tmp_path / f"disk.{ending}").read_bytes()


def test_nothing_unknown_is_an_empty_ranking(tmp_path):
    pl.DataFrame({"set_id": ["s"], "position": [1], "artist": ["Alpha"]}).write_parquet(tmp_path / "t.parquet")

    figures = rank_in_scratch(tmp_path / "t.parquet", tmp_path / "r.parquet")

    assert pl.read_parquet(tmp_path / "r.parquet").schema == RANKING
    assert (figures["slots"], figures["unknowns"], figures["candidates"]) == (1, 0, 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"memory_limit": "much"}, "memory limit 'much'"),
        ({"engine": "abacus"}, "use duckdb or spark"),
        ({"scratch": "nowhere"}, "nowhere: no such folder"),
        ({"engine": "spark", "memory_limit": "2GB"}, "spark.driver.memory"),
        ({"engine": "spark", "scorer": "learned"}, "Spark runs the formula"),
    ],
)
def test_what_cannot_be_done_is_said(options, message, world, tmp_path):
    world.write_parquet(tmp_path / "t.parquet")

    with pytest.raises(EnrichError, match=message):
        rank_in_scratch(tmp_path / "t.parquet", tmp_path / "r.parquet", **options)


def test_only_parquet_is_read_in_parts(world, tmp_path):
    world.write_csv(tmp_path / "t.csv")

    with pytest.raises(InputFileError, match="not a Parquet file"):
        rank_in_scratch(tmp_path / "t.csv", tmp_path / "r.parquet", memory_limit="1GB")
