"""`enrich rank-artists`, `evaluate`, `train-ranker`, `identify`, `graph`: tracklist files in, no database needed."""

from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import typer

import enrich
from enrich.cli.output import Shown, Tracklists, command, progress
from enrich.rules import GATE_PROBABILITY, GATE_SETS, SURE

app = typer.Typer()


@command(app, "rank-artists")
def rank_artists(
    tracklists: Tracklists,
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
) -> Shown:
    """Rank the artists every unknown slot may be by, from what is played around it; needs no database.

    Example: enrich rank-artists tracklists.parquet --out ranking.parquet
    """
    from enrich.frames.files import check_output, write_table

    started = perf_counter()
    check_output(out)
    if memory_limit is not None or engine != "duckdb":
        from enrich.cooccurrence.ranking import rank_in_scratch

        options: dict[str, Any] = {"engine": engine, "memory_limit": memory_limit, "master": master, "scratch": scratch}
        with progress("ranking on disk"):
            counts = rank_in_scratch(tracklists, out, scorer=scorer, window=window, **options)
    else:
        from enrich.cooccurrence.ranking import rank, ranking_figures

        with progress("ranking") as show:
            read = enrich.read_tracklists(tracklists)
            ranking = rank(
                read.rows, scorer=scorer, window=window, told=lambda done, total: show("ranking", done, total)
            )
            write_table(ranking, out)
        counts = {**ranking_figures(read.rows, ranking), "rows_set_aside": read.bad.height}
    figures = {**counts, "scorer": scorer, "seconds": round(perf_counter() - started, 2), "out": out}
    lines = [
        f"{'sets':<24}{figures['sets']:>9,}",
        f"{'slots':<24}{figures['slots']:>9,}",
        f"{'  set aside':<24}{figures['rows_set_aside']:>9,}",
        f"{'unknown slots':<24}{figures['unknown_slots']:>9,}  {figures['unknowns']:,} different unknowns",
        f"{'  with candidates':<24}{figures['with_candidates']:>9,}  {figures['candidates']:,} candidates",
        f"{'  at the gate':<24}{figures['at_the_gate']:>9,}  from {GATE_PROBABILITY:.2f} in {GATE_SETS} sets on",
        "",
        f"{figures['seconds']} s, written to {out}",
    ]
    return figures, "\n".join(lines)


@command(app)
def graph(
    out: Annotated[Path, typer.Option(help="Where the graph goes: .gexf or .graphml, or .png of one unknown.")],
    tracklists: Annotated[
        list[Path] | None, typer.Argument(help="Tracklist files; none: the latest snapshot.", show_default=False)
    ] = None,
    unknown: Annotated[str | None, typer.Option(help="Only what is around this track_key.")] = None,
) -> Shown:
    """Write tracks, artists, labels, DJs and sets as a graph that opens in Gephi.

    Example: enrich graph tracklists.parquet --unknown "set-12#7" --out unknown.gexf
    """
    # A snapshot is looked for only where no files are named.
    settings = None if tracklists else enrich.load_settings()
    done = enrich.graph(tracklists or None, out=out, unknown=unknown, settings=settings)
    return done.asdict(), done.text()


@command(app)
def evaluate(
    tracklists: Tracklists,
    out: Annotated[Path, typer.Option(help="Where the figures go: a .json file.")],
    sample: Annotated[int | None, typer.Option(min=80, help="Recordings asked for at most; fewer is quicker.")] = None,
    seed: Annotated[int, typer.Option(help="Of every random choice.")] = 0,
) -> Shown:
    """Hide known recordings, rank them from what is left, and count how often each ranker is right.

    Example: enrich evaluate tracklists.parquet --out evaluation.json
    """
    with progress("masked replay") as show:
        result = enrich.evaluate(tracklists, out=out, sample=sample, seed=seed, told=show)
    tables = [_table(kind, result[kind]) for kind in ("half_years", "random", "time")]
    return result, "\n\n".join([*tables, f"written to {out}"])


