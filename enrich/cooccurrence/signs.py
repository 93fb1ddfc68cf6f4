"""The forty signs by which the learned ranker knows a candidate, each in one sentence with its number. Pure.

`learned_columns.sql` computes them, the ranker reads them in this order, and analysts read them as evidence. Means and
sums are over the sets of the unknown; a kernel of 60 days counts a set 60 days away by 1 / e.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import polars as pl

#: Sentences said of one candidate at most.
MAX_SENTENCES = 3


@dataclass(frozen=True, slots=True)
class Sign:
    """A column of the ranker, and what it says: `{v}` is its value, `{dj}` the unknown's DJ."""

    name: str
    sentence: str


SIGNS = (
    Sign("dj_weeks", "{dj} played them around then: {v} recordings, those 60 days away counting a third"),
    Sign("dj_year", "{dj} played them around that year: {v} recordings, those 400 days away counting a third"),
    Sign("dj_years", "{dj} played them over the years: {v} recordings, those 3,000 days away counting a third"),
    Sign("dj_again", "{dj} played recordings of theirs that come back around that year: {v}"),
    Sign("dj_sets", "{dj} played them in {v} other sets"),
    Sign("dj_weeks_rel", "Of the artist {dj} played most around then, they have a share of {v}"),
    Sign("dj_year_rel", "Of the artist {dj} played most around that year, they have a share of {v}"),
    Sign("dj_rank", "Place {v} among those {dj} played around that year"),
    Sign("series", "Played in the same series of sets around that year: {v} recordings"),
    Sign("series_rel", "Of the artist played most in the series around that year, they have a share of {v}"),
    Sign("hot", "Played by anyone in these weeks: {v} recordings"),
    Sign("hot_again", "Recordings of theirs that come back were played by anyone around that year: {v}"),
    Sign("alike_sets", "Played in {v} of the 40 sets most like these"),
    Sign("alike", "Sets with the same seldom-played artists have them: likeness {v} in all"),
    Sign("alike_now", "Sets like these in the same months have them: {v}"),
    Sign("alike_rel", "Of the artist most at home in sets like these, they have a share of {v}"),
    Sign("alike_rank", "Place {v} among those at home in sets like these"),
    Sign("roster", "Releases on labels played in its sets: {v}, rare labels counting more"),
    Sign("roster_now", "Releases on labels played in its sets around then: {v}"),
    Sign("roster_rel", "Of the artist most on those labels around then, they have a share of {v}"),
    Sign("same", "Played elsewhere in its sets: in a share of {v}"),
    Sign("near", "Played within ten slots: {v}, as the sum of 1 / distance"),
    Sign("near_rel", "Of the artist played nearest, they have a share of {v}"),
    Sign("habit", "Usually played next to its neighbours: {v}"),
    Sign("habit_rel", "Of the artist most usually next to its neighbours, they have a share of {v}"),
    Sign("credited", "Credited together with its neighbours or DJ: {v}"),
    Sign("debuts", "Recordings of theirs came up at the same time with {dj}: {v}"),
    Sign("debuts_rel", "Of the artist with most recordings that came up then, they have a share of {v}"),
    Sign("named", "Named in the name of its sets: in a share of {v}"),
    Sign("own", "Plays its sets as DJ: a share of {v}"),
    Sign("since", "First played {v} days before it"),
    Sign("until", "Last played {v} days after it"),
    Sign("recordings", "{v} recordings of theirs are known"),
    Sign("again_share", "Of their recordings a share of {v} is heard in two sets or more"),
    Sign("depth", "Usually played at another place in the set: {v} of its length apart"),
    Sign("asked_span", "It is played over {v} days"),
    Sign("asked_day", "First played on day {v} since 1970"),
    Sign("dj_history", "{dj} plays {v} known sets"),
    Sign("dj_own", "Of what {dj} plays, a share of {v} is {dj}'s own"),
    Sign("candidates", "{v} candidates in all"),
)
COLUMNS = tuple(sign.name for sign in SIGNS)
_SAYS = {sign.name: sign.sentence for sign in SIGNS} | {
    "dj_near_sets": "{dj} played them in {v} sets within two months",
}

#: What is said of a candidate, most telling first, and from which value on.
SAID = {
    "own": 0.01, "named": 0.01, "dj_near_sets": 1, "alike_sets": 4, "debuts": 1, "dj_sets": 3, "near_rel": 0.99,
    "series_rel": 0.25, "roster_rel": 0.5, "habit_rel": 0.5, "credited": 1, "hot": 3,
}  # fmt: skip


def schema_hash(columns: tuple[str, ...] = COLUMNS) -> str:
    """Fingerprint of the columns and their order: a model scores only what it was trained on."""
    return sha256("\n".join(columns).encode()).hexdigest()[:16]


def says(column: str, value: float, *, dj: str = "its DJ") -> str:
    """One column of a candidate in words."""
    return _SAYS[column].replace("{dj}", dj).replace("{v}", f"{value:.2f}".rstrip("0").rstrip("."))


def signs(table: pl.DataFrame, djs: pl.DataFrame) -> pl.DataFrame:
    """unknown_no, artist_no, choice, sentence: the most telling columns of candidates, MAX_SENTENCES at most each.

    Args:
        table: unknown_no, artist_no, dj_no?, and the columns SAID.
        djs: dj_no, dj: their names.
    """
    named = table.join(djs, on="dj_no", how="left").with_columns(pl.col("dj").fill_null("Its DJ"))
    said = []
    for order, (column, least) in enumerate(SAID.items()):
        rows = named.filter(pl.col(column) >= least)
        value = pl.col(column).cast(pl.Float64).round(2).cast(pl.String).str.strip_suffix(".0")
        said.append(rows.select("unknown_no", "artist_no", order=pl.lit(order), sentence=_filled(_SAYS[column], value)))
    return (
        pl.concat(said)
        .sort("unknown_no", "artist_no", "order")
        .with_columns(choice=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("unknown_no", "artist_no"))
        .filter(pl.col("choice") <= MAX_SENTENCES)
        .select("unknown_no", "artist_no", "choice", "sentence")
    )


def _filled(sentence: str, value: pl.Expr) -> pl.Expr:
    """The sentence with the row's value and DJ."""
    parts: list[pl.Expr] = []
    for piece in sentence.replace("{dj}", "\0{dj}\0").replace("{v}", "\0{v}\0").split("\0"):
        if piece:
            parts.append({"{dj}": pl.col("dj"), "{v}": value}.get(piece, pl.lit(piece)))
    return pl.concat_str(parts)
