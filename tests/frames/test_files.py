import csv
import gzip
import io
import os
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.errors import InputFileError
from enrich.frames import inputs
from enrich.frames.files import (
    check_output,
    read_table,
    require_columns,
    spreadsheet_safe,
    with_known_names,
    write_table,
)
from enrich.frames.inputs import read_input, read_parquet

NASTY = ["ok", "a\0b", 'he said "x"\nnew', "😀", None, "x" * 10_000, "a,b;c\td", "'", "Ünïcode"]


@pytest.mark.parametrize("extension", ["parquet", "csv", "tsv", "jsonl", "ndjson"])
def test_what_is_written_is_read_back(tmp_path: Path, extension: str) -> None:
    frame = pl.DataFrame({"title": NASTY})
    path = write_table(frame, tmp_path / f"t.{extension}")
    spelled = "a\\u0000b" if extension in ("csv", "tsv") else "a\0b"
    assert read_table(path)["title"].to_list() == [spelled if title == "a\0b" else title for title in NASTY]
    assert [p.name for p in tmp_path.iterdir()] == [path.name], "no temporary file is left"
    assert path.stat().st_mode & 0o137 == 0, "others read nothing"


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        pytest.param("=1+1", "'=1+1", id="formula"),
        pytest.param("+/-", "'+/-", id="artist-that-starts-like-one"),
        pytest.param("@SUM(A1)", "'@SUM(A1)", id="at"),
        pytest.param("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0", id="dde"),
        pytest.param("  =1", "'  =1", id="behind-spaces"),
        pytest.param("\t=1", "'\t=1", id="tab"),
        pytest.param("＝1", "'＝1", id="full-width"),
        pytest.param("-5", "-5", id="number"),
        pytest.param("+1.5e3", "+1.5e3", id="number-with-exponent"),
        pytest.param("A = B", "A = B", id="inside"),
        pytest.param("Live;=1+1", "Live;'=1+1", id="behind-a-semicolon"),
        pytest.param("a; @x;b;'-1", "a;' @x;b;''-1", id="behind-several"),
        pytest.param("a;b", "a;b", id="a-semicolon"),
        pytest.param("a\x1b[2J\x07", "a\\u001b[2J\\u0007", id="steers-a-terminal"),
        pytest.param("a\x9b31m\rb\x7f", "a\\u009b31m\\u000db\\u007f", id="steers-it-otherwise"),
        pytest.param("a\tb\nc", "a\tb\nc", id="tab-and-line"),
        pytest.param(None, None, id="null"),
    ],
)
def test_cells_a_spreadsheet_would_run(cell: str | None, safe: str | None) -> None:
    assert spreadsheet_safe(pl.DataFrame({"c": [cell]}, schema={"c": pl.String}))["c"].to_list() == [safe]


CELLS = st.text(st.sampled_from("'=+-@\t \n,;\"x1.＝"), max_size=6)


@settings(deadline=None)
@given(
    st.lists(st.none() | CELLS, min_size=1),
    st.lists(st.text("'=+-@ x1.＝", min_size=1, max_size=4), min_size=1, max_size=3, unique=True),
    st.sampled_from(["csv", "tsv"]),
)
def test_a_csv_gives_back_every_cell(cells: list[str | None], names: list[str], kind: str) -> None:
    with TemporaryDirectory() as folder:
        frame = pl.DataFrame(dict.fromkeys(["c", *names], cells), schema=dict.fromkeys(["c", *names], pl.String))
        back = read_table(write_table(frame, Path(folder) / f"t.{kind}"))

    assert back.equals(frame)


