"""The report's figures, computed from what was read; every one is a count of rows in Postgres.

Pure. `figures` returns plain values, ready for JSON.

Words: the *start* is the database with every write that stands undone. *Unresolved* is failed or in the cool-down
queue. *Recovered* was unresolved at the start and is now completed with a primary artist who has a name.
*Permanently failed* is failed with no retries left.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from typing import Any

import duckdb
import polars as pl

from enrich.frames.schemas import KINDS
from enrich.measuring.judging import TRUTH, judge
from enrich.reporting.counts import Counts
from enrich.reporting.precision import Precision
from enrich.reporting.projections import percent, projected_and_counted
from enrich.rules import LABEL_FLOOR, MAX_ATTEMPTS
from enrich.sql import DUCKDB, in_memory
from enrich.text.words import is_unknown_artist

REVIEW_ROWS = 10
_REVIEW, _PARK = "proposals --status proposed --csv review.csv", "cooldown migrate --limit 500"
BANDS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 1.0)


def figures(counts: Counts, *, now: datetime) -> dict[str, Any]:
    """Everything the page shows, as plain values."""
    with _tables(counts) as con:

        def rows(name: str, **values: object) -> list[dict[str, Any]]:
            found = DUCKDB[f"report_{name}"].frame(con, **values)
            return found.with_columns(pl.col("^(.*_)?precision$").round(4), pl.col("^mean_.*$").round(3)).to_dicts()

        headline = _headline(rows("headline", max_attempts=MAX_ATTEMPTS)[0])
        right = {row.pop("figure"): Precision(**row) for row in rows("right", label_floor=LABEL_FLOOR)}
        counted = {
            row.pop("figure"): (row["actual"], row["whole"]) for row in rows("projected", label_floor=LABEL_FLOOR)
        }
        waiting = rows("waiting", max_attempts=MAX_ATTEMPTS)[0]
        return {
            "generated_at": now.isoformat(timespec="seconds"),
            "database": counts.database,
            "is_demo_world": counts.truth is not None,
            "headline": headline
            | {f"{of}_precision": right.get(of, Precision()).asdict() for of in ("recovered", "labels", "artists")},
            "label_coverage": {
                "specification_query": counts.coverage,
                **{row.pop("group"): row | _shares(row) for row in rows("coverage")},
            },
            "projections": projected_and_counted(headline, counted, right, has_run=not counts.runs.is_empty()),
            "by_source": rows("by_source"),
            "confidence_bands": rows("bands"),
            "proposal_status": rows("proposal_status"),
            "tiers": rows("tiers"),
            "funnel": [row | {"pct": percent(row["tracks"], row["of"])} for row in rows("funnel")],
            "success_trend": counts.trend.with_columns(pl.col("success_rate").round(2)).to_dicts(),
            "queue": {**counts.queue, "by_week": counts.queue_weeks.to_dicts()},
            "unknown_slots": counts.slots | rows("unknowns")[0],
            "statuses": rows("statuses"),
            "runs": counts.runs.drop("summary").to_dicts(),
            "unavailable_sources": _unavailable(counts.runs),
            "next_steps": _next_steps(counts, waiting, headline),
            "review_first": rows("review_first", limit_rows=REVIEW_ROWS),
        }


@contextmanager
def _tables(counts: Counts) -> Iterator[duckdb.DuckDBPyConnection]:
    """What `sql/duckdb/report.sql` counts: the frames read, and proposals and written values with `is_right`.

    Without a planted truth that is null everywhere.
    """
    named = ~is_unknown_artist(pl.element())
    states = counts.states.with_columns(
        has_artist=pl.col("primary_artists").list.eval(named).list.any().fill_null(value=False)
    )
    edges = [(f"{low:.2f}–{high:.2f}", low, high) for low, high in pairwise(BANDS)]
    tables = {
        "states": states,
        "proposals": counts.proposals,
        "kinds": pl.DataFrame({"kind": KINDS}).with_row_index("place"),
        "bands": pl.DataFrame(edges, schema=["band", "low", "high"], orient="row"),
    }
    truth = TRUTH.to_frame() if counts.truth is None else counts.truth
    with in_memory(**tables) as con:
        DUCKDB["report_tracks"].run(con, max_attempts=MAX_ATTEMPTS)
        for name in ("written", "offered"):
            judged = judge(DUCKDB[f"report_{name}"].frame(con), truth, aliases=counts.aliases)
            con.register(name, judged.to_arrow())
        yield con


def _headline(counted: dict[str, Any]) -> dict[str, Any]:
    rates = {
        f"success_rate_{when}_pct": percent(counted[f"completed_{when}"], counted["tracks"])
        for when in ("before", "after")
    }
    return counted | rates | {"completed_by_writing": counted["completed_after"] - counted["completed_before"]}


def _shares(row: Mapping[str, Any]) -> dict[str, float]:
    return {f"{name}_pct": percent(row[name], row["tracks"]) for name in ("before", "after")}


def _unavailable(runs: pl.DataFrame) -> dict[str, str]:
    """Source → why it could not answer, from the latest run that asked."""
    reasons: dict[str, str] = {}
    for summary in runs["summary"]:
        reasons |= json.loads(summary or "{}").get("unavailable") or {}
    return reasons


def _next_steps(counts: Counts, waiting: Mapping[str, int], headline: Mapping[str, Any]) -> list[dict[str, str]]:
    """What an analyst would do now, most useful first: a sentence and its command."""
    some: list[tuple[Any, str, str]] = [
        (waiting["accepted"], "{:,} accepted proposals are not written yet.", "writeback --apply"),
        (waiting["proposed"], "{:,} proposals wait for a person, the surest first.", _REVIEW),
        (waiting["conflict"], "{:,} proposals met values changed since the snapshot.", "proposals --status conflict"),
        (
            waiting["retriable"],
            "{:,} tracks failed for a reason that passes; the cycle retries them first.",
            "trigger --limit 1000",
        ),
        (headline["pending_after"], "{:,} tracks are pending.", "trigger --limit 1000"),
        (counts.queue["ready_for_retry"], "{:,} tracks have ended their cool-down.", "cooldown process --limit 500"),
        (waiting["unparked"], "{:,} failed tracks have retries left and no date for one.", _PARK),
    ]
    steps = [(words.format(int(n)), f"enrich {command}") for n, words, command in some if n]
    if counts.states.is_empty():
        text = "The database holds no tracks with an enrichment status."
        steps.insert(0, (text, "enrich import FILE… or enrich demo"))
    elif counts.runs.is_empty():
        steps.insert(0, ("No tier has run yet: nothing is proposed.", "enrich resolve --limit 1000"))
    for source, why in sorted(_unavailable(counts.runs).items()):
        steps.append((f"{source} could not answer: {why}.", "enrich hunt-labels --limit 500"))
    return [{"text": text, "command": command} for text, command in steps]
