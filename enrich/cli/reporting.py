"""`enrich report`, `dashboards`, `serve`: how things stand, as a page, as tables, over HTTP."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

import enrich
from enrich.cli.output import JsonOption, Shown, command, emit, say
from enrich.errors import EnrichError

app = typer.Typer()


@command(app)
def report(
    out: Annotated[
        Path | None, typer.Option(help="Folder of the two files; default: reports in the data folder.")
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(help="JSON of another report to compare with; default: the last one there with other figures."),
    ] = None,
    tracklists: Annotated[
        Path | None, typer.Option(help="The report on this tracklist file; does `enrich run` on it first where needed.")
    ] = None,
) -> Shown:
    """Write the recovery report, an HTML page and its figures as JSON, and print the recovery table.

    Example: enrich report --out reports --compare before/recovery-report.json
    """
    from enrich.main_job import report_of

    settings, now = enrich.load_settings(), datetime.now(UTC)
    if tracklists is None:
        made = enrich.report(settings, out=out, now=now, former=compare)
    else:
        made = report_of(settings, tracklists=tracklists, out=out, now=now, former=compare, say=say)
    head = made.figures["headline"]
    lines = [
        f"{head['tracks']:,} tracks: success rate {head['success_rate_before_pct']:.1f} % → "
        f"{head['success_rate_after_pct']:.1f} %, unresolved {head['failed_before']:,} → {head['unresolved_after']:,}, "
        f"recovered {head['recovered']:,}",
        "",
        made.table(),
        "",
        f"Report: {made.path_html}",
        f"Figures: {made.path_json}",
    ]
    return made.asdict(), "\n".join(lines)


@command(app)
def dashboards(
    name: Annotated[str | None, typer.Argument(help="Which one; all are listed when left out.")] = None,
    snapshot: Annotated[
        str | None, typer.Option(help="Ask this snapshot instead of Postgres; `latest` for the newest.")
    ] = None,
) -> Shown:
    """Run a monitoring query on Postgres or on a snapshot.

    Example: enrich dashboards label_coverage --snapshot latest
    """
    import polars as pl

    from enrich.reporting.dashboards import NAMES

    if name is None:
        return {"dashboards": NAMES}, "\n".join(f"{key:<24}{what}" for key, what in NAMES.items())
    frame = enrich.dashboards(name, settings=enrich.load_settings(), snapshot=snapshot)
    with pl.Config(tbl_rows=100, tbl_cols=20, fmt_str_lengths=60, tbl_hide_dataframe_shape=True,
                   tbl_hide_column_data_types=True, tbl_formatting="ASCII_MARKDOWN"):  # fmt: skip
        text = str(frame) if not frame.is_empty() else "no rows"
    return {"dashboard": name, "rows": frame.to_dicts()}, text


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Default: ENRICH_API_HOST, 127.0.0.1.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="0: any free one. Default: ENRICH_API_PORT, 8022.")
    ] = None,
    grace: Annotated[
        float, typer.Option(min=0, max=3600, help="Seconds a running job may take to finish when told to stop.")
    ] = 30.0,
    as_json: JsonOption = False,
) -> None:
    """Serve the HTTP API until Ctrl-C; the OpenAPI page is at /docs.

    Example: enrich serve & curl -X POST "http://localhost:8022/enrich/hunt-labels?limit=100"
    """
    try:
        run = enrich.serve
    except ModuleNotFoundError as error:
        raise EnrichError(
            f"serve: {error.name} is not installed; install the extra with `pip install enrich[api]`"
        ) from error

    given: dict[str, Any] = {"api_host": host, "api_port": port}
    settings = enrich.load_settings(**{k: v for k, v in given.items() if v is not None})

    def ready(address: str) -> None:
        if as_json:
            emit({"url": address}, as_json=True, text="")
            sys.stdout.flush()
        else:
            say(f"enrich: serving on {address}, documentation at {address}/docs")

    run(settings, grace_s=grace, on_ready=ready)
