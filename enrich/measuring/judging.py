"""Whether proposed values are right, an artist under any of their names, a label in whatever spelling; and how sure.

`drawn` shrinks a count to what was measured elsewhere, by at most `MOST` cases and by few where the two contradict each
other. Bounds are exact (Clopper and Pearson), so that 20 right of 20 say 0.86 at 95 %. Pure.
"""

from typing import Any

import numpy as np
import polars as pl
import scipy
from numpy.typing import ArrayLike, NDArray

from enrich.rules import BOUND_LEVEL
from enrich.text.credits import split_credits
from enrich.text.normalise import artist_key, label_key
from enrich.text.persons import persons

_S: Any = pl.String
#: What is known of a track, by whoever hid or planted it.
TRUTH = pl.Schema(
    {"track_id": _S, "true_artist": _S, "true_title": _S, "true_label": _S, "released_on": pl.Date, "kind": _S}
)
ALIASES = pl.Schema({"name": _S, "aliases": pl.List(_S)})
#: A measurement from elsewhere counts as so many cases at most, and as so few where the snapshot contradicts it.
MOST, LEAST = 200.0, 10.0

Doubles = NDArray[np.float64]


def judge(values: pl.DataFrame, truth: pl.DataFrame, *, aliases: pl.DataFrame | None = None) -> pl.DataFrame:
    """Say of each value whether it is right.

    An artist is right when the credit names any main artist of the track, under any of their names. A label is right
    when it is the label the track was made for, in whatever spelling; for a track that has no label none is right. An
    identity (`Artist - Title`) is right when its artist is.

    Args:
        values: At least `track_id, kind, value`; kind is one of KINDS. Other columns are carried along.
        truth: Schema TRUTH.
        aliases: Schema ALIASES: each artist with its other names; None: names count as written.

    Returns:
        `values` in its order with `is_right`: null for tracks that `truth` does not know.
    """
    rows = values.with_row_index("row")
    by = pl.when(pl.col("kind") == "identity").then(pl.col("value").str.split(" - ").list.first()).otherwise("value")
    named = _names(rows.filter(pl.col("kind") != "label").select("row", "track_id", value=by))
    makers = truth.select("track_id", name=pl.col("true_artist").str.split(", ")).explode("name")
    whose = persons(None if aliases is None else aliases.select(artist="name", alias="aliases").explode("alias"))
    named, makers = (
        names.with_columns(key=artist_key(pl.col("name")))
        .join(whose, on="key", how="left")
        .with_columns(person=pl.coalesce("person", "key"))
        for names in (named, makers)
    )
    right = named.join(makers, on=["track_id", "person"], how="semi")["row"].unique()
    truths = truth.select("track_id", true_label="true_label", is_known=pl.lit(value=True))
    same = label_key(pl.col("value")) == label_key(pl.col("true_label"))
    is_right = pl.when(pl.col("kind") == "label").then(same).otherwise(pl.col("row").is_in(right.implode()))
    judged = rows.join(truths, on="track_id", how="left", maintain_order="left")
    return values.with_columns(judged.select(is_right=pl.when("is_known").then(is_right.fill_null(value=False))))


def _names(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per name a credit (row, track_id, value) could mean: whole, split at commas, and by rules of credits."""
    whole = rows.rename({"value": "name"})
    commas = whole.with_columns(pl.col("name").str.split(", ")).explode("name")
    split = split_credits(rows["value"]).filter(pl.col("role") == "primary").select(place="row", name="artist")
    parts = rows.select("row", "track_id").with_row_index("place").join(split, on="place").drop("place")
    return pl.concat([whole, commas, parts]).unique()


def drawn(
    right: ArrayLike, n: ArrayLike, *, to: ArrayLike, weight: ArrayLike, most: float = MOST
) -> tuple[Doubles, Doubles]:
    """A counted share drawn to another.

    Args:
        right, n: What was counted.
        to: The share measured elsewhere; 0–1.
        weight: In how many cases.
        most: It counts as so many at most.

    Returns:
        The share, and in how many cases it was measured with those lent.
    """
    right, n = np.asarray(right, float), np.asarray(n, float)
    to, weight = np.asarray(to, float), np.minimum(np.asarray(weight, float), most)
    apart = (right - n * to) / np.sqrt(n * to * (1 - to) + 0.25)
    lent = np.maximum(weight * np.exp(-(apart**2) / 2), np.minimum(weight, LEAST))
    cases = n + lent
    share: Doubles = np.divide(right + lent * to, cases, out=np.full(np.shape(cases), np.nan), where=cases > 0)
    return share, cases


def lower_bound(share: ArrayLike, n: ArrayLike, *, level: float = BOUND_LEVEL) -> Doubles:
    """What a share measured in n cases is at least, one-sided; 0 of no cases."""
    share, n = np.asarray(share, float), np.asarray(n, float)
    low = scipy.special.betaincinv(np.maximum(share * n, 1e-9), (1 - share) * n + 1, 1 - level)
    return np.where(n > 0, low, 0.0)


def interval(share: ArrayLike, n: ArrayLike) -> tuple[Doubles, Doubles]:
    """The two-sided interval of a share measured in n cases, at the same level."""
    level = (1 + BOUND_LEVEL) / 2
    return lower_bound(share, n, level=level), 1 - lower_bound(1 - np.asarray(share, float), n, level=level)


def moved(confidence: ArrayLike, by: ArrayLike) -> Doubles:
    """A confidence whose odds are multiplied by exp(`by`): all of a source move together, none overtakes another."""
    p = np.clip(np.asarray(confidence, float), 1e-6, 1 - 1e-6)
    result: Doubles = 1 / (1 + (1 - p) / p * np.exp(-np.asarray(by, float)))
    return result


def odds(share: ArrayLike) -> Doubles:
    """The logarithm of the odds of a share."""
    p = np.clip(np.asarray(share, float), 1e-6, 1 - 1e-6)
    result: Doubles = np.log(p / (1 - p))
    return result
