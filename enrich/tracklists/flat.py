"""The flat tracklist table in a file: Parquet, CSV (any usual delimiter) and JSONL.

Only `set_id` and `position` are required, columns that are not SLOTS' are ignored, and column names count without
regard to case and to what stands between their words. A DJ program's table is handed on to `dj_programs`. A line that
is no row of the table is given up with its number; the lines around it are kept.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import polars as pl

from enrich.errors import InputFileError
from enrich.frames.files import column_key
from enrich.frames.inputs import read_parquet as read_parquet_file
from enrich.frames.schemas import TRACKLISTS, TRACKLISTS_REQUIRED
from enrich.text.words import LISTS
from enrich.tracklists.dj_programs import columns_of, draft_of_table, is_theirs
from enrich.tracklists.lines import split_line
from enrich.tracklists.marks import MARKS
from enrich.tracklists.scraped_json import is_set_item
from enrich.tracklists.slots import SLOTS, Draft

#: `setlists.source` of flat tables.
SOURCE = "tracklists"

#: What a table may give beside TRACKLISTS; anything else of SLOTS is the reader's own.
_COLUMNS = tuple(name for name in SLOTS if name not in ("components", "id_from_name", "source", "file", "line"))

#: The header is one of so many lines.
_HEAD_LINES = 5
#: Columns of a table without a header that hold no names.
_PLAIN_COLUMNS = {"number": MARKS.number_alone, "cue": MARKS.cue_alone}
_FIELD_LIMIT = 1_000_000
#: The place of a track on a record.
_SIDE = r"^\s*[A-Ha-h]\d{1,2}\.?\s*$"


def read_parquet(path: Path) -> Draft:
    """Read a Parquet file; `lines` are row numbers from 1."""
    table = read_parquet_file(path)
    return draft_of(table, path, lines=range(1, table.height + 1))


def draft_of(table: pl.DataFrame, path: Path, *, lines: Sequence[int]) -> Draft:
    """A draft of rows of a Parquet file: all of them, or a part with its row numbers."""
    at = _known_columns([column_key(name) for name in table.columns], path)
    known = table.select(table.to_series(i).alias(name) for name, i in at.items())
    # Where these are no text, number or flag, another program meant something else by the name.
    known = known.drop(name for name, dtype in known.schema.items() if name not in TRACKLISTS and dtype.is_nested())
    return Draft(table=_complete(known), lines=lines, raws=None, source=SOURCE)


def looks_like_csv(text: str) -> bool:
    """Whether one of the first lines is a header: of the required columns, or of a DJ program's."""
    header, _, number = _csv_header(text)
    return number > 0 and _is_header(header)


def _is_header(keys: Sequence[str]) -> bool:
    return set(TRACKLISTS_REQUIRED) <= set(keys) or (len(keys) > 1 and is_theirs(keys))


def read_csv(text: str, path: Path) -> Draft:
    """Read CSV text with a header line; a record of other width or a quote never closed is given up alone."""
    header, delimiter, head = _csv_header(text)
    lines = io.StringIO(text, newline="").readlines()
    guessed = _guessed_header(lines, delimiter) if head == 0 else []
    header = guessed or header
    theirs = not set(TRACKLISTS_REQUIRED) <= set(header) and is_theirs(header)
    bad, numbers, raws, records = list[tuple[int, str, str]](), list[int](), list[str](), list[list[str]]()
    told_again = lines[head - 1].rstrip() if head else None
    needed = [header.index(name) for name in (("artist", "title") if theirs else TRACKLISTS_REQUIRED) if name in header]
    for number, raw, fields, fault in _records(lines, width=len(header), delimiter=delimiter):
        # Some programs leave out the blank cells at the end.
        is_short = max(needed, default=0) < len(fields) < len(header) and "\n" not in raw and raw.count('"') % 2 == 0
        if number <= head or raw == told_again or not re.search(r"[^\W_]|\?", "".join(fields)):
            pass
        elif fault and not is_short:
            bad.append((number, fault, raw))
        else:
            numbers.append(number)
            raws.append(raw)
            records.append(fields + [""] * (len(header) - len(fields)))
    if theirs:
        said = [f"no header: read as {', '.join(guessed)}"] if guessed else []
        return replace(draft_of_table(header, [*zip(numbers, raws, records, strict=True)], path), bad=bad, said=said)
    at = _known_columns(header, path)
    table = pl.DataFrame({name: pl.Series([row[i] for row in records], dtype=pl.String) for name, i in at.items()})
    return Draft(table=_complete(table), lines=numbers, raws=raws, source=SOURCE, bad=bad)


