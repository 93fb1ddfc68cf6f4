"""Tables in files: read and written by extension (Parquet, CSV, TSV, JSONL), with errors a person can mend.

A file appears whole or not at all: it is written beside its place and renamed. CSV is made safe for spreadsheets:
a cell that would run as a formula gets an apostrophe in front, which reading takes off again; lists are joined by
` | `, structs become JSON. Such a CSV is known by its mark, the first name of its header in quotes that it needs not,
and by being to the byte what is written here; the apostrophes of any other file are its own.
"""

import csv
import io
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import polars as pl
import pyarrow.parquet as pq

from enrich.errors import InputFileError, undoing
from enrich.frames.inputs import decoded, open_input, parse_json, read_input, read_parquet
from enrich.rules import MAX_FILE_BYTES
from enrich.text.words import LISTS

#: Extension → format. A compressed `.csv.gz` is read, not written.
FORMATS = dict.fromkeys((".parquet", ".pq"), "parquet") | dict.fromkeys((".csv", ".csv.gz", ".tsv"), "csv")
FORMATS |= dict.fromkeys((".jsonl", ".ndjson"), "jsonl")

_MAX_NESTING = 64
#: Brackets of JSON, and its texts, whose brackets count for nothing.
_MARKS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]')
_FORMULA = r"^(?:[\s\x00]*[=+\-@＝＋－＠]|[\t\r\n])"
#: Behind a semicolon a cell of its own begins, for spreadsheets that divide by it.
_BEHIND = r";{}((?:\s|[\x00'])*[=+\-@＝＋－＠])"
#: Control characters but tab and line feed, and how they are written: a terminal that shows the file obeys none.
_CONTROLS = [chr(code) for code in (*range(9), *range(11, 32), *range(127, 160))]
_SPELLED = [f"\\u{ord(control):04x}" for control in _CONTROLS]
_NUMBER = r"^[+-]?(?:\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?%?|inf)$"
#: Names that stand in quotes in a header, whatever divides it.
_QUOTED = re.compile(r'^$|[",;\t\r\n]')


def read_table(path: str | Path) -> pl.DataFrame:
    """Read a table, types as the file has them; a CSV knows none, so all its columns are strings.

    In a CSV of `write_table` the apostrophe before what a spreadsheet would run is taken off.

    Raises:
        InputFileError: the file is missing, empty, unreadable, too large, of an unknown extension or not what its
            extension says; one line that names the file and, where it can be known, the line.
    """
    path = Path(path)
    with open_input(path, at_most=8 * MAX_FILE_BYTES) as opened:
        is_empty = not opened.read(1)
    kind = _format(path)
    if is_empty:
        raise InputFileError(f"{path}: the file is empty; expected a {kind} table")
    if kind == "parquet":
        return read_parquet(path)
    data = read_input(path)
    try:
        if kind == "csv":
            return _read_csv(data)
        _refuse_nesting(data, path)
        return pl.read_ndjson(data, infer_schema_length=None)
    except (pl.exceptions.PolarsError, RecursionError) as error:
        raise InputFileError(f"{path}: cannot be read as {kind}: {_why(data, kind, error)}") from None


def with_known_names(frame: pl.DataFrame, columns: Iterable[str]) -> pl.DataFrame:
    """The frame with `columns` named as asked where the file writes them otherwise; `name` may be anybody's."""
    keys = {column_key(name): name for name in reversed(frame.columns) if column_key(name) != "name"}
    like = {name: [column_key(name), *LISTS["columns"].get(name, [])] for name in columns if name not in frame.columns}
    found = {name: next((keys[key] for key in named if key in keys), None) for name, named in like.items()}
    return frame.rename({written: asked for asked, written in found.items() if written})


def column_key(name: str) -> str:
    """A column's name as it counts: `Set ID`, `set-id` and `SET_ID` are one."""
    return re.sub(r"[\W_]+", "_", name.strip().lower()).strip("_")


def require_columns(frame: pl.DataFrame, columns: Iterable[str], *, path: str | Path) -> pl.DataFrame:
    """The table read from `path`, which has `columns`.

    Raises InputFileError: names what is missing and what is there.
    """
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        there = ", ".join(frame.columns[:20]) or "none"
        raise InputFileError(f"{path}: column {', '.join(missing)} is missing; the columns there are: {there}")
    return frame


def check_output(path: str | Path) -> None:
    """Fail before the work is done where `write_table` would fail after it.

    Raises InputFileError: unknown extension; else see `check_place`.
    """
    path = Path(path)
    if path.name.lower().endswith(".gz"):
        raise InputFileError(f"{path}: compressed CSV can be read, not written; use .csv or .parquet")
    _format(path)
    check_place(path)


