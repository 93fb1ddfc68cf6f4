"""Read tracklist files of any known kind into one frame of slots.

The kind is told by the content first and the file's ending second: flat tables (Parquet, CSV, JSONL), saved
1001Tracklists pages, scraped JSON, playlists and DJ programs' lists, typed text, MixesDB wiki text. Reads files;
writes nothing.
"""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterable
from os import PathLike
from pathlib import Path

import polars as pl

from enrich.errors import InputFileError
from enrich.frames.coding import coded, packed
from enrich.frames.inputs import decoded, open_input, read_input
from enrich.rules import MAX_FILE_BYTES
from enrich.tracklists import dj_programs, flat, mixesdb, playlists
from enrich.tracklists import pages as html
from enrich.tracklists.checking import check
from enrich.tracklists.json_files import looks_like_json, read_json
from enrich.tracklists.namesakes import KEPT_APART, told_apart
from enrich.tracklists.slots import DRAFT_ROW, NOTES, SLOTS, Draft, TracklistRead, notes
from enrich.tracklists.text_forms import read_text

#: What tells two readings of one slot apart; where it was read does not.
_CONTENT = [name for name in SLOTS.names() if name not in ("file", "line", "source")]


def read_tracklists(paths: str | PathLike[str] | Iterable[str | PathLike[str]]) -> TracklistRead:
    """Read one or more tracklist files.

    Where two files hold the same slot (source, set_id, position), the file whose path sorts first keeps it, in
    whatever order the files are given; the other row is set aside, or counted in `repeated` where it says the same.

    Args:
        paths: Files; a file given twice counts once.

    Returns:
        Slots, rows set aside and warnings; a file that cannot be used is one row of `bad` with no line.

    Raises:
        InputFileError: none of the files could be used; says what is wrong with the first.
    """
    files = distinct_files(paths)
    reads: list[TracklistRead] = []
    pages: list[tuple[str, Draft]] = []
    failed: list[tuple[str, int | None, str, str | None]] = []
    said: list[tuple[str, int | None, str, str | None]] = []
    for path in files:
        try:
            draft, guessed = _draft(path)
            if guessed:
                said.append((str(path), None, f"no Unicode: read as {guessed}, which is a guess", None))
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


def distinct_files(paths: str | PathLike[str] | Iterable[str | PathLike[str]]) -> list[Path]:
    """The files in the order in which they are read: by path, each once."""
    given = [paths] if isinstance(paths, str | PathLike) else list(paths)
    if not given:
        raise InputFileError("no tracklist file given")
    by_place = {os.path.realpath(path): Path(path) for path in reversed(given)}
    return sorted(by_place.values(), key=str)


def _draft(path: Path) -> tuple[Draft, str | None]:
    """Tell what kind of file it is, and read it; also the encoding, where it is guessed."""
    ending = path.suffix.lower()
    with open_input(path, at_most=8 * MAX_FILE_BYTES) as opened:
        is_parquet = opened.read(4) == b"PAR1" or (ending in (".parquet", ".pq") and opened.seek(0, 2) > 0)
    if is_parquet:
        return flat.read_parquet(path), None
    data = read_input(path)
    ending = Path(path.stem).suffix.lower() if ending == ".gz" else ending
    if not data.strip(b"\0 \t\r\n") or data in (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise InputFileError(f"{path}: the file is empty")
    text, guessed = decoded(data)
    return _draft_of_text(text, path, ending), guessed


def _draft_of_text(text: str, path: Path, ending: str) -> Draft:
    if looks_like_json(text) or ending in (".json", ".jsonl", ".ndjson"):
        return read_json(text, path)
    if mixesdb.looks_like_export(text):
        return mixesdb.read_export(text, path)
    if dj_programs.looks_like_xml(text):
        return dj_programs.read_xml(text, path)
    if html.looks_like_html(text) or ending in (".html", ".htm"):
        return html.read_page(text, path)
    if ending in (".xml", ".nml"):
        raise InputFileError(f"{path}: XML of neither rekordbox nor Traktor nor MediaWiki")
    if playlists.looks_like_m3u(text, ending):
        return playlists.read_m3u(text, path)
    if text.lstrip()[:10].lower() == "[playlist]":
        return playlists.read_pls(text, path)
    if playlists.looks_like_cue(text) or ending == ".cue":
        return playlists.read_cue(text, path)
    if flat.looks_like_csv(text) or ending in (".csv", ".tsv"):
        return flat.read_csv(text, path)
    if not mixesdb.looks_like_wiki(text) and ending not in (".wiki", ".mediawiki"):
        return read_text(text, path)
    try:
        return mixesdb.read_wiki(text, path)
    except InputFileError as no_entry:
        # A wiki's page whose list is typed without the wiki's marks.
        try:
            return read_text(re.sub(r"(?m)^\s*(?:\[\[|\{\{|\||\}\}).*$", "", text), path)
        except InputFileError:
            raise no_entry from None


def _order(slots: pl.DataFrame) -> pl.Series | None:
    """Rows by set_id, position and source; None: they are in order."""
    if slots["source"].n_unique() > 1:
        return slots.select(pl.arg_sort_by("set_id", "position", "source")).to_series()
    # One number to sort by, as set and position are unique here: texts beside texts take four times as long.
    slot = packed(coded(slots["set_id"])[0], slots["position"])
    return None if slot.is_sorted() else slot.arg_sort()


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
        warnings = pl.concat(
            [warnings, apart.select("file", pl.lit(None, pl.Int64).alias("line"), reason=KEPT_APART, raw="set_name")]
        )
        place = ["source", "set_id", "position"]
        slots = slots.with_columns(
            kept=pl.struct(place).is_first_distinct(),
            said=pl.struct([*_CONTENT, "source"]).is_first_distinct(),
            by=pl.format("{}, line {}", pl.col("file").first().over(place), pl.col("line").first().over(place)),
        )
        repeated = slots.filter(~pl.col.kept & ~pl.col.said).height
        bad.append(
            slots.filter(~pl.col.kept & pl.col.said).select(
                "file",
                "line",
                pl.format("position {} of set {} is taken already by {}", "position", "set_id", "by").alias("reason"),
                pl.struct(_CONTENT).struct.json_encode().alias("raw"),
            )
        )
        slots = slots.filter("kept").select(SLOTS.names())
    if (order := _order(slots)) is not None:
        columns = []
        # A column after the other, and the old one let go of: of ten million slots nothing should stand twice.
        for name in SLOTS.names():
            columns.append(slots.select(pl.col(name).gather(pl.lit(order))))
            slots = slots.drop(name)
        slots = pl.concat(columns, how="horizontal")
    return TracklistRead(
        slots=slots,
        bad=pl.concat([failed, *bad]).match_to_schema(NOTES),
        warnings=warnings,
        repeated=repeated,
    )
