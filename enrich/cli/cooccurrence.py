"""`enrich rank-artists` and `enrich graph`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from enrich.cli.output import JsonOption, emit
from enrich.rules import GATE_PROBABILITY, GATE_SETS


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("rank-artists")(rank_artists)
    app.command("graph")(graph)


def rank_artists(
    tracklists: Annotated[list[Path], typer.Argument(help="Tracklist files.")],
    out: Annotated[Path, typer.Option(help="Where the ranking goes: .parquet, .csv or .jsonl.")],
    scorer: Annotated[str, typer.Option(help="formula or learned.")] = "formula",
    window: Annotated[int, typer.Option(min=1, max=50, help="Positions to either side of an unknown.")] = 2,
    memory_limit: Annotated[
        str | None, typer.Option(help="Work on disk with this much memory for DuckDB, such as 2GB; Parquet only.")
    ] = None,
    engine: Annotated[str, typer.Option(help="duckdb or spark; spark reads Parquet only.")] = "duckdb",
    master: Annotated[str, typer.Option(help="Where Spark runs: local[2], spark://host:7077, yarn.")] = "local[*]",
    scratch: Annotated[
        Path | None, typer.Option(help="Folder for what is on disk meanwhile; none: the system's temporary one.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Rank the artists every unknown slot may be by, from the company it is played in; needs no database.

    Example: enrich rank-artists tracklists.parquet --out ranking.parquet
    """
    from time import perf_counter

    from enrich.errors import EnrichError
    from enrich.frames.files import check_output, write_table

    started = perf_counter()
    check_output(out)
    if memory_limit is not None or engine != "duckdb":
        from enrich.cooccurrence.ranking import rank_in_scratch

        if scorer != "formula":
            raise EnrichError("--memory-limit and --engine spark are for the formula; the learned ranker needs memory")
        counts = rank_in_scratch(
            tracklists,
            out,
            engine=engine,
            memory_limit=memory_limit,
            master=master,
            scratch=scratch,
            window=window,
        )
    else:
        from enrich.cooccurrence.ranking import rank, ranking_figures
        from enrich.tracklists.reading import read_tracklists

        read = read_tracklists(tracklists)
        ranking = rank(read.rows, scorer=scorer, window=window)
        write_table(ranking, out)
        counts = {**ranking_figures(read.rows, ranking), "rows_set_aside": read.bad.height}
    figures = {
        **counts,
        "scorer": scorer,
        "seconds": round(perf_counter() - started, 2),
        "out": out,
    }
    lines = [
        f"{'sets':<24}{counts['sets']:>9,}",
        f"{'slots':<24}{counts['slots']:>9,}",
        f"{'  set aside':<24}{counts['rows_set_aside']:>9,}",
        f"{'unknown slots':<24}{counts['unknown_slots']:>9,}  {counts['unknowns']:,} different unknowns",
        f"{'  with candidates':<24}{counts['with_candidates']:>9,}  {counts['candidates']:,} candidates",
        f"{'  at the gate':<24}{counts['at_the_gate']:>9,}  from {GATE_PROBABILITY:.2f} in {GATE_SETS} sets on",
        "",
        f"{figures['seconds']} s, written to {out}",
    ]
    emit(figures, as_json=as_json, text="\n".join(lines))


def graph(
    out: Annotated[Path, typer.Option(help="Where the graph goes: .gexf or .graphml, or .png of one unknown.")],
    tracklists: Annotated[
        list[Path] | None, typer.Argument(help="Tracklist files; none: the latest snapshot.", show_default=False)
    ] = None,
    unknown: Annotated[str | None, typer.Option(help="Only what is around this track_key.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Write tracks, artists, labels, DJs and sets as a graph that opens in Gephi.

    Example: enrich graph tracklists.parquet --unknown "set-12#7" --out unknown.gexf
    """
    from enrich.cooccurrence.graph import files
    from enrich.settings import load_settings

    # A snapshot is looked for only where no files are named.
    settings = None if tracklists else load_settings()
    done = files.graph(tracklists or None, out=out, unknown=unknown, settings=settings)
    emit(done.asdict(), as_json=as_json, text=done.text())