def read_rows(rows: Sequence[tuple[int, str, object]], path: Path) -> Draft:
    """Make a draft of parsed JSON values: line, text as written, value; what is no object is given up."""
    kept = [(number, raw, row) for number, raw, row in rows if isinstance(row, dict)]
    bad = [(n, f"expected a JSON object, got {type(x).__name__}", raw) for n, raw, x in rows if not isinstance(x, dict)]
    keyed = [{column_key(str(key)): value for key, value in row.items()} for _, _, row in kept]
    names = list(dict.fromkeys(name for row in keyed for name in row))
    at = {name: names[i] for name, i in _known_columns(names, path).items()}
    columns = {name: [_as_text(row.get(key)) for row in keyed] for name, key in at.items()}
    table = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    lines, raws = [number for number, _, _ in kept], [raw for _, raw, _ in kept]
    return Draft(table=_complete(table), lines=lines, raws=raws, source=SOURCE, bad=bad)


def is_table(values: Sequence[object]) -> bool:
    """Whether parsed JSON values are rows of the flat table, none of them an item that says it is a set."""
    keyed = [{column_key(str(key)) for key in value} for value in values if isinstance(value, dict)]
    return any(set(TRACKLISTS_REQUIRED) <= keys for keys in keyed) and not any(map(is_set_item, values))


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        # Half a surrogate pair is no character: Arrow and Postgres both refuse it.
        return value and value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return " & ".join(text for item in value if (text := _as_text(item)))
    return _as_text(json.dumps(value, ensure_ascii=False)) if isinstance(value, dict) else str(value)


def _csv_header(text: str) -> tuple[list[str], str, int]:
    """Column keys, delimiter and line of the header, below `sep=;` or a title; 0: unknown, the keys are line 1's."""
    first = text.split("\n", _HEAD_LINES)[:_HEAD_LINES]
    found: list[tuple[list[str], str, int]] = []
    said = re.fullmatch(r'"?sep=(.)"?\s*', first[0], re.IGNORECASE)
    for number, line in enumerate(first[said is not None :], start=1 + (said is not None)):
        delimiter = said[1] if said else max(",;\t|", key=line.count)
        if len(keys := _keys(line, delimiter)) > 1:
            # `Artist: Alpha; Title: Night` is a row that names its fields.
            found.append((keys, delimiter, number if _is_header(keys) and not re.search(r":\s+\S", line) else 0))
    return max(found, key=lambda one: one[2] > 0, default=(_keys(first[0], ","), ",", 0))


def _keys(line: str, delimiter: str) -> list[str]:
    header: list[str] = []
    with suppress(csv.Error):
        header = [column_key(field) or field.strip() for field in next(csv.reader([line], delimiter=delimiter), [])]
    return _named_as_ours(header)


def _named_as_ours(header: list[str]) -> list[str]:
    """Column keys, those of SLOTS' columns that go by other names called as there."""
    for field, names in LISTS["flat_columns"].items():
        # `track` is a number where the title has a column of its own.
        names = [*names, "track"] if field == "position" and "title" in header else names
        other = next((name for name in names if name in header), None)
        if other and field not in header and (field == "set_id" or "set_id" in header):
            header = [field if name == other else name for name in header]
    if set(TRACKLISTS_REQUIRED) <= set(header):
        at = {i: field for field, i in columns_of(header).items() if field in {"artist", "title"} - {*header}}
        header = [at.get(i, name) for i, name in enumerate(header)]
    return header


