"""A plan into Postgres: COPY into temporary tables, then one insert a table. The caller owns the transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import polars as pl
import psycopg

from enrich.database.connection import insert_frame, temporary_table
from enrich.database.layout import writable
from enrich.importing.linking import link_listings
from enrich.importing.planning import Plan
from enrich.ledger.policy import Policy
from enrich.ledger.proposals import close_run, open_run, save
from enrich.ledger.review import REFUSED, accept_by_policy
from enrich.ledger.writing import write_accepted
from enrich.sql import IMPORTING, LEDGER
from enrich.tracklists.slots import MAX_NAME


def write_plan(cur: psycopg.Cursor[Any], plan: Plan, *, policy: Policy, now: datetime) -> dict[str, Any]:
    """Insert what the plan adds; a row another session inserted meanwhile is left as it is.

    Args:
        cur: Cursor of the importing transaction.
        plan: What to add.
        policy: Which names for unknowns are written at once.
        now: `created_at` of new rows.

    Returns:
        The fields of `ImportResult` that say what landed.
    """
    counts = _insert(cur, plan, now=now)
    IMPORTING["proposals_on_record"].execute(cur, proposal_ids=plan.proposals["proposal_id"].to_list())
    new = plan.proposals.filter(~pl.col.proposal_id.is_in([made for (made,) in cur.fetchall()]))
    sure = _sure(cur, new, plan, policy)
    named = plan.named.join(sure, on="track_id", how="semi").select("setlist_id", "file")
    anew = pl.concat([plan.changed.with_columns(is_written=pl.lit(value=True)), named], how="diagonal")
    anew = anew.unique("setlist_id", keep="first", maintain_order=True)
    if anew.height:
        temporary_table(cur, "changed_sets", {"setlist_id": "uuid", "file": "text", "is_written": "bool"}, anew)
        IMPORTING["keep_former_versions"].execute(cur, now=now)
        IMPORTING["clear_changed_sets"].execute(cur)
    insert_frame(cur, "setlist_tracks", plan.slots)
    if plan.keys.height:
        temporary_table(cur, "new_keys", {"track_key": "text", "track_id": "uuid", "is_named": "bool"}, plan.keys)
        IMPORTING["insert_keys"].execute(cur)
    run_id, linked = None, 0
    if plan.plays or anew.height or new.height or any(counts.values()):
        run_id = open_run(cur, "import", now=now)
        save(cur, new, run_id=run_id, seen=plan.seen, now=now)
        IMPORTING["mark_conflicts"].execute(cur, proposal_ids=plan.conflicts, now=now)
        accept_by_policy(cur, sure["proposal_id"].to_list(), policy=policy.name, now=now)
        written = write_accepted(cur, now=now, run_ids=[run_id])
        if anew.height:
            IMPORTING["add_versions"].execute(cur, run_id=run_id, now=now)
        linked = link_listings(cur, plan, run_id=run_id, now=now)
        differing = dict(plan.changes.group_by("relation").len().iter_rows())
        said = {**counts, "plays": plan.plays, "linked": linked, "writeback": written.run_id, **differing}
        close_run(cur, run_id, now=now, summary=said)
    return {
        **{name: counts[name] for name in ("artists", "performers", "tracks")},
        "sets": counts["setlists"],
        "sets_linked": linked,
        "plays": plan.plays,
        "run_id": run_id,
        "identities_accepted": sure.height,
        "identities_waiting": plan.proposals.height - sure.height,
        "labels_filled": _fill(cur, plan, now=now),
    }


def _insert(cur: psycopg.Cursor[Any], plan: Plan, *, now: datetime) -> dict[str, int]:
    times = dict.fromkeys(("created_at", "updated_at"), pl.lit(now))
    counts = {
        table: insert_frame(cur, table, rows.with_columns(**times))
        for table, rows in (
            ("artists", plan.artists),
            ("performers", plan.performers),
            ("setlists", plan.setlists.with_columns(is_complete=pl.lit(value=False))),
            ("tracks", plan.tracks.drop("status").with_columns(pl.col.label.str.head(MAX_NAME))),
        )
    }
    statuses = plan.tracks.select(track_id="id", status="status", retry_count=pl.lit(0), **times)
    insert_frame(cur, "track_artists", plan.track_artists)
    insert_frame(cur, "enrichment_status", statuses)
    if plan.links.height and "artist_id" in writable(cur, "performers"):
        temporary_table(cur, "links", {"id": "uuid", "artist_id": "uuid"}, plan.links)
        IMPORTING["link_performers"].execute(cur)
    return counts


def _sure(cur: psycopg.Cursor[Any], new: pl.DataFrame, plan: Plan, policy: Policy) -> pl.DataFrame:
    """Of new proposals those that are written at once: the only name of their track, and of a ground that the policy
    accepts for itself, so that nothing doubtful goes with what is sure."""
    if new.is_empty():
        return new
    policy = replace(policy, refused=LEDGER["refused_by_person"].fetch(cur, REFUSED))
    once = new.filter(pl.col.value.n_unique().over("track_id") == 1, ~pl.col.proposal_id.is_in(plan.conflicts))
    by_ground = once.group_by(pl.col.evidence.str.json_path_match("$.bucket"), maintain_order=True)
    return pl.concat([once.clear(), *(group.filter(policy.accepts(group)) for _, group in by_ground)])


def _fill(cur: psycopg.Cursor[Any], plan: Plan, *, now: datetime) -> int:
    if plan.fills.is_empty():
        return 0
    temporary_table(cur, "fills", {"id": "uuid", "value": "text"}, plan.fills.rename({"label": "value"}))
    IMPORTING["fill_labels"].execute(cur)
    filled = [row[0] for row in cur.fetchall()]
    if "label" in writable(cur, "tracks"):
        IMPORTING["fill_label_column"].execute(cur, track_ids=filled)
    IMPORTING["complete_filled"].execute(cur, now=now, track_ids=filled)
    return len(filled)
