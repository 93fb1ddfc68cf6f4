"""Why a candidate: the sentences an analyst reads, made from the very tables the score was made from.

Strongest first, in this order, as far as the data support them:

1. how the candidate was played near the unknown ("Played after X in D's set"), three ways at most;
2. the other artist of the top label played most around it ("Played before Y in D's set");
3. the top label around the unknown ("Surrounded by L releases in 3 sets": before and after it; "Near …" otherwise);
4. what the DJs have to do with it, two at most: the DJ is the artist; the DJ runs the top label, which is said of
   a DJ who releases on it, played it at least three times, and whom no DJ exceeds in playing it; how often the DJ
   played the artist.

2 and 3 are said of candidates who release on the top label only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

_WAYS = 3
_DJS = 2
_RUNS_LABEL_PLAYS = 3
_PAIR = ["unknown_no", "artist_no"]


#: What sentences are made from: tables, and the named query of each with parameters, over the tables of the scores.
EVIDENCE: dict[str, tuple[str, dict[str, int]]] = {
    "neighbours": ("cooccurrence_neighbour_evidence", {"limit_each": _WAYS}),
    "label_mates": ("cooccurrence_label_mate_evidence", {}),
    "label_sets": ("cooccurrence_label_evidence", {}),
    "djs": ("cooccurrence_dj_evidence", {"limit_each": _DJS, "min_label_plays": _RUNS_LABEL_PLAYS}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names behind the numbers, of all unknowns or of some."""

    names: pl.DataFrame
    """artist_no, artist_key, artist."""
    labels: pl.DataFrame
    """label_no, label_key, label."""
    dj_credits: pl.DataFrame
    """dj_credit_no, dj_no."""
    sets: pl.DataFrame
    """set_no, set_id."""
    unknowns: pl.DataFrame
    """unknown_no, track_key."""


def sentences(ranked: pl.DataFrame, evidence: Mapping[str, pl.DataFrame], names: Names) -> pl.DataFrame:
    """unknown_no, artist_no, evidence: the sentences of every ranked candidate, strongest first.

    Args:
        ranked: unknown_no, artist_no, label_no: the candidates.
        evidence: The tables of EVIDENCE, of these candidates.
        names: Names of all the numbers.
    """
    ranked = ranked.select(*_PAIR, "label_no")
    name = names.names.select("artist_no", name="artist")
    dj_credit = _dj_credit_names(names)
    parts = [
        _played_near(evidence["neighbours"], name, dj_credit, names, 1),
        _played_near(evidence["label_mates"], name, dj_credit, names, 2),
        _label_around(evidence["label_sets"], ranked, names),
        _djs(evidence["djs"], ranked, name, names),
    ]
    return (
        pl.concat(part.select(*_PAIR, "part", pl.col("choice").cast(pl.Int64), "sentence") for part in parts)
        .sort(*_PAIR, "part", "choice")
        .group_by(_PAIR, maintain_order=True)
        .agg(evidence="sentence")
    )


def _played_near(
    rows: pl.DataFrame, name: pl.DataFrame, dj_credit: pl.DataFrame, names: Names, part: int
) -> pl.DataFrame:
    slots = pl.col("distance").abs()
    side = pl.when(pl.col("distance") > 0).then(pl.lit("after")).otherwise(pl.lit("before"))
    far = pl.when(slots == 1).then(side).otherwise(pl.format("{} slots {}", slots, side))
    owner = pl.col("djs") + pl.when(pl.col("djs").str.ends_with("s")).then(pl.lit("'")).otherwise(pl.lit("'s"))
    where = (
        pl.when(pl.col("sets") > 1, pl.col("djs").is_not_null())
        .then(pl.format("{} of {} sets", "sets", owner))
        .when(pl.col("sets") > 1)
        .then(pl.format("{} sets", "sets"))
        .when(pl.col("djs").is_not_null())
        .then(pl.format("{} set", owner))
        .otherwise(pl.format("set {}", "set_id"))
    )
    return (
        rows.join(name.rename({"artist_no": "other_no"}), on="other_no")
        .join(dj_credit, on="dj_credit_no", how="left")
        .join(names.sets, on="set_no")
        .with_columns(part=pl.lit(part), sentence=pl.format("Played {} {} in {}", far, "name", where))
    )


def _label_around(rows: pl.DataFrame, ranked: pl.DataFrame, names: Names) -> pl.DataFrame:
    both = pl.col("surrounded") > 0
    count = pl.when(both).then("surrounded").otherwise("sets").cast(pl.Int64)
    return (
        rows.join(names.labels, on="label_no")
        .with_columns(
            sentence=pl.format(
                "{} {} releases in {} {}",
                pl.when(both).then(pl.lit("Surrounded by")).otherwise(pl.lit("Near")),
                "label",
                count,
                pl.when(count == 1).then(pl.lit("set")).otherwise(pl.lit("sets")),
            )
        )
        .join(ranked, on=["unknown_no", "label_no"])
        .with_columns(part=pl.lit(3), choice=pl.lit(1, pl.Int64))
    )


def _djs(rows: pl.DataFrame, ranked: pl.DataFrame, name: pl.DataFrame, names: Names) -> pl.DataFrame:
    times = pl.when(pl.col("plays") == 1).then(pl.lit("once")).otherwise(pl.format("{} times", "plays"))
    often = (
        pl.when(pl.col("plays") == pl.col("most_plays"))
        .then(pl.lit("no artist more often"))
        .otherwise(pl.format("the most played artist {} times", "most_plays"))
    )
    played = pl.format("{} played {} {} in all, {}", "dj", "name", times, often)
    sentence = (
        pl.when(pl.col("is_artist") == 1, pl.col("dj_no") == pl.col("artist_no"))
        .then(pl.format("Played by {}, who is the artist", "dj"))
        .when(pl.col("is_artist") == 1)
        .then(pl.format("Played by {}, another name of {}", "dj", "name"))
        .when(pl.col("runs_label") == 1)
        .then(pl.format("Played by {} who runs {}", "dj", "label"))
        .otherwise(played)
    )
    return (
        rows.join(name, on="artist_no")
        .join(name.rename({"artist_no": "dj_no", "name": "dj"}), on="dj_no")
        .join(ranked, on=_PAIR)
        .join(names.labels, on="label_no", how="left")
        .with_columns(part=pl.lit(4), sentence=sentence)
    )


def _dj_credit_names(names: Names) -> pl.DataFrame:
    """dj_credit_no, djs: a DJ credit as its DJs, `A & B`."""
    return (
        names.dj_credits.join(names.names.select(dj_no="artist_no", name="artist"), on="dj_no")
        .sort("dj_credit_no", "dj_no")
        .group_by("dj_credit_no", maintain_order=True)
        .agg(djs=pl.col("name").str.join(" & "))
    )
