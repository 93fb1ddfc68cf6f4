"""What must hold after any fault, asked in SQL: no row lost, nothing written twice, ledger and tables agree.

`remember` copies the music tables into the schema `faults_before`; `check` compares. Each query of INVARIANTS returns
the rows that break it. Rows a person edited on purpose are named in `faults_before.edited`.
"""

from __future__ import annotations

from dataclasses import dataclass

from enrich.database.connection import connect
from enrich.settings import Settings

TABLES = {
    "artists": "id", "tracks": "id", "track_artists": "track_id, artist_id, role", "albums": "id",
    "performers": "id", "setlists": "id", "setlist_tracks": "setlist_id, position", "playlists": "id",
    "playlist_tracks": "playlist_id, track_id", "enrichment_status": "track_id",
    "enrich_proposals": "proposal_id", "enrich_decisions": "decision_id", "enrich_writes": "write_id",
    "enrich_runs": "run_id",
}  # fmt: skip

#: Rows of these that were there before must be there now; a link may go if the ledger says who took it away.
LOST = {
    f"lost {table}": f"""
        select {key} from faults_before.{table} as old
        where ({key}) not in (select {key} from {table})
        {
        '''and not exists (
            select from enrich_writes
            where target = 'track_artists' and new_value is null and undone_at is null
                and row_key = old.track_id || '/' || old.artist_id || '/' || old.role
        )'''
        if table == "track_artists"
        else ""
    }
    """
    for table, key in TABLES.items()
}

_STANDING = """
    select distinct on (target, row_key) * from enrich_writes
    where undone_at is null order by target, row_key, write_id desc
"""

INVARIANTS = {
    **LOST,
    "lost keys of metadata": """
        select old.id, key from faults_before.tracks as old
        join tracks as now using (id),
        jsonb_object_keys(case when jsonb_typeof(old.metadata) = 'object' then old.metadata else '{}' end) as key
        where not coalesce(now.metadata ? key, false)
            or key <> 'original_data' and now.metadata -> key is distinct from old.metadata -> key
    """,
    "titles changed": """
        select now.id from faults_before.tracks as old join tracks as now using (id)
        where now.title <> old.title and now.id not in (select track_id from faults_before.edited)
    """,
    "artists doubled": "select lower(name) from artists group by 1 having count(*) > 1",
    "statuses doubled": "select track_id from enrichment_status group by 1 having count(*) > 1",
    "writes doubled": """
        select target, row_key from enrich_writes
        where undone_at is null group by target, row_key, new_value is null having count(*) > 1
    """,
    "artists of two proposals on one track": """
        select track_id from enrich_writes
        where target = 'track_artists' and new_value is not null and undone_at is null
        group by track_id having count(distinct proposal_id) > 1
    """,
    "labels nobody recorded": """
        select now.id from tracks as now join faults_before.tracks as old using (id)
        where now.metadata -> 'original_data' ->> 'label' is distinct from old.metadata -> 'original_data' ->> 'label'
            and now.id not in (select track_id from faults_before.edited)
            and not exists (
                select from enrich_writes
                where target = 'tracks.metadata' and track_id = now.id and undone_at is null
                    and new_value -> 'original_data' ->> 'label' = now.metadata -> 'original_data' ->> 'label'
            )
    """,
    "links nobody recorded": """
        select track_id, artist_id, role from track_artists
        where track_id in (select id from faults_before.tracks)
            and track_id not in (select track_id from faults_before.edited)
            and (track_id, artist_id, role) not in (select track_id, artist_id, role from faults_before.track_artists)
            and not exists (
                select from enrich_writes as ledger
                where ledger.target = 'track_artists' and ledger.new_value is not null and ledger.undone_at is null
                    and ledger.row_key = track_artists.track_id || '/' || artist_id || '/' || role
            )
    """,
    "completions nobody recorded": """
        select now.track_id from enrichment_status as now join faults_before.enrichment_status as old using (track_id)
        where now.status = 'completed' and old.status <> 'completed'
            and now.track_id not in (select track_id from faults_before.edited)
            and not exists (
                select from enrich_writes
                where target = 'enrichment_status.status' and track_id = now.track_id and undone_at is null
            )
    """,
    "records the tables do not bear out": f"""
        select standing.target, standing.row_key from ({_STANDING}) as standing
        left join tracks as track on standing.target = 'tracks.metadata' and track.id = standing.track_id
        left join artists as artist on standing.target = 'artists' and artist.id::text = standing.row_key
        left join enrichment_status as status
            on standing.target = 'enrichment_status.status' and status.track_id = standing.track_id
        where standing.track_id not in (select track_id from faults_before.edited) and case standing.target
            when 'tracks.metadata' then track.metadata -> 'original_data' ->> 'label'
                is distinct from standing.new_value -> 'original_data' ->> 'label'
            when 'artists' then artist.id is null
            when 'enrichment_status.status' then status.status is distinct from standing.new_value ->> 'status'
            when 'track_artists' then (standing.new_value is not null) is distinct from exists (
                select from track_artists as credit
                where credit.track_id || '/' || credit.artist_id || '/' || credit.role = standing.row_key
            )
        end
    """,
    "proposals written without a write": """
        select proposal_id from enrich_proposals where status = 'written' and proposal_id not in (
            select proposal_id from enrich_writes where proposal_id is not null and undone_at is null
        )
    """,
    "writes of proposals that are not written": """
        select write_id from enrich_writes join enrich_proposals as proposal using (proposal_id)
        where undone_at is null and proposal.status <> 'written'
            and enrich_writes.track_id not in (select track_id from faults_before.edited)
    """,
    "decided without a decision": """
        select proposal_id from enrich_proposals where status in ('accepted', 'rejected', 'written')
            and proposal_id not in (select proposal_id from enrich_decisions)
    """,
    "runs without an end": "select run_id from enrich_runs where finished_at is null and command <> 'plant'",
    "queued without a time": """
        select track_id from enrichment_status
        where status = 'pending_re_enrichment' and (retry_after is null or cooldown_strategy is null)
    """,
    "due times outside the queue": """
        select track_id from enrichment_status where status in ('completed', 'pending') and retry_after is not null
    """,
    "retries given back": """
        select track_id from enrichment_status as now join faults_before.enrichment_status as old using (track_id)
        where coalesce(now.retry_count, 0) < coalesce(old.retry_count, 0)
    """,
}

