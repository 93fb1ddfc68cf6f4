"""The forty signs by which the learned ranker knows a candidate, each in one sentence with its number. Pure.

`learned_columns.sql` computes them, the ranker reads them in this order, and analysts read them as evidence. Means and
sums are over the sets of the unknown; a kernel of 60 days counts a set 60 days away by 1 / e.
"""

import re
from hashlib import sha256

import polars as pl

#: Sentences said of one candidate at most.
MAX_SENTENCES = 3

#: The columns of the ranker, and what each says: `{v}` is its value, `{dj}` the unknown's DJ.
SIGNS = {
    "dj_weeks": "{dj} played them around then: {v} recordings, those 60 days away counting a third",
    "dj_year": "{dj} played them around that year: {v} recordings, those 400 days away counting a third",
    "dj_years": "{dj} played them over the years: {v} recordings, those 3,000 days away counting a third",
    "dj_again": "{dj} played recordings of theirs that come back around that year: {v}",
    "dj_sets": "{dj} played them in {v} other sets",
    "dj_weeks_rel": "Of the artist {dj} played most around then, they have a share of {v}",
    "dj_year_rel": "Of the artist {dj} played most around that year, they have a share of {v}",
    "dj_rank": "Place {v} among those {dj} played around that year",
    "series": "Played in the same series of sets around that year: {v} recordings",
    "series_rel": "Of the artist played most in the series around that year, they have a share of {v}",
    "hot": "Played by anyone in these weeks: {v} recordings",
    "hot_again": "Recordings of theirs that come back were played by anyone around that year: {v}",
    "alike_sets": "Played in {v} of the 40 sets most like these",
    "alike": "Sets with the same seldom-played artists have them: likeness {v} in all",
    "alike_now": "Sets like these in the same months have them: {v}",
    "alike_rel": "Of the artist most at home in sets like these, they have a share of {v}",
    "alike_rank": "Place {v} among those at home in sets like these",
    "roster": "Releases on labels played in its sets: {v}, rare labels counting more",
    "roster_now": "Releases on labels played in its sets around then: {v}",
    "roster_rel": "Of the artist most on those labels around then, they have a share of {v}",
    "same": "Played elsewhere in its sets: in a share of {v}",
    "near": "Played within ten slots: {v}, as the sum of 1 / distance",
    "near_rel": "Of the artist played nearest, they have a share of {v}",
    "habit": "Usually played next to its neighbours: {v}",
    "habit_rel": "Of the artist most usually next to its neighbours, they have a share of {v}",
    "credited": "Credited together with its neighbours or DJ: {v}",
    "debuts": "Recordings of theirs came up at the same time with {dj}: {v}",
    "debuts_rel": "Of the artist with most recordings that came up then, they have a share of {v}",
    "named": "Named in the name of its sets: in a share of {v}",
    "own": "Plays its sets as DJ: a share of {v}",
    "since": "First played {v} days before it",
    "until": "Last played {v} days after it",
    "recordings": "{v} recordings of theirs are known",
    "again_share": "Of their recordings a share of {v} is heard in two sets or more",
    "depth": "Usually played at another place in the set: {v} of its length apart",
    "asked_span": "It is played over {v} days",
    "asked_day": "First played on day {v} since 1970",
    "dj_history": "{dj} plays {v} known sets",
    "dj_own": "Of what {dj} plays, a share of {v} is {dj}'s own",
    "candidates": "{v} candidates in all",
}
COLUMNS = tuple(SIGNS)
#: What `signs` returns.
SENTENCES = pl.Schema({"unknown_no": pl.Int32, "artist_no": pl.Int32, "choice": pl.Int64, "sentence": pl.String})
_FIELD = re.compile(r"\{\w+\}")
_SAYS = SIGNS | {"dj_near_sets": "{dj} played them in {v} sets within two months"}

#: What is said of a candidate, most telling first, and from which value on.
SAID = {
    "own": 0.01, "named": 0.01, "dj_near_sets": 1, "alike_sets": 4, "debuts": 1, "dj_sets": 3, "near_rel": 0.99,
    "series_rel": 0.25, "roster_rel": 0.5, "habit_rel": 0.5, "credited": 1, "hot": 3,
}  # fmt: skip


def schema_hash(columns: tuple[str, ...] = COLUMNS) -> str:
    """Fingerprint of the columns and their order: a model scores only what it was trained on."""
    return sha256("\n".join(columns).encode()).hexdigest()[:16]


def signs(table: pl.DataFrame, djs: pl.DataFrame) -> pl.DataFrame:
    """unknown_no, artist_no, choice, sentence: the most telling columns of candidates, MAX_SENTENCES at most each.

    `table` has unknown_no, artist_no, dj_no?, and the columns SAID, `djs` dj_no and dj, their names.
    """
    named = table.join(djs, on="dj_no", how="left").with_columns(pl.col("dj").fill_null("Its DJ"))
    said = []
    for order, (column, least) in enumerate(SAID.items()):
        rows = named.filter(pl.col(column) >= least)
        value = pl.col(column).cast(pl.Float64).round(2).cast(pl.String).str.strip_suffix(".0")
        fields = {"{dj}": pl.col("dj"), "{v}": value}
        text = _SAYS[column]
        sentence = pl.format(_FIELD.sub("{}", text), *(fields[name] for name in _FIELD.findall(text)))
        said.append(rows.select("unknown_no", "artist_no", order=pl.lit(order), sentence=sentence))
    return (
        pl.concat(said)
        .sort("unknown_no", "artist_no", "order")
        .with_columns(choice=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("unknown_no", "artist_no"))
        .filter(pl.col("choice") <= MAX_SENTENCES)
        .select("unknown_no", "artist_no", "choice", "sentence")
    )
