"""The specification's formula: four signals for every unknown and every artist of its context, and the rank they give.

    P(artist) = 0.5 × occurrence + 0.3 × label + 0.2 × dj

A candidate is whoever has any of the first three above zero: of the context, of its label, or of what its DJs play.
Each signal is a named query of `sql/duckdb/cooccurrence_signals.sql` over the contexts, in joins, aggregates and window
functions any engine has; the weights are rules.

* **occurrence** (0–1): of the sets the unknown is in, the share in which the artist is played within the window.
* **label** (0–1): of the labelled plays of its context, the share on the commonest label there (ties: the first key),
  for all artists who have a known play on that label anywhere in the data; 0 for others. Each play counts once, even
  where it is near two slots of the unknown.
* **dj** (0–1): the mean over the unknown's DJs of 1 where the DJ is the artist (under any name), else the
  artist's known plays by that DJ in all the data over those of the DJ's most played artist. 0 where no DJ is named.
* **position** (0–0.1): 0.1 × the share of the unknown's slots that are mid-set, not in the first or last tenth of the
  set's positions (rounded up, so never its opener or closer). The same for all candidates of an unknown.
"""

from __future__ import annotations

import polars as pl

from enrich.rules import DJ_WEIGHT, LABEL_WEIGHT, MAX_RANK, OCCURRENCE_WEIGHT, POSITION_WEIGHT, WINDOW

#: One row per unknown and candidate, by number; names come with the ranking. Order within an unknown: probability +
#: position, probability, occurrence_count, all descending, then the artist's key. `label_no` is the top label of the
#: context where the artist releases on it, else null; `total` the sum of the probabilities of the unknown's first 50.
SCORES = pl.Schema(
    {"unknown_no": pl.UInt32(), "artist_no": pl.UInt32(), "rank": pl.Int32()}
    | dict.fromkeys(("probability", "total"), pl.Float64())
    | {"occurrence_count": pl.Int32(), "label_no": pl.UInt32()}
    | dict.fromkeys(("occurrence", "label", "dj", "position"), pl.Float64())
)


#: Days in which the name a DJ plays an artist by loses its say, and what the names count by that others play.
_NAME_DAYS, _OTHERS, _UNDATED_DAYS = 400.0, 0.02, 1500

#: Queries and their parameters, in the order in which they are run.
Steps = list[tuple[str, dict[str, float]]]


def context_steps(*, window: int = WINDOW) -> Steps:
    """What is played around the unknowns, and what their DJs play; any engine may run them."""
    if window < 1:
        raise ValueError(f"window must be >= 1, got {window}")
    return [
        ("cooccurrence_context_plays", {"window": window}),
        *((f"cooccurrence_{name}", {}) for name in (
            "context_artists", "unknown_sets", "occurrence", "top_labels", "dj_plays", "unknown_djs", "releases",
        )),
    ]  # fmt: skip


def signal_steps() -> Steps:
    """The signals of the table `candidates` (unknown_no, artist_no)."""
    position = {"position_weight": POSITION_WEIGHT}
    return [("cooccurrence_label", {}), ("cooccurrence_dj", {}), ("cooccurrence_signal_rows", position)]


def name_steps() -> Steps:
    """The names shown of the table `ranked`."""
    return [
        ("cooccurrence_name_plays", {"undated_days": _UNDATED_DAYS}),
        ("cooccurrence_shown_names", {"days": _NAME_DAYS, "others": _OTHERS}),
    ]


def formula_steps(*, window: int = WINDOW, max_rank: int = MAX_RANK) -> Steps:
    """The table `ranked` by the formula."""
    weights = {"occurrence_weight": OCCURRENCE_WEIGHT, "label_weight": LABEL_WEIGHT, "dj_weight": DJ_WEIGHT}
    return [
        *context_steps(window=window),
        ("cooccurrence_candidates", {"limit_rank": max(MAX_RANK, max_rank)}),
        *signal_steps(),
        ("cooccurrence_formula", {**weights, "most": MAX_RANK, "limit_rank": max_rank}),
    ]