def _guessed_header(lines: list[str], delimiter: str) -> list[str]:
    """What columns are that have no header: numbers, cues, artist, title, label; empty where it has an unknown one."""
    rows = list[list[str]]()
    with suppress(csv.Error):
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if any(row)]
    is_table = len({len(row) for row in rows}) == 1 and not all(re.fullmatch(r"[a-z][a-z_ ]*", x) for x in rows[0])
    names = ["artist", "title", "label"]
    kinds = []
    for column in zip(*rows, strict=True) if is_table else ():
        extra = next((kind for kind, form in _PLAIN_COLUMNS.items() if all(map(form.fullmatch, column))), None)
        kinds.append(extra or (names.pop(0) if names else "?"))
    return kinds if "title" in kinds and "?" not in kinds else []


def _records(lines: list[str], *, width: int, delimiter: str) -> Iterator[tuple[int, str, list[str], str | None]]:
    """Line number, text, fields and fault of each record; after a fault, the next line starts afresh."""
    csv.field_size_limit(_FIELD_LIMIT)
    start = 0
    while start < len(lines):
        reader = csv.reader((lines[i] for i in range(start, len(lines))), delimiter=delimiter)
        begin = start
        with suppress(csv.Error):
            for fields in reader:
                end = start + reader.line_num
                fields = fields[:-1] if len(fields) == width + 1 and not fields[-1] else fields
                is_whole = len(fields) == width or not fields
                fault = None if is_whole else f"{len(fields)} fields where the header has {width}"
                if end - begin > 1 and (fault or _runs_on(lines[begin:end], width, delimiter)):
                    break
                yield begin + 1, "".join(lines[begin:end]).rstrip("\r\n"), fields, fault
                begin = end
            else:
                return
        # A quote opened on this line ran on over the next ones: this line alone is at fault.
        yield begin + 1, lines[begin].rstrip("\r\n"), [lines[begin]], "a quote is opened and not closed"
        start = begin + 1


def _runs_on(lines: list[str], width: int, delimiter: str) -> bool:
    """Whether a record over several lines holds whole rows: its quote was left open."""
    odd = sum(line.count('"') for line in lines) % 2 == 1
    counts = [line.count(delimiter) for line in lines]
    return odd or (max(counts[1:]) >= width - 1 > 0 and sum(counts) >= 2 * (width - 1))


def _known_columns(keys: list[str], path: Path) -> dict[str, int]:
    """Where the columns of SLOTS stand, the first of a name. Raises InputFileError: one that is needed is missing."""
    header = _named_as_ours(keys)
    missing = [name for name in TRACKLISTS_REQUIRED if name not in header]
    if missing:
        found = ", ".join(sorted({name for name in header if name})[:12]) or "none"
        raise InputFileError(
            f"{path}: no column {' and no column '.join(missing)}; a tracklist table needs set_id and position "
            f"(columns found: {found})"
        )
    return {name: header.index(name) for name in _COLUMNS if name in header}


def _complete(table: pl.DataFrame) -> pl.DataFrame:
    """With numbers for a record's sides, `A1` and `B2`, and artists out of the titles where no column names them."""
    if table.schema["position"] == pl.String and table["position"].str.contains(_SIDE).any():
        sides = pl.col.position.str.contains(_SIDE).all().over("set_id")
        numbers = pl.int_range(1, pl.len() + 1).over("set_id").cast(pl.String)
        table = table.with_columns(position=pl.when(sides).then(numbers).otherwise("position"))
    if "artist" in table.columns or table.schema.get("title") != pl.String:
        return table
    named = [split_line(title or "") for title in table["title"]]
    split = [name for name in ("artist", "title", "label") if name == "title" or name not in table.columns]
    return table.with_columns(pl.Series(name, [getattr(line, name) for line in named], pl.String) for name in split)
