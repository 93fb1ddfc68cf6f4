"""Counts that `enrich.measuring` ships: how often each rule was right where it was measured with many cases.

    python -m bench.measures ../shared/data SNAPSHOT

Written into `enrich/measuring/shipped.json`: the database's own rules by masked replay of SNAPSHOT (one made by
`enrich run --tracklists` of the real tracklists), labels in titles as written, artists and labels at outside sources on
held-out label facts, recordings named later by trees that saw nothing of their fold (`bench.identity`). One half of the
labels counts as known to the database when titles are read, the other not.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl

from bench.artists import measure as artists_at_sources
from bench.identity import held_out, read, replay
from bench.label_facts import load, trial
from bench.labels import SEED, book_of, ours
from enrich.cooccurrence.learned import load_ranker
from enrich.identity.measured import grounds
from enrich.matching.choice import MEASURED_RULES, choose_all
from enrich.measuring.replay import hidden_answers
from enrich.snapshots.opening import open_snapshot
from enrich.text.normalise import label_key
from enrich.text.titles import parse_titles
from enrich.tiers.identities import KEPT, WORTH
from enrich.tiers.labels import bracket_bucket
from enrich.tiers.proposing import band_of
from enrich.tiers.workspace import Workspace

STORED = Path(__file__).resolve().parent.parent / "enrich" / "measuring" / "shipped.json"


def labels_in_titles(path: Path) -> pl.DataFrame:
    """bucket, is_right of each title that names a label, with either half of the labels known."""
    titles = pl.read_parquet(path).unique(["artist", "title"], maintain_order=True)
    titles = titles.with_columns(key=label_key(pl.col("label")))
    found = []
    for half in (0, 1):
        known = titles.filter(pl.col("key").hash(SEED) % 2 == half).select("label", said="key").unique("said")
        parsed = parse_titles(titles["title"], known_labels=known["label"].to_list())
        said = titles.with_columns(title_label=parsed["label"]).with_columns(said=label_key(pl.col("title_label")))
        found.append(
            said.drop_nulls("said")
            .join(known.select("said", known_as="label"), on="said", how="left")
            .select(bucket=bracket_bucket(), is_right=(pl.col("said") == pl.col("key")).fill_null(value=False))
        )
    return pl.concat(found)


def labels_at_sources(path: Path) -> pl.DataFrame:
    """bucket, is_right of each label chosen among the hits for held-out facts, with and without the artist."""
    run = trial(load(path), queries=8000, seed=SEED, part="calibrate")
    book = book_of(run)
    blind = [replace(h.query, artist=None) for h in run.hunted]
    rows = []
    for choices in (
        ours(run, run.search([h.query for h in run.hunted]), book),
        [
            c if c.rule in ("title_alone", "common_title") else None
            for c in choose_all(blind, run.search(blind), book=book)
        ],
    ):
        rows += [
            (
                c.rule if c.rule in MEASURED_RULES else "found by the match",
                any(book.same_label(c.label, true) for true in h.labels),
            )
            for h, c in zip(run.hunted, choices, strict=True)
            if c is not None and c.label is not None
        ]
    return pl.DataFrame(rows, schema={"bucket": pl.String, "is_right": pl.Boolean}, orient="row")


def names_that_came_later(path: Path) -> pl.DataFrame:
    """bucket, is_right of the names proposed for hidden first plays, by trees that saw nothing of their fold."""
    found, _, _ = replay(read(path))
    return (
        found.with_columns(held_out(found))
        .filter(pl.col("confidence") >= WORTH)
        .sort("slot", "confidence", "unit", descending=[False, True, False])
        .group_by("slot", maintain_order=True)
        .head(KEPT)
        .select(bucket=band_of("confidence"), is_right="right")
    )


def names_elsewhere(source: str, ground: str) -> pl.DataFrame:
    """kind, source, bucket, n, right of the names whose ground begins so (`bench.identity` counted them)."""
    rows = [(right, n, right / n) for name, (right, n) in grounds().items() if name.startswith(ground)]
    counted = pl.DataFrame(rows, schema=["right", "n", "share"], orient="row")
    by_band = counted.group_by(bucket=band_of("share")).agg(pl.col("n", "right").sum())
    place = (pl.lit("identity").alias("kind"), pl.lit(source).alias("source"))
    return by_band.select(*place, "bucket", "n", "right")


def contexts(scorer: str) -> pl.DataFrame:
    """What the ranker in use showed on held-out half-years, by tenths of its calibrated confidence."""
    bands = load_ranker().manifest["figures"]["scorers"][scorer]["reliability"]
    return pl.DataFrame(
        {
            "kind": "artist",
            "source": f"context-{scorer}",
            "bucket": [f"confidence {b['low']}–{b['high']}" for b in bands],
            "n": [b["n"] for b in bands],
            "right": [round(b["n"] * b["precision"]) for b in bands],
        }
    )


def main() -> None:
    """Measure all and store the counts."""
    data, snapshot = Path(sys.argv[1]), Path(sys.argv[2])
    with open_snapshot(snapshot) as opened:
        ws = Workspace.of(opened)
        own = pl.concat(hidden_answers(ws, seed=seed) for seed in range(4)).unique(
            ["kind", "source", "track_id", "value"]
        )
    own = own.filter(pl.col("kind") != "identity", pl.col("source") != "title")
    run = trial(load(data / "labels.parquet"), queries=3000, seed=11, part="calibrate")
    artists = pl.concat([artists_at_sources(run, with_label=flag) for flag in (True, False)])
    told = {(str(kind), str(source)): rows for (kind, source), rows in own.group_by("kind", "source")}
    told |= {
        ("label", "title"): labels_in_titles(data / "titles.parquet"),
        ("label", "outside"): labels_at_sources(data / "labels.parquet"),
        ("artist", "outside"): artists.select(bucket="rule", is_right="right"),
        ("identity", "named-later"): names_that_came_later(data / "tracklists.parquet"),
    }
    # A round bracket nobody knows is read as a label where it recurs, in tables as large as this one.
    told["label", "title"] = told["label", "title"].filter(~pl.col("bucket").str.starts_with("(…), not"))
    counts = [
        rows.group_by("bucket")
        .agg(n=pl.len().cast(pl.Int64), right=pl.col("is_right").sum().cast(pl.Int64))
        .select(pl.lit(kind).alias("kind"), pl.lit(source).alias("source"), "bucket", "n", "right")
        for (kind, source), rows in told.items()
    ]
    counts += [contexts(scorer) for scorer in ("formula", "learned")]
    counts += [names_elsewhere("other-listing", "other-listing"), names_elsewhere("same-key", "names agree")]
    table = pl.concat(counts).sort("kind", "source", "bucket")
    lines = ",\n ".join(json.dumps(row, ensure_ascii=False) for row in table.iter_rows())
    STORED.write_text(f"[\n {lines}\n]\n", encoding="utf-8")
    print(table)


if __name__ == "__main__":
    main()
