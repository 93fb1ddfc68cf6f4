"""Tier 2 from context: the artist to whom the plays around an unknown point; of the formula only for review."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from enrich.cooccurrence.ranking import rank
from enrich.frames.schemas import RANKING
from enrich.rules import GATE_PROBABILITY, GATE_SETS
from enrich.tiers.proposing import band_of, no_proposals, propose, unnamed, with_artist_id
from enrich.tiers.workspace import Workspace

#: Candidates kept of each ranking: what is tried as `artist + title` at most; two suffice for the first's confidence.
CANDIDATES = 3
#: A learned ranking below this is not worth a reviewer's time.
MIN_LEARNED_CONFIDENCE = 0.10


class ContextRankings:
    """Rankings of one run, made once for each state of its setlists: several tiers ask for the same."""

    def __init__(self, told: Callable[[int, int], None] = lambda done, total: None) -> None:
        self._told = told
        self._made: dict[str, tuple[pl.DataFrame, pl.DataFrame, frozenset[str], pl.DataFrame]] = {}

    def of(self, ws: Workspace, track_ids: pl.Series, *, scorer: str) -> pl.DataFrame:
        """RANKING, the first `CANDIDATES`, of those of `track_ids` that have no artist and stand in a set."""
        asked = unnamed(ws, track_ids).join(ws.tracklists, left_on="track_id", right_on="track_key", how="semi")[
            "track_id"
        ]
        if asked.is_empty():
            return pl.DataFrame(schema=RANKING)
        if scorer in self._made:
            tracklists, artists, keys, ranking = self._made[scorer]
            # The very same frames: nothing was accepted since that could change a rank.
            if tracklists is ws.tracklists and artists is ws.artists and keys == frozenset(asked):
                return ranking
        ranking = rank(
            ws.tracklists, aliases=ws.aliases, scorer=scorer, max_rank=CANDIDATES, only=asked, told=self._told
        )
        self._made[scorer] = (ws.tracklists, ws.artists, frozenset(asked), ranking)
        return ranking


def context_tier(
    scorer: str, rankings: ContextRankings | None = None
) -> Callable[[Workspace, pl.Series], pl.DataFrame]:
    """Tier 2 from context, `context_artists` by one scorer, with the rankings of a run."""

    def tier(ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
        return context_artists(ws, track_ids, scorer=scorer, rankings=rankings)

    tier.__name__ = f"context_{scorer}"
    return tier


def context_artists(
    ws: Workspace, track_ids: pl.Series, *, scorer: str = "formula", rankings: ContextRankings | None = None
) -> pl.DataFrame:
    """The first-ranked artist of each unknown that passes the gate; `rankings` are those of this run, None: made anew.

    Returns:
        PROPOSALS (tier 2, source `context-formula` or `context-learned`), the best candidate a track.
    """
    ranking = (rankings or ContextRankings()).of(ws, track_ids, scorer=scorer).filter(pl.col.rank == 1)
    if ranking.is_empty():
        return no_proposals()
    if scorer == "formula":
        passed = ranking.filter((pl.col.probability >= GATE_PROBABILITY) & (pl.col.occurrence_count >= GATE_SETS))
    else:
        passed = ranking.filter(pl.col.confidence >= MIN_LEARNED_CONFIDENCE)
    found = passed.rename({"track_key": "track_id", "artist": "value", "evidence": "sentences"})
    found = found.with_columns(bucket=band_of("confidence"))
    return propose(
        with_artist_id(ws, found),
        kind="artist",
        tier=2,
        source=f"context-{scorer}",
        evidence=["sentences", "occurrence_count", "label_support", "occurrence", "label", "dj", "position", "bucket"],
    )
