"""`enrich dashboards`: the monitoring queries."""

from __future__ import annotations

from typing import Annotated

import typer

from enrich.cli.output import JsonOption, emit


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(dashboards)


def dashboards(
    name: Annotated[str | None, typer.Argument(help="Which one; all are listed when left out.")] = None,
    snapshot: Annotated[
        str | None, typer.Option(help="Ask this snapshot instead of Postgres; `latest` for the newest.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run a monitoring query on Postgres or on a snapshot.

    Example: enrich dashboards label_coverage --snapshot latest
    """
    import polars as pl

    from enrich.reporting.dashboards import NAMES
    from enrich.reporting.dashboards import dashboards as run
    from enrich.settings import load_settings

    if name is None:
        lines = [f"{key:<24}{what}" for key, what in NAMES.items()]
        emit({"dashboards": NAMES}, as_json=as_json, text="\n".join(lines))
        return
    frame = run(name, settings=load_settings(), snapshot=snapshot)
    with pl.Config(tbl_rows=100, tbl_cols=20, fmt_str_lengths=60, tbl_hide_dataframe_shape=True,
                   tbl_hide_column_data_types=True, tbl_formatting="ASCII_MARKDOWN"):  # fmt: skip
        text = str(frame) if not frame.is_empty() else "no rows"
    emit({"dashboard": name, "rows": frame.to_dicts()}, as_json=as_json, text=text)
