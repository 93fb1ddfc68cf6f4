"""How long a snapshot takes beside psql's own binary COPY of the same tables.

python bench/snapshot.py --tracks 1000000
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from enrich.contracts.settings import Settings
from enrich.database import server
from enrich.database.connection import connect
from enrich.database.migrations import migrate
from enrich.database.server import _bin
from enrich.snapshots.building import build_marts
from enrich.snapshots.reading import read_catalog, read_tables
from enrich.snapshots.tables import STAGED
from enrich.snapshots.taking import snapshot

FILL = """
insert into artists (name, normalized_name)
select 'Artist No ' || n, 'artist no ' || n from generate_series(1, {tracks} / 20) n;
insert into tracks (title, normalized_title, duration_ms, metadata)
select 'Frozen Ground ' || md5(n::text)
    || (array['', ' (Extended Mix)', ' [Anjunabeats]', ' (X Remix) [Armada - ARDI 1393]'])[1 + n % 4],
    'frozen ground ' || n, 200000 + n % 99999,
    jsonb_build_object('original_data', jsonb_build_object(
        'label', case when n % 3 = 0 then 'Label ' || n % 5000 end, 'source', 'x'))
from generate_series(1, {tracks}) n;
insert into track_artists
select t.id, a.id, 'primary', 0
from (select id, row_number() over () as n from tracks) t
join (select id, row_number() over () as n from artists) a on a.n = t.n % ({tracks} / 20) + 1;
insert into enrichment_status (track_id, status) select id, 'failed' from tracks;
insert into performers (name, normalized_name) select 'DJ No ' || n, 'dj no ' || n from generate_series(1, 500) n;
insert into setlists (performer_id, set_date, source, source_id)
select p.id, now() - n * interval '1 hour', 'bench', n::text
from generate_series(1, {tracks} / 20) n
join (select id, row_number() over () as k from performers) p on p.k = n % 500 + 1;
insert into setlist_tracks (setlist_id, track_id, position)
select s.id, t.id, t.n % 20 + 1
from (select id, row_number() over () as n from tracks) t
join (select id, row_number() over () as n from setlists) s on s.n = t.n / 20 + 1;
analyze;
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tracks", type=int, default=1_000_000)
    tracks = options.parse_args().tracks
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(_env_file=None, database_url=None, data_dir=Path(folder))
        try:
            migrate(settings)
            with connect(settings) as con:
                con.execute(FILL.format(tracks=tracks))
            url = server.embedded_url(settings)
            for turn in ("cold", "warm"):
                began = time.perf_counter()
                script = "".join(f"\\copy musicdb.{t} to '{folder}/{t}.bin' (format binary)\n" for t in STAGED)
                subprocess.run([_bin() / "psql", "-q", url], input=script, text=True, check=True)
                copied = time.perf_counter() - began
                with duckdb.connect(f"{folder}/{turn}.duckdb") as con:
                    began = time.perf_counter()
                    read_tables(settings, read_catalog(settings), con)
                    con.execute("checkpoint")
                    read = time.perf_counter() - began
                    began = time.perf_counter()
                    build_marts(con)
                    built = time.perf_counter() - began
                began = time.perf_counter()
                snapshot(settings, now=datetime.now(UTC))
                whole = time.perf_counter() - began
                print(f"{turn}: psql {copied:.2f} s, raw {read:.2f} s ({read / copied:.2f}x), "
                      f"marts {built:.2f} s, snapshot {whole:.2f} s ({whole / copied:.2f}x)")  # fmt: skip
        finally:
            server.stop(settings)


if __name__ == "__main__":
    main()
