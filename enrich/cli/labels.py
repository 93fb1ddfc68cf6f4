"""`enrich hunt-labels`, `parse-titles`, `catalogue`: labels of tracks, from the database or from files."""

from __future__ import annotations

import json
import shlex
import sys
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

import enrich
from enrich.cli.output import Apply, JsonOption, Limit, Shown, SnapshotPath, command, emit, say, watched
from enrich.errors import InputFileError

if TYPE_CHECKING:
    from enrich.demo.catalogue.misbehaving import Misbehaviour
    from enrich.demo.catalogue.server import Catalogue

app = typer.Typer()


@command(app, "hunt-labels")
def hunt_labels(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", help="Table `title, artist?, duration_ms?, isrc?`; without it the database is worked on."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Where the rows go with their labels; needs FILE.")] = None,
    limit: Limit = 100,
    apply: Apply = False,
    snapshot: SnapshotPath = None,
) -> Shown:
    """Find the labels of tracks: in the title, then at the sources that are switched on.

    Example: enrich hunt-labels tracks.csv --out labelled.csv

    Example: enrich hunt-labels --limit 500 --apply
    """
    if file is not None:
        if out is None:
            raise InputFileError(f"{file}: say where its rows go with their labels, e.g. --out labelled.csv")
        return _hunt_file(file, out)
    if out is not None:
        raise InputFileError(f"--out {out}: goes with a FILE to read; labels of the database are written with --apply")

    settings, now = enrich.load_settings(), datetime.now(UTC)
    with watched("labels") as (show, stop):
        done = enrich.hunt_labels(
            settings, now=now, limit=limit, apply=apply, snapshot=snapshot, on_progress=show, stop=stop
        )
    for name, reason in done.unavailable.items():
        say(f"{name} is unavailable: {reason}; {done.skipped:,} tracks stay eligible")
    result = done.asdict()
    written = f", {done.labels_updated:,} written" if done.applied else "; nothing written without --apply"
    text = f"{result['message']} ({result['success_rate']}){written}; run {done.run_id}"
    if done.without:
        text += "\nwithout: " + " · ".join(f"{n:,} {reason}" for reason, n in done.without.items())
    return result, text


def _hunt_file(file: Path, out: Path) -> Shown:
    from enrich.tiers.label_hunter import by_source_text

    with watched("labels") as (show, stop):

        def asked(done: int, total: int, counts: Mapping[str, Counter[str]]) -> None:
            show(by_source_text(counts) or "labels", done, total)

        found = enrich.hunt_label_file(file, out, settings=enrich.load_settings(), on_progress=asked, stop=stop)
    summary = {**found.summary(), "out": str(out)}
    for name, reason in found.unavailable.items():
        say(f"{name} is unavailable: {reason}")
    if found.unfinished:
        say(f"stopped: {len(found.unfinished):,} tracks were not asked to the end; run again to resume from the cache")
    lines = [
        f"{summary['processed']:,} tracks: {summary['labels_found']:,} labels found ({summary['success_rate']}), "
        f"{summary['review']:,} for review, {summary['none']:,} without, {summary['unavailable']:,} unavailable"
    ]
    for name, kinds in summary["by_source"].items():
        lines.append(f"  {name}: " + (", ".join(f"{kind} {n:,}" for kind, n in kinds.items()) or "not asked"))
    return summary, "\n".join([*lines, f"written to {out}"]), 130 if found.unfinished else 0


@command(app, "parse-titles")
def parse_titles(
    file: Annotated[Path, typer.Argument(help="Table with a column `title`: Parquet, CSV, TSV or JSONL.")],
    out: Annotated[Path, typer.Option("--out", help="Where to write the parsed table; the extension says how.")],
) -> Shown:
    """Read artist, base title, mix, remixer, label and mashup parts out of titles. Needs no Postgres.

    Example: enrich parse-titles titles.csv --out parsed.parquet
    """
    from enrich.frames.files import check_output, read_table, require_columns, with_known_names, write_table
    from enrich.text.titles import parse_title_table, title_figures

    started = perf_counter()
    check_output(out)
    table = with_known_names(read_table(file), ["title", "artist"])
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
    return figures, "\n".join(lines)


@app.command("catalogue")
def catalogue_command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Tables with artist, title, mix, label, ….")],
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = 0,
    rate: Annotated[float, typer.Option(help="Requests a second in the settings printed.", min=0.01)] = 50.0,
    misbehave: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE=KIND[:SECONDS]",
            help="What a source does wrong, for ever or for so long: beatport=challenge, musicbrainz=busy_503:60, ….",
        ),
    ] = None,
    outage: Annotated[
        bool,
        typer.Option(
            "--outage", help="A bad day: Beatport challenges, Traxsource bans, MusicBrainz is too busy for a minute."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Serve a table of releases in the wire formats of all six sources, on loopback, until Ctrl-C.

    Prints the settings that point the clients there; for tests, demonstrations and benchmarks.

    Example:

        enrich catalogue releases.parquet > catalogue.env &

        set -a; . ./catalogue.env; enrich hunt-labels tracks.csv --out labelled.csv

        enrich catalogue data/demo/catalogue.parquet --outage > outage.env &
    """
    from enrich.sources.searching import stop_on_signals

    def tell(server: Catalogue) -> None:
        settings = server.environment(rate=rate)
        say(f"{len(server.shop.listings)} tracks at {server.address}; Ctrl-C ends it")
        text = "\n".join(f"{name}={shlex.quote(value)}" for name, value in settings.items())
        # One line, for whoever reads line by line while the catalogue goes on.
        emit({}, as_json=False, text=json.dumps({"address": server.address, "settings": settings}) if as_json else text)
        sys.stdout.flush()

    with stop_on_signals() as stop:
        manners = _manners(misbehave or [], outage=outage)
        result = enrich.catalogue(files, port=port, rate=rate, misbehave=manners, on_ready=tell, stop=stop)
    say(f"{result['requests']} requests answered")


def _manners(misbehave: list[str], *, outage: bool) -> dict[str, list[Misbehaviour]]:
    from enrich.demo.catalogue.misbehaving import OUTAGE, read_manner

    manners = {source: [manner] for source, manner in OUTAGE.items() if outage}
    for text in misbehave:
        try:
            source, manner = read_manner(text)
        except ValueError as error:
            raise InputFileError(f"--misbehave {error}") from None
        manners.setdefault(source, []).append(manner)
    return manners
