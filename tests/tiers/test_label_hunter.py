"""Tier 0, outside: the title, then the sources in order, over a real catalogue on loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import polars as pl
import pytest

from enrich.demo.catalogue.server import Catalogue
from enrich.errors import InputFileError
from enrich.frames.files import read_table
from enrich.frames.schemas import PROPOSALS
from enrich.labels.book import LabelBook
from enrich.matching.values import Availability, Hit, SourceAnswer, TrackQuery
from enrich.rules import LABEL_FLOOR
from enrich.settings import Settings, load_settings
from enrich.sources.base import Source, open_sources
from enrich.sources.pace import LimitRegistry
from enrich.text.titles import parse_titles
from enrich.tiers.label_hunter import HUNTED, enabled_sources, hunt, hunt_label_file, hunt_table
from enrich.tiers.labels import hunt_proposals

RELEASES = pl.DataFrame(
    [
        ("Alpha Kid", "Night Signal", "Extended Mix", "Deepwell", "2024-03-15", 326_000, "GBXXX2400001", "a"),
        ("Alpha Kid", "Night Signal", "Beta Remix", "Northgate", "2024-06-01", 386_000, "GBXXX2400002", "b"),
        ("Gamma & Delta", "Rain On The Roof", "Original Mix", "Mixmash", "2019-01-05", 300_000, None, "e"),
        ("Epsilon", "Two Homes", "Original Mix", "Left", "2020-01-05", 300_000, None, "f"),
        ("Epsilon", "Two Homes", "Original Mix", "Right", "2020-02-05", 300_000, None, "g"),
    ],
    schema=["artist", "title", "mix", "label", "release_date", "duration_ms", "isrc", "release_id"],
    orient="row",
)


@pytest.fixture(scope="module")
def catalogue() -> Iterator[Catalogue]:
    with Catalogue(RELEASES) as served:
        yield served


@pytest.fixture
def pointed(catalogue, tmp_path) -> Callable[..., Settings]:
    def at(*sources: str) -> Settings:
        base = load_settings(_env_file=None, data_dir=tmp_path / "data", contact="tests@example.org")
        return catalogue.settings(base, sources=sources, rate=500)

    return at


@pytest.fixture
def sources(pointed) -> Callable[..., list[Source]]:
    return lambda *names: open_sources(pointed(*names), registry=LimitRegistry(pause_s=0.01))


class Silent:
    """A source that cannot answer."""

    workers = 1

    def __init__(self, name: str, availability: Availability) -> None:
        self.name, self.availability, self.asked = name, availability, 0

    def search(self, query: TrackQuery) -> SourceAnswer:
        self.asked += 1
        return SourceAnswer(source=self.name, availability=self.availability, reason=f"{self.name} says no")


class Shelf:
    """A source with fixed hits by title."""

    workers = 1

    def __init__(self, name: str, **hits: str) -> None:
        self.name, self.asked, self._hits = name, 0, hits

    def search(self, query: TrackQuery) -> SourceAnswer:
        self.asked += 1
        hits = tuple(
            Hit(source=self.name, title=title, artists=("Alpha Kid",), label=label)
            for title, label in self._hits.items()
            if title in query.title
        )
        return SourceAnswer(source=self.name, availability=Availability.OK, hits=hits)


def track(title: str, artist: str | None = "Alpha Kid", track_id: str = "1", **more) -> TrackQuery:
    return TrackQuery(track_id=track_id, title=title, artist=artist, **more)


def one(query: TrackQuery, *sources: Source, **more) -> dict:
    found = hunt([query], sources=sources, **more)
    assert found.tracks.schema == HUNTED
    return found.tracks.row(0, named=True)


@pytest.mark.parametrize("name", ["beatport", "juno", "traxsource", "musicbrainz", "deezer", "discogs"])
def test_every_source_finds_the_label_and_only_of_the_right_version(sources, name):
    queries = [
        track("Night Signal (Extended Mix)"),
        track("Night Signal (Beta Remix)", track_id="2"),
        track("Night Signal (Omega Remix)", track_id="3"),
        track("Rain On The Roof", "Delta, Gamma", track_id="4"),
        track("Never Pressed", "Nobody", track_id="5"),
    ]

    tracks = hunt(queries, sources=sources(name)).tracks

    assert tracks["label"].to_list() == ["Deepwell", "Northgate", None, "Mixmash", None]
    assert tracks["outcome"].to_list() == ["found", "found", "none", "found", "none"]
    assert tracks["source"].to_list() == [name, name, None, name, None]


def test_the_title_comes_first_and_asks_nobody():
    shelf = Shelf("beatport", **{"Night Signal": "Deepwell"})

    row = one(track("Night Signal (Extended Mix) [Northgate]"), shelf)

    assert (row["label"], row["source"], row["confidence"], row["outcome"]) == ("Northgate", "title", 0.65, "found")
    assert shelf.asked == 0


def test_a_label_the_database_knows_is_surer_and_spelled_its_way():
    book = LabelBook.learn(pl.DataFrame({"label": ["Black Hole", "Black Hole"]}))

    row = one(track("Night Signal [Blackhole Recordings]"), book=book)

    assert (row["label"], row["confidence"]) == ("Black Hole", 0.70)


def test_a_round_bracket_nobody_knows_waits_for_the_sources():
    title = track("Night Signal (Hollow Oak)")
    shelf = Shelf("beatport", **{"Night Signal (Hollow Oak)": "Deepwell"})

    assert one(title, shelf)["source"] == "beatport"
    assert one(title, Shelf("beatport"))["label"] is None
    assert one(track("Night Signal (Hollow Oak Records)"), Shelf("beatport"))["label"] == "Hollow Oak Records"
    assert one(track("Night Signal (Hollow Oak Records)"), Shelf("beatport"))["confidence"] == LABEL_FLOOR


@pytest.mark.parametrize("others", [0, 240])
def test_parse_titles_and_the_hunter_name_the_same_labels(others):
    """What stands behind several artists' titles is a label to both, and what nobody knows to neither."""
    often = [f"Tune {n} (Extended Mix) (Deepwell)" for n in range(4)]
    once = ["Tune (Extended Mix) (Hollow Oak)", "Tune (Long Way Home)", "Tune (Spanish Version)", "Tune (Breakdown)"]
    titles = [*often, *once, "Tune (Hollow Oak Records)", *(f"Song {n} [Filler {n}]" for n in range(others))]
    queries = [track(title, track_id=str(n), artist=f"Alpha Kid {n}") for n, title in enumerate(titles)]

    parsed = parse_titles(pl.Series(titles), artists=pl.Series([query.artist for query in queries]))
    hunted = hunt(queries, sources=[Shelf("beatport")]).tracks

    assert hunted["label"].to_list() == parsed["label"].to_list()
    assert parsed["label"].head(9).to_list() == ["Deepwell"] * 4 + [None] * 4 + ["Hollow Oak Records"]


