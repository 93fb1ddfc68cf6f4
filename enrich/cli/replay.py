"""`enrich replay`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from enrich.cli.output import JsonOption, emit

if TYPE_CHECKING:
    from enrich.replaying.running import ReplayResult

_DAY = ["%Y-%m-%d"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay)


def replay(
    tracklists: Annotated[list[Path], typer.Argument(help="Tracklist files.")],
    out: Annotated[Path, typer.Option(help="Where the result goes, as JSON.")],
    step: Annotated[str, typer.Option(help="How long a step is: 30d, 4w, or a number of days.")] = "30d",
    truth: Annotated[
        Path | None, typer.Option(help="What real unknowns are: a table of set_id, position, true_artist.")
    ] = None,
    dj: Annotated[str | None, typer.Option(help="Only this DJ's sets.")] = None,
    sets: Annotated[str | None, typer.Option(help="Only sets whose id or name holds this text.")] = None,
    start: Annotated[datetime | None, typer.Option("--from", formats=_DAY, help="First day.")] = None,
    end: Annotated[datetime | None, typer.Option("--to", formats=_DAY, help="Last day.")] = None,
    promo_share: Annotated[float, typer.Option(help="Share of recordings that begin as promos, 0–1.")] = 0.25,
    promo_weeks: Annotated[int, typer.Option(help="Weeks they stay promos.")] = 6,
    strategy: Annotated[str, typer.Option(help="Cool-down strategy.")] = "adaptive",
    policy: Annotated[
        str | None, typer.Option(help="Auto-accept policy to try out, written as ENRICH_AUTO_ACCEPT is.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides which recordings are promos.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Walk real history month by month through tiers and cool-down, on a scratch database that is removed afterwards.

    Real recordings begin as promos without an artist, one half without a title too; their later plays carry the name.
    Shows how many unknowns got a name, after how long, by which tier, and how many were right.

    Example: enrich replay tracklists.parquet --sets "A State of Trance" --step 30d --out replay.json
    """
    from enrich.cli.output import progress
    from enrich.replaying.running import History, Promos
    from enrich.replaying.running import replay as run
    from enrich.replaying.walking import Step
    from enrich.settings import load_settings

    with progress("steps") as bar:

        def on_step(done: Step, count: int) -> None:
            bar.update(bar.task_ids[0], total=count, advance=1, description=f"{done.ends:%Y-%m}")

        result = run(
            tracklists,
            settings=load_settings(),
            step_days=_days(step),
            out=out,
            truth=truth,
            history=History(dj=dj, sets=sets, start=start.date() if start else None, end=end.date() if end else None),
            promos=Promos(share=promo_share, weeks=promo_weeks, seed=seed),
            strategy=strategy,
            policy=policy,
            on_step=on_step,
        )
    emit(result.asdict(), as_json=as_json, text=_text(result, out))


def _days(step: str) -> int:
    from enrich.errors import EnrichError

    spoken = step.strip().lower()
    number, factor = (spoken[:-1], {"d": 1, "w": 7}[spoken[-1]]) if spoken[-1:] in ("d", "w") else (spoken, 1)
    if not number.isdecimal() or int(number) < 1:
        raise EnrichError(f"--step {step}: write it as 30d, 4w or a number of days")
    return int(number) * factor


def _text(result: ReplayResult, out: Path) -> str:
    figures = result.asdict()
    history, recovery = figures["history"], figures["recovery"]
    lines = [
        f"{history['sets']:,} sets, {history['slots']:,} slots, {history['start']} to {history['end']} in "
        f"{history['steps']} steps; {history['look_ups']:,} look-ups, {history['retries']:,} of them retries",
        "",
        f"{'unknowns':<14}{'slots':>8}{'named later':>13}{'recovered':>11}{'right':>7}{'wrong':>7}{'median days':>13}",
    ]
    for row in figures["by_kind"]:
        median = "–" if row["median_days"] is None else f"{row['median_days']:.0f}"
        lines.append(
            f"{row['kind']:<14}{row['unknowns']:>8,}{row['named_later']:>13,}{row['recovered']:>11,}"
            f"{row['right']:>7,}{row['wrong']:>7,}{median:>13}"
        )
    lines += ["", f"{'tier, source':<24}{'proposed':>9}{'right':>8}{'written':>9}{'right':>8}"]
    for row in figures["by_source"]:
        lines.append(
            f"{row['tier']}, {row['source']:<21}{row['proposed']:>9,}{_percent(row['proposed_precision']):>8}"
            f"{row['written']:>9,}{_percent(row['written_precision']):>8}"
        )
    low, high = recovery["projected_percent"]
    lines += ["", f"projected: {low:.0f}–{high:.0f} % recovered in {recovery['projected_over']}"]
    for when in ("after_6_months", "after_12_months"):
        for kind, row in recovery[when].items():
            lines.append(
                f"{when.replace('_', ' '):<17}{kind:<14}{row['recovered_percent']:>5.1f} % recovered, "
                f"{row['right_percent']:.1f} % rightly; {row['known_percent']:.1f} % had their name in a later set"
            )
    lines += ["", f"{result.resolved().height:,} resolved unknowns by name in {out}"]
    return "\n".join(lines)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"
