"""How sure a rule is, measured where it is used: on the snapshot's own known tracks, each hidden from itself.

A rule puts each of its answers into a bucket (the same kind and strength of evidence). Two things can be measured of
a bucket, and the lower one is its confidence:

- how often the rule is right on known tracks hidden from themselves, drawn towards a cautious prior where few;
- how many answers to the blanks must be chance. A known track whose own name is taken out of the database still gets
  an answer now and then, which is then always wrong: a decoy. Set against the share of blanks that got an answer, the
  rate of decoys says how many of these answers are worth nothing.

The second matters because a blank is seldom a track the database knows twice: being right on known tracks alone would
flatter the rule.
"""

from __future__ import annotations

import polars as pl

#: Weight of the prior, in observations.
PRIOR_WEIGHT = 10.0
#: Share of blanks taken to have a true answer in a bucket before any is seen, and the weight of that guess.
TRUE_SHARE, TRUE_SHARE_WEIGHT = 0.02, 50.0

#: One row per bucket: n answers on known tracks and those correct; decoys among `tried` known tracks; `answered` of
#: `asked` blanks; the confidence drawn from them, 0–1.
MEASURED = pl.Schema(
    {
        "bucket": pl.String,
        "n": pl.Int64,
        "correct": pl.Int64,
        "decoys": pl.Float64,
        "answered": pl.Int64,
        "chance": pl.Float64,
        "confidence": pl.Float64,
    }
)


def measure(
    answers: pl.DataFrame,
    *,
    prior: float,
    decoys: pl.DataFrame | None = None,
    answered: pl.DataFrame | None = None,
    tried: int = 0,
    asked: int = 0,
) -> pl.DataFrame:
    """Confidence of each bucket.

    Args:
        answers: One row per known track answered while hidden: bucket, right (Boolean).
        prior: Share right to assume before anything is seen; 0–1.
        decoys: One row per known track answered although its own name was taken out: bucket; or, with a column
            `expected`, how many of a bucket there should be by an estimate of the rule's own.
        answered: One row per blank answered: bucket.
        tried: Known tracks tried for decoys.
        asked: Blanks asked.

    Returns:
        MEASURED, by bucket.
    """
    empty = pl.DataFrame(schema={"bucket": pl.String})
    hidden = answers.group_by("bucket").agg(n=pl.len(), correct=pl.col("right").sum())
    decoys = empty if decoys is None else decoys
    counted = pl.col("expected").sum() if "expected" in decoys.columns else pl.len()
    false = decoys.group_by("bucket").agg(decoys=counted.cast(pl.Float64))
    given = (answered if answered is not None else empty).group_by("bucket").agg(answered=pl.len())
    count = pl.col("n", "correct", "answered")
    decoy_rate = (pl.col("decoys") + 0.5) / (tried + 1)
    # Blanks with a true answer: those answered, less those answered by chance.
    true_share = (pl.col("answered") - decoy_rate * asked + TRUE_SHARE * TRUE_SHARE_WEIGHT).clip(0.0) / (
        asked + TRUE_SHARE_WEIGHT
    )
    by_chance = decoy_rate * (1 - true_share) / (true_share + decoy_rate * (1 - true_share))
    hidden_share = (pl.col("correct") + prior * PRIOR_WEIGHT) / (pl.col("n") + PRIOR_WEIGHT)
    is_counted = pl.lit(value=answered is not None)
    return (
        hidden.join(false, on="bucket", how="full", coalesce=True)
        .join(given, on="bucket", how="full", coalesce=True)
        .with_columns(count.fill_null(0).cast(pl.Int64), pl.col("decoys").fill_null(0.0))
        .with_columns(chance=pl.when(is_counted).then(by_chance.clip(0, 1)).otherwise(0.0))
        .with_columns(confidence=pl.min_horizontal(hidden_share, 1 - pl.col("chance")))
        .sort("bucket")
        .match_to_schema(MEASURED)
    )


def with_confidence(answers: pl.DataFrame, measured: pl.DataFrame, *, prior: float) -> pl.DataFrame:
    """Join each answer's measured confidence, n, correct and chance; an unseen bucket gets half the prior."""
    columns = ["bucket", "n", "correct", "chance", "confidence"]
    return answers.join(measured.select(columns), on="bucket", how="left", maintain_order="left").with_columns(
        pl.col("confidence").fill_null(prior / 2), pl.col("n", "correct").fill_null(0), pl.col("chance").fill_null(1.0)
    )
