"""Why a candidate: the sentences an analyst reads, made from the very tables the score was made from.

Strongest first, in this order, as far as the data support them:

1. how the candidate was played near the unknown ("Played after X in D's set"), three ways at most;
2. the other artist of the top label played most around it ("Played before Y in D's set");
3. the top label around the unknown ("Surrounded by L releases in 3 sets": before and after it; "Near …" otherwise);
4. what the DJs have to do with it, two at most: the DJ is the artist; the DJ runs the top label, which is said of
   a DJ who releases on it, played it at least three times, and whom no DJ exceeds in playing it; how often the DJ
   played the artist;
5. under which other names the artist is played.

2 and 3 are said of candidates who release on the top label only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from enrich.cooccurrence.plays import Vocabulary
from enrich.cooccurrence.signs import signs

_WAYS, _DJS, _RUNS_LABEL_PLAYS = 3, 2, 3
_PAIR = ["unknown_no", "artist_no"]
#: What sentences are made from: tables, and the named query of each with parameters, over the tables of the scores.
EVIDENCE: dict[str, tuple[str, dict[str, int]]] = {
    "neighbours": ("cooccurrence_neighbour_evidence", {"limit_each": _WAYS}),
    "label_mates": ("cooccurrence_label_mate_evidence", {}),
    "label_sets": ("cooccurrence_label_evidence", {}),
    "djs": ("cooccurrence_dj_evidence", {"limit_each": _DJS, "min_label_plays": _RUNS_LABEL_PLAYS}),
    "other_names": ("cooccurrence_name_evidence", {}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names behind the numbers, of all unknowns or of some."""

    known: Vocabulary
    shown: pl.DataFrame
    """unknown_no, artist_no, name_no: the names shown of candidates under several."""
    sets: pl.DataFrame
    """set_no, set_id."""
    unknowns: pl.DataFrame
    """unknown_no, track_key."""


def shown_names(candidates: pl.DataFrame, known: Vocabulary, shown: pl.DataFrame) -> pl.DataFrame:
    """unknown_no, artist_no, artist: the name shown of each candidate; `shown` as in `Names`."""
    spelled = known.names.select(name_no="artist_no", shown="artist")
    return (
        candidates.select(_PAIR)
        .join(shown.join(spelled, on="name_no"), on=_PAIR, how="left")
        .join(known.persons, on="artist_no")
        .select(*_PAIR, artist=pl.coalesce("shown", "artist"))
    )


def sentences(ranked: pl.DataFrame, evidence: Mapping[str, pl.DataFrame], names: Names) -> pl.DataFrame:
    """unknown_no, artist_no, evidence: the sentences of every ranked candidate, strongest first.

    Made of the tables of EVIDENCE of these candidates (unknown_no, artist_no, label_no) and the names of all numbers.
    """
    shown = shown_names(ranked, names.known, names.shown).rename({"artist": "name"})
    ranked = ranked.select(*_PAIR, "label_no")
    person = names.known.persons.rename({"artist": "name"})
    dj_credit = _dj_credit_names(names)
    near = evidence["neighbours"].join(shown, on=_PAIR)
    mates = evidence["label_mates"].join(person.rename({"artist_no": "other_no"}), on="other_no")
    parts = [
        _played_near(near, dj_credit, names, 1),
        _played_near(mates, dj_credit, names, 2),
        _label_around(evidence["label_sets"], ranked, names),
        _djs(evidence["djs"], ranked, shown, names),
        _also_known(evidence["other_names"], shown, names),
    ]
    if "signs" in evidence:
        parts.append(signs(evidence["signs"], _dj_names(names)).with_columns(part=pl.lit(0)))
    return (
        pl.concat(part.select(*_PAIR, "part", pl.col("choice").cast(pl.Int64), "sentence") for part in parts)
        .sort(*_PAIR, "part", "choice")
        .group_by(_PAIR, maintain_order=True)
        .agg(evidence="sentence")
    )


