"""How sure a rule is, measured where it is used: on the snapshot's own known tracks, each hidden from itself.

A rule puts each of its answers into a bucket (the same kind and strength of evidence). The confidence of a bucket is
the share of right answers among known tracks answered from the same kind of evidence, drawn towards a cautious
prior where there are few. So a number means the same in every database, and a rule that fails here says so.
"""

from __future__ import annotations

import polars as pl

#: Weight of the prior, in observations.
PRIOR_WEIGHT = 10.0

#: rule, bucket → n answers on known tracks, those right, and the confidence drawn from them.
MEASURED = pl.Schema({"bucket": pl.String, "n": pl.UInt32, "correct": pl.UInt32, "confidence": pl.Float64})


def measure(answers: pl.DataFrame, *, prior: float) -> pl.DataFrame:
    """Confidence of each bucket.

    Args:
        answers: One row per known track answered: bucket (String), right (Boolean).
        prior: Share right to assume before anything is seen; 0–1.

    Returns:
        MEASURED, one row per bucket, by bucket.
    """
    return (
        answers.group_by("bucket")
        .agg(n=pl.len(), correct=pl.col("right").sum())
        .with_columns(
            confidence=(pl.col("correct") + prior * PRIOR_WEIGHT) / (pl.col("n") + PRIOR_WEIGHT),
        )
        .sort("bucket")
        .cast({"n": pl.UInt32, "correct": pl.UInt32})
        .select(MEASURED.names())
    )


def with_confidence(answers: pl.DataFrame, measured: pl.DataFrame, *, prior: float) -> pl.DataFrame:
    """Join each answer's measured confidence, n and correct; an unseen bucket gets half the prior."""
    return answers.join(measured, on="bucket", how="left", maintain_order="left").with_columns(
        confidence=pl.col("confidence").fill_null(prior / 2),
        n=pl.col("n").fill_null(0),
        correct=pl.col("correct").fill_null(0),
    )