@command(app, "train-ranker")
def train_ranker(
    out: Annotated[Path, typer.Option(help="Folder of the stored ranker.")],
    tracklists: Annotated[list[Path] | None, typer.Argument(help="Tracklist files; none: the latest snapshot.")] = None,
    sample: Annotated[int | None, typer.Option(min=40, help="Recordings to train on at most.")] = None,
    seed: Annotated[int, typer.Option(help="Of every random choice.")] = 0,
) -> Shown:
    """Train the learned ranker and its calibration on your own tracklists, and store them.

    Example: enrich train-ranker tracklists.parquet --out data/ranker
    """
    from enrich.snapshots.opening import open_snapshot

    now = datetime.now(UTC).isoformat(timespec="seconds")
    with progress("reading") as show:
        given = tracklists or open_snapshot(settings=enrich.load_settings()).frame("tracklists")
        manifest = enrich.train_ranker(given, out=out, now=now, seed=seed, sample=sample, told=show)
    figures: dict[str, Any] = manifest["figures"]
    return manifest, "\n".join([_table(manifest["data"]["hidden"], figures), f"stored in {out}"])


@command(app)
def identify(
    tracklists: Tracklists,
    out: Annotated[Path, typer.Option(help="Where the candidates go: .parquet, .csv or .jsonl.")],
) -> Shown:
    """Name unknown slots by other listings of their set, by their track key, and by what was played later.

    Example: enrich identify tracklists.parquet --out identities.parquet
    """
    from enrich.frames.files import check_output, write_table

    check_output(out)
    read = enrich.read_tracklists(tracklists)
    found = enrich.identify(read.rows)
    write_table(found, out)
    first = found.filter(rank=1)
    sources = dict(sorted(first["source"].value_counts().iter_rows()))
    sure = first.filter(first["confidence"] >= SURE).height
    figures = {"slots": read.rows.height, "rows_set_aside": read.bad.height, "named": first.height, "sure": sure}
    lines = [
        f"{first.height:,} unknown slots have a candidate, {sure:,} one at {SURE:.2f} or more, by source of the first:"
    ]
    lines += [f"  {source:<16}{n:>8,}" for source, n in sources.items()]
    return figures | {"by_source": sources, "out": out}, "\n".join([*lines, f"written to {out}"])


def _table(kind: str, part: dict[str, Any]) -> str:
    if not part.get("n"):
        return f"{kind}: {part.get('reason', 'nothing to ask for')}"
    head = f"{kind}: {part['n']:,} recordings asked for; intervals of 95 %"
    columns = f"{'':<12}{'hit@1':>8}{'hit@5':>8}{'hit@20':>8}{'mrr':>8}{'ece':>8}{'gate':>16}{'policy':>16}"
    against = [
        f"learned − {row['against']:<11} "
        + "  ".join(
            "hit@{} {:+.3f} ({:+.3f} … {:+.3f})".format(k, row[f"hit_at_{k}"], *row[f"interval_at_{k}"])
            for k in (1, 20)
        )
        for row in part["compared"]
    ]
    return "\n".join([head, columns, *(_row(name, row) for name, row in part["scorers"].items()), *against])


def _row(name: str, row: dict[str, Any]) -> str:
    hits = "".join(f"{row[k]:>8.3f}" for k in ("hit_at_1", "hit_at_5", "hit_at_20", "mrr"))
    if "gate" not in row:
        return f"{name:<12}{hits}"
    return f"{name:<12}{hits}{row['ece']:>8.3f}{_accepted(row['gate']):>16}{_accepted(row['policy']):>16}"


def _accepted(counted: dict[str, Any]) -> str:
    """Precision and, in brackets, correct of accepted."""
    return "{precision:.2f} ({correct}/{accepted})".format(**counted) if counted["accepted"] else "none"
