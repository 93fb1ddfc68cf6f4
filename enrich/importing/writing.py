"""A plan into Postgres: COPY into temporary tables, then one insert a table. The caller owns the transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import polars as pl
import psycopg

from enrich.database.bulk import temporary_table
from enrich.importing.linking import link_listings
from enrich.importing.planning import Plan
from enrich.ledger.policy import Policy
from enrich.ledger.proposals import close_run, open_run, save
from enrich.ledger.review import REFUSED, accept_by_policy
from enrich.ledger.writing import write_accepted
from enrich.sql import IMPORTING, LEDGER

_ARTISTS = {"id": "uuid", "name": "text", "normalized_name": "text", "metadata": "jsonb"}
_PERFORMERS = {**_ARTISTS, "artist_id": "uuid"}
_SETLISTS = {
    "id": "uuid", "performer_id": "uuid", "set_date": "date", "source": "text", "source_url": "text",
    "source_id": "text", "metadata": "jsonb",
}  # fmt: skip
_TRACKS = {
    "id": "uuid", "title": "text", "normalized_title": "text", "isrc": "text", "duration_ms": "int", "genre": "text",
    "mashup_components": "jsonb", "is_remix": "bool", "is_mashup": "bool", "metadata": "jsonb", "status": "text",
    "label": "text",
}  # fmt: skip
_TRACK_ARTISTS = {"track_id": "uuid", "artist_id": "uuid", "role": "text", "position": "int"}
_KEYS = {"track_key": "text", "track_id": "uuid", "is_named": "bool"}
_SLOTS = {
    "setlist_id": "uuid", "track_id": "uuid", "position": "int", "is_id": "bool", "id_text": "text", "notes": "text",
}  # fmt: skip


def write_plan(
    cur: psycopg.Cursor[Any], plan: Plan, *, policy: Policy, now: datetime, has_label_column: bool
) -> dict[str, Any]:
    """Insert what the plan adds; a row another session inserted meanwhile is left as it is.

    Args:
        cur: Cursor of the importing transaction.
        plan: What to add.
        policy: Which names for unknowns are written at once.
        now: `created_at` of new rows.
        has_label_column: Whether tracks has a column `label` of its own.

    Returns:
        The fields of `ImportResult` that say what landed.
    """
    at: dict[str, object] = {"now": now}
    counts = {
        table: _insert(cur, table, columns, rows, at)
        for table, columns, rows in (
            ("artists", _ARTISTS, plan.artists),
            ("performers", _PERFORMERS, plan.performers),
            ("setlists", _SETLISTS, plan.setlists),
            ("tracks", _TRACKS, plan.tracks),
        )
    }
    _insert_credits(cur, plan, has_label_column=has_label_column, at=at)
    new = _not_on_record(cur, plan)
    sure = _sure(cur, new, plan, policy)
    named = plan.named.join(sure, on="track_id", how="semi").select("setlist_id", "file")
    anew = pl.concat([plan.changed.with_columns(is_written=pl.lit(value=True)), named], how="diagonal")
    anew = anew.unique("setlist_id", keep="first", maintain_order=True)
    if anew.height:
        temporary_table(cur, "changed_sets", {"setlist_id": "uuid", "file": "text", "is_written": "bool"}, anew)
        IMPORTING["keep_former_versions"].execute(cur, **at)
        IMPORTING["clear_changed_sets"].execute(cur)
    _insert(cur, "slots", _SLOTS, plan.slots, {})
    _insert(cur, "keys", _KEYS, plan.keys, {})
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
        "labels_filled": _fill(cur, plan, now=now, has_label_column=has_label_column),
    }


def _insert_credits(cur: psycopg.Cursor[Any], plan: Plan, *, has_label_column: bool, at: dict[str, object]) -> None:
    if plan.tracks.height:
        if has_label_column:
            labelled = plan.tracks.filter(pl.col.label.is_not_null())["id"].to_list()
            IMPORTING["fill_label_column"].execute(cur, track_ids=labelled)
        _insert(cur, "track_artists", _TRACK_ARTISTS, plan.track_artists, {})
        IMPORTING["insert_statuses"].execute(cur, **at)
    if plan.links.height:
        temporary_table(cur, "links", {"id": "uuid", "artist_id": "uuid"}, plan.links)
        IMPORTING["link_performers"].execute(cur)


def _not_on_record(cur: psycopg.Cursor[Any], plan: Plan) -> pl.DataFrame:
    IMPORTING["proposals_on_record"].execute(cur, proposal_ids=plan.proposals["proposal_id"].to_list())
    made = [row[0] for row in cur.fetchall()]
    return plan.proposals.filter(~pl.col.proposal_id.is_in(made))


def _sure(cur: psycopg.Cursor[Any], new: pl.DataFrame, plan: Plan, policy: Policy) -> pl.DataFrame:
    """Of new proposals those that are written at once: the only name of their track, and of a ground that the policy
    accepts for itself, so that nothing doubtful goes with what is sure."""
    if new.is_empty():
        return new
    policy = replace(policy, refused=LEDGER["refused_by_person"].fetch(cur, REFUSED))
    once = new.filter(pl.col.value.n_unique().over("track_id") == 1, ~pl.col.proposal_id.is_in(plan.conflicts))
    by_ground = once.group_by(pl.col.evidence.str.json_path_match("$.bucket"), maintain_order=True)
    return pl.concat([once.clear(), *(group.filter(policy.accepts(group)) for _, group in by_ground)])


def _insert(
    cur: psycopg.Cursor[Any], table: str, columns: Mapping[str, str], rows: pl.DataFrame, params: dict[str, object]
) -> int:
    if rows.is_empty():
        return 0
    temporary_table(cur, f"new_{table}", columns, rows)
    return IMPORTING[f"insert_{table}"].execute(cur, **params)


def _fill(cur: psycopg.Cursor[Any], plan: Plan, *, now: datetime, has_label_column: bool) -> int:
    if plan.fills.is_empty():
        return 0
    temporary_table(cur, "fills", {"id": "uuid", "value": "text"}, plan.fills.rename({"label": "value"}))
    IMPORTING["fill_labels"].execute(cur)
    filled = [row[0] for row in cur.fetchall()]
    if has_label_column:
        IMPORTING["fill_label_column"].execute(cur, track_ids=filled)
    IMPORTING["complete_filled"].execute(cur, now=now, track_ids=filled)
    return len(filled)
