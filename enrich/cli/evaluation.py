"""`enrich evaluate`, `enrich train-ranker` and `enrich link-ids`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from enrich.cli.output import JsonOption, emit, say


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("evaluate")(evaluate)
    app.command("train-ranker")(train_ranker)
    app.command("link-ids")(link_ids)


def evaluate(
    tracklists: Annotated[list[Path], typer.Argument(help="Tracklist files.")],
    out: Annotated[Path, typer.Option(help="Where the figures go: a .json file.")],
    sample: Annotated[int | None, typer.Option(min=80, help="Recordings asked for at most; fewer is quicker.")] = None,
    seed: Annotated[int, typer.Option(help="Of every random choice.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Hide known recordings, rank them from what is left, and count how often each ranker is right.

    Example: enrich evaluate tracklists.parquet --out evaluation.json
    """
    from enrich.cooccurrence.evaluation.replay import evaluate as run

    say("masked replay over random groups, then over time; some minutes")
    result = run(tracklists, out=out, sample=sample, seed=seed)
    tables = [_table(kind, result[kind]) for kind in ("random", "versions_together", "time")]
    emit(result, as_json=as_json, text="\n\n".join([*tables, f"written to {out}"]))


def train_ranker(
    out: Annotated[Path, typer.Option(help="Folder of the stored ranker.")],
    tracklists: Annotated[list[Path] | None, typer.Argument(help="Tracklist files; none: the latest snapshot.")] = None,
    sample: Annotated[int | None, typer.Option(min=40, help="Recordings to train on at most.")] = None,
    seed: Annotated[int, typer.Option(help="Of every random choice.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Train the learned ranker and its calibration on your own tracklists, and store them.

    Example: enrich train-ranker tracklists.parquet --out data/ranker
    """
    from datetime import UTC, datetime

    from enrich.cooccurrence.training import train_on
    from enrich.cooccurrence.training import train_ranker as run

    now = datetime.now(UTC).isoformat(timespec="seconds")
    if tracklists:
        manifest = run(tracklists, out=out, now=now, seed=seed, sample=sample)
    else:
        from enrich.settings import load_settings
        from enrich.snapshots.opening import open_snapshot

        frame = open_snapshot(settings=load_settings()).frame("tracklists")
        manifest = train_on(frame, out=out, now=now, seed=seed, sample=sample)
    figures: dict[str, Any] = manifest["figures"]
    lines = [f"{name:<12} hit@1 {row['hit_at_1']:.3f}  hit@20 {row['hit_at_20']:.3f}" for name, row in figures.items()]
    emit(manifest, as_json=as_json, text="\n".join([*lines, f"stored in {out}"]))


def link_ids(
    tracklists: Annotated[list[Path], typer.Argument(help="Tracklist files.")],
    out: Annotated[Path, typer.Option(help="Where the links go: .parquet, .csv or .jsonl.")],
    traced: Annotated[Path | None, typer.Option(help="Where names found in other sets go, likewise.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Join ID slots that are the same unknown, and find the names IDs got later.

    Example: enrich link-ids tracklists.parquet --out links.parquet --traced named.parquet
    """
    from enrich.frames.files import check_output, write_table
    from enrich.identity import linking
    from enrich.tracklists.reading import read_tracklists

    for path in (out, traced):
        if path is not None:
            check_output(path)
    rows = read_tracklists(tracklists).rows
    links = linking.link_ids(rows)
    write_table(links, out)
    figures: dict[str, Any] = {"linked_slots": links.height, "unknowns": links["track_key"].n_unique(), "out": out}
    text = f"{links.height:,} ID slots are {figures['unknowns']:,} unknowns, written to {out}"
    if traced is not None:
        named = linking.trace_ids(rows)
        write_table(named, traced)
        figures |= {"named_later": named.height, "traced": traced}
        text += f"\n{named.height:,} ID slots are named in another set, written to {traced}"
    emit(figures, as_json=as_json, text=text)


def _table(kind: str, part: dict[str, Any]) -> str:
    if not part.get("n"):
        return f"{kind}: {part.get('reason', 'nothing to ask for')}"
    head = f"{kind}: {part['n']:,} recordings asked for, candidate recall {part['candidate_recall']:.3f}"
    columns = f"{'':<12}{'hit@1':>8}{'hit@5':>8}{'hit@20':>8}{'mrr':>8}{'ece':>8}{'gate':>16}{'policy':>16}"
    return "\n".join([head, columns, *(_row(name, row) for name, row in part["scorers"].items())])


def _row(name: str, row: dict[str, Any]) -> str:
    hits = "".join(f"{row[k]:>8.3f}" for k in ("hit_at_1", "hit_at_5", "hit_at_20", "mrr"))
    if "gate" not in row:
        return f"{name:<12}{hits}"
    return f"{name:<12}{hits}{row['ece']:>8.3f}{_accepted(row['gate']):>16}{_accepted(row['policy']):>16}"


def _accepted(counted: dict[str, Any]) -> str:
    """Precision and, in brackets, correct of accepted."""
    if not counted["accepted"]:
        return "none"
    return f"{counted['precision']:.2f} ({counted['correct']}/{counted['accepted']})"
