"""Read tracklist files of any known kind into one frame of slots; Parquet beyond memory a batch of rows at a time.

The kind is told by the content first and the file's ending second. Reads files; writes nothing.
"""

import codecs
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from enrich.errors import InputFileError
from enrich.frames.coding import coded, packed
from enrich.frames.inputs import decoded, open_input, parquet_faults, read_input, readable
from enrich.rules import MAX_FILE_BYTES
from enrich.tracklists import dj_programs, flat, mixesdb, scraped_json
from enrich.tracklists import pages as html
from enrich.tracklists.checking import check
from enrich.tracklists.marks import TABLES
from enrich.tracklists.naming import KEPT_APART, told_apart
from enrich.tracklists.slots import DRAFT_ROW, NOTES, SLOTS, Draft, TracklistRead, notes
from enrich.tracklists.text_forms import read_text

#: What tells two readings of one slot apart; where it was read does not.
_CONTENT = [name for name in SLOTS.names() if name not in ("file", "line", "source")]
#: Rows in memory at once; and bytes of a file that never is as a whole.
ROWS_AT_ONCE, _LARGEST = 1_000_000, 1 << 42
_FOREIGN = [(re.compile(begin), kind) for begin, kind in TABLES["foreign"].items()]
_JSON = re.compile(r'\s*(?:\{\s*["\'}]|\[\s*(?:[{"]|\]\s*$|\[\s*[\[{"\d\]-]))')


def read_tracklists(paths: str | PathLike[str] | Iterable[str | PathLike[str]]) -> TracklistRead:
    """Read one or more tracklist files; a file given twice counts once, one that cannot be used is a row of `bad`.

    Where two files hold the same slot (source, set_id, position), the file whose path sorts first keeps it, in
    whatever order the files are given; the other row is set aside, or counted in `repeated` where it says the same.

    Raises InputFileError: none of the files could be used; says what is wrong with the first.
    """
    reads: list[TracklistRead] = []
    pages: list[tuple[str, Draft]] = []
    failed, said = list[tuple[str, None, str, None]](), list[tuple[str, None, str, None]]()
    for path in _distinct_files(paths):
        try:
            draft = _draft(path)
            said += [(str(path), None, guess, None) for guess in draft.said]
            # Pages and texts are small and many, and have the same columns: they are checked together.
            if draft.table.schema == DRAFT_ROW:
                pages.append((str(path), draft))
            else:
                reads.append(check([(str(path), draft)]))
        except InputFileError as error:
            failed.append((str(path), None, str(error), None))
    if pages:
        reads.append(check(pages))
    if not reads:
        more = f" (and {len(failed) - 1} other files cannot be used)" if len(failed) > 1 else ""
        raise InputFileError(failed[0][2] + more)
    return _together(reads, notes(failed), notes(said))


def _distinct_files(paths: str | PathLike[str] | Iterable[str | PathLike[str]]) -> list[Path]:
    """The files in the order in which they are read: by path, each once."""
    given = [paths] if isinstance(paths, str | PathLike) else list(paths)
    if not given:
        raise InputFileError("no tracklist file given")
    return sorted({os.path.realpath(path): Path(path) for path in reversed(given)}.values(), key=str)