@settings(deadline=None)
@given(
    st.lists(st.tuples(CELLS, CELLS), min_size=1),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(",;\t"),
)
def test_a_file_that_is_not_ours_keeps_its_apostrophes(rows, quoting, end, separator) -> None:
    with TemporaryDirectory() as folder:
        with (path := Path(folder) / "t.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, quoting=quoting, lineterminator=end, delimiter=separator)
            writer.writerows([("title", "artist"), *rows])
        back = read_table(path)

    assert [tuple(cell or "" for cell in row) for row in back.rows()] == rows


@pytest.mark.parametrize(
    "text",
    ["title\n'+x\n", "title\n\"'+x, y\"\n", "title\n'+x", "title,artist\n'+x,a\n+y,'=b;'=c\n", "'=title,b\n'+x,a\n",
     '"title"\n"\'+x"\n', '"title","b"\n"\'+x, y","a\nb"\n', "\ufefftitle\n'+x\n", "sep=;\ntitle;b\n'+x;'-\n"],
)  # fmt: skip
def test_foreign_apostrophes_of_every_kind(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    wanted = csv.reader(
        io.StringIO(text.removeprefix("sep=;\n").removeprefix("\ufeff")), delimiter=";" if "sep" in text else ","
    )
    back = read_table(tmp_path / "t.csv")

    assert [tuple(back.columns), *back.rows()] == [tuple(row) for row in wanted]


def test_ours_is_read_back_after_a_journey_that_changes_line_ends(tmp_path: Path) -> None:
    frame = pl.DataFrame({"title": ["+x", "'=y", "a"], "n": [float("-inf"), -1.5, None]})
    text = write_table(frame, tmp_path / "t.csv").read_text()
    (tmp_path / "t.csv").write_bytes(text.replace("\n", "\r\n").encode())

    assert read_table(tmp_path / "t.csv")["title"].to_list()[:2] == ["+x", "'=y"]


def test_lists_structs_and_headers_become_plain_cells(tmp_path: Path) -> None:
    frame = pl.DataFrame({"parts": [["a", "b"], [], None, ["=x"]], "s": [{"k": 1}] * 4, "=h": [1, 2, 3, 4]})
    write_table(frame, tmp_path / "t.csv")
    back = read_table(tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text().startswith('"parts",s,\'=h\n')
    assert "'=x" in (tmp_path / "t.csv").read_text()
    assert back.columns == ["parts", "s", "=h"]
    assert back["parts"].to_list() == ["a | b", "", None, "=x"]
    assert back["s"][0] == '{"k":1}'


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        pytest.param("a.csv", b"", "empty", id="empty-csv"),
        pytest.param("a.parquet", b"", "empty", id="empty-parquet"),
        pytest.param("a.csv", b"\n", "no header", id="csv-without-header"),
        pytest.param("a.csv", b"title,b\nx,y\na,b,c\n", "line 3", id="too-many-fields"),
        pytest.param("a.csv", b'title,b\n"x,y\n', "line 2", id="open-quote"),
        pytest.param("a.jsonl", b'{"title":"a"}\n{bad\n', "line 2", id="bad-json"),
        pytest.param("a.jsonl", b"[1]\n", "line 1", id="json-but-no-object"),
        pytest.param("a.parquet", b"not a parquet file at all", "parquet", id="not-parquet"),
        pytest.param("a.xlsx", b"PK", "unknown kind", id="unknown-extension"),
    ],
)
def test_unusable_files_say_what_and_where(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputFileError, match=says) as error:
        read_table(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no such file"):
        read_table(tmp_path / "no.csv")
    with pytest.raises(InputFileError, match="folder"):
        read_table(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("title\nx\n")
    path.chmod(0)
    with pytest.raises(InputFileError, match="may not be read"):
        read_table(path)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-le", "utf-8-sig"])
def test_tables_that_are_no_utf8(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "t.csv").write_bytes("title,b\ncafé noir,1\nok,2\n".encode(encoding))
    assert read_table(tmp_path / "t.csv")["title"].to_list() == ["café noir", "ok"]


def test_columns_are_known_in_any_case(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("sep=;\nTitle;Duration MS;Other One\nA;1;x\n")
    known = with_known_names(read_table(tmp_path / "t.csv"), ["title", "duration_ms", "isrc"])
    assert known.to_dicts() == [{"title": "A", "duration_ms": "1", "Other One": "x"}]


def test_semicolons_divide_where_the_header_says_so(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('\ufefftitle;b\n"x; y";1\n', encoding="utf-8")
    assert read_table(tmp_path / "t.csv").to_dicts() == [{"title": "x; y", "b": "1"}]


def test_an_unfinished_write_leaves_the_former_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_table(pl.DataFrame({"a": [1]}), tmp_path / "t.parquet")
    before = path.read_bytes()

    def broken(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", broken)
    with pytest.raises(InputFileError, match="No space left"):
        write_table(pl.DataFrame({"a": [2]}), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["t.parquet"]


def test_output_is_checked_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="unknown kind"):
        check_output(tmp_path / "t.docx")
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(InputFileError, match="is a folder"):
        check_output(tmp_path / "d.csv")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputFileError, match="folder cannot be made"):
        check_output(tmp_path / "file" / "t.csv")
    check_output(tmp_path / "new" / "t.csv")
    assert (tmp_path / "new").is_dir()


def test_missing_columns_are_named_with_those_there() -> None:
    with pytest.raises(InputFileError, match=r"t\.csv: column title is missing; the columns there are: a, b"):
        require_columns(pl.DataFrame({"a": [1], "b": [2]}), ["title"], path="t.csv")


def _gzipped(content: bytes) -> bytes:
    return gzip.compress(content, 9)


#: What may lie where a table is expected: name, content, and what the one line says of it.
HOSTILE = [
    pytest.param("a.csv.gz", lambda: _gzipped(b"title\n" + b"\0" * 80_000_000), "far more than any table", id="bomb"),
    pytest.param("a.csv.gz", lambda: _gzipped(b"title\nx\n")[:-6], "damaged gzip", id="cut-gzip"),
    pytest.param("a.csv.gz", lambda: b"\x1f\x8b" + b"x" * 50, "damaged gzip", id="no-gzip"),
    pytest.param("a.jsonl", lambda: b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}", "deep", id="deep-list"),
    pytest.param("a.jsonl", lambda: b'{"a":' * 500 + b"1" + b"}" * 500, "deep", id="deep-object"),
    pytest.param("a.jsonl", lambda: b'{"a":' + b"9" * 5000 + b"}", "digits", id="huge-integer"),
    pytest.param("a.jsonl", lambda: b'{"a":1e999999}', "jsonl", id="huge-exponent"),
    pytest.param("a.parquet", lambda: b"PAR1" + b"\xff" * 200 + b"PAR1", "parquet", id="damaged-parquet"),
]


@pytest.mark.parametrize(("name", "content", "says"), HOSTILE)
def test_content_made_to_harm_is_one_line(tmp_path: Path, name: str, content: Callable[[], bytes], says: str) -> None:
    (tmp_path / name).write_bytes(content())
    with pytest.raises(InputFileError, match=says) as error:
        read_table(tmp_path / name)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500


@pytest.mark.parametrize("read", [read_table, read_input, read_parquet])
def test_what_is_no_file_is_never_waited_for(tmp_path: Path, read: Callable[[Path], object]) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    with (tmp_path / "sparse.csv").open("wb") as sparse:
        sparse.truncate(1 << 43)
    (tmp_path / "folder.csv").mkdir()
    kinds = {"pipe": "pipe or a device", "zero": "pipe or a device", "loop": "cannot be read", "sparse": "divide it",
             "folder": "folder", "n" * 300: "too long", "a\0b": "no name"}  # fmt: skip
    for name, says in kinds.items():
        with pytest.raises(InputFileError, match=says):
            read(tmp_path / f"{name}.csv")


def test_many_members_of_a_gzip_are_one_file(tmp_path: Path) -> None:
    (tmp_path / "t.csv.gz").write_bytes(_gzipped(b"title\nx\n") + _gzipped(b"y\n"))
    assert read_table(tmp_path / "t.csv.gz")["title"].to_list() == ["x", "y"]


def test_a_parquet_file_of_few_bytes_and_endless_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "MAX_VALUES", 1_000_000)
    path = tmp_path / "t.parquet"
    pl.DataFrame({"title": ["x"]}).select(pl.col("title").repeat_by(1_000_001).explode()).write_parquet(path)
    assert path.stat().st_size < 10_000
    with pytest.raises(InputFileError, match="divide it"):
        read_table(path)


def test_damaged_parquet_is_an_error_and_nothing_worse(tmp_path: Path) -> None:
    whole = pl.DataFrame({"title": ["a"] * 1000, "x": [[1]] * 1000, "s": [{"a": 1.5}] * 1000})
    whole.write_parquet(tmp_path / "t.parquet")
    data, rng = (tmp_path / "t.parquet").read_bytes(), random.Random(7)
    for _ in range(1500):
        damaged = bytearray(data)
        for _ in range(rng.randint(1, 8)):
            damaged[rng.randrange(4, len(data) - 4)] = rng.randrange(256)
        (tmp_path / "t.parquet").write_bytes(damaged)
        with suppress(InputFileError):
            read_table(tmp_path / "t.parquet")


@pytest.mark.parametrize(
    "header",
    [
        "Track Title,Artist",
        "track_title,artist_name",
        "Track Name,Artist Name(s)",
        "Titel,Interpret",
        "Título,Artista",
        "Song Title,Performer",
    ],
)
def test_columns_as_programs_call_them(tmp_path: Path, header: str) -> None:
    (tmp_path / "t.csv").write_text(f"{header}\nNight,Alpha\n")

    known = with_known_names(read_table(tmp_path / "t.csv"), ["title", "artist"])

    assert known.select("title", "artist").rows() == [("Night", "Alpha")]


def test_the_surest_name_of_a_column_counts(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("Name,Title,Track Artist,Artist\na,Night,b,Alpha\n")

    known = with_known_names(read_table(tmp_path / "t.csv"), ["title", "artist"])

    assert known.select("title", "artist").rows() == [("Night", "Alpha")]
