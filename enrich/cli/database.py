"""`enrich db`, `demo`, `import`, `snapshot`: the database, what fills it, and the copy that is worked on."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import enrich
from enrich.cli.output import Shown, command, progress, say
from enrich.errors import InputFileError

if TYPE_CHECKING:
    from enrich.importing.running import ImportResult

app = typer.Typer()
db = typer.Typer(help="The database: embedded server, migrations, status.", no_args_is_help=True)
app.add_typer(db, name="db")

#: Rows set aside that are shown one by one; the rest are in the file.
_SHOWN = 20


@command(db)
def start() -> Shown:
    """Start the embedded Postgres; it runs on until `enrich db stop`.

    Other commands start it by themselves. With ENRICH_DATABASE_URL set there is nothing to start.

    Example: enrich db start
    """
    from enrich.database import server
    from enrich.database.connection import url_without_password

    settings = enrich.load_settings()
    if settings.database_url is not None:
        url = url_without_password(settings)
        return {"embedded": False, "url": url}, f"ENRICH_DATABASE_URL is set: {url}"
    started = server.start(settings)
    return {"embedded": True, **asdict(started)}, f"running, data in {started.data_path}\npsql '{started.url}'"


@command(db)
def stop() -> Shown:
    """Stop the embedded Postgres, its data safely written.

    Example: enrich db stop
    """
    from enrich.database import server

    stopped = server.stop(enrich.load_settings())
    return {"stopped": stopped}, "stopped" if stopped else "was not running"


@command(db)
def migrate(
    down: Annotated[bool, typer.Option("--down", help="Take the latest migration back.")] = False,
    to: Annotated[int | None, typer.Option("--to", help="Stop at this version, up or down.")] = None,
    grants: Annotated[
        str | None, typer.Option(metavar="ROLE", help="Also grant this role what it needs; printed as SQL.")
    ] = None,
) -> Shown:
    """Bring the database to this version's tables, or take back the ledger, and asked again the queue.

    Each step is one transaction; tables that exist stay as they are. Applying again changes nothing.

    Example: enrich db migrate --grants musicdb_user
    """
    from enrich.database import migrations

    settings = enrich.load_settings()
    done = migrations.migrate(settings, down=down, to=to)
    granted = migrations.grant(settings, grants) if grants and not down else []
    steps = [f"applied {name}" for name in done.applied] + [f"took back {name}" for name in done.taken_back]
    return {**asdict(done), "grants": granted}, "\n".join([*steps, *done.notices, *granted] or ["nothing to do"])


@command(db)
def status() -> Shown:
    """Show server, connection string, migrations and row counts.

    Example: enrich db status --json
    """
    from enrich.database.layout import UNKNOWN, Layout
    from enrich.database.migrations import database_status

    found = database_status(enrich.load_settings())
    if not found.is_running:
        text = f"embedded server: not running (data in {found.data_path}); start it with `enrich db start`"
    else:
        kind = "embedded server" if found.is_embedded else "server"
        layout = found.layout or Layout(name=UNKNOWN)
        advice = "" if layout.found else "; run `enrich db migrate`"
        changed = ["  changed on disk since" if step.is_changed else "" for step in found.applied]
        text = "\n".join(
            [
                f"{kind}: Postgres {found.server_version}, schema {found.schema}",
                f"psql '{found.url}'",
                f"layout: {layout.said() if layout.found else layout.name}",
                *(f"  {table:<16}{where}" for table, where in layout.places.items() if layout.views),
                *(
                    f"{step.version:03d}_{step.name}  {step.applied_at:%Y-%m-%d %H:%M}{note}"
                    for step, note in zip(found.applied, changed, strict=True)
                ),
                *(f"{name}  not applied{advice}" for name in found.pending),
                *(f"{count:>12,}  {table}" for table, count in (found.rows or {}).items()),
            ]
        )
    return asdict(found), text


@command(app)
def demo(
    seed: Annotated[int | None, typer.Option(min=0, help="Another world for every seed.")] = None,
    now: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day the world is looked at (UTC); default today.")
    ] = None,
) -> Shown:
    """Fill an empty database with the demo world: 2,213 tracks, 635 of them failed, and the truth about each.

    Example: enrich demo --seed 20251 --now 2026-03-01
    """
    from enrich.demo.loading import DEFAULT_SEED

    moment = datetime.now(UTC) if now is None else now.replace(tzinfo=UTC, hour=12)
    made = enrich.demo(enrich.load_settings(), seed=DEFAULT_SEED if seed is None else seed, now=moment)
    state = made.state
    parts = (
        ("  with a label hint", state.failed_with_label),
        ("  without a label", state.failed - state.failed_with_label),
        ("  retriable", state.retriable),
        ("  not retriable", state.not_retriable),
        ("  no retries left", state.no_retries_left),
    )
    lines = [
        f"Demo world (seed {made.seed}) as of {made.now:%Y-%m-%d}: "
        f"{made.rows['setlists']} sets, {made.rows['playlists']} playlists, {made.rows['artists']} artists, "
        f"{made.rows['performers']} DJs",
        "",
        f"{'tracks':<28}{state.tracks:>7,}",
        f"{'completed':<28}{state.completed:>7,}  {state.success_rate_pct:.1f} %",
        f"{'failed':<28}{state.failed:>7,}",
        *(f"{what:<28}{n:>7,}  {f'{100.0 * n / state.failed:.1f} %' if state.failed else '–'}" for what, n in parts),
        "",
        f"Catalogue of {made.catalogue_rows:,} releases: {made.catalogue}",
    ]
    return made.asdict(), "\n".join(lines)


@command(app, "import")
def import_(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE", show_default=False, help="Tracklist files.")
    ] = None,
    undo: Annotated[
        str | None, typer.Option("--undo", metavar="RUN", help="Take an import back: sets stand as before it.")
    ] = None,
) -> Shown:
    """Import tracklists into Postgres; a set that is there is compared slot by slot and corrected.

    Takes tables (Parquet, CSV, JSONL with set_id and position), saved 1001Tracklists pages, their JSON, typed lists
    and pastes, MixesDB wiki text, M3U, CUE, and what rekordbox, Traktor, Serato and VirtualDJ export. Rows that cannot
    be used are set aside in a file, with line and reason. An unknown that has a name now becomes a proposal,
    written at once where its place is certain and ENRICH_AUTO_ACCEPT allows.

    Example: enrich import tracklists.parquet page.html "2004-05-02 - Some DJ - Essential Mix.txt"
    """
    if undo is not None:
        back = enrich.undo_import(undo, settings=enrich.load_settings(), now=datetime.now(UTC))
        text = (
            f"{back.sets_restored} sets as before, {back.sets_removed} sets and {back.tracks_removed} tracks gone; "
            f"changed again since and left: {back.kept}"
        )
        return back.asdict(), text
    if not files:
        raise InputFileError("no tracklist file given")
    result = enrich.import_(files, settings=enrich.load_settings(), now=datetime.now(UTC))
    for what, rows in (("set aside", result.bad), ("kept, changed", result.warnings)):
        for file, line, reason in rows.select("file", "line", "reason").head(_SHOWN).iter_rows():
            say(f"{what}: {reason}" if line is None else f"{what}: {file}:{line}: {reason}")
        if rows.height > _SHOWN:
            say(f"{what}: and {rows.height - _SHOWN} more")
    for path in result.rejected:
        say(f"rows set aside are in {path}")
    if not result.slots:
        raise InputFileError(f"no usable row in {', '.join(map(str, files))}; rows set aside: {result.bad_rows}")
    return result.asdict(), _import_text(result)


def _import_text(result: ImportResult) -> str:
    pairs = result.sets_linked
    linked = f"listed twice, counted once: {pairs} set{'s' if pairs != 1 else ''}\n" if pairs else ""
    return (
        f"{result.slots} slots read from {result.files} file{'s' if result.files != 1 else ''}: "
        f"{result.plays} new plays in {result.sets} new sets, {result.already_there} already there\n"
        f"{linked}"
        f"new: {result.tracks} tracks, {result.artists} artists, {result.performers} performers\n"
        f"unknown artist: {result.unknown_slots} of the new plays; IDs of any kind: {result.id_slots}\n"
        f"labels filled in: {result.labels_filled}; rows set aside: {result.bad_rows}; "
        f"repeated: {result.repeated_rows}{_changes_text(result)}"
    )


def _changes_text(result: ImportResult) -> str:
    counts = dict(result.changes.group_by("relation").len().sort("relation").iter_rows())
    if not counts:
        return ""
    sets = result.changes["set_id"].n_unique()
    said = ", ".join(f"{n} {relation}" for relation, n in counts.items())
    names = ""
    if result.identities_accepted or result.identities_waiting:
        names = (
            f"\nnames for unknowns: {result.identities_accepted} accepted by policy and written, "
            f"{result.identities_waiting} wait for review (`enrich proposals` lists them)"
        )
    return f"\nsets that were there and differ: {sets}; slots: {said}{names}\nundo with --undo {result.run_id}"


@command(app)
def snapshot(
    full: Annotated[bool, typer.Option("--full", help="Read every table, also those that did not change.")] = False,
) -> Shown:
    """Copy the music database into a new DuckDB file, which `latest` then points at.

    Whole or not at all: when something goes wrong, the former snapshot stands. Tables that did not change since are
    taken over from it; the newest ENRICH_KEEP_SNAPSHOTS are kept.

    Example: enrich snapshot
    """
    from enrich.snapshots.opening import open_snapshot
    from enrich.snapshots.reading import STAGED

    with progress("reading Postgres") as show:

        def advance(table: str, rows: int) -> None:
            show(f"{table}: {rows:,} rows", [*STAGED].index(table) + 1, len(STAGED))

        path = enrich.snapshot(enrich.load_settings(), now=datetime.now(UTC), full=full, progress=advance)
    with open_snapshot(path) as taken:
        manifest = taken.manifest
    marts = "\n".join(f"{count:>12,}  {name}" for name, count in manifest.rows.items() if "." not in name)
    return {"path": path, **manifest.as_dict()}, f"{path}\n{marts}"
