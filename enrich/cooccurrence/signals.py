"""The four signals of the specification, for every unknown and every artist of its context at once.

Each signal is a named query of `sql/duckdb/cooccurrence_signals.sql` over the contexts, in joins, aggregates and window
functions any engine has; `formula.score_steps` lists them in order.

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

#: The queries that make the signals, in the order they build on each other.
SIGNALS = (
    "cooccurrence_unknown_sets",
    "cooccurrence_occurrence",
    "cooccurrence_top_labels",
    "cooccurrence_label",
    "cooccurrence_dj_plays",
    "cooccurrence_dj",
)
