"""`enrich demo`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from enrich.cli.output import JsonOption, emit


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    seed: Annotated[int | None, typer.Option(min=0, help="Another world for every seed.")] = None,
    now: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day the world is looked at (UTC); default today."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Fill an empty database with the demo world: 2,213 tracks, 635 of them failed, and the truth about each.

    Example: enrich demo --seed 20251 --now 2026-03-01
    """
    from enrich.demo.loading import DEFAULT_SEED
    from enrich.demo.loading import demo as make_demo
    from enrich.settings import load_settings

    moment = datetime.now(UTC) if now is None else now.replace(tzinfo=UTC, hour=12)
    made = make_demo(load_settings(), seed=DEFAULT_SEED if seed is None else seed, now=moment)
    state = made.state
    lines = [
        f"Demo world (seed {made.seed}) as of {made.now:%Y-%m-%d}: "
        f"{made.rows['setlists']} sets, {made.rows['playlists']} playlists, {made.rows['artists']} artists, "
        f"{made.rows['performers']} DJs",
        "",
        f"{'tracks':<28}{state.tracks:>7,}",
        f"{'completed':<28}{state.completed:>7,}  {state.success_rate_pct:.1f} %",
        f"{'failed':<28}{state.failed:>7,}",
        f"{'  with a label hint':<28}{state.failed_with_label:>7,}  {_pct(state.failed_with_label, state.failed)}",
        f"{'  without a label':<28}{state.failed - state.failed_with_label:>7,}  "
        f"{_pct(state.failed - state.failed_with_label, state.failed)}",
        f"{'  retriable':<28}{state.retriable:>7,}  {_pct(state.retriable, state.failed)}",
        f"{'  not retriable':<28}{state.not_retriable:>7,}  {_pct(state.not_retriable, state.failed)}",
        f"{'  no retries left':<28}{state.no_retries_left:>7,}  {_pct(state.no_retries_left, state.failed)}",
        "",
        f"Catalogue of {made.catalogue_rows:,} releases: {made.catalogue}",
    ]
    emit(made.asdict(), as_json=as_json, text="\n".join(lines))


def _pct(part: int, whole: int) -> str:
    return f"{100.0 * part / whole:.1f} %" if whole else "–"
