"""A plan into Postgres: one COPY a table (`insert_frame`). The caller owns the transaction.

Sets it brings or changes are set beside those of their night: what is one set, listed twice, is linked.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

import polars as pl
import psycopg

from enrich.database.connection import insert_frame, temporary_table
from enrich.database.layout import writable
from enrich.frames.schemas import TRACKLISTS
from enrich.identity.listings import SAME_NIGHT, pair_listings, played, worth_aligning
from enrich.importing.planning import Plan
from enrich.ledger.policy import Policy
from enrich.ledger.proposals import close_run, open_run, save
from enrich.ledger.review import REFUSED, accept_by_policy
from enrich.ledger.writing import write_accepted
from enrich.sql import IMPORTING, LEDGER
from enrich.tracklists.slots import MAX_NAME

_PLAYS = pl.Schema({"setlist_id": pl.String(), "day": pl.Date(), "track_id": pl.String()})


def write_plan(cur: psycopg.Cursor[Any], plan: Plan, *, policy: Policy, now: datetime) -> dict[str, Any]:
    """Insert what the plan adds, in the transaction of `cur`; a row that is there meanwhile is left as it is.

    `policy`: which names for unknowns are written at once; `now`: UTC, `created_at` of new rows. Returns the fields of
    `ImportResult` that say what landed.
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
        linked = _link_listings(cur, plan, run_id=run_id, now=now)
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


def _link_listings(cur: psycopg.Cursor[Any], plan: Plan, *, run_id: str, now: datetime) -> int:
    """Link the sets of the plan, which are written, to those they are listed as besides; how many links are new."""
    own = plan.slots.join(plan.days.drop_nulls(), on="setlist_id").select(_PLAYS.names()).drop_nulls()
    if own.is_empty():
        return 0
    nights = _of_nights(own.select("day").unique())["night"].unique().to_list()
    there = IMPORTING["plays_of_nights"].fetch(cur, _PLAYS, nights=nights, but=own["setlist_id"].unique().to_list())
    near = _sharing(own, pl.concat([own, there]))
    if near.is_empty():
        return 0
    ids = pl.concat([near["one"], near["other"]]).unique().to_list()
    listed = IMPORTING["listings"].fetch(cur, TRACKLISTS, setlist_ids=ids)
    found, _ = pair_listings(listed, played(listed))
    links = found.filter(verdict="one").select("set_id", "other_id", "in_order", "share")
    if links.is_empty():
        return 0
    kinds = {"setlist_id": "uuid", "other_id": "uuid", "in_order": "int", "share": "double precision"}
    temporary_table(cur, "new_links", kinds, links.rename({"set_id": "setlist_id"}))
    return IMPORTING["insert_links"].execute(cur, run_id=run_id, now=now)


def _of_nights(plays: pl.DataFrame) -> pl.DataFrame:
    """`plays` once for each day that may be the same night's, as `night`."""
    days = [pl.col("day").dt.offset_by(f"{n}d") for n in range(-SAME_NIGHT, SAME_NIGHT + 1)]
    return plays.with_columns(night=pl.concat_list(days)).explode("night")


def _sharing(own: pl.DataFrame, every: pl.DataFrame) -> pl.DataFrame:
    """one, other: sets of a night with enough tracks in common to be worth aligning, one of them the plan's."""
    every = every.unique()
    size = every.group_by("setlist_id").len("tracks")
    return (
        _of_nights(own.unique())
        .join(every, left_on=["night", "track_id"], right_on=["day", "track_id"])
        .filter(pl.col("setlist_id") != pl.col("setlist_id_right"))
        .group_by(one="setlist_id", other="setlist_id_right")
        .len("shared")
        .join(size, left_on="one", right_on="setlist_id")
        .join(size, left_on="other", right_on="setlist_id")
        .filter(worth_aligning("tracks"))
    )
