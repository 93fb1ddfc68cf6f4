"""How often an outside source names the right artist for a title whose artist is hidden.

    python -m bench.artists ../shared/data/labels.parquet

The same split, catalogue and spellings as `bench.labels`; half of the tracks hunted are not in the catalogue. Prints,
by rule, how many were named and the share right, on the part that figures are read from and on the part left out.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import polars as pl

from bench.label_facts import Trial, load, trial
from bench.labels import book_of
from enrich.matching.recordings import query_recordings
from enrich.text.credits import split_credits
from enrich.text.normalise import artist_key
from enrich.tiers.external import name_artists

SEED = 11


def measure(run: Trial, *, with_label: bool) -> pl.DataFrame:
    """One row per query named: rule, score, right, is_held."""
    hidden = [replace(h.query, artist=None) for h in run.hunted]
    hits = run.search(hidden)
    labels = [h.labels[0] if with_label else None for h in run.hunted]
    named = name_artists(query_recordings(hidden), hits, labels=labels, book=book_of(run))
    # Right is whoever any source credits for the recording, whatever slips the query was written with.
    credits = run.facts.select("recording", "artist").unique(maintain_order=True)
    by_recording = _keys(credits["artist"]).join(credits.with_row_index("row").drop("artist"), on="row")
    recordings = pl.DataFrame(
        {"query": pl.Series(range(len(run.hunted)), dtype=pl.UInt32), "recording": [h.recording for h in run.hunted]}
    )
    truth = recordings.join(by_recording.select("recording", "key").unique(), on="recording").select("query", "key")
    said = (
        _keys(named["artists"].list.join("; "))
        .join(named.select("query").with_row_index("row"), on="row")
        .join(truth.with_columns(right=True), on=["query", "key"], how="left")
        .group_by("query")
        .agg(right=pl.col("right").fill_null(value=False).any())
    )
    held = pl.DataFrame(
        {"query": pl.Series(range(len(run.hunted)), dtype=pl.UInt32), "is_held": [h.is_held for h in run.hunted]}
    )
    return named.join(said, on="query").join(held, on="query")


def _keys(credits: pl.Series) -> pl.DataFrame:
    """row, key: the artists each credit names."""
    return split_credits(credits).select("row", key=artist_key(pl.col("artist")))


def main() -> None:
    """Print the table."""
    facts = load(Path(sys.argv[1]))
    for part in ("calibrate", "test"):
        run = trial(facts, queries=3000, seed=SEED, part=part)
        held = sum(h.is_held for h in run.hunted)
        frame = pl.concat(
            [measure(run, with_label=flag).with_columns(pl.lit(flag).alias("label_known")) for flag in (True, False)]
        )
        print(part, "held", held, "of", len(run.hunted))
        print(
            frame.with_columns(band=(pl.col("score") * 20).floor() / 20)
            .group_by("rule", "band")
            .agg(n=pl.len(), right=pl.col("right").mean(), held=pl.col("is_held").sum())
            .sort("rule", "band")
        )
        print(frame.group_by("rule").agg(n=pl.len(), right=pl.col("right").mean()).sort("rule"))


if __name__ == "__main__":
    main()
