"""Where snapshots lie, and opening one read-only: `enrich.open_snapshot().frame("tracks")`.

They are `<data_dir>/snapshots/<utc>.duckdb`, the `Manifest` of each beside it, `latest` pointing at the newest;
`.taking-…` is one under way, or what a crash left of one.
"""

import json
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from enrich.errors import SnapshotError
from enrich.frames.inputs import open_input
from enrich.settings import Settings, load_settings
from enrich.sql import DUCKDB

LATEST = "latest"


def snapshots_folder(settings: Settings) -> Path:
    """The folder, which need not exist yet."""
    return settings.data_dir.expanduser() / "snapshots"


def latest(folder: Path) -> Path | None:
    """The newest snapshot; None where there is none."""
    pointer = folder / LATEST
    if pointer.is_symlink():
        target = folder / pointer.readlink()
    elif pointer.is_file():
        target = folder / pointer.read_text(encoding="utf-8").strip()
    else:
        return None
    return target if target.exists() else None


#: Raised whenever a mart's columns or meaning change: a snapshot of another format is taken anew, not read.
FORMAT = 4
#: Columns of the table that are no text.
_TYPES = {"taken_at": "timestamptz", "schema_version": "int", "rows": "json", "format": "int"}
#: A snapshot is data, whoever made it: it reads no files, loads no extensions.
_AS_DATA: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
#: Bytes; DuckDB reads of it what is asked for.
_LARGEST = 1 << 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Where a snapshot came from and what is in it."""

    snapshot_id: str
    taken_at: datetime  # UTC
    server_version: str
    database: str  # host and database, never a password
    schema_version: int | None  # the latest migration in the database's record; None where there is no record
    rows: dict[str, int]  # rows by table: `raw.tracks`, …, and the marts by their bare names
    duckdb_version: str
    enrich_version: str
    format: int = FORMAT

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they are written to JSON."""
        return asdict(self) | {"taken_at": self.taken_at.isoformat()}

    def store(self, con: duckdb.DuckDBPyConnection) -> None:
        """Write the table `manifest` of one row."""
        chosen = ", ".join(f"${name}::{_TYPES.get(name, 'varchar')} as {name}" for name in self.as_dict())
        said = self.as_dict() | {"rows": json.dumps(self.rows)}
        con.execute(f"create or replace table manifest as select {chosen}", said)


def read_manifest(con: duckdb.DuckDBPyConnection) -> Manifest:
    """The manifest of an open snapshot; a `duckdb.Error` where there is none."""
    names = ", ".join(field.name for field in fields(Manifest))
    found = con.execute(
        f"select {names.replace('taken_at', 'epoch_us(taken_at)').replace('rows', 'rows::varchar')} from manifest"  # noqa: S608
    ).fetchall()
    if not found:
        raise duckdb.CatalogException("the table manifest is empty")
    said = dict(zip(names.split(", "), found[0], strict=True))
    counts = json.loads(said["rows"])
    if not isinstance(counts, dict) or not all(isinstance(n, int) for n in counts.values()):
        raise ValueError("the manifest's rows are no counts")
    return Manifest(**said | {"rows": counts, "taken_at": datetime.fromtimestamp(said["taken_at"] / 1e6, tz=UTC)})


class Snapshot(AbstractContextManager["Snapshot"]):
    """An open snapshot: its tables as frames, its manifest, its connection. Close it, or use it in a `with`."""

    def __init__(self, path: Path, con: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
        self.path = path
        self.con = con
        self.manifest = manifest

    def frame(self, name: str) -> pl.DataFrame:
        """All rows of a mart (`tracks`) or of a Postgres table as it was (`raw.tracks`).

        Raises SnapshotError: there is no such table; names those there are.
        """
        schema, _, table = name.rpartition(".")
        known = set(self.con.execute("select table_schema, table_name from information_schema.tables").fetchall())
        if (schema or "main", table) not in known:
            names = sorted(t if s == "main" else f"{s}.{t}" for s, t in known)
            raise SnapshotError(f"{self.path}: no table {name}; there are {', '.join(names)}")
        frame: pl.DataFrame = self.con.sql(f'select * from "{schema or "main"}"."{table}"').pl()  # noqa: S608 - known
        return frame

    def sql(self, name: str, **params: object) -> pl.DataFrame:
        """The frame of a named query of `sql/duckdb/`."""
        return DUCKDB[name].frame(self.con, **params)

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        self.con.close()

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        rows = ", ".join(f"{n:,} {name}" for name, n in self.manifest.rows.items() if "." not in name)
        taken = f"{self.manifest.taken_at:%Y-%m-%d %H:%M} UTC"
        return f"Snapshot({self.manifest.snapshot_id} of {self.manifest.database}, {taken}: {rows})"


def open_snapshot(path: str | Path | None = None, *, settings: Settings | None = None) -> Snapshot:
    """Open a snapshot read-only; None: the latest one in `data_dir` of the settings, or of the environment's.

    Raises:
        SnapshotError: there is none, it is no snapshot, or another version of enrich made it.
    """
    if path is None:
        folder = snapshots_folder(settings if settings is not None else load_settings())
        found = latest(folder)
        if found is None:
            raise SnapshotError(f"{folder}: no snapshot here yet; run `enrich snapshot`")
    else:
        found = Path(path).expanduser()
    try:
        with open_input(found, at_most=_LARGEST, error=SnapshotError):
            pass
    except SnapshotError as error:
        raise SnapshotError(f"no such snapshot: {error}; run `enrich snapshot`") from None
    try:
        con = duckdb.connect(str(found), read_only=True, config=_AS_DATA)
    except duckdb.Error as error:
        raise SnapshotError(
            f"{found}: not a DuckDB file that this version reads ({str(error).splitlines()[0]}); run `enrich snapshot`"
        ) from error
    try:
        # A file opened a second time shares the first one's configuration, locked as it is.
        if not con.execute("select current_setting('lock_configuration')").fetchall()[0][0]:
            con.execute("set global timezone = 'UTC'")
            # Queries from now on, its views among them, can neither reach files nor allow themselves to.
            con.execute("set lock_configuration = true")
        manifest = read_manifest(con)
    except (duckdb.Error, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        # No table of the name, or one that says something else: dates beyond reckoning, texts for numbers.
        con.close()
        raise SnapshotError(f"{found}: a DuckDB file but no snapshot of enrich; run `enrich snapshot`") from None
    if manifest.format != FORMAT:
        con.close()
        raise SnapshotError(
            f"{found}: made by enrich {manifest.enrich_version} with format {manifest.format}, this version reads "
            f"{FORMAT}; run `enrich snapshot`"
        )
    return Snapshot(found, con, manifest)
