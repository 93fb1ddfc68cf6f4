"""`enrich proposals`, `accept`, `reject`, `writeback`, `policy`, `audit`: the review, and what needs none."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import enrich
from enrich.cli.output import By, Shown, command, shown
from enrich.errors import EnrichError
from enrich.text.showing import short

if TYPE_CHECKING:
    from enrich.ledger.writing import WriteResult

app = typer.Typer()

Ids = Annotated[list[str] | None, typer.Argument(help="Proposal ids, as `enrich proposals` prints them.")]
FromCsv = Annotated[
    Path | None, typer.Option("--from-csv", help="A reviewed CSV: its column `decision` says accept or reject.")
]
Reason = Annotated[str | None, typer.Option(help="Why; kept in the ledger.")]


@command(app)
def proposals(
    status: Annotated[
        str | None,
        typer.Option(help="proposed, accepted, rejected, written, conflict or superseded; all when left out."),
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write them all to a CSV with an empty column `decision`.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows to print.")] = 30,
) -> Shown:
    """List proposals, surest first; or write them to a CSV for review in a spreadsheet.

    Example: enrich proposals --status proposed --csv review.csv
    """
    from enrich.frames.files import write_table
    from enrich.ledger.review import review_table

    frame = review_table(enrich.load_settings(), status=status)
    if csv is not None:
        write_table(frame, csv)
        return {"written": frame.height, "file": str(csv)}, f"{frame.height:,} proposals in {csv}"
    lines = [
        f"{row['proposal_id']}  {row['status']:<10} {row['kind']:<8} tier {row['tier']} {row['source']:<16} "
        f"{shown(row['confidence'])}  {short(row['title'], 34):<34} → {short(row['value'], 40)}"
        for row in frame.head(limit).iter_rows(named=True)
    ] or ["no proposals"]
    if frame.height > limit:
        lines.append(f"… {frame.height - limit:,} more; --limit or --csv shows them")
    return {"proposals": frame.drop("decision").to_dicts()}, "\n".join(lines)


@command(app)
def accept(ids: Ids = None, from_csv: FromCsv = None, by: By = "", reason: Reason = None) -> Shown:
    """Accept proposals; `enrich writeback --apply` writes them.

    Example: enrich accept --from-csv review.csv --by anna
    """
    return _decide("accepted", ids, from_csv, by, reason)


@command(app)
def reject(ids: Ids = None, from_csv: FromCsv = None, by: By = "", reason: Reason = None) -> Shown:
    """Reject proposals; they are not proposed again while the evidence stays the same.

    Example: enrich reject 3f0c… --by anna --reason "other remix"
    """
    return _decide("rejected", ids, from_csv, by, reason)


@command(app)
def writeback(
    apply: Annotated[bool, typer.Option("--apply/--dry-run", help="Write, or only say what would be written.")] = False,
    undo: Annotated[str | None, typer.Option(metavar="RUN", help="Take back what this run wrote.")] = None,
    by: By = "",
) -> Shown:
    """Write accepted proposals to Postgres in one transaction; dry run unless --apply.

    Example: enrich writeback --apply
    """
    settings, now = enrich.load_settings(), datetime.now(UTC)
    if undo is None:
        done = enrich.writeback(settings, now=now, apply=apply)
        return done.asdict(), _written_text(done)
    undone = enrich.undo(settings, undo, now=now, by=by or getpass.getuser())
    text = f"{undone.undone} values put back" if undone.undone else "nothing was left to put back"
    if undone.kept:
        text += f"; {undone.kept} were edited since and left alone"
    return undone.asdict(), text


@command(app)
def policy(picture: Annotated[Path | None, typer.Option(help="Draw it as well: .png, .svg or .pdf.")] = None) -> Shown:
    """Show what the policy accepts of each source, at what precision, and what more precision costs.

    Example: enrich policy --picture policy.png
    """
    settings = enrich.load_settings()
    found = enrich.policy(settings)
    if picture is not None:
        asked = found.precision or settings.accept_precision
        enrich.charts.policy_steps(found.steps, asked=asked).savefig(picture, dpi=150)
    return found.asdict(), found.text()


@command(app)
def audit(
    source: Annotated[str, typer.Argument(help="Whose proposals: `same-title`, or `label:beatport` with the kind.")],
    n: Annotated[int, typer.Option("-n", min=1, help="Proposals to draw.")] = 20,
    seed: Annotated[int, typer.Option(help="Decides which are drawn.")] = 0,
    csv: Annotated[Path | None, typer.Option(help="Write the sample with an empty column `decision`.")] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Accept what waits beside the decided sample, on its ground.")
    ] = False,
    by: By = "",
) -> Shown:
    """Draw a random sample of what waits; decided, it says at what risk the others may be accepted.

    Run again it shows the same sample and how far it has come, until --accept closes it.

    Example: enrich audit same-title -n 20 --csv sample.csv
    """
    import polars as pl

    from enrich.frames.files import write_table
    from enrich.ledger.review import review_table

    settings, now, who = enrich.load_settings(), datetime.now(UTC), by or getpass.getuser()
    found = enrich.audit(settings, source, by=who, now=now, n=n, seed=seed)
    if accept:
        done = enrich.accept_rest(settings, found.audit_id, by=who, now=now)
        return done.asdict(), done.text()
    sample = review_table(settings, status=None).filter(pl.col("proposal_id").is_in(found.sample))
    lines = [
        f"{row['proposal_id']}  {row['status']:<10} {short(row['title'])} → {short(row['value'])}"
        for row in sample.iter_rows(named=True)
    ]
    if csv is not None:
        write_table(sample, csv)
        lines.append(f"the sample is in {csv}: fill `decision`, then enrich accept and enrich reject --from-csv")
    after = "" if found.left else f"; enrich audit {source} --accept"
    return found.asdict(), "\n".join([*lines, found.text() + after])


def _decide(decision: str, ids: list[str] | None, from_csv: Path | None, by: str, reason: str | None) -> Shown:
    from enrich.ledger.review import decided_in_csv

    if not ids and from_csv is None:
        raise EnrichError(f"nothing to decide: give proposal ids or --from-csv FILE (enrich {decision[:6]} --help)")
    # Rows of a spreadsheet were seen with their status, ids given by hand with none.
    seen = dict.fromkeys(ids or [], "") | (decided_in_csv(from_csv, decision) if from_csv else {})
    decide = enrich.accept if decision == "accepted" else enrich.reject
    who = by or getpass.getuser()
    done = decide(enrich.load_settings(), list(seen), by=who, now=datetime.now(UTC), reason=reason, seen=seen)
    lines = [f"{done.changed} proposals {decision}"]
    if done.unchanged:
        lines[0] += f"; {len(done.unchanged)} left as they were (unknown, written, or decided already)"
    # The second of two learns who was first.
    lines += [
        f"  {row['proposal_id']} {row['status']} by {short(row['by'])}, {row['at']}" for row in done.decided_before
    ]
    return done.asdict(), "\n".join(lines[:21])


def _written_text(done: WriteResult) -> str:
    head = (
        f"written in run {done.run_id}:"
        if done.applied and done.run_id
        else "nothing accepted, nothing written"
        if done.applied
        else "dry run, nothing written; with --apply:"
    )
    created = f"  ({done.artists_created} new to the database)" if done.artists_created else ""
    text = "\n".join(
        f"  {what.removesuffix('_written'):<10} {getattr(done, what):>6,}{created if what == 'artists_written' else ''}"
        for what in ("labels_written", "artists_written", "identities_written", "conflicts", "superseded")
    )
    conflicts = [row for row in done.outcomes.iter_rows(named=True) if row["outcome"] == "conflict"][:10]
    lines = [
        f"  conflict: {row['kind']} {short(row['value'])!r} for track {row['track_id']}: {short(row['reason'])}"
        for row in conflicts
    ]
    return "\n".join([head, text, *lines])
