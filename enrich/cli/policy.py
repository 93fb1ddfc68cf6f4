"""`enrich policy`, `enrich audit`: what is accepted without a person, and how twenty decisions settle the others."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

import enrich
from enrich.cli.output import By, Shown, command
from enrich.text.showing import short

app = typer.Typer()


@command(app)
def policy(
    picture: Annotated[Path | None, typer.Option(help="Draw it as well: .png, .svg or .pdf.")] = None,
) -> Shown:
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
    if csv is not None:
        write_table(sample, csv)
    lines = [
        f"{row['proposal_id']}  {row['status']:<10} {short(row['title'])} → {short(row['value'])}"
        for row in sample.iter_rows(named=True)
    ]
    after = "" if found.left else f"; enrich audit {source} --accept"
    written = (
        [f"the sample is in {csv}: fill `decision`, then enrich accept and enrich reject --from-csv"] if csv else []
    )
    return found.asdict(), "\n".join([*lines, *written, found.text() + after])
