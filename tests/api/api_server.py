"""A real server on loopback: `enrich serve` as a process of its own, on a database of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import conninfo, sql
from pydantic import SecretStr

from enrich.settings import Settings

TOKEN = "s3cret-token-of-the-tests"


@dataclass
class Server:
    """A running `enrich serve`."""

    url: str
    process: subprocess.Popen[str]
    log: Path

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


@contextmanager
def running(settings: Settings, folder: Path, *arguments: str, **environment: str) -> Iterator[Server]:
    """Serve on a free port until the block ends."""
    log = folder / f"serve-{uuid4().hex[:6]}.log"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "enrich", "serve", "--json", *(arguments or ("--port", "0"))],
            stdout=subprocess.PIPE, stderr=stderr, text=True, cwd=folder, env=environment_of(settings) | environment,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        said = ""
        while not said.endswith("}\n"):
            line = process.stdout.readline()
            assert line, f"the server ended at once: {log.read_text()}"
            said += line
        yield Server(json.loads(said)["url"], process, log)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=30)
        if process.stdout is not None:
            process.stdout.close()


def environment_of(settings: Settings) -> dict[str, str]:
    assert settings.database_url is not None
    clean = {k: v for k, v in os.environ.items() if not k.startswith("ENRICH_")}
    return clean | {
        "ENRICH_DATABASE_URL": settings.database_url.get_secret_value(),
        "ENRICH_DATA_DIR": str(settings.data_dir),
        "ENRICH_SOURCES": "",
        "POLARS_MAX_THREADS": "2",
    }


def module_database(admin: str, folder: Path, fill: Callable[[Settings], None]) -> Iterator[Settings]:
    name = f"a_{uuid4().hex[:12]}"
    with psycopg.connect(admin, autocommit=True) as con:
        made = "create database {} template migrated owner musicdb_user strategy file_copy"
        con.execute(sql.SQL(made).format(sql.Identifier(name)))
    url = conninfo.make_conninfo(admin, dbname=name, user="musicdb_user")
    settings = Settings(_env_file=None, database_url=SecretStr(url), data_dir=folder / "data", sources=())  # type: ignore[call-arg]
    fill(settings)
    yield settings
    with psycopg.connect(admin, autocommit=True) as con:
        con.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def three_tracks(settings: Settings) -> None:
    from enrich.database.connection import connect

    with connect(settings) as con:
        con.execute(
            "with made as (insert into tracks (title, normalized_title) values ('Frozen Ground [Anjunabeats]', 'a'),"
            " ('Rainy Road', 'b'), ('ID', 'c') returning id, normalized_title)"
            " insert into enrichment_status (track_id, status, retry_after)"
            " select id, case normalized_title when 'a' then 'pending' when 'b' then 'failed'"
            " else 'pending_re_enrichment' end, case normalized_title when 'c' then now() end from made"
        )