def _played_near(rows: pl.DataFrame, dj_credit: pl.DataFrame, names: Names, part: int) -> pl.DataFrame:
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
        rows.join(dj_credit, on="dj_credit_no", how="left")
        .join(names.sets, on="set_no")
        .with_columns(part=pl.lit(part), sentence=pl.format("Played {} {} in {}", far, "name", where))
    )


def _label_around(rows: pl.DataFrame, ranked: pl.DataFrame, names: Names) -> pl.DataFrame:
    both = pl.col("surrounded") > 0
    count = pl.when(both).then("surrounded").otherwise("sets").cast(pl.Int64)
    near = pl.when(both).then(pl.lit("Surrounded by")).otherwise(pl.lit("Near"))
    sets = pl.when(count == 1).then(pl.lit("set")).otherwise(pl.lit("sets"))
    return (
        rows.join(names.known.labels, on="label_no")
        .with_columns(sentence=pl.format("{} {} releases in {} {}", near, "label", count, sets))
        .join(ranked, on=["unknown_no", "label_no"])
        .with_columns(part=pl.lit(3), choice=pl.lit(1, pl.Int64))
    )


def _djs(rows: pl.DataFrame, ranked: pl.DataFrame, shown: pl.DataFrame, names: Names) -> pl.DataFrame:
    times = pl.when(pl.col("plays") == 1).then(pl.lit("once")).otherwise(pl.format("{} times", "plays"))
    is_most = pl.col("plays") == pl.col("most_plays")
    other = pl.format("the most played artist {} times", "most_plays")
    often = pl.when(is_most).then(pl.lit("no artist more often")).otherwise(other)
    played = pl.format("{} played {} {} in all, {}", "dj", "name", times, often)
    sentence = (
        pl.when(pl.col("is_artist") == 1, pl.col("dj") == pl.col("name"))
        .then(pl.format("Played by {}, who is the artist", "dj"))
        .when(pl.col("is_artist") == 1)
        .then(pl.format("Played by {}, another name of {}", "dj", "name"))
        .when(pl.col("runs_label") == 1)
        .then(pl.format("Played by {} who runs {}", "dj", "label"))
        .otherwise(played)
    )
    return (
        rows.join(shown, on=_PAIR)
        .join(_dj_names(names), on="dj_no")
        .join(ranked, on=_PAIR)
        .join(names.known.labels, on="label_no", how="left")
        .with_columns(part=pl.lit(4), sentence=sentence)
    )


def _also_known(rows: pl.DataFrame, shown: pl.DataFrame, names: Names) -> pl.DataFrame:
    """The other names of candidates who are played by several."""
    spelled = names.known.names.select(name_no="artist_no", other="artist")
    return (
        rows.join(spelled, on="name_no")
        .join(shown, on=_PAIR)
        .filter(pl.col("other") != pl.col("name"))
        .sort(*_PAIR, "name_no")
        .group_by(*_PAIR, "name", maintain_order=True)
        .agg(pl.col("other").unique(maintain_order=True).str.join(", "))
        .with_columns(
            part=pl.lit(5),
            choice=pl.lit(1, pl.Int64),
            sentence=pl.format("One artist with {}, also played as {}", "name", "other"),
        )
    )


def _dj_names(names: Names) -> pl.DataFrame:
    """dj_no, dj: the name in most of the credits by which each plays sets."""
    spelled = names.known.names.select(name_no="artist_no", dj="artist")
    return (
        names.known.dj_names.group_by("dj_no", "name_no")
        .len()
        .sort("dj_no", "len", "name_no", descending=[False, True, False])
        .unique("dj_no", keep="first", maintain_order=True)
        .join(spelled, on="name_no")
        .select("dj_no", "dj")
    )


def _dj_credit_names(names: Names) -> pl.DataFrame:
    """dj_credit_no, djs: a DJ credit as its DJs, `A & B`."""
    spelled = names.known.names.select(name_no="artist_no", name="artist")
    return (
        names.known.dj_names.join(spelled, on="name_no")
        .sort("dj_credit_no", "name_no")
        .group_by("dj_credit_no", maintain_order=True)
        .agg(djs=pl.col("name").str.join(" & "))
    )
