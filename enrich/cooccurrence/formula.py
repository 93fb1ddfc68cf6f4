"""The specification's formula: four signals for every unknown and every artist of its context, and the rank they give.

    P(artist) = 0.5 × occurrence + 0.3 × label + 0.2 × dj

Each signal is a named query of `sql/duckdb/cooccurrence_signals.sql` over the contexts, in joins, aggregates and window
functions any engine has; the weights are rules.

* **occurrence** (0–1): of the sets the unknown is in, the share in which the artist is played within the window.
* **label** (0–1): of the labelled plays of its context, the share on the commonest label there (ties: the first key),
  for artists who have a known play on that label anywhere in the data; 0 for others. Each play counts once, even
  where it is near two slots of the unknown.
* **dj** (0–1): the mean over the unknown's DJs of 1 where the DJ is the artist (by key, or as an alias), else the
  artist's known plays by that DJ in all the data over those of the DJ's most played artist. 0 where no DJ is named.
* **position** (0–0.1): 0.1 × the share of the unknown's slots that are mid-set, not in the first or last tenth of the
  set's positions (rounded up, so never its opener or closer). The same for all candidates of an unknown.
"""

from __future__ import annotations

import polars as pl

from enrich.rules import DJ_WEIGHT, LABEL_WEIGHT, MAX_RANK, OCCURRENCE_WEIGHT, POSITION_WEIGHT, WINDOW

#: One row per unknown and candidate, by number; names come with the ranking. Order within an unknown: probability +
#: position, probability, occurrence_count, all descending, then the artist's key. `label_no` is the top label of the
#: context where the artist releases on it, else null.
SCORES = pl.Schema(
    {
        "unknown_no": pl.UInt32,
        "artist_no": pl.UInt32,
        "rank": pl.Int32,
        "probability": pl.Float64,
        "occurrence_count": pl.Int32,
        "label_no": pl.UInt32,
        "occurrence": pl.Float64,
        "label": pl.Float64,
        "dj": pl.Float64,
        "position": pl.Float64,
    }
)


def score_steps(*, window: int = WINDOW, max_rank: int = MAX_RANK) -> list[tuple[str, dict[str, float]]]:
    """The named queries that make the table `ranked`, in order, with their parameters; any engine may run them."""
    if window < 1:
        raise ValueError(f"window must be >= 1, got {window}")
    formula = {
        "occurrence_weight": OCCURRENCE_WEIGHT,
        "label_weight": LABEL_WEIGHT,
        "dj_weight": DJ_WEIGHT,
        "position_weight": POSITION_WEIGHT,
        "limit_rank": max_rank,
    }
    contexts: list[tuple[str, dict[str, float]]] = [
        ("cooccurrence_context_plays", {"window": window}),
        ("cooccurrence_context_artists", {}),
    ]
    return [*contexts, *((name, {}) for name in _SIGNALS), ("cooccurrence_formula", formula)]


#: The queries that make the signals, in the order they build on each other.
_SIGNALS = (
    "cooccurrence_unknown_sets",
    "cooccurrence_occurrence",
    "cooccurrence_top_labels",
    "cooccurrence_label",
    "cooccurrence_dj_plays",
    "cooccurrence_dj",
)
