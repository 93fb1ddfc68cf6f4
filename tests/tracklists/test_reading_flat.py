"""The flat tracklist table in its three formats: what lands, what is set aside and why, and that nothing is lost."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from enrich.errors import InputFileError
from enrich.frames.schemas import TRACKLISTS
from enrich.tracklists.reading import read_tracklists
from enrich.tracklists.slots import NOTES, SLOTS

HEADER = "set_id,dj,set_name,set_date,position,artist,title,label,is_id,track_key"


def _write(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_the_same_rows_in_three_formats_read_alike(tmp_path: Path) -> None:
    table = pl.DataFrame(
        {
            "set_id": ["a", "a", "b"],
            "dj": ["Mira Sol", "Mira Sol", None],
            "set_name": ["Harbour Nights", "Harbour Nights", None],
            "set_date": [date(2024, 3, 15), date(2024, 3, 15), None],
            "position": [1, 3, 1],
            "artist": ["Alpha Kid", None, 'Quote "Q" Unit, The'],
            "title": ["Night Signal (Extended Mix)", "ID", "Emoji 🎧 Song"],
            "label": ["Deepwell", None, None],
            "is_id": [False, True, None],
            "track_key": [None, "k1", None],
            "something_else": [1.5, None, 2.5],
        },
        schema_overrides={"position": pl.Int64},
    )
    table.write_parquet(tmp_path / "t.parquet")
    table.write_csv(tmp_path / "t.csv")
    table.write_ndjson(tmp_path / "t.jsonl")

    reads = [read_tracklists(tmp_path / f"t.{ending}") for ending in ("parquet", "csv", "jsonl")]

    assert reads[0].rows.schema == TRACKLISTS
    assert reads[0].slots.schema == SLOTS
    assert reads[0].rows["position"].to_list() == [1, 3, 1]
    assert reads[0].rows["is_id"].to_list() == [False, True, False]
    for read in reads[1:]:
        assert read.rows.equals(reads[0].rows)
        assert read.bad.is_empty()
        assert read.warnings.is_empty()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param(",dj,n,2024-01-01,1,A,T,L,,", "no set_id", id="no-set"),
        pytest.param("  ,dj,n,2024-01-01,1,A,T,L,,", "no set_id", id="blank-set"),
        pytest.param("x" * 256 + ",dj,n,2024-01-01,1,A,T,L,,", "longer than 255", id="set-too-long"),
        pytest.param("s,dj,n,2024-01-01,,A,T,L,,", "no position", id="no-position"),
        pytest.param("s,dj,n,2024-01-01,0,A,T,L,,", "position 0", id="position-zero"),
        pytest.param("s,dj,n,2024-01-01,-2,A,T,L,,", "position -2", id="position-negative"),
        pytest.param("s,dj,n,2024-01-01,1.5,A,T,L,,", "position 1.5", id="position-fraction"),
        pytest.param("s,dj,n,2024-01-01,w/,A,T,L,,", "position w/", id="position-word"),
        pytest.param("s,dj,n,2024-01-01,99999999999,A,T,L,,", "position 99999999999", id="position-huge"),
        pytest.param("s,dj,n", "3 fields where the header has 10", id="too-few-fields"),
        pytest.param("s,dj,n,2024-01-01,1,A,T,L,,,,", "12 fields where the header has 10", id="too-many-fields"),
        pytest.param('s,dj,n,2024-01-01,1,"A,T,L,,', "a quote is opened and not closed", id="open-quote"),
        pytest.param("good,dj,n,2024-01-01,2,A,T,L,,", "taken already by line 2", id="same-slot-again"),
    ],
)
def test_a_bad_row_is_set_aside_and_the_good_ones_land(tmp_path: Path, row: str, reason: str) -> None:
    path = _write(
        tmp_path, "t.csv", f"{HEADER}\ngood,dj,n,2024-01-01,2,A,T,L,,\n{row}\ngood,dj,n,2024-01-01,7,B,T,L,,\n"
    )

    read = read_tracklists(path)

    assert read.slots["position"].to_list() == [2, 7]
    assert read.bad.schema == NOTES
    (bad,) = read.bad.rows(named=True)
    assert (bad["file"], bad["line"], bad["raw"]) == (str(path), 3, row)
    assert reason in bad["reason"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("2024-03-15", date(2024, 3, 15), id="iso"),
        pytest.param("2024-03-15T22:00:00Z", date(2024, 3, 15), id="iso-time"),
        pytest.param("2024-03-15 22:00:00", date(2024, 3, 15), id="spreadsheet"),
        pytest.param("2024/3/5", date(2024, 3, 5), id="slashes"),
        pytest.param("20240315", date(2024, 3, 15), id="compact"),
        pytest.param("", None, id="blank"),
    ],
)
def test_dates_as_people_write_them(tmp_path: Path, written: str, expected: date | None) -> None:
    read = read_tracklists(_write(tmp_path, "t.csv", f"set_id,position,set_date\ns,1,{written}\n"))

    assert read.slots["set_date"].to_list() == [expected]
    assert read.bad.is_empty()
    assert read.warnings.is_empty()


@pytest.mark.parametrize("written", ["0001-01-01", "0000-00-00", "1024-03-15"])
def test_an_implausible_date_is_dropped_with_a_warning(tmp_path: Path, written: str) -> None:
    read = read_tracklists(_write(tmp_path, "t.csv", f"set_id,position,set_date,artist\ns,1,{written},A\n"))

    assert read.slots.select("set_date", "artist").rows() == [(None, "A")]
    assert "implausible" in read.warnings["reason"].item()
    assert read.bad.is_empty()


def test_a_date_in_the_year_one_of_a_parquet_file(tmp_path: Path) -> None:
    pl.DataFrame({"set_id": ["s"], "position": [1], "set_date": [date(1, 1, 1)]}).write_parquet(tmp_path / "t.parquet")

    read = read_tracklists(tmp_path / "t.parquet")

    assert read.slots["set_date"].to_list() == [None]
    assert read.warnings["line"].to_list() == [1]


def test_types_of_other_programs_are_coerced(tmp_path: Path) -> None:
    pl.DataFrame(
        {
            "Set_ID": [17, 17, 17],
            "POSITION": [1.0, 2.0, None],
            "set_date": [datetime(2024, 3, 15, 23, 30)] * 3,  # noqa: DTZ001
            "artist": [["A", "B"], ["C"], ["D"]],
            "is_id": [0, 1, 0],
            "label": pl.Series(["X", "Y", "X"], dtype=pl.Categorical),
        }
    ).write_parquet(tmp_path / "t.parquet")

    read = read_tracklists(tmp_path / "t.parquet")

    assert read.slots.select("set_id", "position", "set_date", "artist", "is_id", "label").rows() == [
        ("17", 1, date(2024, 3, 15), "A & B", False, "X"),
        ("17", 2, date(2024, 3, 15), "C", True, "Y"),
    ]
    assert read.bad.select("line", "reason").rows() == [(3, "no position")]
    assert json.loads(read.bad["raw"].item())["artist"] == ["D"]


def test_hostile_text_lands_whole(tmp_path: Path) -> None:
    title = 'O\'Neil "Live" \\ ; drop table tracks; -- 🎛️ \u202eabc'
    row = {"set_id": "s", "position": 1, "artist": "A\x00B", "title": title, "label": "half \ud83d pair"}
    path = _write(tmp_path, "t.jsonl", json.dumps(row))

    read = read_tracklists(path)

    assert read.slots.select("artist", "title", "label").rows() == [("AB", title, "half ? pair")]
    assert read.warnings["reason"].to_list() == ["NUL characters taken out"]


def test_a_very_long_title_lands_with_a_warning(tmp_path: Path) -> None:
    title = "long " * 2000
    read = read_tracklists(_write(tmp_path, "t.csv", f"set_id,position,title\ns,1,{title}\n"))

    assert read.slots["title"].item() == title.strip()
    assert "9999 characters" in read.warnings["reason"].item()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("set_id;position;artist\ns;1;Ünï, Côde\n".encode(), id="semicolon"),
        pytest.param("set_id\tposition\tartist\ns\t1\tÜnï, Côde\n".encode(), id="tab"),
        pytest.param('\ufeffset_id,position,artist\r\ns,1,"Ünï, Côde"\r\n'.encode(), id="byte-order-mark-crlf"),
        pytest.param('set_id,position,artist\ns,1,"Ünï, Côde"\n'.encode("cp1252"), id="windows-1252"),
        pytest.param('set_id,position,artist\ns,1,"Ünï, Côde"\n'.encode("utf-16"), id="utf-16"),
        pytest.param('set_id,position,artist,artist\n\ns,1,"Ünï, Côde",other\n\n'.encode(), id="column-twice"),
    ],
)
def test_spreadsheets_dialects(tmp_path: Path, content: bytes) -> None:
    read = read_tracklists(_write(tmp_path, "t.csv", content))

    assert read.slots.select("set_id", "position", "artist").rows() == [("s", 1, "Ünï, Côde")]
    assert read.bad.is_empty()


def test_a_text_over_several_lines_counts_lines_as_the_editor_does(tmp_path: Path) -> None:
    content = 'set_id,position,title\ns,1,"two\nlines"\ns,x,T\ns,3,U\n'
    read = read_tracklists(_write(tmp_path, "t.csv", content))

    assert read.slots.select("position", "title", "line").rows() == [(1, "two lines", 2), (3, "U", 5)]
    assert read.bad["line"].to_list() == [4]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        pytest.param("t.csv", b"", "empty", id="empty"),
        pytest.param("t.parquet", b"", "empty", id="empty-parquet"),
        pytest.param("t.csv", b"\xef\xbb\xbf", "empty", id="only-a-byte-order-mark"),
        pytest.param("t.csv", b" \n\n", "empty", id="blank"),
        pytest.param("t.csv", b"artist,genre\nA,T\n", "no column set_id and no column position", id="csv-columns"),
        pytest.param("t.jsonl", b'{"set_id": "s", "dj": "A"}\n{}\n', "no column position", id="jsonl-columns"),
        pytest.param("t.json", b"not json at all", "not JSON", id="not-json"),
        pytest.param("t.parquet", b"PAR1 and then rubbish", "cannot be read as parquet", id="broken-parquet"),
        pytest.param("t.json", b'{"name": "x"}', "without a tracklist", id="json-of-something-else"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_clear_line(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = _write(tmp_path, name, content)

    with pytest.raises(InputFileError) as caught:
        read_tracklists(path)

    assert says in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_parquet_without_the_columns(tmp_path: Path) -> None:
    pl.DataFrame({"artist": ["A"]}).write_parquet(tmp_path / "t.parquet")

    with pytest.raises(InputFileError, match=r"no column set_id and no column position.*found: artist"):
        read_tracklists(tmp_path / "t.parquet")


def test_a_folder_and_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="is a folder"):
        read_tracklists(tmp_path)
    with pytest.raises(InputFileError, match="no such file"):
        read_tracklists(tmp_path / "nowhere.csv")
    with pytest.raises(InputFileError, match="no tracklist file given"):
        read_tracklists([])


def test_one_useless_file_does_not_stop_the_others(tmp_path: Path) -> None:
    good = _write(tmp_path, "good.csv", "set_id,position\ns,1\n")
    read = read_tracklists([tmp_path / "missing.csv", good])

    assert read.slots.height == 1
    assert read.bad.select("file", "line").rows() == [(str(tmp_path / "missing.csv"), None)]


def test_broken_lines_of_jsonl_are_set_aside(tmp_path: Path) -> None:
    lines = [
        '{"set_id": "s", "position": 1}',
        '{"set_id": "s", "posi',
        "[1, 2]",
        "",
        '{"set_id": "s", "position": "2"}',
    ]
    read = read_tracklists(_write(tmp_path, "t.jsonl", "\n".join(lines)))

    assert read.slots["position"].to_list() == [1, 2]
    assert read.bad.select("line", "raw").rows() == [(2, lines[1]), (3, lines[2])]


def test_the_order_of_files_does_not_matter(tmp_path: Path) -> None:
    a = _write(tmp_path, "a.csv", "set_id,position,artist\ns,1,From A\ns,2,Same\n")
    b = _write(tmp_path, "b.csv", "set_id,position,artist\ns,1,From B\ns,2,Same\ns,3,Only B\n")

    reads = [read_tracklists(order) for order in ([a, b], [b, a], [b, a, a])]

    for read in reads:
        assert read.rows["artist"].to_list() == ["From A", "Same", "Only B"]
        assert read.repeated == 1
        (bad,) = read.bad.rows(named=True)
        assert (bad["file"], bad["line"]) == (str(b), 2)
        assert "taken already by" in bad["reason"]
        assert "From B" in bad["raw"]


CELLS = st.one_of(
    st.none(),
    st.text(st.characters(blacklist_categories=["Cs"]), max_size=12),
    st.sampled_from(["1", "2", "3.0", "007", "-1", "x", "0001-01-01", "2024-02-30", "ID", '"', ",", "a\nb"]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), min_size=1, max_size=12))
# Two NULs in a few plain letters are no UTF-16.
@example(rows=[(None, None, None, "\x00"), (None, None, "\x00", None)])
@example(rows=[(None, None, "\x00", "00\x1f"), (None, None, "\x00", None)])
# What parts files, groups and records is white space, as Python has it.
@example(rows=[("0", "1", None, "\x1f")])
# A title alone is read as a line of a list is, whatever the file.
@example(rows=[("0", "1", None, "0{0}"), ("0", "2", None, "One Kid - Dusk [Kite]"), ("0", "3", None, None)])
def test_every_row_is_either_used_or_set_aside(tmp_path: Path, rows: list[tuple[str | None, ...]]) -> None:
    table = pl.DataFrame(
        rows, schema=dict.fromkeys(["set_id", "position", "set_date", "title"], pl.String), orient="row"
    )
    table.write_parquet(tmp_path / "t.parquet")
    table.write_ndjson(tmp_path / "t.jsonl")
    table.write_csv(tmp_path / "t.csv", quote_style="always")

    read = read_tracklists(tmp_path / "t.parquet")

    assert read.slots.height + read.bad.height == len(rows)
    assert sorted([*read.slots["line"], *read.bad["line"]]) == list(range(1, len(rows) + 1))
    assert not read.slots.select("set_id", "position").is_duplicated().any()
    assert (read.slots["position"] >= 1).all()
    assert read.rows.schema == TRACKLISTS
    assert read_tracklists(tmp_path / "t.jsonl").rows.equals(read.rows)
    # A record of nothing at all is no row of a CSV; a NUL ends no line but may end a field for some writers.
    if not any(all(not (cell or "").strip() for cell in row) for row in rows):
        assert read_tracklists(tmp_path / "t.csv").rows.equals(read.rows)


@pytest.mark.shared
def test_the_real_tracklists(shared_data: Path) -> None:
    path = shared_data / "tracklists.parquet"
    read = read_tracklists(path)

    assert read.slots.height == pl.scan_parquet(path).select(pl.len()).collect().item()
    assert read.bad.is_empty()
    assert read.warnings.is_empty()
    given = pl.read_parquet(path).filter("is_id").select("set_id", "position")
    assert given.join(read.slots.filter("is_id"), on=["set_id", "position"], how="anti").is_empty()


@pytest.mark.parametrize(
    ("text", "cues"),
    [
        pytest.param("Artista;Faixa;Gravadora\nOne Kid;Dusk;Kite\nTwo Kid;Dawn;Kite\n", None, id="other-language"),
        pytest.param("artistName,trackName,labelName\nOne Kid,Dusk,Kite\nTwo Kid,Dawn,Kite\n", None, id="camel-case"),
        pytest.param("A1,One Kid,Dusk,Kite\nB2,Two Kid,Dawn,Kite\n", None, id="vinyl-no-header"),
        pytest.param(
            "Artist,Title,Label\nOne Kid,Dusk,Kite\nArtist,Title,Label\nTwo Kid,Dawn,Kite\n", None, id="header-again"
        ),
        pytest.param(
            "Night @ Hall;;\nArtist;Title;Label\nOne Kid;Dusk;Kite\nTwo Kid;Dawn;Kite\n", None, id="name-above"
        ),
        pytest.param("Artist;Title;Label\nOne Kid;Dusk;Kite;\nTwo Kid;Dawn;Kite;\n", None, id="divider-at-the-end"),
        pytest.param("#,Track,\n1,One Kid - Dusk [Kite],\n2,Two Kid - Dawn [Kite],\n", None, id="one-column"),
        pytest.param(
            "Time,Artist,Title,Label\n0:00,One Kid,Dusk,Kite\n1:01:05,Two Kid,Dawn,Kite\n", [0, 3665], id="time"
        ),
        pytest.param(
            "set_id,position,artist,title,label,cue\ns,#1,One Kid,Dusk,Kite,0:00\ns,#2,Two Kid,Dawn,Kite,61:05\n",
            [0, 3665],
            id="marked-numbers",
        ),
        pytest.param(
            "set_id;position;artist;title;label;cue\ns;1/2;One Kid;Dusk;Kite;0,0\ns;2/2;Two Kid;Dawn;Kite;3665,5\n",
            [0, 3665],
            id="decimal-comma",
        ),
    ],
)
def test_tables_as_people_write_them(tmp_path: Path, text: str, cues: list[int] | None) -> None:
    read = read_tracklists(_write(tmp_path, "t.csv", text))

    assert read.slots.select("artist", "title", "label").rows() == [
        ("One Kid", "Dusk", "Kite"),
        ("Two Kid", "Dawn", "Kite"),
    ]
    assert read.slots["cue_seconds"].to_list() == (cues or [None, None])


def test_the_date_of_a_night_in_other_words(tmp_path: Path) -> None:
    read = read_tracklists(_write(tmp_path, "t.csv", "set_id,position,artist,title,Date\ns,1,One Kid,Dusk,15-Mar-24\n"))

    assert read.slots["set_date"].dt.to_string().to_list() == ["2024-03-15"]


def test_a_numbered_table_without_header_on_another_page(tmp_path: Path) -> None:
    names = [("One Kid", "Dusk"), ("Two Kid", "Dawn"), ("Tri Kid", "Noon")]
    rows = "".join(f"<tr><td>{n}</td><td>{a}</td><td>{t}</td></tr>" for n, (a, t) in enumerate(names, 1))

    read = read_tracklists(
        _write(tmp_path, "t.html", f"<html><title>Night @ Hall</title><h2>Tracklist</h2><table>{rows}</table></html>")
    )

    assert read.slots.select("artist", "title").rows() == names
