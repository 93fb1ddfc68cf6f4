"""Confidence stated and share right, source by source: `python -m bench.calibration [FILE.duckdb]`.

Of a snapshot: what it measures of itself with one half of its known tracks is set beside how often the rules are right
on the other half, hidden as well, and what the policy would write of these. The same code as everywhere, nothing is
fitted to the data. The answers' own tracks are known, so chance among blanks, which lowers what `why()` states, is left
out of both sides. The shipped learned ranker is not asked: it may have been trained on these very sets.

Without a file: the demo world after its main job, by its planted truth, and its recoveries beside the projection.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

import enrich
from enrich.analyst.snapshot import AnalystSnapshot
from enrich.ledger.policy import Policy
from enrich.measuring.judging import interval
from enrich.measuring.replay import ask, counts, drawn_together, hidden_answers, with_truth, without_artists
from enrich.measuring.scale import DECIDED, Scale
from enrich.snapshots.opening import open_snapshot
from enrich.tiers.context import context_artists
from enrich.tiers.workspace import Workspace

#: Recordings hidden for the formula of context, which few of them satisfy.
CONTEXTS = 1_500


def of_snapshot(ws: Workspace) -> pl.DataFrame:
    """`calibration` of hidden tracks of a snapshot."""
    told, other = hidden_answers(ws, seed=0), hidden_answers(ws, seed=1)
    asked = other.join(told, on=["kind", "source", "track_id"], how="anti")
    scale = Scale(measured=drawn_together(counts(told)), decided=DECIDED.to_frame())
    found = scale(pl.concat([asked, _contexts(ws)]))
    accepted = Policy(name="default", fixed={}).accepts(found)
    return calibration(found.with_columns(is_written=accepted))


def _contexts(ws: Workspace) -> pl.DataFrame:
    """What the formula says of played recordings whose artist is hidden."""
    played = ws.tracklists.select(track_id="track_key")
    known = ws.tracks.filter("is_known_artist").join(played, on="track_id", how="semi")["track_id"].sort()
    some = known.sample(min(CONTEXTS, len(known) // 4), shuffle=True, seed=1)
    return with_truth(ws, ask(without_artists(ws, some), (context_artists,), some))


def of_demo(snap: AnalystSnapshot) -> pl.DataFrame:
    """`calibration` of the proposals on record, by the truth planted."""
    return calibration(snap.judged_proposals().with_columns(is_written=pl.col("status") == "written"))


def calibration(found: pl.DataFrame) -> pl.DataFrame:
    """kind, source, n, expected and observed (0–1), low and high: the interval of what was observed, at 95 %; whether
    what is expected lies within it or at most 0.03 beside what was observed; written, and how many of them are right.

    Args:
        found: kind, source, confidence, is_right, is_written.
    """
    rows = (
        found.drop_nulls(["confidence", "is_right"])
        .group_by("kind", "source")
        .agg(
            n=pl.len(),
            expected=pl.col("confidence").mean(),
            observed=pl.col("is_right").mean(),
            written=pl.col("is_written").sum(),
            right=(pl.col("is_written") & pl.col("is_right")).sum(),
        )
        .sort("kind", "source")
    )
    low, high = interval(rows["observed"], rows["n"])
    is_near = (pl.col("expected") - pl.col("observed")).abs() <= 0.03
    return rows.with_columns(low=pl.Series(low), high=pl.Series(high)).with_columns(
        is_within=is_near | pl.col("expected").is_between("low", "high")
    )


def written(rows: pl.DataFrame) -> pl.DataFrame:
    """Of `calibration`: what (artists, those of identities among them; labels), written, right."""
    what = pl.when(pl.col("kind") == "label").then(pl.lit("labels")).otherwise(pl.lit("artists"))
    return rows.group_by(what=what).agg(pl.col("written", "right").sum()).sort("what")


def printed(rows: pl.DataFrame) -> None:
    """The table in Markdown, and under it the precision of what is written."""
    print("| kind | source | n | expected | observed | interval | within | written | right |\n" + "|---" * 9 + "|")
    for row in rows.iter_rows(named=True):
        told = "| {kind} | {source} | {n:,} | {expected:.3f} | {observed:.3f} | {low:.3f}–{high:.3f} |".format(**row)
        print(told, "yes" if row["is_within"] else "no", "| {written:,} | {right:,} |".format(**row))
    for what, n, right in written(rows).iter_rows():
        print(f"{what}: {right:,} of {n:,} written are right" + (f" ({right / n:.3f})" if n else ""))


def recoveries(snap: AnalystSnapshot, before: AnalystSnapshot) -> list[str]:
    """What was recovered of the tracks that had failed, beside what was projected; and why the others are not."""
    figures = enrich.report(snap.settings, now=snap.manifest.taken_at).figures
    row = next(row for row in figures["projections"]["rows"] if row["key"] == "tiers_recovered")
    unnamed = snap.workspace.tracks.filter(~pl.col("is_known_artist")).select("track_id")
    rest = before.failed().select("track_id").join(unnamed, on="track_id", how="semi")
    waiting = snap.judged_proposals("proposed").filter(pl.col("kind") != "label").group_by("track_id")
    found = rest.join(waiting.agg(pl.col("is_right").any()), on="track_id", how="left")["is_right"]
    return [
        f"recovered: {row['actual']:,} of {row['of']:,}, projected {row['low']:g}–{row['high']:g}; "
        f"without a name: {rest.height:,}",
        f"  {found.sum():,} wait for a person, the right name among those proposed",
        f"  {(~found).sum():,} have wrong names proposed alone, which the policy rightly left",
        f"  {found.null_count():,} are named by nothing that was asked",
    ]


def main() -> None:
    """Print the table of a snapshot, or of the demo world with its recoveries."""
    if len(sys.argv) > 1:
        with open_snapshot(Path(sys.argv[1])) as opened:
            printed(of_snapshot(Workspace.of(opened)))
        return
    with enrich.open_snapshot(demo="after") as snap, enrich.open_snapshot(demo="before") as before:
        printed(of_demo(snap))
        print("\n".join(recoveries(snap, before)))


if __name__ == "__main__":
    main()
