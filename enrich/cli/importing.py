"""`enrich import`: tracklist files into the music database."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from enrich.cli.output import JsonOption, emit, say

if TYPE_CHECKING:
    from enrich.importing.running import ImportResult

#: Rows set aside that are shown one by one; the rest are in the file.
_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_)


def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", show_default=False, help="Tracklist files.")],
    as_json: JsonOption = False,
) -> None:
    """Import tracklists into Postgres; importing a file again adds nothing.

    Takes tables (Parquet, CSV, JSONL with set_id and position), saved 1001Tracklists pages, their JSON, text exports
    and pastes, and MixesDB wiki text. Rows that cannot be used are set aside in a file, with line and reason.

    Example: enrich import tracklists.parquet page.html "2004-05-02 - Some DJ - Essential Mix.txt"
    """
    from enrich.errors import InputFileError
    from enrich.importing.running import import_ as run
    from enrich.settings import load_settings

    result = run(files, settings=load_settings(), now=datetime.now(UTC))
    _talk(result)
    if not result.slots:
        raise InputFileError(f"no usable row in {', '.join(map(str, files))}; rows set aside: {result.bad_rows}")
    emit(result.asdict(), as_json=as_json, text=_text(result))


def _talk(result: ImportResult) -> None:
    for what, rows in (("set aside", result.bad), ("kept, changed", result.warnings)):
        for file, line, reason in rows.select("file", "line", "reason").head(_SHOWN).iter_rows():
            say(f"{what}: {reason}" if line is None else f"{what}: {file}:{line}: {reason}")
        if rows.height > _SHOWN:
            say(f"{what}: and {rows.height - _SHOWN} more")
    for path in result.rejected:
        say(f"rows set aside are in {path}")


def _text(result: ImportResult) -> str:
    return (
        f"{result.slots} slots read from {result.files} file{'s' if result.files != 1 else ''}: "
        f"{result.plays} new plays in {result.sets} new sets, {result.already_there} already there\n"
        f"new: {result.tracks} tracks, {result.artists} artists, {result.performers} performers\n"
        f"unknown artist: {result.unknown_slots} of the new plays; IDs of any kind: {result.id_slots}\n"
        f"labels filled in: {result.labels_filled}; rows set aside: {result.bad_rows}; "
        f"repeated: {result.repeated_rows}"
    )
