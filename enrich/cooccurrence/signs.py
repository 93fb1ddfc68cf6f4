"""The forty signs by which the learned ranker knows a candidate, each in one sentence with its number. Pure.

`learned_columns.sql` computes them, the ranker reads them in this order, and analysts read them as evidence. Means and
sums are over the sets of the unknown; a kernel of 60 days counts a set 60 days away by 1 / e.
"""

import re
from hashlib import sha256

import polars as pl

from enrich.resources import resource

#: Sentences said of one candidate at most.
MAX_SENTENCES = 3

#: The columns of the ranker, and what each says: `{v}` is its value, `{dj}` the unknown's DJ.
SIGNS: dict[str, str] = resource("cooccurrence/signs.toml")
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
