"""What a snapshot says of itself: table `manifest` inside the file, and the same as JSON beside it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

#: Raised whenever a mart's columns or meaning change: a snapshot of another format is taken anew, not read.
FORMAT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Where a snapshot came from and what is in it."""

    snapshot_id: str
    taken_at: datetime
    """UTC."""
    server_version: str
    database: str
    """Host and database, never a password."""
    schema_version: int | None
    """The latest migration in the database's record; None where there is no record."""
    rows: dict[str, int]
    """Rows by table: `raw.tracks`, …, and the marts by their bare names."""
    duckdb_version: str
    enrich_version: str
    format: int = FORMAT

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they are written to JSON."""
        return asdict(self) | {"taken_at": self.taken_at.isoformat()}

    def store(self, con: duckdb.DuckDBPyConnection) -> None:
        """Write the table `manifest` of one row."""
        con.execute(
            "create table manifest as select $id as snapshot_id, $taken_at::timestamptz as taken_at, "
            "$server as server_version, $database as database, $schema::int as schema_version, "
            "$rows::json as rows, $duckdb as duckdb_version, $enrich as enrich_version, $format::int as format",
            {
                "id": self.snapshot_id,
                "taken_at": self.taken_at.isoformat(),
                "server": self.server_version,
                "database": self.database,
                "schema": self.schema_version,
                "rows": json.dumps(self.rows),
                "duckdb": self.duckdb_version,
                "enrich": self.enrich_version,
                "format": self.format,
            },
        )


def read_manifest(con: duckdb.DuckDBPyConnection) -> Manifest:
    """The manifest of an open snapshot; a `duckdb.Error` where there is none."""
    found = con.execute(
        "select snapshot_id, epoch_us(taken_at), server_version, database, schema_version, rows::varchar, "
        "duckdb_version, enrich_version, format from manifest"
    ).fetchall()
    if not found:
        raise duckdb.CatalogException("the table manifest is empty")
    snapshot_id, taken_us, server, database, schema, rows, duckdb_version, enrich_version, number = found[0]
    counts = json.loads(rows)
    if not isinstance(counts, dict) or not all(isinstance(n, int) for n in counts.values()):
        raise ValueError("the manifest's rows are no counts")
    return Manifest(
        snapshot_id=snapshot_id,
        taken_at=datetime.fromtimestamp(taken_us / 1e6, tz=UTC),
        server_version=server,
        database=database,
        schema_version=schema,
        rows=counts,
        duckdb_version=duckdb_version,
        enrich_version=enrich_version,
        format=number,
    )
