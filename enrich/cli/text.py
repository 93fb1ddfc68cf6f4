"""`enrich parse-titles`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from enrich.cli.output import JsonOption, emit


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("parse-titles")(parse_titles)


def parse_titles(
    file: Annotated[Path, typer.Argument(help="Table with a column `title`: Parquet, CSV, TSV or JSONL.")],
    out: Annotated[Path, typer.Option("--out", help="Where to write the parsed table; the extension says how.")],
    as_json: JsonOption = False,
) -> None:
    """Read artist, base title, mix, remixer, label and mashup parts out of titles. Needs no Postgres.

    Example: enrich parse-titles titles.csv --out parsed.parquet
    """
    from time import perf_counter

    from enrich.errors import InputFileError
    from enrich.frames.files import check_output, read_table, require_columns, write_table
    from enrich.text.title_tables import parse_title_table, title_figures

    started = perf_counter()
    check_output(out)
    table = read_table(file)
    require_columns(table, ["title"], path=file)
    for name in ("title", "artist"):
        if name in table.columns and table.schema[name].is_nested():
            raise InputFileError(f"{file}: column {name} holds {table.schema[name]}, expected text")
    parsed = parse_title_table(table)
    write_table(parsed, out)
    figures = {**title_figures(parsed), "seconds": round(perf_counter() - started, 2), "out": out}
    lines = [
        f"{'titles':<24}{figures['titles']:>9,}",
        f"{'labels found':<24}{figures['labels_found']:>9,}  {figures['distinct_labels']:,} different",
        f"{'  in [..]':<24}{figures['labels_in_square_brackets']:>9,}",
        f"{'  in (..)':<24}{figures['labels_in_round_brackets']:>9,}",
        f"{'catalogue numbers':<24}{figures['catalog_numbers']:>9,}",
        f"{'mashups':<24}{figures['mashups']:>9,}",
        f"{'unknown titles':<24}{figures['unknown']:>9,}",
        "",
        f"{figures['seconds']} s, written to {out}",
    ]
    emit(figures, as_json=as_json, text="\n".join(lines))
