"""`enrich resolve --limit 10000` where a hundred thousand tracks have failed: time, memory, and how often it reports.

Half of the database are unknowns in sets between known plays, as a scraped database has them. No source is asked. The
longest silence is what a stop waits for and what a person sees as hanging.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from bench.measuring import measure
from bench.options import Options
from bench.rows import Row
from bench.servers import as_superuser, settings_of, throw_away_server
from enrich.pipeline.cycle import resolve

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LIMIT = 10_000
#: GiB.
GOAL = 2.0

_FILL = """
set synchronous_commit = off;
insert into artists (name, normalized_name)
select 'Artist No ' || n, 'artist no ' || n from generate_series(1, greatest({failed} / 20, 50)) n;
insert into tracks (title, normalized_title, metadata)
select case when n % 2 = 0 then 'Song ' || n when n % 3 = 0 then 'ID' else 'Song ' || n || ' (Extended Mix)' end,
    'song ' || n, jsonb_build_object('original_data', jsonb_build_object('label',
        case when n % 2 = 0 then 'Label ' || n % 500 end, 'source', 'bench'))
from generate_series(1, 2 * {failed}) n;
create table public.numbered as
select id, substring(normalized_title from 6)::int as n from tracks;
insert into track_artists (track_id, artist_id, role, position)
select t.id, a.id, 'primary', 0 from public.numbered t
join (select id, row_number() over (order by name) as n, count(*) over () as artists from artists) a
    on a.n = (t.n::bigint * t.n) % a.artists + 1
where t.n % 2 = 0;
insert into enrichment_status (track_id, status)
select id, case when n % 2 = 0 then 'completed' else 'failed' end from public.numbered;
insert into performers (name, normalized_name)
select 'DJ No ' || n, 'dj no ' || n from generate_series(1, 300) n;
insert into setlists (performer_id, set_date, source, source_id)
select p.id, timestamptz '2020-01-01' + n * interval '1 hour', 'bench', n::text
from generate_series(1, 2 * {failed} / 10) n
join (select id, row_number() over (order by name) as k from performers) p on p.k = n % 300 + 1;
insert into setlist_tracks (setlist_id, track_id, position)
select s.id, t.id, t.slot
from (select id, source_id::int as n from setlists) s
join (select id, n, (n + round * 7919) % (2 * {failed} / 10) + 1 as in_set,
             row_number() over (partition by (n + round * 7919) % (2 * {failed} / 10) order by hashint4(n)) as slot
      from public.numbered, generate_series(0, 1) as round) t on t.in_set = s.n;
drop table public.numbered;
"""


def resolved(folder: str) -> Callable[[], dict[str, Any]]:
    """One run, nothing written but the proposals."""
    settings = settings_of(folder).model_copy(update={"sources": ()})

    def run() -> dict[str, Any]:
        reports = [time.monotonic()]
        done = resolve(settings, now=NOW, limit=LIMIT, on_progress=lambda *_: reports.append(time.monotonic()))
        reports.append(time.monotonic())
        silent = max(after - before for before, after in pairwise(reports))
        return {"tracks": done.processed, "reports": len(reports) - 2, "silent_s": round(silent, 1)}

    return run


def rows(options: Options) -> Iterator[Row]:
    """A hundred thousand failed tracks, ten thousand of them asked for."""
    failed = options.size(100_000)
    with throw_away_server() as folder:
        as_superuser(folder, _FILL.format(failed=failed))
        as_superuser(folder, "vacuum analyze")
        found = measure("bench.resolve:resolved", {"folder": str(folder)})
        result = found.result
        size = f"{result['tracks']:,} of {failed:,} failed"
        note = f"{found.seconds:.0f} s; {result['reports']} reports of progress, at most {result['silent_s']} s apart"
        yield Row(
            bench="resolve", what="memory of a resolve", against="goal", size=size,
            sense="memory", value=found.peak_gib, goal=GOAL, ours_s=found.seconds, ours_cpu_s=found.cpu_s,
            peak_gib=found.peak_gib, note=note,
        )  # fmt: skip
