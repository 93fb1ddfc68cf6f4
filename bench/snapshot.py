"""A snapshot beside psql's own binary COPY of the same tables.

The COPY leaves files nobody can query; the snapshot is a DuckDB file with the same tables, keys of all names, parsed
titles and marts. So the table has the raw reading alone, too, and the second snapshot beside the first.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from pydantic import SecretStr

from bench.measuring import race
from bench.options import Options
from bench.rows import Row, compared
from bench.servers import as_superuser, psql, settings_of, throw_away_server
from enrich.database import server
from enrich.snapshots.reading import STAGED, read_catalog, read_tables
from enrich.snapshots.taking import snapshot

GOAL = 2.5
SECOND_GOAL = 0.25

#: Reading needs neither constraints nor a log, and filling is many times as fast without.
_BARE = """
do $$
declare one record;
begin
    for one in
        select conrelid::regclass as on_table, conname from pg_constraint
        where connamespace = 'musicdb'::regnamespace and contype in ('f', 'u', 'p') and conrelid <> 0
        order by contype
    loop
        execute format('alter table %s drop constraint if exists %I cascade', one.on_table, one.conname);
    end loop;
    for one in
        select indexrelid::regclass as name from pg_index
        join pg_class on pg_class.oid = indrelid where relnamespace = 'musicdb'::regnamespace
    loop
        execute format('drop index if exists %s', one.name);
    end loop;
    for one in
        select oid::regclass as name from pg_class
        where relnamespace = 'musicdb'::regnamespace and relkind = 'r'
    loop
        execute format('alter table %s set unlogged', one.name);
    end loop;
end
$$
"""
_FILL = """
set synchronous_commit = off;
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
"""
#: As installations have them; of a table without, all is read again.
_KEYS = "".join(
    f"alter table {table} add primary key ({key});"
    for table, key in {
        **dict.fromkeys(("artists", "tracks", "performers", "setlists"), "id"),
        "track_artists": "track_id, artist_id, role", "enrichment_status": "track_id",
        "setlist_tracks": "setlist_id, position",
    }.items()
)  # fmt: skip
_CHANGE = """
create temp table picked as select id, row_number() over () % 10 as n from tracks tablesample system (1);
update tracks set title = title || ' (Dub Mix)', updated_at = now() where id in (select id from picked where n < 7);
update tracks set metadata = '{"label": "Anjunadeep"}' where id in (select id from picked where n = 7);
delete from setlist_tracks where track_id in (select id from picked where n = 8);
delete from track_artists where track_id in (select id from picked where n = 8);
delete from enrichment_status where track_id in (select id from picked where n = 8);
delete from tracks where id in (select id from picked where n = 8);
insert into tracks (title, normalized_title) select 'New ' || id || ' [Zenith]', '' from picked where n = 9
"""


def whole(folder: str) -> Callable[[], int]:
    """`enrich snapshot`."""
    settings = settings_of(folder)

    def run() -> int:
        path = snapshot(settings, now=datetime.now(UTC), full=True)
        size = path.stat().st_size
        for file in (path, path.with_suffix(".json")):
            file.unlink()
        return size

    return run


def mended(folder: str) -> Callable[[], int]:
    """`enrich snapshot` after another one, with one track in a hundred changed, come or gone in between."""
    settings = settings_of(folder)
    url = SecretStr(server.embedded_url(settings))
    settings = settings.model_copy(update={"database_url": url, "data_dir": Path(folder) / "second"})
    snapshot(settings, now=datetime.now(UTC))

    class Second:
        def before(self) -> None:
            as_superuser(Path(folder), _CHANGE)

        def __call__(self) -> int:
            return snapshot(settings, now=datetime.now(UTC)).stat().st_size

    return Second()


def raw(folder: str) -> Callable[[], int]:
    """Its first half: the tables as they are."""
    settings = settings_of(folder)

    def run() -> int:
        with tempfile.TemporaryDirectory() as out, duckdb.connect(f"{out}/tables.duckdb") as con:
            return sum(read_tables(settings, read_catalog(settings), con).values())

    return run


def copied(folder: str) -> Callable[[], None]:
    r"""psql's `\copy … (format binary)` of every table a snapshot reads."""

    def run() -> None:
        with tempfile.TemporaryDirectory() as out:
            script = "".join(f"\\copy musicdb.{t} to '{out}/{t}.bin' (format binary)\n" for t in STAGED)
            subprocess.run(psql(folder), input=script, text=True, check=True)

    return run


def rows(options: Options) -> Iterator[Row]:
    """Whole and raw, of a million tracks."""
    tracks = options.size(1_000_000)
    with throw_away_server() as folder:
        as_superuser(folder, _BARE)
        as_superuser(folder, _FILL.format(tracks=tracks))
        as_superuser(folder, _KEYS)
        as_superuser(folder, "vacuum analyze")
        for what, target, goal in (
            ("snapshot, tables as they are", "bench.snapshot:raw", None),
            ("snapshot, whole", "bench.snapshot:whole", GOAL),
        ):
            # The first pair warms the server's memory for both.
            cold = goal is None
            ours, other = race(
                target, "bench.snapshot:copied", {"folder": str(folder)}, runs=1 if cold else 2, warm=cold
            )
            yield compared(
                "snapshot",
                what,
                "psql \\copy (format binary)",
                f"{tracks:,} tracks",
                ours,
                other,
                sense="cost",
                goal=goal,
            )
        ours, other = race("bench.snapshot:mended", "bench.snapshot:whole", {"folder": str(folder)}, runs=3, warm=False)
        yield compared(
            "snapshot", "snapshot, second, 1 % of the tracks changed", "snapshot, first", f"{tracks:,} tracks", ours,
            other, sense="cost", goal=SECOND_GOAL,
        )  # fmt: skip
