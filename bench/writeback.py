"""Writing back accepted proposals beside a bare COPY of every row it writes, and beside writing them row by row.

Half of the proposals are labels, half artists, each for a track of its own that lacks it. For each, write-back judges
the proposal against the track as it stands, changes the track or links its artist, completes its status, keeps old and
new value in the ledger and settles the proposal; the COPY puts those rows, as they then are, into empty tables of the
same shape, indexes included. Row by row is what a script would do: the same statements for one proposal at a time,
without judging. Each rolls back in the end instead of committing, so that all find the same database.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from bench.measuring import race
from bench.options import Options
from bench.rows import Row, compared
from bench.servers import as_superuser, settings_of, throw_away_server
from enrich.database.connection import connect
from enrich.ledger.proposals import open_run
from enrich.ledger.writing import write_accepted
from enrich.sql import LEDGER

NOW = datetime(2026, 1, 1, tzinfo=UTC)
#: The run of all proposals but those of the first tenth, which have a run of their own.
MOST, FEW = uuid.UUID(int=1), uuid.UUID(int=2)

_FILL = """
set session_replication_role = replica;
set synchronous_commit = off;
insert into artists (name, normalized_name)
select 'Artist No ' || n, 'artist no ' || n from generate_series(1, {proposals} / 10) n;
insert into tracks (title, normalized_title, metadata)
select 'Song ' || n, 'song ' || n, jsonb_build_object('source', 'bench') from generate_series(1, {proposals}) n;
insert into enrichment_status (track_id, status) select id, 'failed' from tracks;
insert into enrich_runs (run_id, command, started_at) values ('{most}', 'bench', now()), ('{few}', 'bench', now());
insert into enrich_proposals (
    proposal_id, run_id, track_id, kind, value, tier, source, confidence, evidence, status, seen_title,
    created_at, updated_at
)
select gen_random_uuid(), case when n <= {proposals} / 10 then '{few}'::uuid else '{most}'::uuid end, id,
    case n % 2 when 0 then 'label' else 'artist' end,
    case n % 2 when 0 then 'Label No ' || n % 500 else 'Artist No ' || 1 + n % ({proposals} / 10) end,
    1, 'bench', 0.9, '{{"why": "bench"}}', 'accepted', title, now(), now()
from (select *, row_number() over (order by id) as n from tracks) t;
set session_replication_role = origin;
vacuum analyze
"""

#: The music tables and the ledger's that write-back changes, and which of their rows.
_CHANGED = {
    "tracks": "id in (select track_id from enrich_writes where run_id = %(run)s and target = 'tracks.metadata')",
    "track_artists": "track_id in (select track_id from enrich_writes where run_id = %(run)s)",
    "enrichment_status": "track_id in (select track_id from enrich_writes where run_id = %(run)s "
    "and target = 'enrichment_status.status')",
    "enrich_writes": "run_id = %(run)s",
    "enrich_proposals": "status = 'written'",
}


def ours(folder: str, run_id: str | None = None) -> Callable[[], int]:
    """`enrich writeback --apply`, but for the commit."""
    con = connect(settings_of(folder))

    def run() -> int:
        with con.cursor() as cur:
            result = write_accepted(cur, now=NOW, run_ids=None if run_id is None else [run_id])
        con.rollback()
        return result.labels_written + result.artists_written

    run.before = lambda: _as_before(folder)  # type: ignore[attr-defined]
    return run


def copied(folder: str) -> Callable[[], int]:
    """The rows it wrote, by COPY."""
    con = connect(settings_of(folder))
    rows: dict[str, list[bytes]] = {}
    with con.cursor() as cur:
        result = write_accepted(cur, now=NOW)
        for table, where in _CHANGED.items():
            of_run = psycopg.ClientCursor(con).mogrify(where, {"run": result.run_id})
            with cur.copy(f"copy (select * from {table} where {of_run}) to stdout (format binary)") as out:
                rows[table] = [bytes(block) for block in out]
    con.rollback()

    def run() -> int:
        with con.cursor() as cur:
            for table, blocks in rows.items():
                cur.execute(f"create temporary table if not exists fresh_{table} (like {table} including all)")
                with cur.copy(f"copy fresh_{table} from stdin (format binary)") as into:
                    for block in blocks:
                        into.write(block)
        con.rollback()
        return result.labels_written + result.artists_written

    run.before = lambda: _as_before(folder)  # type: ignore[attr-defined]
    return run


def row_by_row(folder: str, run_id: str) -> Callable[[], int]:
    """The same changes, one proposal at a time."""
    con = connect(settings_of(folder))

    def run() -> int:
        with con.cursor() as cur:
            ledger = open_run(cur, "writeback", now=NOW)
            cur.execute(
                "select proposal_id, track_id, kind, value from enrich_proposals "
                "where status = 'accepted' and run_id = %s",
                [run_id],
            )
            accepted = cur.fetchall()
            for proposal, track, kind, value in accepted:
                if kind == "label":
                    cur.execute("select metadata from tracks where id = %s for update", [track])
                    cur.execute(
                        "update tracks set metadata = metadata || jsonb_build_object('original_data', "
                        "jsonb_build_object('label', %s::text)) where id = %s",
                        [value, track],
                    )
                    target = "tracks.metadata"
                else:
                    cur.execute("select id from artists where name = %s or normalized_name = lower(%s)", [value, value])
                    (artist,) = cur.fetchone() or (None,)
                    cur.execute(
                        "insert into track_artists (track_id, artist_id, role, position) values (%s, %s, 'primary', 0)",
                        [track, artist],
                    )
                    cur.execute(
                        "update enrichment_status set status = 'completed' "
                        "where track_id = %s and status <> 'completed'",
                        [track],
                    )
                    target = "track_artists"
                cur.execute(
                    "insert into enrich_writes (run_id, proposal_id, track_id, target, row_key, new_value, written_at) "
                    "values (%s, %s, %s, %s, %s, to_jsonb(%s::text), %s)",
                    [ledger, proposal, track, target, str(track), value, NOW],
                )
                cur.execute("update enrich_proposals set status = 'written' where proposal_id = %s", [proposal])
            LEDGER["close_run"].execute(cur, run_id=ledger, now=NOW, summary="{}")
        con.rollback()
        return len(accepted)

    run.before = lambda: _as_before(folder)  # type: ignore[attr-defined]
    return run


def _as_before(folder: str) -> None:
    as_superuser(
        Path(folder), "vacuum (analyze) tracks, track_artists, enrichment_status, enrich_proposals, enrich_writes"
    )


def rows(options: Options) -> Iterator[Row]:
    """A hundred thousand accepted proposals; row by row, a tenth of them."""
    proposals = options.size(100_000)
    with throw_away_server() as folder:
        for statement in _FILL.format(proposals=proposals, most=MOST, few=FEW).split(";\n"):
            as_superuser(
                folder, "set session_replication_role = replica; " + statement if "insert" in statement else statement
            )
        ours, other = race(
            "bench.writeback:ours", "bench.writeback:copied", {"folder": str(folder)}, runs=2, agree=True
        )
        yield compared(
            "writeback", "write-back", "COPY of the rows it writes", f"{proposals:,} accepted", ours, other,
            sense="cost", goal=5,
        )  # fmt: skip
        few = {"folder": str(folder), "run_id": str(FEW)}
        ours, other = race("bench.writeback:ours", "bench.writeback:row_by_row", few, runs=1, warm=False, agree=True)
        yield compared(
            "writeback", "write-back", "row by row", f"{proposals // 10:,} accepted", ours, other, sense="gain"
        )
