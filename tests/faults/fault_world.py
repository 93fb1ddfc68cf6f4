"""The planted world, the crew that breaks it, and a server of its own for those who stop servers."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import invariants
import polars as pl
import psycopg
from psycopg import conninfo, sql
from pydantic import SecretStr

from enrich.database.connection import connect
from enrich.frames.schemas import PROPOSALS
from enrich.settings import Settings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG = os.environ.get("ENRICH_FAULTS") == "long"


class Crew:
    """The forking process of crew.py."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("crew.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={k: v for k, v in os.environ.items() if not k.startswith("ENRICH_")} | {"POLARS_MAX_THREADS": "2"},
        )  # fmt: skip

    def begin(
        self, settings: Settings, *operations: str, workers: int = 1, now: datetime = NOW, **more: object
    ) -> None:
        """Start `workers` processes for each operation; `answers` waits for them."""
        url = settings.database_url.get_secret_value() if settings.database_url else None
        job = {"url": url, "data_dir": str(settings.data_dir), "now": now.isoformat(), **more}
        jobs = [{"operation": operation, **job} for operation in operations for _ in range(workers)]
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"workers": jobs}, default=str) + "\n")
        self.process.stdin.flush()

    def answers(self) -> list[dict]:
        """What became of the workers begun last."""
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def has_answered(self) -> bool:
        """Whether the workers begun last are all at their end."""
        return bool(select.select([self.process.stdout], [], [], 0)[0])

    def run(self, settings: Settings, operation: str, **more: object) -> dict:
        """One worker, from beginning to end."""
        self.begin(settings, operation, **more)
        return self.answers()[0]


def settings_of(admin: str, name: str, folder: Path) -> Settings:
    url = conninfo.make_conninfo(admin, dbname=name, user="musicdb_user")
    return Settings(_env_file=None, database_url=SecretStr(url), data_dir=folder / "data", sources=())  # type: ignore[call-arg]


def create_database(admin: str, name: str, template: str) -> None:
    with psycopg.connect(admin, autocommit=True) as con:
        con.execute(
            sql.SQL("create database {} template {} owner musicdb_user strategy file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )


def drop_database(admin: str, name: str) -> None:
    with psycopg.connect(admin, autocommit=True) as con:
        con.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def plant(settings: Settings) -> None:
    """Fifty tracks in every state, accepted proposals with every outcome, plays, a queue; then remember it all."""
    from enrich.ledger.proposals import open_run, save, with_ids
    from enrich.ledger.review import accept

    with connect(settings) as con:
        con.execute(
            """
            insert into artists (name, normalized_name, aliases) values ('Eric Prydz', 'eric prydz', '{Pryda}'),
                ('Spencer Brown', 'spencer brown', null), ('Unknown Artist', 'unknown artist', null);
            insert into tracks (title, normalized_title, metadata, created_at)
            select 'Track ' || lpad(n::text, 2, '0'), 'track ' || n,
                case n % 4 when 0 then 'null' when 1 then '{}' when 2 then '{"original_data": null, "bpm": 128}'
                    else '{"original_data": {"year": 2024}, "tags": ["a"]}' end::jsonb, '2024-01-01'
            from generate_series(1, 50) as n;
            insert into enrichment_status (track_id, status, retry_count, retry_after, cooldown_strategy,
                cooldown_reason, error_message, last_attempt)
            select id,
                case when n <= 24 then 'failed' when n <= 30 then 'pending' when n <= 40 then 'pending_re_enrichment'
                    when n <= 44 then 'failed' when n <= 46 then 'partial' else 'completed' end,
                case when n in (43, 44) then 5 when n between 28 and 40 then 1 else 0 end,
                case when n between 31 and 40 then timestamptz '2026-02-20' + (n - 31) * interval '2 days' end,
                case when n between 31 and 40 then 'adaptive' end, case when n between 31 and 40 then 'no hit' end,
                case when n <= 44 then 'no hit' end, '2025-12-01'
            from (select id, substr(title, 7)::int as n from tracks) as t;
            insert into track_artists (track_id, artist_id, role)
            select t.id, a.id, 'primary' from tracks as t join artists as a
                on a.name = case when t.title <= 'Track 06' then 'Unknown Artist'
                    when t.title > 'Track 44' then 'Spencer Brown' end;
            insert into performers (name, normalized_name) values ('Above & Beyond', 'above beyond');
            insert into setlists (performer_id, set_date, source, source_id)
            select (select id from performers), date '2025-06-01' + n, 'test', n::text from generate_series(1, 5) as n;
            insert into setlist_tracks (setlist_id, track_id, position, is_id)
            select s.id, t.id, substr(t.title, 7)::int, t.title < 'Track 25' from setlists as s cross join tracks as t;
            """
        )
        tracks = dict(con.execute("select title, id::text from tracks").fetchall())
    rows = []
    for n in range(1, 25):
        track = tracks[f"Track {n:02d}"]
        value = ("Eric Prydz", "Pryda", f"New Name {n // 3}", "B & A")[n % 4]
        evidence = {"artists": ["B", "A"]} if value == "B & A" else {}
        rows.append((track, "artist", value, 0.9, evidence))
        if n % 2:
            rows.append((track, "label", "Anjunabeats" if n % 3 else "Armada", 0.95, {}))
        if n == 8:
            rows.append((track, "artist", "Somebody Else", 0.7, {}))
    frame = with_ids(
        pl.DataFrame(
            [
                {"track_id": t, "kind": k, "value": v, "confidence": c, "probability": c, "evidence": json.dumps(e),
                 "tier": 1, "source": "test"}
                for t, k, v, c, e in rows
            ],
            schema=PROPOSALS,
        )
    )  # fmt: skip
    seen = pl.DataFrame(
        {"track_id": list(tracks.values()), "seen_title": list(tracks), "seen_label": None, "seen_artist": None},
        schema=dict.fromkeys(("track_id", "seen_title", "seen_label", "seen_artist"), pl.String),
    )
    with connect(settings) as con, con.cursor() as cur:
        run = open_run(cur, "plant", now=NOW)
        save(cur, frame, run_id=run, seen=seen, now=NOW)
    accept(settings, frame["proposal_id"].to_list(), by="anna", now=NOW)
    invariants.remember(settings)


@contextmanager
def served() -> Iterator[tuple[Settings, Callable[[], None], Callable[[], None]]]:
    """A server of our own with the planted world: its settings, and calls that stop it at once and start it again."""
    from enrich.database import server
    from enrich.database.migrations import migrate

    # Not in pytest's own folder, which is closed to the server's user when another pytest session starts.
    folder = Path(tempfile.mkdtemp(prefix="enrich-faults-"))
    home = Settings(_env_file=None, database_url=None, data_dir=folder, sources=())  # type: ignore[call-arg]
    migrate(home)
    pgdata = home.data_dir.resolve() / "postgres"

    def stop() -> None:
        server._run("pg_ctl", ["stop", "-D", str(pgdata), "-m", "immediate", "-w"], pgdata)

    def start() -> None:
        server.start(home)

    try:
        plant(home)
        # By address: whoever runs into the stopped server must not start it.
        yield home.model_copy(update={"database_url": SecretStr(server.embedded_url(home))}), stop, start
    finally:
        server.stop(home)
        shutil.rmtree(folder, ignore_errors=True)