def check_place(path: str | Path) -> None:
    """Fail before the work is done where a file could not be put in its place after it; its folder is made.

    Raises:
        InputFileError: a folder, a pipe or a device is there, the name is too long, or the folder cannot be made or
            written to.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            what = "a folder" if path.is_dir() else "a pipe or a device"
            raise InputFileError(f"{path}: is {what}, expected the name of the file to write")
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fault = error.strerror or error
        raise InputFileError(f"{path}: its folder cannot be made or the name not used: {fault}") from None
    if not os.access(path.parent, os.W_OK):
        raise InputFileError(f"{path}: its folder may not be written to")


def write_table(frame: pl.DataFrame, path: str | Path) -> Path:
    """Write `frame` to `path`, replacing what is there only once the new file is complete.

    Raises InputFileError: see `check_output`; also a full disk.
    """
    check_output(path)
    with replacing(path) as (part,):
        try:
            if _format(path) == "parquet":
                frame.write_parquet(part)
            else:
                with part.open("wb") as opened:
                    _write_text(frame, opened, path)
        except pl.exceptions.PolarsError as error:
            # A full disk is a fault of computing to polars: the system's own it is again.
            raise OSError(str(error).strip().splitlines()[0]) from None
    return Path(path)


def write_batches(frames: Iterable[pl.DataFrame], schema: pl.Schema, path: str | Path) -> Path:
    """`write_table` of frames of `schema`, one under the other, of which one is in memory at a time.

    Raises InputFileError: see `check_output`; also a full disk.
    """
    check_output(path)
    with replacing(path) as (part,), part.open("wb") as opened:
        empty = schema.to_frame()
        if _format(path) == "parquet":
            with pq.ParquetWriter(opened, empty.to_arrow().schema, compression="zstd") as writer:
                for frame in frames:
                    writer.write_table(frame.match_to_schema(schema).to_arrow())
        else:
            # Whether the header bears the mark is known when the last cell is.
            with TemporaryFile(dir=part.parent) as rows:
                disarmed = [_write_text(frame.match_to_schema(schema), rows, path, header=False) for frame in frames]
                _write_text(empty, opened, path, marked=any(disarmed))
                rows.seek(0)
                shutil.copyfileobj(rows, opened)
    return Path(path)


@contextmanager
def replacing(*paths: str | Path) -> Iterator[tuple[Path, ...]]:
    """Files to write beside `paths`, put in their places when all are complete; until then what is there stays.

    Raises InputFileError: the folder cannot be made or written to, or the disk is full.
    """
    finals = [Path(path) for path in paths]
    # Short, for the name itself may be as long as names get.
    parts = tuple(path.with_name(f".enrich-{os.getpid()}-{n}.part") for n, path in enumerate(finals))
    for path in finals:
        check_place(path)
    try:
        with undoing(lambda: unlink_all(parts)):
            yield parts
            for part, path in zip(parts, finals, strict=True):
                # What the database holds is nobody's but the user's and its group's.
                part.chmod(part.stat().st_mode & 0o640)
                part.replace(path)
    except OSError as error:
        raise InputFileError(
            f"{finals[0]}: cannot be written: {error.strerror or error}; free some space or name another place; "
            "what was there stays"
        ) from None


def unlink_all(paths: Iterable[Path]) -> None:
    """Remove files, where they are there."""
    for path in paths:
        path.unlink(missing_ok=True)


def write_json(value: object, path: str | Path) -> Path:
    """Write a JSON document, as `write_table` writes tables; what JSON does not know becomes its text.

    Raises InputFileError: see `check_place`; also a full disk.
    """
    with replacing(path) as (part,):
        part.write_text(json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8")
    return Path(path)


def _write_text(
    frame: pl.DataFrame, opened: IO[bytes], path: str | Path, *, header: bool = True, marked: bool = False
) -> bool:
    """Whether a cell was disarmed."""
    if _format(path) == "csv":
        separator = "\t" if Path(path).suffix.lower() == ".tsv" else ","
        return _write_csv(frame, opened, separator, header=header, marked=marked)
    frame.write_ndjson(opened)
    return False


def _write_csv(frame: pl.DataFrame, opened: IO[bytes], separator: str, *, header: bool, marked: bool) -> bool:
    flat = frame.select(_flat(name, dtype) for name, dtype in frame.schema.items())
    safe = spreadsheet_safe(flat)
    disarmed = not safe.equals(flat)
    if header and (marked or disarmed):
        first = next((name for name in safe.columns if not _QUOTED.search(name)), None)
        names = [
            '"' + name.replace('"', '""') + '"' if name == first or _QUOTED.search(name) else name
            for name in safe.columns
        ]
        opened.write((separator.join(names) + "\n").encode())
        header = False
    safe.write_csv(opened, separator=separator, include_header=header)
    return disarmed


def spreadsheet_safe(flat: pl.DataFrame) -> pl.DataFrame:
    """Flat cells none of which a spreadsheet runs or a terminal obeys: formulas get an apostrophe, numbers stay,
    control characters are spelled out (for good: Parquet and JSON keep them). Column names are like cells.
    """
    text = [name for name, dtype in flat.schema.items() if dtype == pl.String]
    safe = flat.with_columns(_disarmed(pl.col(name)).alias(name) for name in text)
    names = pl.select(_disarmed(pl.lit(pl.Series(safe.columns, dtype=pl.String)))).to_series()
    return safe.rename(dict(zip(safe.columns, names, strict=True)))


def _flat(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.List):
        inner = dtype.inner
        element = pl.element().struct.json_encode() if isinstance(inner, pl.Struct) else pl.element().cast(pl.String)
        return column.list.eval(element).list.join(" | ", ignore_nulls=True)
    if isinstance(dtype, pl.Struct):
        return column.struct.json_encode()
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return column.cast(pl.String)
    if dtype == pl.Binary:
        return column.bin.encode("hex")
    return column


def _disarmed(cell: pl.Expr) -> pl.Expr:
    cell = cell.str.replace_many(_CONTROLS, _SPELLED)
    safe = pl.when(_runs(cell)).then(pl.concat_str(pl.lit("'"), cell)).otherwise(cell)
    return safe.str.replace_all(_BEHIND.format(""), ";'${1}")


def _restored(cell: pl.Expr) -> pl.Expr:
    """What `_disarmed` was given: the one apostrophe it puts in front is taken off again, no other is."""
    cell = cell.str.replace_all(_BEHIND.format("'"), ";${1}")
    rest = cell.str.slice(1)
    return pl.when(cell.str.starts_with("'") & _runs(rest)).then(rest).otherwise(cell)


def _runs(cell: pl.Expr) -> pl.Expr:
    """Whether a spreadsheet runs a cell; what has been disarmed counts too, so that it can be told from what it was."""
    return cell.str.strip_chars_start("'").str.contains(_FORMULA) & ~cell.str.contains(_NUMBER)


def _format(path: str | Path) -> str:
    name = Path(path).name.lower()
    for extension, kind in FORMATS.items():
        if name.endswith(extension):
            return kind
    raise InputFileError(f"{path}: unknown kind of table; name it {', '.join(FORMATS)}")


def _read_csv(data: bytes) -> pl.DataFrame:
    text, _ = decoded(data)
    separator = _separator(text)
    text = re.sub(r'^"?sep=."?\r?\n', "", text, flags=re.IGNORECASE)
    frame = pl.read_csv(text.encode(), separator=separator, infer_schema=False, encoding="utf8-lossy")
    names = pl.DataFrame({"name": frame.columns}, schema={"name": pl.String})
    restored = names.select(_restored(pl.col("name")))["name"]
    if not restored.is_unique().all():
        return frame
    ours = frame.with_columns(_restored(pl.all())).rename(dict(zip(frame.columns, restored, strict=True)))
    if ours.equals(frame):
        return frame
    again = io.BytesIO()
    _write_csv(ours, again, separator, header=True, marked=False)
    return ours if again.getvalue().decode() == text.replace("\r\n", "\n") else frame


def _separator(text: str) -> str:
    """What the header is divided by: as `sep=;` says, else the first of comma, semicolon and tab that is in it."""
    header = text.partition("\n")[0]
    if said := re.fullmatch(r'"?sep=(.)"?\r?', header, re.IGNORECASE):
        return said[1]
    return next((mark for mark in ",;\t|" if mark in header), ",")


def _why(data: bytes, kind: str, error: Exception) -> str:
    """The line that broke the reading, where it can be found; else what the reader said, on one line."""
    found = _bad_json_line(data) if kind == "jsonl" else _bad_csv_line(data)
    return found or str(error).strip().splitlines()[0][:200]


def _refuse_nesting(data: bytes, path: Path) -> None:
    """A column's type nests as its values do: hundreds of levels take minutes and end in a fault of their own."""
    for number, line in enumerate(io.BytesIO(data), start=1):
        if line.count(b"{") + line.count(b"[") > _MAX_NESTING:
            steps = ({b"{": 1, b"[": 1, b"}": -1, b"]": -1}.get(mark, 0) for mark in _MARKS.findall(line))
            if max(accumulate(steps), default=0) > _MAX_NESTING:
                raise InputFileError(f"{path}: line {number} is nested too deeply, by more than {_MAX_NESTING} levels")


def _bad_json_line(data: bytes) -> str | None:
    for number, line in enumerate(io.BytesIO(data), start=1):
        try:
            if line.strip() and not isinstance(parse_json(line, where="line"), dict):
                return f"line {number} is no JSON object"
        except InputFileError as bad:
            return f"line {number}: {str(bad).removeprefix('line: ').replace('line 1, column', 'column')}"
    return None


def _bad_csv_line(data: bytes) -> str | None:
    text, _ = decoded(data)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    try:
        header = next(rows, [])
        if not header:
            return "line 1: no header"
        for row in rows:
            if len(row) > len(header):
                return f"line {rows.line_num}: {len(row)} fields, the header has {len(header)}; quote the commas"
    except csv.Error as bad:
        return f"line {rows.line_num}: {bad}"
    return None