def _draft(path: Path) -> Draft:
    """Tell what kind of file it is, and read it."""
    ending = path.suffix.lower()
    with open_input(path, at_most=8 * MAX_FILE_BYTES) as opened:
        is_parquet = opened.read(4) == b"PAR1" or (ending in (".parquet", ".pq") and opened.seek(0, 2) > 0)
    if is_parquet:
        return flat.read_parquet(path)
    data = read_input(path)
    if kind := next((kind for begin, kind in _FOREIGN if begin.match(data[:16].decode("latin-1"))), None):
        raise InputFileError(f"{path}: {kind}")
    ending = Path(path.stem).suffix.lower() if ending == ".gz" else ending
    if not data.strip(b"\0 \t\r\n") or data in (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise InputFileError(f"{path}: the file is empty")
    text, guessed = decoded(data)
    text = text if "\n" in text else text.replace("\r", "\n")
    draft = _draft_of_text(text, path, ending)
    encoding = [f"no Unicode: read as {guessed}, which is a guess"] if guessed else []
    return replace(draft, said=[*draft.said, *encoding])


def _draft_of_text(text: str, path: Path, ending: str) -> Draft:
    # `[[File:` begins a wiki page, `[030] Artist` a line of one.
    if _JSON.match(text) or ending in (".json", ".jsonl", ".ndjson"):
        return read_json(text, path)
    if "<mediawiki" in text[:2000]:
        return mixesdb.read_export(text, path)
    if re.search(r"<(?:DJ_PLAYLISTS|NML)\b", text[:2000]):
        return dj_programs.read_xml(text, path)
    if dj_programs.IS_XML_PLAYLIST.match(text):
        return dj_programs.read_xml_playlist(text, path)
    if "<plist" in text[:2000]:
        raise InputFileError(f"{path}: an iTunes library; export the playlist itself, as a text or as M3U8")
    if html.looks_like_html(text) or ending in (".html", ".htm"):
        return html.read_page(text, path)
    if ending in (".xml", ".nml", ".xspf", ".asx", ".wpl") or re.match(r"\s*<(?:\?xml|rss)\b", text):
        raise InputFileError(f"{path}: {TABLES['refused']['xml']}")
    if ending in (".m3u", ".m3u8") or re.match(r"(?i)\s*#EXT(?:M3U|INF|VDJ)", text):
        return dj_programs.read_m3u(text, path)
    if text.lstrip()[:10].lower() == "[playlist]":
        return dj_programs.read_pls(text, path)
    if ending == ".cue" or re.search(r"(?im)^\s*TRACK\s+\d+\s+AUDIO\b", text[:20_000]):
        return dj_programs.read_cue(text, path)
    # One column of names is a list like any other.
    if flat.looks_like_csv(text) or (ending in (".csv", ".tsv") and re.match(r".*[,;\t|]", text)):
        return flat.read_csv(text, path)
    if not mixesdb.looks_like_wiki(text) and ending not in (".wiki", ".mediawiki"):
        return read_text(text, path)
    try:
        return mixesdb.read_wiki(text, path)
    except InputFileError as no_entry:
        # A wiki's page whose list is typed without the wiki's marks.
        try:
            return read_text(re.sub(r"(?m)^\s*(?:\[\[|\{\{|\||\}\}|#REDIRECT).*$", "", text), path)
        except InputFileError:
            raise no_entry from None


def read_json(text: str, path: Path) -> Draft:
    """Read JSON, or a value a line, past broken lines. Raises InputFileError: it is none, or holds no tracklist."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        whole = error
    else:
        parts = document if isinstance(document, list) else [document]
        if flat.is_table(parts):
            return flat.read_rows([(i, json.dumps(v, ensure_ascii=False), v) for i, v in enumerate(parts, 1)], path)
        return scraped_json.read_documents([document], path)
    rows: list[tuple[int, str, object]] = []
    broken: list[tuple[int, str, str]] = []
    for number, raw in enumerate(text.split("\n"), start=1):
        try:
            if line := raw.strip():
                rows.append((number, line, json.loads(line)))
        except (ValueError, RecursionError) as error:
            broken.append((number, f"not JSON ({error})", line))
    values = [value for _, _, value in rows]
    if not any(isinstance(value, dict) for value in values):
        raise InputFileError(f"{path}: not JSON, neither as a whole nor line by line ({whole})")
    is_set = scraped_json.is_tracklist_document
    sets: list[object] = [] if flat.is_table(values) else values if any(map(is_set, values)) else [values]
    draft = scraped_json.read_documents(sets, path) if any(map(is_set, sets)) else flat.read_rows(rows, path)
    return replace(draft, bad=[*draft.bad, *broken])


def _together(reads: list[TracklistRead], failed: pl.DataFrame, said: pl.DataFrame) -> TracklistRead:
    """All files as one; `reads` is emptied."""
    slots = pl.concat([read.slots for read in reads])
    bad = [read.bad for read in reads]
    warnings = pl.concat([said, *(read.warnings for read in reads)])
    reads.clear()
    repeated = 0
    if slots["file"].n_unique() > 1:
        before = slots["set_id"]
        slots = told_apart(slots)
        apart = slots.filter(before != slots["set_id"]).unique("set_id", maintain_order=True)
        nowhere = pl.lit(None, pl.Int64).alias("line")
        warnings = pl.concat([warnings, apart.select("file", nowhere, reason=KEPT_APART, raw="set_name")])
        place = ["source", "set_id", "position"]
        slots = slots.with_columns(
            kept=pl.struct(place).is_first_distinct(),
            said=pl.struct([*_CONTENT, "source"]).is_first_distinct(),
            by=pl.format("{}, line {}", pl.col.file.first().over(place), pl.col.line.first().over(place)),
        )
        repeated = slots.filter(~pl.col.kept & ~pl.col.said).height
        taken = pl.format("position {} of set {} is taken already by {}", "position", "set_id", "by")
        refused = slots.filter(~pl.col.kept & pl.col.said)
        bad.append(refused.select("file", "line", reason=taken, raw=pl.struct(_CONTENT).struct.json_encode()))
        slots = slots.filter("kept").select(SLOTS.names())
    # One number to sort by where set and position are unique: texts beside texts take four times as long.
    slot = packed(coded(slots["set_id"])[0], slots["position"]) if slots["source"].n_unique() == 1 else None
    if slot is None or not slot.is_sorted():
        by_text = pl.arg_sort_by("set_id", "position", "source")
        order = slots.select(by_text).to_series() if slot is None else slot.arg_sort()
        columns = []
        # A column after the other, and the old one let go of: of ten million slots nothing should stand twice.
        for name in SLOTS.names():
            columns.append(slots.select(pl.col(name).gather(pl.lit(order))))
            slots = slots.drop(name)
        slots = pl.concat(columns, how="horizontal")
    aside = pl.concat([failed, *bad]).match_to_schema(NOTES)
    return TracklistRead(slots=slots, bad=aside, warnings=warnings, repeated=repeated)


def parquet_files(paths: str | PathLike[str] | Sequence[str | PathLike[str]]) -> list[Path]:
    """The files by path, each once. Raises InputFileError: none is given, one is missing, or one is not Parquet."""
    files = _distinct_files(paths)
    for file in files:
        with open_input(file, at_most=_LARGEST) as opened:
            if opened.read(4) == b"PAR1":
                continue
        raise InputFileError(f"{file}: not a Parquet file, the only kind that is read in parts")
    return files


def parquet_batches(file: Path, *, rows: int = ROWS_AT_ONCE) -> Iterator[TracklistRead]:
    """Read a file in batches, each for itself. Raises InputFileError: it is damaged, or lacks set_id or position."""
    line = 1
    with open_input(file, at_most=_LARGEST) as opened, parquet_faults(file):
        for batch in pq.ParquetFile(opened).iter_batches(batch_size=rows):
            table = pl.from_arrow(readable(pa.Table.from_batches([batch])))
            assert isinstance(table, pl.DataFrame)
            yield checked(table, file, lines=range(line, line + table.height))
            line += table.height


def checked(table: pl.DataFrame, file: Path, *, lines: Sequence[int]) -> TracklistRead:
    """Rows of a Parquet file as slots and rows set aside; `lines` are their row numbers, from 1."""
    return check([(str(file), flat.draft_of(table, file, lines=lines))])