#: The music tables by their meaning: ids and clocks left out, so that two databases can be compared.
STATE = {
    "labels": "select title, metadata::text from tracks order by 1, 2",
    "artists": "select normalized_name, name from artists order by 1, 2",
    "links": """
        select title, normalized_name, role, position from track_artists
        join artists on artists.id = artist_id join tracks on tracks.id = track_id order by 1, 2, 3
    """,
    "statuses": """
        select title, status, coalesce(retry_count, 0), retry_after::text, cooldown_strategy, cooldown_reason
        from enrichment_status join tracks on tracks.id = track_id order by 1, 2
    """,
    "plays": """
        select source, source_id, position, title, is_id from setlist_tracks
        join setlists on setlists.id = setlist_id left join tracks on tracks.id = track_id order by 1, 2, 3
    """,
    "proposals": "select kind, value, tier, source, status, title from enrich_proposals"
    " join tracks on tracks.id = track_id order by 1, 2, 3, 4, 5, 6",
}


@dataclass(frozen=True)
class Broken(AssertionError):
    """An invariant does not hold."""

    name: str
    rows: list[tuple]

    def __str__(self) -> str:
        return f"{self.name}: {len(self.rows)} rows, such as {self.rows[0]}"


def remember(settings: Settings) -> None:
    """Copy the tables as they are now."""
    with connect(settings) as con:
        con.execute("drop schema if exists faults_before cascade")
        con.execute("create schema faults_before")
        for table in TABLES:
            con.execute(f"create table faults_before.{table} as table {table}")
        con.execute("create table faults_before.edited (track_id uuid)")


def edited(settings: Settings, *track_ids: str) -> None:
    """Say that a person changed these tracks on purpose."""
    with connect(settings) as con:
        con.cursor().executemany("insert into faults_before.edited values (%s)", [(t,) for t in track_ids])


def broken(settings: Settings) -> list[Broken]:
    """Every invariant that does not hold now."""
    found = []
    with connect(settings) as con:
        for name, query in INVARIANTS.items():
            rows = con.execute(query).fetchall()
            if rows:
                found.append(Broken(name, rows))
    return found


def state(settings: Settings) -> dict[str, list[tuple]]:
    """The music tables and proposals, comparable between two databases."""
    with connect(settings) as con:
        return {name: con.execute(query).fetchall() for name, query in STATE.items()}