@pytest.mark.parametrize("bracket", ["White", "CDR", "Original Mix", "Not On Label", "Unreleased"])
def test_brackets_that_are_no_label_find_none(bracket):
    assert one(track(f"Night Signal [{bracket}]"), Shelf("beatport"))["label"] is None


def test_the_first_source_with_a_label_ends_the_search():
    first, second = Shelf("beatport", Rain="Deepwell"), Shelf("deezer", Rain="Northgate", Snow="Northgate")

    found = hunt([track("Rain"), track("Snow", track_id="2")], sources=[first, second])

    assert found.tracks["label"].to_list() == ["Deepwell", "Northgate"]
    assert found.tracks["source"].to_list() == ["beatport", "deezer"]
    assert (first.asked, second.asked) == (2, 1)
    assert found.counts["beatport"] == {"found": 1, "missed": 1}


def test_rivals_are_reviewed_with_both_shown(sources):
    later = Shelf("deezer", **{"Two Homes": "Left"})

    row = one(track("Two Homes", "Epsilon"), *sources("beatport"), later)

    assert later.asked == 0, "a source that lists one of two rivals settles nothing"

    assert row["outcome"] == "review"
    assert {row["label"], *row["rivals"]} == {"Left", "Right"}
    assert row["confidence"] < 0.9


