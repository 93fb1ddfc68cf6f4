"""Questions about the artists of unknown tracks.

snap.artists.rank("Frozen Ground")
snap.artists.precision()
"""

from __future__ import annotations

from functools import cached_property

import polars as pl

from enrich.analyst import questions
from enrich.cooccurrence.ranking import rank, ranking_figures
from enrich.reporting.precision import precision_by_band


class Artists:
    """Questions about the artists of unknown tracks: `rank`, `ranking_figures`, `precision`."""

    def __init__(self, snapshot: questions.Source) -> None:
        self._snapshot = snapshot

    @cached_property
    def all_ranked(self) -> pl.DataFrame:
        """The formula's candidates for every unknown of the snapshot; schema RANKING."""
        return rank(self._snapshot.workspace.tracklists, aliases=self._snapshot.workspace.aliases)

    def rank(self, track: str | None = None, *, scorer: str = "formula", window: int = 2) -> pl.DataFrame:
        """Who an unknown (title or id; None: all) may be by; schema RANKING, best first.

        Args:
            track: A title or id; None: all unknowns.
            scorer: `formula` (the specification's) or `learned`.
            window: Slots to either side that count as near.
        """
        ws = self._snapshot.workspace
        if scorer == "formula" and window == 2:
            ranked = self.all_ranked
        else:
            ranked = rank(ws.tracklists, aliases=ws.aliases, scorer=scorer, window=window)
        if track is None:
            return ranked
        return ranked.filter(pl.col("track_key") == questions.find(ws.tracks, track)["track_id"][0])

    def ranking_figures(self) -> pl.DataFrame:
        """The ranking in numbers (figure, n): slots, unknowns, those with candidates, those at the gate."""
        figures = ranking_figures(self._snapshot.workspace.tracklists, self.all_ranked)
        return pl.DataFrame(list(figures.items()), schema={"figure": pl.String, "n": pl.Int64}, orient="row")

    def precision(self, *, by_band: bool = True, source: str = "") -> pl.DataFrame:
        """Artist proposals of the ledger by source and band of confidence, and how many were right. Reads Postgres.

        Columns: `enrich.reporting.precision.precision_by_band`; with `by_band=False` one row a source; only
        sources whose names begin with `source`.
        """
        artists = self._snapshot.judged_proposals().filter(
            pl.col("kind") == "artist", pl.col("source").str.starts_with(source)
        )
        return precision_by_band(artists, width=0.1 if by_band else 1.0)
