"""Why the learned ranker puts a candidate where it does: the features that move its score most, in words. Pure."""

from __future__ import annotations

import numpy as np
import polars as pl

from enrich.cooccurrence.learned.features import Examples
from enrich.cooccurrence.learned.ranker import Ranker

#: Parts named for one candidate.
MAX_PARTS = 4

#: Parts below this many log-odds are not worth a word.
_LEAST = 0.05

#: Longest prefix of a feature's name first: what a family of features says.
_SAYS = {
    "any": "played by anyone before or after",
    "artist_dj": "plays sets too",
    "artist": "how often the artist is played at all",
    "after": "played right after",
    "before": "played right before",
    "candidates": "number of candidates",
    "community": "played in the same series of sets around the date",
    "company": "played in sets with the same artists",
    "credited": "credited together with the DJ or with neighbours",
    "debuts": "other recordings of the artist came up at the same time",
    "depth": "usual place in a set",
    "dj_names": "is the DJ, under this or another name",
    "dj": "played by the same DJ",
    "ease": "goes with the artists, DJ and time of its sets",
    "factors": "sets like these usually have the artist",
    "fits": "goes with the neighbours",
    "habit": "played next to the neighbours in other sets",
    "hot": "played by many in these weeks",
    "like": "played next to the same artists as the neighbours",
    "named": "named in the name of the set",
    "near": "played near the unknown",
    "nearest": "distance to the nearest play",
    "near_remixer": "remixed a track near the unknown",
    "profile": "other recordings of the artist come in the same sets",
    "repeats": "other recordings of the artist come in the same sets",
    "remixed": "linked by remixes",
    "roster": "releases on the labels around",
    "same": "played elsewhere in the same sets",
    "since": "when the artist was first played",
    "unknown": "what is known of the unknown itself",
    "until": "when the artist was last played",
    "warm": "played in these years",
}


def says(feature: str) -> str:
    """What a feature's name means, in words."""
    prefix = max((p for p in _SAYS if feature == p or feature.startswith(p + "_")), key=len, default="")
    return _SAYS.get(prefix, feature)


def explain(ranker: Ranker, of: Examples, scored: pl.DataFrame) -> pl.DataFrame:
    """The parts of each scored candidate.

    Args:
        ranker: Whose score it is.
        of: Candidates and features.
        scored: SCORED; only these are explained.

    Returns:
        unit_no, artist_no, parts (list of sentences such as `+1.20 played near the unknown`, strongest first).
    """
    places = pl.DataFrame({"unit_no": of.unit, "artist_no": of.artist}).with_row_index("place")
    wanted = scored.select("unit_no", "artist_no").join(places, on=["unit_no", "artist_no"], how="left")
    parts = ranker.trees.parts(of.values[wanted["place"].to_numpy()])
    families = [says(name) for name in ranker.names]
    meanings = sorted(set(families))
    column_of = {meaning: i for i, meaning in enumerate(meanings)}
    summed = np.zeros((len(parts), len(meanings)))
    np.add.at(summed.T, [column_of[f] for f in families], parts.T)
    best = np.argsort(-np.abs(summed), axis=1, kind="stable")[:, :MAX_PARTS]
    long = pl.DataFrame(
        {
            "i": np.repeat(np.arange(len(best)), best.shape[1]),
            "meaning": np.array(meanings, dtype=object)[best.ravel()].tolist(),
            "part": np.take_along_axis(summed, best, axis=1).ravel(),
        },
        schema_overrides={"meaning": pl.String},
    ).filter(pl.col("part").abs() >= _LEAST)
    sign = pl.when(pl.col("part") < 0).then(pl.lit("−")).otherwise(pl.lit("+"))
    number = pl.col("part").abs().round(2).cast(pl.String)
    sentences = (
        long.with_columns(sentence=pl.concat_str(pl.lit("Score "), sign, number, pl.lit(": "), "meaning"))
        .group_by("i", maintain_order=True)
        .agg(parts="sentence")
    )
    return (
        wanted.with_columns(i=pl.int_range(pl.len(), dtype=pl.Int64))
        .join(sentences, on="i", how="left")
        .select("unit_no", "artist_no", "parts")
    )