@pytest.mark.parametrize("availability", [Availability.BLOCKED, Availability.DOWN, Availability.FAILED])
def test_a_silent_source_is_never_a_miss(availability):
    silent = Silent("beatport", availability)

    lost = one(track("Rain"), silent, Shelf("deezer"))
    saved = one(track("Rain"), silent, Shelf("deezer", Rain="Deepwell"))

    assert (lost["outcome"], lost["label"]) == ("unavailable", None)
    assert "beatport says no" in lost["reason"]
    assert (saved["outcome"], saved["label"]) == ("found", "Deepwell")


def test_unknown_titles_are_not_searched_for():
    shelf = Shelf("beatport", ID="Deepwell")

    for title in ("ID", "Unknown Track", "  "):
        row = one(track(title), shelf)
        assert (row["outcome"], row["rule"]) == ("none", "unknown_title")
        assert row["reason"]
    assert shelf.asked == 0
    assert one(track("ID [Deepwell]"), shelf)["label"] == "Deepwell"


def test_without_sources_only_titles_speak():
    assert one(track("Rain"))["rule"] == "no_source"
    assert one(track("Rain [Deepwell]"))["outcome"] == "found"


def test_a_stop_leaves_the_rest_unavailable():
    stop = threading.Event()
    stop.set()

    found = hunt([track("Rain"), track("Rain [Deepwell]", track_id="2")], sources=[Shelf("beatport")], stop=stop)

    assert found.tracks["outcome"].to_list() == ["unavailable", "found"]
    assert found.unfinished == ("1",)


def test_proposals_carry_rule_probability_and_what_was_measured(sources):
    tracks = hunt([track("Night Signal"), track("Two Homes", "Epsilon", "2")], sources=sources("beatport")).tracks

    proposals = hunt_proposals(tracks)

    assert proposals.schema == PROPOSALS
    assert proposals["probability"].to_list() == pytest.approx(tracks["probability"].to_list())
    assert proposals.filter(pl.col("track_id") == "2")["evidence"].str.contains("rival_labels").all()
    assert hunt_proposals(tracks.clear()).schema == PROPOSALS


def test_a_file_comes_back_with_its_columns_and_labels(tmp_path, pointed):
    table = tmp_path / "tracks.csv"
    table.write_text(
        "crate,title,artist,duration_ms,label\n"
        "9,Night Signal (Extended Mix),Alpha Kid,326000,old\n"
        "8,Night Signal (Omega Remix),Alpha Kid,,\n"
        "9,Night Signal (Extended Mix),Alpha Kid,326000,old\n"
        "7,ID,ID,,\n"
    )

    found = hunt_label_file(table, tmp_path / "out.parquet", settings=pointed("beatport"))
    rows = read_table(tmp_path / "out.parquet")

    assert rows["crate"].to_list() == ["9", "8", "9", "7"]
    assert rows["input_label"].to_list() == ["old", None, "old", None]
    assert rows["label"].to_list() == ["Deepwell", None, "Deepwell", None]
    assert rows["outcome"].to_list() == ["found", "none", "found", "none"]
    assert rows["part_title"].to_list() == [1.0, None, 1.0, None]
    assert found.summary()["labels_found"] == 2
    assert sum(found.counts["beatport"].values()) == 2, "equal rows are asked once"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param("", "empty", id="empty"),
        pytest.param("artist,name\nA,B\n", "column title is missing", id="no-title"),
        pytest.param("title\n", "no rows", id="header-only"),
    ],
)
def test_a_bad_file_is_one_clear_line(tmp_path, pointed, content, complaint):
    table = tmp_path / "tracks.csv"
    table.write_text(content)

    with pytest.raises(InputFileError, match=complaint) as caught:
        hunt_label_file(table, tmp_path / "out.csv", settings=pointed("beatport"))
    assert "\n" not in str(caught.value)


def test_a_table_with_a_title_alone_will_do():
    rows, _ = hunt_table(pl.DataFrame({"title": ["Rain [Deepwell]", None]}), sources=[])

    assert rows["outcome"].to_list() == ["found", "none"]


def test_closed_sources_nobody_named_are_left_out(tmp_path):
    base = load_settings(_env_file=None, data_dir=tmp_path)

    assert "juno" not in [s.name for s in enabled_sources(base)]
    assert "juno" in [s.name for s in enabled_sources(base.model_copy(update={"sources": ("juno",)}))]
